"""An instrument that is dragged: the data that travels with the pointer, written and read."""

from typing import Final

from PySide6.QtCore import QByteArray, QMimeData

from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput

MIME: Final = "application/x-trii-instrument"


def drag_data(instrument: InstrumentId) -> QMimeData:
    """What travels: the id, also as text for other programs."""
    made = QMimeData()
    made.setData(MIME, QByteArray(str(instrument).encode()))
    made.setText(str(instrument))
    return made


def dragged_instrument(data: QMimeData) -> InstrumentId | None:
    """The instrument in ``data``; None where there is none, or nothing that could be one."""
    if not data.hasFormat(MIME):
        return None
    try:
        return InstrumentId.parse(bytes(data.data(MIME).data()).decode("utf-8", "replace"))
    except InvalidInput:
        return None
