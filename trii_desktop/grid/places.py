"""Where the charts of a grid stand: rectangles of charts and of the edges between them, from a shape and two shares."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, QSize

from backend.workspaces.chart_grid import SHARE_MIN, GridShape

EDGE_PX: Final = 5


@dataclass(frozen=True, slots=True)
class Places:
    """Rectangles in the grid's own logical pixels.

    charts : in reading order, as many as the shape shows
    upright, level : the edges that can be moved sideways and up and down; None where there is none
    """

    charts: tuple[QRect, ...]
    upright: QRect | None = None
    level: QRect | None = None


def lay_out(shape: GridShape, size: QSize, across: float, down: float) -> Places:
    """Divide ``size``; ``across`` and ``down`` are the shares of what stands left of and above the edges."""
    width, height = size.width(), size.height()
    x, y = _cut(width, across), _cut(height, down)
    right, below = x + EDGE_PX, y + EDGE_PX
    left_whole, right_whole = QRect(0, 0, x, height), QRect(right, 0, width - right, height)
    upright, level = QRect(x, 0, EDGE_PX, height), QRect(0, y, width, EDGE_PX)
    match shape:
        case GridShape.ONE:
            return Places((QRect(0, 0, width, height),))
        case GridShape.COLUMNS:
            return Places((left_whole, right_whole), upright=upright)
        case GridShape.ROWS:
            return Places((QRect(0, 0, width, y), QRect(0, below, width, height - below)), level=level)
        case GridShape.THREE:
            upper, lower = QRect(right, 0, width - right, y), QRect(right, below, width - right, height - below)
            return Places((left_whole, upper, lower), upright=upright, level=QRect(right, y, width - right, EDGE_PX))
        case GridShape.FOUR:
            rows, columns = ((0, y), (below, height - below)), ((0, x), (right, width - right))
            charts = tuple(QRect(left, top, wide, high) for top, high in rows for left, wide in columns)
            return Places(charts, upright=upright, level=level)


def share_at(position: int, length: int) -> float:
    """The share of ``length`` that lies before ``position``, within what leaves both sides some room."""
    return min(max(position / max(length - EDGE_PX, 1), SHARE_MIN), 1 - SHARE_MIN)


def _cut(length: int, share: float) -> int:
    return round(max(length - EDGE_PX, 0) * share)
