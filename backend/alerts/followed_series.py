"""What is kept of one series while alerts watch it: who watches, its newest bars, and the rows of drawings."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from backend.alerts.alert import Alert, DrawingCondition
from backend.alerts.compiling import leaves_of
from backend.alerts.lines import AHEAD, BarRows
from backend.alerts.seen import Seen
from backend.charts.anchor_map import AnchorMap
from backend.domain.bars import Bar, BarArrays, Int64s, Series
from backend.market.growing_bars import join
from backend.market.live_change import LiveChange

_AHEAD_LEFT_MIN: Final = AHEAD // 4


@dataclass(slots=True, eq=False)
class FollowedSeries:
    """One series that alerts watch.

    alerts, armed_ns : by id; when each began to watch
    newest_ns : event_ns of the newest complete bar; forming : the bar under way; last_ns : of the newest trade
    arrived : bars that were completed while history is loaded; None while it is not
    unfinished : what restored alerts had seen of bars that the last run did not see to their end
    """

    series: Series
    alerts: dict[str, Alert] = field(default_factory=dict)
    armed_ns: dict[str, int] = field(default_factory=dict)
    newest_ns: int = -(2**62)
    forming: Bar | None = None
    last_ns: int = 0
    n_bars: int = 0
    arrived: list[BarArrays] | None = None
    unfinished: list[Seen] = field(default_factory=list)
    rows: BarRows | None = None
    is_changed: bool = False

    @property
    def has_lines(self) -> bool:
        """Whether an alert watches a drawing on it."""
        return any(isinstance(leaf, DrawingCondition) for alert in self.alerts.values() for leaf in leaves_of(alert.condition))

    def seen_of(self, alert_id: str) -> Seen:
        """What one of its alerts has seen by now."""
        seen = Seen(self.armed_ns.get(alert_id, 0))
        return seen if self.forming is None else seen.after(self.forming, self.last_ns)

    def note(self, change: LiveChange) -> None:
        """Remember what a change brought."""
        spec = self.series.spec
        closed, forming = change.closed.get(spec), change.forming.get(spec)
        if closed is not None and len(closed):
            self.n_bars += len(closed)
            self.newest_ns = max(self.newest_ns, int(closed.event_ns[-1]))
            if self.arrived is not None:
                self.arrived.append(closed)
        if forming is not None:
            self.forming = forming
        if len(change.trades):
            self.last_ns = max(self.last_ns, int(change.trades.event_ns[-1]))
        self.is_changed = True

    def with_arrived(self, bars: BarArrays) -> BarArrays:
        """``bars`` and those that were completed meanwhile."""
        for closed in self.arrived or ():
            newer = closed if not len(bars) else closed[int(np.searchsorted(closed.event_ns, bars.event_ns[-1], side="right")) :]
            bars = join(bars, newer) if len(newer) else bars
        return bars

    def place(self, anchor_map: AnchorMap, times: Int64s) -> None:
        """Place drawings on these bars and the one under way from now on, where there are any."""
        if not self.has_lines:
            self.rows = None
            return
        if self.forming is not None and (not len(times) or self.forming.event_ns > times[-1]):
            times = np.append(times, np.int64(self.forming.event_ns))
        self.rows = BarRows.of(anchor_map, times)

    def needs_other_levels(self, change: LiveChange) -> bool:
        """Move the rows on to the bars of ``change``; whether levels told so far do not hold for them."""
        rows, spec = self.rows, self.series.spec
        if rows is None:
            return False
        closed, forming = change.closed.get(spec), change.forming.get(spec)
        labels = [] if closed is None else closed.event_ns.tolist()
        labels += [forming.event_ns] if forming is not None else []
        newest = int(rows.times[-1]) if len(rows.times) else -(2**62)
        fresh = [label for label in labels if label > newest]
        if not fresh:
            return False
        times = np.append(rows.times, np.array(fresh, np.int64))
        is_as_told = len(rows.ahead) - len(fresh) >= _AHEAD_LEFT_MIN and rows.ahead[: len(fresh)].tolist() == fresh
        if is_as_told:
            self.rows = BarRows(rows.anchor_map, times, rows.ahead[len(fresh) :])
            return False
        self.rows = BarRows.of(rows.anchor_map, times)
        return True
