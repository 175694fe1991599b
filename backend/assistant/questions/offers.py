"""What code reads of a question that it does not read whole: all of its instruments, times and numbers.

A model may then propose how these go together. It chooses among them and writes none, and no instrument and no number of the
question may be left out of its plan.
"""

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from backend.assistant.questions.names import Names, one_of
from backend.assistant.questions.parsing import CHARS_MAX, CUE, OPEN, interval_of, read_pieces, take_subject
from backend.assistant.questions.phrases import Reading
from backend.assistant.questions.plain_text import plain_question
from backend.assistant.questions.plan import (
    INSTRUMENTS_MAX,
    NUMBER_MAX,
    Ask,
    Change,
    Distance,
    Extreme,
    Indicator,
    Number,
    Operand,
    Period,
    Plan,
)
from backend.assistant.questions.seasonal import take_season
from backend.errors import InvalidInput
from backend.indicators.registry import spec_of

NUMBERS_MAX: Final = 8
_NUMBER: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:st|nd|rd|th)?(?![\w.]*\d)")
# Of weeks or hours other bars would be needed than those that the numbers are offered for.
_OTHER_BARS: Final = re.compile(r"\d ?-?(?:weeks?|months?|quarters?|years?|hours?|minutes?|[wh])\b")
# What is asked of each one is another question than that of all as one, and no proposal can say it.
_OF_EACH: Final = re.compile(r"\b(?:each|every|all|always|throughout|per|by (?:week|month|quarter|year)|never|not|only)\b")
_ASKS: Final = re.compile(
    rf"{CUE.pattern}|\b(?:above|below|over|under|more than|less than|rose|fell|higher|lower|up|down|moving|crossed)\b"
)


@dataclass(frozen=True, slots=True)
class Offer:
    """The parts of a question that code is sure of; ``numbers`` in their order, those of the period not among them."""

    text: str
    instruments: tuple[str, ...]
    watchlist: str | None
    interval: str
    period: Period
    prices: str
    numbers: tuple[float, ...]

    @property
    def has_several(self) -> bool:
        """Whether one is to be chosen among instruments."""
        return self.watchlist is not None or len(self.instruments) > 1


def read_offer(text: str, names: Names, *, instrument: str = "") -> Offer | None:
    """The parts of a question over bars; None where it asks for no number, names nothing, or code cannot be sure of its times."""
    if len(text) > CHARS_MAX:
        return None
    line, ids, watchlist = take_subject(re.sub(r"[{}@~\x00-\x1f]", " ", text), names)
    line = plain_question(line)
    if OPEN.search(line) or not _ASKS.search(line):
        return None
    reading = Reading(line)
    try:
        take_season(reading)
        chosen = tuple(dict.fromkeys(one_of(one) for one in ids))
        period, prices = read_pieces(reading)
        interval = interval_of(reading)
    except InvalidInput:
        return None
    if reading.season or reading.values or _OTHER_BARS.search(reading.text) or _OF_EACH.search(line):
        return None
    if not chosen and watchlist is None:
        chosen = (instrument,) if instrument else ()
    found = [float(re.sub(r"[a-z]+$", "", one)) for one in _NUMBER.findall(reading.text)]
    numbers = tuple(dict.fromkeys(found))
    is_one = bool(chosen) != (watchlist is not None)
    if not is_one or len(chosen) > INSTRUMENTS_MAX or len(numbers) > NUMBERS_MAX or any(one > NUMBER_MAX for one in numbers):
        return None
    return Offer(text, chosen, watchlist, interval, period, prices, numbers)


def check_against(plan: Plan, offer: Offer) -> Plan:
    """The same plan where it uses all of the question and nothing else. Raises InvalidInput that says what is not so."""
    said = (plan.instruments, plan.watchlist, plan.interval, plan.period, plan.prices)
    if said != (offer.instruments, offer.watchlist, offer.interval, offer.period, offer.prices):
        raise InvalidInput("The plan is about other instruments or another time.", code="question.proposal")
    # Code alone says which condition goes with which of several instruments.
    if any(one.instrument for one in plan.where) or (len(offer.instruments) > 1 and plan.where and plan.ask is not Ask.WHICH):
        raise InvalidInput("Conditions on several instruments are not read by a model.", code="question.proposal")
    used = [(float(plan.n), 1.0)]
    for value in [plan.measure, *(side for one in plan.where for side in (one.left, one.right))]:
        used += [] if value is None else _numbers_of(value)
    if missing := [number for number in offer.numbers if number not in {number for number, _ in used}]:
        _refuse(f"The plan leaves out {missing[0]:g}, which stands in the question.")
    if invented := [number for number, usual in used if number not in offer.numbers and number != usual]:
        _refuse(f"The plan uses {invented[0]:g}, which does not stand in the question.")
    return plan


def _numbers_of(value: Operand) -> list[tuple[float, float]]:
    """The numbers of a value without their signs, each with what it is where nobody says otherwise."""
    match value:
        case Number(number):
            return [(abs(number), 0.0)]
        case Indicator(name, _, numbers, _):
            return [(number, float(usual.default)) for number, usual in zip(numbers, spec_of(name).parameters, strict=True)]
        case Change(n_bars, _):
            return [(float(n_bars), 1.0)]
        case Extreme(_, _, n, _, _):
            return [(float(n), 0.0)]
        case Distance(inner, base):
            return [*_numbers_of(inner), *_numbers_of(base)]
        case _:
            return []


def _refuse(words: str) -> NoReturn:
    raise InvalidInput(words, hint="Use every number of the question, and no other.", code="question.proposal")
