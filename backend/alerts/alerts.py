"""The alerts of a person: made, changed, watched and kept."""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import msgspec

from backend.alerts.alert import Alert, Leaf, PriceCondition
from backend.alerts.book import AlertBook
from backend.alerts.checks import check_alert, check_is_ahead, with_leaves
from backend.alerts.evaluation import Evaluation
from backend.alerts.firing import AlertRow, AlertsSnapshot, Firing, FiringQuery
from backend.alerts.firing_queue import FiringQueue
from backend.alerts.lines import name_of
from backend.alerts.market_facts import FactParts, MarketFacts, check_drawings
from backend.alerts.rehearsal import rehearse
from backend.alerts.replay_alerts import PastPath, ReplayAlerts
from backend.alerts.seen import Seen, save_seen
from backend.alerts.store import AlertStore, QueueDelivery, StoredAlert
from backend.alerts.watching import Watch
from backend.alerts.words import Wording
from backend.bus import Bus, Subscription
from backend.clock import Clock
from backend.domain.bars import BarArrays, Series
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, TriiError
from backend.events import AlertsChanged, BarsChanged, DrawingsChanged, Level, Notice, ReplayMoved
from backend.market.feeds.live_row import LiveSnapshot
from backend.market.live_change import LiveChange
from backend.storage.ledger import Ledger
from backend.tasks import TaskOwner
from backend.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

ALERTS_MAX: Final = 10_000
_PULSE_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class AlertParts:
    """What alerts stand on."""

    ledger: Ledger
    market: FactParts
    bus: Bus
    clock: Clock
    metrics: Metrics


