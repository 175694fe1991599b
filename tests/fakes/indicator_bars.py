"""Bars that bring indicators into trouble: rising, falling, constant, tied, spiked, in jumps; and real ones."""

import csv
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from backend.domain.bars import DAY_NS, HOUR_NS, BarArrays

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"
KINDS = ("walk", "rising", "falling", "constant", "tied", "spiked")
START_NS = 1_700_000_000 * 10**9


def closes(kind, n_bars, rng):
    """float64[n_bars], above 0."""
    if kind == "rising":
        return np.linspace(50.0, 60.0, n_bars)
    if kind == "falling":
        return np.linspace(60.0, 50.0, n_bars)
    if kind == "constant":
        return np.full(n_bars, 123.45)
    walk = 100.0 * np.exp(rng.normal(0.0, 0.02, n_bars).cumsum())
    if kind == "tied":
        return np.maximum(np.round(walk / 5.0), 1.0)
    if kind == "spiked":
        walk[rng.random(n_bars) < 0.05] *= 1000.0
    return walk


def make_bars(n_bars, *, kind="walk", seed=0, gaps=False):
    """Bars three hours apart; with ``gaps`` some volumes are unknown."""
    rng = np.random.default_rng(seed)
    close = closes(kind, n_bars, rng)
    still = kind == "constant"
    opened = close.copy() if still or rng.random() < 0.2 else np.concatenate((close[:1], close[:-1]))
    reach = 0.0 if still else 0.01
    high = np.maximum(opened, close) * (1.0 + reach * rng.random(n_bars) * (rng.random(n_bars) < 0.8))
    low = np.minimum(opened, close) * (1.0 - reach * rng.random(n_bars) * (rng.random(n_bars) < 0.8))
    volume = rng.integers(0, 1000, n_bars).astype(np.float64)
    if gaps:
        volume[rng.random(n_bars) < 0.2] = np.nan
    return BarArrays(START_NS + 3 * HOUR_NS * np.arange(n_bars, dtype=np.int64), opened, high, low, close, volume)


def sample_bars(name):
    """The real daily bars of one of the samples that have highs and lows: AAPL, MSFT, SP500, NASDAQ."""
    with (SAMPLES / f"{name}_1d.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = [np.array([float(row[word]) for row in rows]) for word in ("Open", "High", "Low", "Close", "Volume")]
    return BarArrays(START_NS + DAY_NS * np.arange(len(rows), dtype=np.int64), *columns)


def some_bars(min_bars=0, max_bars=120, *, gaps=True):
    """Any of these bars, as a hypothesis strategy."""
    return st.builds(
        make_bars,
        st.integers(min_bars, max_bars),
        kind=st.sampled_from(KINDS),
        seed=st.integers(0, 2**32 - 1),
        gaps=st.booleans() if gaps else st.just(False),
    )


def some_params(spec, most=40):
    """Parameters of an indicator within its bounds, whole ones not above ``most``, as a hypothesis strategy."""
    return st.fixed_dictionaries(
        {
            p.name: st.integers(int(p.low), min(int(p.high), most)) if p.is_whole else st.floats(p.low, min(p.high, 5.0))
            for p in spec.parameters
        }
    )
