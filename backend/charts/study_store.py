"""Series opened for charts: bars at once, studies and comparisons as soon as they are computed, all kept fresh together."""

import asyncio
import logging
from collections.abc import Callable
from types import MappingProxyType
from typing import ClassVar, Final

import numpy as np

from backend.charts.chart_state import Comparison, Study
from backend.charts.comparisons import RunningComparisons
from backend.charts.replay import Replay, shown_until
from backend.charts.running_studies import RunningStudies
from backend.charts.study_snapshot import StudySnapshot
from backend.domain.bars import Int64s, Series
from backend.domain.sessions import SessionTable
from backend.errors import TriiError
from backend.events import Bus, ReplayMoved
from backend.market.bar_snapshot import BarSnapshot
from backend.market.bar_store import BarStore, OpenSeries
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.resample import NEVER_NS, known_ns
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

_INLINE_ROWS: Final = 2_000  # fewer bars are computed sooner than a thread is asked


class StudyStore:
    """Opens series with their studies; lives on the engine thread, only snapshots leave it."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, bars: BarStore, catalog: Catalog, calendars: Calendars, tasks: TaskOwner, replay: Replay, bus: Bus) -> None:
        self._bars = bars
        self._catalog = catalog
        self._calendars = calendars
        self._tasks = tasks
        self._replay = replay
        self._opened: set[OpenStudies] = set()
        bus.subscribe(ReplayMoved, self._on_replay)

    async def open(
        self,
        series: Series,
        *,
        adjusted: bool = False,
        studies: tuple[Study, ...] = (),
        comparisons: tuple[Comparison, ...] = (),
    ) -> "OpenStudies":
        """Load ``series`` and begin what is computed from it. Raises what opening the bars raises (NotFound, CorruptData)."""
        opened = OpenStudies(self, await self._bars.open(series, adjusted=adjusted))
        self._opened.add(opened)
        await opened.change(studies, comparisons)
        return opened

    async def sessions_of(self, series: Series) -> SessionTable:
        """The sessions of the series' instrument."""
        instrument = await self._catalog.get(series.instrument)
        return await self._calendars.load(instrument.calendar)

    @property
    def bars(self) -> BarStore:
        """Where bars come from."""
        return self._bars

    @property
    def now_ns(self) -> int | None:
        """The moment that replay shows; None while it is off."""
        state = self._replay.state
        return state.now_ns if state.is_on else None

    def forget(self, opened: "OpenStudies") -> None:
        """It was closed."""
        self._opened.discard(opened)

    def _on_replay(self, _event: ReplayMoved) -> None:
        for opened in tuple(self._opened):
            opened.look()

    def start(self, opened: "OpenStudies") -> "asyncio.Task[None]":
        """Compute in the background."""
        return self._tasks.start(f"studies of {opened.series}", opened.run())


