"""The rows of the action table as live Qt actions: menus, shortcuts and tooltips are made from them."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from trii_desktop.actions.keymap import Keymap, Reserved, make_keymap, shortcut_text
from trii_desktop.actions.row import MENUS, ActionRow, Scope, plain_title, without_marks
from trii_desktop.actions.table import ACTIONS

_CONTEXTS: Final = {
    Scope.WINDOW: Qt.ShortcutContext.WindowShortcut,
    Scope.CHART: Qt.ShortcutContext.WidgetWithChildrenShortcut,
}


class AddedRows:
    """Rows that came while the program runs; ``close`` takes them out again and leaves nothing of them behind."""

    def __init__(self, actions: "ActionSet", ids: tuple[str, ...]) -> None:
        self._actions = actions
        self._ids = ids

    def close(self) -> None:
        """Take the rows out; closing twice does nothing."""
        if self._ids:
            self._actions.remove(self._ids)
        self._ids = ()


class ActionSet(QObject):
    """The table's rows as live QActions of ``window``, which call methods of ``target`` and follow its flags.

    ``changed`` comes when there are other rows or other keys. reserved : keys that no action can have.
    """

    changed = Signal()

    def __init__(
        self, window: QWidget, target: object, rows: tuple[ActionRow, ...] = ACTIONS, reserved: tuple[Reserved, ...] = ()
    ) -> None:
        super().__init__(window)
        self._window = window
        self._reserved = reserved
        self._targets: dict[str, object] = {}
        self._rows: dict[str, ActionRow] = {}
        self._bindings: Mapping[str, tuple[str, ...]] = {}
        self._charts: list[QWidget] = []
        self._menus: dict[str, QMenu] = {}
        self.by_id: dict[str, QAction] = {}
        self.keymap = Keymap()
        for row in rows:
            self._make(row, target)
        self._bind()

    @property
    def rows(self) -> tuple[ActionRow, ...]:
        """Every row, in the table's order; those that came later stand at the end."""
        return tuple(self._rows.values())

    @property
    def reserved(self) -> tuple[Reserved, ...]:
        """Keys that no action can have."""
        return self._reserved

    def keys(self, action_id: str) -> tuple[str, ...]:
        """The shortcuts in force; the first one is shown."""
        return self.keymap.keys.get(action_id, ())

    def title(self, action_id: str) -> str:
        """What the action says now, without its mnemonic mark."""
        return without_marks(self.by_id[action_id].text())

    def trigger(self, action_id: str) -> None:
        """Do what an action does, as its menu item would; nothing where it cannot be done now or is gone."""
        action = self.by_id.get(action_id)
        if action is not None and action.isEnabled():
            action.trigger()

    def refresh(self) -> None:
        """Enable, tick and name every action as the target's flags say now."""
        told: dict[tuple[int, str], object] = {}  # most flags decide over several actions

        def tell(target: object, flag: str) -> object:
            key = id(target), flag
            if key not in told:
                told[key] = attrgetter(flag)(target)
            return told[key]

        for row in self._rows.values():
            action, target = self.by_id[row.id], self._targets[row.id]
            action.setEnabled(not row.when or bool(tell(target, row.when)))
            if row.checked:
                action.setChecked(bool(tell(target, row.checked)))
            if row.says:
                said = str(tell(target, row.says)).replace("&", "&&")
                action.setText(f"{row.title}: {said}" if said else row.title)

    def bind(self, bindings: Mapping[str, tuple[str, ...]]) -> None:
        """Let the actions named here have these keys instead of their defaults."""
        if dict(bindings) != dict(self._bindings):
            self._bindings = dict(bindings)
            self._bind()
            self.changed.emit()

    def fill(self, bar: QMenuBar) -> None:
        """Add the menus; they follow rows that come and go."""
        for title in MENUS:
            self._menus[title] = _named(bar.addMenu(title))
            self._fill_menu(title)

    def serve(self, chart: QWidget) -> None:
        """Let shortcuts that act on a chart act while ``chart`` or a part of it has the keyboard."""
        self._charts.append(chart)
        chart.destroyed.connect(partial(self._charts.remove, chart))
        chart.addActions([self.by_id[row.id] for row in self._rows.values() if row.scope is Scope.CHART])

    def add(self, rows: Iterable[ActionRow], target: object) -> AddedRows:
        """Add rows that call methods of ``target``: to their menu's end, palette, keys and sheet, until the handle is closed.

        An id that is there already is a defect of the caller (AssertionError). Keys that are taken stay with who has them.
        """
        made = tuple(rows)
        for row in made:
            assert row.id not in self._rows, f"There is an action {row.id} already."
            self._make(row, target)
        self._after_change({row.menu for row in made})
        return AddedRows(self, tuple(row.id for row in made))

    def remove(self, ids: Iterable[str]) -> None:
        """Take rows out, with their keys and their places in menus."""
        menus = set()
        for name in ids:
            menus.add(self._rows.pop(name).menu)
            del self._targets[name]
            action = self.by_id.pop(name)
            for widget in (self._window, *self._charts):
                widget.removeAction(action)
            action.deleteLater()
        self._after_change(menus)

    def _after_change(self, menus: Iterable[str]) -> None:
        self._bind()
        for title in menus:
            self._fill_menu(title)
        self.refresh()
        self.changed.emit()

    def _bind(self) -> None:
        self.keymap = make_keymap(self._rows.values(), self._bindings, self._reserved)
        for row in self._rows.values():
            keys = self.keys(row.id)
            self.by_id[row.id].setShortcuts([QKeySequence(text) for text in keys])
            self.by_id[row.id].setToolTip(tip_of(row, keys))

    def _make(self, row: ActionRow, target: object) -> None:
        action = QAction(row.title, self._window)
        action.setObjectName(row.id)
        action.setShortcutContext(_CONTEXTS[row.scope])
        action.setIconText(row.short or plain_title(row))
        action.setIconVisibleInMenu(False)
        action.setCheckable(bool(row.checked))
        call: Callable[[], None] = attrgetter(row.call)(target)
        action.triggered.connect(lambda _checked=False: call())
        for widget in [self._window] if row.scope is Scope.WINDOW else self._charts:
            widget.addAction(action)
        self._rows[row.id], self._targets[row.id], self.by_id[row.id] = row, target, action

    def _fill_menu(self, title: str) -> None:
        menu = self._menus.get(title)
        if menu is None:
            return  # the window has no menus yet
        rows = [row for row in self._rows.values() if row.menu == title]
        menu.menuAction().setVisible(bool(rows))
        for old in menu.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly):
            old.deleteLater()
        menu.clear()
        submenus: dict[str, QMenu] = {}
        for row in rows:
            if row.submenu and row.submenu not in submenus:
                if row.starts_group:
                    menu.addSeparator()
                submenus[row.submenu] = _named(menu.addMenu(row.submenu))
            holder = submenus.get(row.submenu, menu)
            if row.starts_group and not (row.submenu and holder.isEmpty()):
                holder.addSeparator()
            holder.addAction(self.by_id[row.id])


def _named(menu: QMenu) -> QMenu:
    menu.setAccessibleName(menu.title().replace("&", ""))
    return menu


def tip_of(row: ActionRow, keys: tuple[str, ...]) -> str:
    """What a tooltip says: the action's words and its first shortcut."""
    words = row.tip or plain_title(row)
    return f"{words} ({shortcut_text(keys[0])})" if keys else words
