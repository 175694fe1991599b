"""Collects Python's garbage on the UI thread alone.

A cycle that holds a Qt object must not be collected on the engine thread: Qt would be told to destroy a window's part on
the wrong thread, and its timers would go on calling what is no longer there. So automatic collection is off while a
window lives, and the UI thread collects instead, a small generation at a time, when it has nothing else to do.
"""

import gc
import time
from types import TracebackType
from typing import Final, Self

from PySide6.QtCore import QObject, QTimer

from backend.telemetry.metrics import Metrics

LOOK_MS: Final = 1_000


class Collector(QObject):
    """Used as ``with``: automatic collection is off inside, and back as it was outside.

    Pauses are recorded as ``ui.collect_ms``. ``settle`` takes everything that is there out of later collections.

    freezes : False where whoever is outside has taken theirs out, which cannot be told apart at the end
    """

    def __init__(self, metrics: Metrics, *, freezes: bool = True) -> None:
        super().__init__()
        self._pauses_ms = metrics.histogram("ui.collect_ms")
        self._was_enabled = True
        self._freezes = freezes
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)

    def __enter__(self) -> Self:
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.stop()
        if self._freezes:
            gc.unfreeze()
        if self._was_enabled:
            gc.enable()

    def settle(self) -> None:
        """Collect all, then leave what has survived alone: modules and windows that live as long as the program."""
        gc.collect()
        if self._freezes:
            gc.freeze()

    def look(self) -> None:
        """Collect the largest generation that is due, as the interpreter itself would."""
        due = [n for n, (count, threshold) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)) if count > threshold]
        if due:
            began_ns = time.perf_counter_ns()
            gc.collect(due[-1])
            self._pauses_ms.record((time.perf_counter_ns() - began_ns) / 1e6)
