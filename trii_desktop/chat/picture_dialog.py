"""A picture of a message in a window of its own."""

from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QSizePolicy, QWidget

from trii_desktop.chat.pictures import fitted
from trii_desktop.widgets.layout import button, column, row


class _Canvas(QWidget):
    def __init__(self, image: QImage) -> None:
        super().__init__()
        self._image = image
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(240, 160))

    def paintEvent(self, _event: QPaintEvent) -> None:
        size = fitted(self._image.size(), self.size())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        left, top = (self.width() - size.width()) // 2, (self.height() - size.height()) // 2
        painter.drawImage(QRect(left, top, size.width(), size.height()), self._image)
        painter.end()


class PictureDialog(QDialog):
    """Not modal; as large as the picture where there is room. ``save`` asks where to."""

    def __init__(self, parent: QWidget, name: str, image: QImage, save: Callable[[], None]) -> None:
        super().__init__(parent)
        self._image = image
        self.setWindowTitle(name)
        self.setAccessibleName(f"Picture {name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy, keep, close = button("Copy"), button("Save as\u2026"), button("Close")
        copy.clicked.connect(self._copy)
        keep.clicked.connect(save)
        close.clicked.connect(self.accept)
        self.setLayout(column(_Canvas(image), row(copy, keep, None, close, margins=(12, 8, 12, 10)), gap=0))
        room = parent.window().size() * 0.85
        self.resize((image.size() + QSize(0, 54)).boundedTo(room).expandedTo(QSize(360, 260)))
        close.setFocus()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setImage(self._image)
