"""Paints the alerts of a chart: levels as dashed lines with a bell, bells on drawings, and marks where something fired."""

import math
from typing import Final, NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from backend.alerts.alert import DrawingCondition, PriceCondition
from backend.alerts.compiling import leaves_of
from backend.alerts.firing import AlertRow, Firing, Standing
from backend.charts.chart_state import MAIN_PANE
from trii_desktop.alerts.looks import BELL_PX, IS_AWAKE, MARKS, Mark, draw_bell, draw_diamond, level_of, told
from trii_desktop.charts.labels import AxisLabel
from trii_desktop.charts.last_values import scaled_text
from trii_desktop.charts.layers import TimeMark
from trii_desktop.charts.painters import Inks, PaneFrame
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.drawings.layer import DrawingLayer
from trii_desktop.drawings.placement import Placement
from trii_desktop.drawings.shapes import Shape
from trii_desktop.widgets.numbers import format_price

REACH_PX: Final = 5.0  # logical pixels around a line that are the line
MARK_PX: Final = 9.0
LETTERS_PX: Final = 11
_LEFT_PX: Final = 16.0
_ROW_PX: Final = 15.0  # the height that words of one line need
_GAP_PX: Final = 18.0
_LABELLED_MAX: Final = 24
_MARKED_MAX: Final = 200
_LINE_HEIGHT: Final = 17.0


class Line(NamedTuple):
    """A level on screen: its price as this chart shows it, its row of pixels, and where bell and words stand."""

    row: AlertRow
    price: float
    y: int
    bell_x: float
    words: str


class Bell(NamedTuple):
    """An alert on a drawing: where its bell stands."""

    row: AlertRow
    x: float
    y: float


class Fired(NamedTuple):
    """A firing on screen."""

    firing: Firing
    x: float
    y: float
    bar_ns: int


