"""Facts that no formula makes: what the instrument is, who asks, and what is held."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from backend.assistant.facts.draft import Draft, Term, lacking, percent, price
from backend.assistant.facts.fact import Unit
from backend.assistant.facts.prices import NO_PERCENT
from backend.assistant.facts.view import View
from backend.domain.bars import DAY_NS

ID: Final = Term("instrument.id", "Instrument", Unit.WORD, "as the catalog knows it")
NAME: Final = Term("instrument.name", "Name", Unit.WORD, "as the catalog knows it")
INTERVAL: Final = Term("instrument.interval", "Interval", Unit.WORD, "as asked for")
AGE: Final = Term(
    "bars.age", "Days since the newest bar", Unit.COUNT, "whole days from its completion to the moment asked for", decimals=0
)

STYLE: Final = Term("person.style", "Trading style", Unit.WORD, "as set")
RISK: Final = Term("person.risk", "Risk tolerance", Unit.WORD, "as set")
STYLES: Final = {
    "scalp": "scalping",
    "day": "day trading",
    "swing": "swing trading",
    "position": "position trading",
    "invest": "investing",
}

QUANTITY: Final = Term("position.quantity", "Position", Unit.QUANTITY, "as held; below zero where it is short")
ENTRY: Final = price("position.price", "Average entry", "as held")
GAIN: Final = Term(
    "position.gain",
    "Open gain or loss",
    Unit.MONEY,
    "(newest price - entry) x quantity",
    ("@price.last", "@position.price", "@position.quantity"),
)
GAIN_PERCENT: Final = percent(
    "position.gain_percent",
    "Open gain or loss in percent",
    "(newest price / entry - 1), turned round where short",
    ("@position.gain",),
)

NO_POSITION: Final = "No position is known."


def instrument_facts(view: View) -> Iterator[Draft]:
    """What is looked at, and how old the newest of it is."""
    yield Draft(term=ID, value=str(view.instrument.id), source="catalog")
    yield Draft(term=NAME, value=view.instrument.name or str(view.instrument.id), source="catalog")
    yield Draft(term=INTERVAL, value=str(view.main.series.spec), source="question")
    age_ns = max(0, view.as_of_ns - view.newest_known_ns)
    yield Draft(term=AGE, value=age_ns // DAY_NS, source=(view.now or view.latest).source)


def person_facts(view: View) -> Iterator[Draft]:
    """How the person trades, and what they hold of it."""
    yield Draft(term=STYLE, value=STYLES.get(view.person.style, view.person.style), source="settings")
    yield Draft(term=RISK, value=view.person.risk, source="settings")
    position = view.position
    if position is None or position.quantity == 0:
        yield from lacking((QUANTITY, ENTRY, GAIN, GAIN_PERCENT), NO_POSITION)
        return
    seen = view.now or view.latest
    last = float(seen.bars.close[-1])
    quantity = replace(QUANTITY, decimals=0) if position.quantity % 1 == 0 else QUANTITY
    yield Draft(term=quantity, value=position.quantity, source="position")
    yield Draft(term=ENTRY, value=position.price, source="position")
    yield seen.draft(GAIN, (last - position.price) * position.quantity)
    is_possible = position.price > 0 and last > 0
    gain = 100 * (last / position.price - 1) * (1 if position.quantity > 0 else -1) if is_possible else None
    yield seen.draft(GAIN_PERCENT, gain, 1, NO_PERCENT)
