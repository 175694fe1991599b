"""Facts of pivots: prices that follow from the newest complete session for the next one."""

from collections.abc import Iterator
from typing import Final

from backend.assistant.facts.draft import Draft, lacking, price
from backend.assistant.facts.oscillators import CLOSES_ONLY
from backend.assistant.facts.prices import NO_DAYS
from backend.assistant.facts.view import View

POINT: Final = price("pivot.point", "Pivot", "(high + low + close) / 3 of the newest session")
FIRST_UP: Final = price("pivot.resistance_1", "Near resistance by pivot", "2 x pivot - low", ("@pivot.point",))
FIRST_DOWN: Final = price("pivot.support_1", "Near support by pivot", "2 x pivot - high", ("@pivot.point",))
SECOND_UP: Final = price("pivot.resistance_2", "Far resistance by pivot", "pivot + high - low", ("@pivot.point",))
SECOND_DOWN: Final = price("pivot.support_2", "Far support by pivot", "pivot - (high - low)", ("@pivot.point",))
TERMS: Final = (POINT, FIRST_UP, FIRST_DOWN, SECOND_UP, SECOND_DOWN)


def pivot_facts(view: View) -> Iterator[Draft]:
    """The classic pivots."""
    days = view.days
    if days is None or not len(days):
        yield from lacking(TERMS, NO_DAYS, view.main.source)
        return
    if days.bars.is_close_only:
        yield from lacking(TERMS, CLOSES_ONLY, days.source)
        return
    bar = days.bars.bar(-1)
    point = (bar.high + bar.low + bar.close) / 3
    reach = bar.high - bar.low
    values = (point, 2 * point - bar.low, 2 * point - bar.high, point + reach, point - reach)
    for term, value in zip(TERMS, values, strict=True):
        yield days.draft(term, value)