class AlertLayer:
    """A ``ChartLayer`` over the drawings' one, whose places it shares.

    rows : the alerts of the instrument shown; firings : what fired on it
    held : levels that are being moved, as raw prices of now, by the alerts' ids
    selected, hovered, pointed : ids of an alert, an alert and a firing
    warning : the theme's colour of warnings
    """

    def __init__(self, drawings: DrawingLayer) -> None:
        self.rows: tuple[AlertRow, ...] = ()
        self.firings: tuple[Firing, ...] = ()
        self.held: dict[str, float] = {}
        self.selected = ""
        self.hovered = ""
        self.pointed = ""
        self.warning = "#f0b94b"
        self.is_still = False
        self.lines: list[Line] = []
        self.bells: list[Bell] = []
        self.fired: list[Fired] = []
        self._drawings = drawings
        self._place: Placement | None = None

    @property
    def place(self) -> Placement | None:
        """Where things stood in the last frame; None before the first."""
        return self._place

    # --- prices -------------------------------------------------------------------------------------------------------

    def shown_price(self, raw: float) -> float:
        """A raw price of now as the chart shows it."""
        return raw * self._factor()

    def raw_price(self, shown: float) -> float:
        """A price as the chart shows it as a raw one of now."""
        return shown / self._factor()

    # --- ChartLayer ---------------------------------------------------------------------------------------------------

    def prepare(self, frame: PaneFrame, pane_id: str) -> None:
        """Find the levels, bells and firings in view."""
        if pane_id != MAIN_PANE:
            return
        self.lines, self.bells, self.fired = [], [], []
        place = self._place = self._drawings.place
        if place is None or not len(frame.snapshot):
            return
        self.lines = self._find_lines(place)
        self.bells = self._find_bells(place)
        self.fired = self._find_fired(place)

    def paint(self, painter: QPainter, inks: Inks, pane_id: str) -> None:
        """Lines first, then bells and words, then firings, and what the one below the pointer says."""
        place = self._place
        if pane_id != MAIN_PANE or place is None:
            return
        ratio = place.frame.pixel_ratio
        for line in self.lines:
            self._paint_line(painter, inks, line, place)
        for bell in self.bells:
            ink = inks[self._ink(bell.row)]
            if self._is_lively(bell.row):
                _paint_ring(painter, ink, bell.x, bell.y, ratio)
            _bell_at(painter, inks, bell.x, bell.y, (ink, MARKS[bell.row.standing], ratio))
        for fired in self.fired:
            ink = inks["muted" if fired.firing.is_late or fired.firing.is_replay else "title"]
            draw_diamond(painter, (fired.x, fired.y), (ink, inks["background"]), pixel_ratio=ratio)
        self._paint_told(painter, inks, place)

    def price_labels(self, pane_id: str, scale: PriceScale, decimals: int, inks: Inks) -> list[AxisLabel]:
        """The levels on the price axis, the held and the selected one first."""
        if pane_id != MAIN_PANE:
            return []
        ordered = sorted(self.lines, key=lambda line: (line.row.alert.id not in self.held, line.row.alert.id != self.selected))
        labels: dict[tuple[str, str], AxisLabel] = {}
        for line in ordered[:_LABELLED_MAX]:
            ink = self._ink(line.row)
            text = scaled_text(scale, line.price, format_price(line.price, decimals))
            is_first = line.row.alert.id in self.held
            labels.setdefault((text, ink), AxisLabel(line.y, text, ink, inks.on(ink), is_first=is_first))
        return list(labels.values())

    def time_marks(self) -> list[TimeMark]:
        """The moment of the firing below the pointer."""
        fired = self._pointed_at()
        return [] if fired is None or self.is_still else [TimeMark(math.floor(fired.x), fired.bar_ns, "label")]

    # --- what lies where ----------------------------------------------------------------------------------------------

    def find(self, x: float, y: float) -> AlertRow | None:
        """The alert whose bell or line runs there; of several the nearest."""
        if self._place is None:
            return None
        reach = REACH_PX * self._place.frame.pixel_ratio
        near = [(math.hypot(bell.x - x, bell.y - y) / 2, bell.row) for bell in self.bells]
        near += [(abs(line.y + 0.5 - y), line.row) for line in self.lines]
        away, row = min(near, key=lambda one: one[0], default=(math.inf, None))
        return row if away <= reach else None

    def find_fired(self, x: float, y: float) -> Firing | None:
        """The firing that is marked there, the newest of several."""
        if self._place is None:
            return None
        reach = MARK_PX * self._place.frame.pixel_ratio
        return next((one.firing for one in self.fired if math.hypot(one.x - x, one.y - y) <= reach), None)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _factor(self) -> float:
        place = self._place
        if place is None or not len(place.frame.snapshot):
            return 1.0
        newest_ns = place.frame.snapshot.event_ns_at(len(place.frame.snapshot) - 1)
        return float(place.map.factor_at(np.array([newest_ns]), np.array([place.map.spec.is_dated]))[0])

    def _find_lines(self, place: Placement) -> list[Line]:
        found: list[Line] = []
        used: list[tuple[int, float]] = []  # rows of words, and where they end
        ratio = place.frame.pixel_ratio
        for row in sorted(self.rows, key=lambda row: (row.alert.id != self.selected, row.alert.created_ns)):
            level = self.held.get(row.alert.id, level_of(row))
            if not (is_line(row) and math.isfinite(level)):
                continue
            price = self.shown_price(level)
            y = math.floor(place.y_of_price(price))
            if not 0 <= y < place.frame.height_px:
                continue
            words = told(row)
            left = max((end for above, end in used if abs(above - y) < _ROW_PX * ratio), default=_LEFT_PX * ratio)
            wide = self._width(words, place) + (BELL_PX + _GAP_PX) * ratio
            used.append((y, left + wide))
            found.append(Line(row, price, y, left, words if left + wide < place.frame.width_px else ""))
        return found

    def _find_bells(self, place: Placement) -> list[Bell]:
        found: list[Bell] = []
        known: dict[str, int] = {}
        for row in self.rows:
            for leaf in leaves_of(row.alert.condition):
                if isinstance(leaf, DrawingCondition):
                    at = _on_drawing(self._drawings.shape(leaf.drawing), place, self.shown_price(row.level))
                    if at is not None:
                        n_before = known.get(leaf.drawing, 0)
                        known[leaf.drawing] = n_before + 1
                        found.append(Bell(row, at[0] - n_before * 1.4 * BELL_PX * place.frame.pixel_ratio, at[1]))
                    break
        return found

    def _find_fired(self, place: Placement) -> list[Fired]:
        firings = [firing for firing in self.firings if math.isfinite(firing.price)][:_MARKED_MAX]
        if not firings:
            return []
        event_ns, is_date = np.array([firing.event_ns for firing in firings], np.int64), np.zeros(len(firings), np.bool_)
        prices = place.prices_of(event_ns, is_date, np.array([firing.price for firing in firings]))
        xs, ys = place.xs_of(event_ns, is_date).tolist(), place.ys_of(prices).tolist()
        rows = place.rows_of(event_ns, is_date).tolist()
        width = place.frame.width_px
        return [Fired(f, x, y, place.event_ns_at(r)) for f, x, y, r in zip(firings, xs, ys, rows, strict=True) if 0 <= x < width]

    def _is_lively(self, row: AlertRow) -> bool:
        return not self.is_still and row.alert.id in (self.selected, self.hovered)

    def _ink(self, row: AlertRow) -> str:
        if row.standing is Standing.BLIND:
            return self.warning
        return "line" if row.standing in IS_AWAKE else "muted"

    def _pointed_at(self) -> Fired | None:
        return next((fired for fired in self.fired if fired.firing.id == self.pointed), None)

    def _font(self, ratio: float) -> QFont:
        font = QFont(self._drawings.family) if self._drawings.family else QFont()
        font.setPixelSize(max(round(LETTERS_PX * ratio), 1))
        return font

    def _width(self, text: str, place: Placement) -> float:
        size_px = max(round(LETTERS_PX * place.frame.pixel_ratio), 1)
        return self._drawings.sheet(place).measure(text, size_px)[0]

    def _paint_line(self, painter: QPainter, inks: Inks, line: Line, place: Placement) -> None:
        ratio, ink = place.frame.pixel_ratio, inks[self._ink(line.row)]
        wide = max(round((2 if self._is_lively(line.row) else 1) * ratio), 1)
        pen = QPen(ink, wide)
        pen.setDashPattern([5, 4] if line.row.standing in IS_AWAKE else [1, 4])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        y = line.y + (0.5 if wide % 2 else 0.0)
        painter.drawLine(QPointF(0, y), QPointF(place.frame.width_px, y))
        _bell_at(painter, inks, line.bell_x, line.y + 0.5, (ink, MARKS[line.row.standing], ratio))
        if line.words:
            left = line.bell_x + (BELL_PX / 2 + 5) * ratio
            box = QRectF(left, line.y - _LINE_HEIGHT * ratio, self._width(line.words, place) + 4 * ratio, _LINE_HEIGHT * ratio)
            ground = QColor(inks["background"])
            ground.setAlpha(190)
            painter.fillRect(box.adjusted(-2, 2 * ratio, 0, -2 * ratio), ground)
            painter.setFont(self._font(ratio))
            painter.setPen(inks["title"] if self._is_lively(line.row) else inks["text"])
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), line.words)

    def _paint_told(self, painter: QPainter, inks: Inks, place: Placement) -> None:
        # What the firing, or the alert on a drawing, below the pointer says.
        fired = None if self.is_still else self._pointed_at()
        bell = next((bell for bell in self.bells if self._is_lively(bell.row)), None)
        if fired is not None:
            late = "  ·  found later" if fired.firing.is_late else "  ·  in the replay" if fired.firing.is_replay else ""
            words, x, y = f"{fired.firing.words}{late}", fired.x, fired.y
        elif bell is not None:
            words, x, y = told(bell.row), bell.x, bell.y
        else:
            return
        ratio = place.frame.pixel_ratio
        wide, tall = self._width(words, place) + 16 * ratio, 24 * ratio
        left = min(max(x - wide / 2, 4 * ratio), max(place.frame.width_px - wide - 4 * ratio, 0))
        top = y - tall - 10 * ratio if y > tall + 14 * ratio else y + 10 * ratio
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(inks["border"], 1))
        painter.setBrush(inks["background"])
        painter.drawRoundedRect(QRectF(left, top, wide, tall), 4 * ratio, 4 * ratio)
        painter.setFont(self._font(ratio))
        painter.setPen(inks["title"])
        painter.drawText(QRectF(left, top, wide, tall), int(Qt.AlignmentFlag.AlignCenter), words)


