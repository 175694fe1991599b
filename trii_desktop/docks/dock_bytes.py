"""Qt's own record of docks (QMainWindow.saveState, stream version 5.0) read into a value and written back, byte for byte.

Qt trusts what it restores: a few changed bytes can end the process. So what is kept is the checked value, and Qt is given
only bytes that were written from it.
"""

import struct
from typing import Final

from backend.errors import InvalidInput
from backend.workspaces.docks import (
    DEPTH_MAX,
    DOCKS_MAX,
    Dock,
    DockItem,
    DockSide,
    DockTree,
    FloatingTabs,
    Rect,
    Span,
    Split,
    check_docks,
)

_VERSION, _DOCKS, _SPLIT, _TABS, _DOCK, _FLOATING = 0xFF, 0xFD, 0xFC, 0xFA, 0xFB, 0xF9
_SHOWN, _FLOATS = 1, 2
_UPRIGHT: Final = 2  # Qt.Orientation.Vertical
_NAME_BYTES_MAX: Final = 400


def read_docks(state: bytes) -> tuple[DockTree, bytes]:
    """The docks that ``state`` tells of, and the rest of it (tool bars). Raises InvalidInput for what Qt did not write."""
    reader = _Reader(state)
    try:
        if reader.integer() != _VERSION:
            raise _unreadable("its head")
        reader.integer()  # our own version, which Qt compares
        tree = _read_tree(reader)
    except struct.error as e:
        raise _unreadable("its end") from e
    check_docks(tree)
    return tree, reader.rest()


def write_docks(tree: DockTree, version: int, rest: bytes) -> bytes:
    """What Qt restores, from a checked value. Raises InvalidInput."""
    check_docks(tree)
    parts = [_integers(_VERSION, version), bytes([_DOCKS]), _integers(len(tree.sides))]
    for side in tree.sides:
        parts += [_integers(side.side, side.width, side.height), _written_split(side.root)]
    parts.append(_integers(*tree.middle, *tree.corners))
    for group in tree.floating:
        rect = group.rect
        edges = _integers(rect.x, rect.y, rect.x + rect.width - 1, rect.y + rect.height - 1)
        parts += [bytes([_FLOATING]), edges, _written_split(group.root)]
    return b"".join(parts) + rest


class _Reader:
    """Walks through big-endian bytes; reading past the end raises struct.error."""

    def __init__(self, state: bytes) -> None:
        self._state = state
        self._at = 0

    def byte(self) -> int:
        (value,) = struct.unpack_from(">B", self._state, self._at)
        self._at += 1
        return int(value)

    def peek(self) -> int:
        return self._state[self._at] if self._at < len(self._state) else -1

    def integer(self) -> int:
        (value,) = struct.unpack_from(">i", self._state, self._at)
        self._at += 4
        return int(value)

    def text(self) -> str:
        n_bytes = self.integer()
        if not 0 <= n_bytes <= _NAME_BYTES_MAX or n_bytes % 2:
            raise _unreadable("a name")
        (raw,) = struct.unpack_from(f">{n_bytes}s", self._state, self._at)
        self._at += n_bytes
        try:
            return bytes(raw).decode("utf-16-be")
        except UnicodeDecodeError as e:
            raise _unreadable("a name") from e

    def span(self) -> Span:
        return Span(self.integer(), self.integer(), self.integer(), self.integer())

    def rest(self) -> bytes:
        return self._state[self._at :]


def _read_tree(reader: _Reader) -> DockTree:
    if reader.byte() != _DOCKS:
        raise _unreadable("its docks")
    sides = []
    for _ in range(_counted(reader.integer(), 4)):
        side, width, height = reader.integer(), reader.integer(), reader.integer()
        sides.append(DockSide(side, width, height, _read_split(reader, 1)))
    middle = (reader.integer(), reader.integer())
    corners = (reader.integer(), reader.integer(), reader.integer(), reader.integer())
    floating = []
    while reader.peek() == _FLOATING:
        reader.byte()
        left, top, right, bottom = reader.integer(), reader.integer(), reader.integer(), reader.integer()
        rect = Rect(left, top, right - left + 1, bottom - top + 1)
        floating.append(FloatingTabs(rect, _read_split(reader, 1)))
        _counted(len(floating), DOCKS_MAX)
    return DockTree(tuple(sides), tuple(floating), middle, corners)


def _read_split(reader: _Reader, depth: int) -> Split:
    _counted(depth, DEPTH_MAX)
    marker = reader.byte()
    if marker not in (_SPLIT, _TABS):
        raise _unreadable("a split")
    tab = reader.integer() if marker == _TABS else -1
    is_upright = reader.byte() == _UPRIGHT
    items: list[DockItem] = []
    for _ in range(_counted(reader.integer(), DOCKS_MAX)):
        kind = reader.byte()
        if kind == _DOCK:
            items.append(_read_dock(reader))
        elif kind == _SPLIT:
            span = reader.span()
            inner = _read_split(reader, depth + 1)
            items.append(Split(inner.items, inner.is_upright, inner.is_tabbed, inner.tab, span))
        else:
            raise _unreadable("a dock")
    return Split(tuple(items), is_upright, marker == _TABS, tab)


def _read_dock(reader: _Reader) -> Dock:
    name, flags = reader.text(), reader.byte()
    if flags > _SHOWN | _FLOATS:
        raise _unreadable("a dock")
    if flags & _FLOATS:
        rect = Rect(reader.integer(), reader.integer(), reader.integer(), reader.integer())
        return Dock(name, bool(flags & _SHOWN), rect)
    return Dock(name, bool(flags & _SHOWN), None, reader.span())


def _written_split(split: Split) -> bytes:
    head = bytes([_TABS]) + _integers(split.tab) if split.is_tabbed else bytes([_SPLIT])
    parts = [head, bytes([_UPRIGHT if split.is_upright else 1]), _integers(len(split.items))]
    for item in split.items:
        if isinstance(item, Split):
            parts += [bytes([_SPLIT]), _written_span(item.span), _written_split(item)]
        else:
            parts.append(_written_dock(item))
    return b"".join(parts)


def _written_dock(dock: Dock) -> bytes:
    name = dock.name.encode("utf-16-be")
    flags = (_SHOWN if dock.is_shown else 0) | (_FLOATS if dock.rect is not None else 0)
    head = bytes([_DOCK]) + _integers(len(name)) + name + bytes([flags])
    rect = dock.rect
    return head + (_integers(rect.x, rect.y, rect.width, rect.height) if rect is not None else _written_span(dock.span))


def _written_span(span: Span) -> bytes:
    return _integers(span.at, span.length, span.least, span.most)


def _integers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}i", *values)


def _counted(found: int, most: int) -> int:
    if not 0 <= found <= most:
        raise _unreadable("a number of docks")
    return found


def _unreadable(what: str) -> InvalidInput:
    return InvalidInput(
        f"The arrangement of docks cannot be read: {what} is not as Qt writes it.",
        hint="Arrange the docks anew.",
        code="workspace.docks",
    )
