"""The watchlist dock: one of the user's lists with live figures; sorted, reordered and changed by mouse or keyboard."""

from functools import partial
from typing import Any, Final

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolButton,
    QWidget,
)

from backend.domain.instruments import InstrumentId
from backend.events import FiguresChanged, Subscription, WatchlistsChanged
from backend.watchlists.watchlist import Watchlist
from trii_desktop.desk import Desk
from trii_desktop.watchlist.model import CHANGE, LAST, PERCENT, SORT_ROLE, SYMBOL, VOLUME, WatchlistModel
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column, frame, row

ROW_PX: Final = 30
FIRST_LIST: Final = "Watchlist"


class _Table(QTableView):
    """The table's keys: Enter opens, Delete removes, Alt with arrows moves a row."""

    opened = Signal()
    removed = Signal()
    stepped = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, held = event.key(), event.modifiers()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        elif key == Qt.Key.Key_Delete:
            self.removed.emit()
        elif held & Qt.KeyboardModifier.AltModifier and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(-1 if key == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)


class _SymbolDelegate(QStyledItemDelegate):
    """Paints a code with its venue small beside it, as far as there is room."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = desk.look

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        instrument: InstrumentId = index.data(Qt.ItemDataRole.UserRole)
        option = QStyleOptionViewItem(option)
        super().paint(painter, option, index)
        strong, small = QFont(option.font), QFont(option.font)
        strong.setWeight(QFont.Weight.DemiBold)
        small.setPixelSize(11)
        area: QRect = option.rect.adjusted(10, 0, -4, 0)
        taken = QFontMetrics(strong).horizontalAdvance(instrument.code) + 6
        palette = self._look.palette
        for font, color, text, left in (
            (strong, palette.text, instrument.code, 0),
            (small, palette.muted, instrument.venue, taken),
        ):
            room = area.adjusted(left, 0, 0, 0)
            if room.width() > 16:
                painter.setFont(font)
                painter.setPen(QColor(color))
                elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
                painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), elided)

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        option.text = ""


class _FigureDelegate(QStyledItemDelegate):
    """Keeps a figure's colour in the selected row."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        color = index.data(Qt.ItemDataRole.ForegroundRole)
        if color is not None:
            option.palette.setColor(QPalette.ColorRole.HighlightedText, color)


