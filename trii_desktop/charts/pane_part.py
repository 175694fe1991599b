"""One pane as it is painted: its plot, its axis, and the labels on it."""

import math
from typing import Final

from PySide6.QtCore import QRect

from trii_desktop.charts.axis_items import PriceAxisItem
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.labels import AxisLabel
from trii_desktop.charts.last_values import line_labels, price_label
from trii_desktop.charts.lettering import Letterings
from trii_desktop.charts.painters import Inks, PaneFrame
from trii_desktop.charts.pane_buttons import PaneButtonsItem
from trii_desktop.charts.pane_item import ChartItem, LastLine, PaneItem
from trii_desktop.charts.pane_model import PaneModel
from trii_desktop.charts.pane_series import PaneSeries
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.study_legend import StudyLegendItem

_STEPS: Final = 300  # rows of pixels worth telling apart
_DECIMALS_MAX: Final = 8


class PanePart:
    """The items of one pane. ``scale`` and ``frame`` are of the last prepared frame, None without bars.

    is_pointed : whether the pointer is in it
    """

    def __init__(self, inks: Inks, pane: PaneModel) -> None:
        self.pane = pane
        self.plot = PaneItem(inks)
        self.axis = PriceAxisItem(inks)
        self.legend = StudyLegendItem(inks)
        self.buttons = PaneButtonsItem(inks)
        self.labels: list[AxisLabel] = []
        self.is_pointed = False
        self.scale: PriceScale | None = None
        self.frame: PaneFrame | None = None

    @property
    def items(self) -> tuple[ChartItem, ...]:
        """Its items below the crosshair, the backmost first."""
        return self.plot, self.axis

    @property
    def items_above(self) -> tuple[ChartItem, ...]:
        """Its items above the crosshair."""
        return self.legend, self.buttons

    @property
    def decimals(self) -> int:
        """Digits after the point of its values: the prices', else such as tell rows of pixels apart."""
        if self.pane.is_main or self.scale is None:
            return self.axis.decimals
        span = self.scale.high - self.scale.low
        return min(max(math.ceil(-math.log10(span / _STEPS)), 2), _DECIMALS_MAX)

    @property
    def is_seen(self) -> bool:
        """Whether it has any height."""
        return self.plot.height_px > 0

    def place(self, width_px: int, axis_width_px: int) -> None:
        """Stand where the model says."""
        self.plot.place(0, self.pane.top_px, width_px, self.pane.height_px)
        self.axis.place(width_px, self.pane.top_px, axis_width_px, self.pane.height_px)
        self.legend.place(0, self.pane.top_px, width_px, self.pane.height_px)
        self.buttons.place(0, self.pane.top_px, width_px, self.pane.height_px)

    def prepare_scale(self, model: ChartModel, letters: Letterings, now_ns: int | None) -> int:
        """Choose the scale, its ticks and labels; the width in device pixels that they need."""
        self.scale = scale = model.price_scale(self.pane.id)
        needed = self.axis.prepare(scale, letters, lowest=model.lowest_tick if self.pane.is_main else -math.inf)
        if model.panes.is_folded(self.pane):
            self.labels = []
            return 0
        self.labels = line_labels(model, self.pane, scale, self.decimals, self.plot.inks)
        if self.pane.is_main:
            self.labels.insert(0, price_label(model, scale, self.decimals, now_ns))
        return max(needed, self.axis.width_for((text for label in self.labels for text in (label.text, label.below)), letters))

    def prepare(self, model: ChartModel, series: PaneSeries, time_xs: list[int], selected: str, legend: QRect) -> None:
        """Bring the plot up to date, and put labels on the axis. ``legend`` : what the legend of the prices covers."""
        assert self.scale is not None, "The scale is chosen first."
        self.frame = PaneFrame(
            model.snapshot,
            model.bars(),
            model.time,
            self.scale,
            self.plot.width_px,
            self.plot.height_px,
            model.volume_top_px,
            model.pixel_ratio,
            self.pane.id,
            model.shown,
            model.in_view.line,
            (legend, self.legend.area) if self.pane.is_main else (self.legend.area,),
        )
        plot, is_folded = self.plot, model.panes.is_folded(self.pane)
        plot.ground = [] if is_folded else series.behind(model, self.pane)
        plot.painters = [] if is_folded else series.over(model, self.pane, selected)
        last = LastLine(self.labels[0].y, self.labels[0].ink) if self.pane.is_main and self.labels else None
        plot.prepare(self.frame, [] if is_folded else self.axis.ys, time_xs, last)
        added = [one for layer in plot.layers for one in layer.price_labels(self.pane.id, self.scale, self.decimals, plot.inks)]
        self.axis.show_labels([] if is_folded else [*self.labels, *added], has_ticks=not is_folded)

    def clear(self) -> None:
        """There are no bars."""
        self.scale = self.frame = None
        self.labels = []
        self.axis.clear()
