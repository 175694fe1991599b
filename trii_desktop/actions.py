"""What the user can do: one table of actions, from which menus, shortcuts, tooltips and the shortcut sheet are made."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

MENUS: Final = ("&File", "&Chart", "&View", "&Watchlist", "&Help")


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One thing the user can do.

    call : path of the workbench's method that does it, as in "chart.zoom_in"
    when : path of the workbench's flag that must be true, "" for always
    checked : path of the workbench's flag that a tick mark shows, "" for none
    shortcuts : the first one is shown
    tip, short : words of the tooltip and of a button, where the title does not serve
    """

    id: str
    title: str
    menu: str
    call: str
    shortcuts: tuple[str, ...] = ()
    when: str = ""
    checked: str = ""
    icon: str = ""
    tip: str = ""
    short: str = ""


FILE, CHART, VIEW, WATCH, HELP = MENUS
SEPARATOR: Final = "-"

ACTIONS: Final[tuple[ActionRow, ...]] = (
    ActionRow(
        "import.files",
        "&Import files…",
        FILE,
        "data.files",
        ("Ctrl+O",),
        "",
        icon="import",
        tip="Import prices from files",
        short="Import",
    ),
    ActionRow("import.folder", "Import &folder…", FILE, "data.folder", ("Ctrl+Shift+O",), ""),
    ActionRow("chart.save_picture", "&Save picture of the chart…", FILE, "chart.save_picture", ("Alt+S",), "chart.is_shown"),
    ActionRow("chart.copy_picture", "&Copy picture of the chart", FILE, "chart.copy_picture", ("Ctrl+Shift+C",), "chart.is_shown"),
    ActionRow("edit.undo", "&Undo", FILE, "view.undo", ("Ctrl+Z",), "view.can_undo"),
    ActionRow("settings.open", "S&ettings…", FILE, "view.open_settings", ("Ctrl+,",), "", icon="settings", tip="Settings"),
    ActionRow("app.quit", "&Quit", FILE, "view.quit", ("Ctrl+Q",)),
    ActionRow(
        "chart.search", "&Find instrument…", CHART, "open_search", ("Ctrl+K", "Ctrl+P"), "", icon="search", tip="Find an instrument"
    ),
    ActionRow("chart.interval", "Change &interval…", CHART, "chart.open_interval", (",",), "chart.is_shown"),
    ActionRow("chart.finer", "Shorter interval", CHART, "chart.finer_interval", ("Alt+Left",), "chart.is_shown"),
    ActionRow("chart.coarser", "Longer interval", CHART, "chart.coarser_interval", ("Alt+Right",), "chart.is_shown"),
    ActionRow(
        "chart.adjusted",
        "&Adjusted prices",
        CHART,
        "chart.toggle_adjusted",
        ("Alt+A",),
        "chart.is_shown",
        "chart.is_adjusted",
        icon="adjusted",
        tip="Correct older prices for splits and dividends",
    ),
    ActionRow("chart.zoom_in", "Zoom &in", CHART, "chart.zoom_in", ("Ctrl++", "Ctrl+="), "chart.is_shown"),
    ActionRow("chart.zoom_out", "Zoom &out", CHART, "chart.zoom_out", ("Ctrl+-",), "chart.is_shown"),
    ActionRow("chart.newest", "Go to the &newest bar", CHART, "chart.go_to_newest", ("Ctrl+End",), "chart.is_shown"),
    ActionRow("chart.oldest", "Go to the &oldest bar", CHART, "chart.go_to_oldest", ("Ctrl+Home",), "chart.is_shown"),
    ActionRow("chart.reset", "&Reset view", CHART, "chart.reset_view", ("Alt+R",), "chart.is_shown"),
    ActionRow("view.chart", "Go to the &chart", VIEW, "chart.focus_chart", ("F6",), "chart.is_shown"),
    ActionRow("view.watchlist", "&Watchlist", VIEW, "view.toggle_watchlist", ("Ctrl+1",), "", "view.shows_watchlist"),
    ActionRow(
        "view.bars",
        "&Bar table",
        VIEW,
        "view.toggle_bars",
        ("Ctrl+2",),
        "chart.is_shown",
        "view.shows_bars",
        icon="table",
        tip="Table of bars",
    ),
    ActionRow(
        "view.notices",
        "&Notifications",
        VIEW,
        "view.toggle_notices",
        ("Ctrl+3",),
        "",
        "view.shows_notices",
        icon="bell",
        tip="Notifications",
    ),
    ActionRow("view.theme", "&Dark or light theme", VIEW, "view.toggle_theme", ("Ctrl+Shift+L",), icon="sun"),
    ActionRow("view.full_screen", "&Full screen", VIEW, "view.toggle_full_screen", ("F11",), "", "view.is_full_screen"),
    ActionRow("watchlist.add", "&Add instrument…", WATCH, "add_to_watchlist", ("Ctrl+D",), "", icon="plus"),
    ActionRow(
        "watchlist.add_shown",
        "Add the &chart's instrument",
        WATCH,
        "watchlist.add_shown",
        ("Ctrl+Shift+D",),
        "watchlist.can_add_shown",
    ),
    ActionRow("watchlist.remove", "&Remove instrument", WATCH, "watchlist.remove", (), "watchlist.has_rows"),
    ActionRow("watchlist.next", "&Next instrument", WATCH, "watchlist.next_instrument", ("Ctrl+Down",), "watchlist.has_rows"),
    ActionRow(
        "watchlist.previous", "&Previous instrument", WATCH, "watchlist.previous_instrument", ("Ctrl+Up",), "watchlist.has_rows"
    ),
    ActionRow("watchlist.new", "New &list…", WATCH, "watchlist.new_list", ("Ctrl+Shift+N",), ""),
    ActionRow("watchlist.rename", "Rena&me list…", WATCH, "watchlist.rename_list", (), "watchlist.has_list"),
    ActionRow("watchlist.delete", "&Delete list", WATCH, "watchlist.delete_list", (), "watchlist.has_list"),
    ActionRow("help.shortcuts", "&Keyboard shortcuts", HELP, "view.open_shortcuts", ("?", "F1")),
    ActionRow("help.recovery", "&Recovery phrase…", HELP, "view.open_recovery", (), "", icon="key"),
    ActionRow("help.passphrase", "Set &passphrase…", HELP, "view.open_passphrase", ()),
    ActionRow("help.crashes", "&Crash reports…", HELP, "view.open_crashes", ()),
    ActionRow("help.about", "&About TRII Desktop", HELP, "view.open_about"),
)
# A separator stands before each of these in its menu.
GROUP_STARTS: Final = frozenset(
    {
        "chart.save_picture",
        "edit.undo",
        "settings.open",
        "app.quit",
        "chart.interval",
        "chart.adjusted",
        "chart.zoom_in",
        "view.theme",
        "watchlist.next",
        "watchlist.new",
        "help.recovery",
        "help.about",
    }
)


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
            menu: QMenu = bar.addMenu(title)
            menu.setAccessibleName(title.replace("&", ""))
            for row in self.rows:
                if row.menu == title:
                    if row.id in GROUP_STARTS:
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
