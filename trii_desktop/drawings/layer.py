"""Paints the drawings of a chart over its series, those in view alone, with handles on what is selected."""

import math
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from backend.charts.anchor_map import AnchorMap
from backend.charts.chart_state import MAIN_PANE, Dash
from backend.charts.drawings import Anchor, Drawing, DrawingKind
from trii_desktop.charts.labels import AxisLabel
from trii_desktop.charts.last_values import scaled_text
from trii_desktop.charts.layers import TimeMark
from trii_desktop.charts.painters import Inks, PaneFrame
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.drawings.hits import Hit, hit
from trii_desktop.drawings.index import DrawingIndex, Seen
from trii_desktop.drawings.kinds import shape_of
from trii_desktop.drawings.placement import Ahead, Placement
from trii_desktop.drawings.shapes import Point, Shape, Sheet, Stroke, Words
from trii_desktop.widgets.numbers import format_count, format_price

_PENS: Final = {Dash.SOLID: Qt.PenStyle.SolidLine, Dash.DASHED: Qt.PenStyle.DashLine, Dash.DOTTED: Qt.PenStyle.DotLine}
_GROUND_ALPHA: Final = 34
_KEPT_MAX: Final = 4_000
_LABELLED_MAX: Final = 24  # level lines with a label on the axis
_MARKED_MAX: Final = 6  # selected drawings with labels of their anchors


