"""The button over a timeline that leads to its end, and says how much came there meanwhile."""

from collections.abc import Iterable

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QPushButton, QWidget

from trii_desktop.chat.items import Item
from trii_desktop.widgets.numbers import format_count

_BELOW_PX = 8


class NewestButton(QPushButton):
    """A child of what it floats over."""

    def __init__(self, owner: QWidget) -> None:
        super().__init__(owner)
        self._owner = owner
        self._n_newer = 0
        self.setAutoDefault(False)
        self.setAccessibleName("Go to the newest message")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def count(self, newer: Iterable[Item]) -> None:
        """These came; one's own need not be told."""
        self._n_newer += sum(not item.row.is_mine for item in newer)

    def forget(self) -> None:
        """The end was seen."""
        self._n_newer = 0

    def place(self, *, is_wanted: bool, is_counted: bool) -> None:
        """Stand in the middle of the lower edge, or go. ``is_counted`` : everything that came was counted."""
        self.setText(f"{format_count(self._n_newer)} new \u2193" if self._n_newer and is_counted else "Newest \u2193")
        self.setVisible(is_wanted)
        size, room = self.sizeHint(), self._owner.size()
        self.setGeometry(QRect(QPoint((room.width() - size.width()) // 2, room.height() - size.height() - _BELOW_PX), size))
