"""The tables of an import, one row each: ticked or not, ready, imported or refused."""

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from backend.jobs.imports import Imported
from backend.market.importers.plan import ImportPlan
from backend.market.importers.report import ImportRecord, ImportReport
from trii_desktop.look import Look
from trii_desktop.widgets.layout import column, label
from trii_desktop.widgets.numbers import format_count


class ItemState(enum.Enum):
    """How far one table is."""

    READY = "ready"
    OPEN = "needs a decision"
    RUNNING = "importing"
    DONE = "imported"
    FAILED = "not possible"


ICONS: Final = {
    ItemState.READY: "file",
    ItemState.OPEN: "warning",
    ItemState.RUNNING: "import",
    ItemState.DONE: "check-mark",
    ItemState.FAILED: "error",
}


@dataclass(eq=False)
class Item:
    """One table on its way through the dialog."""

    path: Path
    plan: ImportPlan | None = None
    problem: str = ""
    state: ItemState = ItemState.READY
    report: ImportReport | None = None
    record: ImportRecord | None = None  # where only the log knows of it

    def __post_init__(self) -> None:
        if self.plan is not None and not self.plan.is_ready:
            self.state = ItemState.OPEN

    def take(self, outcome: Imported) -> None:
        """Know how it ended."""
        self.report, self.record = outcome.report, outcome.record
        self.problem = "" if outcome.error is None else str(outcome.error)
        self.state = ItemState.DONE if outcome.is_stored else ItemState.FAILED

    @property
    def name(self) -> str:
        """What to call it."""
        return self.plan.name if self.plan is not None else self.path.name

    @property
    def words(self) -> str:
        """What is to be known of it, on one line."""
        told = self.report or self.record
        if told is not None:
            refused = f", {format_count(told.n_refused)} refused" if told.n_refused else ""
            return f"{format_count(told.n_accepted)} accepted, {format_count(told.n_same)} same{refused}"
        if self.plan is None or self.state is not ItemState.READY:
            return self.state.value.capitalize()
        return f"{self.plan.instrument.id}  ·  {self.plan.spec}"


class ImportList(QWidget):
    """The list on the left of the dialog; ``current_changed`` tells that another row has the cursor."""

    current_changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._items: list[Item] = []
        self.view = QListWidget()
        self.view.setAccessibleName("Tables to import")
        self.view.setIconSize(QSize(18, 18))
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.currentRowChanged.connect(self._row_changed)
        self.view.itemChanged.connect(self._row_changed)
        self._title = label("", "caption")
        self._title.setContentsMargins(12, 10, 12, 6)
        self.setLayout(column(self._title, self.view, gap=0))
        self._count()

    def add(self, item: Item) -> None:
        """Put one more table at the end."""
        self._items.append(item)
        with QSignalBlocker(self.view):
            made = QListWidgetItem()
            made.setSizeHint(QSize(120, 48))
            if item.plan is not None:
                made.setFlags(made.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                made.setCheckState(Qt.CheckState.Checked)
            self.view.addItem(made)
        self.refresh(item)
        self._count()
        if self.view.currentRow() < 0:
            self.view.setCurrentRow(0)

    def put(self, plan: ImportPlan) -> Item:
        """The row of a table that a job imports: the one that is listed, or another at the end."""
        found = next(
            (item for item in self._items if item.plan is not None and (item.path, item.name) == (plan.path, plan.name)), None
        )
        if found is None:
            found = Item(plan.path, plan)
            self.add(found)
        return found

    def has(self, path: Path) -> bool:
        """Whether a table of ``path`` is listed."""
        return any(item.path == path for item in self._items)

    def current(self) -> Item | None:
        """The table with the cursor."""
        place = self.view.currentRow()
        return self._items[place] if 0 <= place < len(self._items) else None

    def select(self, item: Item) -> None:
        """Put the cursor on ``item``."""
        self.view.setCurrentRow(self._items.index(item))

    def ready(self) -> list[Item]:
        """Tables that are ticked, have no open decision and are not imported yet."""
        return [
            item
            for place, item in enumerate(self._items)
            if item.state is ItemState.READY and self.view.item(place).checkState() is Qt.CheckState.Checked
        ]

    def n_done(self) -> int:
        """How many were imported."""
        return sum(item.state is ItemState.DONE for item in self._items)

    def mark(self, item: Item, state: ItemState) -> None:
        """Show that ``item`` is now so far."""
        item.state = state
        self.refresh(item)

    def refresh(self, item: Item) -> None:
        """Show what ``item`` says now."""
        place = self._items.index(item)
        palette = self._look.palette
        tints = {ItemState.OPEN: palette.warning, ItemState.FAILED: palette.error, ItemState.DONE: palette.up}
        with QSignalBlocker(self.view):
            made = self.view.item(place)
            made.setText(f"{item.name}\n{item.words}")
            made.setToolTip(f"{item.path}\n{item.problem or item.words}")
            made.setIcon(self._look.icon(ICONS[item.state], tints.get(item.state, "")))
            if item.state in (ItemState.DONE, ItemState.FAILED):
                made.setFlags(made.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
                made.setData(Qt.ItemDataRole.CheckStateRole, None)

    def lock(self, *, locked: bool) -> None:
        """Let nothing be ticked while an import runs."""
        self.view.setEnabled(not locked)

    def _row_changed(self) -> None:
        self.current_changed.emit()

    def _count(self) -> None:
        n = len(self._items)
        self._title.setText("No tables yet" if not n else "1 table" if n == 1 else f"{format_count(n)} tables")
