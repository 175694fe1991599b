"""Alerts as the engine evaluates them: leaves that compare two sides, in a tree, with how often it may fire."""

from dataclasses import dataclass
from typing import ClassVar, Self, TypeAlias, cast

from backend.alerts.alert import Operator, Repeat, When
from backend.alerts.level import Level
from backend.domain.bars import Series
from backend.indicators.spec import Value


@dataclass(frozen=True, slots=True, eq=False)
class LastPrice:
    """The last trade's price; where a bar is looked at, its close. There is one: it is found in tables with every trade."""

    _one: ClassVar["LastPrice | None"] = None

    def __new__(cls) -> Self:
        """The one there is."""
        if cls._one is None:
            cls._one = object.__new__(cls)
        return cast("Self", cls._one)


@dataclass(frozen=True, slots=True)
class Reading:
    """One output of an indicator; every word as the registry has it, parameters whole and sorted by name."""

    indicator: str
    params: tuple[tuple[str, Value], ...]
    source: str
    output: str


@dataclass(frozen=True, slots=True)
class Volume:
    """The volume of the bar; unknown where the bar does not say."""


@dataclass(frozen=True, slots=True)
class MeanVolume:
    """``times`` the mean volume of the ``n_bars`` complete bars before the bar."""

    n_bars: int
    times: float


@dataclass(frozen=True, slots=True)
class CloseBefore:
    """The close ``n_bars`` complete bars before the tick or bar, moved by ``percent`` of it."""

    n_bars: int
    percent: float


Left: TypeAlias = LastPrice | Reading | Volume
Right: TypeAlias = Level | LastPrice | Reading | MeanVolume | CloseBefore


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides and how they are compared."""

    left: Left
    operator: Operator
    right: Right


@dataclass(frozen=True, slots=True)
class Moment:
    """True from an instant on, UTC ns."""

    at_ns: int


RuleLeaf: TypeAlias = Comparison | Moment


@dataclass(frozen=True, slots=True)
class Every:
    """All of these are true; each is a leaf's place or a tree."""

    of: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of these is true; each is a leaf's place or a tree."""

    of: "tuple[Expression, ...]"


Expression: TypeAlias = int | Every | Either


@dataclass(frozen=True, slots=True)
class Rule:
    """One alert, compiled.

    leaves : in the order in which they stand in the alert's condition, depth first; ``expression`` names them by place
    rearm_pct, cooldown_ns, expires_ns : as in Alert
    from_ns : ticks and bars that ended before it do nothing: when the alert was made or armed; 0 for all
    """

    alert_id: str
    series: Series
    leaves: tuple[RuleLeaf, ...]
    expression: Expression
    when: When = When.TICK
    repeat: Repeat = Repeat.ONCE
    cooldown_ns: int = 0
    rearm_pct: float = 0.0
    expires_ns: int = 0
    from_ns: int = 0


@dataclass(frozen=True, slots=True)
class Turned:
    """An alert that fired.

    event_ns : of the tick, of the close of the bar, or of the moment
    price : the last price then, NaN where none came yet
    value, level : both sides of ``leaf``, the leaf that turned the whole; of a moment both are its time
    label : event_ns of the bar of the alert's spec in which it happened
    """

    alert_id: str
    event_ns: int
    price: float
    value: float
    level: float
    leaf: int
    label: int
    is_late: bool = False
