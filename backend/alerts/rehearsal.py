"""The same engine over history: what an alert would have fired."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from backend.alerts.alert import Alert, TimeCondition
from backend.alerts.compiling import compile_rule, leaves_of
from backend.alerts.engine import AlertEngine
from backend.alerts.firing import Firing
from backend.alerts.lines import BarRows, name_of
from backend.alerts.market_facts import Facts, MarketFacts, levels_of, scaled_levels
from backend.alerts.needs import series_of
from backend.alerts.rules import Turned
from backend.alerts.telling import firing_of
from backend.alerts.words import Wording
from backend.domain.bars import BarArrays, Series
from backend.domain.instruments import InstrumentId
from backend.market.live_change import LiveChange

_LONG_AGO: Final = -(2**62)


async def rehearse(alert: Alert, facts: MarketFacts, span: tuple[int | None, int]) -> tuple[Firing, ...]:
    """What ``alert`` fires over the bars of [from, to), oldest first; those before are what it knows when it begins."""
    from_ns, to_ns = span
    instrument = InstrumentId.parse(alert.instrument)
    known = await facts.load(instrument, to_ns, is_whole=True)
    bars = await facts.bars(series_of(alert), known, as_of_ns=to_ns)

    def run() -> tuple[Firing, ...]:
        past = Past([alert], series_of(alert), known)
        first = 0 if from_ns is None else int(np.searchsorted(bars.event_ns, from_ns))
        past.begin(bars, first)
        return past.told(past.go_on(bars[first:], to_ns))

    return await asyncio.to_thread(run)


class Past:
    """Alerts of one series over its history. One thread at a time."""

    def __init__(self, alerts: Sequence[Alert], series: Series, facts: Facts) -> None:
        self.series = series
        self.facts = facts
        self.newest_ns = _LONG_AGO
        self._alerts = {alert.id: alert for alert in alerts}
        self._engine = AlertEngine()
        self._times: np.ndarray[tuple[int], np.dtype[np.int64]] = np.empty(0, np.int64)
        self._moments = sorted(leaf.at_ns for a in alerts for leaf in leaves_of(a.condition) if isinstance(leaf, TimeCondition))

    def begin(self, bars: BarArrays, first: int, states: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """Know the bars before ``first``; those from it on are only placed, so that drawings stand where they stand.

        states : what alerts remember that watched before, by id
        """
        self._times = bars.event_ns
        for alert in self._alerts.values():
            self._engine.put(compile_rule(alert))
        self._engine.prime(self.series, bars[:first], self.facts.sessions)
        for alert_id, state in states.items():
            self._engine.restore(alert_id, state)
        self._tell_levels(keeps_side=bool(states))
        if first:
            self.newest_ns = int(bars.event_ns[first - 1])

    def extend(self, bars: BarArrays) -> None:
        """Place drawings on these later bars too."""
        self._times = np.concatenate([self._times, bars.event_ns])
        self._tell_levels()

    def go_on(self, bars: BarArrays, now_ns: int) -> list[Turned]:
        """What fires over bars that are complete at ``now_ns``; moments come where they lie among them."""
        found: list[Turned] = []
        done = 0
        while self._moments and self._moments[0] <= now_ns:
            at_ns = self._moments.pop(0)
            stop = max(int(np.searchsorted(bars.event_ns, at_ns)), done)
            found += self._engine.evaluate_bars(self.series, bars[done:stop], is_late=False)
            found += self._engine.tick_time(at_ns)
            done = stop
        found += self._engine.evaluate_bars(self.series, bars[done:], is_late=False)
        if len(bars):
            self.newest_ns = int(bars.event_ns[-1])
        return found

    def look_first(self, change: LiveChange) -> None:
        """Know the newest tick and the bar under way: looks that come are compared with these, and nothing fires by them."""
        self._engine.evaluate(change)
        for alert in self._alerts.values():
            self._engine.put(compile_rule(alert))
        self._engine.tick_time(change.received_ns)
        self._moments = [at_ns for at_ns in self._moments if at_ns > change.received_ns]
        self._tell_levels()

    def take(self, change: LiveChange) -> list[Turned]:
        """What fires over ticks, and over the bars that they make."""
        closed, forming = change.closed.get(self.series.spec), change.forming.get(self.series.spec)
        labels = [] if closed is None else closed.event_ns.tolist()
        labels += [] if forming is None else [forming.event_ns]
        newest_ns = int(self._times[-1]) if len(self._times) else _LONG_AGO
        fresh = [label for label in labels if label > newest_ns]
        if fresh:
            self._times = np.append(self._times, np.array(fresh, np.int64))
            self._tell_levels()
        found = self._engine.evaluate(change)
        if closed is not None:
            self.newest_ns = max(self.newest_ns, int(closed.event_ns[-1]))
        return found

    def pass_time(self, now_ns: int) -> list[Turned]:
        """What moments up to ``now_ns`` make fire."""
        found: list[Turned] = []
        while self._moments and self._moments[0] <= now_ns:
            found += self._engine.tick_time(self._moments.pop(0))
        return found

    @property
    def edge_ns(self) -> int:
        """The next instant at which something is another by itself: a moment comes, or what is known of the instrument changes."""
        return min([self.facts.next_ns, *self._moments[:1]])

    @property
    def states(self) -> dict[str, bytes]:
        """What its alerts remember, by id."""
        return {alert_id: self._engine.state(alert_id) for alert_id in self._alerts}

    def told(self, turned: Iterable[Turned]) -> tuple[Firing, ...]:
        """Firings of what the engine found."""
        drawings = {drawing.id: name_of(drawing) for drawing in self.facts.drawings.values()}
        wording = Wording(self.series.instrument.code, self.facts.decimals, str(self.series.spec), drawings)
        return tuple(firing_of(one, self._alerts[one.alert_id], wording, one.event_ns, is_replay=True) for one in turned)

    @property
    def alerts(self) -> list[Alert]:
        """Those it knows."""
        return list(self._alerts.values())

    def alert_of(self, firing: Firing) -> Alert:
        """The alert that fired."""
        return self._alerts[firing.alert_id]

    def _tell_levels(self, *, keeps_side: bool = False) -> None:
        rows = BarRows.of(self.facts.anchor_map(self.series.spec), self._times)
        for alert in self._alerts.values():
            for place, level in scaled_levels(alert, self.facts).items():
                self._engine.set_level(alert.id, place, level, keeps_side=keeps_side)
            for place, level in levels_of(alert, self.facts, rows, None).items():
                self._engine.set_level(alert.id, place, level)
