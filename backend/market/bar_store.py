"""Bars in memory for whoever shows them: opened once a series, kept fresh, read as immutable snapshots."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import ClassVar, Final, Protocol, Self

from backend.bus import Bus, Subscription
from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.events import BarsChanged
from backend.market.bar_snapshot import BarSnapshot
from backend.market.growing_bars import GrowingBars, join
from backend.tasks import TaskOwner

CACHE_BYTES: Final = 256 * 2**20
_INLINE_ROWS: Final = 50_000  # below this the pyramid takes less time than handing it to a thread


class BarHistory(Protocol):
    """Where stored bars come from; ``backend.market.history.History`` is one."""

    async def bars(
        self, series: Series, *, from_ns: int | None = None, to_ns: int | None = None, adjusted: bool = False
    ) -> BarArrays:
        """Bars of ``series`` with event time in [from_ns, to_ns), oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class BarView:
    """What is opened: a series, with raw or adjusted prices."""

    series: Series
    adjusted: bool = False


@dataclass(slots=True, eq=False)
class _Entry:
    """One view held in memory.

    changed_from_ns : earliest change since the running reload read its bars, if any
    applied_from_ns : earliest live change since then; those rows are newer than what the reload brings
    n_live : live changes of its instrument when it was read, or closed
    """

    view: BarView
    bars: GrowingBars
    snapshot: BarSnapshot
    changed_from_ns: int | None = None
    applied_from_ns: int | None = None
    reload: asyncio.Task[None] | None = None
    n_live: int = 0
    handles: "set[OpenSeries]" = field(default_factory=set)

    def publish(self, bars: GrowingBars) -> None:
        # One assignment makes the new state visible to other threads, whole.
        self.bars = bars
        self.snapshot = bars.snapshot(self.snapshot.version + 1)
        for handle in tuple(self.handles):
            handle.tell()


class OpenSeries:
    """A series someone looks at; read it from any thread, close it when done."""

    crosses_bridge: ClassVar[str] = "its snapshots are immutable and versioned"

    def __init__(self, store: "BarStore", entry: _Entry) -> None:
        self._store = store
        self.entry = entry
        self._is_open = True
        self._wake: Callable[[], None] | None = None
        self._is_told = False
        self.follower: Callable[[BarSnapshot], None] | None = None  # called on the engine thread with every new state

    @property
    def series(self) -> Series:
        """What was opened."""
        return self.entry.view.series

    @property
    def adjusted(self) -> bool:
        """Whether prices are adjusted for splits and dividends."""
        return self.entry.view.adjusted

    @property
    def version(self) -> int:
        """Grows with every change; cheap enough to ask once a frame."""
        return self.entry.snapshot.version

    @property
    def newest(self) -> BarSnapshot:
        """The newest state, for who follows and is not woken."""
        return self.entry.snapshot

    def snapshot(self) -> BarSnapshot:
        """The newest state; it never changes afterwards."""
        self._is_told = False
        return self.entry.snapshot

    def watch(self, wake: Callable[[], None] | None) -> None:
        """Call ``wake()`` on the engine thread when there is something new, once until the next ``snapshot()``.

        So any number of changes between two looks wakes once, and a chart that does not look is left alone. None ends it.
        """
        self._wake = wake
        self._is_told = False

    def tell(self) -> None:
        """Wake the watcher unless it knows already; called by the store after each change."""
        if self.follower is not None:
            self.follower(self.entry.snapshot)
        if self._wake is not None and not self._is_told:
            self._is_told = True
            self._wake()

    def close(self) -> None:
        """Stop following; from any thread. Closing twice does nothing. Snapshots already taken stay valid."""
        self._wake = self.follower = None
        if self._is_open:
            self._is_open = False
            self._store.release(self)


