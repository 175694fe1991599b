"""What an alert needs of the past: which bars, from when on, and how many of them it has seen."""

import logging
from collections.abc import Sequence
from typing import Final

import numpy as np

from backend.alerts.alert import Alert, DrawingCondition, IndicatorCondition, PercentCondition, VolumeCondition
from backend.alerts.compiling import compile_rule, leaves_of
from backend.alerts.engine import AlertEngine
from backend.alerts.market_facts import Facts
from backend.alerts.seen import Seen, load_seen
from backend.alerts.store import StoredAlert
from backend.domain.bars import DAY_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import CorruptData

log = logging.getLogger(__name__)

_RECENT_NS: Final = 4 * DAY_NS  # what prices alone need to know of the past


def series_of(alert: Alert) -> Series:
    """The series that an alert watches."""
    return Series(InstrumentId.parse(alert.instrument), BarSpec.parse(alert.spec))


def needs_history(alert: Alert) -> bool:
    """Whether it compares with something that all bars before now decide."""
    return any(
        isinstance(leaf, IndicatorCondition | VolumeCondition | DrawingCondition)
        or (isinstance(leaf, PercentCondition) and leaf.since == "bars")
        for leaf in leaves_of(alert.condition)
    )


def needed_from(stored: StoredAlert, now_ns: int) -> int:
    """Where the bars begin that an alert needs."""
    if needs_history(stored.alert):
        return -(2**62)
    seen = seen_of(stored)
    return min(now_ns, seen.label or now_ns, seen.armed_ns or now_ns) - _RECENT_NS


def seen_of(stored: StoredAlert) -> Seen:
    """What an alert had seen when it was kept; nothing where that cannot be read."""
    try:
        return load_seen(stored.seen)
    except CorruptData as error:
        log.warning("What alert %s had seen is forgotten: %s", stored.alert.id, error)
        return Seen()


def count_seen(bars: BarArrays, stored: StoredAlert, seen: Seen, facts: Facts) -> int:
    """How many of the bars an alert has seen to their end, or need not see as it was made after they began."""
    if stored.state and seen.label:
        return int(np.searchsorted(bars.event_ns, seen.label))
    starts = facts.sessions.opens_of(bars.event_ns) if BarSpec.parse(stored.alert.spec).is_dated else bars.event_ns
    return int(np.searchsorted(starts, seen.armed_ns or stored.alert.created_ns))


def warm(alerts: Sequence[Alert], series: Series, bars: BarArrays, facts: Facts) -> None:
    """Have every kernel that these alerts need compiled, on a thread, so that the engine's own need not wait for it."""
    engine = AlertEngine()
    for alert in alerts:
        engine.put(compile_rule(alert))
    engine.prime(series, bars, facts.sessions)
    engine.evaluate_bars(series, bars)
