"""Short ways to say how widgets stand together: labels by role, rows and columns on the 4 px grid, restyling."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget

GAP: Final = 8
WIDE: Final = 16


def label(text: str, role: str = "", *, wraps: bool = False) -> QLabel:
    """Plain text, never markup; ``role`` picks its look in the style sheet."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    if role:
        made.setProperty("role", role)
    return made


def button(text: str, *, primary: bool = False, quiet: bool = False, name: str = "") -> QPushButton:
    """A push button that never becomes the default by accident; ``name`` is what a screen reader says."""
    made = QPushButton(text)
    made.setAutoDefault(False)
    made.setProperty("primary", primary)
    made.setProperty("quiet", quiet)
    made.setAccessibleName(name or text.replace("&", ""))
    return made


def row(*parts: QWidget | QLayout | int | None, margins: tuple[int, int, int, int] = (0, 0, 0, 0), gap: int = GAP) -> QHBoxLayout:
    """Parts side by side; a number is a gap in px, None takes the room that is left."""
    made = QHBoxLayout()
    _fill(made, parts, margins, gap)
    return made


def column(
    *parts: QWidget | QLayout | int | None, margins: tuple[int, int, int, int] = (0, 0, 0, 0), gap: int = GAP
) -> QVBoxLayout:
    """Parts below each other; a number is a gap in px, None takes the room that is left."""
    made = QVBoxLayout()
    _fill(made, parts, margins, gap)
    return made


def frame(role: str, layout: QLayout | None = None) -> QFrame:
    """A framed area with a look from the style sheet."""
    made = QFrame()
    made.setProperty("role", role)
    if layout is not None:
        made.setLayout(layout)
    return made


def holding(layout: QLayout) -> QWidget:
    """A bare widget around ``layout``."""
    made = QWidget()
    made.setLayout(layout)
    return made


def line() -> QFrame:
    """A hairline."""
    return frame("line")


def restyle(widget: QWidget, **properties: object) -> None:
    """Set style sheet properties and have them take effect."""
    for name, value in properties.items():
        widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def _fill(
    layout: QBoxLayout, parts: tuple[QWidget | QLayout | int | None, ...], margins: tuple[int, int, int, int], gap: int
) -> None:
    layout.setContentsMargins(*margins)
    layout.setSpacing(gap)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, int):
            layout.addSpacing(part)
        elif isinstance(part, QWidget):
            layout.addWidget(part)
        else:
            layout.addLayout(part)
