"""What can be done with watchlists: add, remove, step through, make, rename and delete lists."""

import itertools
import re
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from backend.domain.instruments import InstrumentId
from backend.events import Level
from backend.watchlists.watchlist import Section, Watchlist
from trii_desktop.desk import Desk
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.watchlist.panel import WatchlistPanel
from trii_desktop.widgets.ask import AskText


class WatchlistActions:
    """Methods and flags that the action table names; ``panel`` is there after the chart's first frame."""

    def __init__(self, window: QWidget, desk: Desk, active: ActiveChart) -> None:
        self._window = window
        self._desk = desk
        self._active = active
        self.panel: WatchlistPanel | None = None

    @property
    def has_list(self) -> bool:
        """Whether a list is shown."""
        return self.panel is not None and self.panel.current is not None

    @property
    def has_rows(self) -> bool:
        """Whether the list shown has instruments."""
        return self.panel is not None and self.panel.current is not None and bool(self.panel.model.entries)

    @property
    def can_add_shown(self) -> bool:
        """Whether the chart's instrument can be put on a list."""
        return self.has_list and self._active.current.shown is not None

    def add(self, instrument: InstrumentId) -> None:
        """Put ``instrument`` on the list."""
        if self.panel is not None:
            self._desk.start(f"Adding {instrument}", self.panel.add(instrument))

    def add_shown(self) -> None:
        """Put the chart's instrument on the list."""
        if self._active.current.shown is not None:
            self.add(self._active.current.shown.instrument.id)

    def remove(self) -> None:
        """Take the row with the cursor off the list, with undo."""
        if self.panel is not None:
            self.panel.remove_selected()

    def next_instrument(self) -> None:
        """Show the next instrument."""
        self._step(1)

    def previous_instrument(self) -> None:
        """Show the previous instrument."""
        self._step(-1)

    def new_list(self) -> None:
        """Ask for a name and make a list."""
        AskText(self._window, "Create list", "Name of the new list", self._create).open()

    def rename_list(self) -> None:
        """Ask for another name."""
        if self.panel is not None and self.panel.current is not None:
            AskText(self._window, "Rename list", "New name", self._rename, text=self.panel.current.name).open()

    def delete_list(self) -> None:
        """Delete the list shown, with undo."""
        if self.panel is not None:
            self.panel.delete_list()

    def add_section(self) -> None:
        """Ask for a heading above the row with the cursor."""
        if self.panel is not None:
            AskText(self._window, "Add section", "Heading of the new section", self.panel.add_section).open()

    def ask_section_name(self, section: Section) -> None:
        """Ask for another name of a heading."""
        if self.panel is not None:
            rename = partial(self.panel.rename_section, section)
            AskText(self._window, "Rename section", "New heading", rename, text=section.name).open()

    def import_list(self) -> None:
        """Choose a text file and make a list of what it names."""
        dialog = self._file_dialog("Import a watchlist", "Lists (*.txt *.csv);;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._import_file)
        dialog.open()

    def export_list(self) -> None:
        """Write the list shown into a text file."""
        if self.panel is None or self.panel.current is None:
            return
        watchlist = self.panel.current
        dialog = self._file_dialog("Export the watchlist", "Lists (*.txt)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("txt")
        dialog.selectFile(re.sub(r"[^\w .-]", "-", watchlist.name) + ".txt")
        dialog.fileSelected.connect(partial(self._export_file, watchlist))
        dialog.open()

    def _import_file(self, name: str) -> None:
        self._desk.start("Importing the list", self._import(Path(name)))

    def _export_file(self, watchlist: Watchlist, name: str) -> None:
        self._desk.start("Exporting the list", self._export(watchlist, Path(name)))

    def _file_dialog(self, title: str, kinds: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title, str(Path.home()), kinds)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    async def _import(self, path: Path) -> None:
        if self.panel is None:
            return
        read = await self._desk.bridge.call(self._desk.engine.read_watchlist(path))
        taken = {watchlist.name.casefold() for watchlist in self.panel.lists}
        stem = " ".join(path.stem.split())[:50] or "Imported"
        names = (stem if n == 1 else f"{stem} {n}" for n in itertools.count(1))
        await self.panel.create_list(next(name for name in names if name.casefold() not in taken), read.entries)
        n_instruments = sum(isinstance(entry, InstrumentId) for entry in read.entries)
        if read.unknown:
            named = ", ".join(read.unknown[:8]) + (" …" if len(read.unknown) > 8 else "")
            text = f"{n_instruments} instruments were taken; {len(read.unknown)} are unknown: {named}"
            self._desk.notices.say("The list was imported in part.", text, level=Level.WARNING)
        else:
            self._desk.notices.say("The list was imported.", f"{n_instruments} instruments", level=Level.SUCCESS)

    async def _export(self, watchlist: Watchlist, path: Path) -> None:
        await self._desk.bridge.call(self._desk.engine.write_watchlist(watchlist, path))
        self._desk.notices.say("The list was exported.", str(path), level=Level.SUCCESS)

    def _step(self, by: int) -> None:
        if self.panel is not None:
            self.panel.step(by, self._active.current.shown.instrument.id if self._active.current.shown else None)

    def _create(self, name: str) -> None:
        if self.panel is not None:
            self._desk.start("Creating the list", self.panel.create_list(name))

    def _rename(self, name: str) -> None:
        if self.panel is not None:
            self._desk.start("Renaming the list", self.panel.rename_list(name))
