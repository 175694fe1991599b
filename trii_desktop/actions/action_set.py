"""The rows of the action table as live Qt actions: menus, shortcuts and tooltips are made from them."""

from collections.abc import Callable
from operator import attrgetter

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from trii_desktop.actions.row import MENUS, ActionRow
from trii_desktop.actions.table import ACTIONS


class ActionSet(QObject):
    """The table's rows as live QActions of ``window``, which call methods of ``target`` and follow its flags."""

    def __init__(self, window: QWidget, target: object, rows: tuple[ActionRow, ...] = ACTIONS) -> None:
        super().__init__(window)
        self._target = target
        self.rows = rows
        self.by_id: dict[str, QAction] = {}
        for row in rows:
            self.by_id[row.id] = self._make(window, row)

    def refresh(self) -> None:
        """Enable and tick every action as the target's flags say now."""
        for row in self.rows:
            action = self.by_id[row.id]
            action.setEnabled(not row.when or bool(attrgetter(row.when)(self._target)))
            if row.checked:
                action.setChecked(bool(attrgetter(row.checked)(self._target)))

    def fill(self, bar: QMenuBar) -> None:
        """Add the menus."""
        for title in MENUS:
            rows = [row for row in self.rows if row.menu == title]
            if not rows:
                continue
            menu: QMenu = bar.addMenu(title)
            menu.setAccessibleName(title.replace("&", ""))
            for row in rows:
                if row.starts_group:
                    menu.addSeparator()
                menu.addAction(self.by_id[row.id])

    def _make(self, window: QWidget, row: ActionRow) -> QAction:
        action = QAction(row.title, window)
        action.setObjectName(row.id)
        action.setShortcuts([QKeySequence(keys) for keys in row.shortcuts])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setToolTip(tip_of(row))
        action.setIconText(row.short or plain_title(row))
        action.setIconVisibleInMenu(False)
        if row.checked:
            action.setCheckable(True)
        call: Callable[[], None] = attrgetter(row.call)(self._target)
        action.triggered.connect(lambda _checked=False: call())
        window.addAction(action)
        return action


def tip_of(row: ActionRow) -> str:
    """What a tooltip says: the action's words and its first shortcut."""
    words = row.tip or plain_title(row)
    return f"{words} ({shortcut_text(row.shortcuts[0])})" if row.shortcuts else words


def plain_title(row: ActionRow) -> str:
    """The title without its mnemonic mark."""
    return row.title.replace("&", "")


def shortcut_text(keys: str) -> str:
    """A shortcut as this platform writes it."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
