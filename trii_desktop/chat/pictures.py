"""Pictures of messages, made small off the UI thread and kept while there is room; content that is no picture shows none."""

import asyncio
from collections import OrderedDict
from typing import Final

from PySide6.QtCore import QBuffer, QIODevice, QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader

from backend.chat.message import FileRow
from backend.errors import TriiError
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.chat.uploads import is_picture
from trii_desktop.desk import Desk

SMALL_PX: Final = QSize(300, 190)
FETCHED_BYTES_MAX: Final = 8 * 1024 * 1024  # larger ones are fetched when somebody asks
N_KEPT: Final = 64
_SIDE_PX_MAX: Final = 12_000
_FORMATS: Final = frozenset({b"png", b"jpeg", b"jpg", b"gif", b"webp", b"bmp"})


class Pictures(QObject):
    """One for the dock. ``came`` carries the hash of a picture that is there now, or that cannot be had."""

    came = Signal(str)

    def __init__(self, desk: Desk, chat: ChatSurface) -> None:
        super().__init__()
        self._desk = desk
        self._chat = chat
        self._kept: OrderedDict[str, QImage | None] = OrderedDict()
        self._asked: set[str] = set()

    def of(self, file: FileRow) -> QImage | None:
        """The small picture; None while it is not there, and asked for where it may be."""
        if file.sha256 in self._kept:
            self._kept.move_to_end(file.sha256)
            return self._kept[file.sha256]
        may_ask = is_picture(file.mime) and (file.is_here or file.n_bytes <= FETCHED_BYTES_MAX)
        if may_ask and file.sha256 not in self._asked and file.progress < 0:
            self._asked.add(file.sha256)
            self._desk.start("Showing a picture", self._fetch(file.sha256))
        return None

    def is_lost(self, file: FileRow) -> bool:
        """Whether it cannot be shown."""
        return file.sha256 in self._kept and self._kept[file.sha256] is None

    async def _fetch(self, sha256: str) -> None:
        try:
            content = await self._desk.bridge.call(self._chat.content(sha256))
            made = await asyncio.to_thread(read_picture, content, SMALL_PX * 2)
        except TriiError:  # offline, or gone: the file's line says that it is not here, and opening it says why
            self._asked.discard(sha256)
            return
        self._asked.discard(sha256)
        self._kept[sha256] = made
        while len(self._kept) > N_KEPT:
            self._kept.popitem(last=False)
        self.came.emit(sha256)


def read_picture(content: bytes, room: QSize) -> QImage | None:
    """The picture in ``content`` made to fit ``room``; None where it is none, or one that would fill the memory."""
    buffer = QBuffer()
    buffer.setData(content)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    size = reader.size()
    if bytes(reader.format().data()) not in _FORMATS or not size.isValid():
        return None
    if max(size.width(), size.height()) > _SIDE_PX_MAX:
        return None
    reader.setScaledSize(fitted(size, room))
    made = reader.read()
    return None if made.isNull() else made.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def fitted(size: QSize, room: QSize) -> QSize:
    """``size`` made to fit, never larger than it is and never empty."""
    if size.width() <= room.width() and size.height() <= room.height():
        return size
    made = size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
    return QSize(max(made.width(), 1), max(made.height(), 1))