class Alerts:
    """Lives on the engine thread; ``snapshot`` may be read from any. The composition root sets ``live``."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, parts: AlertParts) -> None:
        self._parts = parts
        self._store = AlertStore(parts.ledger)
        self._book = AlertBook()
        self._queue = FiringQueue(self._store, parts.bus.publish, self._stored)
        self._facts = MarketFacts(parts.market)
        watch = Watch(self._facts, parts.clock)
        self._work = Evaluation(self._book, self._store, self._queue, watch, parts.clock, parts.metrics)
        self._tasks = TaskOwner("alerts", parts.bus.publish)
        self._replay = ReplayAlerts(self._facts, self._enabled, parts.bus.publish, self._tasks)
        self._subscriptions: list[Subscription[Any]] = []
        self._removed: dict[str, StoredAlert] = {}
        self._is_loaded = False
        self._loading = asyncio.Lock()
        self._changing = asyncio.Lock()
        self._is_begun = self._is_watching = False

    @property
    def live(self) -> Callable[[], LiveSnapshot]:
        """What is known of feeds, for blindness and for the look every five seconds."""
        return self._work.live

    @live.setter
    def live(self, live: Callable[[], LiveSnapshot]) -> None:
        self._work.live = live

    def deliver_with(self, queue: QueueDelivery, wake: Callable[[], None]) -> None:
        """Have ``queue`` write deliveries inside each firing's transaction, and ``wake`` called after it."""
        self._queue.queue_delivery, self._queue.wake = queue, wake

    def replay_with(self, path: PastPath) -> None:
        """Have the ticks of replays come by ``path``."""
        self._replay.use(path)

    # --- life ---------------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Take up every stored alert where the last run left it, and watch from now on; beginning twice does nothing."""
        if self._is_begun:
            return
        self._is_begun = True
        await self._load()
        bus = self._parts.bus
        self._subscriptions = [
            bus.subscribe(BarsChanged, self._work.note_bars),
            bus.subscribe(DrawingsChanged, self._work.note_drawings),
            bus.subscribe(ReplayMoved, self._replay.note),
        ]
        async with self._changing:
            self._is_watching = True
            await self._work.resume()
        self._refresh(told=True)
        self._tasks.start("storing firings", self._queue.run())
        self._tasks.start("watching the clock", self._run())

    async def close(self) -> None:
        """Store what waits and what is remembered, and stop watching."""
        for subscription in self._subscriptions:
            subscription.close()
        await self._tasks.close()
        if not await self._queue.flush():
            self._parts.bus.publish(Notice(Level.ERROR, "Firings of alerts could not be stored before the end."))
        if self._is_watching:
            await self._work.keep()

    async def pulse(self) -> None:
        """Do what is due by time alone: moments, the look every five seconds, rows. Called four times a second."""
        if await self._work.pulse():
            self._parts.bus.publish(AlertsChanged(self._book.snapshot.version))

    @property
    def replayed_ns(self) -> int | None:
        """Up to where a replay's bars have been looked at; None while none runs."""
        return self._replay.shown_ns

    # --- the tick path ------------------------------------------------------------------------------------------------

    @property
    def wanted(self) -> frozenset[Series]:
        """Series whose bars must be made live."""
        return self._work.wanted

    @property
    def wants_changed(self) -> list[Callable[[], None]]:
        """Called whenever ``wanted`` has changed."""
        return self._work.wants_changed

    def evaluate(self, change: LiveChange) -> None:
        """Look at what a batch of trades changed; what fires is stored in groups, then published."""
        self._work.evaluate(change)

    async def evaluate_bars(self, series: Series, bars: BarArrays) -> None:
        """Look at complete bars that came afterwards without their trades; what they make fire is late. Stored on return."""
        await self._work.evaluate_bars(series, bars)
        await self._queue.flush()

    def snapshot(self) -> AlertsSnapshot:
        """Every alert as it stands; safe from any thread."""
        return self._book.snapshot

    async def rows(self) -> tuple[AlertRow, ...]:
        """Every alert, the oldest first, also where nothing is watched."""
        await self._load()
        return tuple(self._book.snapshot.rows.values())

    # --- changes ------------------------------------------------------------------------------------------------------

    async def add(self, alert: Alert) -> AlertRow:
        """Watch ``alert`` from now on; one that was removed goes on where it was. Raises InvalidInput, NotFound, Conflict."""
        await self._load()
        async with self._changing:
            now_ns = self._parts.clock.now_ns()
            made = _dated(check_alert(alert), now_ns)
            check_is_ahead(made, now_ns)
            if len(self._book.snapshot.rows) >= ALERTS_MAX:
                raise InvalidInput(f"There are {ALERTS_MAX} alerts already.", hint="Remove some first.", code="alert.full")
            check_drawings(made, await self._facts.load(InstrumentId.parse(made.instrument), now_ns))
            removed = self._removed.pop(made.id, None)
            fresh = removed if removed is not None and removed.alert == made else _armed(StoredAlert(made), made, now_ns)
            return await self._take(await self._store.insert(fresh))

    async def change(self, alert: Alert) -> AlertRow:
        """Watch ``alert`` in the place of the one with its id; it is armed afresh. Raises InvalidInput, NotFound."""
        await self._load()
        async with self._changing:
            before = self._book.get(alert.id)
            now_ns = self._parts.clock.now_ns()
            made = _dated(check_alert(msgspec.structs.replace(alert, created_ns=before.alert.created_ns)), now_ns)
            if (made.condition, made.expires_ns) != (before.alert.condition, before.alert.expires_ns):
                check_is_ahead(made, now_ns)
            facts = await self._facts.load(InstrumentId.parse(made.instrument), now_ns)
            if made.condition != before.alert.condition:
                check_drawings(made, facts)
            is_as_watched = _watched_part(made) == _watched_part(before.alert)
            before = self._paused(before)
            changed = replace(before, alert=made) if is_as_watched else _armed(before, made, now_ns)
            await self._queue.flush()
            await self._store.update(changed)
            return await self._take(changed)

    async def remove(self, alert_id: str) -> Alert:
        """Forget an alert; what it fired is kept. The alert is returned for undo. Raises NotFound."""
        await self._load()
        async with self._changing:
            gone = self._paused(self._book.get(alert_id))
            await self._queue.flush()
            await self._store.delete(alert_id)
            self._removed[alert_id] = gone
            self._book.drop(alert_id)
            self._refresh(told=True)
            return gone.alert

    async def enable(self, alert_id: str, is_enabled: bool) -> AlertRow:  # noqa: FBT001 - read as enable(id, True)
        """Switch an alert on, armed afresh, or off. Raises NotFound, InvalidInput where it has expired."""
        await self._load()
        async with self._changing:
            before = self._book.get(alert_id)
            made = msgspec.structs.replace(before.alert, is_enabled=is_enabled)
            now_ns = self._parts.clock.now_ns()
            if is_enabled:
                check_is_ahead(made, now_ns)
            before = self._paused(before)
            changed = _armed(before, made, now_ns) if is_enabled else replace(before, alert=made)
            await self._queue.flush()
            await self._store.update(changed)
            return await self._take(changed)

    async def rehearse(self, alert: Alert, from_ns: int | None = None, to_ns: int | None = None) -> tuple[Firing, ...]:
        """What ``alert`` would have fired over stored history; nothing is stored, told or delivered.

        from_ns, to_ns : UTC ns, all of history where None; never later than now
        Raises InvalidInput, NotFound.
        """
        now_ns = self._parts.clock.now_ns()
        made = _dated(check_alert(alert), now_ns)
        return await rehearse(made, self._facts, (from_ns, min(to_ns or now_ns, now_ns)))

    async def history(self, alert_id: str | None = None, n_max: int = 200) -> tuple[Firing, ...]:
        """What fired, the newest first."""
        return await self._store.history(alert_id, n_max)

    async def firings(self, query: FiringQuery) -> tuple[Firing, ...]:
        """What fired, the newest first, of those that ``query`` wants."""
        return await self._store.page(query)

    async def mark_read(self, firing_ids: Sequence[str]) -> None:
        """Remember that a person has seen these firings."""
        await self._store.mark_read(firing_ids)

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _load(self) -> None:
        async with self._loading:
            if not self._is_loaded:
                await self._load_all()
                self._is_loaded = True

    async def _load_all(self) -> None:
        found, unread = await self._store.all()
        if unread:
            text = f"{len(unread)} alerts cannot be read and are not watched: {', '.join(unread[:5])}."
            self._parts.bus.publish(
                Notice(Level.ERROR, "Some alerts cannot be read.", text, "Restore a backup.", "alert.unreadable")
            )
        for stored in found:
            self._book.put(stored)
        for instrument in {stored.alert.instrument for stored in found}:
            await self._word(instrument)
        self._refresh(told=True)

    def _enabled(self) -> tuple[Alert, ...]:
        return tuple(stored.alert for stored in self._book if stored.alert.is_enabled)

    def _paused(self, stored: StoredAlert) -> StoredAlert:
        """An alert with what it remembers, watched no more until it is taken again."""
        kept = self._work.leave(stored.alert.id)
        return stored if kept is None else replace(stored, state=kept.state, seen=kept.seen)

    async def _take(self, stored: StoredAlert) -> AlertRow:
        self._book.put(stored)
        await self._word(stored.alert.instrument)
        if self._is_watching:
            self._book.put(await self._work.take(stored))
        self._refresh((stored.alert.id,), told=True)
        return self._book.snapshot.rows[stored.alert.id]

    async def _word(self, instrument: str) -> None:
        wording = Wording(InstrumentId.parse(instrument).code)
        try:
            facts = await self._facts.load(InstrumentId.parse(instrument), self._parts.clock.now_ns())
        except TriiError as error:
            log.warning("Alerts on %s cannot say its prices as it is quoted: %s", instrument, error)
        else:
            wording = replace(wording, decimals=facts.decimals)
            self._book.name_drawings(instrument, {drawing.id: name_of(drawing) for drawing in facts.drawings.values()})
        self._book.word(instrument, wording)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_PULSE_S)
            try:
                await self.pulse()
            except TriiError as error:
                log.warning("Alerts could not do what was due: %s", error)

    def _refresh(self, only: Collection[str] | None = None, *, told: bool = False) -> None:
        live = self.live() if self._is_watching else None
        if self._book.refresh(live, self._parts.clock.now_ns(), only) or told:
            self._parts.bus.publish(AlertsChanged(self._book.snapshot.version))

    def _stored(self, firings: tuple[Firing, ...]) -> None:
        self._book.note_fired(firings)
        self._refresh({firing.alert_id for firing in firings})


def _dated(alert: Alert, now_ns: int) -> Alert:
    """With the moments filled in at which it was made and its prices were chosen."""
    created_ns = alert.created_ns or now_ns

    def dated(leaf: Leaf) -> Leaf:
        if isinstance(leaf, PriceCondition) and not leaf.set_ns:
            return msgspec.structs.replace(leaf, set_ns=now_ns)
        return leaf

    return msgspec.structs.replace(alert, created_ns=created_ns, condition=with_leaves(alert.condition, dated))


def _watched_part(alert: Alert) -> tuple[object, ...]:
    """What decides when it fires; a new name or channel leaves it as it stands."""
    return (
        alert.instrument,
        alert.spec,
        alert.condition,
        alert.when,
        alert.repeat,
        alert.rearm,
        alert.is_enabled,
        alert.cooldown_s,
        alert.expires_ns,
    )


def _armed(stored: StoredAlert, alert: Alert, now_ns: int) -> StoredAlert:
    """The alert without a memory: it watches from now on."""
    return replace(stored, alert=alert, state=b"", seen=save_seen(Seen(now_ns)), is_resting=False)