class DrawingLayer:
    """A ``ChartLayer``. ``drawings`` are painted in order, the newest in front; ``preview`` is the one under way.

    held : drawings that are being moved, as they are now, by their ids
    selected : ids with handles; hovered : the id that is drawn a little wider; is_shown : all of them, or none
    cursor : where the keyboard would place the tool
    map : where anchors stand; None while that is not known, and nothing is shown
    is_still : a picture is made to be kept: nothing is selected or pointed at in it
    """

    def __init__(self) -> None:
        self.preview: Drawing | None = None
        self.held: dict[str, Drawing] = {}
        self.selected: frozenset[str] = frozenset()
        self.hovered = ""
        self.is_shown = True
        self.is_still = False
        self.cursor: Anchor | None = None
        self.map: AnchorMap | None = None
        self.decimals = 2
        self.family = ""
        self._index = DrawingIndex()
        self._ahead = Ahead()
        self._texts: dict[tuple[str, str, int], tuple[float, float]] = {}
        self._shapes: list[tuple[Drawing, Shape]] = []
        self._n_left_out = 0
        self._place: Placement | None = None

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """All of the instrument."""
        return self._index.drawings

    @drawings.setter
    def drawings(self, drawings: tuple[Drawing, ...]) -> None:
        self._index = DrawingIndex(drawings)

    @property
    def place(self) -> Placement | None:
        """Where anchors stood in the last frame; None before the first."""
        return self._place

    @property
    def seen(self) -> tuple[Drawing, ...]:
        """What was in view in the last frame, the backmost first."""
        return tuple(drawing for drawing, _ in self._shapes)

    def placement(self, frame: PaneFrame) -> Placement:
        """Where anchors stand in a frame; they must be known to."""
        assert self.map is not None, "Nobody draws before it is known where anchors stand."
        return Placement(frame, self.map, self._ahead)

    def sheet(self, place: Placement, *, is_lively: bool = False) -> Sheet:
        """What drawings are laid out with."""
        return Sheet(place, self.decimals, self._measure, is_lively)

    # --- ChartLayer ---------------------------------------------------------------------------------------------------

    def prepare(self, frame: PaneFrame, pane_id: str) -> None:
        """Find the drawings in view, and what they look like."""
        if pane_id != MAIN_PANE:
            return
        self._shapes, self._n_left_out, self._place = [], 0, None
        if self.map is None:
            return
        self._place = place = self.placement(frame)
        plain, lively = self.sheet(place), self.sheet(place, is_lively=not self.is_still)
        if self.is_shown:
            found = self._in_view(place)
            for drawing, points in found.drawings:
                is_lively = drawing.id in self.selected or drawing.id == self.hovered
                self._shapes.append((drawing, shape_of(drawing, lively if is_lively else plain, points)))
            self._shapes += [(drawing, shape_of(drawing, lively)) for drawing in self.held.values()]
            self._n_left_out = found.n_left_out
        if self.preview is not None and not self.is_still:
            self._shapes.append((self.preview, shape_of(self.preview, lively)))

    def paint(self, painter: QPainter, inks: Inks, pane_id: str) -> None:
        """Grounds first, then lines, words and handles of each."""
        place = self._place
        if pane_id != MAIN_PANE or place is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for drawing, shape in self._shapes:
            self._paint(painter, inks, drawing, shape, place.frame.pixel_ratio)
        if self.cursor is not None and not self.is_still:
            _paint_cursor(painter, inks, place.at(self.cursor), place.frame.pixel_ratio)
        if self._n_left_out:
            said = f"{format_count(self._n_left_out)} older drawings are not drawn: zoom in, or hide some"
            sheet = self.sheet(place)
            for words in sheet.words((8.0, sheet.height - 8.0), said, (0.0, 1.0), has_ground=True):
                self._write(painter, inks, words, inks["muted"])

    def price_labels(self, pane_id: str, scale: PriceScale, decimals: int, inks: Inks) -> list[AxisLabel]:
        """Labels on the price axis: of level lines, and of the anchors of what is selected."""
        if pane_id != MAIN_PANE or not self.is_shown:
            return []
        marked = self._marked()
        shown = [self.held.get(one.id, one) for one in self.seen if one.kind is DrawingKind.HORIZONTAL and one not in marked]
        labels: dict[tuple[str, str], AxisLabel] = {}
        for drawing in (*marked, *shown[-_LABELLED_MAX:]):
            ink = drawing.style.colour or "line"
            for price in self._prices(drawing):
                y = math.floor(min(max(scale.y_at(price), -1e6), 1e6))
                text = scaled_text(scale, price, format_price(price, decimals))
                labels.setdefault((text, ink), AxisLabel(y, text, ink, inks.on(ink)))
        return list(labels.values())

    def time_marks(self) -> list[TimeMark]:
        """Labels on the time axis: of the anchors of what is selected."""
        place = self._place
        if place is None or not self.is_shown:
            return []
        marks: dict[int, TimeMark] = {}
        for drawing in self._marked():
            for anchor in drawing.anchors if drawing.kind is not DrawingKind.HORIZONTAL else ():
                row = place.row_of(anchor)
                x = math.floor(place.x_of(anchor))
                if 0 <= x < place.frame.width_px:
                    marks.setdefault(x, TimeMark(x, place.event_ns_at(row), drawing.style.colour or "line"))
        return list(marks.values())

    # --- what lies where ----------------------------------------------------------------------------------------------

    def find(self, x: float, y: float) -> tuple[Drawing, Hit] | None:
        """What lies at a place; handles of what is selected first, then the nearest line, of equals the newest."""
        place = self._place
        if place is None:
            return None
        found: list[tuple[float, int, Drawing, Hit]] = []
        for number, (drawing, shape) in enumerate(self._shapes):
            if drawing is not self.preview:
                is_selected = drawing.id in self.selected
                seen = hit(shape, x, y, pixel_ratio=place.frame.pixel_ratio, is_selected=is_selected)
                if seen is not None:
                    found.append((seen.rank, -number, drawing, seen))
        best = min(found, key=lambda one: one[:2], default=None)
        return None if best is None else (best[2], best[3])

    def shape(self, drawing_id: str) -> Shape | None:
        """What a drawing in view looks like."""
        return next((shape for drawing, shape in self._shapes if drawing.id == drawing_id), None)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _in_view(self, place: Placement) -> Seen:
        return self._index.seen(place, first=self.selected, left_out=frozenset(self.held))

    def _marked(self) -> list[Drawing]:
        if self.is_still:
            return []
        held = [*self.held.values(), *([self.preview] if self.preview is not None else [])]
        seen = [one for one in self.seen if one.id in self.selected and one.id not in self.held]
        return [*held, *seen][:_MARKED_MAX]

    def _prices(self, drawing: Drawing) -> list[float]:
        place = self._place
        if place is None or drawing.kind is DrawingKind.VERTICAL:
            return []
        return [place.price_of(anchor) for anchor in drawing.anchors]

    def _measure(self, text: str, px: int) -> tuple[float, float]:
        known = self._texts.get((self.family, text, px))
        if known is None:
            if len(self._texts) >= _KEPT_MAX:
                self._texts.clear()
            metrics, lines = QFontMetricsF(self._font(px)), text.split("\n")
            known = max(metrics.horizontalAdvance(line) for line in lines), metrics.lineSpacing() * len(lines)
            self._texts[self.family, text, px] = known
        return known

    def _font(self, px: int) -> QFont:
        font = QFont(self.family) if self.family else QFont()
        font.setPixelSize(px)
        return font

    def _paint(self, painter: QPainter, inks: Inks, drawing: Drawing, shape: Shape, ratio: float) -> None:
        main = QColor(drawing.style.colour) if drawing.style.colour else inks["line"]
        is_selected = not self.is_still and (drawing.id in self.selected or drawing is self.preview)
        painter.setPen(Qt.PenStyle.NoPen)
        for ground in shape.grounds:
            tint = QColor(_ink(ground.ink, main, inks))
            tint.setAlpha(_GROUND_ALPHA)
            painter.setBrush(tint)
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in ground.corners]))
        width = drawing.style.width + (1 if drawing.id == self.hovered and not is_selected and not self.is_still else 0)
        for stroke in shape.strokes:
            style = Qt.PenStyle.DashLine if stroke.is_thin else _PENS[drawing.style.dash]
            wide = max(round((1 if stroke.is_thin else width) * ratio), 1)
            pen = QPen(_ink(stroke.ink, main, inks), wide, style)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.drawLine(*_crisp(stroke, wide))
        for words in shape.words:
            self._write(painter, inks, words, main)
        if is_selected:
            _paint_handles(painter, inks, shape, (main, ratio), is_locked=drawing.is_locked)

    def _write(self, painter: QPainter, inks: Inks, words: Words, main: QColor) -> None:
        box = QRectF(words.left, words.top, words.width, words.height)
        role = words.ink if words.ink in ("up", "down") else ""
        if words.has_ground:
            painter.setPen(QPen(inks[role] if role else inks["border"] if words.ink == "muted" else main, 1))
            painter.setBrush(inks["background"])
            painter.drawRoundedRect(box, 3, 3)
        ink = inks[f"{role}_text"] if role else inks["title"] if words.has_ground else _ink(words.ink, main, inks)
        painter.setFont(self._font(words.px))
        painter.setPen(ink)
        side = Qt.AlignmentFlag.AlignHCenter if words.align == 0.5 else Qt.AlignmentFlag.AlignLeft
        painter.drawText(box.adjusted(words.pad, 0, -words.pad, 0), int(Qt.AlignmentFlag.AlignVCenter | side), words.text)


