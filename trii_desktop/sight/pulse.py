"""Looks again once a second at what grows older by itself, while someone may see it."""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

PULSE_MS: Final = 1_000


class Pulse(QObject):
    """Calls ``look`` when ``widget`` is shown and every second from then on, until it is hidden.

    All of them beat at the same moment, so that the age of one price is the same wherever it stands.
    """

    def __init__(self, widget: QWidget, look: Callable[[], object]) -> None:
        super().__init__(widget)
        self._look = look
        self._widget = widget
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._go_on)
        widget.installEventFilter(self)
        if widget.isVisible():
            self._wait()

    @property
    def is_running(self) -> bool:
        """Whether it beats."""
        return self._timer.isActive()

    def beat(self) -> None:
        """Look now."""
        self._look()

    def stop(self) -> None:
        """Never look again."""
        self._timer.stop()
        self._widget.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Begin and end with the widget."""
        if event.type() == QEvent.Type.Show and not self._timer.isActive():
            self._wait()
            self.beat()
        elif event.type() == QEvent.Type.Hide:
            self._timer.stop()
        return super().eventFilter(watched, event)

    def _wait(self) -> None:
        self._timer.start(PULSE_MS - time.perf_counter_ns() // 1_000_000 % PULSE_MS)

    def _go_on(self) -> None:
        self._wait()
        self.beat()
