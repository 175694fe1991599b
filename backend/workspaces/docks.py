"""How the docks of a window stand, as a value: areas at its sides, tabs and splits in them, floating ones and hidden ones."""

from collections.abc import Iterator
from typing import Final, TypeAlias

import msgspec

from backend.charts.chart_state import Value
from backend.errors import InvalidInput

DOCKS_MAX: Final = 64
DEPTH_MAX: Final = 8
PIXELS_MAX: Final = 32_768  # of any place or size: many large screens side by side
SIZE_MAX: Final = 16_777_215  # what windows know as "no limit"; tabs and titles add to it
N_SIDES: Final = 4


class Rect(Value, frozen=True):
    """A rectangle on the desktop, in logical pixels."""

    x: int
    y: int
    width: int
    height: int


class Span(Value, frozen=True):
    """What a dock or a split takes of its area: where it begins, how long it is, and its limits, in logical pixels."""

    at: int = 0
    length: int = 0
    least: int = 0
    most: int = SIZE_MAX


class Dock(Value, frozen=True, tag="dock"):
    """One dock; ``rect`` where it floats, else ``span``."""

    name: str
    is_shown: bool = True
    rect: Rect | None = None
    span: Span = Span()


class Split(Value, frozen=True, tag="split"):
    """Docks and splits beside each other, above each other, or as tabs of which ``tab`` is in front (-1 for none)."""

    items: tuple["DockItem", ...]
    is_upright: bool = False
    is_tabbed: bool = False
    tab: int = -1
    span: Span = Span()


DockItem: TypeAlias = Dock | Split


class DockSide(Value, frozen=True):
    """The docks at one side of a window; side : 0 left, 1 right, 2 top, 3 bottom."""

    side: int
    width: int
    height: int
    root: Split


class FloatingTabs(Value, frozen=True):
    """Docks that float together."""

    rect: Rect
    root: Split


class DockTree(Value, frozen=True):
    """All docks of a window.

    middle : width and height of what is between them
    corners : which side has the upper left, upper right, lower left and lower right corner, as 1 left, 2 right, 4 top, 8 bottom
    """

    sides: tuple[DockSide, ...] = ()
    floating: tuple[FloatingTabs, ...] = ()
    middle: tuple[int, int] = (0, 0)
    corners: tuple[int, int, int, int] = (4, 4, 8, 8)


def docks_of(tree: DockTree) -> Iterator[Dock]:
    """Every dock, wherever it stands."""
    for root in _roots(tree):
        yield from _docks_in(root)


def with_rects(tree: DockTree, fitted: dict[Rect, Rect]) -> DockTree:
    """The same with floating docks elsewhere: each rectangle as ``fitted`` says."""
    sides = tuple(msgspec.structs.replace(side, root=_moved(side.root, fitted)) for side in tree.sides)
    floating = tuple(FloatingTabs(fitted.get(group.rect, group.rect), _moved(group.root, fitted)) for group in tree.floating)
    return msgspec.structs.replace(tree, sides=sides, floating=floating)


def without_limits(tree: DockTree) -> DockTree:
    """The same without how small and large each may be: Qt tells it in part before it knows it, and asks the docks again."""
    sides = tuple(msgspec.structs.replace(side, root=_unlimited(side.root)) for side in tree.sides)
    floating = tuple(FloatingTabs(group.rect, _unlimited(group.root)) for group in tree.floating)
    return msgspec.structs.replace(tree, sides=sides, floating=floating)


def rects_of(tree: DockTree) -> tuple[Rect, ...]:
    """The rectangles of what floats."""
    return (*(dock.rect for dock in docks_of(tree) if dock.rect is not None), *(group.rect for group in tree.floating))


def check_docks(tree: DockTree) -> None:
    """Refuse what no window can show. Raises InvalidInput."""
    for root in _roots(tree):
        _check_depth(root, 1)
    docks = list(docks_of(tree))
    if len(docks) > DOCKS_MAX or len({dock.name for dock in docks}) != len(docks) or not all(dock.name for dock in docks):
        _refuse(f"has {len(docks)} docks, or two of one name")
    sides = [side.side for side in tree.sides]
    if sides != sorted(set(sides)) or not all(0 <= side < N_SIDES for side in sides):
        _refuse(f"has docks at the sides {sides}")
    for corner, allowed in zip(tree.corners, ((1, 4), (2, 4), (1, 8), (2, 8)), strict=True):
        if corner not in allowed:
            _refuse(f"gives a corner to the side {corner}")
    lengths = [length for side in tree.sides for length in (side.width, side.height)]
    if not all(0 <= length <= PIXELS_MAX for length in (*lengths, *tree.middle)):
        _refuse("has docks of an impossible size")
    for rect in rects_of(tree):
        check_rect(rect)
    if any(dock.rect is not None for group in tree.floating for dock in _docks_in(group.root)):
        _refuse("has a dock that floats twice")


def check_rect(rect: Rect) -> None:
    """Refuse a rectangle that no desktop has. Raises InvalidInput."""
    if not all(abs(place) <= PIXELS_MAX for place in (rect.x, rect.y)) or not all(
        1 <= length <= PIXELS_MAX for length in (rect.width, rect.height)
    ):
        _refuse(f"has a window at {rect.x}, {rect.y}, {rect.width} x {rect.height}")


def _check_depth(split: Split, depth: int) -> None:
    if depth > DEPTH_MAX or not split.items:
        _refuse("has docks in docks without end, or an empty place")
    if not -1 <= split.tab < len(split.items) or (split.tab >= 0 and not split.is_tabbed):
        _refuse(f"shows tab {split.tab} of {len(split.items)}")
    for item in split.items:
        span = item.span
        if not all(-1 <= at <= PIXELS_MAX for at in (span.at, span.length)) or not 0 <= span.least <= span.most <= 2 * SIZE_MAX:
            _refuse("has docks of an impossible size")
        if isinstance(item, Split):
            _check_depth(item, depth + 1)


def _roots(tree: DockTree) -> tuple[Split, ...]:
    return (*(side.root for side in tree.sides), *(group.root for group in tree.floating))


def _docks_in(split: Split) -> Iterator[Dock]:
    for item in split.items:
        if isinstance(item, Dock):
            yield item
        else:
            yield from _docks_in(item)


def _unlimited(split: Split) -> Split:
    span = Span(split.span.at, split.span.length)
    items = tuple(
        _unlimited(item) if isinstance(item, Split) else msgspec.structs.replace(item, span=Span(item.span.at, item.span.length))
        for item in split.items
    )
    return msgspec.structs.replace(split, items=items, span=span)


def _moved(split: Split, fitted: dict[Rect, Rect]) -> Split:
    items: list[DockItem] = []
    for item in split.items:
        if isinstance(item, Split):
            items.append(_moved(item, fitted))
        elif item.rect is not None:
            items.append(msgspec.structs.replace(item, rect=fitted.get(item.rect, item.rect)))
        else:
            items.append(item)
    return msgspec.structs.replace(split, items=tuple(items))


def _refuse(what: str) -> None:
    raise InvalidInput(f"A saved workspace {what}.", hint="Choose another workspace.", code="workspace.docks")
