"""A picture of an X display, taken by a Qt process of its own on that display."""

import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QColor, QImage

from tests.fakes.display import Display

_GRAB = """
import sys
from PySide6.QtGui import QGuiApplication
app = QGuiApplication([])
assert app.primaryScreen().grabWindow(0).save(sys.argv[1])
"""
NEAR = 24


def grab(display: Display, path: Path) -> QImage:
    """What the display shows now, also saved at ``path``."""
    subprocess.run([sys.executable, "-c", _GRAB, str(path)], env=display.environment(), check=True, timeout=60)
    image = QImage(str(path))
    assert not image.isNull()
    return image


def count_near(image: QImage, color: str, step_px: int = 2) -> int:
    """How many of every ``step_px``-th pixels are nearly ``color``."""
    wanted = QColor(color)
    goal = (wanted.red(), wanted.green(), wanted.blue())
    n_found = 0
    for y in range(0, image.height(), step_px):
        for x in range(0, image.width(), step_px):
            pixel = image.pixelColor(x, y)
            n_found += all(abs(a - b) <= NEAR for a, b in zip((pixel.red(), pixel.green(), pixel.blue()), goal, strict=True))
    return n_found
