"""One pane as it is painted: its plot, its axis, and the labels on it."""

from collections.abc import Sequence

from trii_desktop.charts.axis_items import PriceAxisItem
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.labels import AxisLabel
from trii_desktop.charts.lettering import Letterings
from trii_desktop.charts.painters import Inks, PaneFrame
from trii_desktop.charts.pane_item import ChartItem, LastLine, PaneItem
from trii_desktop.charts.pane_model import PaneModel
from trii_desktop.charts.price_scale import PriceScale


class PanePart:
    """The items of one pane. ``scale`` and ``frame`` are of the last prepared frame, None without bars."""

    def __init__(self, inks: Inks, pane: PaneModel) -> None:
        self.pane = pane
        self.plot = PaneItem(inks)
        self.axis = PriceAxisItem(inks)
        self.scale: PriceScale | None = None
        self.frame: PaneFrame | None = None

    @property
    def items(self) -> tuple[ChartItem, ...]:
        """Its items, the backmost first."""
        return self.plot, self.axis

    @property
    def decimals(self) -> int | None:
        """Digits after the point of values; None where each value's size decides."""
        return self.axis.decimals if self.pane.is_main else None

    @property
    def is_seen(self) -> bool:
        """Whether it has any height."""
        return self.plot.height_px > 0

    def place(self, width_px: int, axis_width_px: int) -> None:
        """Stand where the model says."""
        self.plot.place(0, self.pane.top_px, width_px, self.pane.height_px)
        self.axis.place(width_px, self.pane.top_px, axis_width_px, self.pane.height_px)

    def prepare_scale(self, model: ChartModel, letters: Letterings) -> int:
        """Choose the scale and its ticks; the width in device pixels that they need."""
        self.scale = model.price_scale(self.pane.id)
        return self.axis.prepare(self.scale, letters, lowest=model.lowest_tick if self.pane.is_main else -float("inf"))

    def prepare(self, model: ChartModel, time_xs: list[int], labels: Sequence[AxisLabel], last: LastLine | None) -> None:
        """Bring the plot up to date, and put labels on the axis."""
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
            model.line,
        )
        self.plot.prepare(self.frame, self.axis.ys, time_xs, last)
        self.axis.show_labels(labels)

    def clear(self) -> None:
        """There are no bars."""
        self.scale = self.frame = None
        self.axis.clear()
