"""The field in which a message is written: as high as its words; pictures and files are pasted and dropped into it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFontMetricsF, QImage, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy

from trii_desktop.market.dragged import dragged_instrument
from trii_desktop.market.import_files import dropped_paths

N_LINES_MAX: Final = 8
_PADDING_PX: Final = 20


def _nobody(_event: QKeyEvent) -> bool:
    return False


class MessageField(QPlainTextEdit):
    """``key_pressed`` is asked first and takes a key by returning True.

    picture_pasted : a QImage; files_given : a tuple of paths; instrument_dropped : an InstrumentId
    """

    picture_pasted = Signal(object)
    files_given = Signal(object)
    instrument_dropped = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.key_pressed: Callable[[QKeyEvent], bool] = _nobody
        self.setAccessibleName("Message")
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAcceptDrops(True)
        self.textChanged.connect(self._fit)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Tab completes a name before it moves the keyboard on."""
        is_tab = event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab
        if is_tab and isinstance(event, QKeyEvent) and self.key_pressed(event):
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that send, edit or complete go to the composer."""
        if not self.key_pressed(event):
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """One line at least."""
        return QSize(200, self._wanted_px())

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Pictures and files too."""
        return source.hasImage() or bool(dropped_paths(source)) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Attach pictures and files; insert text as plain text."""
        paths = self._files(source)
        if paths:
            self.files_given.emit(paths)
        elif source.hasImage() and not source.hasText():
            image = source.imageData()
            if isinstance(image, QImage) and not image.isNull():
                self.picture_pasted.emit(image)
        elif source.hasText():
            self.insertPlainText(source.text())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Instruments, pictures, files and text may be dropped."""
        data = event.mimeData()
        if dragged_instrument(data) is not None or self.canInsertFromMimeData(data):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Attach what was dropped."""
        instrument = dragged_instrument(event.mimeData())
        if instrument is not None:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.instrument_dropped.emit(instrument)
        elif self._files(event.mimeData()) or event.mimeData().hasImage():
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.insertFromMimeData(event.mimeData())
        else:
            super().dropEvent(event)

    @staticmethod
    def _files(data: QMimeData) -> tuple[Path, ...]:
        return tuple(path for path in dropped_paths(data) if path.is_file())

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
