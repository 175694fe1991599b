"""A watchdog for debug builds: when the UI thread does not answer for 100 ms, its stack goes to the log."""

import logging
import sys
import threading
import time
import traceback
from types import TracebackType
from typing import Final, Self

from PySide6.QtCore import QObject, Qt, QTimer

from backend.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

STALL_S: Final = 0.1
BEAT_MS: Final = 20


class StallWatchdog(QObject):
    """Beats on the UI thread and is watched from another one; each stall is logged once, with the stack that stalls.

    Made, entered and left on the UI thread. ``ui.n_stalls`` counts the stalls.
    """

    def __init__(self, metrics: Metrics, *, stall_s: float = STALL_S) -> None:
        super().__init__()
        self._stall_s = stall_s
        self._n_stalls = metrics.counter("ui.n_stalls")
        self._beat_s = time.monotonic()
        self._watched_id = threading.get_ident()
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="trii-stall-watchdog", daemon=True)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def __enter__(self) -> Self:
        self._beat()
        self._timer.start()
        self._watcher.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.stop()
        self._stop.set()
        self._watcher.join()

    def _beat(self) -> None:
        self._beat_s = time.monotonic()

    def _watch(self) -> None:
        told_s = 0.0
        while not self._stop.wait(self._stall_s / 4):
            beat_s = self._beat_s
            late_s = time.monotonic() - beat_s
            if late_s < self._stall_s or beat_s == told_s:
                continue
            told_s = beat_s
            self._n_stalls.add()
            frame = sys._current_frames().get(self._watched_id)  # noqa: SLF001 - the only way to see another thread's stack
            stack = "".join(traceback.format_stack(frame)) if frame is not None else "gone"
            log.warning("The UI thread has not answered for %.0f ms. It is here:\n%s", 1000 * late_s, stack)
