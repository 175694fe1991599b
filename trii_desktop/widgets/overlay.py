"""A panel that opens over the window, takes the keyboard, and closes with Esc or a click beside it."""

from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QGraphicsDropShadowEffect, QWidget

TOP_PX: Final = 96
EDGE_PX: Final = 16


class Overlay(QFrame):
    """A child of the window, not a window of its own: it needs no window manager and cannot get lost behind others."""

    def __init__(self, window: QWidget, width_px: int, height_px: int) -> None:
        super().__init__(window)
        self._window = window
        self._size_px = (width_px, height_px)
        self._former_focus: QWidget | None = None
        self.setProperty("role", "popup")
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(32)
        shadow.setOffset(0, 8)
        self.setGraphicsEffect(shadow)
        self.hide()

    def open_over(self, focus: QWidget) -> None:
        """Show the panel and give ``focus`` the keyboard."""
        if not self.isVisible():
            self._former_focus = self._window.focusWidget()
            self._application().installEventFilter(self)
        self.place()
        self.show()
        self.raise_()
        focus.setFocus(Qt.FocusReason.PopupFocusReason)

    def fit(self, height_px: int) -> None:
        """Be ``height_px`` high from now on, where there is room."""
        self._size_px = (self._size_px[0], height_px)
        if self.isVisible():
            self.place()

    def dismiss(self) -> None:
        """Hide the panel and give the keyboard back to whom it had before."""
        if not self.isVisible():
            return
        self._application().removeEventFilter(self)
        self.hide()
        if self._former_focus is not None and self._former_focus.isVisible():
            self._former_focus.setFocus(Qt.FocusReason.PopupFocusReason)
        self._former_focus = None

    def place(self) -> None:
        """Stand in the middle of the window's upper part, as large as there is room for."""
        room = self._window.rect()
        width = min(self._size_px[0], room.width() - 2 * EDGE_PX)
        top = min(TOP_PX, max(EDGE_PX, room.height() // 8))
        height = min(self._size_px[1], room.height() - top - EDGE_PX)
        self.setGeometry(QRect((room.width() - width) // 2, top, width, height))

    @staticmethod
    def _application() -> QCoreApplication:
        app = QCoreApplication.instance()
        assert app is not None, "An overlay needs a running application."
        return app

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close at a click beside the panel; follow the window's size."""
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent) and isinstance(watched, QWidget):
            inside = self.rect().contains(self.mapFromGlobal(event.globalPosition().toPoint()))
            if not inside and watched.window() is self._window:
                self.dismiss()
        elif event.type() == QEvent.Type.Resize and watched is self._window:
            self.place()
        return super().eventFilter(watched, event)
