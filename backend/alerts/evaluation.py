"""Alerts at work: what comes is looked at, what fires is stored, and what is remembered is kept."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from backend.alerts.alert import Repeat
from backend.alerts.book import AlertBook
from backend.alerts.firing_queue import FiringQueue
from backend.alerts.needs import series_of
from backend.alerts.rules import Turned
from backend.alerts.store import AlertStore, Fired, StateChange, StoredAlert
from backend.alerts.sweep import Fires, Sweep
from backend.alerts.telling import firing_of
from backend.alerts.watching import Watch
from backend.clock import Clock
from backend.domain.bars import BarArrays, Series
from backend.domain.instruments import InstrumentId
from backend.errors import CorruptData, NotFound, TriiError, Unavailable
from backend.events import BarsChanged, DrawingsChanged
from backend.market.feeds.live_row import LiveSnapshot
from backend.market.live_change import LiveChange
from backend.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

SWEEP_NS: Final = 5 * 10**9
JUMP_NS: Final = 5 * 10**9
LATE_NS: Final = 10 * 10**9  # a moment noticed so long after it came, as after a sleep, is told silently
_STANDING_NS: Final = 10**9
_FIGURES_NS: Final = 10**6  # between two looks at the figures of alerts whose market moves, for each
_SLICE: Final = 64


class Evaluation:
    """Carries what the engine finds into the book and the ledger. ``pulse`` does what is due by time alone.

    live : what is known of feeds
    """

    def __init__(
        self, book: AlertBook, store: AlertStore, queue: FiringQueue, watch: Watch, clock: Clock, metrics: Metrics
    ) -> None:
        self._book = book
        self._store = store
        self._queue = queue
        self._watch = watch
        self._clock = clock
        self._sweep = Sweep(watch)
        self._n_swept = metrics.counter("alerts.swept")
        self._fires: dict[str, Fires] = {}
        self._stale: set[InstrumentId] = set()
        self._grown: set[InstrumentId] = set()
        self._changed: set[str] = set()
        self._unkept: set[str] = set()
        self._moved: set[str] = set()
        self._wanted: frozenset[Series] = frozenset()
        self._looked = (clock.now_ns(), clock.monotonic_ns())
        self._due_sweep = self._due_standing = self._due_figures = 0
        self.wants_changed: list[Callable[[], None]] = []
        self.live: Callable[[], LiveSnapshot] = LiveSnapshot

    @property
    def wanted(self) -> frozenset[Series]:
        """Series whose bars must be made live."""
        return self._wanted

    # --- alerts -------------------------------------------------------------------------------------------------------

    async def resume(self) -> None:
        """Watch everything that is on where the last run left it."""
        by_series: dict[Series, list[StoredAlert]] = {}
        for stored in self._book:
            if self._is_active(stored):
                by_series.setdefault(series_of(stored.alert), []).append(stored)
        for series, group in by_series.items():
            try:
                turned = await self._watch.resume(series, group)
            except (NotFound, CorruptData) as error:
                log.warning("%d alerts on %s are not watched: %s", len(group), series, error)
                continue
            self.fire(turned)
            self._unkept.update(one.alert.id for one in group)
        await self._queue.flush()
        await self.keep()
        self._settle(stored.alert.id for stored in self._book)

    async def take(self, stored: StoredAlert) -> StoredAlert:
        """Watch an alert from now on, or no more where it is off or at rest; with what must be kept of it."""
        alert_id = stored.alert.id
        self._watch.leave(alert_id)
        self._sweep.forget(alert_id)
        if self._is_active(stored):
            now_ns = self._clock.now_ns()
            await self._watch.enter(stored, now_ns)
            if alert_id in self._watch:
                kept = self._watch.remembered(alert_id)
                stored = replace(stored, state=kept.state, seen=kept.seen)
                self._unkept.add(alert_id)
                await self.keep()
        self._settle([alert_id])
        return stored

    def leave(self, alert_id: str) -> StateChange | None:
        """Watch an alert no more; what must be kept of it, None where it was not watched."""
        kept = self._watch.remembered(alert_id) if alert_id in self._watch else None
        self._watch.leave(alert_id)
        self._sweep.forget(alert_id)
        self._settle(())
        return kept

    # --- what comes ---------------------------------------------------------------------------------------------------

    def evaluate(self, change: LiveChange) -> None:
        """Look at what a batch of trades changed."""
        turned = self._watch.evaluate(change)
        if turned:
            self.fire(turned)

    async def evaluate_bars(self, series: Series, bars: BarArrays) -> None:
        """Look at complete bars that came without their trades."""
        self.fire(await self._watch.look_back(series, bars))

    def note_bars(self, event: BarsChanged) -> None:
        """Stored bars changed: what indicators remember may be wrong, or there is more to look at."""
        instrument = event.series.instrument
        if instrument not in self._watch.instruments:
            return
        if self._watch.is_rewritten(instrument, event.from_ns):
            self._stale.add(instrument)
        if instrument not in self.live().rows:  # no feed gives its bars: an import may have
            self._grown.add(instrument)

    def note_drawings(self, event: DrawingsChanged) -> None:
        """Drawings changed: so may levels."""
        if event.instrument in self._watch.instruments:
            self._stale.add(event.instrument)

    def fire(self, turned: Iterable[Turned], *, is_swept: bool = False) -> None:
        """Have firings stored, and put those to rest that fire once."""
        now_ns = self._clock.now_ns()
        for one in turned:
            if one.alert_id not in self._watch:
                continue  # it fired once already
            stored = self._book.get(one.alert_id)
            before = self._fires.get(one.alert_id, Fires())
            self._fires[one.alert_id] = Fires(before.n + 1, max(before.newest_ns, one.event_ns))
            firing = firing_of(one, stored.alert, self._book.wording_of(stored), now_ns, is_swept=is_swept)
            kept = self._watch.remembered(one.alert_id)
            is_resting = stored.alert.repeat is Repeat.ONCE
            self._queue.put(Fired(firing, stored.alert, kept.state, kept.seen, is_resting))
            if is_resting:
                self._book.put(replace(stored, is_resting=True, state=kept.state, seen=kept.seen))
                self.leave(one.alert_id)
            self._changed.add(one.alert_id)

    # --- what is due --------------------------------------------------------------------------------------------------

    async def pulse(self) -> bool:
        """Do what is due by time; whether rows changed. Called a few times a second."""
        now_ns, monotonic_ns = self._clock.now_ns(), self._clock.monotonic_ns()
        before_ns, before_monotonic_ns = self._looked
        self._looked = now_ns, monotonic_ns
        passed_ns = monotonic_ns - before_monotonic_ns
        if abs(now_ns - before_ns - passed_ns) > JUMP_NS:
            log.warning("The clock moved by %.1f s at once.", (now_ns - before_ns - passed_ns) / 1e9)
            self._due_sweep = self._due_standing = monotonic_ns
        self.fire(replace(one, is_late=now_ns - one.event_ns > LATE_NS) for one in self._watch.tick_time(now_ns))
        await self._take_up(now_ns)
        if monotonic_ns >= self._due_sweep:
            self._due_sweep = monotonic_ns + SWEEP_NS
            await self.sweep()
            await self.keep()
        return await self._refresh(now_ns, monotonic_ns)

    async def sweep(self) -> None:
        """Look at every alert with the current values on a way of its own; what the usual way missed fires."""
        active = [stored for stored in self._book if stored.alert.id in self._watch and self._is_active(stored)]
        for start in range(0, len(active), _SLICE):
            for missed in self._sweep.look(active[start : start + _SLICE], self.live(), self._clock.now_ns(), self._fires):
                log.error("Alert %s should have fired at %.6g and had not.", missed.turned.alert_id, missed.turned.price)
                self._n_swept.add()
                turned = self._watch.evaluate(missed.change) if missed.change is not None else []
                if not any(one.alert_id == missed.turned.alert_id for one in turned) and missed.is_certain:
                    turned.append(missed.turned)
                self.fire((one for one in turned if one.alert_id in self._watch), is_swept=True)
            await asyncio.sleep(0)

    async def keep(self) -> None:
        """Keep what every alert remembers that has seen something since the last time."""
        self._unkept.update(self._watch.take_changed())
        waiting = self._queue.waiting_ids  # their memory is stored with their firings, never before
        ready = sorted(alert_id for alert_id in self._unkept if alert_id in self._watch and alert_id not in waiting)
        for start in range(0, len(ready), _SLICE):
            group = [alert_id for alert_id in ready[start : start + _SLICE] if alert_id in self._watch]
            try:
                await self._store.keep([self._watch.remembered(alert_id) for alert_id in group])
            except Unavailable as error:
                log.warning("What alerts remember could not be kept, and is kept later: %s", error)
                return
            self._unkept.difference_update(group)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _is_active(self, stored: StoredAlert) -> bool:
        alert = stored.alert
        is_over = 0 < alert.expires_ns <= self._clock.now_ns()
        return alert.is_enabled and not stored.is_resting and not is_over

    async def _take_up(self, now_ns: int) -> None:
        stale = {*self._stale, *self._watch.due(now_ns)}
        grown, self._stale, self._grown = self._grown, set(), set()
        for instrument in grown | stale:
            try:
                if instrument in grown:
                    self.fire(await self._watch.catch_up(instrument))
                if instrument in stale:
                    await self._watch.reload(instrument)
            except TriiError as error:
                log.warning("Alerts on %s go on with what was known before: %s", instrument, error)
            self._changed.update(s.alert.id for s in self._book if s.alert.instrument == str(instrument))
        if stale | grown:
            self._settle(())

    def _settle(self, alert_ids: Iterable[str]) -> None:
        """After alerts came or went: what they see, and which series are wanted."""
        self._changed.update(alert_ids)
        self._book.sights.update(self._watch.sights())
        if self._watch.wanted != self._wanted:
            self._wanted = self._watch.wanted
            for tell in self.wants_changed:
                tell()

    async def _refresh(self, now_ns: int, monotonic_ns: int) -> bool:
        moved = self._watch.take_changed()
        self._unkept.update(moved)
        self._moved.update(moved)
        wanted, self._changed = self._changed, set()
        if monotonic_ns >= self._due_figures:  # the more there are, the more seldom: nobody reads thousands at once
            self._due_figures = monotonic_ns + len(self._moved) * _FIGURES_NS
            wanted, self._moved = wanted | self._moved, set()
        if monotonic_ns >= self._due_standing:
            self._due_standing = monotonic_ns + _STANDING_NS
            wanted.update(stored.alert.id for stored in self._book)
        return await self.refresh_rows(sorted(wanted), now_ns)

    async def refresh_rows(self, alert_ids: Sequence[str], now_ns: int) -> bool:
        """Make the rows of these alerts anew, some at a time; whether one changed."""
        has_changed = False
        for start in range(0, len(alert_ids), _SLICE):
            group = alert_ids[start : start + _SLICE]
            for alert_id in group:
                if alert_id in self._watch:
                    self._book.sides[alert_id] = self._watch.figures(alert_id)
            has_changed |= self._book.refresh(self.live(), now_ns, group)
            await asyncio.sleep(0)
        return has_changed
