"""What is kept of one series while alerts watch it: who watches, its newest bars, and the rows of drawings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from backend.alerts.alert import Alert, DrawingCondition
from backend.alerts.compiling import leaves_of
from backend.alerts.gaps import PAUSE_NS, PAUSES_MAX, Pause, is_possible
from backend.alerts.lines import AHEAD, BarRows
from backend.alerts.seen import Seen
from backend.charts.anchor_map import AnchorMap
from backend.domain.bars import Bar, BarArrays, BarSpec, Int64s, Series
from backend.market.growing_bars import join
from backend.market.live_change import LiveChange

_AHEAD_LEFT_MIN: Final = AHEAD // 4


@dataclass(slots=True, eq=False)
class FollowedSeries:
    """One series that alerts watch.

    alerts, base : by id; what each had seen when it began to watch
    newest_ns : event_ns of the newest complete bar; forming : the bar under way; last_ns : of the newest trade
    arrived : bars that were completed while history is loaded; None while it is not
    unfinished : what restored alerts had seen of bars that the last run did not see to their end
    pauses : silences after which trades came again, the newest last
    """

    series: Series
    alerts: dict[str, Alert] = field(default_factory=dict)
    base: dict[str, Seen] = field(default_factory=dict)
    newest_ns: int = -(2**62)
    forming: Bar | None = None
    last_ns: int = 0
    n_bars: int = 0
    arrived: list[BarArrays] | None = None
    unfinished: list[Seen] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    rows: BarRows | None = None
    is_changed: bool = False

    @property
    def has_lines(self) -> bool:
        """Whether an alert watches a drawing on it."""
        return any(isinstance(leaf, DrawingCondition) for alert in self.alerts.values() for leaf in leaves_of(alert.condition))

    def seen_of(self, alert_id: str) -> Seen:
        """What one of its alerts has seen by now."""
        seen = self.base.get(alert_id, Seen())
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
            if self.pauses and self.pauses[-1].is_open:
                self._note_after(self.pauses[-1], change)
            self.last_ns = max(self.last_ns, int(change.trades.event_ns[-1]))
        self.is_changed = True

    def may_follow_a_pause(self, change: LiveChange) -> bool:
        """Whether trades come again after a silence in which something may have been lost."""
        if change.is_late or not len(change.trades) or not is_possible(len(self.alerts)):
            return False
        last_ns = self.last_ns or max((seen.last_ns for seen in self.base.values()), default=0)
        return bool(last_ns) and int(change.trades.event_ns[0]) - last_ns > PAUSE_NS

    def begin_pause(self, change: LiveChange, states: Mapping[str, bytes]) -> Pause:
        """Remember how alerts stood before the trades of ``change``."""
        before = {alert_id: (state, self.seen_of(alert_id)) for alert_id, state in states.items()}
        from_ns = max((seen.last_ns for _, seen in before.values()), default=0)
        to_ns = int(change.trades.event_ns[0])
        bars = bars_of(change, self.series.spec)
        label = next((bar.event_ns for bar in reversed(bars) if bar.event_ns <= to_ns), to_ns)
        pause = Pause(before, from_ns, to_ns, label)
        self.pauses = [*self.pauses, pause][-PAUSES_MAX:]
        return pause

    def _note_after(self, pause: Pause, change: LiveChange) -> None:
        """Remember the prices of the bar in which trades came again, as far as they came."""
        later = [bar.event_ns for bar in bars_of(change, self.series.spec) if bar.event_ns > pause.label]
        pause.is_open = not later
        prices = change.trades.price[change.trades.event_ns < min(later)] if later else change.trades.price
        if len(prices):
            pause.high, pause.low = max(pause.high, float(prices.max())), min(pause.low, float(prices.min()))

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


def bars_of(change: LiveChange, spec: BarSpec) -> list[Bar]:
    """The bars of a change, oldest first, the one under way last."""
    closed, forming = change.closed.get(spec), change.forming.get(spec)
    bars = [] if closed is None else [closed.bar(row) for row in range(len(closed))]
    return bars if forming is None else [*bars, forming]
