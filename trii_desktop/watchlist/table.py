"""The table of a watchlist: columns, keys, folding, sorting by header clicks."""

from functools import partial
from typing import Final

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView

from backend.domain.instruments import InstrumentId
from backend.watchlists.watchlist import Entry, Section
from trii_desktop.look import Look
from trii_desktop.watchlist.cells import FigureDelegate, SymbolDelegate, TrendDelegate
from trii_desktop.watchlist.model import ASK, BID, CHANGE, ENTRY_ROLE, HEADERS, SYMBOL, TREND, VOLUME, WatchlistModel
from trii_desktop.watchlist.sorting import SectionSorter
from trii_desktop.widgets.headers import read_sort, sort_words

ROW_PX: Final = 30
SYMBOL_PX_MIN: Final = 80
_TREND_PX: Final = 68
_PAD_PX: Final = 26
_LEAST_FIRST: Final = (ASK, BID, VOLUME, CHANGE, TREND)  # what is left out first where there is no room for all
_ROWS_MEASURED: Final = 400


class WatchlistTable(QTableView):
    """Keys: Enter opens or folds, Delete removes, F2 renames a section, Alt with arrows moves a row."""

    opened = Signal(object)  # InstrumentId
    folded = Signal(object)  # Section
    removed = Signal()
    renamed = Signal()
    stepped = Signal(int)
    columns_changed = Signal()

    def __init__(self, model: WatchlistModel, look: Look) -> None:
        super().__init__()
        self.watchlist_model = model
        self._hidden: tuple[str, ...] = ()
        self.proxy = SectionSorter(model)
        self.setModel(self.proxy)
        self.setAccessibleName("Watchlist")
        self.setItemDelegate(FigureDelegate(self))
        self.setItemDelegateForColumn(SYMBOL, SymbolDelegate(look, self))
        self.setItemDelegateForColumn(TREND, TrendDelegate(look, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDragDropOverwriteMode(False)
        self.setDropIndicatorShown(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._dress_header()
        self.clicked.connect(self._activate)
        for signal in (self.proxy.modelReset, self.proxy.layoutChanged, self.proxy.rowsInserted, self.proxy.rowsRemoved):
            signal.connect(self._span_headings)

    # --- what is chosen -----------------------------------------------------------------------------------------------

    @property
    def current(self) -> Entry | None:
        """The instrument or section of the row with the cursor."""
        index = self.currentIndex()
        return index.data(ENTRY_ROLE) if index.isValid() else None

    def select(self, instrument: InstrumentId) -> None:
        """Put the cursor on the row of ``instrument``, if it is shown."""
        place = self.watchlist_model.place_of(instrument)
        if place is not None:
            index = self.proxy.mapFromSource(self.watchlist_model.index(place, 0))
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.selectionModel().setCurrentIndex(index, flags)

    def step(self, by: int, start: InstrumentId | None) -> InstrumentId | None:
        """Go ``by`` instruments on from ``start``, round the end; the instrument reached."""
        shown = [row for row in range(self.proxy.rowCount()) if not self.proxy.is_section(row)]
        if not shown:
            return None
        if start is not None:
            self.select(start)
        row = self.currentIndex().row()
        place = (shown.index(row) + by) % len(shown) if row in shown else 0
        self.setCurrentIndex(self.proxy.index(shown[place], 0))
        entry = self.current
        return entry if isinstance(entry, InstrumentId) else None

    # --- columns ------------------------------------------------------------------------------------------------------

    @property
    def hidden_columns(self) -> tuple[str, ...]:
        """The names of the columns that a person does not want."""
        return self._hidden

    def hide_columns(self, names: tuple[str, ...]) -> None:
        """Show every column but these, as far as there is room; the symbol is always there."""
        self._hidden = tuple(name for name in HEADERS if name in names and name != HEADERS[SYMBOL])
        self.fit_columns(self.viewport().width())

    def fit_columns(self, width_px: int) -> None:
        """Make columns as wide as what they say, and leave out the least important ones where the symbol would have no room."""
        widths = {column: self._needed_px(column) for column in range(1, len(HEADERS)) if HEADERS[column] not in self._hidden}
        for column in _LEAST_FIRST:
            if sum(widths.values()) > width_px - SYMBOL_PX_MIN:
                widths.pop(column, None)
        for column in range(1, len(HEADERS)):
            self.setColumnHidden(column, column not in widths)
            if column in widths:
                self.horizontalHeader().resizeSection(column, widths[column])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns to the new width."""
        self.fit_columns(event.size().width())
        super().resizeEvent(event)

    def _needed_px(self, column: int) -> int:
        if column == TREND:
            return _TREND_PX
        model, metrics = self.watchlist_model, self.fontMetrics()
        texts = (model.index(row, column).data() or "" for row in range(min(model.rowCount(), _ROWS_MEASURED)))
        shown = [text for row, text in enumerate(texts) if not isinstance(model.entry_at(row), Section)]
        return max(map(metrics.horizontalAdvance, (HEADERS[column], *shown))) + _PAD_PX

    def sort_next(self, column: int) -> None:
        """Go through one direction, the other, and the list's own order, as a header click does."""
        before = (self.proxy.sortColumn(), self.proxy.sortOrder())
        up, down = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
        first, second = (up, down) if column == SYMBOL else (down, up)
        target: tuple[int, Qt.SortOrder] = (column, first)
        if before == (column, first):
            target = (column, second)
        elif before == (column, second):
            target = (-1, up)
        self._sort(*target)

    @property
    def sort_words(self) -> str:
        """How rows are sorted, as ``sort_as`` takes it; nothing for the list's own order."""
        return sort_words(self.proxy.sortColumn(), self.proxy.sortOrder())

    def sort_as(self, words: str) -> None:
        """Sort as ``sort_words`` said."""
        self._sort(*read_sort(words, len(HEADERS)))

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        header, target = self.horizontalHeader(), (column, order)
        self.proxy.sort(*target)
        header.setSortIndicatorShown(target[0] >= 0)
        if target[0] >= 0:
            header.setSortIndicator(*target)
        self.watchlist_model.may_move = target[0] < 0
        self._span_headings()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys named above; every other is Qt's."""
        key, held = event.key(), event.modifiers()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._activate(self.currentIndex())
        elif key == Qt.Key.Key_Delete:
            self.removed.emit()
        elif key == Qt.Key.Key_F2:
            self.renamed.emit()
        elif held & Qt.KeyboardModifier.AltModifier and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(-1 if key == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)

    def _activate(self, index: QModelIndex) -> None:
        entry = index.data(ENTRY_ROLE) if index.isValid() else None
        if isinstance(entry, Section):
            self.folded.emit(entry)
        elif entry is not None:
            self.opened.emit(entry)

    def _dress_header(self) -> None:
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(SYMBOL, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setSortIndicatorShown(False)
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(40)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header.sectionClicked.connect(self.sort_next)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._choose_columns)

    def column_menu(self) -> QMenu:
        """A menu that ticks the columns shown."""
        menu = QMenu("Columns", self)
        for column, name in enumerate(HEADERS):
            if column == SYMBOL:
                continue
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(name not in self._hidden)
            action.triggered.connect(partial(self._toggle_column, name))
        return menu

    def _choose_columns(self, position: QPoint) -> None:
        menu = self.column_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.horizontalHeader().mapToGlobal(position))

    def _toggle_column(self, name: str) -> None:
        others = tuple(n for n in self._hidden if n != name)
        self.hide_columns(others if name in self._hidden else (*others, name))
        self.columns_changed.emit()

    def _span_headings(self) -> None:
        self.clearSpans()
        for row in range(self.proxy.rowCount()):
            if self.proxy.is_section(row):
                self.setSpan(row, 0, 1, len(HEADERS))
