"""Paints over a chart what an answer is about: levels, lines and marks of an analysis, and the bars behind a number."""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from backend.assistant.analysis.card import Sketch, SketchKind
from backend.assistant.facts.fact import BarRange
from backend.charts.chart_state import MAIN_PANE
from backend.domain.bars import Float64s, Int64s
from trii_desktop.assistant.label_places import LabelRoom
from trii_desktop.charts.labels import AxisLabel
from trii_desktop.charts.last_values import scaled_text
from trii_desktop.charts.layers import TimeMark
from trii_desktop.charts.painters import Inks, PaneFrame
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.drawings.layer import DrawingLayer
from trii_desktop.drawings.placement import Placement
from trii_desktop.widgets.numbers import format_price

LETTERS_PX: Final = 11
LINE_PX: Final = 16.0
MARK_PX: Final = 6.0
GROUND_ALPHA: Final = 38
N_LABELS_MAX: Final = 16
_INK: Final = "line"
_SPOTS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
Columns: TypeAlias = tuple[Int64s, npt.NDArray[np.bool_], Float64s]


class _Drawn(NamedTuple):
    """A sketch, and where its points stand in this frame."""

    sketch: Sketch
    points: list[QPointF]


class _Name(NamedTuple):
    """Words, where they stand, and the line to what they name where they do not stand right beside it."""

    words: str
    box: QRectF
    leader: tuple[QPointF, QPointF] | None = None


