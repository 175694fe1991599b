"""Paints over a chart what an answer is about: levels, lines and marks of an analysis, and the bars behind a number."""

import math
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from backend.assistant.analysis.card import Sketch, SketchKind
from backend.assistant.facts.fact import BarRange
from backend.charts.chart_state import MAIN_PANE
from backend.domain.bars import Float64s, Int64s
from trii_desktop.assistant.label_places import leader, place_above_line, place_beside
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
Columns: TypeAlias = tuple[Int64s, npt.NDArray[np.bool_], Float64s]


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

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to paint."""
        return not self.sketches and not self.marked

    # --- ChartLayer ---------------------------------------------------------------------------------------------------

    def prepare(self, frame: PaneFrame, pane_id: str) -> None:
        """Remember where things stand in this frame."""
        if pane_id == MAIN_PANE:
            self._place = self._drawings.placement(frame) if self._drawings.map is not None and not self.is_empty else None

    def paint(self, painter: QPainter, inks: Inks, pane_id: str) -> None:
        """The marked bars first, then lines, then words."""
        place = self._place
        if pane_id != MAIN_PANE or place is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.marked:
            self._paint_marked(painter, inks, place)
        for sketch in self.sketches:
            if sketch.points:
                self._paint_sketch(painter, inks, place, sketch)
        self._name_sketches(painter, inks, place)

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

    def _paint_marked(self, painter: QPainter, inks: Inks, place: Placement) -> None:
        half = max(place.frame.time.spacing_px / 2, 1.5)
        ground = QColor(inks[_INK])
        ground.setAlpha(GROUND_ALPHA)
        seen: list[QRectF] = []
        for left, right in self._stretches(place):
            box = QRectF(left - half, 0, max(right - left, 0) + 2 * half, place.frame.height_px)
            if box.right() >= 0 and box.left() <= place.frame.width_px:
                painter.fillRect(box, ground)
                seen.append(box)
        painter.setPen(QPen(inks[_INK], max(round(place.frame.pixel_ratio), 1)))
        if len(self.marked) == 1:
            for x in (x for box in seen for x in (box.left(), box.right())):
                painter.drawLine(QPointF(x, 0), QPointF(x, place.frame.height_px))
        if self.words and seen:
            wide, tall = self._size(place, self.words)
            left = max(min(seen[-1].left() + 4, place.frame.width_px - wide - 4), 4.0)
            self._write(painter, inks, place, self.words, QPointF(left, place.frame.height_px - tall - 4))  # the legend is above

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

    def _paint_sketch(self, painter: QPainter, inks: Inks, place: Placement, sketch: Sketch) -> None:
        ratio, points = place.frame.pixel_ratio, [QPointF(*point) for point in self._points(place, sketch.points)]
        pen = QPen(inks[_INK], max(round(1.5 * ratio), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if sketch.kind is SketchKind.LEVEL:
            pen.setDashPattern([6, 3])
            painter.setPen(pen)
            y = points[-1].y()  # where it is now: a split since its first touch moved it
            painter.drawLine(QPointF(max(points[0].x(), 0.0), y), QPointF(place.frame.width_px, y))
        elif sketch.kind is SketchKind.LINE:
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF(points))
        else:
            painter.setPen(QPen(inks["background"], ratio))
            painter.setBrush(inks[_INK])
            painter.drawEllipse(points[0], MARK_PX * ratio / 2 + 1, MARK_PX * ratio / 2 + 1)

    def _name_sketches(self, painter: QPainter, inks: Inks, place: Placement) -> None:
        """The words of all sketches, on none of the marks and on none of each other."""
        room, dot = QSizeF(place.frame.width_px, place.frame.height_px), (MARK_PX + 2) * place.frame.pixel_ratio
        ends = [(sketch, QPointF(*self._points(place, sketch.points[-1:])[0])) for sketch in self.sketches if sketch.points]
        taken = [QRectF(at.x() - dot / 2, at.y() - dot / 2, dot, dot) for sketch, at in ends if sketch.kind is SketchKind.MARK]
        for sketch, at in sorted(ends, key=_is_no_level):  # names of levels have one place each, the others find theirs
            size = QSizeF(*self._size(place, sketch.label))
            if sketch.kind is SketchKind.LEVEL:
                box = place_above_line(at.y(), size, room, taken)
            else:
                box = place_beside(at, size, room, taken) if 0 <= at.x() <= room.width() else None
            if box is None:
                continue
            taken.append(box)
            line = None if sketch.kind is SketchKind.LEVEL else leader(at, box)
            if line is not None:
                painter.setPen(QPen(inks[_INK], place.frame.pixel_ratio))
                painter.drawLine(*line)
            self._write(painter, inks, place, sketch.label, box.topLeft())

    def _size(self, place: Placement, words: str) -> tuple[float, float]:
        ratio = place.frame.pixel_ratio
        size_px = max(round(LETTERS_PX * ratio), 1)
        return self._drawings.sheet(place).measure(words, size_px)[0] + 8 * ratio, LINE_PX * ratio

    def _write(self, painter: QPainter, inks: Inks, place: Placement, words: str, at: QPointF) -> None:
        wide, tall = self._size(place, words)
        box = QRectF(at.x(), at.y(), wide, tall)
        ground = QColor(inks["background"])
        ground.setAlpha(215)
        painter.fillRect(box, ground)
        font = QFont(self._drawings.family) if self._drawings.family else QFont()
        font.setPixelSize(max(round(LETTERS_PX * place.frame.pixel_ratio), 1))
        painter.setFont(font)
        painter.setPen(inks["title"])
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)


def _is_no_level(end: tuple[Sketch, QPointF]) -> bool:
    return end[0].kind is not SketchKind.LEVEL
