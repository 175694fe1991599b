"""Paints the drawings of a chart over its series, those in view alone, with handles on what is selected."""

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from backend.charts.chart_state import MAIN_PANE, Dash
from backend.charts.drawings import Drawing, DrawingKind
from trii_desktop.charts.painters import Inks, PaneFrame
from trii_desktop.drawings.hits import Hit, hit
from trii_desktop.drawings.placement import RAW, Placement, Prices
from trii_desktop.drawings.shapes import Shape, Spelling, Words, shape_of

_PENS: Final = {Dash.SOLID: Qt.PenStyle.SolidLine, Dash.DASHED: Qt.PenStyle.DashLine, Dash.DOTTED: Qt.PenStyle.DotLine}
_ROLES: Final = {"muted": "muted", "up": "up", "down": "down"}
_EVERYWHERE: Final = frozenset({DrawingKind.HORIZONTAL, DrawingKind.RAY})
_GROUND_ALPHA: Final = 34
_LETTERS_PX: Final = 12
_FAR_NS: Final = 2**62


class DrawingLayer:
    """A ``ChartLayer``. ``drawings`` are painted in order, the newest in front; ``preview`` is the one under way.

    selected : ids with handles; hovered : the id that is drawn a little wider; is_shown : all of them, or none
    """

    def __init__(self) -> None:
        self.preview: Drawing | None = None
        self.selected: frozenset[str] = frozenset()
        self.hovered = ""
        self.is_shown = True
        self.is_dated = True
        self.prices: Prices = RAW
        self.spelling = Spelling()
        self._drawings: tuple[Drawing, ...] = ()
        self._spans = np.empty((0, 2), np.int64)
        self._shapes: list[tuple[Drawing, Shape]] = []
        self._place: Placement | None = None
        self._ratio = 1.0

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """All of the instrument."""
        return self._drawings

    @drawings.setter
    def drawings(self, drawings: tuple[Drawing, ...]) -> None:
        self._drawings = drawings
        self._spans = np.array([_span(drawing) for drawing in drawings], np.int64).reshape(-1, 2)

    @property
    def place(self) -> Placement | None:
        """Where anchors stood in the last frame; None before the first."""
        return self._place

    def prepare(self, frame: PaneFrame, pane_id: str) -> None:
        """Find the drawings in view, and what they look like."""
        if pane_id != MAIN_PANE:
            return
        self._ratio = frame.pixel_ratio
        self._place = place = Placement(frame, self.prices, is_dated=self.is_dated)
        self._shapes = [(d, shape_of(d, place, self.spelling)) for d in self._in_view(place)] if self.is_shown else []
        if self.preview is not None:
            self._shapes.append((self.preview, shape_of(self.preview, place, self.spelling)))

    def paint(self, painter: QPainter, inks: Inks, pane_id: str) -> None:
        """Grounds first, then lines, words and handles of each."""
        if pane_id != MAIN_PANE or not self._shapes:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for drawing, shape in self._shapes:
            self._paint(painter, inks, drawing, shape)
        painter.restore()

    def find(self, x: float, y: float) -> tuple[Drawing, Hit] | None:
        """What lies at a place; handles of what is selected first, then the nearest line, of equals the newest."""
        found: list[tuple[float, int, Drawing, Hit]] = []
        for place, (drawing, shape) in enumerate(self._shapes):
            if drawing is not self.preview:
                seen = hit(shape, x, y, pixel_ratio=self._ratio, is_selected=drawing.id in self.selected)
                if seen is not None:
                    found.append((seen.rank, -place, drawing, seen))
        best = min(found, key=lambda one: one[:2], default=None)
        return None if best is None else (best[2], best[3])

    def shape(self, drawing_id: str) -> Shape | None:
        """What a drawing in view looks like."""
        return next((shape for drawing, shape in self._shapes if drawing.id == drawing_id), None)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _in_view(self, place: Placement) -> Iterable[Drawing]:
        if not len(self._spans):
            return ()
        time = place.frame.time
        # A little more than is seen: words and handles stand beside their anchors.
        first, last = place.event_ns_at(time.row_at(-80)), place.event_ns_at(time.row_at(time.width_px + 80))
        seen = np.flatnonzero((self._spans[:, 1] >= first) & (self._spans[:, 0] <= last))
        return (drawing for row in seen.tolist() if (drawing := self._drawings[row]).is_shown)

    def _paint(self, painter: QPainter, inks: Inks, drawing: Drawing, shape: Shape) -> None:
        main = QColor(drawing.style.colour) if drawing.style.colour else inks["line"]
        is_selected = drawing.id in self.selected
        for ground in shape.grounds:
            tint = QColor(inks[_ROLES[ground.ink]] if ground.ink in _ROLES else main)
            tint.setAlpha(_GROUND_ALPHA)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint)
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in ground.corners]))
        width = drawing.style.width + (1 if drawing.id == self.hovered and not is_selected else 0)
        for stroke in shape.strokes:
            ink = inks[_ROLES[stroke.ink]] if stroke.ink in _ROLES else main
            style = Qt.PenStyle.DashLine if stroke.is_thin else _PENS[drawing.style.dash]
            pen = QPen(ink, (1.0 if stroke.is_thin else width) * self._ratio, style)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.drawLine(QPointF(stroke.x1, stroke.y1), QPointF(stroke.x2, stroke.y2))
        for words in shape.words:
            self._write(painter, inks, words, main)
        if is_selected or drawing is self.preview:
            self._paint_handles(painter, inks, drawing, shape, main)

    def _paint_handles(self, painter: QPainter, inks: Inks, drawing: Drawing, shape: Shape, main: QColor) -> None:
        painter.setBrush(main if drawing.is_locked else inks["background"])
        painter.setPen(QPen(main, 1.5 * self._ratio))
        half = 4.5 * self._ratio
        for x, y in shape.handles:
            if drawing.is_locked:
                painter.drawRect(QRectF(x - half * 0.7, y - half * 0.7, half * 1.4, half * 1.4))
            else:
                painter.drawEllipse(QPointF(x, y), half, half)

    def _write(self, painter: QPainter, inks: Inks, words: Words, main: QColor) -> None:
        font = QFont(painter.font())
        font.setPixelSize(max(round(_LETTERS_PX * self._ratio), 1))
        metrics = QFontMetricsF(font)
        lines = words.text.split("\n")
        pad = 5.0 * self._ratio
        width = max(metrics.horizontalAdvance(line) for line in lines) + 2 * pad
        height = metrics.height() * len(lines) + pad
        box = QRectF(words.x - words.align_x * width, words.y - words.align_y * height, width, height)
        role = {"up": "up", "down": "down"}.get(words.ink)
        if words.has_ground:
            painter.setPen(QPen(inks[role] if role else inks["border"], 1))
            painter.setBrush(inks["background"])
            painter.drawRoundedRect(box, 3, 3)
        painter.setFont(font)
        painter.setPen(inks[f"{role}_text"] if role else inks["title"] if words.has_ground else main)
        side = Qt.AlignmentFlag.AlignHCenter if words.align_x == 0.5 else Qt.AlignmentFlag.AlignLeft
        flags = int(Qt.AlignmentFlag.AlignVCenter | side)
        painter.drawText(box.adjusted(pad, 0, -pad, 0), flags, words.text)


def _span(drawing: Drawing) -> tuple[int, int]:
    """From when to when a drawing may be seen."""
    times = [anchor.event_ns for anchor in drawing.anchors]
    first, last = min(times), max(times)
    if drawing.kind in _EVERYWHERE or drawing.style.is_extended:
        return (-_FAR_NS, _FAR_NS)
    if drawing.kind is DrawingKind.TEXT:
        last += math.ceil(0.2 * abs(last - first))
    return first, last
