"""Replay: charts show the past as it came, by bars or by time, on a clock that can be stopped, stepped and set."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

import numpy as np

from backend.bus import Bus
from backend.charts.pace import Pace
from backend.clock import Clock
from backend.domain.bars import Int64s, Series
from backend.domain.sessions import SessionTable
from backend.errors import InvalidInput, NotFound
from backend.events import BarsChanged, ReplayMoved
from backend.market.history import History
from backend.market.past_time import after_open_time
from backend.market.resample import NEVER_NS
from backend.tasks import TaskOwner

_LOOK_S: Final = 0.02
_TIME_LOOK_NS: Final = 100_000_000  # how often time moves on where it passes by itself: each moment is read by every chart


@dataclass(frozen=True, slots=True)
class ReplayState:
    """Where replay stands.

    series : whose bars are stepped through; None while replay is off
    now_ns : what was complete by this instant is shown, nothing later
    row, n_bars : the newest complete bar shown, and how many there are in all
    pace : how fast it goes while it plays
    """

    series: Series | None = None
    now_ns: int = 0
    row: int = 0
    n_bars: int = 0
    pace: Pace = field(default_factory=Pace)
    is_playing: bool = False

    @property
    def is_on(self) -> bool:
        """Whether the past is shown."""
        return self.series is not None

    @property
    def is_at_end(self) -> bool:
        """Whether the newest bar is shown."""
        return self.row >= self.n_bars - 1


class Replay:
    """One for the whole program, so that every chart shows the same moment; lives on the engine thread.

    A step shows the next bar of the series that replay began with, at the instant at which it was complete; charts of other
    intervals and instruments show what was complete by then. It plays by bars, or by time: then the moment moves on with the
    program's clock, and hours in which the market of the series is shut take no time.
    """

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, history: History, clock: Clock, tasks: TaskOwner, bus: Bus) -> None:
        self._history = history
        self._clock = clock
        self._tasks = tasks
        self._bus = bus
        bus.subscribe(BarsChanged, self._on_changed)
        self._known: Int64s = np.empty(0, np.int64)
        self._sessions: SessionTable | None = None
        self._state = ReplayState()
        self._running: asyncio.Task[None] | None = None
        self._due_ns = 0

    @property
    def state(self) -> ReplayState:
        """Where it stands; may be read from any thread."""
        return self._state

    async def start(self, series: Series, at_ns: int) -> ReplayState:
        """Show ``series``, and everything else, as it was when the bar at ``at_ns`` (event time) was complete; paused.

        Raises NotFound where the series has no bars.
        """
        bars = await self._history.bars(series)
        if not len(bars):
            raise NotFound(f"There are no bars of {series} to replay.", hint="Import some first.", code="replay.no_bars")
        known, sessions = await self._history.known(series, bars.event_ns), await self._history.sessions_of(series.instrument)
        self._known, self._sessions = known, sessions
        row = max(int(np.searchsorted(bars.event_ns, at_ns, side="right")) - 1, 0)
        return self._show(replace(self._state, series=series, n_bars=len(bars), is_playing=False), row)

    async def play(self) -> ReplayState:
        """Let time pass. Raises InvalidInput while replay is off."""
        state = self._on()
        self._state = replace(state, is_playing=not state.is_at_end)
        self._due_ns = self._clock.monotonic_ns() + _period_ns(state.pace)
        if self._state.is_playing and self._running is None:
            self._running = self._tasks.start("replay", self._run())
        return self._tell()

    async def set_pace(self, pace: Pace) -> ReplayState:
        """Go at another pace, now or once it plays. Raises InvalidInput while replay is off."""
        self._state = replace(self._on(), pace=pace)
        self._due_ns = self._clock.monotonic_ns() + _period_ns(pace)
        return self._tell()

    async def pause(self) -> ReplayState:
        """Stand still."""
        self._state = replace(self._on(), is_playing=False)
        return self._tell()

    async def step(self, by: int) -> ReplayState:
        """Show ``by`` bars more, fewer where negative; stands still then. Back from within a bar is to where that began."""
        state = replace(self._on(), is_playing=False)
        is_within = state.now_ns > self._known[state.row]
        return self._show(state, state.row + by + (by < 0 and is_within))

    async def seek(self, row: int) -> ReplayState:
        """Show bars up to ``row``."""
        return self._show(self._on(), row)

    async def stop(self) -> ReplayState:
        """Show the present again."""
        self._state = ReplayState(pace=self._state.pace)
        return self._tell()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _on(self) -> ReplayState:
        if not self._state.is_on:
            raise InvalidInput("Replay is off.", hint="Start it from a bar of a chart.", code="replay.off")
        return self._state

    def _on_changed(self, event: BarsChanged) -> None:
        series = self._state.series
        if series is not None and event.series.instrument == series.instrument:
            self._tasks.start("bars of replay", self._count_again(series))

    async def _count_again(self, series: Series) -> None:
        bars = await self._history.bars(series)
        known = await self._history.known(series, bars.event_ns)
        if self._state.series == series and len(bars):  # the instant that is shown stays
            self._known = known
            row = max(shown_until(known, self._state.now_ns) - 1, 0)
            self._state = replace(self._state, n_bars=len(bars), row=row)
            self._tell()

    def _show(self, state: ReplayState, row: int) -> ReplayState:
        row = min(max(row, 0), state.n_bars - 1)
        known_ns = int(self._known[row])
        if known_ns >= NEVER_NS:  # a bar that is never complete is shown with the one before it
            known_ns = int(self._known[max(row - 1, 0)])
        is_playing = state.is_playing and row < state.n_bars - 1
        self._state = replace(state, row=row, now_ns=known_ns, is_playing=is_playing)
        return self._tell()

    def _tell(self) -> ReplayState:
        self._bus.publish(ReplayMoved(self._state.now_ns if self._state.is_on else None))
        return self._state

    async def _run(self) -> None:
        try:
            while self._state.is_playing:
                late_ns = self._clock.monotonic_ns() - self._due_ns
                if late_ns < 0:
                    await asyncio.sleep(min(-late_ns / 1e9, _LOOK_S))
                    continue
                period_ns = _period_ns(self._state.pace)
                n_steps = 1 + late_ns // period_ns  # as many as were due: a slow frame does not slow time down
                self._due_ns += n_steps * period_ns
                if self._state.pace.is_by_time:
                    self._pass_time(round(n_steps * period_ns * self._state.pace.speed))
                else:
                    self._show(self._state, self._state.row + n_steps)
        finally:
            self._running = None

    def _pass_time(self, by_ns: int) -> None:
        state = self._state
        now_ns = after_open_time(state.now_ns, by_ns, () if self._sessions is None else (self._sessions,))
        n_shown = shown_until(self._known, now_ns)
        # The newest bar may be one that is never complete: it is shown with the one before it.
        if n_shown >= np.searchsorted(self._known, NEVER_NS):
            self._show(state, state.n_bars - 1)
            return
        self._state = replace(state, row=max(n_shown - 1, 0), now_ns=now_ns)
        self._tell()


def _period_ns(pace: Pace) -> int:
    return _TIME_LOOK_NS if pace.is_by_time else round(1e9 / pace.speed)


def shown_until(known_ns: Int64s, now_ns: int) -> int:
    """How many bars were complete at ``now_ns``."""
    return int(np.searchsorted(known_ns, now_ns, side="right"))
