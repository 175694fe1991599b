"""Series opened for charts: bars at once, studies and comparisons as soon as they are computed, all kept fresh together."""

import asyncio
from collections.abc import Callable
from types import MappingProxyType, TracebackType
from typing import ClassVar, Final, NamedTuple, Self

from backend.bus import Bus, Subscription
from backend.charts.chart_state import Comparison, Study
from backend.charts.moments import PastBars
from backend.charts.replay import Replay
from backend.charts.series_lines import Computed
from backend.charts.shared_series import SharedSeries, Shown
from backend.charts.study_plan import plan_of
from backend.charts.study_snapshot import COMPARED, LineKey, StudyLine, StudySnapshot
from backend.domain.bars import Series
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.errors import TriiError
from backend.events import ReplayMoved
from backend.indicators.registry import spec_of
from backend.market.bar_store import BarStore, BarView
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.tasks import TaskOwner


class StudyParts(NamedTuple):
    """What studies are computed from, and on."""

    bars: BarStore
    history: PastBars
    catalog: Catalog
    calendars: Calendars
    tasks: TaskOwner
    replay: Replay
    bus: Bus


class StudyStore:
    """Opens series with their studies; charts of one series share the work, and equal studies are computed once.

    Used as ``async with``; lives on the engine thread, only snapshots leave it.
    """

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, parts: StudyParts) -> None:
        self._parts = parts
        self._shared: dict[BarView, SharedSeries] = {}
        self._subscription: Subscription[ReplayMoved] | None = None
        self.history = parts.history

    async def __aenter__(self) -> Self:
        self._subscription = self._parts.bus.subscribe(ReplayMoved, self._on_replay)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._subscription is not None:
            self._subscription.close()
        for shared in tuple(self._shared.values()):
            shared.close()

    async def open(
        self,
        series: Series,
        *,
        adjusted: bool = False,
        studies: tuple[Study, ...] = (),
        comparisons: tuple[Comparison, ...] = (),
    ) -> "OpenStudies":
        """Load ``series`` and begin what is computed from it. Raises what opening the bars raises (NotFound, CorruptData)."""
        shared = await self.share(series, adjusted=adjusted)
        opened = OpenStudies(shared, studies, comparisons)
        shared.enter(opened)
        if self.now_ns is not None:
            await shared.settled()
        return opened

    @property
    def n_shared(self) -> int:
        """How many series are open, each counted once however many charts show it or compare with it."""
        return len(self._shared)

    # --- for the series that are open ---------------------------------------------------------------------------------

    @property
    def now_ns(self) -> int | None:
        """The moment that replay shows; None while it is off."""
        state = self._parts.replay.state
        return state.now_ns if state.is_on else None

    async def share(self, series: Series, *, adjusted: bool) -> SharedSeries:
        """The series as all charts share it."""
        view = BarView(series, adjusted)
        shared = self._shared.get(view)
        if shared is not None:
            return shared
        source = await self._parts.bars.open(series, adjusted=adjusted)
        shared = self._shared.get(view)
        if shared is None:
            shared = self._shared[view] = SharedSeries(self, source)
        else:
            source.close()  # another chart was quicker
        return shared

    async def sessions_of(self, series: Series, *, is_needed: bool) -> SessionTable | None:
        """The sessions of the series' instrument; None where they would have to be built first and are not needed."""
        instrument = await self._parts.catalog.get(series.instrument)
        if not is_needed and not self._parts.calendars.is_at_hand(instrument.calendar):
            return None
        return await self._parts.calendars.load(instrument.calendar)

    def start(self, shared: SharedSeries) -> "asyncio.Task[None]":
        """Compute in the background."""
        return self._parts.tasks.start(f"studies of {shared.series}", shared.settle())

    def forget(self, shared: SharedSeries) -> None:
        """Nobody looks at it any more."""
        self._shared.pop(BarView(shared.series, shared.adjusted), None)

    def _on_replay(self, _event: ReplayMoved) -> None:
        for shared in tuple(self._shared.values()):
            shared.look()


class _Part(NamedTuple):
    """A line of a chart: its key there, and what it is computed from."""

    key: LineKey
    computed: Computed
    output: str


