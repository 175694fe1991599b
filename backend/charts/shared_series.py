"""A series with everything that its charts want computed of it: once for all of them, in step with its bars, also in the past."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol

import numpy as np

from backend.charts.moments import Moment, PastBars, SeriesMoments
from backend.charts.series_lines import Computed, Lines, SeriesLines
from backend.charts.study_snapshot import COMPARED
from backend.charts.study_work import StudyWork, is_bound, values_under_way
from backend.domain.bars import Int64s, Series
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.errors import TriiError
from backend.market.bar_snapshot import BarSnapshot
from backend.market.bar_store import OpenSeries

log = logging.getLogger(__name__)

_NO_LINES: Final[Lines] = MappingProxyType({})
_NO_ERRORS: Final[Mapping[Computed, str]] = MappingProxyType({})
_NO_ROWS: Final = np.empty(0, np.int64)
LATER_S: Final = 0.03  # between two computations of live bars, while no chart looks


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is to be seen of a series; every line belongs to exactly these bars.

    errors : why something has no lines
    failure : why nothing has
    """

    bars: BarSnapshot
    lines: Lines = field(default_factory=lambda: _NO_LINES)
    breaks: Int64s = field(default_factory=lambda: _NO_ROWS)
    closes_ns: int | None = None
    errors: Mapping[Computed, str] = field(default_factory=lambda: _NO_ERRORS)
    failure: str = ""


class Chart(Protocol):
    """Who looks. ``wanted`` is what was asked for last, ``held`` what is shown until that is there."""

    @property
    def wanted(self) -> frozenset[Computed]:
        """Chains of studies, and ids of instruments compared with."""
        ...

    @property
    def held(self) -> frozenset[Computed]:
        """What must not be missing from what is shown."""
        ...

    @property
    def is_waiting(self) -> bool:
        """Whether it was told of something new and has not looked since."""
        ...

    def show(self, shown: Shown) -> None:
        """There is something new."""
        ...


class Owner(Protocol):
    """Who opened the series: ``backend.charts.study_store.StudyStore``."""

    history: PastBars

    @property
    def now_ns(self) -> int | None:
        """The moment that is shown; None for the present."""
        ...

    def start(self, shared: "SharedSeries") -> "asyncio.Task[None]":
        """Run ``shared.settle()`` in the background."""
        ...

    def forget(self, shared: "SharedSeries") -> None:
        """Nobody looks any more."""
        ...

    async def share(self, series: Series, *, adjusted: bool) -> "SharedSeries":
        """The series as all charts share it."""
        ...

    async def sessions_of(self, series: Series, *, is_needed: bool) -> SessionTable | None:
        """The sessions; None where they take a while and are not needed."""
        ...


