"""Which of many drawings may be in view: found with arrays, so that those elsewhere cost a frame nothing to speak of."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from backend.charts.drawings import Drawing, DrawingKind
from backend.domain.bars import DAY_NS, Float64s, Int64s
from trii_desktop.drawings.placement import Placement
from trii_desktop.drawings.shapes import Point

DRAWN_MAX: Final = 1_000  # more at once would be a smear, and a slow one
_ANCHORS: Final = 3
_LETTER: Final = 0.75  # of a letter's size: how wide it is at most, usually
_LINE: Final = 1.6
_ROOM_PX: Final = 40.0
_SAYING_PX: Final = (360.0, 110.0)  # what numbers beside a drawing need
_TOLD_NS: Final = 4 * DAY_NS  # how far labels of dates lie from their sessions, at most
_FAR_NS: Final = 2**62
_SAYING: Final = frozenset({DrawingKind.MEASURE, DrawingKind.LONG, DrawingKind.SHORT, DrawingKind.FIBONACCI})
_LINES: Final = frozenset({DrawingKind.TREND_LINE, DrawingKind.RAY})


class Seen(NamedTuple):
    """Drawings that may be in view with the pixels of their anchors, the backmost first; and how many more there would be."""

    drawings: list[tuple[Drawing, list[Point]]]
    n_left_out: int


class DrawingIndex:
    """Anchors and reaches of drawings as columns; made anew when there are other drawings."""

    def __init__(self, drawings: tuple[Drawing, ...] = ()) -> None:
        self.drawings = drawings
        n_drawings = len(drawings)
        anchors = [(*d.anchors, *([d.anchors[-1]] * (_ANCHORS - len(d.anchors)))) for d in drawings]
        shape = (n_drawings, _ANCHORS)
        self._event_ns = np.array([anchor.event_ns for row in anchors for anchor in row], np.int64).reshape(shape)
        self._is_date = np.array([anchor.is_date for row in anchors for anchor in row], np.bool_).reshape(shape)
        self._price = np.array([anchor.price for row in anchors for anchor in row], np.float64).reshape(shape)
        self._is_shown = np.array([drawing.is_shown for drawing in drawings], np.bool_)
        self._room = np.array([_room(drawing) for drawing in drawings], np.float64).reshape(n_drawings, 2)
        self._is_level = np.array([d.kind is DrawingKind.HORIZONTAL for d in drawings], np.bool_)
        self._is_upright = np.array([d.kind is DrawingKind.VERTICAL for d in drawings], np.bool_)
        self._goes_on = np.array([_goes_on(drawing) for drawing in drawings], np.bool_)
        self._is_tall = np.array([_is_tall(drawing) for drawing in drawings], np.bool_)
        self._is_line = np.array([drawing.kind in _LINES for drawing in drawings], np.bool_)
        self._first_ns, self._last_ns = self._spans()

    def seen(self, place: Placement, *, first: frozenset[str] = frozenset(), left_out: frozenset[str] = frozenset()) -> Seen:
        """What may be in view, except ``left_out``; of too many those of ``first`` and the newest."""
        if not self.drawings:
            return Seen([], 0)
        rows = self._near(place)
        if left_out:
            rows = np.array([row for row in rows.tolist() if self.drawings[row].id not in left_out], np.int64)
        flat = (self._event_ns[rows].ravel(), self._is_date[rows].ravel())
        xs = place.xs_of(*flat).reshape(-1, _ANCHORS)
        ys = place.ys_of(place.prices_of(*flat, self._price[rows].ravel())).reshape(-1, _ANCHORS)
        is_seen = self._is_seen(rows, xs, ys, place)
        rows, xs, ys = rows[is_seen], xs[is_seen], ys[is_seen]
        n_left_out = max(len(rows) - DRAWN_MAX, 0)
        if n_left_out:
            is_first = np.array([self.drawings[row].id in first for row in rows.tolist()], np.bool_)
            is_first[n_left_out:] = True
            n_left_out = int(np.sum(~is_first))
            rows, xs, ys = rows[is_first], xs[is_first], ys[is_first]
        made = []
        for row, across, down in zip(rows.tolist(), xs.tolist(), ys.tolist(), strict=True):
            drawing = self.drawings[row]
            made.append((drawing, list(zip(across, down, strict=True))[: len(drawing.anchors)]))
        return Seen(made, n_left_out)

    def _spans(self) -> tuple[Int64s, Int64s]:
        if not self.drawings:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        is_everywhere = self._is_level | self._goes_on
        first = np.where(is_everywhere, -_FAR_NS, self._event_ns.min(axis=1))
        last = np.where(is_everywhere, _FAR_NS, self._event_ns.max(axis=1))
        return first.astype(np.int64), last.astype(np.int64)

    def _near(self, place: Placement) -> Int64s:
        # By time alone, in which the rows of the chart need not be found.
        time = place.frame.time
        room = float(self._room[:, 0].max()) * place.frame.pixel_ratio
        first_ns = place.event_ns_at(time.row_at(-room)) - _TOLD_NS
        last_ns = place.event_ns_at(time.row_at(time.width_px + room)) + _TOLD_NS
        near = np.flatnonzero((self._last_ns >= first_ns) & (self._first_ns <= last_ns) & self._is_shown)
        return near.astype(np.int64)

    def _is_seen(self, rows: Int64s, xs: Float64s, ys: Float64s, place: Placement) -> npt.NDArray[np.bool_]:
        width, height, ratio = place.frame.width_px, place.frame.height_px, place.frame.pixel_ratio
        room_x, room_y = self._room[rows, 0] * ratio, self._room[rows, 1] * ratio
        across = (xs.max(axis=1) >= -room_x) & (xs.min(axis=1) <= width + room_x)
        down = (ys.max(axis=1) >= -room_y) & (ys.min(axis=1) <= height + room_y)
        goes_on = self._goes_on[rows]
        seen = (across | self._is_level[rows] | goes_on) & (down | self._is_upright[rows] | self._is_tall[rows] | goes_on)
        # A line that goes on is unseen where it passes above or below both edges.
        dx = np.where(xs[:, 1] == xs[:, 0], 1.0, xs[:, 1] - xs[:, 0])
        slope = (ys[:, 1] - ys[:, 0]) / dx
        left, right = (ys[:, 0] + (edge - xs[:, 0]) * slope for edge in (-room_x, width + room_x))
        misses = (np.maximum(left, right) < -room_y) | (np.minimum(left, right) > height + room_y)
        can_miss = goes_on & self._is_line[rows] & (xs[:, 1] != xs[:, 0])
        found: npt.NDArray[np.bool_] = seen & ~(can_miss & misses)
        return found


def _is_tall(drawing: Drawing) -> bool:
    """Whether it may reach above and below its anchors: the other edge of a channel, levels beyond 0 and 1."""
    return drawing.kind is DrawingKind.CHANNEL or any(not 0 <= level <= 1 for level in drawing.style.levels)


def _goes_on(drawing: Drawing) -> bool:
    return drawing.kind is DrawingKind.RAY or drawing.style.is_extended or drawing.style.is_extended_back


def _room(drawing: Drawing) -> tuple[float, float]:
    """Logical pixels beside the anchors in which words and handles may stand."""
    wide, tall = _SAYING_PX if drawing.kind in _SAYING else (_ROOM_PX, _ROOM_PX)
    if drawing.text:
        lines = drawing.text.split("\n")
        wide += _LETTER * drawing.style.text_px * max(map(len, lines))
        tall += _LINE * drawing.style.text_px * len(lines)
    return wide, tall