def is_line(row: AlertRow) -> bool:
    """Whether an alert is a level of the price axis of its own; one of a drawing is shown on that."""
    first = leaves_of(row.alert.condition)[0]
    return row.is_price_level and not isinstance(first, DrawingCondition)


def may_move(row: AlertRow) -> bool:
    """Whether its level can be dragged: a number that a person has chosen, and nothing else."""
    return isinstance(row.alert.condition, PriceCondition)


def _bell_at(painter: QPainter, inks: Inks, x: float, y: float, look: tuple[QColor, Mark, float]) -> None:
    ink, mark, ratio = look
    draw_bell(painter, (x, y), mark, (ink, inks["background"]), pixel_ratio=ratio)


def _paint_ring(painter: QPainter, ink: QColor, x: float, y: float, ratio: float) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ink, 1.5 * ratio))
    painter.drawEllipse(QPointF(x, y), 11 * ratio, 11 * ratio)


def _on_drawing(shape: Shape | None, place: Placement, price: float) -> tuple[float, float] | None:
    """The right end, inside the pane, of the line of a drawing that is nearest to ``price``."""
    if shape is None:
        return None
    right = place.frame.width_px - 1.5 * BELL_PX * place.frame.pixel_ratio
    wanted = place.y_of_price(price) if math.isfinite(price) else None
    found: list[tuple[float, tuple[float, float]]] = []
    for stroke in shape.strokes:
        (x1, y1), (x2, y2) = sorted(((stroke.x1, stroke.y1), (stroke.x2, stroke.y2)))
        if stroke.is_thin or x2 < 0 or x1 > right or x1 == x2:
            continue
        x = min(x2, right)
        y = y1 + (y2 - y1) * (x - x1) / (x2 - x1)
        if 0 <= y < place.frame.height_px:
            found.append((abs(y - wanted) if wanted is not None else 0.0, (x, y)))
    return min(found, key=lambda one: one[0])[1] if found else None
