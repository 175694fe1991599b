"""Where names stand on a chart: near what they name, on no candle, no line, no legend, and on none of each other."""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF

from trii_desktop.charts.geometry import body_width
from trii_desktop.charts.painters import PaneFrame, averaged

GAP_PX: Final = 3.0
_EDGE_PX: Final = 2.0
_REACH_PX: Final = 8.0  # how far a name that stands to one side of a mark reaches beyond it to the other
_MIDDLE_PX: Final = 8.0  # so much farther from its mark may a name be to stand in the middle above or below it
_ELSEWHERE_PX: Final = 40.0  # and so much farther, to stand on the side of the bars on which it is
_FAR_PX: Final = 1 << 30
_LEVEL: Final = 1e-9  # the slope of a line without any
_Edges: TypeAlias = tuple[float, float, float, float]  # left, top, right, bottom


class _Place(NamedTuple):
    """A place of a column: how far it is from what it names, and how its names are lined up, from 0, left, to 1, right."""

    far_px: float
    left: float
    top: float
    share: float


class LabelRoom:
    """What is free of a pane in one frame, less every name that was given a place.

    taken : what names keep clear of, beside the bars and legends; lines : and what is drawn through these points
    """

    def __init__(self, frame: PaneFrame, taken: Iterable[QRectF] = (), lines: Sequence[Sequence[QPointF]] = ()) -> None:
        self.width, self.height, self._ratio = float(frame.width_px), float(frame.height_px), frame.pixel_ratio
        self._taken: list[_Edges] = []
        self._lines = [
            (start.x(), start.y(), stop.x(), (stop.y() - start.y()) / (stop.x() - start.x()))
            for line in lines
            for start, stop in pairwise(line)
            if stop.x() > start.x()
        ]
        for box in (*(QRectF(one) for one in frame.legends), *taken):
            self.take(box)
        self._near_px = max(2 * frame.time.spacing_px, 3.0)
        # The upper and the lower edge of the bars in every column of pixels; the upper one lies below where there are none.
        self._tops = np.full(frame.width_px, _FAR_PX, np.int64)
        self._ends = np.full(frame.width_px, -_FAR_PX, np.int64)
        bars = averaged(frame)
        tops, ends = frame.prices.y_of(bars.high), frame.prices.y_of(bars.low)
        half = body_width(frame.time.spacing_px, frame.pixel_ratio) // 2
        for aside in range(-half, half + 1):
            xs = bars.x + aside
            is_in = (xs >= 0) & (xs < frame.width_px)
            self._tops[xs[is_in]] = np.minimum(tops, ends)[is_in]
            self._ends[xs[is_in]] = np.maximum(tops, ends)[is_in] + 1

    def take(self, box: QRectF) -> None:
        """Keep names clear of this too."""
        self._taken.append((box.left(), box.top(), box.right(), box.bottom()))

    def contains(self, at: QPointF) -> bool:
        """Whether a point is in view."""
        return 0 <= at.x() <= self.width and 0 <= at.y() <= self.height

    def is_high(self, at: QPointF) -> bool:
        """Whether a point is among the highs of the bars around it rather than among their lows."""
        tops, ends = self._bars(at.x() - self._near_px, at.x() + self._near_px)
        return at.y() <= (tops + ends) / 2

    def near_mark(self, at: QPointF, sizes: Sequence[QSizeF], *, is_above: bool, is_near: bool = False) -> list[QRectF]:
        """Names of what stands at a point, in a column past everything there; beside it or on the other side, where that is far.

        is_near : rather none than far from it
        """
        size, elsewhere_px = (
            QSizeF(max(size.width() for size in sizes), sum(size.height() for size in sizes)),
            _ELSEWHERE_PX * self._ratio,
        )
        best = min(self._past(at, size, is_above=is_above), default=None)
        if best is None or best.far_px > elsewhere_px:
            elsewhere = (*self._beside(at, size), *self._past(at, size, is_above=not is_above))
            moved = (place._replace(far_px=place.far_px + elsewhere_px) for place in elsewhere)
            best = min((*moved, *filter(None, (best,))), default=None)
        if best is None or (is_near and best.far_px > elsewhere_px):
            return []
        return self._column(best, sizes, size)

    def free_top(self, left: float, y: float, size: QSizeF, *, is_above: bool) -> float | None:
        """Where a box comes to stand that moves from ``y`` up, or down, past everything; None where it leaves the pane."""
        gap, tall = GAP_PX * self._ratio, size.height()
        spans = self._spans(left, left + size.width())
        if is_above:
            for high, low in sorted(spans, key=_low, reverse=True):
                if high - gap < y and low + gap > y - tall:
                    y = high - gap
            y -= tall
        else:
            for high, low in sorted(spans):
                if low + gap > y and high - gap < y + tall:
                    y = low + gap
        return y if 0 <= y <= self.height - tall else None

    def leader(self, at: QPointF, boxes: Sequence[QRectF]) -> tuple[QPointF, QPointF] | None:
        """A line from the bar of a mark to the column of its names; None where they stand right beside it."""
        tops, ends = self._bars(at.x() - 0.5, at.x() + 0.5)
        top, end = boxes[0].top(), boxes[-1].bottom()
        start, stop = (min(at.y(), tops), end) if end < at.y() else (max(at.y(), ends), top) if top > at.y() else (0, 0)
        return (QPointF(at.x(), start), QPointF(at.x(), stop)) if abs(stop - start) >= boxes[0].height() else None

    def on_line(self, y: float, size: QSizeF) -> QRectF | None:
        """A box right above a level line or right below it, as far to the right as there is room; None without any."""
        found = self._on_line(y - size.height() - _EDGE_PX, size)
        if found is None or found.right() < self.width - GAP_PX * self._ratio:
            below = self._on_line(y + _EDGE_PX, size)
            found = max(filter(None, (found, below)), key=QRectF.left, default=None)
        if found is not None:
            self.take(found)
        return found

    # --- inside -------------------------------------------------------------------------------------------------------

    def _bars(self, left: float, right: float) -> tuple[int, int]:
        seen = slice(max(math.floor(left), 0), max(math.ceil(right), 1))
        return int(self._tops[seen].min(initial=_FAR_PX)), int(self._ends[seen].max(initial=-_FAR_PX))

    def _spans(self, left: float, right: float) -> list[tuple[float, float]]:
        """Heights that are not free somewhere between two edges: the upper and the lower end of each stretch."""
        spans: list[tuple[float, float]] = [(top, end) for start, top, stop, end in self._taken if start < right and stop > left]
        for start, y, stop, slope in self._lines:
            if start <= right and stop >= left:
                ys = [y + slope * (max(min(x, stop), start) - start) for x in (left, right)]
                spans.append((min(ys), max(ys)))
        spans.append(self._bars(left, right))
        return spans

    def _past(self, at: QPointF, size: QSizeF, *, is_above: bool) -> Iterator[_Place]:
        """Places above or below a point and everything there: to the right of it, to the left, and in the middle."""
        reach, right = _REACH_PX * self._ratio, self.width - size.width()
        for share, more_px in ((0.5, 0.0), (0.0, _MIDDLE_PX), (1.0, _MIDDLE_PX)):
            left = at.x() - reach - share * (size.width() - 2 * reach)
            flush = 0.0 if left < 0 else 1.0 if left > right else share
            left = min(max(left, 0.0), right)
            top = self.free_top(left, at.y(), size, is_above=is_above)
            if left >= 0 and top is not None:
                far_px = abs(top + size.height() / 2 - at.y())
                yield _Place(far_px + more_px * self._ratio, left, top, flush)
                if far_px <= size.height() / 2 + _MIDDLE_PX * self._ratio:
                    return  # the others are no nearer

    def _beside(self, at: QPointF, size: QSizeF) -> Iterator[_Place]:
        """Places to the right and to the left of a point, as high as it."""
        for share in (0.0, 1.0):
            left = at.x() + _REACH_PX * self._ratio * (1 - 2 * share) - share * size.width()
            box = QRectF(QPointF(left, at.y() - size.height() / 2), size)
            is_free = not any(high < box.bottom() and low > box.top() for high, low in self._spans(left, box.right()))
            if is_free and QRectF(0, 0, self.width, self.height).contains(box):
                yield _Place(0.0, left, box.top(), share)

    def _column(self, place: _Place, sizes: Sequence[QSizeF], whole: QSizeF) -> list[QRectF]:
        boxes, top = [], place.top
        for size in sizes:
            boxes.append(QRectF(QPointF(place.left + place.share * (whole.width() - size.width()), top), size))
            top += size.height()
        self.take(QRectF(QPointF(place.left, place.top), whole))
        return boxes

    def _on_line(self, top: float, size: QSizeF) -> QRectF | None:
        end = top + size.height()
        if top < 0 or end > self.height:
            return None
        is_taken = (self._tops < end) & (self._ends > top)
        for start, high, stop, low in self._taken:
            if high < end and low > top:
                is_taken[max(math.floor(start), 0) : max(math.ceil(stop), 0)] = True
        for start, y, stop, slope in self._lines:
            low, high = sorted(start + (edge - y) / (slope or _LEVEL) for edge in (top, end))
            is_taken[max(math.floor(max(start, low)), 0) : max(math.ceil(min(stop, high)), 0)] = True
        walls = np.concatenate(([-1], np.flatnonzero(is_taken), [len(is_taken)]))
        gap = GAP_PX * self._ratio
        wide_enough = np.flatnonzero(np.diff(walls) - 1 >= size.width() + 2 * gap)
        return QRectF(QPointF(float(walls[wide_enough[-1] + 1]) - gap - size.width(), top), size) if len(wide_enough) else None


def _low(span: tuple[float, float]) -> float:
    return span[1]
