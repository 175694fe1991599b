"""The watchlist dock: one of the user's lists with live figures; sorted, reordered and changed by mouse or keyboard."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QStackedWidget, QToolButton, QWidget

from backend.bus import Subscription
from backend.domain.instruments import InstrumentId
from backend.events import FiguresChanged, WatchlistsChanged
from backend.watchlists.watchlist import Entry, Section, Watchlist
from trii_desktop.desk import Desk
from trii_desktop.following import shown_follows
from trii_desktop.sight.follows import Followed
from trii_desktop.sight.live_rows import live_rows
from trii_desktop.sight.pulse import Pulse
from trii_desktop.watchlist.changes import ListChanges
from trii_desktop.watchlist.model import WatchlistModel
from trii_desktop.watchlist.table import WatchlistTable
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column, frame, row

FIRST_LIST: Final = "Watchlist"
_NAME_SHOWN_MAX: Final = 28


class WatchlistPanel(QWidget):
    """One list at a time. ``chosen`` carries the InstrumentId to show; the ``wants_`` signals ask the window for a dialog."""

    chosen = Signal(object)
    wants_instrument = Signal()
    wants_new_list = Signal()
    wants_rename = Signal()
    wants_section = Signal()
    wants_section_rename = Signal(object)  # Section
    wants_import = Signal()
    wants_export = Signal()
    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.lists: tuple[Watchlist, ...] = ()
        self.current: Watchlist | None = None
        self._kept_id = ""  # of the list that a person left, until lists are read
        self.changes = ListChanges(desk, self.load)
        self.model = WatchlistModel(desk.look, self)
        self.model.moved.connect(self._move)
        self.table = WatchlistTable(self.model, desk.look)
        self.table.hide_columns(desk.backend.settings.current.workspace.watchlist_hidden)
        self.proxy = self.table.proxy
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
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        offers = (("Add instrument", self.wants_instrument.emit), ("Import list…", self.wants_import.emit))
        words = "Add instruments to follow their price here, or import a list of another program."
        self._stack.addWidget(EmptyState("Nothing on this list", words, desk.look, "list", offers))
        head = frame("panelHead", row(self._lists_button, None, self._add, margins=(2, 4, 6, 4)))
        self.setLayout(column(head, self._stack, gap=0))
        self.setProperty("role", "panel")
        self._listener = desk.frames.listen(self._look_at_board, is_visible=self.isVisible)
        self._follows = shown_follows(self, desk)
        self._pulse = Pulse(self, self._look_at_ages)
        self._live_version = -1
        self._subscriptions: list[Subscription[Any]] = [
            desk.bridge.subscribe(WatchlistsChanged, self._lists_changed),
            desk.bridge.subscribe(FiguresChanged, self._figures_changed),
        ]
        self._connect()
        self._paint_icons()

    @property
    def kept(self) -> dict[str, str]:
        """Which list is shown, and how it is sorted."""
        return {"list": self.current.id if self.current is not None else self._kept_id, "sort": self.table.sort_words}

    def show_kept(self, values: Mapping[str, str]) -> None:
        """Show the list that a person left, sorted as it was; before lists are read, as soon as they are."""
        self._kept_id = values.get("list", "")
        self.table.sort_as(values.get("sort", ""))
        found = next((one for one in self.lists if one.id == self._kept_id), None)
        if found is not None and (self.current is None or self.current.id != found.id):
            self._choose_list(found)

    async def load(self, chosen_id: str = "", select: InstrumentId | None = None) -> None:
        """Read the lists, make a first one where there is none, and show ``chosen_id`` or the one shown before."""
        watchlists = self._desk.backend.watchlists
        lists = await self._desk.bridge.call(watchlists.all())
        if not lists:
            lists = (await self._desk.bridge.call(self._desk.engine.make_first_list(FIRST_LIST)),)
        wanted = chosen_id or (self.current.id if self.current else self._kept_id)
        self.lists = lists
        await self._show(next((w for w in lists if w.id == wanted), lists[0]))
        if select is not None:
            self.select(select)

    async def add(self, instrument: InstrumentId) -> None:
        """Put ``instrument`` at the end of the shown list and select it."""
        if self.current is not None:
            await self.changes.add(self.current, instrument)

    def selected(self) -> InstrumentId | None:
        """The instrument of the row with the cursor."""
        entry = self.table.current
        return entry if isinstance(entry, InstrumentId) else None

    def select(self, instrument: InstrumentId) -> None:
        """Put the cursor on the row of ``instrument``, if it is there."""
        self.table.select(instrument)

    def step(self, by: int, start: InstrumentId | None) -> None:
        """Choose the instrument ``by`` rows below the one shown, round the end."""
        reached = self.table.step(by, start)
        if reached is not None:
            self.chosen.emit(reached)

    def remove_selected(self) -> None:
        """Take the row with the cursor off the list; it can be undone."""
        entry = self.table.current
        if entry is not None and self.current is not None:
            place = self.table.currentIndex().row()
            self._desk.start("Removing from the list", self._remove(self.current, entry, place))

    def rename_selected(self) -> None:
        """Ask for another name of the section with the cursor."""
        entry = self.table.current
        if isinstance(entry, Section):
            self.wants_section_rename.emit(entry)

    def add_section(self, name: str) -> None:
        """Put a heading above the row with the cursor."""
        if self.current is not None:
            entry = self.table.current
            position = self.current.place_of(entry) if entry is not None else None
            self._desk.start("Adding a section", self.changes.add_section(self.current, Section(name), position))

    def rename_section(self, old: Section, name: str) -> None:
        """Give a heading another name."""
        if self.current is not None:
            new = Section(name, old.is_collapsed)
            self._desk.start("Renaming the section", self.changes.change_section(self.current, old, new))

    def delete_list(self) -> None:
        """Delete the shown list; it can be undone."""
        if self.current is not None:
            self._desk.start(f"Deleting {self.current.name}", self.changes.delete_list(self.current))

    async def create_list(self, name: str, entries: tuple[Entry, ...] = ()) -> None:
        """Make a list and show it."""
        await self.changes.create_list(name, entries)

    async def rename_list(self, name: str) -> None:
        """Give the shown list another name."""
        if self.current is not None:
            await self.changes.rename_list(self.current, name)

    def close_panel(self) -> None:
        """Hear and look no more."""
        self._listener.close()
        self._pulse.stop()
        self._follows.close()
        for subscription in self._subscriptions:
            subscription.close()

    # --- what the user does --------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        table = self.table
        table.opened.connect(self.chosen)
        table.folded.connect(self._fold)
        table.removed.connect(self.remove_selected)
        table.renamed.connect(self.rename_selected)
        table.stepped.connect(self._step_row)
        table.columns_changed.connect(self._save_columns)
        table.customContextMenuRequested.connect(self._open_context_menu)
        self._desk.look.changed.connect(self._paint_icons)

    def _open_context_menu(self, position: QPoint) -> None:
        entry = self.table.current
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if isinstance(entry, InstrumentId):
            menu.addAction(f"Show {entry.code}", partial(self.chosen.emit, entry))
            menu.addAction("Remove from the list", self.remove_selected)
            menu.addSeparator()
        elif entry is not None:
            menu.addAction("Unfold" if entry.is_collapsed else "Fold", partial(self._fold, entry))
            menu.addAction("Rename section…", self.rename_selected)
            menu.addAction("Remove section, keep its rows", self.remove_selected)
            menu.addSeparator()
        menu.addAction("Add instrument…", self.wants_instrument.emit)
        menu.addAction("Add section above…", self.wants_section.emit)
        menu.addSeparator()
        menu.addMenu(self.table.column_menu())
        menu.popup(self.table.viewport().mapToGlobal(position))

    def _step_row(self, by: int) -> None:
        entry = self.table.current
        if entry is not None and self.current is not None and self.model.may_move:
            start, stop = self.current.block_of(entry)
            self._move(entry, max(0, start + by) if by < 0 else start + by if stop < len(self.current.entries) else start)

    def _move(self, entry: Entry, to: int) -> None:
        if self.current is not None:
            self._desk.start("Moving a row", self.changes.move(self.current, entry, to))

    def _fold(self, section: Section) -> None:
        if self.current is not None:
            store = self._desk.backend.watchlists
            change = store.change_section(self.current.id, section, Section(section.name, not section.is_collapsed))
            self._desk.start("Folding the section", self._desk.bridge.call(change))

    async def _remove(self, watchlist: Watchlist, entry: Entry, place: int) -> None:
        await self.changes.remove(watchlist, entry)
        if self.proxy.rowCount():
            self.table.selectRow(min(place, self.proxy.rowCount() - 1))

    def _save_columns(self) -> None:
        change = self._desk.backend.settings.change("workspace", watchlist_hidden=self.table.hidden_columns)
        self._desk.start("Keeping the columns", self._desk.bridge.call(change))

    # --- what is shown ------------------------------------------------------------------------------------------------

    async def _show(self, watchlist: Watchlist) -> None:
        self.current = watchlist
        is_long = len(watchlist.name) > _NAME_SHOWN_MAX
        self._lists_button.setText(f"{watchlist.name[: _NAME_SHOWN_MAX - 1]}…" if is_long else watchlist.name)
        before = self.table.current
        self.model.show_entries(watchlist.entries)
        if isinstance(before, InstrumentId):
            self.select(before)
        self._stack.setCurrentIndex(0 if watchlist.entries else 1)
        self._follows.show(Followed(instrument) for instrument in watchlist.instruments)
        self._look_at_ages()
        self.changed.emit()
        await self._desk.bridge.call(self._desk.engine.watch(watchlist.instruments))
        self._desk.frames.request()

    def _lists_changed(self, _event: WatchlistsChanged) -> None:
        self._desk.start("Reading the watchlists", self.load())

    def _figures_changed(self, _event: FiguresChanged) -> None:
        self._desk.frames.request()

    def _look_at_ages(self) -> None:
        self._live_version = self._desk.sight.source.snapshot().version
        self.model.show_live(live_rows(self._desk.sight, self.model.order))

    def _look_at_board(self) -> None:
        if self._desk.sight.source.snapshot().version != self._live_version:
            self._look_at_ages()
        if self.model.show_board(self._desk.backend.board.snapshot()):
            self.table.fit_columns(self.table.viewport().width())

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
        self._menu.addSeparator()
        self._menu.addAction("Add section…", self.wants_section.emit)
        self._menu.addAction("Import list…", self.wants_import.emit)
        self._menu.addAction("Export list…", self.wants_export.emit)

    def _choose_list(self, watchlist: Watchlist) -> None:
        self._desk.start("Showing the list", self._show(watchlist))

    def _paint_icons(self) -> None:
        self._lists_button.setIcon(self._desk.look.icon("list"))
        self._add.setIcon(self._desk.look.icon("plus"))
