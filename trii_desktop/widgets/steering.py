"""A field that steers the list below it: arrows move the choice and Enter takes it while the field has the keyboard."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListView

PAGE: Final = 8
_STEPS: Final = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: PAGE, Qt.Key.Key_PageUp: -PAGE}


class ListSteering(QObject):
    """Lives as long as ``field``; ``choose`` is called with the chosen index, which may be no valid one.

    ``moved`` comes when the choice was moved by a key.
    """

    moved = Signal()

    def __init__(self, field: QLineEdit, view: QListView, choose: Callable[[QModelIndex], None]) -> None:
        super().__init__(field)
        self._view = view
        self._choose = choose
        field.installEventFilter(self)

    def select(self, place: int) -> None:
        """Choose the row ``place``, or the nearest there is."""
        n = self._view.model().rowCount()
        if n:
            self._view.setCurrentIndex(self._view.model().index(max(0, min(place, n - 1)), 0))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys that belong to the list."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if key in _STEPS:
                self.select(self._view.currentIndex().row() + _STEPS[key])
                self.moved.emit()
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self._view.currentIndex())
                return True
        return super().eventFilter(watched, event)
