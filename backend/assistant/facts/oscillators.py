"""Facts of oscillators, bands and trend strength, from the kernels that draw them on charts."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from backend.assistant.facts.draft import Draft, Term, lacking, percent, price
from backend.assistant.facts.fact import Unit
from backend.assistant.facts.settings import OSCILLATOR, SHORT, YEAR
from backend.assistant.facts.view import View
from backend.domain.bars import Float64s
from backend.indicators import compute
from backend.indicators.registry import SPECS

CLOSES_ONLY: Final = "The series has closes only: bars without a range."


def _scale(name: str, label: str, formula: str, inputs: tuple[str, ...] = (), decimals: int = 1) -> Term:
    return Term(name, label, Unit.INDEX, formula, inputs, decimals)


RSI: Final = _scale("oscillator.rsi", "Relative strength index", f"rsi({OSCILLATOR}) of closes", ("@setting.oscillator",))
MACD: Final = (
    ("line", Term("macd.line", "MACD", Unit.INDEX, "ema(12) - ema(26) of closes", (), -1)),
    ("signal", Term("macd.signal", "MACD's signal", Unit.INDEX, "ema(9) of the MACD", ("@macd.line",), -1)),
    (
        "histogram",
        Term("macd.histogram", "MACD's histogram", Unit.INDEX, "MACD - signal", ("@macd.line", "@macd.signal"), -1),
    ),
)
STOCHASTIC: Final = (
    ("k", _scale("stochastic.k", "Stochastic %K", "stochastic(14, 3, 3)")),
    ("d", _scale("stochastic.d", "Stochastic %D", "average of %K over 3 bars", ("@stochastic.k",))),
)
ADX: Final = (
    ("adx", _scale("trend.adx", "Strength of the trend", f"adx({OSCILLATOR})", ("@setting.oscillator",))),
    ("plus", _scale("direction.plus", "Movement up", f"+di({OSCILLATOR})", ("@setting.oscillator",))),
    ("minus", _scale("direction.minus", "Movement down", f"-di({OSCILLATOR})", ("@setting.oscillator",))),
)
BANDS: Final = (
    ("upper", price("band.upper", "Upper Bollinger band", f"sma({SHORT}) + 2 standard deviations")),
    ("middle", price("band.middle", "Middle Bollinger band", f"sma({SHORT}) of closes")),
    ("lower", price("band.lower", "Lower Bollinger band", f"sma({SHORT}) - 2 standard deviations")),
)
BAND_POSITION: Final = percent(
    "band.position", "Place between the bands", "(close - lower) / (upper - lower)", ("@band.lower", "@band.upper")
)
BAND_WIDTH: Final = percent(
    "band.width", "Width of the bands", "(upper - lower) / middle", ("@band.lower", "@band.middle", "@band.upper")
)
BAND_RANK: Final = percent(
    "band.width_percentile", "Rank of that width", f"share of the {YEAR} bars before with narrower bands", ("@band.width",)
)


def oscillator_facts(view: View) -> Iterator[Draft]:
    """RSI, MACD, stochastic, ADX with its directions, Bollinger bands."""
    main = view.main
    yield from _newest(view, "rsi", (("value", RSI),), period=OSCILLATOR)
    yield from _newest(view, "macd", MACD)
    if main.bars.is_close_only:
        terms = [term for _, term in (*STOCHASTIC, *ADX)]
        yield from lacking(terms, CLOSES_ONLY, main.source)
    else:
        yield from _newest(view, "stochastic", STOCHASTIC)
        yield from _newest(view, "adx", ADX, period=OSCILLATOR)
    yield from _bands(view)


def _newest(view: View, name: str, terms: tuple[tuple[str, Term], ...], **params: Any) -> Iterator[Draft]:
    """The values at the newest bar; as the chart's, they rest on every bar from the first stored one."""
    main, spec = view.main, SPECS[name]
    values = {parameter.name: parameter.default for parameter in spec.parameters} | params
    n_bars = spec.warm_up(values) + 1
    if len(main) < n_bars:
        yield from lacking((term for _, term in terms), main.too_short(n_bars), main.source)
        return
    lines = compute(name, main.bars, **params)
    for output, term in terms:
        yield main.draft(term, float(lines[output][-1]), n_bars)


def _bands(view: View) -> Iterator[Draft]:
    yield from _newest(view, "bollinger", BANDS, period=SHORT)
    main = view.main
    rest = (BAND_POSITION, BAND_WIDTH, BAND_RANK)
    if len(main) < SHORT:
        yield from lacking(rest, main.too_short(SHORT), main.source)
        return
    lines = compute("bollinger", main.bars, period=SHORT)
    upper, middle, lower = (lines[name] for name in ("upper", "middle", "lower"))
    room = float(upper[-1] - lower[-1])
    position = 100 * (float(main.bars.close[-1]) - float(lower[-1])) / room if room > 0 else None
    yield main.draft(BAND_POSITION, position, SHORT, "" if room > 0 else "The bands have no width: closes have not moved.")
    width = _width(upper, middle, lower)
    is_possible = not np.isnan(width[-1])
    yield main.draft(
        BAND_WIDTH, float(width[-1]) if is_possible else None, SHORT, "" if is_possible else "The average is not above zero."
    )
    before = width[-1 - YEAR : -1]
    is_whole = is_possible and len(main) >= SHORT + YEAR and not np.isnan(before).any()
    rank = 100 * float(np.mean(before < width[-1])) if is_whole else None
    why = "" if len(main) < SHORT + YEAR else "Averages of the year before are not all above zero."
    yield main.draft(BAND_RANK, rank, SHORT + YEAR, why)


def _width(upper: Float64s, middle: Float64s, lower: Float64s) -> Float64s:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(middle > 0, 100 * (upper - lower) / middle, np.nan)
