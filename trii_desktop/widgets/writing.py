"""A field to write in that is as high as its words."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy

N_LINES_MAX: Final = 8
_PADDING_PX: Final = 20


def _nobody(_event: QKeyEvent) -> bool:
    return False


class WritingField(QPlainTextEdit):
    """One line to eight. ``key_pressed`` is asked first and takes a key by returning True, Tab too.

    instrument_dropped : an InstrumentId, for subclasses that take one
    """

    resized = Signal()
    instrument_dropped = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.key_pressed: Callable[[QKeyEvent], bool] = _nobody
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAcceptDrops(True)
        self.textChanged.connect(self._fit)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Tab completes what is offered before it moves the keyboard on."""
        is_tab = event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab
        if is_tab and isinstance(event, QKeyEvent) and self.key_pressed(event):
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that send, stop, edit or complete go to the composer."""
        if not self.key_pressed(event):
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """One line at least."""
        return QSize(200, self._wanted_px())

    def _wanted_px(self) -> int:
        line = QFontMetricsF(self.font()).lineSpacing()
        n_lines = min(max(round(self.document().size().height()), 1), N_LINES_MAX)
        return round(n_lines * line) + _PADDING_PX + 4

    def _fit(self) -> None:
        height = self._wanted_px()
        is_full = self.document().size().height() > N_LINES_MAX
        bars = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(bars.ScrollBarAsNeeded if is_full else bars.ScrollBarAlwaysOff)
        if height != self.height() or height != self.minimumHeight():
            self.setFixedHeight(height)
            self.resized.emit()
