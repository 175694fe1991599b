"""The button over a timeline that leads to its end."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QPushButton

_EDGE_PX = 8
_NAME = "Go to the end"


class EndButton(QPushButton):
    """A child of what it floats over, small in the lower right corner, so that it covers no more than the end of a line."""

    def __init__(self, owner: QAbstractScrollArea) -> None:
        super().__init__(owner)
        self._owner = owner
        self.setProperty("floating", True)
        self.setAutoDefault(False)
        self.setAccessibleName(_NAME)
        self.setToolTip(_NAME)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def place(self, *, is_wanted: bool, words: str) -> None:
        """Stand in its corner and say ``words`` before the arrow, or go."""
        self.setText(f"{words} \u2193".strip())
        self.setVisible(is_wanted)
        size, room = self.sizeHint(), self._owner.viewport().geometry()
        corner = room.bottomRight() - QRect(0, 0, size.width() + _EDGE_PX, size.height() + _EDGE_PX).bottomRight()
        self.setGeometry(QRect(corner, size))