class OpenStudies:
    """A series with studies that someone looks at; read its snapshots from any thread, close it when done."""

    crosses_bridge: ClassVar[str] = "its snapshots are immutable and versioned"

    def __init__(self, store: StudyStore, source: OpenSeries) -> None:
        self._store = store
        self._source = source
        self._studies: tuple[Study, ...] = ()
        self._comparisons: tuple[Comparison, ...] = ()
        self._running: RunningStudies | None = None
        self._compared: RunningComparisons | None = None
        self._sessions: SessionTable | None = None
        self._task: asyncio.Task[None] | None = None
        self._n_asked = 0
        self._known: tuple[BarSnapshot, Int64s] | None = None
        self._wake: Callable[[], None] | None = None
        self._is_told = False
        self._loop = asyncio.get_running_loop()
        self._snapshot = StudySnapshot(1, source.snapshot())
        source.follower = self._on_bars

    @property
    def series(self) -> Series:
        """What was opened."""
        return self._source.series

    @property
    def adjusted(self) -> bool:
        """Whether prices are adjusted for splits and dividends."""
        return self._source.adjusted

    @property
    def version(self) -> int:
        """Grows with every change; cheap enough to ask once a frame."""
        return self._snapshot.version

    def snapshot(self) -> StudySnapshot:
        """The newest state; it never changes afterwards."""
        self._is_told = False
        return self._snapshot

    def watch(self, wake: Callable[[], None] | None) -> None:
        """Call ``wake()`` on the engine thread when there is something new, once until the next ``snapshot()``; None ends it."""
        self._wake = wake
        self._is_told = False

    @property
    def asked(self) -> tuple[tuple[Study, ...], tuple[Comparison, ...]]:
        """What was asked for last."""
        return self._studies, self._comparisons

    async def change(self, studies: tuple[Study, ...], comparisons: tuple[Comparison, ...]) -> None:
        """Compute these from now on; what is shown stays until they are there. On the engine thread."""
        if (studies, comparisons) == (self._studies, self._comparisons) and self._n_asked:
            return
        self._studies, self._comparisons = studies, comparisons
        self._again()

    def close(self) -> None:
        """Follow no more; from any thread. Closing twice does nothing. Snapshots already taken stay valid."""
        self._wake = None
        self._source.close()
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._let_go)

    # --- on the engine thread -----------------------------------------------------------------------------------------

    def _let_go(self) -> None:
        self._n_asked += 1
        self._store.forget(self)
        if self._task is not None:
            self._task.cancel()
        if self._compared is not None:
            self._compared.close()
            self._compared = None

    def _again(self) -> None:
        self._n_asked += 1
        if self._task is None:
            self._task = self._store.start(self)

    async def run(self) -> None:
        """Compute until what was asked last is shown; started by the store."""
        try:
            turn = -1
            while turn != self._n_asked:
                turn = self._n_asked
                await self._compute(turn)
        finally:
            self._task = None

    async def _compute(self, turn: int) -> None:
        needs_sessions = bool(self._studies or self._comparisons) or self.series.spec.is_intraday or self._store.now_ns is not None
        if needs_sessions and self._sessions is None:
            self._sessions = await self._store.sessions_of(self.series)
        compared = await self._open_compared()
        running = RunningStudies(self._studies, self.series.spec, self._sessions)
        bars = self._source.snapshot()
        while True:
            await _off_loop(running, bars)
            newest = self._source.snapshot()
            if newest.lineage == bars.lineage:
                break
            running = RunningStudies(self._studies, self.series.spec, self._sessions)
            bars = newest
        if turn != self._n_asked:
            compared.close()
            return
        running.advance(newest)
        if self._compared is not None:
            self._compared.close()
        self._running, self._compared = running, compared
        self._publish(newest)

    async def _open_compared(self) -> RunningComparisons:
        compared = RunningComparisons(self.series.spec, self._sessions, self._on_compared)
        for comparison in self._comparisons:
            await compared.open(self._store, comparison, self.series, adjusted=self.adjusted)
        return compared

    def _on_bars(self, bars: BarSnapshot) -> None:
        running = self._running
        if running is not None and running.lineage != bars.lineage:
            self._running = running = None
            self._again()
        if running is not None:
            running.advance(bars)
        self._publish(bars)

    def _on_compared(self) -> None:
        self.look()

    def look(self) -> None:
        """Show the bars as they are now, or as they were at the moment that replay shows."""
        if self._store.now_ns is not None and self._sessions is None:
            self._again()  # when bars were complete follows from the sessions, which come first
        else:
            self._publish(self._source.snapshot())

    def _publish(self, bars: BarSnapshot) -> None:
        running, compared = self._running, self._compared
        lines = dict(running.lines()) if running is not None else {}
        errors = dict(running.errors) if running is not None else {}
        if compared is not None and running is not None:
            lines.update(compared.lines(bars))
            errors.update(compared.errors)
        breaks = running.breaks() if running is not None else np.empty(0, np.int64)
        closes_ns = self._closes_ns(bars)
        now_ns = self._store.now_ns
        if now_ns is not None and self._sessions is not None:
            n_shown = shown_until(self._known_of(bars, self._sessions), now_ns)
            bars, breaks, closes_ns = bars.first(n_shown), breaks[breaks < n_shown], None
            lines = {key: line.first(n_shown) for key, line in lines.items()}
        version = self._snapshot.version + 1
        self._snapshot = StudySnapshot(version, bars, MappingProxyType(lines), breaks, closes_ns, MappingProxyType(errors))
        if self._wake is not None and not self._is_told:
            self._is_told = True
            self._wake()

    def _known_of(self, bars: BarSnapshot, sessions: SessionTable) -> Int64s:
        if self._known is None or self._known[0] is not bars:
            self._known = (bars, known_ns(self.series.spec, bars.bars.event_ns, sessions))
        return self._known[1]

    def _closes_ns(self, bars: BarSnapshot) -> int | None:
        if not len(bars) or self._sessions is None or not self.series.spec.is_time:
            return None
        newest = np.array([bars.event_ns_at(len(bars) - 1)], np.int64)
        try:
            closes_ns = int(known_ns(self.series.spec, newest, self._sessions)[0])
        except TriiError as error:
            log.debug("No end is known of the newest bar of %s: %s", self.series, error)
            return None
        return closes_ns if closes_ns < NEVER_NS else None


async def _off_loop(running: RunningStudies, bars: BarSnapshot) -> None:
    # The first use compiles or loads kernels; a long history takes milliseconds: neither belongs on the loop.
    await asyncio.to_thread(running.advance, bars)