class SharedSeries:
    """Bars and what is computed of them for any number of charts; lives on the engine thread.

    A live bar is computed and shown in the call that brings it; while no chart has looked at the one before, only every 30 ms,
    so that ticks between two frames cost one computation or two. What takes longer (a first
    look, other studies, rewritten history, moments of the past) is found in the background, and what was shown stays until
    it is there.
    """

    def __init__(self, owner: Owner, source: OpenSeries) -> None:
        self._owner = owner
        self.moments = SeriesMoments(source, owner.history)
        self._source = source
        self._charts: set[Chart] = set()
        self._listeners: set[SharedSeries] = set()
        self._others: dict[str, SharedSeries] = {}
        self._errors: dict[Computed, str] = {}
        self._failure = ""
        self._task: asyncio.Task[None] | None = None
        self._is_due = False
        self._later: asyncio.TimerHandle | None = None
        self._taken_s = 0.0
        # Nothing of the present is shown while the past is.
        self.shown = Shown(source.newest if owner.now_ns is None else source.newest.first(0))
        source.follower = self._on_bars

    @property
    def series(self) -> Series:
        """What was opened."""
        return self._source.series

    @property
    def adjusted(self) -> bool:
        """Whether prices are adjusted for splits and dividends."""
        return self._source.adjusted

    # --- who looks ----------------------------------------------------------------------------------------------------

    def enter(self, chart: Chart) -> None:
        """Show what ``chart`` wants from now on."""
        self._charts.add(chart)
        self.want()

    def leave(self, chart: Chart) -> None:
        """Show it nothing more; the last one to leave closes the series."""
        self._charts.discard(chart)
        self._close_if_alone()

    def want(self) -> None:
        """A chart wants something else: show it at once where it is there, else as soon as it is."""
        self._failure = ""
        self._errors.clear()
        if self._owner.now_ns is None and self._can_show(self._wanted()):
            self._show(self._at_present())
        self.look()

    def look(self) -> None:
        """Find what is to be seen now, in the background."""
        self._is_due = True
        if self._task is None:
            self._task = self._owner.start(self)

    async def settled(self) -> None:
        """Wait until what is shown is of the moment that the program shows."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def listen(self, reader: "SharedSeries") -> None:
        """``reader`` is compared with this one and hears of its bars."""
        self._listeners.add(reader)

    def unlisten(self, reader: "SharedSeries") -> None:
        """It is not any longer."""
        self._listeners.discard(reader)
        self._close_if_alone()

    def _close_if_alone(self) -> None:
        if not self._charts and not self._listeners - {self}:
            self.close()

    def close(self) -> None:
        """Follow no more; closing twice does nothing."""
        self._source.close()
        self._owner.forget(self)
        if self._later is not None:
            self._later.cancel()
        if self._task is not None:
            self._task.cancel()
        others, self._others = self._others, {}
        for other in others.values():
            if other is not self:
                other.unlisten(self)

    # --- live bars ----------------------------------------------------------------------------------------------------

    def _on_bars(self, bars: BarSnapshot) -> None:
        self.moments.note(bars)
        if not self._may_wait():
            self._take(bars)
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(2 * LATER_S, self._catch_up)

    def _may_wait(self) -> bool:
        # Charts have something to look at already, and nobody else reads what is computed.
        is_read = self._listeners or self._task is not None or self._owner.now_ns is not None
        is_told = bool(self._charts) and all(chart.is_waiting for chart in self._charts)
        return is_told and not is_read and self.moments.is_in_step and self._was_just_taken()

    def _was_just_taken(self) -> bool:
        return asyncio.get_running_loop().time() < self._taken_s + LATER_S

    def _catch_up(self) -> None:
        # No bar came behind those that waited.
        self._later = None
        if self.shown.bars is self._source.newest:
            return
        if self._was_just_taken():
            self._later = asyncio.get_running_loop().call_later(LATER_S, self._catch_up)
        else:
            self._take(self._source.newest)

    def _take(self, bars: BarSnapshot) -> None:
        self._taken_s = asyncio.get_running_loop().time()
        live = self.moments.live
        if self._owner.now_ns is None and live is not None and self.moments.is_in_step:
            live.advance(bars)
        for reader in tuple(self._listeners - {self}):
            reader.refresh()
        self.refresh()

    def refresh(self) -> None:
        """Bars came: show them with everything that belongs to them, now if possible."""
        if self._owner.now_ns is not None:
            self.look()
        elif self._can_show(self._held()):
            self._show(self._at_present())
        else:
            if not self.shown.lines:
                self._show(Shown(self._source.newest, failure=self._failure))
            if not self._failure:
                self.look()

    def _can_show(self, computed: Iterable[Computed]) -> bool:
        live = self.moments.live
        if live is None or not self.moments.is_in_step:
            return False
        return all(self._is_there(live, one) for one in computed)

    def _is_there(self, live: SeriesLines, one: Computed) -> bool:
        if one in self._errors or not isinstance(one, str):
            return one in self._errors or one in live.studies
        running, other = live.compared.get(one), self._others.get(one)
        if running is None or running.other is None or other is None or other.moments.live is None:
            return False
        return other.moments.is_in_step and running.other.lineage == other.moments.live.lineage

    def _at_present(self) -> Shown:
        live = self.moments.live
        assert live is not None
        for name, running in live.compared.items():
            other = self._others.get(name)
            if other is not None and other.moments.live is not None and self._is_there(live, name):
                running.advance(live.bars, other.moments.live.bars)
        return Shown(live.bars, live.lines(), live.breaks(), live.times.closes_ns(live.bars), MappingProxyType(dict(self._errors)))

    def _show(self, shown: Shown) -> None:
        self.shown = shown
        for chart in tuple(self._charts):
            chart.show(shown)

    def _wanted(self) -> frozenset[Computed]:
        return frozenset[Computed]().union(*(chart.wanted for chart in self._charts))

    def _held(self) -> frozenset[Computed]:
        return frozenset[Computed]().union(*(chart.held for chart in self._charts))

    # --- in the background --------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Compute and show until nothing more is asked; started by the owner."""
        try:
            while self._is_due:
                self._is_due = False
                await self._settle()
        except TriiError as error:
            self._fail(error)
        finally:
            self._task = None

    def _fail(self, error: TriiError) -> None:
        # Where the past cannot be found nothing of the present may be seen in its place.
        log.warning("Nothing can be computed of %s: %s", self.series, error)
        self._failure, self._is_due = str(error), False
        bars = self._source.newest
        self._show(Shown(bars if self._owner.now_ns is None else bars.first(0), failure=self._failure))

    async def _settle(self) -> None:
        now_ns = self._owner.now_ns
        await self.know_sessions()
        moment = await self.moments.at(now_ns)
        others = await self._others_at(now_ns)
        await self._fill(moment, others)
        if now_ns is None:
            shown = self._at_present() if self._can_show(self._wanted()) else None
        else:
            shown = await self._in_past(moment, others)
        if shown is None or (now_ns is None) != (self._owner.now_ns is None):
            self._is_due = True
            return
        self._show(shown)
        self._let_go(moment.lines)

    async def know_sessions(self) -> None:
        """Load the sessions where they are needed, or are at hand."""
        times = self.moments.times
        if times is not None and times.sessions is not None:
            return
        is_needed = self.series.spec.is_intraday or self._owner.now_ns is not None or bool(self._listeners)
        is_needed |= any(isinstance(one, str) for one in self._wanted())
        self.moments.know_sessions(await self._owner.sessions_of(self.series, is_needed=is_needed))

    async def _others_at(self, now_ns: int | None) -> dict[str, Moment]:
        found: dict[str, Moment] = {}
        for name in sorted(one for one in self._wanted() if isinstance(one, str)):
            if name in self._errors:
                continue
            try:
                other = self._others.get(name) or await self._open_other(name)
                await other.know_sessions()
                found[name] = await other.moments.at(now_ns)
            except TriiError as error:
                self._errors[name] = str(error)
        return found

    async def _open_other(self, name: str) -> "SharedSeries":
        series = Series(InstrumentId.parse(name), self.series.spec)
        other = await self._owner.share(series, adjusted=self.adjusted)
        other.listen(self)
        self._others[name] = other
        return other

    async def _fill(self, moment: Moment, others: Mapping[str, Moment]) -> None:
        # A long history takes milliseconds, the first kernel of its kind longer: both belong on a thread.
        lines, bars = moment.lines, moment.lines.bars
        chains = [
            one for one in self._wanted() if not isinstance(one, str) and one not in lines.studies and one not in self._errors
        ]
        named = {name: other for name, other in others.items() if not is_bound(lines.compared.get(name), other)}
        if not chains and not named:
            return
        work = StudyWork(lines.times, bars, tuple(chains), MappingProxyType(named))
        done = await asyncio.to_thread(work.run)
        self._errors.update(done.errors)
        for chain, study in done.studies.items():
            lines.join(chain, study)
        lines.compared.update(done.compared)

    async def _in_past(self, moment: Moment, others: Mapping[str, Moment]) -> Shown | None:
        lines, seen = moment.lines, moment.seen
        if lines.bars is not moment.bars:
            return None
        for name, other in others.items():
            lines.compared[name].advance(lines.bars, other.bars)
        whole = {key: line for key, line in lines.lines().items() if key[0] in others or not isinstance(key[0], str)}
        errors = MappingProxyType(dict(self._errors))
        if moment.under_way is None:
            cut = {key: line.first(moment.n_rows) for key, line in whole.items()}
            return Shown(seen, MappingProxyType(cut), moment.breaks, None, errors)
        breaks = moment.breaks
        newest = await asyncio.to_thread(values_under_way, moment, dict(lines.studies))
        for name, other in others.items():
            newest[name, COMPARED] = other.close_at(moment.ends_ns)
        cut = {key: line.first(moment.n_rows, newest[key]) for key, line in whole.items()}
        return Shown(seen, MappingProxyType(cut), breaks, None, errors)

    def _let_go(self, lines: SeriesLines) -> None:
        # What no chart wants or shows is not computed any longer.
        kept = self._wanted() | self._held()
        lines.keep(kept)
        if self.moments.live is not None:
            self.moments.live.keep(kept)
        for name in [name for name in self._others if name not in kept]:
            self._others.pop(name).unlisten(self)