class WatchlistPanel(QWidget):
    """One list at a time. ``chosen`` carries the InstrumentId to show; ``wants_instrument`` asks for the search."""

    chosen = Signal(object)
    wants_instrument = Signal()
    wants_new_list = Signal()
    wants_rename = Signal()
    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.lists: tuple[Watchlist, ...] = ()
        self.current: Watchlist | None = None
        self.model = WatchlistModel(desk.look, self)
        self.model.moved.connect(self._move)
        self.proxy = QSortFilterProxyModel(self)
        self.proxy.setSourceModel(self.model)
        self.proxy.setSortRole(SORT_ROLE)
        self.table = self._make_table()
        self._lists_button = QToolButton()
        self._lists_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._lists_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._lists_button.setAccessibleName("Choose a watchlist")
        self._lists_button.setStyleSheet("font-weight: 600;")
        self._menu = QMenu(self._lists_button)
        self._menu.aboutToShow.connect(self._fill_menu)
        self._lists_button.setMenu(self._menu)
        self._add = QToolButton()
        self._add.setToolTip("Add an instrument (Ctrl+D)")
        self._add.setAccessibleName("Add an instrument")
        self._add.clicked.connect(self.wants_instrument)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.table)
        self._stack.addWidget(
            EmptyState(
                "Nothing on this list",
                "Add instruments to follow their price here.",
                desk.look,
                "list",
                (("Add instrument", self.wants_instrument.emit),),
            )
        )
        head = frame("panelHead", row(self._lists_button, None, self._add, margins=(2, 4, 6, 4)))
        self.setLayout(column(head, self._stack, gap=0))
        self.setProperty("role", "panel")
        self._listener = desk.frames.listen(self._look_at_board, is_visible=self.isVisible)
        self._subscriptions: list[Subscription[Any]] = [
            desk.bridge.subscribe(WatchlistsChanged, self._lists_changed),
            desk.bridge.subscribe(FiguresChanged, self._figures_changed),
        ]
        desk.look.changed.connect(self._paint_icons)
        self._paint_icons()

    async def load(self, chosen_id: str = "") -> None:
        """Read the lists, make a first one where there is none, and show ``chosen_id`` or the one shown before."""
        watchlists = self._desk.backend.watchlists
        lists = await self._desk.bridge.call(watchlists.all())
        if not lists:
            lists = (await self._desk.bridge.call(self._desk.engine.make_first_list(FIRST_LIST)),)
        wanted = chosen_id or (self.current.id if self.current else "")
        self.lists = lists
        await self._show(next((w for w in lists if w.id == wanted), lists[0]))

    async def add(self, instrument: InstrumentId) -> None:
        """Put ``instrument`` at the end of the shown list and select it."""
        if self.current is None:
            return
        await self._desk.bridge.call(self._desk.backend.watchlists.add(self.current.id, instrument))
        await self.load()
        self.select(instrument)

    def selected(self) -> InstrumentId | None:
        """The instrument of the row with the cursor."""
        index = self.table.currentIndex()
        return self.model.instrument_at(self.proxy.mapToSource(index).row()) if index.isValid() else None

    def select(self, instrument: InstrumentId) -> None:
        """Put the cursor on the row of ``instrument``, if it is there."""
        if instrument in self.model.order:
            index = self.proxy.mapFromSource(self.model.index(self.model.order.index(instrument), 0))
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.table.selectionModel().setCurrentIndex(index, flags)

    def step(self, by: int, start: InstrumentId | None) -> None:
        """Choose the instrument ``by`` rows below the one shown, round the end."""
        n = self.proxy.rowCount()
        if not n:
            return
        if start is not None:
            self.select(start)
        place = (self.table.currentIndex().row() + by) % n if self.table.currentIndex().isValid() else 0
        self.table.setCurrentIndex(self.proxy.index(place, 0))
        self._open()

    def remove_selected(self) -> None:
        """Take the row with the cursor off the list; it can be undone."""
        instrument = self.selected()
        if instrument is not None and self.current is not None:
            self._desk.start(f"Removing {instrument}", self._remove(self.current, instrument))

    def delete_list(self) -> None:
        """Delete the shown list; it can be undone."""
        if self.current is not None:
            self._desk.start(f"Deleting {self.current.name}", self._delete(self.current))

    async def create_list(self, name: str) -> None:
        """Make an empty list and show it."""
        made = await self._desk.bridge.call(self._desk.backend.watchlists.create(name))
        await self.load(made.id)

    async def rename_list(self, name: str) -> None:
        """Give the shown list another name."""
        if self.current is not None:
            await self._desk.bridge.call(self._desk.backend.watchlists.rename(self.current.id, name))
            await self.load()

    def close_panel(self) -> None:
        """Hear and look no more."""
        self._listener.close()
        for subscription in self._subscriptions:
            subscription.close()

    def _make_table(self) -> QTableView:
        table = _Table()
        table.setModel(self.proxy)
        table.setAccessibleName("Watchlist")
        table.setItemDelegate(_FigureDelegate(table))
        table.setItemDelegateForColumn(SYMBOL, _SymbolDelegate(self._desk, table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(SYMBOL, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        for section, width in ((LAST, 82), (CHANGE, 70), (PERCENT, 72), (VOLUME, 64)):
            header.resizeSection(section, width)
        header.setSortIndicatorShown(False)
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(40)
        header.sectionClicked.connect(self._sort_next)
        table.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        table.setDragDropOverwriteMode(False)
        table.setDropIndicatorShown(True)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_context_menu)
        table.clicked.connect(self._open)
        table.opened.connect(self._open)
        table.removed.connect(self.remove_selected)
        table.stepped.connect(self._step_row)
        return table

    # --- what the user does --------------------------------------------------------------------------------------------

    def _open(self) -> None:
        instrument = self.selected()
        if instrument is not None:
            self.chosen.emit(instrument)

    def _sort_next(self, section: int) -> None:
        """A header click goes through ascending, descending and the list's own order."""
        header = self.table.horizontalHeader()
        before = (self.proxy.sortColumn(), self.proxy.sortOrder())
        up, down = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
        first, second = (up, down) if section == SYMBOL else (down, up)
        target: tuple[int, Qt.SortOrder] = (section, first)
        if before == (section, first):
            target = (section, second)
        elif before == (section, second):
            target = (-1, up)
        self.proxy.sort(*target)
        header.setSortIndicatorShown(target[0] >= 0)
        if target[0] >= 0:
            header.setSortIndicator(*target)
        self.model.may_move = target[0] < 0

    def _open_context_menu(self, position: QPoint) -> None:
        instrument = self.selected()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if instrument is not None:
            menu.addAction(f"Show {instrument.code}", self._open)
            menu.addAction("Remove from the list", self.remove_selected)
            menu.addSeparator()
        menu.addAction("Add instrument…", self.wants_instrument.emit)
        menu.popup(self.table.viewport().mapToGlobal(position))

    def _step_row(self, by: int) -> None:
        instrument = self.selected()
        if instrument is not None and self.model.may_move:
            self._move(instrument, max(0, self.model.order.index(instrument) + by))

    def _move(self, instrument: InstrumentId, to: int) -> None:
        if self.current is not None:
            self._desk.start(f"Moving {instrument}", self._move_now(self.current.id, instrument, to))

    # --- what is done about it -----------------------------------------------------------------------------------------

    async def _move_now(self, list_id: str, instrument: InstrumentId, to: int) -> None:
        await self._desk.bridge.call(self._desk.backend.watchlists.move(list_id, instrument, to))
        await self.load()
        self.select(instrument)

    async def _remove(self, watchlist: Watchlist, instrument: InstrumentId) -> None:
        store, call = self._desk.backend.watchlists, self._desk.bridge.call
        position = await call(store.remove(watchlist.id, instrument))
        await self.load()
        if self.proxy.rowCount():
            self.table.selectRow(min(position, self.proxy.rowCount() - 1))

        async def take_back() -> None:
            await call(store.add(watchlist.id, instrument, position=position))
            await self.load(watchlist.id)
            self.select(instrument)

        self._desk.did(f"{instrument} was removed from {watchlist.name}.", take_back)

    async def _delete(self, watchlist: Watchlist) -> None:
        store, call = self._desk.backend.watchlists, self._desk.bridge.call
        gone = await call(store.delete(watchlist.id))
        self.current = None
        await self.load()

        async def take_back() -> None:
            restored = await call(store.restore(gone))
            await self.load(restored.id)

        self._desk.did(f"The list {gone.name} was deleted.", take_back)

    async def _show(self, watchlist: Watchlist) -> None:
        self.current = watchlist
        self._lists_button.setText(watchlist.name if len(watchlist.name) <= 28 else f"{watchlist.name[:27]}…")
        self.model.show_order(watchlist.instruments)
        self._stack.setCurrentIndex(0 if watchlist.instruments else 1)
        self.changed.emit()
        await self._desk.bridge.call(self._desk.engine.watch(watchlist.instruments))
        self._desk.frames.request()

    def _lists_changed(self, _event: WatchlistsChanged) -> None:
        self._desk.start("Reading the watchlists", self.load())

    def _figures_changed(self, _event: FiguresChanged) -> None:
        self._desk.frames.request()

    def _look_at_board(self) -> None:
        self.model.show_board(self._desk.backend.board.snapshot())

    def _fill_menu(self) -> None:
        self._menu.clear()
        for watchlist in self.lists:
            action = self._menu.addAction(watchlist.name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(self.current is not None and watchlist.id == self.current.id)
            action.triggered.connect(partial(self._choose_list, watchlist))
        self._menu.addSeparator()
        self._menu.addAction("New list…", self.wants_new_list.emit)
        self._menu.addAction("Rename list…", self.wants_rename.emit)
        self._menu.addAction("Delete list", self.delete_list)

    def _choose_list(self, watchlist: Watchlist) -> None:
        self._desk.start("Showing the list", self._show(watchlist))

    def _paint_icons(self) -> None:
        self._lists_button.setIcon(self._desk.look.icon("list"))
        self._add.setIcon(self._desk.look.icon("plus"))
