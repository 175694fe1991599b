"""The same engine over history: what an alert would have fired, and what fires while charts replay the past."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
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
from backend.errors import TriiError
from backend.events import AlertFired, ReplayMoved
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

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

    def begin(self, bars: BarArrays, first: int) -> None:
        """Know the bars before ``first``; those from it on are only placed, so that drawings stand where they stand."""
        self._times = bars.event_ns
        for alert in self._alerts.values():
            self._engine.put(compile_rule(alert))
        self._engine.prime(self.series, bars[:first], self.facts.sessions)
        self._tell_levels()
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

    def _tell_levels(self) -> None:
        rows = BarRows.of(self.facts.anchor_map(self.series.spec), self._times)
        for alert in self._alerts.values():
            levels = scaled_levels(alert, self.facts) | levels_of(alert, self.facts, rows, None)
            for place, level in levels.items():
                self._engine.set_level(alert.id, place, level)


class ReplayAlerts:
    """Fires alerts while charts replay the past, over the bars that the replay uncovers and never over later ones.

    alerts : those that are switched on; shown_ns : the moment up to which bars have been looked at
    Nothing of it is stored or delivered. Lives on the engine thread.
    """

    def __init__(
        self, facts: MarketFacts, alerts: Callable[[], tuple[Alert, ...]], publish: Callable[[AlertFired], None], tasks: TaskOwner
    ) -> None:
        self._facts = facts
        self._alerts = alerts
        self._publish = publish
        self._tasks = tasks
        self._wanted_ns: int | None = None
        self.shown_ns: int | None = None
        self._running: asyncio.Task[None] | None = None
        self._watched: tuple[Alert, ...] = ()
        self._pasts: list[Past] = []

    def note(self, event: ReplayMoved) -> None:
        """Charts show another moment."""
        self._wanted_ns = event.now_ns
        if self._running is None and event.now_ns != self.shown_ns:
            self._running = self._tasks.start("alerts of the replay", self._follow())

    async def _follow(self) -> None:
        try:
            while self._wanted_ns != self.shown_ns:
                wanted_ns = self._wanted_ns
                if wanted_ns is None:
                    self._pasts, self._watched = [], ()
                else:
                    await self._show(wanted_ns)
                self.shown_ns = wanted_ns
        finally:
            self._running = None

    async def _show(self, now_ns: int) -> None:
        alerts, shown_ns = self._alerts(), self.shown_ns
        if shown_ns is None or now_ns < shown_ns or alerts != self._watched:
            self._watched, self._pasts = alerts, await self._begin(alerts, now_ns)
            return
        for number in range(len(self._pasts)):
            if self._pasts[number].facts.next_ns <= now_ns:  # a split came, or a session's close is another one
                self._pasts[number] = await self._past(self._pasts[number].alerts, self._pasts[number].series, shown_ns)
            past = self._pasts[number]
            bars = await self._facts.bars(past.series, past.facts, from_ns=past.newest_ns + 1, as_of_ns=now_ns)
            past.extend(bars)
            turned = await asyncio.to_thread(past.go_on, bars, now_ns)
            for firing in past.told(turned):
                self._publish(_event_of(firing, past.alert_of(firing)))
            await asyncio.sleep(0)

    async def _begin(self, alerts: tuple[Alert, ...], now_ns: int) -> list[Past]:
        by_series: dict[Series, list[Alert]] = {}
        for alert in alerts:
            by_series.setdefault(series_of(alert), []).append(alert)
        pasts = []
        for series, group in by_series.items():
            try:
                pasts.append(await self._past(group, series, now_ns))
            except TriiError as error:
                log.warning("Alerts on %s take no part in the replay: %s", series, error)
        return pasts

    async def _past(self, alerts: list[Alert], series: Series, now_ns: int) -> Past:
        facts = await self._facts.load(series.instrument, now_ns)
        bars = await self._facts.bars(series, facts, as_of_ns=now_ns)
        past = Past(alerts, series, facts)
        await asyncio.to_thread(past.begin, bars, len(bars))
        return past


def _event_of(firing: Firing, alert: Alert) -> AlertFired:
    instrument = InstrumentId.parse(firing.instrument)
    title = alert.name or instrument.code
    figures = (firing.words, firing.event_ns, firing.price, alert.sound)
    return AlertFired(firing.id, firing.alert_id, instrument, title, *figures, is_late=False, is_replay=True)
