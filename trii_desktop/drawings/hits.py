"""What lies under the pointer: handles first, then lines and words, then grounds; no window needed."""

import math
from typing import Final, NamedTuple

from trii_desktop.drawings.shapes import Point, Shape

REACH_PX: Final = 7.0
HANDLE_PX: Final = 9.0


class Hit(NamedTuple):
    """What was hit: the handle's place among them, else None; ``rank`` is lower for what should win."""

    rank: float
    handle: int | None = None


def hit(shape: Shape, x: float, y: float, *, pixel_ratio: float = 1.0, is_selected: bool = False) -> Hit | None:
    """What of ``shape`` lies at (x, y); handles count only where they are seen."""
    if is_selected:
        away, number = min(((math.hypot(h.x - x, h.y - y), n) for n, h in enumerate(shape.handles)), default=(math.inf, 0))
        if away <= HANDLE_PX * pixel_ratio:
            return Hit(away / 1000, number)
    nearest = min((distance(x, y, *stroke[:4]) for stroke in shape.strokes), default=math.inf)
    if nearest <= REACH_PX * pixel_ratio:
        return Hit(1.0 + nearest / 100)
    if any(w.left <= x <= w.left + w.width and w.top <= y <= w.top + w.height for w in shape.words):
        return Hit(2.0)
    if any(_inside(ground.corners, x, y) for ground in shape.grounds):
        return Hit(3.0)
    return None


def distance(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> float:
    """From a point to a straight piece."""
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    share = min(max(((x - x1) * dx + (y - y1) * dy) / length, 0.0), 1.0) if length else 0.0
    return math.hypot(x1 + share * dx - x, y1 + share * dy - y)


def _inside(corners: tuple[Point, ...], x: float, y: float) -> bool:
    """Whether a point lies inside a polygon: it crosses the outline an odd number of times on its way out."""
    is_inside = False
    for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            is_inside = not is_inside
    return is_inside
