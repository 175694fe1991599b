"""Parts side by side that go on in the next line where the width ends."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

GAP_PX: Final = 4


class FlowRow(QWidget):
    """Its height follows its width; what is hidden takes no room."""

    def __init__(self, parts: Sequence[QWidget] = (), gap_px: int = GAP_PX) -> None:
        super().__init__()
        self._gap_px = gap_px
        self._parts: list[QWidget] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        for part in parts:
            self.add(part)

    def add(self, part: QWidget) -> None:
        """Add a part at the end."""
        part.setParent(self)
        self._parts.append(part)
        self.updateGeometry()

    def remove(self, part: QWidget) -> None:
        """Take a part out and let it go."""
        self._parts.remove(part)
        part.hide()
        part.deleteLater()
        self._place(self.width())
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        """Yes."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Logical pixels that all lines need."""
        return self._lay_out(width, moves=False)

    def sizeHint(self) -> QSize:
        """All in one line."""
        wide = sum(part.sizeHint().width() + self._gap_px for part in self._seen())
        return QSize(wide, self.heightForWidth(self.width() or wide))

    def minimumSizeHint(self) -> QSize:
        """Nothing is too narrow."""
        return QSize(40, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out again."""
        super().resizeEvent(event)
        self._place(self.width())

    def refresh(self) -> None:
        """What is shown of the parts, or their words, have changed."""
        self._place(self.width())
        self.updateGeometry()

    def _place(self, width: int) -> None:
        self._lay_out(width, moves=True)

    def _seen(self) -> list[QWidget]:
        return [part for part in self._parts if not part.isHidden()]

    def _lay_out(self, width: int, *, moves: bool) -> int:
        x = y = tall = 0
        for part in self._seen():
            size = part.sizeHint().boundedTo(part.maximumSize())
            wide = min(size.width(), width)
            if x and x + wide > width:
                x, y = 0, y + tall + GAP_PX
                tall = 0
            if moves:
                part.setGeometry(QRect(x, y, wide, size.height()))
            x += wide + self._gap_px
            tall = max(tall, size.height())
        return y + tall
