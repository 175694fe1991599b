"""The lengths and bounds that facts are computed with, facts themselves: what is said of them can be looked up."""

from collections.abc import Iterator
from typing import Final

from backend.assistant.facts.draft import Draft, Term
from backend.assistant.facts.fact import Unit

SHORT: Final = 20
MIDDLE: Final = 50
LONG: Final = 200
OSCILLATOR: Final = 14
WEEK: Final = 5
MONTH: Final = 21
QUARTER: Final = 63
YEAR: Final = 252
WEEKS: Final = 52
CONFIDENCE: Final = 95

CHOSEN: Final = "chosen by custom"
SETTINGS: Final = (
    (Term("setting.average_short", "Bars of the short average", Unit.COUNT, CHOSEN, decimals=0), SHORT),
    (Term("setting.average_middle", "Bars of the middle average", Unit.COUNT, CHOSEN, decimals=0), MIDDLE),
    (Term("setting.average_long", "Bars of the long average", Unit.COUNT, CHOSEN, decimals=0), LONG),
    (Term("setting.oscillator", "Bars of the oscillators", Unit.COUNT, CHOSEN, decimals=0), OSCILLATOR),
    (Term("setting.week", "Sessions of a week", Unit.COUNT, CHOSEN, decimals=0), WEEK),
    (Term("setting.month", "Sessions of a month", Unit.COUNT, CHOSEN, decimals=0), MONTH),
    (Term("setting.quarter", "Sessions of a quarter", Unit.COUNT, CHOSEN, decimals=0), QUARTER),
    (Term("setting.year", "Sessions of a year", Unit.COUNT, CHOSEN, decimals=0), YEAR),
    (Term("setting.weeks", "Weeks of the yearly range", Unit.COUNT, CHOSEN, decimals=0), WEEKS),
    (Term("setting.confidence", "Confidence of the value at risk", Unit.PERCENT, CHOSEN, decimals=0), CONFIDENCE),
)


def setting_facts() -> Iterator[Draft]:
    """Every length and bound."""
    for term, value in SETTINGS:
        yield Draft(term=term, value=value, source="the program")
