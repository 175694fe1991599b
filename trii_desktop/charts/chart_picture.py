"""Everything painted on a chart, laid out and brought up to date before each frame that differs from the last."""

import math
from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPen

from trii_desktop.charts.axis_items import TIME_AXIS_HEIGHT, PriceAxisItem, TimeAxisItem
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.colors import ChartColors
from trii_desktop.charts.crosshair_item import Crosshair, CrosshairItem
from trii_desktop.charts.gestures import Zone
from trii_desktop.charts.last_values import line_labels, price_label
from trii_desktop.charts.layers import ChartLayer
from trii_desktop.charts.legend_item import LegendItem
from trii_desktop.charts.lettering import Letterings
from trii_desktop.charts.painters import Inks
from trii_desktop.charts.pane_item import ChartItem, LastLine
from trii_desktop.charts.pane_part import PanePart
from trii_desktop.charts.pane_series import PaneSeries
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.wording import LegendWords, legend_words, price_decimals, time_words, zone_of
from trii_desktop.widgets.numbers import format_price

LEGEND_ROOM: Final = 10  # logical pixels between the legend and the highest price
AXIS_WIDTH_MIN: Final = 56


class ChartPicture:
    """Owns the items of one chart and prepares them from the model. All pixels are device pixels of the view.

    is_stale : bars, view, size or colours changed since the last ``prepare``
    message : shown instead of bars where its first part is not empty
    layers : painted over the series of every pane, the first at the back
    is_ringed : whether a ring says that keys act here
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
        self._pointer: tuple[float, float] | None = None
        self._reader_row: int | None = None
        self._prepared_pointer: object = None

    @property
    def items(self) -> tuple[ChartItem, ...]:
        """Every item that is seen, the backmost first."""
        panes = (item for part in self.seen_parts for item in part.items)
        return (*panes, self.time_axis, self.crosshair, self.legend)

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
    def plot_size(self) -> tuple[int, int]:
        """Width of the panes, and height of all of them together, without the axes."""
        return self.main.plot.width_px, self._model.height_px

    @property
    def spoken(self) -> str:
        """What the legend says, as a sentence; the message where there is one."""
        if self.message[0]:
            return " ".join(part for part in self.message if part)
        return self.legend.words.spoken if self.legend.words else ""

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

    def point_at(self, x: float, y: float) -> None:
        """The pointer is there."""
        self._pointer, self._reader_row = (x, y), None

    def forget_pointer(self) -> None:
        """The pointer is elsewhere, and nobody reads bar by bar."""
        self._pointer = self._reader_row = None

    @property
    def has_pointer(self) -> bool:
        """Whether a crosshair may be shown."""
        return self._pointer is not None or self._reader_row is not None

    def move_reader(self, step: int) -> None:
        """Move the data-point cursor by ``step`` bars and bring its bar into view."""
        time = self._model.time
        if not time.n_bars:
            return
        if self._reader_row is None:
            at = self._pointer[0] if self._pointer else time.width_px - 1
            self._reader_row = time.bar_at(at)
        else:
            self._reader_row = min(max(self._reader_row + step, 0), time.n_bars - 1)
        self._pointer = None
        x = time.x_at(self._reader_row)
        if not 0 <= x < time.width_px:
            self._model.pan((0 if x < 0 else time.width_px - 1) - x)

    # --- before each frame --------------------------------------------------------------------------------------------

    def prepare(self, width_px: int, height_px: int, pixel_ratio: float) -> None:
        """Bring every item up to date for a view of this size; nothing where nothing changed."""
        if (width_px, height_px) != self._size or pixel_ratio != self._letters.pixel_ratio:
            self._size, self.is_stale = (width_px, height_px), True
            if pixel_ratio != self._letters.pixel_ratio:
                self._letters = Letterings(self._letters.family, pixel_ratio)
                self._axis_width = 0
        pointer = (self._pointer, self._reader_row)
        if not self.is_stale and pointer == self._prepared_pointer:
            return
        if self.is_stale:
            self._prepare_all()
        self._prepare_pointer()
        self.is_stale, self._prepared_pointer = False, pointer

    def _prepare_all(self) -> None:
        # The width of the price axis follows from its labels, and which labels there are from the width of the plot.
        narrowest = round(AXIS_WIDTH_MIN * self._letters.pixel_ratio)
        self._axis_width = max(self._axis_width, narrowest)
        self._match_parts()
        self._prepare_legend(self._legend_row())
        self._lay_out()
        if self.message[0]:
            self._prepare_message()
            return
        needed = self._prepare_scales()
        if needed > self._axis_width:
            self._axis_width = needed + round(4 * self._letters.pixel_ratio)
            self._lay_out()
            self._prepare_scales()
        self.time_axis.prepare(self._model, self._letters)
        for part in self.seen_parts:
            self._prepare_part(part)

    def _match_parts(self) -> None:
        known = {part.pane.id: part for part in self.parts}
        self.parts = [known.get(pane.id) or PanePart(self.inks, pane) for pane in self._model.panes]
        for part, pane in zip(self.parts, self._model.panes, strict=True):
            part.pane, part.plot.layers = pane, self.layers
            part.axis.decimals = self._decimals if pane.is_main else 0

    def _lay_out(self) -> None:
        ratio = self._letters.pixel_ratio
        axis = self._axis_width
        width = max(self._size[0] - axis, 1)
        height = max(self._size[1] - round(TIME_AXIS_HEIGHT * ratio), 1)
        self._model.lay_out(width, height, ratio, self._legend_height + LEGEND_ROOM * ratio)
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
        needed = [part.prepare_scale(self._model, self._letters) for part in self.seen_parts]
        return max(*needed, self.price_axis.width_for([self._last_text()], self._letters))

    def _prepare_part(self, part: PanePart) -> None:
        model, pane, scale = self._model, part.pane, part.scale
        assert scale is not None, "There are bars, so there is a scale."
        part.plot.ground, part.plot.painters = self._series.behind(model, pane), self._series.over(model, pane)
        labels = line_labels(model, pane, scale, part.decimals, self.inks)
        last: LastLine | None = None
        if pane.is_main:
            labels.insert(0, price_label(model, scale, self._decimals, self.now_ns))
            last = LastLine(labels[0].y, labels[0].ink)
        part.prepare(model, self.time_axis.xs, labels, last)

    def _last_text(self) -> str:
        model = self._model
        return format_price(model.snapshot.bar(len(model.snapshot) - 1).close, self._decimals)

    def paint(self, painter: QPainter) -> None:
        """Draw everything as last prepared, without a view; the painter counts device pixels."""
        width, height = self._size
        painter.fillRect(0, 0, width, height, self.inks["background"])
        for item in self.items:
            painter.save()
            painter.translate(item.x, item.y)
            item.paint(painter)
            painter.restore()
        self._paint_edges(painter)

    def _paint_edges(self, painter: QPainter) -> None:
        # A line between panes, and a ring where the keyboard brought the focus.
        unit = max(int(self._letters.pixel_ratio), 1)
        for part in self.seen_parts[1:]:
            painter.fillRect(0, part.plot.y, self._size[0], unit, self.inks["border"])
        if self.is_ringed:
            width, height = self.plot_size
            painter.setPen(QPen(self.inks["line"], 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRect(0, 0, width, height).adjusted(1, 1, -1, -1))

    # --- legend and crosshair -----------------------------------------------------------------------------------------

    def _legend_row(self) -> int:
        # The bar under the crosshair, else the newest.
        time = self._model.time
        if self._reader_row is not None:
            return self._reader_row
        if self._pointer is not None and self.zone_at(*self._pointer) is Zone.PLOT:
            return time.bar_at(self._pointer[0])
        return time.n_bars - 1

    def _prepare_legend(self, row: int) -> None:
        model = self._model
        width = max(self._size[0] - self._axis_width, 1)
        series = (model.snapshot, model.instrument, model.spec, model.is_adjusted)
        key = (*series, row, width, self.message, self._letters, self._decimals)
        if key == self._legend_key:
            return
        self._legend_key = key
        words: LegendWords | None = None
        if model.instrument is not None and model.spec is not None and not self.message[0]:
            words = legend_words(
                model.instrument,
                model.spec,
                model.snapshot,
                row,
                decimals=self._decimals,
                adjusted=model.is_adjusted,
            )
        self._legend_height = self.legend.prepare(words, self._letters, width)

    def _prepare_pointer(self) -> None:
        self._prepare_legend(self._legend_row())
        self.crosshair.prepare(self._crosshair(), self.plot_size, self._letters)

    def _crosshair(self) -> Crosshair | None:
        model = self._model
        if self.main.scale is None:
            return None
        if self._reader_row is not None:
            row, part = self._reader_row, self.main
            y = math.floor(self.main.scale.y_at(model.snapshot.bar(row).close))
            y, price = min(max(y, 0), part.plot.height_px - 1) + part.plot.y, self._close_words(row)
        elif self._pointer is not None and self.zone_at(*self._pointer) is Zone.PLOT:
            row, y = round(model.time.row_at(self._pointer[0])), math.floor(self._pointer[1])
            price = self._price_words(self.part_at(y), y)
        else:
            return None
        has_bar = 0 <= row < len(model.snapshot)
        zone = zone_of(model.instrument, model.spec)
        time = time_words(model.snapshot.event_ns_at(row), model.spec, zone) if has_bar else ""
        return Crosshair(model.time.x_at(row), min(max(y, 0), model.height_px - 1), price, time)

    @staticmethod
    def _price_words(part: PanePart, y: int) -> str:
        decimals = max(part.axis.decimals, part.axis.tick_decimals)
        return format_price(part.scale.price_at(y - part.plot.y + 0.5), decimals) if part.scale is not None else ""

    def _close_words(self, row: int) -> str:
        return format_price(self._model.snapshot.bar(row).close, self._decimals)
