"""Everything painted on a chart, laid out and brought up to date before each frame that differs from the last."""

import math
from typing import Final

from PySide6.QtGui import QPainter

from backend.charts.chart_state import ChartType
from trii_desktop.charts.axis_items import TIME_AXIS_HEIGHT, PriceAxisItem, TimeAxisItem
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.colors import ChartColors
from trii_desktop.charts.crosshair_item import Crosshair, CrosshairItem
from trii_desktop.charts.gestures import Zone
from trii_desktop.charts.legend_item import LegendItem
from trii_desktop.charts.lettering import Letterings
from trii_desktop.charts.painters import CandlePainter, Inks, LinePainter, PaneFrame, SeriesPainter, VolumePainter
from trii_desktop.charts.pane_item import ChartItem, LastPrice, PaneItem
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.wording import LegendWords, legend_words, price_decimals, time_words, zone_of
from trii_desktop.widgets.numbers import format_price

LEGEND_ROOM: Final = 10  # logical pixels between the legend and the highest price
AXIS_WIDTH_MIN: Final = 56
_MAIN_PAINTERS: Final[dict[ChartType, type[SeriesPainter]]] = {ChartType.CANDLES: CandlePainter, ChartType.LINE: LinePainter}


class ChartPicture:
    """Owns the items of one chart and prepares them from the model. All pixels are device pixels of the view.

    is_stale : bars, view, size or colours changed since the last ``prepare``
    message : shown instead of bars where its first part is not empty
    """

    def __init__(self, model: ChartModel, colors: ChartColors, family: str) -> None:
        self._model = model
        self.inks = Inks(colors)
        self.is_stale = True
        self.message = ("", "")
        self.pane = PaneItem(self.inks)
        self.price_axis = PriceAxisItem(self.inks)
        self.time_axis = TimeAxisItem(self.inks)
        self.legend = LegendItem(self.inks)
        self.crosshair = CrosshairItem(self.inks)
        self._letters = Letterings(family, 1.0)
        self._painters: dict[ChartType, SeriesPainter] = {kind: made() for kind, made in _MAIN_PAINTERS.items()}
        self._volume = VolumePainter()
        self._size = (0, 0)
        self._axis_width = 0
        self._legend_height = 0
        self._legend_key: tuple[object, ...] = ()
        self._scale: PriceScale | None = None
        self._pointer: tuple[float, float] | None = None
        self._reader_row: int | None = None
        self._prepared_pointer: object = None
        for z, item in enumerate(self.items):
            item.setZValue(z)

    @property
    def items(self) -> tuple[ChartItem, ...]:
        """Every item, the backmost first."""
        return self.pane, self.price_axis, self.time_axis, self.crosshair, self.legend

    @property
    def plot_size(self) -> tuple[int, int]:
        """Width and height of the panes, without the axes."""
        return self.pane.width_px, self.pane.height_px

    @property
    def spoken(self) -> str:
        """What the legend says, as a sentence; the message where there is one."""
        if self.message[0]:
            return " ".join(part for part in self.message if part)
        return self.legend.words.spoken if self.legend.words else ""

    @property
    def price_scale(self) -> PriceScale | None:
        """The scale of the last prepared frame; None before the first and without bars."""
        return self._scale

    def start_series(self) -> None:
        """Another series came: measure its prices anew."""
        self._axis_width = 0
        self.price_axis.decimals = price_decimals(self._model.instrument, self._model.snapshot)
        self.price_axis.forget_ticks()
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
        self._prepare_legend(self._legend_row())
        needed = self._prepare_scale()
        if needed > self._axis_width:
            self._axis_width = needed + round(4 * self._letters.pixel_ratio)
            self._prepare_scale()
        if self.message[0]:
            self.pane.show_message(*self.message, self._letters)
            self.time_axis.prepare(self._model, self._letters)
            return
        model = self._model
        self.time_axis.prepare(model, self._letters)
        main = ChartType.LINE if model.is_line else ChartType.CANDLES
        self.pane.painters = [*([self._volume] if model.is_volume_shown else []), self._painters[main]]
        assert self._scale is not None, "There are bars, so there is a scale."
        width, height = self.plot_size
        frame = PaneFrame(
            model.snapshot, model.bars(), model.time, self._scale, width, height, model.volume_top_px, model.pixel_ratio
        )
        self.pane.prepare(frame, self.price_axis.ys, self.time_axis.xs, self._last_price(self._scale))

    def _prepare_scale(self) -> int:
        # Lay out for the axis width in hand, and say which width the labels then need.
        ratio = self._letters.pixel_ratio
        width = max(self._size[0] - self._axis_width, 1)
        height = max(self._size[1] - round(TIME_AXIS_HEIGHT * ratio), 1)
        self.pane.place(0, 0, width, height)
        self.legend.place(0, 0, width, height)
        self.price_axis.place(width, 0, self._size[0] - width, height)
        self.time_axis.place(0, height, self._size[0], self._size[1] - height)
        self.crosshair.place(0, 0, *self._size)
        legend_px = self._legend_height + LEGEND_ROOM * ratio
        self._model.lay_out(width, height, ratio, legend_px)
        if self.message[0]:
            self._scale = None
            return self.price_axis.prepare(None, LastPrice(None, "", "line"), self._letters)
        self._scale = self._model.price_scale()
        last = self._last_price(self._scale)
        return self.price_axis.prepare(self._scale, last, self._letters, lowest=self._model.lowest_tick)

    def _last_price(self, scale: PriceScale) -> LastPrice:
        model = self._model
        bar = model.snapshot.bar(len(model.snapshot) - 1)
        ink = "line" if model.is_line else "up" if bar.close >= bar.open else "down"
        y = math.floor(scale.y_at(bar.close))
        text = format_price(bar.close, self.price_axis.decimals)
        return LastPrice(y if 0 <= y < self.pane.height_px else None, text, ink)

    def paint(self, painter: QPainter) -> None:
        """Draw everything as last prepared, without a view; the painter counts device pixels."""
        width, height = self._size
        painter.fillRect(0, 0, width, height, self.inks["background"])
        for item in self.items:
            painter.save()
            painter.translate(item.pos())
            item.paint(painter)
            painter.restore()

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
        key = (*series, row, width, self.message, self._letters, self.price_axis.decimals)
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
                decimals=self.price_axis.decimals,
                adjusted=model.is_adjusted,
            )
        self._legend_height = self.legend.prepare(words, self._letters, width)

    def _prepare_pointer(self) -> None:
        self._prepare_legend(self._legend_row())
        self.crosshair.prepare(self._crosshair(), self.plot_size, self._letters)

    def _crosshair(self) -> Crosshair | None:
        model, scale = self._model, self._scale
        if scale is None:
            return None
        if self._reader_row is not None:
            row = self._reader_row
            y = math.floor(scale.y_at(model.snapshot.bar(row).close))
        elif self._pointer is not None and self.zone_at(*self._pointer) is Zone.PLOT:
            row, y = round(model.time.row_at(self._pointer[0])), math.floor(self._pointer[1])
        else:
            return None
        decimals = max(self.price_axis.decimals, self.price_axis.tick_decimals)
        price = format_price(scale.price_at(y + 0.5), decimals) if self._reader_row is None else self._close_words(row)
        has_bar = 0 <= row < len(model.snapshot)
        zone = zone_of(model.instrument, model.spec)
        time = time_words(model.snapshot.event_ns_at(row), model.spec, zone) if has_bar else ""
        return Crosshair(model.time.x_at(row), min(max(y, 0), self.pane.height_px - 1), price, time)

    def _close_words(self, row: int) -> str:
        return format_price(self._model.snapshot.bar(row).close, self.price_axis.decimals)
