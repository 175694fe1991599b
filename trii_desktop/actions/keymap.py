"""Which keys do what: the table's defaults, what a person has bound instead, and who wins where two want the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence

from trii_desktop.actions.row import ActionRow, plain_title

_NEEDED: Final = {
    Qt.Key.Key_Return: "chooses",
    Qt.Key.Key_Enter: "chooses",
    Qt.Key.Key_Escape: "closes what is open",
    Qt.Key.Key_Tab: "moves the keyboard on",
    Qt.Key.Key_Backtab: "moves the keyboard back",
    Qt.Key.Key_Backspace: "deletes what was typed",
    Qt.Key.Key_Up: "moves in lists",
    Qt.Key.Key_Down: "moves in lists",
    Qt.Key.Key_PageUp: "moves in lists",
    Qt.Key.Key_PageDown: "moves in lists",
    Qt.Key.Key_Space: "presses buttons",
}
_LONE: Final = (
    Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta, Qt.Key.Key_unknown,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reserved:
    """Keys that no action can have, and what they do instead, as in "One bar back"."""

    keys: str
    words: str


@dataclass(frozen=True, slots=True)
class Clash:
    """Two that want the same keys; ``other`` is the id of an action, or empty where ``words`` are all there is to say."""

    keys: str
    other: str
    words: str


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys in force of every action, by id, and what was lost to somebody else."""

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    lost: Mapping[str, tuple[Clash, ...]] = field(default_factory=lambda: MappingProxyType({}))


def shortcut_text(keys: str) -> str:
    """A shortcut as this platform writes it."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


@cache
def normal_keys(keys: str) -> str:
    """``keys`` as Qt writes them everywhere, as in "Ctrl+Shift+Z"; empty where they are none."""
    pressed = _presses(keys)
    is_usable = bool(pressed) and not any(press.key() in _LONE for press in pressed)
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText) if is_usable else ""


def are_clashing(one: str, other: str) -> bool:
    """Whether both, as ``normal_keys`` writes them, would answer the same press: equal, or one begins with the other."""
    first, second = one.split(", "), other.split(", ")
    n = min(len(first), len(second))
    return first[:n] == second[:n]


@cache
def why_needed(keys: str) -> str:
    """What ``keys`` are needed for in every window, so that no action can have them; empty where they are free."""
    first = _presses(keys)[0]
    held = first.keyboardModifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
    if held != Qt.KeyboardModifier.NoModifier:
        return ""
    text = QKeySequence(first.key()).toString(QKeySequence.SequenceFormat.PortableText)
    if len(text) == 1 and text.isalpha():
        return "Letters typed on the chart find instruments"
    if len(text) == 1 and text.isdigit():
        return "Digits typed on the chart change the interval"
    return f"{shortcut_text(keys)} {_NEEDED[first.key()]}" if first.key() in _NEEDED else ""


def _presses(keys: str) -> tuple[QKeyCombination, ...]:
    made = QKeySequence(keys)
    return tuple(made[place] for place in range(made.count()))  # type: ignore[index]  # the stubs leave indexing out


class Taken:
    """Who has which keys, while a map of them is made or changed."""

    def __init__(self, reserved: Iterable[Reserved] = ()) -> None:
        self._by_press: dict[str, list[Clash]] = {}
        for entry in reserved:
            self.take(entry.keys, Clash(entry.keys, "", f"{shortcut_text(entry.keys)} on the chart: {entry.words.lower()}"))

    def take(self, keys: str, clash: Clash) -> None:
        """From now on ``clash`` answers for ``keys``."""
        self._by_press.setdefault(keys.split(", ", maxsplit=1)[0], []).append(Clash(keys, clash.other, clash.words))

    def clash(self, keys: str, *, but: str = "") -> Clash | None:
        """Who has ``keys`` already, apart from the action ``but``; None where they are free."""
        needed = why_needed(keys)
        if needed:
            return Clash(keys, "", needed)
        for found in self._by_press.get(keys.split(", ", maxsplit=1)[0], ()):
            if are_clashing(keys, found.keys) and (not but or found.other != but):
                return found
        return None


def make_keymap(rows: Iterable[ActionRow], bindings: Mapping[str, tuple[str, ...]], reserved: Iterable[Reserved] = ()) -> Keymap:
    """The keys in force: what a person has bound counts first, then the defaults in the table's order.

    No keys ever belong to two: who comes later goes without them, and ``lost`` says to whom they went.
    """
    rows = tuple(rows)
    taken = Taken(reserved)
    keys: dict[str, tuple[str, ...]] = {}
    lost: dict[str, tuple[Clash, ...]] = {}
    for row in (*(r for r in rows if r.id in bindings), *(r for r in rows if r.id not in bindings)):
        wanted = (normal_keys(text) for text in bindings.get(row.id, row.shortcuts))
        found = [(text, taken.clash(text)) for text in dict.fromkeys(wanted) if text]
        keys[row.id] = tuple(text for text, clash in found if clash is None)
        lost[row.id] = tuple(Clash(text, clash.other, clash.words) for text, clash in found if clash is not None)
        for text in keys[row.id]:
            taken.take(text, Clash(text, row.id, plain_title(row).rstrip("…")))
    return Keymap(MappingProxyType(keys), MappingProxyType({name: clashes for name, clashes in lost.items() if clashes}))


def rebound(
    rows: Iterable[ActionRow], bindings: Mapping[str, tuple[str, ...]], action: str, keys: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """``bindings`` after ``action`` got ``keys``: whoever had one of them goes without; back at the defaults, nothing is bound."""
    rows = tuple(rows)
    in_force = make_keymap(rows, bindings).keys
    made = {name: tuple(bound) for name, bound in bindings.items() if name != action}
    defaults = {row.id: tuple(map(normal_keys, row.shortcuts)) for row in rows}
    for other, had in in_force.items():
        kept = tuple(text for text in had if not any(are_clashing(text, new) for new in keys))
        if other != action and kept != had:
            made[other] = kept
    if keys != defaults.get(action, ()):
        made[action] = keys
    return made
