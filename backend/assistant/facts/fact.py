"""A fact: one value that code computed, with its unit, moment, source, formula and inputs."""

import enum
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, TypeAlias

import msgspec

from backend.domain.bars import Series

Value: TypeAlias = float | int | str | bool


class Unit(enum.StrEnum):
    """What a value is measured in; a percent is kept as 2.5 for 2.5 %."""

    PRICE = "price"
    PERCENT = "percent"
    RATIO = "ratio"
    COUNT = "count"
    QUANTITY = "quantity"
    MONEY = "money"
    INDEX = "index"  # an oscillator's own scale
    DATE = "date"  # ISO 8601
    WORD = "word"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class BarRange:
    """The bars that a fact was computed from, to be shown: ``from_ns`` ≤ event_ns ≤ ``to_ns``."""

    series: Series
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One value that code computed, or the reason why there is none.

    id : "F12", unique in its set; tags in a model's text name it
    name : dotted and stable, as "price.change_1d" or "level.support.1": code finds a fact by it
    label : words, as "Change over one session"
    value : None where it is unavailable, and then ``why_not`` says why; never a default
    decimals : digits after the point when shown
    as_of_ns : the instant at which everything it uses was known; nothing later was used
    known_ns : for a pattern or a level: when it could first be known
    formula : how it follows from the inputs, as "close[n] / close[n-1] - 1"
    inputs : ids of other facts, or words for what was read ("closes of 200 bars")
    points : what is drawn of it, as the corners of a pattern: (event_ns, price) pairs, at raw prices of their own moments
    """

    id: str
    name: str
    label: str
    value: Value | None
    unit: Unit
    decimals: int = 2
    as_of_ns: int
    source: str
    formula: str
    inputs: tuple[str, ...] = ()
    bars: BarRange | None = None
    known_ns: int | None = None
    points: tuple[tuple[int, float], ...] = ()
    why_not: str = ""

    @property
    def is_available(self) -> bool:
        """Whether there is a value."""
        return self.value is not None

    @property
    def number(self) -> float:
        """The value as a number. Raises TypeError for words, dates and what is unavailable."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise TypeError(f"{self.name} is no number: {self.value!r}")
        return float(self.value)


class FactSet(Mapping[str, Fact]):
    """Facts of one moment by id, in the order in which they are told; ``named`` finds them by name."""

    crosses_bridge: ClassVar[str] = "a mapping that never changes"

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._by_id = MappingProxyType({fact.id: fact for fact in facts})
        self._by_name = MappingProxyType({fact.name: fact for fact in self._by_id.values()})

    def __getitem__(self, fact_id: str) -> Fact:
        return self._by_id[fact_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def named(self, name: str) -> Fact | None:
        """The fact of this name; None where it was not asked for."""
        return self._by_name.get(name)

    def under(self, prefix: str) -> tuple[Fact, ...]:
        """Facts whose names begin with ``prefix``, in order."""
        return tuple(fact for name, fact in self._by_name.items() if name.startswith(prefix))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the facts say, without the moment at which they were made: equal facts, equal digest."""
        said = [(f.id, f.name, f.value, f.unit.value, f.decimals, f.formula, f.source) for f in self._by_id.values()]
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()
