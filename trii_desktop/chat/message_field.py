"""The field in which a message is written: as high as its words; pictures and files are pasted and dropped into it."""

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage

from trii_desktop.market.dragged import dragged_instrument
from trii_desktop.market.import_files import dropped_paths
from trii_desktop.widgets.writing import WritingField


class MessageField(WritingField):
    """Takes pictures and files too.

    picture_pasted : a QImage; files_given : a tuple of paths
    """

    picture_pasted = Signal(object)
    files_given = Signal(object)

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
