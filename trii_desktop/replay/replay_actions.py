"""What can be done with replay: begin at a bar, play, pause, step, leave."""

from collections.abc import Coroutine
from typing import Any

from PySide6.QtCore import QObject, Signal

from backend.charts.pace import BY_BARS, BY_TIME, Pace
from backend.charts.replay import ReplayState
from backend.events import ReplayMoved
from trii_desktop.desk import Desk
from trii_desktop.market.active_chart import ActiveChart


class ReplayActions(QObject):
    """Methods and flags that the action table names; ``changed`` carries the state that is shown."""

    changed = Signal(object)

    def __init__(self, desk: Desk, active: ActiveChart) -> None:
        super().__init__()
        self._desk = desk
        self._active = active
        self._subscription = desk.bridge.subscribe(ReplayMoved, self._moved)

    @property
    def state(self) -> ReplayState:
        """Where replay stands."""
        return self._desk.backend.replay.state

    @property
    def is_on(self) -> bool:
        """Whether the past is shown."""
        return self.state.is_on

    @property
    def is_playing(self) -> bool:
        """Whether time passes."""
        return self.state.is_playing

    @property
    def is_by_time(self) -> bool:
        """Whether it goes by time instead of bars."""
        return self.state.pace.is_by_time

    @property
    def can_start(self) -> bool:
        """Whether there is a chart to replay."""
        return self._active.current.shown is not None and not self.is_on

    def start(self) -> None:
        """Begin in the middle of what the active chart shows."""
        model = self._active.current.view.model
        n_bars = len(model.snapshot)
        if n_bars:
            row = min(max(round(model.time.row_at(model.time.width_px / 2)), 0), n_bars - 1)
            self.start_at(model.snapshot.event_ns_at(row))

    def start_at(self, event_ns: int) -> None:
        """Begin at the bar of the active chart at this event time."""
        shown = self._active.current.shown
        if shown is not None:
            self._do("Starting replay", self._desk.backend.replay.start(shown.series, event_ns))

    def play(self) -> None:
        """Play, or pause."""
        replay = self._desk.backend.replay
        self._do("Replay", replay.pause() if self.is_playing else replay.play())

    def set_pace(self, pace: Pace) -> None:
        """Play at another pace, now or once it plays."""
        self._do("Replay", self._desk.backend.replay.set_pace(pace))

    def faster(self) -> None:
        """The next pace of the same kind; at the fastest, no other."""
        self._change_pace(1)

    def slower(self) -> None:
        """The pace before, of the same kind; at the slowest, no other."""
        self._change_pace(-1)

    def switch_pace(self) -> None:
        """Play by time instead of bars, a minute a second, or by bars instead of time, one a second."""
        self.set_pace(BY_BARS[1] if self.is_by_time else BY_TIME[2])

    def forward(self) -> None:
        """One bar more."""
        self._do("Replay", self._desk.backend.replay.step(1))

    def back(self) -> None:
        """One bar less."""
        self._do("Replay", self._desk.backend.replay.step(-1))

    def seek(self, row: int) -> None:
        """Show bars up to ``row``."""
        self._do("Replay", self._desk.backend.replay.seek(row))

    def stop(self) -> None:
        """Show the present again."""
        self._do("Leaving replay", self._desk.backend.replay.stop())

    def close(self) -> None:
        """Hear no more."""
        self._subscription.close()

    def _change_pace(self, by: int) -> None:
        pace = self.state.pace
        offered = BY_TIME if pace.is_by_time else BY_BARS
        place = min(range(len(offered)), key=lambda row: abs(offered[row].speed - pace.speed)) + by
        if 0 <= place < len(offered):
            self.set_pace(offered[place])

    def _do(self, what: str, work: Coroutine[Any, Any, ReplayState]) -> None:
        self._desk.start(what, self._desk.bridge.call(work))

    def _moved(self, _event: ReplayMoved) -> None:
        self.changed.emit(self.state)
        self._desk.frames.request()
