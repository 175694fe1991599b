"""One row of the action table: what it says, what it calls, when it can be used.

To add something that the user can do:

1. Give the Workbench's part (``chart``, ``watchlist``, ``data``, ``view``, or a new ``self.<part> = …Actions(...)``) a method
   without arguments, and plain properties for "can it be used now" and "is it ticked".
2. Add an ``ActionRow`` to the file of its menu, ``trii_desktop/actions/<menu>_rows.py``, at the place where the menu shows it.
   The id is ``<area>.<what>`` and never changes: what users bind to keys and what the palette remembers hangs on it.
3. Menu, palette, shortcut sheet, settings page of shortcuts and tooltips follow by themselves. A path that leads nowhere fails
   when the window is built; a shortcut that something else has, also one of the chart's own keys, fails in the tests.

Rows that come and go while the program runs (plugins, saved workspaces) are added by ``ActionSet.add`` and leave with its handle.
"""

import enum
from dataclasses import dataclass
from typing import Final

MENUS: Final = (
    "&File", "&Edit", "&Chart", "&Indicators", "&Drawings", "Alerts", "Assistant", "&Team", "&View", "&Watchlist", "&Help",
)  # fmt: skip
FILE, EDIT, CHART, INDICATORS, DRAWINGS, ALERTS, ASSISTANT, TEAM, VIEW, WATCH, HELP = MENUS


class Scope(enum.Enum):
    """Where the keyboard must be for a row's shortcuts."""

    WINDOW = "anywhere in the window"
    CHART = "on a chart"


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One thing the user can do.

    call : path of the workbench's method that does it, as in "chart.zoom_in"
    when : path of the workbench's flag that must be true, "" for always
    checked : path of the workbench's flag that a tick mark shows, "" for none
    shortcuts : the default ones, in Qt's portable words; the first one is shown
    starts_group : whether a separator stands before it in its menu
    tip, short : words of the tooltip and of a button, where the title does not serve
    submenu : title of the menu inside ``menu`` that holds it, "" for none; rows of one submenu stand together
    says : path of the workbench's words that the title is followed by while they are not empty, as in "Undo: AAPL removed"
    words : other words by which the palette finds it
    scope : where its shortcuts act; keys that tables and lists also know, such as Delete, act on a chart only
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
    starts_group: bool = False
    submenu: str = ""
    says: str = ""
    words: str = ""
    scope: Scope = Scope.WINDOW


def without_marks(text: str) -> str:
    """What a menu shows for ``text``: no mnemonic marks, and one ampersand for two."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


def plain_title(row: ActionRow) -> str:
    """The title without its mnemonic mark."""
    return without_marks(row.title)
