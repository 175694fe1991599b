"""The edge between charts of a grid: dragged, moved by arrow keys, back in the middle at a double-click."""

from typing import Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QWidget

STEP_PX: Final = 16
_BACK: Final = (Qt.Key.Key_Left, Qt.Key.Key_Up)
_ON: Final = (Qt.Key.Key_Right, Qt.Key.Key_Down)


class GridEdge(QFrame):
    """``moved`` carries how many pixels the edge was moved since the last time; ``centred`` asks for equal halves."""

    moved = Signal(int)
    centred = Signal()

    def __init__(self, parent: QWidget, *, is_upright: bool) -> None:
        super().__init__(parent)
        self._is_upright = is_upright
        self._held: QPoint | None = None
        self.setProperty("role", "edge")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.SplitHCursor if is_upright else Qt.CursorShape.SplitVCursor)
        self.setAccessibleName("Edge between charts, moved by arrow keys")
        self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._held = event.globalPosition().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        if self._held is None:
            return
        now = event.globalPosition().toPoint()
        by = now.x() - self._held.x() if self._is_upright else now.y() - self._held.y()
        if by:
            self._held = now
            self.moved.emit(by)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._held = None
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Equal halves."""
        self._held = None
        self.centred.emit()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the edge, Home centres it."""
        if event.key() in _BACK:
            self.moved.emit(-STEP_PX)
        elif event.key() in _ON:
            self.moved.emit(STEP_PX)
        elif event.key() == Qt.Key.Key_Home:
            self.centred.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that arrows act here."""
        self.update()
        super().focusInEvent(event)
