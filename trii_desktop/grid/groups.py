"""The link groups of charts: their names and colours, and the chip that shows one."""

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPen, QPixmap

from backend.workspaces.chart_grid import N_GROUPS

# Told apart by their number too, so that no one depends on the colours.
GROUPS: Final = (
    ("Not linked", ""),
    ("Blue", "#2f6fde"),
    ("Orange", "#c4620a"),
    ("Green", "#1f8a54"),
    ("Purple", "#8a4fd0"),
    ("Red", "#d03a45"),
    ("Grey", "#5d6b7a"),
)
assert len(GROUPS) == N_GROUPS + 1, "Every group has a colour."
CHIP_PX: Final = 16


def chip(group: int, outline: str, ratio: float = 2.0) -> QIcon:
    """A disc in the group's colour with its number, or an empty ring in ``outline``."""
    pixmap = QPixmap(round(CHIP_PX * ratio), round(CHIP_PX * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    disc = QRectF(1, 1, CHIP_PX - 2, CHIP_PX - 2)
    colour = GROUPS[group][1]
    if colour:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawEllipse(disc)
        font = QFont(painter.font())
        font.setPixelSize(10)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, str(group))
    else:
        painter.setPen(QPen(QColor(outline), 1.5))
        painter.drawEllipse(disc.adjusted(1.5, 1.5, -1.5, -1.5))
    painter.end()
    return QIcon(pixmap)
