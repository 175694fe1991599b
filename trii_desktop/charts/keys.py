"""The keys that belong to the chart itself: what each does, for the chart, the sheet of shortcuts and the check for conflicts."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from trii_desktop.charts.gestures import KeyCommand


@dataclass(frozen=True, slots=True)
class ChartKey:
    """Keys in Qt's portable words that the chart answers while it has the keyboard, and what they do."""

    keys: tuple[str, ...]
    words: str
    command: KeyCommand | None = None


# Whatever the chart's widgets hear by themselves stands here; what can be rebound is a row of the action table instead.
CHART_KEYS: Final = (
    ChartKey(("Left",), "One bar back", KeyCommand.BACK),
    ChartKey(("Right",), "One bar forward", KeyCommand.FORWARD),
    ChartKey(("Ctrl+Left",), "Ten bars back", KeyCommand.FAST_BACK),
    ChartKey(("Ctrl+Right",), "Ten bars forward", KeyCommand.FAST_FORWARD),
    ChartKey(("+", "=", "Ctrl+Up"), "Zoom in", KeyCommand.ZOOM_IN),
    ChartKey(("-", "Ctrl+Down"), "Zoom out", KeyCommand.ZOOM_OUT),
    ChartKey(("Home",), "Go to the oldest bar", KeyCommand.OLDEST),
    ChartKey(("End",), "Go to the newest bar", KeyCommand.NEWEST),
    ChartKey(("Shift+Left", "Shift+Right"), "Read bar by bar"),
    ChartKey(("Up", "Down"), "Move the tool's cursor, the selected drawing or the selected alert"),
    ChartKey(("Return", "Enter", "Space"), "Choose the tool's place, write on the selected drawing, or change the selected alert"),
    ChartKey(("Esc",), "Let the bar go that is read"),
)


def command_of(key: Qt.Key, modifiers: Qt.KeyboardModifier) -> KeyCommand | None:
    """What the view does at a key; None where it is another's."""
    # Shift belongs to the data-point cursor, except that many keyboards need it to write a plus.
    is_shifted = bool(modifiers & Qt.KeyboardModifier.ShiftModifier) and key not in (Qt.Key.Key_Plus, Qt.Key.Key_Equal)
    if is_shifted or modifiers & Qt.KeyboardModifier.AltModifier:
        return None
    return _COMMANDS.get((key, bool(modifiers & Qt.KeyboardModifier.ControlModifier)))


def commands_by_key() -> dict[tuple[Qt.Key, bool], KeyCommand]:
    """The command of each key, by the key and whether Ctrl is held."""
    found: dict[tuple[Qt.Key, bool], KeyCommand] = {}
    for entry in CHART_KEYS:
        if entry.command is not None:
            for keys in entry.keys:
                pressed = QKeySequence(keys)[0]  # type: ignore[index]  # the stubs leave indexing out
                found[pressed.key(), bool(pressed.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier)] = entry.command
    return found


_COMMANDS: Final = commands_by_key()
