"""Warming up loads everything that finders use, so that nobody waits for a compiler in the midst of a question."""

import importlib

from backend import patterns
from backend.indicators import compute
from tests.fakes.indicator_bars import sample_bars

FAMILIES = ("swings", "candles", "shapes", "gaps", "profile", "extremes")


def compiled():
    """How many versions of each kernel there are by now."""
    modules = [importlib.import_module(f"backend.kernels.{family}") for family in FAMILIES]
    return {
        f"{module.__name__}.{name}": len(kernel.signatures)
        for module in modules
        for name, kernel in vars(module).items()
        if hasattr(kernel, "signatures")
    }


def test_after_warming_up_nothing_is_compiled_any_more():
    patterns.warm()
    before = compiled()

    bars = sample_bars("AAPL")
    patterns.find_candle_patterns(bars)
    patterns.find_chart_patterns(bars)
    patterns.find_fractals(bars)
    patterns.find_gaps(bars)
    patterns.find_levels(bars)
    patterns.find_volume_profile(bars)
    patterns.find_divergences(bars, compute("rsi", bars)["value"])
    patterns.trend_regime(bars)
    patterns.volatility_regime(bars)

    assert compiled() == before
    assert before["backend.kernels.shapes.first_break"] >= 1
