"""An alert as a value: what must become true, of which bars, how often it may fire, and whom it tells."""

import enum
import uuid
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

ALERT_VERSION: Final = 1


class Operator(enum.StrEnum):
    """How a value is compared with a level. Crossings are true at the tick or bar at which the side changes, and only there."""

    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="
    EQUAL = "=="
    CROSSES_ABOVE = "crosses_above"
    CROSSES_BELOW = "crosses_below"
    CROSSES = "crosses"


class _Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class PriceCondition(_Value, frozen=True, tag_field="type", tag="price"):
    """The last price against a raw price, as it was traded when the alert was made; splits since then move it along.

    set_ns : when ``value`` was chosen (UTC ns), from which on splits count; 0 takes the alert's creation
    """

    operator: Operator
    value: float
    set_ns: int = 0


class PercentCondition(_Value, frozen=True, tag_field="type", tag="percent"):
    """How far the last price has moved, in percent of a reference.

    since : "session", the previous session's close; "bars", the close ``n_bars`` complete bars ago; "price", ``reference``
    """

    operator: Operator
    value: float
    since: str = "session"
    n_bars: int = 1
    reference: float = 0.0


class IndicatorRef(_Value, frozen=True):
    """One output of an indicator over the alert's bars; ``output`` empty takes its first."""

    indicator: str
    params: dict[str, float | int | str] = {}
    source: str = ""
    output: str = ""


class IndicatorCondition(_Value, frozen=True, tag_field="type", tag="indicator"):
    """An indicator against a number, against another indicator, or against the last price.

    other : what it is compared with, instead of ``value``; ``is_price``: the last price is
    The founding form ``{"indicator": "RSI", "operator": "<", "value": 30}`` is read as well.
    """

    left: IndicatorRef
    operator: Operator
    value: float = 0.0
    other: IndicatorRef | None = None
    is_price: bool = False


class DrawingCondition(_Value, frozen=True, tag_field="type", tag="drawing"):
    """The last price against a line of a drawing, wherever that lies now.

    line : "line" of trend lines, rays and horizontals; "upper" or "lower" of channels and rectangles;
        "level:0.618" of a retracement
    A drawing that is moved moves the alert; one that is deleted leaves it blind.
    """

    drawing: str
    operator: Operator
    line: str = "line"


class VolumeCondition(_Value, frozen=True, tag_field="type", tag="volume"):
    """The volume of a bar against a quantity, or against a multiple of the average of the ``average`` complete bars before it.

    average : 0 compares with the quantity itself
    """

    operator: Operator
    value: float
    average: int = 0


class TimeCondition(_Value, frozen=True, tag_field="type", tag="time"):
    """A moment has come; true from ``at_ns`` (UTC ns) on."""

    at_ns: int


class AllOf(_Value, frozen=True, tag_field="type", tag="all"):
    """Every one of ``of`` is true."""

    of: "tuple[Condition, ...]"


class AnyOf(_Value, frozen=True, tag_field="type", tag="any"):
    """At least one of ``of`` is true."""

    of: "tuple[Condition, ...]"


Leaf: TypeAlias = PriceCondition | PercentCondition | IndicatorCondition | DrawingCondition | VolumeCondition | TimeCondition
Condition: TypeAlias = Leaf | AllOf | AnyOf


class When(enum.StrEnum):
    """When a condition is looked at: with every tick, or when a bar is complete."""

    TICK = "tick"
    CLOSE = "close"


class Repeat(enum.StrEnum):
    """How often it fires. ONCE puts it to rest until it is armed again by hand."""

    ONCE = "once"
    ONCE_PER_BAR = "once_per_bar"
    EVERY_TIME = "every_time"


class Alert(_Value, frozen=True):
    """One alert of a person.

    id : never changes; made by whoever makes the alert
    instrument, spec : as text: ``AAPL.XNAS``, ``1m``
    cooldown_s : after a firing, nothing for so long
    rearm : percent of the level by which the price must come back before it fires again; 0: at the first tick on the other side
    expires_ns : UTC ns, 0 never
    channels : names of delivery channels beside this computer's own toast and sound
    sound : name of a sound, empty for none
    is_urgent : passes the quiet hours of channels that let urgent alerts pass
    """

    id: str
    instrument: str
    condition: Condition
    name: str = ""
    spec: str = "1m"
    when: When = When.TICK
    repeat: Repeat = Repeat.ONCE
    cooldown_s: Annotated[float, Meta(ge=0)] = 0.0
    rearm: Annotated[float, Meta(ge=0, le=50)] = 0.0
    expires_ns: int = 0
    channels: tuple[str, ...] = ()
    sound: str = "chime"
    message: str = ""
    is_urgent: bool = False
    is_enabled: bool = True
    created_ns: int = 0
    version: int = ALERT_VERSION


def new_id() -> str:
    """An id that no other alert has."""
    return uuid.uuid4().hex
