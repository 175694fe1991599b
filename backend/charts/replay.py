"""Replay: charts show the past as it came, bar by bar, on a clock that can be stopped, stepped and set."""

import asyncio
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np

from backend.bus import Bus
from backend.clock import Clock
from backend.domain.bars import Int64s, Series
from backend.errors import InvalidInput, NotFound
from backend.events import BarsChanged, ReplayMoved
from backend.market.history import History
from backend.market.resample import NEVER_NS
from backend.tasks import TaskOwner

SPEEDS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0)
_LOOK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class ReplayState:
    """Where replay stands.

    series : whose bars are stepped through; None while replay is off
    now_ns : what was complete by this instant is shown, nothing later
    row, n_bars : the newest bar shown, and how many there are in all
    speed : bars a second while it plays
    """

    series: Series | None = None
    now_ns: int = 0
    row: int = 0
    n_bars: int = 0
    speed: float = 1.0
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
    intervals and instruments show what was complete by then. Time passes on the program's clock.
    """

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, history: History, clock: Clock, tasks: TaskOwner, bus: Bus) -> None:
        self._history = history
        self._clock = clock
        self._tasks = tasks
        self._bus = bus
        bus.subscribe(BarsChanged, self._on_changed)
        self._known: Int64s = np.empty(0, np.int64)
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
        self._known = await self._history.known(series, bars.event_ns)
        row = max(int(np.searchsorted(bars.event_ns, at_ns, side="right")) - 1, 0)
        return self._show(replace(self._state, series=series, n_bars=len(bars), is_playing=False), row)

    async def play(self) -> ReplayState:
        """Let time pass. Raises InvalidInput while replay is off."""
        state = self._on()
        self._state = replace(state, is_playing=not state.is_at_end)
        self._due_ns = self._clock.monotonic_ns() + round(1e9 / state.speed)
        if self._state.is_playing and self._running is None:
            self._running = self._tasks.start("replay", self._run())
        return self._tell()

    async def set_speed(self, speed: float) -> ReplayState:
        """Show ``speed`` bars a second while time passes. Raises InvalidInput while replay is off, or for one that cannot be."""
        state = self._on()
        if not SPEEDS[0] <= speed <= SPEEDS[-1]:
            raise InvalidInput(f"Replay cannot run at {speed} bars a second.", hint=f"Use {SPEEDS[0]} to {SPEEDS[-1]}.")
        self._state = replace(state, speed=speed)
        self._due_ns = self._clock.monotonic_ns() + round(1e9 / speed)
        return self._tell()

    async def pause(self) -> ReplayState:
        """Stand still."""
        self._state = replace(self._on(), is_playing=False)
        return self._tell()

    async def step(self, by: int) -> ReplayState:
        """Show ``by`` bars more, fewer where negative; stands still then."""
        state = replace(self._on(), is_playing=False)
        return self._show(state, state.row + by)

    async def seek(self, row: int) -> ReplayState:
        """Show bars up to ``row``."""
        return self._show(self._on(), row)

    async def stop(self) -> ReplayState:
        """Show the present again."""
        self._state = ReplayState(speed=self._state.speed)
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
                period_ns = round(1e9 / self._state.speed)
                n_steps = 1 + late_ns // period_ns  # as many as were due: a slow frame does not slow time down
                self._due_ns += n_steps * period_ns
                self._show(self._state, self._state.row + n_steps)
        finally:
            self._running = None


def shown_until(known_ns: Int64s, now_ns: int) -> int:
    """How many bars were complete at ``now_ns``."""
    return int(np.searchsorted(known_ns, now_ns, side="right"))