class BarStore:
    """Opens series through the history, builds their pyramids off the engine's loop and follows what changes.

    Closed series are kept for the next look while they fit into ``cache_bytes``, least recently closed first out.
    Used as ``async with``; lives on the engine thread, only snapshots leave it.
    """

    def __init__(self, history: BarHistory, bus: Bus, tasks: TaskOwner, *, cache_bytes: int = CACHE_BYTES) -> None:
        self._history = history
        self._bus = bus
        self._tasks = tasks
        self._cache_bytes = cache_bytes
        self._open: dict[BarView, _Entry] = {}
        self._closed: OrderedDict[BarView, _Entry] = OrderedDict()
        self._opening: dict[BarView, asyncio.Lock] = {}
        self._n_live: Counter[InstrumentId] = Counter()  # live changes
        self._missed: dict[BarView, int] = {}  # changes that came while a view was being read
        self._subscription: Subscription[BarsChanged] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._subscription = self._bus.subscribe(BarsChanged, self._on_changed)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._subscription is not None:
            self._subscription.close()
        reloads = [entry.reload for entry in self._open.values() if entry.reload is not None]
        for task in reloads:
            task.cancel()
        await asyncio.gather(*reloads, return_exceptions=True)
        self._open.clear()
        self._closed.clear()

    @property
    def n_bytes(self) -> int:
        """Memory held by open and kept series, in bytes."""
        return sum(entry.bars.n_bytes for entry in (*self._open.values(), *self._closed.values()))

    async def open(self, series: Series, *, adjusted: bool = False) -> OpenSeries:
        """Load ``series``, or share it where it is open already. Raises what the history raises (NotFound, CorruptData)."""
        view = BarView(series, adjusted)
        async with self._opening.setdefault(view, asyncio.Lock()):
            try:
                entry = self._open.get(view) or self._kept(view) or await self._load(view)
            finally:
                self._opening.pop(view, None)
                missed_from_ns = self._missed.pop(view, None)
            entry = self._open.setdefault(view, entry)
            opened = OpenSeries(self, entry)
            entry.handles.add(opened)
            if missed_from_ns is not None:
                self._follow(entry, missed_from_ns)
            if entry.n_live != self._n_live[series.instrument] and len(opened.entry.handles) == 1:
                self._follow(entry, entry.snapshot.bar(len(entry.snapshot) - 1).event_ns if len(entry.snapshot) else 0)
        return opened

    def release(self, opened: OpenSeries) -> None:
        """Forget one handle, on the engine thread; called by OpenSeries from any thread."""
        assert self._loop is not None, "Series are opened inside `async with`."
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._release, opened)

    def _release(self, opened: OpenSeries) -> None:
        # The last user's series is kept while the cache has room.
        entry = opened.entry
        entry.handles.discard(opened)
        if entry.handles or self._open.get(entry.view) is not entry:
            return
        del self._open[entry.view]
        if entry.reload is not None:
            return  # what it shows is already out of date
        entry.n_live = self._n_live[entry.view.series.instrument]
        self._closed[entry.view] = entry
        kept = sum(e.bars.n_bytes for e in self._closed.values())
        while kept > self._cache_bytes:
            _, oldest = self._closed.popitem(last=False)
            kept -= oldest.bars.n_bytes

    def open_specs(self, instrument: InstrumentId) -> frozenset[BarSpec]:
        """The specs in which somebody looks at an instrument."""
        return frozenset(view.series.spec for view in self._open if view.series.instrument == instrument)

    def apply(self, series: Series, tail: BarArrays) -> None:
        """Replace the bars of ``series`` from the first of ``tail`` on: the live path, O(len(tail)) and a few microseconds.

        tail : at least one bar, oldest first; the forming bar last. They are of now, where adjusted prices are raw ones.
        """
        if not len(tail):
            raise InvalidInput(f"{series} was asked to change from an empty list of bars.", hint="Pass at least one bar.")
        self._n_live[series.instrument] += 1
        for adjusted in (False, True):
            entry = self._open.get(BarView(series, adjusted))
            if entry is not None:
                self._apply(entry, tail)

    def _apply(self, entry: _Entry, tail: BarArrays) -> None:
        from_ns = int(tail.event_ns[0])
        if entry.reload is not None:
            entry.applied_from_ns = from_ns if entry.applied_from_ns is None else min(entry.applied_from_ns, from_ns)
        entry.bars.replace_from(tail)
        entry.publish(entry.bars)

    def _kept(self, view: BarView) -> _Entry | None:
        """A closed view for which no live bar came since."""
        entry = self._closed.pop(view, None)
        return entry if entry is not None and entry.n_live == self._n_live[view.series.instrument] else None

    async def _load(self, view: BarView) -> _Entry:
        n_live = self._n_live[view.series.instrument]
        bars = await _grow(await self._history.bars(view.series, adjusted=view.adjusted))
        return _Entry(view, bars, bars.snapshot(1), n_live=n_live)

    def _on_changed(self, event: BarsChanged) -> None:
        # Other specs of the instrument may be made from the changed one, so they are looked at again as well.
        instrument = event.series.instrument
        for view in [v for v in self._closed if v.series.instrument == instrument]:
            del self._closed[view]
        for view in self._opening:
            if view.series.instrument == instrument:
                self._missed[view] = min(event.from_ns, self._missed.get(view, event.from_ns))
        for view, entry in self._open.items():
            if view.series.instrument == instrument:
                self._follow(entry, event.from_ns)

    def _follow(self, entry: _Entry, from_ns: int) -> None:
        earlier = entry.changed_from_ns
        entry.changed_from_ns = from_ns if earlier is None else min(earlier, from_ns)
        if entry.reload is None:
            entry.reload = self._tasks.start(f"reload {entry.view.series}", self._reload(entry))

    async def _reload(self, entry: _Entry) -> None:
        try:
            while entry.changed_from_ns is not None and entry.handles:
                changed_from_ns, entry.changed_from_ns = entry.changed_from_ns, None
                await self._reload_from(entry, changed_from_ns)
        finally:
            entry.reload = None

    async def _reload_from(self, entry: _Entry, changed_ns: int) -> None:
        # A bar labelled before the change may contain it, and a dated label may lie after its session's first instant.
        view, old = entry.view, entry.snapshot
        row = max(old.row_at(changed_ns) - 1, 0)
        from_ns = old.event_ns_at(row) if row else None
        entry.applied_from_ns = None
        bars = await self._history.bars(view.series, from_ns=from_ns, adjusted=view.adjusted)
        if view.adjusted and from_ns is not None and not (len(bars) and bars.bar(0) == old.bar(row)):
            # A bar before the change moved too: a split or dividend came with it, so every earlier price is another.
            row, from_ns = 0, None
            bars = await self._history.bars(view.series, adjusted=True)
        if from_ns is not None and old.lineage == entry.bars.lineage and row >= len(entry.snapshot.closed):
            grown = entry.bars
            newer = _newer(entry)
            grown.cut(from_ns, bars)
        else:
            grown = await _grow(old.rows(0, row), bars, lineage=entry.bars.lineage + 1)
            newer = _newer(entry)
        if newer is not None:
            grown.replace_from(newer)
        entry.publish(grown)


def _newer(entry: _Entry) -> BarArrays | None:
    # Rows that came by the live path while the history was being read.
    if entry.applied_from_ns is None:
        return None
    now = entry.snapshot
    return now.rows(now.row_at(entry.applied_from_ns - 1) + 1, len(now))


async def _grow(*parts: BarArrays, lineage: int = 0) -> GrowingBars:
    # The pyramid of a long series is numpy's work, which lets other threads run; so it is done in one.
    def grow() -> GrowingBars:
        return GrowingBars(join(*parts), lineage=lineage)

    if sum(len(part) for part in parts) <= _INLINE_ROWS:
        return grow()
    return await asyncio.to_thread(grow)
