"""What drawings look like as numbers: lines, grounds, words and handles in pixels of a pane, cut at its edges; no window needed."""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from trii_desktop.drawings.placement import Placement

ROOM_PX: Final = 64.0  # lines are cut this far outside the pane
PAD_PX: Final = 5.0  # logical pixels around words on a ground of their own
LETTERS_PX: Final = 12

Point: TypeAlias = tuple[float, float]
Measure: TypeAlias = Callable[[str, int], tuple[float, float]]  # lines of text, size of letters: width and height


class Stroke(NamedTuple):
    """A straight piece; ``ink`` is ``main`` (the drawing's own) or the name of one of the chart's."""

    x1: float
    y1: float
    x2: float
    y2: float
    ink: str = "main"
    is_thin: bool = False


class Ground(NamedTuple):
    """A tinted polygon: its corners in order."""

    corners: tuple[Point, ...]
    ink: str = "main"


class Words(NamedTuple):
    """Lines of text in a box.

    pad : pixels between the box and the letters; px : size of the letters; align : 0 left, 0.5 middle, 1 right
    """

    text: str
    left: float
    top: float
    width: float
    height: float
    pad: float
    px: int
    align: float = 0.0
    ink: str = "main"
    has_ground: bool = False


class Grip(NamedTuple):
    """What a handle moves: the anchors that take its bar, and those that take its price."""

    times: tuple[int, ...]
    prices: tuple[int, ...]


class Handle(NamedTuple):
    """Where a drawing can be taken."""

    x: float
    y: float
    grip: Grip


class Shape(NamedTuple):
    """A drawing as it is painted. Of ``handles`` the first ones are the anchors, in their order."""

    strokes: tuple[Stroke, ...] = ()
    grounds: tuple[Ground, ...] = ()
    words: tuple[Words, ...] = ()
    handles: tuple[Handle, ...] = ()


class Sheet(NamedTuple):
    """What drawings of one chart are laid out with.

    decimals : digits after the point of its prices
    measure : how large text is, in device pixels
    is_lively : whether the drawing is selected, pointed at or under way, and says all it can
    """

    place: Placement
    decimals: int
    measure: Measure
    is_lively: bool = False

    @property
    def width(self) -> float:
        """Of the pane."""
        return float(self.place.frame.width_px)

    @property
    def height(self) -> float:
        """Of the pane."""
        return float(self.place.frame.height_px)

    @property
    def ratio(self) -> float:
        """Device pixels a logical one."""
        return self.place.frame.pixel_ratio

    def line(self, start: Point, end: Point, ink: str = "main", *, is_thin: bool = False) -> tuple[Stroke, ...]:
        """A straight piece as far as it can be seen; none where it cannot."""
        seen = self.cut(start, end)
        return (Stroke(*seen[0], *seen[1], ink, is_thin),) if seen is not None else ()

    def cut(self, start: Point, end: Point) -> tuple[Point, Point] | None:
        """The part of a straight piece that lies in the pane or near it (Liang and Barsky 1984); None where none does."""
        (x1, y1), (x2, y2) = start, end
        first, last = 0.0, 1.0
        for at, step, low, high in (
            (x1, x2 - x1, -ROOM_PX, self.width + ROOM_PX),
            (y1, y2 - y1, -ROOM_PX, self.height + ROOM_PX),
        ):
            if step:
                enters, leaves = sorted(((low - at) / step, (high - at) / step))
                first, last = max(first, enters), min(last, leaves)
            elif not low <= at <= high:
                return None
        if first > last:
            return None
        return (x1 + first * (x2 - x1), y1 + first * (y2 - y1)), (x1 + last * (x2 - x1), y1 + last * (y2 - y1))

    def box(self, left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        """A rectangle cut at the edges of what can be seen."""
        return (
            min(max(left, -ROOM_PX), self.width + ROOM_PX),
            min(max(top, -ROOM_PX), self.height + ROOM_PX),
            min(max(right, -ROOM_PX), self.width + ROOM_PX),
            min(max(bottom, -ROOM_PX), self.height + ROOM_PX),
        )

    def ground(self, corners: tuple[Point, ...], ink: str = "main") -> tuple[Ground, ...]:
        """A polygon as far as it can be seen (Sutherland and Hodgman 1974); none where it cannot."""
        made = list(corners)
        for axis, edge, side in ((0, -ROOM_PX, 1), (0, self.width + ROOM_PX, -1), (1, -ROOM_PX, 1), (1, self.height + ROOM_PX, -1)):
            made = _beside(made, axis, edge, side)
        return (Ground(tuple(made), ink),) if len(made) > 2 else ()

    def far_end(self, start: Point, end: Point) -> Point:
        """Where the line from ``start`` through ``end`` has left what can be seen; ``end`` where both are one place."""
        (x1, y1), (x2, y2) = start, end
        dx, dy = x2 - x1, y2 - y1
        if not dx and not dy:
            return end
        leaves = [((self.width + ROOM_PX if dx > 0 else -ROOM_PX) - x1) / dx] if dx else []
        leaves += [((self.height + ROOM_PX if dy > 0 else -ROOM_PX) - y1) / dy] if dy else []
        reach = max(min(leaves), 1.0)  # an edge passed before ``end`` will not be passed again
        return x1 + dx * reach, y1 + dy * reach

    def words(
        self,
        at: Point,
        text: str,
        align: Point = (0.0, 0.0),
        ink: str = "main",
        *,
        has_ground: bool = False,
        px: int = LETTERS_PX,
    ) -> tuple[Words, ...]:
        """Text beside a point; ``align`` 0 stands right of and below it, 1 left of and above, 0.5 around it; none where unseen."""
        if not text:
            return ()
        size = max(round(px * self.ratio), 1)
        wide, tall = self.measure(text, size)
        pad = PAD_PX * self.ratio if has_ground else 0.0
        wide, tall = wide + 2 * pad, tall + pad
        left, top = at[0] - align[0] * wide, at[1] - align[1] * tall
        is_seen = left < self.width and left + wide > 0 and top < self.height and top + tall > 0
        return (Words(text, left, top, wide, tall, pad, size, align[0], ink, has_ground),) if is_seen else ()


def _beside(corners: list[Point], axis: int, edge: float, side: int) -> list[Point]:
    """The part of a polygon on one side of an upright or level line."""
    made: list[Point] = []
    for number, here in enumerate(corners):
        before = corners[number - 1]
        is_in, was_in = side * (here[axis] - edge) >= 0, side * (before[axis] - edge) >= 0
        if is_in != was_in:
            share = (edge - before[axis]) / (here[axis] - before[axis])
            made.append((before[0] + share * (here[0] - before[0]), before[1] + share * (here[1] - before[1])))
        if is_in:
            made.append(here)
    return made
