"""Looks again once a second at what grows older by itself, while someone may see it."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

PULSE_MS: Final = 1_000


class Pulse(QObject):
    """Calls ``look`` when ``widget`` is shown and every second from then on, until it is hidden."""

    def __init__(self, widget: QWidget, look: Callable[[], object]) -> None:
        super().__init__(widget)
        self._look = look
        self._widget = widget
        self._timer = QTimer(self)
        self._timer.setInterval(PULSE_MS)
        self._timer.timeout.connect(self.beat)
        widget.installEventFilter(self)
        if widget.isVisible():
            self._timer.start()

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
            self._timer.start()
            self.beat()
        elif event.type() == QEvent.Type.Hide:
            self._timer.stop()
        return super().eventFilter(watched, event)
