"""A small card beside what it tells about: over the window, closed by Escape or a click elsewhere."""

from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QGraphicsDropShadowEffect, QPushButton, QScrollArea, QWidget

from trii_desktop.assistant.markdown.blocks import Block
from trii_desktop.assistant.rich_text import RichText
from trii_desktop.charts.speech import announce
from trii_desktop.look import Look
from trii_desktop.widgets.layout import button, column, row

WIDTH_PX: Final = 340
EDGE_PX: Final = 8
GAP_PX: Final = 6
_BORDER: Final = (14, 12, 14, 12)


class Popover(QFrame):
    """One at a time for each panel; ``closed`` comes when it went. It belongs to the window that its panel stands in."""

    closed = Signal()

    def __init__(self, panel: QWidget, look: Look) -> None:
        super().__init__(panel.window())
        self._panel = panel
        self._former: QWidget | None = None
        self.setProperty("role", "popup")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(28)
        shadow.setOffset(0, 6)
        self.setGraphicsEffect(shadow)
        self.text = RichText(look, "")
        self.text.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidget(self.text)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._buttons: list[QPushButton] = []
        self._foot = row(gap=6)
        self.setLayout(column(self._scroll, self._foot, margins=_BORDER, gap=8))
        self.hide()

    def open_at(self, place: QRect, name: str, blocks: tuple[Block, ...], offers: tuple[tuple[str, object], ...] = ()) -> None:
        """Show ``blocks`` beside ``place`` (on screen). offers : words and what pressing them calls, the main one first."""
        window = self._panel.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        if not self.isVisible():
            self._former = window.focusWidget()
            self._application().installEventFilter(self)
        self.setAccessibleName(name)
        self.text.setAccessibleName(name)
        self._offer(offers)
        width = min(WIDTH_PX, window.width() - 2 * EDGE_PX)
        self.text.show_blocks(blocks)
        inside = self.text.heightForWidth(width - _BORDER[0] - _BORDER[2] - 2)
        foot = self._foot.sizeHint().height() + 8 if self._buttons else 0
        height = min(inside + foot + _BORDER[1] + _BORDER[3] + 6, window.height() - 2 * EDGE_PX)
        self.setGeometry(_beside(place, width, height, window))
        self.show()
        self.raise_()
        self.text.setFocus(Qt.FocusReason.PopupFocusReason)
        announce(self, name)

    def dismiss(self) -> None:
        """Hide, and give the keyboard back to whom it had before."""
        if not self.isVisible():
            return
        self._application().removeEventFilter(self)
        self.hide()
        if self._former is not None and self._former.isVisible():
            self._former.setFocus(Qt.FocusReason.PopupFocusReason)
        self._former = None
        self.closed.emit()

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close at a click elsewhere in the window."""
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent) and isinstance(watched, QWidget):
            inside = self.rect().contains(self.mapFromGlobal(event.globalPosition().toPoint()))
            if not inside and watched.window() is self.window():
                self.dismiss()
        return super().eventFilter(watched, event)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _offer(self, offers: tuple[tuple[str, object], ...]) -> None:
        for old in self._buttons:
            self._foot.removeWidget(old)
            old.deleteLater()
        while self._foot.count():
            self._foot.takeAt(0)
        self._buttons = []
        for number, (words, act) in enumerate(offers):
            made = button(words, primary=number == 0)
            made.clicked.connect(act)
            self._foot.addWidget(made)
            self._buttons.append(made)
        self._foot.addStretch(1)

    @staticmethod
    def _application() -> QCoreApplication:
        app = QCoreApplication.instance()
        assert app is not None, "A popover needs a running application."
        return app


def _beside(place: QRect, width: int, height: int, window: QWidget) -> QRect:
    """Below the place where there is room, else above; never beyond the window."""
    at = QRect(window.mapFromGlobal(place.topLeft()), place.size())
    left = min(max(at.left() - width // 3, EDGE_PX), max(window.width() - width - EDGE_PX, EDGE_PX))
    below = at.bottom() + GAP_PX
    top = below if below + height <= window.height() - EDGE_PX else at.top() - GAP_PX - height
    top = min(max(top, EDGE_PX), max(window.height() - height - EDGE_PX, EDGE_PX))
    return QRect(QPoint(left, top), QPoint(left + width - 1, top + height - 1))
