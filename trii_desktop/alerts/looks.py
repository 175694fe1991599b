"""How alerts look by where they stand: words, icons and inks; and the small bell painted on charts."""

import enum
import math
from typing import Final, TypeAlias

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from backend.alerts.alert import PriceCondition
from backend.alerts.firing import AlertRow, Standing

WORDS: Final = {
    Standing.ARMED: "Armed",
    Standing.BLIND: "Sees nothing",
    Standing.COOLING: "Pausing",
    Standing.FIRED: "Fired",
    Standing.EXPIRED: "Expired",
    Standing.OFF: "Off",
}
ICONS: Final = {
    Standing.ARMED: "bell",
    Standing.BLIND: "warning",
    Standing.COOLING: "pause",
    Standing.FIRED: "check-mark",
    Standing.EXPIRED: "bell-off",
    Standing.OFF: "bell-off",
}
BELL_PX: Final = 13  # logical pixels


class Mark(enum.Enum):
    """What stands beside a bell."""

    NONE = ""
    STRUCK = "struck"
    DONE = "done"
    BLIND = "blind"


MARKS: Final = {
    Standing.ARMED: Mark.NONE,
    Standing.BLIND: Mark.BLIND,
    Standing.COOLING: Mark.NONE,
    Standing.FIRED: Mark.DONE,
    Standing.EXPIRED: Mark.STRUCK,
    Standing.OFF: Mark.STRUCK,
}
IS_AWAKE: Final = frozenset({Standing.ARMED, Standing.COOLING})


def level_of(row: AlertRow) -> float:
    """The raw price of now at which it fires; where nothing works that out, as for one that is off, the one that was chosen."""
    condition = row.alert.condition
    return condition.value if math.isnan(row.level) and isinstance(condition, PriceCondition) else row.level


def told(row: AlertRow) -> str:
    """What a line of a chart says of an alert: its name or condition, and how it stands where it does not watch."""
    words = row.alert.name or row.words
    return words if row.standing in IS_AWAKE else f"{words} · {WORDS[row.standing].lower()}"


Point: TypeAlias = tuple[float, float]
Inked: TypeAlias = tuple[QColor, QColor]  # what it is drawn with, and what lies behind it


def draw_bell(painter: QPainter, at: Point, mark: Mark, inks: Inked, *, pixel_ratio: float) -> None:
    """A bell centred on a point, in device pixels; filled where it watches."""
    (x, y), (ink, ground) = at, inks
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(x, y)
    painter.scale(pixel_ratio, pixel_ratio)
    painter.setPen(QPen(ground, 4.0, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(ground)
    painter.drawPath(_BELL)
    painter.setPen(QPen(ink, 1.3, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(ink if mark is Mark.NONE else ground)
    painter.drawPath(_BELL)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(_CLAPPER)
    if mark in _SIGNS:
        painter.drawPath(_SIGNS[mark])
    painter.restore()


def draw_diamond(painter: QPainter, at: Point, inks: Inked, *, pixel_ratio: float) -> None:
    """The mark of a firing, centred on a point."""
    (x, y), (ink, ground) = at, inks
    half = 4.5 * pixel_ratio
    path = QPainterPath(QPointF(x, y - half))
    for turn in (0.0, math.pi / 2, math.pi):
        path.lineTo(QPointF(x + half * math.cos(turn), y + half * math.sin(turn)))
    path.closeSubpath()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ground, 1.5 * pixel_ratio))
    painter.setBrush(ink)
    painter.drawPath(path)


def _bell() -> QPainterPath:
    path = QPainterPath(QPointF(-5, 3))
    path.lineTo(-3.6, 1)
    path.lineTo(-3.6, -1.6)
    path.cubicTo(QPointF(-3.6, -6.6), QPointF(3.6, -6.6), QPointF(3.6, -1.6))
    path.lineTo(3.6, 1)
    path.lineTo(5, 3)
    path.closeSubpath()
    return path


def _strokes(*points: tuple[float, float, float, float]) -> QPainterPath:
    path = QPainterPath()
    for x1, y1, x2, y2 in points:
        path.moveTo(x1, y1)
        path.lineTo(x2, y2)
    return path


_BELL: Final = _bell()
_CLAPPER: Final = _strokes((-1.2, 5.2, 1.2, 5.2))
_SIGNS: Final = {
    Mark.STRUCK: _strokes((-5.5, 5, 5.5, -6)),
    Mark.DONE: _strokes((-1.8, -1.2, -0.4, 0.4), (-0.4, 0.4, 2, -2.4)),
    Mark.BLIND: _strokes((0, -3.4, 0, -0.6), (0, 1.2, 0, 1.3)),
}
