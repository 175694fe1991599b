"""The two tables of the alerts dock: keys, sorting and what is chosen."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView

from trii_desktop.alerts.model import ROW_ROLE, AlertFilter

ROW_PX: Final = 28
_WIDTHS_MIN: Final = 60
_PICK: Final = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows


class RowTable(QTableView):
    """Enter shows, F2 edits, Delete removes, Space switches; a double click edits. What each asks for is of the chosen rows.

    widths : logical pixels of each column; 0 takes the room that is left
    """

    shown = Signal()
    edited = Signal()
    removed = Signal()
    switched = Signal()

    def __init__(self, proxy: AlertFilter, name: str, widths: Sequence[int]) -> None:
        super().__init__()
        self.proxy = proxy
        self.menu_of: Callable[[QMenu], None] | None = None
        self.setModel(proxy)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(_WIDTHS_MIN)
        for column, width in enumerate(widths):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive if width else QHeaderView.ResizeMode.Stretch)
            if width:
                header.resizeSection(column, width)
        self.setSortingEnabled(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.doubleClicked.connect(self._double_clicked)

    @property
    def chosen(self) -> tuple[Any, ...]:
        """The selected rows, from top to bottom."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return tuple(self.proxy.index(row, 0).data(ROW_ROLE) for row in rows)

    @property
    def current(self) -> Any:
        """The row with the cursor; None without one."""
        index = self.currentIndex()
        return index.data(ROW_ROLE) if index.isValid() else None

    def pick(self, is_it: Callable[[Any], bool]) -> bool:
        """Put the cursor on the first row of which ``is_it`` holds; whether there is one."""
        for row in range(self.proxy.rowCount()):
            index = self.proxy.index(row, 0)
            if is_it(index.data(ROW_ROLE)):
                self.selectionModel().setCurrentIndex(index, _PICK)
                self.scrollTo(index)
                return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys named above; every other is Qt's."""
        key = event.key()
        asked = {
            Qt.Key.Key_Return: self.shown,
            Qt.Key.Key_Enter: self.shown,
            Qt.Key.Key_F2: self.edited,
            Qt.Key.Key_Delete: self.removed,
            Qt.Key.Key_Space: self.switched,
        }.get(Qt.Key(key))
        if asked is not None:
            asked.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with the chosen rows."""
        if self.menu_of is not None and self.chosen:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.menu_of(menu)
            menu.popup(event.globalPos())

    def _double_clicked(self, index: QModelIndex) -> None:
        if index.isValid():
            self.edited.emit()
