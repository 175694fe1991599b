"""The look every five seconds: all alerts against the current values, on a way that shares nothing with the engine's."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from backend.alerts.alert import (
    AllOf,
    AnyOf,
    Condition,
    DrawingCondition,
    Leaf,
    Operator,
    PercentCondition,
    PriceCondition,
    Repeat,
    TimeCondition,
    When,
)
from backend.alerts.compiling import leaves_of
from backend.alerts.needs import series_of
from backend.alerts.rules import Turned
from backend.alerts.store import StoredAlert
from backend.alerts.watching import Watch
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.market.feeds.live_row import LiveSnapshot
from backend.market.live_change import LiveChange

_CROSSINGS = {Operator.CROSSES, Operator.CROSSES_ABOVE, Operator.CROSSES_BELOW}


@dataclass(frozen=True, slots=True, eq=False)
class Missed:
    """An alert that should have fired since the look before and has not.

    change : the current price as a trade, for the engine to look at once more; None where it has none
    is_certain : whether the alert is so simple that it fires even if the engine sees nothing in it
    """

    turned: Turned
    change: LiveChange | None
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Fires:
    """How often an alert has fired, and the event time (UTC ns) of the newest."""

    n: int = 0
    newest_ns: int = 0


@dataclass(slots=True)
class _Last:
    """What the look before saw."""

    is_true: bool
    n_fired: int
    price_ns: int = 0
    sides: dict[int, float] = field(default_factory=dict)  # value less level, by leaf


class Sweep:
    """Remembers of each alert what the look before saw. Only conditions on price and time can be judged by one price."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._last: dict[str, _Last] = {}

    def forget(self, alert_id: str) -> None:
        """Begin afresh with an alert, or do without it."""
        self._last.pop(alert_id, None)

    def look(self, alerts: Iterable[StoredAlert], live: LiveSnapshot, now_ns: int, fired: Mapping[str, Fires]) -> Iterator[Missed]:
        """The alerts that should have fired since the look before; ``fired``: how often each did."""
        for stored in alerts:
            missed = self._look(stored, live, now_ns, fired.get(stored.alert.id, Fires()))
            if missed is not None:
                yield missed

    def _look(self, stored: StoredAlert, live: LiveSnapshot, now_ns: int, fired: Fires) -> Missed | None:
        alert = stored.alert
        leaves = leaves_of(alert.condition)
        row = live.rows.get(InstrumentId.parse(alert.instrument))
        price, last_ns = (math.nan, 0) if row is None else (row.last, row.last_ns)
        if alert.when is not When.TICK or not all(_is_simple(leaf) for leaf in leaves):
            return None
        if not math.isfinite(price) and not all(isinstance(leaf, TimeCondition) for leaf in leaves):
            return None
        levels = self._watch.levels_at(alert.id, last_ns)
        before = self._last.get(alert.id)
        sides = {place: price - level for place, level in levels.items()}
        truths = [_is_met(leaf, sides.get(place), before, place, now_ns) for place, leaf in enumerate(leaves)]
        is_true = _joined(alert.condition, iter(truths))
        if before is None:  # from which side a price came that stands at a level just now, nobody has seen
            sides = {place: side or math.nan for place, side in sides.items()}
        self._last[alert.id] = _Last(is_true, fired.n, last_ns, sides)
        has_pulse = any(getattr(leaf, "operator", None) in _CROSSINGS for leaf in leaves)
        is_edge = before is not None and is_true and (has_pulse or not before.is_true)
        # What is shown is a little behind: the engine may have fired on a trade that the look before had not seen.
        has_fired = before is not None and (before.n_fired != fired.n or 0 < before.price_ns < fired.newest_ns)
        if not is_edge or has_fired or not _may_fire(stored, now_ns):
            return None
        place = truths.index(True)
        leaf = leaves[place]
        at_ns = leaf.at_ns if isinstance(leaf, TimeCondition) else last_ns
        series = series_of(alert)
        turned = Turned(alert.id, at_ns, price, price, levels.get(place, math.nan), place, at_ns)
        is_certain = len(leaves) == 1 and alert.repeat is Repeat.ONCE
        return Missed(turned, _one_trade(series.instrument, price, last_ns, now_ns), is_certain)


def _is_simple(leaf: Leaf) -> bool:
    if isinstance(leaf, PercentCondition):
        return leaf.since != "bars"
    return isinstance(leaf, PriceCondition | DrawingCondition | TimeCondition)


def _is_met(leaf: Leaf, side: float | None, before: _Last | None, place: int, now_ns: int) -> bool:
    if isinstance(leaf, TimeCondition):
        return now_ns >= leaf.at_ns
    assert isinstance(leaf, PriceCondition | DrawingCondition | PercentCondition)
    if side is None or not math.isfinite(side):
        return False
    was = math.nan if before is None else before.sides.get(place, math.nan)
    rises, falls = was <= 0 < side, was >= 0 > side
    met = {
        Operator.ABOVE: side > 0,
        Operator.AT_LEAST: side >= 0,
        Operator.BELOW: side < 0,
        Operator.AT_MOST: side <= 0,
        Operator.EQUAL: side == 0,
        Operator.CROSSES_ABOVE: rises,
        Operator.CROSSES_BELOW: falls,
        Operator.CROSSES: rises or falls,
    }
    return met[leaf.operator]


def _joined(condition: Condition, truths: Iterator[bool]) -> bool:
    if isinstance(condition, AllOf | AnyOf):
        parts = [_joined(part, truths) for part in condition.of]
        return all(parts) if isinstance(condition, AllOf) else any(parts)
    return next(truths)


def _may_fire(stored: StoredAlert, now_ns: int) -> bool:
    """Whether nothing of the alert's own keeps it from firing, as far as can be told from outside."""
    alert = stored.alert
    is_cooling = stored.last_fired_ns and now_ns < stored.last_fired_ns + round(alert.cooldown_s * 1e9)
    is_plain = alert.repeat is not Repeat.ONCE_PER_BAR and not alert.rearm
    return bool(is_plain and not is_cooling)


def _one_trade(instrument: InstrumentId, price: float, event_ns: int, now_ns: int) -> LiveChange | None:
    if not math.isfinite(price) or not event_ns:
        return None
    trades = TradeArrays(np.array([event_ns], np.int64), np.array([price]), np.zeros(1), np.zeros(1, np.int8))
    return LiveChange(instrument, now_ns, trades, {}, {})
