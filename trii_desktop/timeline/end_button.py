"""The button over a timeline that leads to its end."""

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QPushButton

_EDGE_PX = 8
_NAME = "Go to the end"


class EndButton(QPushButton):
    """A child of what it floats over, small in the lower right corner, so that it covers no more than the end of a line.

    news : what it says of what came there, before its arrow
    """

    def __init__(self, owner: QAbstractScrollArea, go: Callable[[], None]) -> None:
        super().__init__(owner)
        self._owner = owner
        self.news = ""
        self.clicked.connect(go)
        self.setProperty("floating", True)
        self.setAutoDefault(False)
        self.setAccessibleName(_NAME)
        self.setToolTip(_NAME)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def place(self, *, is_wanted: bool) -> None:
        """Stand in its corner, or go."""
        self.setText(f"{self.news} \u2193".strip())
        self.setVisible(is_wanted)
        size, room = self.sizeHint(), self._owner.viewport().geometry()
        corner = room.bottomRight() - QRect(0, 0, size.width() + _EDGE_PX, size.height() + _EDGE_PX).bottomRight()
        self.setGeometry(QRect(corner, size))
