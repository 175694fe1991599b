"""Facts of moving averages: where they are, how far the price is from them, where they lead."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from backend.assistant.facts.draft import Draft, Term, lacking, percent, price
from backend.assistant.facts.fact import Unit
from backend.assistant.facts.prices import NO_PERCENT
from backend.assistant.facts.settings import LONG, MIDDLE, SHORT, WEEK
from backend.assistant.facts.view import Seen, View
from backend.domain.bars import Float64s
from backend.indicators import compute

PERIODS: Final = ((SHORT, "short"), (MIDDLE, "middle"), (LONG, "long"))
CROSS: Final = Term(
    "average.cross",
    "Last cross of the middle and long average",
    Unit.WORD,
    "golden where the middle average went above the long one",
)
CROSS_AGE: Final = Term(
    "average.cross_age", "Bars since that cross", Unit.COUNT, "bars since the sign of middle - long changed", decimals=0
)


def average_facts(view: View) -> Iterator[Draft]:
    """Simple averages of closes, as the chart draws them."""
    main = view.main
    lines = {period: compute("sma", main.bars, period=period)["value"] for period, _ in PERIODS}
    for period, word in PERIODS:
        yield from _one(main, lines[period], period, word)
    yield from _cross(main, lines[MIDDLE], lines[LONG])


def _one(main: Seen, line: Float64s, period: int, word: str) -> Iterator[Draft]:
    value_term = price(f"average.sma_{period}", f"The {word} average", f"sma({period}) of closes", ("@setting.average_" + word,))
    distance = percent(
        f"average.distance_{period}", f"Distance from the {word} average", "close / average - 1", (f"@average.sma_{period}",)
    )
    slope = percent(
        f"average.slope_{period}",
        f"Slope of the {word} average",
        f"average / average {WEEK} bars ago - 1",
        (f"@average.sma_{period}",),
    )
    if len(main) < period:
        yield from lacking((value_term, distance, slope), main.too_short(period), main.source)
        return
    value = float(line[-1])
    yield main.draft(value_term, value, period)
    close = float(main.bars.close[-1])
    is_possible = value > 0 and close > 0
    yield main.draft(distance, 100 * (close / value - 1) if is_possible else None, period, "" if is_possible else NO_PERCENT)
    if len(main) < period + WEEK:
        yield main.draft(slope, None, period + WEEK)
        return
    before = float(line[-1 - WEEK])
    is_possible = value > 0 and before > 0
    yield main.draft(slope, 100 * (value / before - 1) if is_possible else None, period + WEEK, "" if is_possible else NO_PERCENT)


def _cross(main: Seen, middle: Float64s, long: Float64s) -> Iterator[Draft]:
    if len(main) < LONG:
        yield from lacking((CROSS, CROSS_AGE), main.too_short(LONG), main.source)
        return
    # Where both are equal the side before counts on.
    sign = np.sign(middle[LONG - 1 :] - long[LONG - 1 :])
    sides = np.flatnonzero(sign)
    changes = sides[1:][np.diff(sign[sides]) != 0]
    if not len(changes):
        yield from lacking((CROSS, CROSS_AGE), "These averages have not crossed in the stored bars.", main.source)
        return
    row = LONG - 1 + int(changes[-1])
    age = len(main) - 1 - row
    yield main.draft(CROSS, "golden" if sign[changes[-1]] > 0 else "death", age + 2)
    yield main.draft(CROSS_AGE, age, age + 2)
