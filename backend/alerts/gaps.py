"""Breaks in what was seen: live trades came again before what lay between them, which is looked at once it is there."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from backend.alerts.alert import Alert
from backend.alerts.compiling import compile_rule
from backend.alerts.engine import AlertEngine
from backend.alerts.lines import BarRows
from backend.alerts.market_facts import Facts, levels_of, scaled_levels
from backend.alerts.rules import Turned
from backend.alerts.seen import Seen, unseen_walk
from backend.domain.bars import Bar, BarArrays, Series

PAUSE_NS: Final = 15 * 10**9  # silence that may have been a break
PAUSES_MAX: Final = 8
_ALERTS_MAX: Final = 2_000  # of one series, whose memory is taken when trades come again


@dataclass(slots=True, eq=False)
class Pause:
    """A silence after which trades came again.

    before : what each alert remembered and had seen then
    from_ns, to_ns : the last trade before it and the first one after
    label : event_ns of the bar of the first one; high, low : of the trades of that bar that came since
    is_open : whether that bar is still under way
    fired : alerts that fired with the first trades after it: one of the crossings in between is theirs
    """

    before: Mapping[str, tuple[bytes, Seen]]
    from_ns: int
    to_ns: int
    label: int
    high: float = -math.inf
    low: float = math.inf
    fired: set[str] = field(default_factory=set)
    is_open: bool = True

    @property
    def first_label(self) -> int:
        """The first bar that may hold something unseen; 0 where nobody knows."""
        return min((seen.label for _, seen in self.before.values()), default=0)

    def covers(self, bars: BarArrays) -> bool:
        """Whether bars lie in it."""
        return len(bars) > 0 and int(bars.event_ns[0]) < self.to_ns and int(bars.event_ns[-1]) >= min(self.first_label, self.label)


def is_possible(n_alerts: int) -> bool:
    """Whether what so many alerts remember can be taken without holding trades up."""
    return 0 < n_alerts <= _ALERTS_MAX


def look_into(pause: Pause, alerts: Mapping[str, Alert], series: Series, facts: Facts, history: BarArrays) -> list[Turned]:
    """What the bars of a pause make fire that the trades after it did not, late, in order.

    history : every complete bar of the series that the alerts need, splits taken out
    """
    engine = AlertEngine()
    known = {alert_id: kept for alert_id, kept in pause.before.items() if alert_id in alerts}
    for alert_id, (_, seen) in known.items():
        engine.put(compile_rule(alerts[alert_id], from_ns=seen.armed_ns))
    first = int(np.searchsorted(history.event_ns, min(pause.first_label or pause.from_ns, pause.label)))
    stop = int(np.searchsorted(history.event_ns, pause.label))
    engine.prime(series, history[:first], facts.sessions)
    rows = BarRows.of(facts.anchor_map(series.spec), history.event_ns)
    for alert_id, (state, _) in known.items():
        engine.restore(alert_id, state)
        for place, level in scaled_levels(alerts[alert_id], facts).items():
            engine.set_level(alert_id, place, level, keeps_side=True)
        for place, level in levels_of(alerts[alert_id], facts, rows, len(history) - first + 4).items():
            engine.set_level(alert_id, place, level)
    found: list[Turned] = []
    for seen in sorted({seen for _, seen in known.values()}, key=lambda one: one.last_ns):
        row = int(np.searchsorted(history.event_ns, seen.label))
        if first <= row < stop:
            found += _walked(engine, series, seen, history.bar(row))
    found += engine.evaluate_bars(series, history[first:stop], is_late=True)
    if stop < len(history) and int(history.event_ns[stop]) == pause.label:
        same = [seen for _, seen in known.values() if seen.label == pause.label]
        high, low = (max([pause.high, *(s.high for s in same)]), min([pause.low, *(s.low for s in same)]))
        found += _walked(engine, series, Seen(0, pause.to_ns - 3, pause.label, high, low), history.bar(stop))
    return _without_doubles(found, pause.fired)


def _walked(engine: AlertEngine, series: Series, seen: Seen, bar: Bar) -> list[Turned]:
    walk = unseen_walk(series.instrument, seen, bar, seen.last_ns)
    return engine.evaluate(walk) if walk is not None else []


def _without_doubles(found: list[Turned], fired: set[str]) -> list[Turned]:
    """Without the last firing of each alert that fired already when trades came again: it is the same crossing."""
    made: list[Turned] = []
    told = set(fired)
    for one in reversed(found):
        if one.alert_id in told:
            told.remove(one.alert_id)
        else:
            made.append(one)
    return made[::-1]
