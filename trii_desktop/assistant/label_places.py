"""Where the words of a sketch find room on a chart: beside what they name, and on no others."""

from collections.abc import Iterator, Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSizeF

GAP_PX: Final = 6.0
_N_ROWS: Final = 12  # above and below, before words are left out


def place_beside(at: QPointF, size: QSizeF, room: QSizeF, taken: Sequence[QRectF]) -> QRectF | None:
    """A box beside a point, or in rows farther and farther above and below it; None where there is no room for it."""
    rise = size.height() + 1
    for row in _rows():
        for left in (at.x() - size.width() - GAP_PX, at.x() + GAP_PX):
            box = QRectF(QPointF(left, at.y() - size.height() / 2 + row * rise), size)
            if _is_in(box, room) and not any(one.intersects(box) for one in taken):
                return box
    return None


def place_above_line(y: float, size: QSizeF, room: QSizeF, taken: Sequence[QRectF]) -> QRectF | None:
    """A box above the end of a level's line, moved to the left along the line past others; None where it leaves the chart."""
    box = QRectF(QPointF(room.width() - size.width() - 2, y - size.height() - 2), size)
    while (hit := next((one for one in taken if one.intersects(box)), None)) is not None:
        box.moveRight(hit.left() - GAP_PX)
    return box if _is_in(box, room) else None


def leader(at: QPointF, box: QRectF) -> tuple[QPointF, QPointF] | None:
    """A line from a point to a box that is not right beside it; None where it is."""
    if box.top() <= at.y() <= box.bottom():
        return None
    x = box.right() if box.right() < at.x() else box.left()
    return at, QPointF(x, box.center().y())


def _rows() -> Iterator[int]:
    yield 0
    for row in range(1, _N_ROWS + 1):
        yield -row
        yield row


def _is_in(box: QRectF, room: QSizeF) -> bool:
    return box.left() >= 0 and box.top() >= 0 and box.right() <= room.width() and box.bottom() <= room.height()