def _ink(name: str, main: QColor, inks: Inks) -> QColor:
    return main if name == "main" else inks[name]


def _crisp(stroke: Stroke, wide: int) -> tuple[QPointF, QPointF]:
    """Level and upright lines stand on whole pixels."""
    shift = 0.5 if wide % 2 else 0.0
    x1, y1, x2, y2 = stroke.x1, stroke.y1, stroke.x2, stroke.y2
    if y1 == y2:
        y1 = y2 = math.floor(y1) + shift
    elif x1 == x2:
        x1 = x2 = math.floor(x1) + shift
    return QPointF(x1, y1), QPointF(x2, y2)


def _paint_handles(painter: QPainter, inks: Inks, shape: Shape, look: tuple[QColor, float], *, is_locked: bool) -> None:
    main, ratio = look
    painter.setBrush(main if is_locked else inks["background"])
    painter.setPen(QPen(main, 1.5 * ratio))
    half = 4.5 * ratio
    draw: Callable[[QRectF], None] = painter.drawRect if is_locked else painter.drawEllipse
    for handle in shape.handles:
        size = half * (0.7 if is_locked or not (handle.grip.times and handle.grip.prices) else 1.0)
        draw(QRectF(handle.x - size, handle.y - size, 2 * size, 2 * size))


def _paint_cursor(painter: QPainter, inks: Inks, at: Point, ratio: float) -> None:
    x, y = at
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ink, wide in (("background", 4.0), ("line", 2.0)):
        painter.setPen(QPen(inks[ink], wide * ratio))
        painter.drawEllipse(QPointF(x, y), 7 * ratio, 7 * ratio)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(QPointF(x + dx * 4 * ratio, y + dy * 4 * ratio), QPointF(x + dx * 12 * ratio, y + dy * 12 * ratio))
