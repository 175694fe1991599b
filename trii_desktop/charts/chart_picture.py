"""Everything painted on a chart, laid out and brought up to date before each frame that differs from the last."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPen

from trii_desktop.charts.axis_items import TIME_AXIS_HEIGHT, PriceAxisItem, TimeAxisItem
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.colors import ChartColors
from trii_desktop.charts.crosshair_item import CrosshairItem
from trii_desktop.charts.gestures import Zone
from trii_desktop.charts.glyphs import Glyph
from trii_desktop.charts.layers import ChartLayer, keep_still, time_marks
from trii_desktop.charts.legend_item import LegendItem
from trii_desktop.charts.lettering import Letterings
from trii_desktop.charts.painters import Inks
from trii_desktop.charts.pane_buttons import glyphs_for
from trii_desktop.charts.pane_item import ChartItem
from trii_desktop.charts.pane_part import PanePart
from trii_desktop.charts.pane_series import PaneSeries
from trii_desktop.charts.pointed import Pointed
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.study_hits import line_at
from trii_desktop.charts.study_legend import ROW, TOP, legend_rows, n_legend_rows
from trii_desktop.charts.wording import LegendWords, Told, Worth, legend_words, price_decimals

EDGE_PX: Final = 4  # logical pixels on either side of an edge between panes that take hold of it
REACH_PX: Final = 5
ROWS_FREE: Final = 2  # rows of studies that values keep clear of
LEGEND_ROOM: Final = 10  # logical pixels between the legend and the highest price
AXIS_WIDTH_MIN: Final = 56


class Hit(NamedTuple):
    """What lies below the pointer in a pane: a button of the pane or of a study, a study's row, or the pane's upper edge."""

    pane_id: str
    study_id: str = ""
    glyph: Glyph | None = None
    is_edge: bool = False


class ChartPicture:
    """Owns the items of one chart and prepares them from the model. All pixels are device pixels of the view.

    is_stale : bars, view, size or colours changed since the last ``prepare``
    message : shown instead of bars where its first part is not empty
    layers : painted over the series of every pane, the first at the back
    is_ringed : whether a ring says that keys act here
    selected : id of the study or comparison that is marked
    now_ns : the time, for the countdown to the newest bar's close; None shows none
    """

    def __init__(self, model: ChartModel, colors: ChartColors, family: str) -> None:
        self._model = model
        self.inks = Inks(colors)
        self.is_stale = True
        self.message = ("", "")
        self.layers: list[ChartLayer] = []
        self.is_ringed = False
        self.now_ns: int | None = None
        self.parts = [PanePart(self.inks, pane) for pane in model.panes]
        self.time_axis = TimeAxisItem(self.inks)
        self.legend = LegendItem(self.inks)
        self.crosshair = CrosshairItem(self.inks)
        self._letters = Letterings(family, 1.0)
        self._series = PaneSeries()
        self._size = (0, 0)
        self._axis_width = 0
        self._legend_height = 0
        self._legend_key: tuple[object, ...] = ()
        self._decimals = 2
        self.pointed = Pointed(model)
        self.selected = ""
        self._prepared_pointer: object = None

    @property
    def items(self) -> tuple[ChartItem, ...]:
        """Every item that is seen, the backmost first."""
        parts = self.seen_parts
        panes = (item for part in parts for item in part.items)
        above = (item for part in parts for item in part.items_above) if not self.message[0] else ()
        return (*panes, self.time_axis, self.crosshair, self.legend, *above)

    @property
    def seen_parts(self) -> list[PanePart]:
        """The panes that have any height, from top to bottom; the main one alone under a message."""
        return [part for part in self.parts if part.is_seen and (part.pane.is_main or not self.message[0])]

    @property
    def main(self) -> PanePart:
        """The pane of the prices."""
        return next(part for part in self.parts if part.pane.is_main)

    @property
    def price_axis(self) -> PriceAxisItem:
        """The axis of the prices."""
        return self.main.axis

    @property
    def decimals(self) -> int:
        """Digits after the point of the prices."""
        return self._decimals

    @property
    def plot_size(self) -> tuple[int, int]:
        """Width of the panes, and height of all of them together, without the axes."""
        return self.main.plot.width_px, self._model.panes.height_px

    @property
    def spoken(self) -> str:
        """What the legend says, as a sentence; the message where there is one."""
        if self.message[0]:
            return " ".join(part for part in self.message if part)
        rows = (row.spoken for part in self.seen_parts for row in part.legend.rows)
        return "; ".join([self.legend.words.spoken, *rows]) if self.legend.words else ""

    @property
    def price_scale(self) -> PriceScale | None:
        """The scale of the prices in the last prepared frame; None before the first and without bars."""
        return self.main.scale

    def start_series(self) -> None:
        """Another series came: measure its prices anew."""
        self._axis_width = 0
        self._decimals = price_decimals(self._model.instrument, self._model.snapshot)
        for part in self.parts:
            part.axis.forget_ticks()
        self.time_axis.forget_ticks()
        self.is_stale = True

    def set_family(self, family: str) -> None:
        """Write in another font."""
        self._letters = Letterings(family, self._letters.pixel_ratio)
        self.is_stale = True

    # --- the pointer --------------------------------------------------------------------------------------------------

    def zone_at(self, x: float, y: float) -> Zone:
        """Which part of the chart lies there."""
        width, height = self.plot_size
        if y >= height:
            return Zone.TIME_AXIS
        return Zone.PRICE_AXIS if x >= width else Zone.PLOT

    def part_at(self, y: float) -> PanePart:
        """The pane at a height; the nearest one above or below all of them."""
        parts = self.seen_parts
        return next((part for part in parts if y < part.plot.y + part.plot.height_px), parts[-1])

    @property
    def pointed_price(self) -> float | None:
        """The price below the pointer, over the main pane."""
        at, main = self.pointed.at, self.main
        if at is None or main.scale is None or self.part_at(at[1]) is not main:
            return None
        return main.scale.price_at(at[1] - main.plot.y + 0.5)

    def hit_at(self, x: float, y: float) -> Hit | None:
        """What can be pressed at a point: an edge between panes, a button, a row of a legend."""
        if self.message[0]:
            return None
        parts, width = self.seen_parts, self.plot_size[0]
        reach = EDGE_PX * self._letters.pixel_ratio
        edge = next((part for part in parts[1:] if abs(y - part.plot.y) <= reach), None)
        part = self.part_at(y)
        if self.zone_at(x, y) is Zone.PLOT:
            glyph = part.buttons.hit(x, y - part.plot.y)
            if glyph is not None:
                return Hit(part.pane.id, glyph=glyph)
        if edge is not None and y < self.plot_size[1]:
            return Hit(edge.pane.id, is_edge=True)
        found = part.legend.hit(x, y - part.plot.y) if x < width else None
        return Hit(part.pane.id, *found) if found is not None else None

    def study_at(self, x: float, y: float) -> str:
        """Id of the study or comparison whose line runs there, the uppermost first; empty where none does."""
        if self.message[0] or self.zone_at(x, y) is not Zone.PLOT:
            return ""
        part = self.part_at(y)
        if part.frame is None or self._model.panes.is_folded(part.pane):
            return ""
        reach = REACH_PX * self._letters.pixel_ratio
        return line_at(self._model, part.frame, (x, y - part.plot.y), reach)

    def point_at(self, x: float, y: float) -> None:
        """The pointer is there: the crosshair follows, and what it is over shows its buttons."""
        is_inside = self.zone_at(x, y) is Zone.PLOT
        self.pointed.move_to((x, y) if is_inside else None)
        hit = self.hit_at(x, y)
        for part in self.parts:
            is_here = is_inside and not self.message[0] and part is self.part_at(y)
            part.is_pointed = is_here
            part.legend.hovered = hit.study_id if hit is not None and is_here else ""
            part.legend.pointed = part.buttons.pointed = hit.glyph if hit is not None and is_here else None

    def forget_pointer(self) -> None:
        """The pointer is elsewhere, and nobody reads bar by bar."""
        self.pointed.leave()
        for part in self.parts:
            part.is_pointed, part.legend.hovered = False, ""
            part.legend.pointed = part.buttons.pointed = None

    # --- before each frame --------------------------------------------------------------------------------------------

    def prepare(self, width_px: int, height_px: int, pixel_ratio: float) -> None:
        """Bring every item up to date for a view of this size; nothing where nothing changed."""
        if (width_px, height_px) != self._size or pixel_ratio != self._letters.pixel_ratio:
            self._size, self.is_stale = (width_px, height_px), True
            if pixel_ratio != self._letters.pixel_ratio:
                self._letters = Letterings(self._letters.family, pixel_ratio)
                self._axis_width = 0
        pointer = self.pointed.key
        if not self.is_stale and pointer == self._prepared_pointer:
            return
        if self.is_stale:
            self._prepare_all()
        self._prepare_pointer()
        if self.is_stale and self.seen_parts[0].scale is not None:
            self._prepare_plots()  # after the legends: what lies over plots keeps clear of them
        self.is_stale, self._prepared_pointer = False, pointer

    def _prepare_all(self) -> None:
        # The width of the price axis follows from its labels, and which labels there are from the width of the plot.
        self._axis_width = max(self._axis_width, round(AXIS_WIDTH_MIN * self._letters.pixel_ratio))
        self._match_parts()
        self._prepare_legend(self.pointed.row)
        self._lay_out()
        if self.message[0] or not len(self._model.snapshot):
            self._prepare_message()
            return
        needed = self._prepare_scales()
        if needed > self._axis_width:
            self._axis_width = needed + round(4 * self._letters.pixel_ratio)
            self._lay_out()
            self._prepare_scales()
        self.time_axis.prepare(self._model, self._letters)

    def _prepare_plots(self) -> None:
        for part in self.seen_parts:
            part.prepare(self._model, self._series, self.time_axis.xs, self.selected, self.legend.area)
        self.time_axis.mark(self._model, time_marks(self.layers))

    def _match_parts(self) -> None:
        known = {part.pane.id: part for part in self.parts}
        self.parts = [known.get(pane.id) or PanePart(self.inks, pane) for pane in self._model.panes]
        ratio = self._letters.pixel_ratio
        for part, pane in zip(self.parts, self._model.panes, strict=True):
            part.pane, part.plot.layers = pane, self.layers
            part.axis.decimals = self._decimals if pane.is_main else 0
            pane.top_free_px = (TOP + ROW * min(n_legend_rows(self._model, pane), ROWS_FREE)) * ratio

    def _lay_out(self) -> None:
        ratio = self._letters.pixel_ratio
        width = max(self._size[0] - self._axis_width, 1)
        height = max(self._size[1] - round(TIME_AXIS_HEIGHT * ratio), 1)
        n_rows = min(n_legend_rows(self._model, self.main.pane), ROWS_FREE)
        self._model.lay_out(width, height, ratio, self._legend_height + (LEGEND_ROOM + ROW * n_rows) * ratio)
        for part in self.parts:
            part.place(width, self._size[0] - width)
        self.legend.place(0, self.main.plot.y, width, self.main.plot.height_px)
        self.time_axis.place(0, height, self._size[0], self._size[1] - height)
        self.crosshair.place(0, 0, *self._size)

    def _prepare_message(self) -> None:
        width, height = self.plot_size
        self.main.plot.place(0, 0, width, height)
        self.main.axis.place(width, 0, self._size[0] - width, height)
        self.main.plot.show_message(*self.message, self._letters)
        for part in self.parts:
            part.clear()
        self.time_axis.prepare(self._model, self._letters)

    def _prepare_scales(self) -> int:
        # Choose all scales, and say which width their labels need.
        return max(part.prepare_scale(self._model, self._letters, self.now_ns) for part in self.seen_parts)

    def paint(self, painter: QPainter) -> None:
        """Draw everything as last prepared, without a view; the painter counts device pixels."""
        width, height = self._size
        painter.fillRect(0, 0, width, height, self.inks["background"])
        for item in self.items:
            painter.save()
            painter.translate(item.x, item.y)
            item.paint(painter)
            painter.restore()
        self.paint_edges(painter)

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Meanwhile it is prepared as if nobody pointed at it and the keyboard were elsewhere: for pictures to keep."""
        pointed, is_ringed, worth = self.pointed, self.is_ringed, self._model.worth
        self.pointed, self.is_ringed, self.is_stale, self._model.worth = Pointed(self._model), False, True, Worth()
        try:
            self.forget_pointer()
            keep_still(self.layers, is_still=True)
            self.prepare(*self._size, self._letters.pixel_ratio)
            yield
        finally:
            keep_still(self.layers, is_still=False)
            self.pointed, self.is_ringed, self.is_stale, self._model.worth = pointed, is_ringed, True, worth
            if pointed.at is not None:
                self.point_at(*pointed.at)

    def paint_edges(self, painter: QPainter) -> None:
        """Draw a line between panes, and a ring where the keyboard brought the focus."""
        unit = max(int(self._letters.pixel_ratio), 1)
        for part in self.seen_parts[1:]:
            painter.fillRect(0, part.plot.y, self._size[0], unit, self.inks["border"])
        if self.is_ringed:
            width, height = self.plot_size
            painter.setPen(QPen(self.inks["line"], 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRect(0, 0, width, height).adjusted(1, 1, -1, -1))

    # --- legend and crosshair -----------------------------------------------------------------------------------------

    def _prepare_legend(self, row: int) -> None:
        model = self._model
        size = (max(self._size[0] - self._axis_width, 1), self._size[1])
        series = (model.snapshot, model.instrument, model.spec, model.is_adjusted, model.zone, model.worth)
        key = (*series, row, size, self.message, self._letters, self._decimals)
        if key == self._legend_key:
            return
        self._legend_key = key
        words: LegendWords | None = None
        if model.instrument is not None and model.spec is not None and not self.message[0]:
            told = Told(self._decimals, model.is_adjusted, model.zone, model.worth)
            words = legend_words(model.instrument, model.spec, model.snapshot, row, told)
        self._legend_height = self.legend.prepare(words, self._letters, size)

    def _prepare_pointer(self) -> None:
        row = self.pointed.row
        self._prepare_legend(row)
        below = self.part_at(self.pointed.at[1]) if self.pointed.at is not None else None
        shown = self.pointed.crosshair(self.main, below) if not self.message[0] else None
        self.crosshair.prepare(shown, self.plot_size, self._letters)
        for part in self.seen_parts:
            rows = legend_rows(self._model, part.pane, row, part.decimals, self.selected)
            top = self._legend_height if part.pane.is_main else round(TOP * self._letters.pixel_ratio)
            part.legend.prepare(rows, self._letters, top)
            part.buttons.prepare(glyphs_for(self._model.panes, part.pane) if part.is_pointed else (), self._letters.pixel_ratio)
