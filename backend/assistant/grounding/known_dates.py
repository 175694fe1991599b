"""The days and times that facts tell or are about, and whether a date in a text is one of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.grounding.dates import Date
from backend.assistant.grounding.found import FoundNumber

_NS: Final = 1_000_000_000


class KnownDates:
    """Every day of a fact's value, of the moment it holds for, of the ends of its bars and of its points; the first fact wins."""

    def __init__(self, facts: FactSet, zone: tzinfo) -> None:
        self._days: dict[tuple[int, int, int], tuple[str, str]] = {}
        self._clocks: dict[tuple[int, ...], tuple[str, str]] = {}
        zones = (UTC,) if zone is UTC else (UTC, zone)
        for fact in facts.values():
            for moment, why, has_clock in _moments(fact):
                for one in zones if has_clock else (UTC,):
                    local = moment.astimezone(one)
                    self._days.setdefault((local.year, local.month, local.day), (fact.id, why))
                    if has_clock:
                        for clock in ((local.hour, local.minute), (local.hour, local.minute, local.second)):
                            self._clocks.setdefault(clock, (fact.id, why))

    def find(self, number: FoundNumber) -> tuple[str, str] | None:
        """The fact and what of it has this date or time, all said parts alike; None where there is none."""
        if number.clock:
            return self._clocks.get(number.clock)
        return next((found for said in number.dates if (found := self._find_day(said))), None)

    def _find_day(self, said: Date) -> tuple[str, str] | None:
        whole = (said[0] or 0, said[1] or 0, said[2] or 0)
        if None not in said:
            return self._days.get(whole)
        alike = (
            why
            for day, why in self._days.items()
            if all(part is None or part == known for part, known in zip(said, day, strict=True))
        )
        return next(alike, None)


def _moments(fact: Fact) -> Iterator[tuple[datetime, str, bool]]:
    """Moments of a fact with words for what each is, and whether its time of day means anything."""
    if fact.unit is Unit.DATE and isinstance(fact.value, str):
        try:
            moment = datetime.fromisoformat(fact.value)
        except ValueError:
            return
        yield (moment if moment.tzinfo else moment.replace(tzinfo=UTC)), fact.id, len(fact.value) > len("2024-03-05")
    is_dated = fact.bars is None or fact.bars.series.spec.is_dated
    if fact.value is not None:
        yield _at(fact.as_of_ns), f"{fact.id}, as of", True
    if fact.known_ns is not None:
        yield _at(fact.known_ns), f"{fact.id}, known from", True
    if fact.bars is not None:
        yield _at(fact.bars.from_ns), f"{fact.id}, its first bar", not is_dated
        yield _at(fact.bars.to_ns), f"{fact.id}, its last bar", not is_dated
    for event_ns, _ in fact.points:
        yield _at(event_ns), f"{fact.id}, a point of it", not is_dated


def _at(event_ns: int) -> datetime:
    return datetime.fromtimestamp(event_ns // _NS, UTC)
