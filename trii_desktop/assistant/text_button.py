"""A button that stands among text as a line of it: quiet, flush with the lines around it, wrapped where the width ends."""

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPaintEvent, QPalette
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter

_ALIGNED: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap)
_NARROW_PX: Final = 40
_TALL_PX: Final = 10_000


class TextButton(QPushButton):
    """Tab stops at it only while its turn is the chosen one."""

    def __init__(self, words: str = "") -> None:
        super().__init__(words)
        self.setAutoDefault(False)
        self.setAccessibleName(words)
        self.setProperty("role", "textButton")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        """Yes."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Logical pixels that all of its words need."""
        inside = self._inside(QRect(0, 0, width, _TALL_PX))
        return self.fontMetrics().boundingRect(inside, _ALIGNED, self.text()).height() + _TALL_PX - inside.height()

    def minimumSizeHint(self) -> QSize:
        """Nothing is too narrow."""
        return QSize(_NARROW_PX, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """As the style draws a button, but with words on more than one line."""
        painter, option = QStylePainter(self), QStyleOptionButton()
        self.initStyleOption(option)
        painter.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option)
        ink = QPalette.ColorRole.ButtonText
        painter.drawItemText(self._inside(self.rect()), _ALIGNED, self.palette(), self.isEnabled(), self.text(), ink)

    def _inside(self, area: QRect) -> QRect:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.rect = area
        return self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self)
