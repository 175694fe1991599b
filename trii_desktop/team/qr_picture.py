"""A QR code as a picture, drawn dot by dot: no markup, no file, nothing kept."""

from typing import Final

import segno
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter

DOT_PX: Final = 4
QUIET: Final = 4  # dots of white around it, as the standard wants


def qr_picture(text: str, dot_px: int = DOT_PX) -> QImage:
    """Black on white whatever the theme: phones read nothing else reliably."""
    code = segno.make(text, error="m", micro=False)
    rows = [bytes(line) for line in code.matrix]
    side = (len(rows) + 2 * QUIET) * dot_px
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    for y, line in enumerate(rows):
        for x, dot in enumerate(line):
            if dot:
                painter.fillRect((x + QUIET) * dot_px, (y + QUIET) * dot_px, dot_px, dot_px, QColor(Qt.GlobalColor.black))
    painter.end()
    return image
