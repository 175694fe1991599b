"""Every drawing of a chart as a list: to find, select, hide, lock and remove them."""

import msgspec
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHeaderView, QTableWidgetItem, QWidget

from backend.charts.drawings import Drawing
from trii_desktop.drawings.controller import DrawingController
from trii_desktop.drawings.kinds import TITLES
from trii_desktop.look import Look
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, row
from trii_desktop.widgets.numbers import format_price, format_time
from trii_desktop.widgets.table import RowTable

_HEADERS = ("Drawing", "Text", "Price", "From", "Shown", "Locked")
_SHOWN, _LOCKED = 4, 5
_ROWS = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows


class DrawingList(QDialog):
    """Follows one chart; rows are the drawings, the newest first."""

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent)
        self._controller: DrawingController | None = None
        self._rows: tuple[Drawing, ...] = ()
        self._is_filling = False
        self.setWindowTitle("Drawings")
        self.setAccessibleName("Drawings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(640, 420)
        self.table = RowTable("Drawings", _HEADERS, is_framed=False)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.itemSelectionChanged.connect(self._select)
        self.table.itemChanged.connect(self._flag)
        self._empty = EmptyState(
            "No drawings", "Choose a tool at the left of the chart, or press Alt+T for a trend line.", look, "draw-line"
        )
        remove, close = button("Remove"), button("Close", primary=True)
        remove.clicked.connect(self._remove)
        close.clicked.connect(self.accept)
        self.setLayout(column(self.table, self._empty, row(None, remove, close, margins=(12, 8, 12, 12)), gap=0))

    def follow(self, controller: DrawingController) -> None:
        """Show the drawings of this chart from now on."""
        if self._controller is not None:
            self._controller.selection_changed.disconnect(self._refresh)
        self._controller = controller
        controller.selection_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        controller = self._controller
        if controller is None:
            return
        rows = tuple(reversed(controller.book.drawings))
        self.table.setVisible(bool(rows))
        self._empty.setVisible(not rows)
        self._is_filling = True
        if rows != self._rows:
            self._rows = rows
            self.table.setRowCount(len(rows))
            for place, drawing in enumerate(rows):
                self._fill(place, drawing, controller.layer.decimals)
        self.table.clearSelection()
        for place, drawing in enumerate(rows):
            if drawing.id in controller.layer.selected:
                self.table.selectionModel().select(self.table.model().index(place, 0), _ROWS)
        self._is_filling = False

    def _fill(self, place: int, drawing: Drawing, decimals: int) -> None:
        anchor = drawing.anchors[0]
        texts = (
            TITLES[drawing.kind],
            drawing.text.replace("\n", " "),
            format_price(anchor.price, decimals),
            format_time(anchor.event_ns, is_dated=anchor.is_date),
        )
        for number, text in enumerate(texts):
            self.table.setItem(place, number, QTableWidgetItem(text))
        for number, is_on in ((_SHOWN, drawing.is_shown), (_LOCKED, drawing.is_locked)):
            item = QTableWidgetItem()
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)
            self.table.setItem(place, number, item)

    def _select(self) -> None:
        if self._controller is not None and not self._is_filling:
            places = {index.row() for index in self.table.selectionModel().selectedRows()}
            self._controller.select(frozenset(self._rows[place].id for place in places))

    def _flag(self, item: QTableWidgetItem) -> None:
        if self._controller is None or self._is_filling or item.column() not in (_SHOWN, _LOCKED):
            return
        name = "is_shown" if item.column() == _SHOWN else "is_locked"
        drawing = self._rows[item.row()]
        is_on = item.checkState() is Qt.CheckState.Checked
        self._controller.book.change("Change drawings", put=(msgspec.structs.replace(drawing, **{name: is_on}),))

    def _remove(self) -> None:
        if self._controller is not None:
            self._controller.edits.remove()
