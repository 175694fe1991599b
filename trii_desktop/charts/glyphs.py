"""The small buttons painted on a chart: an eye, a wheel, a cross, arrows, frames."""

import enum
import math
from typing import Final

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from trii_desktop.charts.painters import Inks

BUTTON_PX: Final = 20  # logical pixels


class Glyph(enum.Enum):
    """What a button does; the value says it in words."""

    HIDE = "Hide"
    SHOW = "Show"
    SETTINGS = "Settings…"
    REMOVE = "Remove"
    UP = "Move the pane up"
    DOWN = "Move the pane down"
    FOLD = "Collapse the pane"
    OPEN = "Open the pane"
    MAXIMISE = "Maximise the pane"
    RESTORE = "Show all panes"
    MORE = "Show all rows of the legend"
    FEWER = "Fold the legend"


def draw_button(painter: QPainter, glyph: Glyph, place: QRect, inks: Inks, *, is_hovered: bool) -> None:
    """Paint ``glyph`` in the middle of ``place``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(inks["border" if is_hovered else "background"])
    painter.drawRoundedRect(QRectF(place), 4, 4)
    unit = place.height() / BUTTON_PX
    painter.translate(QRectF(place).center())
    painter.scale(unit, unit)
    painter.setPen(QPen(inks["title" if is_hovered else "text"], 1.4, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(_PATHS[glyph])
    painter.restore()


def _lines(*points: tuple[float, float, float, float]) -> QPainterPath:
    path = QPainterPath()
    for x1, y1, x2, y2 in points:
        line = QLineF(x1, y1, x2, y2)
        path.moveTo(line.p1())
        path.lineTo(line.p2())
    return path


def _eye(*, is_struck: bool) -> QPainterPath:
    path = QPainterPath(QPointF(-6, 0))
    path.quadTo(QPointF(0, -8), QPointF(6, 0))
    path.quadTo(QPointF(0, 8), QPointF(-6, 0))
    path.addEllipse(QPointF(0, 0), 1.8, 1.8)
    if is_struck:
        path.addPath(_lines((-5, 5, 5, -5)))
    return path


def _wheel() -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QPointF(0, 0), 3.4, 3.4)
    for tooth in range(8):
        turn = tooth * math.pi / 4
        x, y = math.cos(turn), math.sin(turn)
        path.addPath(_lines((x * 4.2, y * 4.2, x * 5.8, y * 5.8)))
    return path


def _frame(half: float) -> QPainterPath:
    path = QPainterPath()
    path.addRect(QRectF(-half, -half, 2 * half, 2 * half))
    return path


_PATHS: Final = {
    Glyph.HIDE: _eye(is_struck=False),
    Glyph.SHOW: _eye(is_struck=True),
    Glyph.SETTINGS: _wheel(),
    Glyph.REMOVE: _lines((-4, -4, 4, 4), (-4, 4, 4, -4)),
    Glyph.UP: _lines((0, 5, 0, -5), (0, -5, -4, -1), (0, -5, 4, -1)),
    Glyph.DOWN: _lines((0, -5, 0, 5), (0, 5, -4, 1), (0, 5, 4, 1)),
    Glyph.FOLD: _lines((-4, 2, 0, -2), (0, -2, 4, 2)),
    Glyph.OPEN: _lines((-4, -2, 0, 2), (0, 2, 4, -2)),
    Glyph.MAXIMISE: _frame(4.5),
    Glyph.RESTORE: _lines((-5, -1, -1, -1), (-1, -1, -1, -5), (5, 1, 1, 1), (1, 1, 1, 5)),
}
