"""Drawings on the clipboard: taken as values, read back with the same checks as anything from outside."""

from typing import Final

import msgspec
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication

from backend.charts.chart_state import Value
from backend.charts.drawings import Drawing, check_drawing
from backend.errors import InvalidInput

MIME: Final = "application/x-trii-drawings+json"
BYTES_MAX: Final = 32 * 1024 * 1024


class Copied(Value, frozen=True):
    """Drawings that were copied, and the instrument that they were copied from."""

    instrument: str
    drawings: tuple[Drawing, ...]


def copy_drawings(copied: Copied) -> None:
    """Put drawings on the clipboard."""
    data = QMimeData()
    data.setData(MIME, msgspec.json.encode(copied))
    QGuiApplication.clipboard().setMimeData(data)


def read_copied() -> Copied | None:
    """The drawings on the clipboard; None where there are none. Raises InvalidInput for what no chart could show."""
    data: QMimeData | None = QGuiApplication.clipboard().mimeData()
    if data is None or not data.hasFormat(MIME):
        return None
    content = bytes(data.data(MIME).data())
    try:
        if len(content) > BYTES_MAX:
            raise InvalidInput(f"{len(content)} bytes of drawings are on the clipboard.", hint="Copy fewer.", code="drawing.copied")
        copied = msgspec.json.decode(content, type=Copied)
    except msgspec.MsgspecError as e:
        raise InvalidInput(f"What was copied cannot be read: {e}.", hint="Copy it again.", code="drawing.copied") from e
    for drawing in copied.drawings:
        check_drawing(drawing)
    return copied