class SketchLayer:
    """A ``ChartLayer`` over the drawings' one, whose places it shares. Nothing of it is kept.

    sketches : of an analysis; marked : the bars behind a number or found by an answer; words : what is marked
    is_dated : whether the sketches' moments are labels of sessions
    """

    def __init__(self, drawings: DrawingLayer) -> None:
        self.sketches: tuple[Sketch, ...] = ()
        self.marked: tuple[BarRange, ...] = ()
        self.words = ""
        self.is_dated = False
        self.is_still = False
        self._drawings = drawings
        self._place: Placement | None = None
        self._drawn: list[_Drawn] = []
        self._grounds: list[QRectF] = []
        self._names: list[_Name] = []

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to paint."""
        return not self.sketches and not self.marked

    # --- ChartLayer ---------------------------------------------------------------------------------------------------

    def prepare(self, frame: PaneFrame, pane_id: str) -> None:
        """Find where everything stands in this frame, and room for the names."""
        if pane_id != MAIN_PANE:
            return
        self._place, self._drawn, self._grounds, self._names = None, [], [], []
        if self._drawings.map is None or self.is_empty:
            return
        self._place = place = self._drawings.placement(frame)
        for sketch in self.sketches:
            if sketch.points:
                self._drawn.append(_Drawn(sketch, [QPointF(*point) for point in self._points(place, sketch.points)]))
        self._grounds = self._marked_grounds(place)
        self._names = [*self._name_all(place)]

    def paint(self, painter: QPainter, inks: Inks, pane_id: str) -> None:
        """The marked bars first, then lines, then names."""
        place = self._place
        if pane_id != MAIN_PANE or place is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio = place.frame.pixel_ratio
        self._paint_grounds(painter, inks, place)
        for one in self._drawn:
            _paint_sketch(painter, inks, place, one)
        painter.setPen(QPen(inks[_INK], ratio))
        for name in self._names:
            if name.leader is not None:
                painter.drawLine(*name.leader)
        for name in self._names:
            self._write(painter, inks, ratio, name)

    def price_labels(self, pane_id: str, scale: PriceScale, decimals: int, inks: Inks) -> list[AxisLabel]:
        """Levels on the price axis."""
        place = self._place
        if pane_id != MAIN_PANE or place is None:
            return []
        made = []
        for sketch in [one for one in self.sketches if one.kind is SketchKind.LEVEL and one.points][:N_LABELS_MAX]:
            (_, y), price = self._points(place, sketch.points[-1:])[0], self._shown_price(place, sketch.points[-1])
            if 0 <= y < place.frame.height_px:
                made.append(AxisLabel(math.floor(y), scaled_text(scale, price, format_price(price, decimals)), _INK, inks.on(_INK)))
        return made

    def time_marks(self) -> list[TimeMark]:
        """None of its own."""
        return []

    # --- inside -------------------------------------------------------------------------------------------------------

    def _columns(self, points: tuple[tuple[int, float], ...], *, is_dated: bool) -> Columns:
        times = np.array([event_ns for event_ns, _ in points], np.int64)
        return times, np.full(len(points), is_dated), np.array([price for _, price in points])

    def _points(self, place: Placement, points: tuple[tuple[int, float], ...]) -> list[tuple[float, float]]:
        times, is_date, prices = self._columns(points, is_dated=self.is_dated)
        shown = place.prices_of(times, is_date, prices)
        return list(zip(place.xs_of(times, is_date).tolist(), place.ys_of(shown).tolist(), strict=True))

    def _shown_price(self, place: Placement, point: tuple[int, float]) -> float:
        return float(place.prices_of(*self._columns((point,), is_dated=self.is_dated))[0])

    def _marked_grounds(self, place: Placement) -> list[QRectF]:
        """What is marked of the bars in view."""
        half, room = max(place.frame.time.spacing_px / 2, 1.5), QRectF(0, 0, place.frame.width_px, place.frame.height_px)
        boxes = (QRectF(left - half, 0, right - left + 2 * half, room.height()) for left, right in self._stretches(place))
        return [box for box in boxes if box.intersects(room)]

    def _paint_grounds(self, painter: QPainter, inks: Inks, place: Placement) -> None:
        ground = QColor(inks[_INK])
        ground.setAlpha(GROUND_ALPHA)
        for box in self._grounds:
            painter.fillRect(box, ground)
        painter.setPen(QPen(inks[_INK], max(round(place.frame.pixel_ratio), 1)))
        if len(self.marked) == 1:
            for x in (x for box in self._grounds for x in (box.left(), box.right())):
                painter.drawLine(QPointF(x, 0), QPointF(x, place.frame.height_px))

    def _stretches(self, place: Placement) -> list[tuple[float, float]]:
        """Where the marked bars begin and end, those that touch each other as one."""
        times = np.array([ns for one in self.marked for ns in (one.from_ns, one.to_ns)], np.int64)
        is_date = np.array([one.series.spec.is_dated for one in self.marked for _ in range(2)])
        xs = place.xs_of(times, is_date).tolist()
        made: list[tuple[float, float]] = []
        for left, right in sorted(zip(xs[::2], xs[1::2], strict=True)):
            if made and left - made[-1][1] <= place.frame.time.spacing_px * 1.01:
                made[-1] = (made[-1][0], max(made[-1][1], right))
            else:
                made.append((left, right))
        return made

    def _name_all(self, place: Placement) -> Iterator[_Name]:
        """The names of the marked bars, of marks, those of one bar on one side together, of lines and of levels."""
        dot = (MARK_PX + 2) * place.frame.pixel_ratio
        of_kind = {kind: [one for one in self._drawn if one.sketch.kind is kind] for kind in SketchKind}
        marks, lines = of_kind[SketchKind.MARK], of_kind[SketchKind.LINE]
        dots = (QRectF(one.points[0].x() - dot / 2, one.points[0].y() - dot / 2, dot, dot) for one in marks)
        room = LabelRoom(place.frame, dots, [one.points for one in lines])
        yield from self._name_marked(place, room)
        columns: dict[tuple[float, bool], list[_Drawn]] = {}
        for one in marks:
            at = one.points[0]
            if room.contains(at):
                columns.setdefault((at.x(), room.is_high(at)), []).append(one)
        for (_, is_above), named in sorted(columns.items(), key=_first_x):
            at = (min if is_above else max)((one.points[0] for one in named), key=QPointF.y)
            boxes = room.near_mark(at, [self._size(place, one.sketch.label) for one in named], is_above=is_above)
            for n, (one, box) in enumerate(zip(named, boxes, strict=False)):  # no boxes where there is no room
                yield _Name(one.sketch.label, box, None if n else room.leader(at, boxes))
        for sketch, points in lines:  # at the end, or where else along the last stretch there is room
            start, end = points[-2:] if len(points) > 1 else points * 2
            for at in (spot for share in _SPOTS if room.contains(spot := end + (start - end) * share)):
                boxes = room.near_mark(at, [self._size(place, sketch.label)], is_above=room.is_high(at), is_near=True)
                if boxes:
                    yield _Name(sketch.label, boxes[0], room.leader(at, boxes))
                    break
        for sketch, points in of_kind[SketchKind.LEVEL]:
            found = room.on_line(points[-1].y(), self._size(place, sketch.label))
            if found is not None:
                yield _Name(sketch.label, found)

    def _name_marked(self, place: Placement, room: LabelRoom) -> Iterator[_Name]:
        """At the lower edge, for the legend is above; higher where bars are there."""
        if self.words and self._grounds:
            size, gap = self._size(place, self.words), 4 * place.frame.pixel_ratio
            left = max(min(self._grounds[-1].left() + gap, room.width - size.width() - gap), gap)
            top = room.free_top(left, room.height - gap, size, is_above=True)
            if top is not None:
                box = QRectF(QPointF(left, top), size)
                room.take(box)
                yield _Name(self.words, box)

    def _size(self, place: Placement, words: str) -> QSizeF:
        ratio = place.frame.pixel_ratio
        size_px = max(round(LETTERS_PX * ratio), 1)
        return QSizeF(self._drawings.sheet(place).measure(words, size_px)[0] + 8 * ratio, LINE_PX * ratio)

    def _write(self, painter: QPainter, inks: Inks, ratio: float, name: _Name) -> None:
        ground = QColor(inks["background"])
        ground.setAlpha(215)
        painter.fillRect(name.box, ground)
        font = QFont(self._drawings.family) if self._drawings.family else QFont()
        font.setPixelSize(max(round(LETTERS_PX * ratio), 1))
        painter.setFont(font)
        painter.setPen(inks["title"])
        painter.drawText(name.box, int(Qt.AlignmentFlag.AlignCenter), name.words)


def _first_x(column: tuple[tuple[float, bool], list[_Drawn]]) -> float:
    return column[0][0]


def _paint_sketch(painter: QPainter, inks: Inks, place: Placement, drawn: _Drawn) -> None:
    kind, points, ratio = drawn.sketch.kind, drawn.points, place.frame.pixel_ratio
    pen = QPen(inks[_INK], max(round(1.5 * ratio), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if kind is SketchKind.LEVEL:
        pen.setDashPattern([6, 3])
        painter.setPen(pen)
        y = points[-1].y()  # where it is now: a split since its first touch moved it
        painter.drawLine(QPointF(max(points[0].x(), 0.0), y), QPointF(place.frame.width_px, y))
    elif kind is SketchKind.LINE:
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(points))
    else:
        painter.setPen(QPen(inks["background"], ratio))
        painter.setBrush(inks[_INK])
        painter.drawEllipse(points[0], MARK_PX * ratio / 2 + 1, MARK_PX * ratio / 2 + 1)
