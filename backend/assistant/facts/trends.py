"""Facts of the trend: its direction by rules that can be told, and how straight it is."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from backend.assistant.facts.draft import Draft, Term, percent
from backend.assistant.facts.fact import Unit
from backend.assistant.facts.prices import NO_PERCENT
from backend.assistant.facts.settings import LONG, MIDDLE, QUARTER, SHORT, WEEK
from backend.assistant.facts.view import View
from backend.domain.bars import BarArrays
from backend.indicators import compute

DIRECTION: Final = Term(
    "trend.direction",
    "Direction of the trend",
    Unit.WORD,
    "up: close above the middle average, that above the long one and not falling; down: the reverse; else sideways",
    ("@price.last", f"@average.sma_{MIDDLE}", f"@average.sma_{LONG}", f"@average.slope_{MIDDLE}"),
)
SHORT_DIRECTION: Final = Term(
    "trend.direction_short",
    "Direction of the short trend",
    Unit.WORD,
    "up: close above the short average and that rising; down: the reverse; else sideways",
    ("@price.last", f"@average.sma_{SHORT}", f"@average.slope_{SHORT}"),
)
SLOPE: Final = percent(
    "trend.slope_63", "Slope of the regression line", f"least squares of the logarithms of {QUARTER} closes, percent a bar"
)
FIT: Final = percent("trend.fit_63", "Fit of the regression line", f"r squared of that line over {QUARTER} closes")


def trend_facts(view: View) -> Iterator[Draft]:
    """Direction over the long and the short run, and a line through a quarter of bars."""
    main = view.main
    yield main.draft(DIRECTION, direction_of(main.bars, MIDDLE, LONG), LONG)
    yield main.draft(SHORT_DIRECTION, direction_of(main.bars, SHORT, None), SHORT + WEEK)
    closes = main.bars.close[-QUARTER:]
    if len(closes) < QUARTER or np.any(closes <= 0):
        why = "" if len(closes) < QUARTER else NO_PERCENT
        yield main.draft(SLOPE, None, QUARTER, why)
        yield main.draft(FIT, None, QUARTER, why)
        return
    slope, fit = _line(np.log(closes))
    yield main.draft(SLOPE, 100 * float(np.expm1(slope)), QUARTER)
    yield main.draft(FIT, fit, QUARTER, "Closes have not moved.")


def direction_of(bars: BarArrays, period: int = MIDDLE, beyond: int | None = LONG) -> str | None:
    """``up``, ``down`` or ``sideways`` at the newest bar, by the rule above; None where there are too few bars."""
    n_bars = max(period + WEEK, beyond or 0)
    if len(bars) < n_bars:
        return None
    close = float(bars.close[-1])
    line = compute("sma", bars, period=period)["value"]
    average, slope = float(line[-1]), float(line[-1] - line[-1 - WEEK])
    far = average if beyond is None else float(compute("sma", bars, period=beyond)["value"][-1])
    is_flat_enough = slope >= 0 if beyond else slope > 0
    if close > average >= far and is_flat_enough:
        return "up"
    is_flat_enough = slope <= 0 if beyond else slope < 0
    return "down" if close < average <= far and is_flat_enough else "sideways"


def _line(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> tuple[float, float | None]:
    """Slope a bar, and r squared in percent, None where nothing moves."""
    at = np.arange(len(values)) - (len(values) - 1) / 2
    centred = values - values.mean()
    total = float(centred @ centred)
    slope = float(at @ centred) / float(at @ at)
    return slope, 100 * slope * float(at @ centred) / total if total > 0 else None
