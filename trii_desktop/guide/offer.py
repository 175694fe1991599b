"""The small card that offers the tour at the first start; it takes no keyboard and stays until it is answered."""

from typing import Final

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QFrame, QWidget

from trii_desktop.widgets.layout import button, column, label, row

WIDTH_PX: Final = 320
EDGE_PX: Final = 16


class TourOffer(QFrame):
    """Stands at the lower left of ``window``; ``answered`` says whether the tour is wanted."""

    answered = Signal(bool)

    def __init__(self, window: QWidget, *, bottom_px: int = 0) -> None:
        super().__init__(window)
        self._window = window
        self._bottom_px = bottom_px
        self.setProperty("role", "toast")
        self.setAccessibleName("New here? A tour of the window takes a minute.")
        self.setFixedWidth(WIDTH_PX)
        words = label("A tour of the window takes a minute. It is under Help whenever you like.", "muted", wraps=True)
        self.later, self.take = button("Not now"), button("Take the tour", primary=True)
        self.later.clicked.connect(self._turn_down)
        self.take.clicked.connect(self._accept)
        self.setLayout(column(label("New here?", "heading"), words, row(None, self.later, self.take), margins=(16, 12, 16, 12)))
        window.installEventFilter(self)
        self._place()
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size."""
        if event.type() == QEvent.Type.Resize and watched is self._window:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        self.adjustSize()
        self.move(EDGE_PX, self._window.height() - self.height() - EDGE_PX - self._bottom_px)
        self.raise_()

    def close_offer(self) -> None:
        """Leave without an answer."""
        self._window.removeEventFilter(self)
        self.hide()
        self.deleteLater()

    def _turn_down(self) -> None:
        self.close_offer()
        self.answered.emit(False)

    def _accept(self) -> None:
        self.close_offer()
        self.answered.emit(True)