class _Choice(NamedTuple):
    """What a chart asks for, in words that all charts share, and what is wrong with it."""

    parts: tuple[_Part, ...] = ()
    ids: tuple[tuple[str, Computed], ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    computed: frozenset[Computed] = frozenset()


_NO_CHOICE: Final = _Choice()


class OpenStudies:
    """A series with studies that someone looks at; read its snapshots from any thread, close it when done."""

    crosses_bridge: ClassVar[str] = "its snapshots are immutable and versioned"

    def __init__(self, shared: SharedSeries, studies: tuple[Study, ...], comparisons: tuple[Comparison, ...]) -> None:
        self._shared = shared
        self._asked = (studies, comparisons)
        self._wanted = _choice_of(studies, comparisons)
        self._held = _NO_CHOICE
        self._wake: Callable[[], None] | None = None
        self._is_told = False
        self._is_open = True
        self._loop = asyncio.get_running_loop()
        self._snapshot = StudySnapshot(1, shared.shown.bars)

    @property
    def series(self) -> Series:
        """What was opened."""
        return self._shared.series

    @property
    def adjusted(self) -> bool:
        """Whether prices are adjusted for splits and dividends."""
        return self._shared.adjusted

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
        return self._asked

    async def change(self, studies: tuple[Study, ...], comparisons: tuple[Comparison, ...]) -> None:
        """Compute these from now on; what is shown stays until they are there. On the engine thread."""
        if (studies, comparisons) == self._asked or not self._is_open:
            return
        self._asked = (studies, comparisons)
        self._wanted = _choice_of(studies, comparisons)
        self._shared.want()

    def close(self) -> None:
        """Follow no more; from any thread. Closing twice does nothing. Snapshots already taken stay valid."""
        self._wake = None
        if self._is_open and not self._loop.is_closed():
            self._is_open = False
            self._loop.call_soon_threadsafe(self._shared.leave, self)

    # --- for the series, on the engine thread -------------------------------------------------------------------------

    @property
    def wanted(self) -> frozenset[Computed]:
        """What was asked for last."""
        return self._wanted.computed

    @property
    def held(self) -> frozenset[Computed]:
        """What is shown until that is there."""
        return self._held.computed

    @property
    def is_waiting(self) -> bool:
        """Whether its watcher was woken and has not looked since."""
        return self._wake is not None and self._is_told

    def show(self, shown: Shown) -> None:
        """Take what there is to be seen."""
        if not self._is_open:
            return
        if self._held is not self._wanted:
            there = {computed for computed, _ in shown.lines} | set(shown.errors)
            if self._wanted.computed <= there or shown.failure:
                self._held = self._wanted
        choice = self._held
        lines: dict[LineKey, StudyLine] = {}
        for part in choice.parts:
            line = shown.lines.get((part.computed, part.output))
            if line is not None:
                lines[part.key] = line
        errors = dict(choice.errors)
        errors.update((key, shown.errors.get(computed, shown.failure)) for key, computed in choice.ids)
        told = MappingProxyType({key: text for key, text in errors.items() if text})
        version = self._snapshot.version + 1
        self._snapshot = StudySnapshot(version, shown.bars, MappingProxyType(lines), shown.breaks, shown.closes_ns, told)
        if self._wake is not None and not self._is_told:
            self._is_told = True
            self._wake()


def _choice_of(studies: tuple[Study, ...], comparisons: tuple[Comparison, ...]) -> _Choice:
    plan = plan_of(studies)
    errors = dict(plan.errors)
    ids: list[tuple[str, Computed]] = list(plan.chains.items())
    parts = [
        _Part((key, output.name), chain, output.name)
        for key, chain in plan.chains.items()
        for output in spec_of(chain[-1].indicator).outputs
    ]
    for comparison in comparisons:
        try:
            name = str(InstrumentId.parse(comparison.instrument))
        except TriiError as error:
            errors[comparison.id] = str(error)
        else:
            ids.append((comparison.id, name))
            parts.append(_Part((comparison.id, COMPARED), name, COMPARED))
    return _Choice(tuple(parts), tuple(ids), tuple(errors.items()), frozenset(computed for _, computed in ids))
