"""The stops of the tour: which part of the window, and what is said there."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_ACTION: Final = re.compile(r"\{([\w.]+)\}")


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop.

    part : name of the part it points at; the stop is left out where the window has none
    text : what is said; "{chart.search}" stands for the keys of that action as they are now
    needs : id of an action that must be there, "" for none
    shows : id of an action that brings the part up where it is hidden, "" for none
    """

    part: str
    title: str
    text: str
    needs: str = ""
    shows: str = ""


STOPS: Final = (
    Stop(
        "chart",
        "The chart",
        "Drag to move through time, turn the wheel to zoom where the pointer is. The arrow keys go bar by bar, "
        "with Shift they read each bar out. A double-click on an axis scales it by itself again.",
    ),
    Stop(
        "search",
        "Another instrument",
        "Just type its first letters on the chart, or press {chart.search}. Codes, names and venues are found, "
        "also misspelled ones.",
        needs="chart.search",
    ),
    Stop(
        "intervals",
        "Another interval",
        "Click one here, or type it on the chart: 5 for five minutes, 4h, D, W, 1mo.",
        needs="chart.interval",
    ),
    Stop(
        "indicators",
        "Indicators",
        "Press {study.add}, type a name, press Enter. The legend at the top left of each pane shows the values under the pointer.",
        needs="study.add",
    ),
    Stop(
        "drawingBar",
        "Drawings",
        "Choose a tool and click on the chart. What you draw belongs to the instrument and is right in every interval.",
        needs="drawing.trend_line",
    ),
    Stop(
        "watchlist",
        "The watchlist",
        "Enter shows an instrument, {watchlist.add} adds one; drag moves it, or shows it on a chart. "
        "{watchlist.next} goes to the next one from anywhere.",
        needs="watchlist.add",
        shows="view.watchlist",
    ),
    Stop(
        "menus",
        "Everything else",
        "Every action, instrument and setting is found by {view.palette} and a few letters, every key by {help.shortcuts}. "
        "All keys can be changed in the settings.",
        needs="view.palette",
    ),
    Stop(
        "import",
        "Your own prices",
        "Drop files anywhere on the window, or press {import.files}. What was recognised is shown before anything is stored.",
        needs="import.files",
    ),
    Stop("bell", "What happened", "Notifications gather here. Warnings stay until you have read them.", needs="view.notices"),
    Stop(
        "status",
        "How things are",
        "Whether prices come in, up to when everything is saved, and how fast the program is. A click tells more.",
    ),
)


def filled(text: str, keys: Callable[[str], str]) -> str:
    """``text`` with the keys of the actions it names; "the menu" where an action has none."""
    return _ACTION.sub(lambda found: keys(found[1]) or "the menu", text)
