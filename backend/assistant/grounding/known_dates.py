"""The days and times that facts tell or are about, and those that a date in a text may mean."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import Enum
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.grounding.dates import Date
from backend.assistant.grounding.found import FoundNumber

_NS: Final = 1_000_000_000
# Facts of something that happened: the first of their bars is a day of it, and not where a window begins.
_HAPPENED: Final = ("price.previous_close", "average.cross", "level.", "swing.", "gap.", "candle.", "pattern.", "divergence.")


class Role(Enum):
    """What a fact has to do with a moment."""

    OWN = 0  # it is the fact's value, or when it came to be
    START = 1  # the window begins over which it was computed
    STATE = 2  # it holds


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a fact, and which one it is; ``has_clock`` where its time of day means something.

    role : what the fact has to do with it
    """

    fact: Fact
    at: datetime
    why: str
    has_clock: bool = True
    role: Role = Role.OWN


class KnownDates:
    """Every day of a fact's value, of the moment it holds for, of the ends of its bars and of its points."""

    def __init__(self, facts: FactSet, zone: tzinfo) -> None:
        self._days: dict[Date, list[Moment]] = {}
        self._clocks: dict[tuple[int, ...], list[Moment]] = {}
        zones = (UTC,) if zone is UTC else (UTC, zone)
        for fact in facts.values():
            for moment in moments_of(fact):
                for one in zones if moment.has_clock else (UTC,):
                    local = moment.at.astimezone(one)
                    self._days.setdefault(day_of(local), []).append(moment)
                    if moment.has_clock:
                        for clock in ((local.hour, local.minute), (local.hour, local.minute, local.second)):
                            self._clocks.setdefault(clock, []).append(moment)

    def find(self, number: FoundNumber) -> Iterator[Moment]:
        """The moments that have this date or time, all said parts alike."""
        if number.clock:
            yield from self._clocks.get(number.clock, ())
        for said in number.dates:
            if None not in said:
                yield from self._days.get(said, ())
            else:
                yield from (moment for day, moments in self._days.items() if is_on(said, day) for moment in moments)


def is_on(said: Date, day: Date) -> bool:
    """Whether a day has all the parts that are said."""
    return all(part is None or part == known for part, known in zip(said, day, strict=True))


def day_of(moment: datetime) -> Date:
    """Its year, month and day."""
    return moment.year, moment.month, moment.day


def moments_of(fact: Fact) -> Iterator[Moment]:
    """The moments of a fact: its own day first, then those of its bars."""
    if fact.unit is Unit.DATE and isinstance(fact.value, str):
        try:
            moment = datetime.fromisoformat(fact.value)
        except ValueError:
            return
        yield Moment(fact, moment if moment.tzinfo else moment.replace(tzinfo=UTC), fact.id, len(fact.value) > len("2024-03-05"))
    is_dated = fact.bars is None or fact.bars.series.spec.is_dated
    if fact.value is not None:
        yield Moment(fact, at(fact.as_of_ns), f"{fact.id}, as of", role=Role.STATE)
    if fact.known_ns is not None:
        yield Moment(fact, at(fact.known_ns), f"{fact.id}, known from")
    if fact.bars is not None:
        first, last = (Role.OWN, Role.OWN) if fact.name.startswith(_HAPPENED) else (Role.START, Role.STATE)
        yield Moment(fact, at(fact.bars.from_ns), f"{fact.id}, its first bar", not is_dated, first)
        yield Moment(fact, at(fact.bars.to_ns), f"{fact.id}, its last bar", not is_dated, last)
    for event_ns, _ in fact.points:
        yield Moment(fact, at(event_ns), f"{fact.id}, a point of it", not is_dated)


def at(event_ns: int) -> datetime:
    """The moment in UTC."""
    return datetime.fromtimestamp(event_ns // _NS, UTC)
