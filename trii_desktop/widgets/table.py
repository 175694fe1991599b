"""Tables of rows that are read and chosen, not edited."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QPalette
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QTableWidget, QTableWidgetItem

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class InkDelegate(QStyledItemDelegate):
    """Keeps a cell's colour in the chosen row."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """As usual, with the cell's own colour."""
        super().initStyleOption(option, index)
        brush = index.data(Qt.ItemDataRole.ForegroundRole)
        if isinstance(brush, QBrush):
            option.palette.setBrush(QPalette.ColorRole.HighlightedText, brush)


class RowTable(QTableWidget):
    """One row is chosen at a time; Tab moves the keyboard on. ``numbers``: columns that stand to the right; ``tips`` of headers."""

    def __init__(
        self, name: str, headers: Sequence[str], *, tips: Sequence[str] = (), numbers: Sequence[int] = (), is_framed: bool = True
    ) -> None:
        super().__init__(0, len(headers))
        self._numbers = frozenset(numbers)
        self.setAccessibleName(name)
        self.setProperty("framed", is_framed)
        for place, words in enumerate(headers):
            item = QTableWidgetItem(words)
            item.setTextAlignment(self.alignment(place))
            item.setToolTip(tips[place] if tips else "")
            self.setHorizontalHeaderItem(place, item)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setItemDelegate(InkDelegate(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)

    def alignment(self, place: int) -> Qt.AlignmentFlag:
        """How a column stands."""
        return RIGHT if place in self._numbers else LEFT
