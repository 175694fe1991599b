"""One row of the action table: what it says, what it calls, when it can be used."""

from dataclasses import dataclass
from typing import Final

MENUS: Final = ("&File", "&Edit", "&Chart", "&Indicators", "&Drawings", "&View", "&Watchlist", "&Help")
FILE, EDIT, CHART, INDICATORS, DRAWINGS, VIEW, WATCH, HELP = MENUS


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One thing the user can do.

    call : path of the workbench's method that does it, as in "chart.zoom_in"
    when : path of the workbench's flag that must be true, "" for always
    checked : path of the workbench's flag that a tick mark shows, "" for none
    shortcuts : the first one is shown
    starts_group : whether a separator stands before it in its menu
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
    starts_group: bool = False
