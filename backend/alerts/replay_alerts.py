"""Alerts while charts replay the past: ticks run through the code of live, and nothing is stored or delivered."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import numpy as np

from backend.alerts.alert import Alert
from backend.alerts.firing import Firing
from backend.alerts.market_facts import Facts, MarketFacts
from backend.alerts.needs import series_of
from backend.alerts.rehearsal import Past
from backend.alerts.rules import Turned
from backend.domain.bars import DAY_NS, Series
from backend.domain.instruments import InstrumentId
from backend.errors import TriiError
from backend.events import AlertFired, ReplayMoved
from backend.market.live_change import LiveChange
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

JUMP_NS: Final = 4 * DAY_NS  # a weekend and a holiday are no jump


class Watcher(Protocol):
    """Who sees what ticks change."""

    def evaluate(self, change: LiveChange) -> None:
        """Look at it."""
        ...


class PastPath(Protocol):
    """The tick path of a replay; ``backend.live.replay_path.ReplayPath`` is one."""

    def tell(self, watcher: Watcher) -> None:
        """Let ``watcher`` see every change."""
        ...

    async def begin(self, wanted: frozenset[Series], now_ns: int) -> frozenset[Series]:
        """Stand at a moment and tell the newest ticks; the series that are made of ticks from there on."""
        ...

    async def advance(self, to_ns: int) -> None:
        """Move on and tell what becomes known on the way."""
        ...

    def end(self) -> None:
        """Follow nothing any more."""
        ...


class ReplayAlerts:
    """Fires alerts while charts replay the past, over what the replay uncovers and never over what comes later.

    Between two moments the ticks that become known go the way of live ones. What a jump of more than four days passes over is
    looked at as complete bars, as a back-fill is; so are series that ticks do not make, such as bars of a number of trades.
    alerts : those that are switched on; shown_ns : the moment up to which everything has been looked at
    path : set by the composition root; without it everything is looked at as complete bars
    Nothing of it is stored or delivered. Lives on the engine thread.
    """

    def __init__(
        self, facts: MarketFacts, alerts: Callable[[], tuple[Alert, ...]], publish: Callable[[AlertFired], None], tasks: TaskOwner
    ) -> None:
        self._facts = facts
        self._alerts = alerts
        self._publish = publish
        self._tasks = tasks
        self._path: PastPath | None = None
        self._wanted_ns: int | None = None
        self.shown_ns: int | None = None
        self._running: asyncio.Task[None] | None = None
        self._watched: tuple[Alert, ...] = ()
        self._pasts: dict[Series, Past] = {}
        self._by_ticks: frozenset[Series] = frozenset()
        self._is_beginning = False

    def use(self, path: PastPath) -> None:
        """Have ticks come by ``path``."""
        self._path = path
        path.tell(self)

    def note(self, event: ReplayMoved) -> None:
        """Charts show another moment."""
        self._wanted_ns = event.now_ns
        if self._running is None and event.now_ns != self.shown_ns:
            self._running = self._tasks.start("alerts of the replay", self._follow())

    def evaluate(self, change: LiveChange) -> None:
        """Look at what ticks of the past changed."""
        for series, past in self._pasts.items():
            if series.instrument != change.instrument or series not in self._by_ticks:
                continue
            if self._is_beginning:
                past.look_first(change)
            else:
                self._publish_all(past, past.take(change))

    async def _follow(self) -> None:
        try:
            while self._wanted_ns != self.shown_ns:
                wanted_ns = self._wanted_ns
                if wanted_ns is None:
                    self._leave()
                else:
                    await self._show(wanted_ns)
                self.shown_ns = wanted_ns
        finally:
            self._running = None

    def _leave(self) -> None:
        self._pasts, self._watched, self._by_ticks = {}, (), frozenset()
        if self._path is not None:
            self._path.end()

    async def _show(self, now_ns: int) -> None:
        alerts, shown_ns = self._alerts(), self.shown_ns
        if shown_ns is None or now_ns < shown_ns or alerts != self._watched:
            self._watched, self._pasts = alerts, await self._begin(alerts, now_ns)
            await self._join(now_ns, is_first=True)
        elif self._path is None or now_ns - shown_ns > JUMP_NS:
            for past in tuple(self._pasts.values()):
                await self._pass_over(past, now_ns)
            await self._join(now_ns, is_first=False)
        else:
            await self._go_through(self._path, now_ns)

    async def _go_through(self, path: PastPath, now_ns: int) -> None:
        """Let time pass up to each instant at which something is another, then up to ``now_ns``."""
        is_there = False
        while not is_there:
            edge_ns = min((past.edge_ns for past in self._pasts.values()), default=now_ns + 1)
            stop_ns = min(edge_ns - 1, now_ns)
            await path.advance(stop_ns)
            for past in [one for series, one in self._pasts.items() if series not in self._by_ticks]:
                await self._go_on_by_bars(past, stop_ns)
            is_there = edge_ns > now_ns
            for past in () if is_there else tuple(self._pasts.values()):
                is_old = past.facts.next_ns <= edge_ns
                newer = await self._renewed(past, await self._load(past, edge_ns), edge_ns) if is_old else past
                self._publish_all(newer, newer.pass_time(edge_ns))

    async def _pass_over(self, past: Past, now_ns: int) -> None:
        """Look at what lies between as complete bars, in prices of ``now_ns``."""
        facts = await self._facts.load(past.series.instrument, now_ns, is_whole=True)
        await self._go_on_by_bars(await self._renewed(past, facts, now_ns), now_ns)

    async def _go_on_by_bars(self, past: Past, now_ns: int) -> None:
        bars = await self._facts.bars(past.series, past.facts, from_ns=past.newest_ns + 1, as_of_ns=now_ns)
        past.extend(bars)
        self._publish_all(past, await asyncio.to_thread(past.go_on, bars, now_ns))
        await asyncio.sleep(0)

    def _publish_all(self, past: Past, turned: Iterable[Turned]) -> None:
        for firing in past.told(turned):
            self._publish(_event_of(firing, past.alert_of(firing)))

    async def _join(self, now_ns: int, *, is_first: bool) -> None:
        """Have ticks come from ``now_ns`` on."""
        if self._path is None:
            return
        self._by_ticks, self._is_beginning = frozenset(self._pasts), is_first
        try:
            self._by_ticks = await self._path.begin(self._by_ticks, now_ns)
        finally:
            self._is_beginning = False

    async def _begin(self, alerts: tuple[Alert, ...], now_ns: int) -> dict[Series, Past]:
        by_series: dict[Series, list[Alert]] = {}
        for alert in alerts:
            by_series.setdefault(series_of(alert), []).append(alert)
        pasts = {}
        for series, group in by_series.items():
            try:
                facts = await self._facts.load(series.instrument, now_ns)
                bars = await self._facts.bars(series, facts, as_of_ns=now_ns)
            except TriiError as error:
                log.warning("Alerts on %s take no part in the replay: %s", series, error)
                continue
            pasts[series] = past = Past(group, series, facts)
            await asyncio.to_thread(past.begin, bars, len(bars))
            past.pass_time(now_ns)  # moments that had come fire no more
        return pasts

    async def _load(self, past: Past, now_ns: int) -> Facts:
        return await self._facts.load(past.series.instrument, now_ns)

    async def _renewed(self, past: Past, facts: Facts, now_ns: int) -> Past:
        """The same alerts as they stand, by what is known of the instrument now."""
        bars = await self._facts.bars(past.series, facts, as_of_ns=now_ns)
        fresh = Past(past.alerts, past.series, facts)
        n_seen = int(np.searchsorted(bars.event_ns, past.newest_ns, side="right"))
        await asyncio.to_thread(fresh.begin, bars[:n_seen], n_seen, past.states)
        self._pasts[past.series] = fresh
        return fresh


def _event_of(firing: Firing, alert: Alert) -> AlertFired:
    instrument = InstrumentId.parse(firing.instrument)
    title = alert.name or instrument.code
    figures = (firing.words, firing.event_ns, firing.price, alert.sound)
    return AlertFired(firing.id, firing.alert_id, instrument, title, *figures, is_late=False, is_replay=True)
