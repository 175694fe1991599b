"""What fired, and how every alert stands, as values that windows and commands read."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from backend.alerts.alert import Alert


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing of one alert; kept for good.

    id : made from alert, condition edge and event time, so that the same firing found twice is one
    event_ns : of the tick, or of the close of the bar, that made it true; fired_ns : when that was noticed
    price : the last price then; value, level : the two sides compared (of the condition that turned it)
    is_late : found afterwards, in back-filled data or after a pause; told silently
    words : one plain sentence: "AAPL rose above 180.00 (180.02)."
    is_replay : of a replay; never stored nor delivered
    """

    id: str
    alert_id: str
    instrument: str
    event_ns: int
    fired_ns: int
    price: float
    value: float
    level: float
    words: str
    is_late: bool = False
    is_replay: bool = False
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class FiringQuery:
    """Which firings are wanted, the newest first.

    alert_id, firing_id : of this one alone; None of all
    after : (fired_ns, event_ns, id) of the last one seen, where a page goes on
    """

    alert_id: str | None = None
    firing_id: str | None = None
    only_unread: bool = False
    after: tuple[int, int, str] | None = None
    n_max: int = 200


class Standing(enum.StrEnum):
    """How an alert stands."""

    ARMED = "armed"
    BLIND = "blind"  # it should watch and cannot: no feed, a stale one, no bars, its drawing is gone
    COOLING = "cooling"
    FIRED = "fired"  # once, and at rest
    EXPIRED = "expired"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert with its latest figures; NaN where there are none.

    words : the condition in plain words: "Price above 180.00"; blind_words : why it sees nothing
    value, level : the two sides of its first comparison, in prices where ``is_price_level``; distance : value to level, in percent
    """

    alert: Alert
    standing: Standing
    words: str
    blind_words: str = ""
    value: float = float("nan")
    level: float = float("nan")
    distance_pct: float = float("nan")
    is_price_level: bool = False
    n_fired: int = 0
    last_fired_ns: int = 0


@dataclass(frozen=True, slots=True)
class AlertsSnapshot:
    """Every alert; ``version`` grows with each change. Read from any thread."""

    version: int
    rows: Mapping[str, AlertRow]
