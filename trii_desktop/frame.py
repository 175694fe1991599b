"""One look a frame: requests to repaint are gathered, and visible listeners look once when the frame comes."""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer

from backend.right_of_way import RightOfWay
from backend.telemetry.metrics import Metrics

BUDGET_MS: Final = 8.0  # of one frame for those who repaint; the other half is for input and the engine
_SETTLING: Final = 0.2  # how much the newest frame counts in what a repaint costs on the average


class FrameListener:
    """A listener's place on the clock; keep it, and close it with the panel."""

    def __init__(
        self, refresh: Callable[[], object], is_visible: Callable[[], bool], end: Callable[["FrameListener"], None]
    ) -> None:
        self.refresh = refresh
        self.is_visible = is_visible
        self.is_open = True
        self._end = end

    def close(self) -> None:
        """Look no more; closing twice does nothing."""
        if self.is_open:
            self.is_open = False
            self._end(self)


class FrameClock(QObject):
    """Calls visible listeners once a frame, and only after a request; an idle clock has no running timer.

    The next frame starts ``frame_ms`` after the last one began, and never before what the last one asked to
    paint was painted. Meanwhile it takes the right of ``way``, which the engine's slices wait for. The time from
    a frame's start to the end of its paint is recorded as ``ui.frame_ms``.

    Listeners whose refresh returns True will repaint. As many as fit into 8 ms look in one frame, at least one; the
    others come first in the next, which starts once as much time has been left to input and the engine: many busy
    charts show fewer pictures each and hold nobody up.
    """

    def __init__(
        self, metrics: Metrics, *, frame_ms: int = 16, way: RightOfWay | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.frame_ms = frame_ms
        self.n_frames = 0
        self.way = way or RightOfWay()
        self._frame_times_ms = metrics.histogram("ui.frame_ms")
        self._first: list[FrameListener] = []
        self._listeners: list[FrameListener] = []
        self._is_requested = False
        self._is_painting = False
        self._began_ns = 0
        self._n_repaints = 0
        self._is_cut = False  # whether some look only in the next frame
        self._repaint_ms = 0.0
        self._distance_ms = float(frame_ms)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._begin)
        self._painted = QTimer(self)  # at 0 ms it comes after the paint events that refreshing has posted
        self._painted.setSingleShot(True)
        self._painted.timeout.connect(self._end)

    def listen(
        self, refresh: Callable[[], object], *, is_visible: Callable[[], bool] = lambda: True, before_others: bool = False
    ) -> FrameListener:
        """Call ``refresh()`` in each frame in which ``is_visible()``; the bridge goes ``before_others``."""
        listeners = self._first if before_others else self._listeners
        listener = FrameListener(refresh, is_visible, listeners.remove)
        listeners.append(listener)
        return listener

    def request(self) -> None:
        """Ask for a frame; any number of requests before it give one frame. Only on the UI thread."""
        self._is_requested = True
        if self._is_painting or self._timer.isActive():
            return
        since_ms = (time.perf_counter_ns() - self._began_ns) / 1e6
        self._timer.start(max(0, round(self._distance_ms - since_ms)))

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked for and no timer runs."""
        return not (self._is_requested or self._is_painting or self._timer.isActive())

    def _begin(self) -> None:
        self._began_ns = time.perf_counter_ns()
        self._is_requested = False
        self._is_painting = True
        self.way.take()
        self._painted.start(0)
        self._n_repaints, self._is_cut = 0, False
        for listener in tuple(self._first):
            self._refresh(listener)
        listeners = tuple(self._listeners)
        for place, listener in enumerate(listeners):
            if self._n_repaints and (self._n_repaints + 1) * self._repaint_ms > BUDGET_MS:
                self._listeners.sort(key=listeners[:place].__contains__)  # those who looked go behind the others
                self._is_requested = self._is_cut = True
                break
            self._refresh(listener)

    def _end(self) -> None:
        self._is_painting = False
        self.way.release()
        self.n_frames += 1
        took_ms = (time.perf_counter_ns() - self._began_ns) / 1e6
        self._frame_times_ms.record(took_ms)
        self._distance_ms = min(2 * took_ms, self.frame_ms) if self._is_cut else self.frame_ms
        if self._n_repaints:
            self._repaint_ms += _SETTLING * (took_ms / self._n_repaints - self._repaint_ms)
        if self._is_requested:
            self.request()

    def _refresh(self, listener: FrameListener) -> None:
        if not (listener.is_open and listener.is_visible()):
            return
        try:
            self._n_repaints += listener.refresh() is True
        except Exception:
            # A broken panel looks no more, the excepthook reports why, and the others look in the next frame.
            listener.close()
            self._is_requested = True
            raise
