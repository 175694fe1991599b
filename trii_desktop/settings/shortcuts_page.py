"""The page of shortcuts: every action with its keys, which of them a person changed, and which were lost to another."""

from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStackedWidget, QTableView, QWidget

from backend.settings import Binding
from trii_desktop.actions.action_set import ActionSet
from trii_desktop.actions.keymap import shortcut_text
from trii_desktop.actions.row import ActionRow, plain_title
from trii_desktop.desk import Desk
from trii_desktop.settings.changes import SettingChanges
from trii_desktop.settings.key_dialog import KeyDialog
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, label, row

COLUMNS: Final = ("Action", "Keys", "Menu")
ROW_PX: Final = 30


class ShortcutTableModel(QAbstractTableModel):
    """Actions and their keys; rows are those that match the filter."""

    def __init__(self, actions: ActionSet, parent: QObject) -> None:
        super().__init__(parent)
        self._actions = actions
        self._words: tuple[str, ...] = ()
        self.changed: frozenset[str] = frozenset()  # ids of actions that a person gave other keys
        self.rows: tuple[ActionRow, ...] = ()

    def refresh(self, changed: frozenset[str], words: tuple[str, ...]) -> None:
        """Show the keys in force of the actions that hold every one of ``words``."""
        self.beginResetModel()
        self.changed, self._words = changed, words
        self.rows = tuple(found for found in self._actions.rows if self._matches(found))
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        """How many actions match."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        """Action, keys, menu."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The columns' titles."""
        is_title = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return COLUMNS[section] if is_title else None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's words."""
        found = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return (title_of(found), self._keys(found), menu_of(found))[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(self._lost(found)) or ("Changed by you" if found.id in self.changed else None)
        return None

    def _keys(self, found: ActionRow) -> str:
        texts = [shortcut_text(keys) for keys in self._actions.keys(found.id)]
        mark = "changed" if found.id in self.changed else ""
        return "    ".join(part for part in ("  ".join(texts), mark, *self._lost(found)) if part)

    def _lost(self, found: ActionRow) -> list[str]:
        clashes = self._actions.keymap.lost.get(found.id, ())
        return [f"{shortcut_text(clash.keys)} belongs to “{clash.words}”" for clash in clashes]

    def _matches(self, found: ActionRow) -> bool:
        said = f"{title_of(found)} {menu_of(found)} {self._keys(found)} {found.words} {found.tip} shortcuts keyboard".casefold()
        return all(word in said for word in self._words)


class ShortcutTable(QTableView):
    """Enter or F2 changes the keys of the chosen action."""

    def __init__(self, page: "ShortcutsPage") -> None:
        super().__init__()
        self._page = page
        self.setAccessibleName("Actions and their keys")
        self.setProperty("framed", True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setHighlightSections(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and F2 change, Delete resets."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self._page.change_current()
        elif event.key() == Qt.Key.Key_Delete:
            self._page.reset_current()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """As large as there is room for."""
        return QSize(420, 360)


class ShortcutsPage(QWidget):
    """Every action; keys are changed in a dialog of their own, and each change can be undone."""

    def __init__(self, desk: Desk, actions: ActionSet, changes: SettingChanges) -> None:
        super().__init__()
        self.title = "Shortcuts"
        self._desk = desk
        self._actions = actions
        self._changes = changes
        self._words: tuple[str, ...] = ()
        self.dialog: KeyDialog | None = None
        self.model = ShortcutTableModel(actions, self)
        self.table = ShortcutTable(self)
        self.table.setModel(self.model)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.table.doubleClicked.connect(self.change_current)
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        self._change, self._reset = button("Change keys…"), button("Reset")
        self._reset_all = button("Reset all", quiet=True, name="Reset all shortcuts")
        self._change.clicked.connect(self.change_current)
        self._reset.clicked.connect(self.reset_current)
        self._reset_all.clicked.connect(self.reset_all)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(EmptyState("No such action", "Try another word, or the keys themselves.", desk.look, "search"))
        words = "Enter changes the keys of the chosen action. Keys that something else has are named before they are taken."
        self.setLayout(
            column(
                label(self.title, "title"),
                label(words, "muted", wraps=True),
                self._stack,
                row(self._change, self._reset, None, self._reset_all),
                margins=(24, 20, 24, 20),
                gap=12,
            )
        )
        actions.changed.connect(self.refresh)
        self.refresh()

    @property
    def bindings(self) -> dict[str, tuple[str, ...]]:
        """What a person has bound, by action."""
        return {bound.action: bound.keys for bound in self._desk.backend.settings.current.shortcuts.bindings}

    def refresh(self) -> None:
        """Show the keys in force; the chosen action stays chosen."""
        chosen = self.current
        self.model.refresh(frozenset(self.bindings), self._words)
        self._stack.setCurrentIndex(0 if self.model.rows else 1)
        ids = [found.id for found in self.model.rows]
        if ids:
            self.table.selectRow(ids.index(chosen.id) if chosen is not None and chosen.id in ids else 0)
        self._chosen()

    @property
    def current(self) -> ActionRow | None:
        """The chosen action."""
        place = self.table.currentIndex().row()
        return self.model.rows[place] if 0 <= place < len(self.model.rows) else None

    def filter(self, words: tuple[str, ...]) -> bool:
        """Show the actions that match; whether there are some."""
        self._words = words
        self.refresh()
        return bool(self.model.rows)

    def change_current(self) -> None:
        """Open the keys of the chosen action."""
        if self.current is not None:
            self.dialog = KeyDialog(self, self._actions, self.bindings, self.current.id)
            self.dialog.saved.connect(self._save)
            self.dialog.destroyed.connect(self._forget)
            self.dialog.open()

    def reset_current(self) -> None:
        """The chosen action's own keys again."""
        if self.current is not None and self.current.id in self.bindings:
            self._save({name: keys for name, keys in self.bindings.items() if name != self.current.id})

    def reset_all(self) -> None:
        """The table's keys again."""
        self._save({})

    def _save(self, bindings: dict[str, tuple[str, ...]]) -> None:
        made = tuple(Binding(action=name, keys=keys) for name, keys in bindings.items())
        change = self._changes.change("shortcuts", {"bindings": made}, "Keys were changed", is_own_step=True)
        self._desk.start("Changing the keys", change)

    def _chosen(self) -> None:
        current = self.current
        self._change.setEnabled(current is not None)
        self._reset.setEnabled(current is not None and current.id in self.bindings)
        self._reset_all.setEnabled(bool(self.bindings))

    def _forget(self) -> None:
        self.dialog = None


def title_of(found: ActionRow) -> str:
    """What the action says, without marks for the menu."""
    return plain_title(found).rstrip("…")


def menu_of(found: ActionRow) -> str:
    """Where it stands: menu, and the menu inside it."""
    return ", ".join(part.replace("&", "") for part in (found.menu, found.submenu) if part)
