"""The table of bars below the chart: every stored bar, corrected or deleted by hand with undo, and the log of such edits."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStackedWidget, QTableView, QTabWidget, QWidget

from backend.domain.bars import Bar, Series
from backend.errors import InvalidInput
from backend.events import BarsChanged
from backend.market.bar_snapshot import BarSnapshot
from backend.storage.revisions import BarEdit
from trii_desktop.charts.wording import zone_of
from trii_desktop.desk import Desk
from trii_desktop.engine_side import Shown
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, frame, holding, label, row
from trii_desktop.widgets.numbers import format_clock, format_compact, format_count, format_price, format_time

HEADERS: Final = ("Time", "Open", "High", "Low", "Close", "Volume")
FIELDS: Final = ("event_ns", "open", "high", "low", "close", "volume")
EDIT_HEADERS: Final = ("When", "Bar", "Was", "Is", "")
Index = QModelIndex | QPersistentModelIndex


class BarTableModel(QAbstractTableModel):
    """Bars of a snapshot, newest first; ``edited`` carries (event_ns, Bar) once a cell was changed to another value."""

    edited = Signal(object, object)
    refused = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._snapshot: BarSnapshot | None = None
        self._shown: Shown | None = None
        self.may_edit = False

    def show_bars(self, snapshot: BarSnapshot, shown: Shown, *, may_edit: bool) -> None:
        """Show these bars."""
        self.beginResetModel()
        self._snapshot, self._shown, self.may_edit = snapshot, shown, may_edit
        self.endResetModel()

    def bar_at(self, place: int) -> Bar:
        """The bar in row ``place``."""
        assert self._snapshot is not None
        return self._snapshot.bar(len(self._snapshot) - 1 - place)

    def row_of(self, event_ns: int) -> int:
        """The row of the bar at ``event_ns``; -1 where there is none."""
        if self._snapshot is None:
            return -1
        found = self._snapshot.row_at(event_ns)
        is_there = found >= 0 and self._snapshot.event_ns_at(found) == event_ns
        return len(self._snapshot) - 1 - found if is_there else -1

    def rowCount(self, parent: Index | None = None) -> int:
        """How many bars there are."""
        return 0 if self._snapshot is None or (parent is not None and parent.isValid()) else len(self._snapshot)

    def columnCount(self, parent: Index | None = None) -> int:
        """Time, four prices, volume."""
        return 0 if parent is not None and parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column names."""
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return HEADERS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell; the bare number where it is edited."""
        assert self._shown is not None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return None
        bar = self.bar_at(index.row())
        if index.column() == 0:
            zone = zone_of(self._shown.instrument, self._shown.spec)
            return format_time(bar.event_ns, is_dated=self._shown.spec.is_dated, zone=zone)
        value = getattr(bar, FIELDS[index.column()])
        if role == Qt.ItemDataRole.EditRole:
            return repr(value) if value == value else ""  # noqa: PLR0124 - NaN is the only value unequal to itself
        if index.column() == len(HEADERS) - 1:
            return format_count(int(value)) if value == value and value == int(value) else format_compact(value)  # noqa: PLR0124 - same
        return format_price(value)

    def setData(self, index: Index, value: Any, _role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tell the corrected bar; the store shows it once it is saved."""
        bar = self.bar_at(index.row())
        text = str(value).strip().replace(",", "").replace("\u2212", "-")
        is_volume = index.column() == len(HEADERS) - 1
        try:
            number = float("nan") if is_volume and not text else float(text)
            values = {name: getattr(bar, name) for name in FIELDS} | {FIELDS[index.column()]: number}
            fresh = Bar(**values)
        except ValueError:
            self.refused.emit(f"{text!r} is not a number.")
            return False
        except InvalidInput as error:
            self.refused.emit(str(error))
            return False
        if fresh != bar:
            self.edited.emit(bar.event_ns, fresh)
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Prices and volumes are edited where the bars are the stored ones."""
        base = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        return base | Qt.ItemFlag.ItemIsEditable if self.may_edit and index.column() > 0 else base


class EditLogModel(QAbstractTableModel):
    """The log of edits by hand, newest first."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.edits: tuple[BarEdit, ...] = ()
        self._shown: Shown | None = None

    def show_edits(self, edits: tuple[BarEdit, ...], shown: Shown) -> None:
        """Show these edits."""
        self.beginResetModel()
        self.edits, self._shown = edits, shown
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """How many edits there are."""
        return 0 if parent is not None and parent.isValid() else len(self.edits)

    def columnCount(self, parent: Index | None = None) -> int:
        """When, which bar, before, after, state."""
        return 0 if parent is not None and parent.isValid() else len(EDIT_HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column names."""
        is_name = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return EDIT_HEADERS[section] if is_name else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole) or self._shown is None:
            return None
        edit = self.edits[index.row()]
        zone = zone_of(self._shown.instrument, self._shown.spec)
        day = format_time(edit.made_ns, is_dated=True)
        return (
            f"{day} {format_clock(edit.made_ns)}",
            format_time(edit.old.event_ns, is_dated=self._shown.spec.is_dated, zone=zone),
            _prices(edit.old),
            _prices(edit.new),
            "Undone" if edit.undone_ns else "",
        )[index.column()]


class _Table(QTableView):
    """Delete asks for the row's removal; Enter and F2 edit."""

    deleted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.state() is not QAbstractItemView.State.EditingState:
            self.deleted.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().column() > 0:
            self.edit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class BarTablePanel(QWidget):
    """Follows the chart's series while it is visible."""

    def __init__(self, desk: Desk, active: ActiveChart) -> None:
        super().__init__()
        self._desk = desk
        self._active = active
        self._sources: dict[Series, tuple[str, ...]] = {}
        self._version: tuple[Series | None, bool, int] = (None, False, -1)
        self.model = BarTableModel(self)
        self.model.edited.connect(self._edit)
        self.model.refused.connect(self._refuse)
        self.table = self._make_table()
        self.log = EditLogModel(self)
        self.log_view = _plain_view(self.log, "Edits by hand")
        self._words = label("", "muted")
        self._delete = button("Delete bar", quiet=True)
        self._delete.clicked.connect(self.delete_selected)
        self._undo = button("Undo this edit", quiet=True)
        self._undo.clicked.connect(self.undo_selected)
        self._log_stack = QStackedWidget()
        self._log_stack.addWidget(self.log_view)
        self._log_stack.addWidget(
            EmptyState(
                "No edits of this series",
                "Bars that you correct or delete by hand are listed here and can be put back.",
                desk.look,
                "edit",
            )
        )
        bars = holding(column(frame("panelHead", row(self._words, None, self._delete, margins=(12, 2, 4, 2))), self.table, gap=0))
        edits = holding(column(frame("panelHead", row(None, self._undo, margins=(12, 2, 4, 2))), self._log_stack, gap=0))
        self.tabs = QTabWidget()
        self.tabs.addTab(bars, "Bars")
        self.tabs.addTab(edits, "Edits")
        self.tabs.setDocumentMode(True)
        self.setLayout(column(self.tabs))
        self.setProperty("role", "panel")
        self._listener = desk.frames.listen(self.refresh, is_visible=self.isVisible)
        self._subscription = desk.bridge.subscribe(BarsChanged, self._bars_changed)
        active.shown_changed.connect(self._shown_changed)

    @property
    def kept(self) -> dict[str, str]:
        """Which tab is in front."""
        return {"tab": str(self.tabs.currentIndex())}

    def show_kept(self, values: Mapping[str, str]) -> None:
        """Turn to the tab that a person left in front."""
        self.tabs.setCurrentIndex(1 if values.get("tab") == "1" else 0)

    def refresh(self) -> None:
        """Show the chart's bars if they are other ones than before."""
        shown, snapshot = self._active.current.shown, self._active.current.view.model.snapshot
        if shown is None:
            return
        version = (shown.series, shown.is_adjusted, snapshot.version)
        if version != self._version:
            is_other = version[:2] != self._version[:2]
            self._version = version
            kept = (
                None
                if is_other or not self.table.currentIndex().isValid()
                else self.model.bar_at(self.table.currentIndex().row()).event_ns
            )
            self.model.show_bars(snapshot, shown, may_edit=self._may_edit(shown))
            self._say(shown, len(snapshot))
            if kept is not None:
                self.select(kept)
            if is_other:
                self._desk.start("Reading the edits", self._read(shown))

    def select(self, event_ns: int) -> None:
        """Put the cursor on the bar at ``event_ns``."""
        place = self.model.row_of(event_ns)
        if place >= 0:
            index = self.model.index(place, max(1, self.table.currentIndex().column()))
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.table.selectionModel().setCurrentIndex(index, flags)
            self.table.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def delete_selected(self) -> None:
        """Delete the bar with the cursor; it can be undone."""
        index = self.table.currentIndex()
        if index.isValid() and self.model.may_edit:
            self.delete(self.model.bar_at(index.row()).event_ns)

    def delete(self, event_ns: int) -> None:
        """Delete the bar at ``event_ns``; it can be undone."""
        self._edit(event_ns, None)

    def undo_selected(self) -> None:
        """Take back the edit with the cursor."""
        index = self.log_view.currentIndex()
        if index.isValid() and not self.log.edits[index.row()].undone_ns:
            self._desk.start("Taking the edit back", self._undo_edit(self.log.edits[index.row()].id))

    def may_edit_shown(self) -> bool:
        """Whether bars on the chart may be edited: not adjusted, and not known to be computed from shorter ones."""
        shown = self._active.current.shown
        return shown is not None and not shown.is_adjusted and self._sources.get(shown.series, ("not read yet",)) != ()

    def close_panel(self) -> None:
        """Hear and look no more."""
        self._listener.close()
        self._subscription.close()

    def _make_table(self) -> QTableView:
        table = _Table()
        table.setModel(self.model)
        table.setAccessibleName("Bars")
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(26)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.horizontalHeader().setHighlightSections(False)
        table.deleted.connect(self.delete_selected)
        return table

    def _may_edit(self, shown: Shown) -> bool:
        return not shown.is_adjusted and bool(self._sources.get(shown.series))

    def _say(self, shown: Shown, n_bars: int) -> None:
        sources = self._sources.get(shown.series, ())
        if shown.is_adjusted:
            why = "adjusted prices are computed; switch to raw prices to edit"
        elif not sources:
            why = "computed from shorter bars; edit those instead"
        else:
            why = f"from {', '.join(sources)}; double-click a value to correct it"
        self._words.setText(f"{shown.instrument.id} {shown.spec}: {format_count(n_bars)} bars, {why}")
        self._delete.setEnabled(self._may_edit(shown))

    async def _read(self, shown: Shown) -> None:
        engine, call = self._desk.engine, self._desk.bridge.call
        self._sources[shown.series] = await call(engine.sources(shown.series))
        edits = await call(engine.edits(shown.series))
        if self._active.current.shown is not None and self._active.current.shown.series == shown.series:
            self.model.may_edit = self._may_edit(shown)
            self._say(shown, self.model.rowCount())
            self.log.show_edits(edits, shown)
            self._log_stack.setCurrentIndex(0 if edits else 1)
            self.tabs.setTabText(1, f"Edits ({len(edits)})" if edits else "Edits")
            self._undo.setEnabled(bool(edits))

    def _edit(self, event_ns: int, new: Bar | None) -> None:
        shown = self._active.current.shown
        if shown is not None:
            self._desk.start("Editing the bar", self._edit_now(shown, event_ns, new))

    async def _edit_now(self, shown: Shown, event_ns: int, new: Bar | None) -> None:
        edit = partial(self._desk.engine.edit, shown.series, event_ns, new)
        edit_id = await self._desk.bridge.call(edit())
        zone = zone_of(shown.instrument, shown.spec)
        when = format_time(event_ns, is_dated=shown.spec.is_dated, zone=zone)
        did = "deleted" if new is None else "corrected"

        async def take_back() -> None:
            await self._undo_edit(edit_id)

        async def repeat() -> None:
            nonlocal edit_id
            edit_id = await self._desk.bridge.call(edit())

        self._desk.did(f"The bar of {when} was {did}.", take_back, repeat)
        await self._read(shown)

    async def _undo_edit(self, edit_id: int) -> None:
        await self._desk.bridge.call(self._desk.backend.store.undo(edit_id))
        if self._active.current.shown is not None:
            await self._read(self._active.current.shown)

    def _refuse(self, words: str) -> None:
        self._desk.notices.say("The bar was not changed.", words)

    def _shown_changed(self) -> None:
        self._desk.frames.request()

    def _bars_changed(self, event: BarsChanged) -> None:
        if self._active.current.shown is not None and event.series == self._active.current.shown.series and self.isVisible():
            self._desk.start("Reading the edits", self._read(self._active.current.shown))


def _plain_view(model: QAbstractTableModel, name: str) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName(name)
    view.setShowGrid(False)
    view.setTabKeyNavigation(False)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(26)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    return view


def _alignment(section: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if section == 0 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _prices(bar: Bar | None) -> str:
    if bar is None:
        return "deleted"
    return "  ".join(f"{name} {format_price(p)}" for name, p in zip("OHLC", (bar.open, bar.high, bar.low, bar.close), strict=True))
