"""The price axis at the right and the time axis below; labels are laid out again only when their ticks change."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from backend.charts.chart_state import ScaleKind
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.labels import AxisLabel, PlacedLabel, arranged
from trii_desktop.charts.layers import TimeMark
from trii_desktop.charts.lettering import Lettering, Letterings
from trii_desktop.charts.painters import Inks
from trii_desktop.charts.pane_item import ChartItem
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.price_ticks import PriceTicks, price_ticks
from trii_desktop.charts.time_ticks import TimeStep, TimeTick, ns_per_bar, step_for, thin_out, time_ticks
from trii_desktop.charts.wording import label_zone, time_words
from trii_desktop.widgets.numbers import format_change, format_percent, format_price

PRICE_GAP: Final = 52  # logical pixels between price labels, at least
TIME_GAP: Final = 72
PAD: Final = 9
TIME_AXIS_HEIGHT: Final = 28
LABEL_HEIGHT: Final = 20
SECOND_LINE: Final = 15


class PriceAxisItem(ChartItem):
    """Values beside a pane, aligned at their last digit, and labels of the last ones that never cover each other."""

    def __init__(self, inks: Inks) -> None:
        super().__init__(inks)
        self.decimals = 2
        self.ys: list[int] = []
        self._texts: list[str] = []
        self._ticks: PriceTicks | None = None
        self._labels: list[PlacedLabel] = []
        self._letters: Letterings | None = None

    def prepare(self, scale: PriceScale, letters: Letterings, *, lowest: float = -math.inf) -> int:
        """Choose ticks from ``lowest`` up and write them; the width in device pixels that the texts need."""
        self._letters = letters
        ticks = price_ticks(scale, PRICE_GAP * letters.pixel_ratio)
        if ticks.percents is None:
            ticks = ticks._replace(values=ticks.values[ticks.values >= lowest])
        if self._ticks is None or ticks.decimals != self._ticks.decimals or ticks.values.tolist() != self._ticks.values.tolist():
            self._texts = tick_texts(ticks, self.decimals)
            self._ticks = ticks
        self.ys = scale.y_of(ticks.values).tolist()
        return self.width_for(self._texts, letters)

    @staticmethod
    def width_for(texts: Iterable[str], letters: Letterings) -> int:
        """Device pixels that ``texts`` need."""
        return round(max(map(letters.axis.width, texts), default=0.0) + 2 * PAD * letters.pixel_ratio)

    def show_labels(self, labels: Sequence[AxisLabel], *, has_ticks: bool = True) -> None:
        """Mark values; those out of view get no label. Without ticks nothing else is written."""
        if not has_ticks:
            self.ys, self._texts, self._ticks = [], [], None
        letters = self._letters
        assert letters is not None, "Ticks come first."
        seen = [label for label in labels if 0 <= label.y < self.height_px]
        tall = [round((LABEL_HEIGHT + (SECOND_LINE if label.below else 0)) * letters.pixel_ratio) for label in seen]
        self._labels = arranged(seen, tall, self.height_px)

    def clear(self) -> None:
        """Show nothing."""
        self.ys, self._texts, self._ticks, self._labels = [], [], None, []

    @staticmethod
    def text_of(scale: PriceScale, value: float, decimals: int) -> str:
        """A value as this axis writes it: in percent on a scale of percents."""
        return format_percent(scale.percent_of(value)) if scale.kind is ScaleKind.PERCENT else format_price(value, decimals)

    @property
    def tick_decimals(self) -> int:
        """Digits after the point of the labels' step."""
        return self._ticks.decimals if self._ticks else 0

    def forget_ticks(self) -> None:
        """Write all labels again at the next frame."""
        self._ticks = None

    def paint(self, painter: QPainter) -> None:
        """Draw the border, the ticks that are not covered, and the labels."""
        letters = self._letters
        if letters is None:
            return
        painter.setClipRect(self.bounds)
        unit = max(int(letters.pixel_ratio), 1)
        painter.fillRect(0, 0, unit, self.height_px, self.inks["border"])
        half, margin = letters.axis.height / 2, letters.axis.cap_height / 2
        for y, text in zip(self.ys, self._texts, strict=True):
            is_covered = any(top - margin < y < top + height + margin for _, top, height in self._labels)
            if half <= y <= self.height_px - half and not is_covered:
                self._write(painter, y, text, "text", letters.axis)
        for label, top, height in self._labels:
            area = QRect(0, top, self.width_px, height)
            painter.fillRect(area, self.inks[label.ink])
            if label.is_hollow:
                painter.fillRect(area.adjusted(unit, unit, -unit, -unit), self.inks["background"])
            line = round(LABEL_HEIGHT * letters.pixel_ratio)
            self._write(painter, top + line // 2, label.text, label.on_ink, letters.axis_bold)
            if label.below:
                self._write(painter, top + height - line // 2, label.below, label.on_ink, letters.axis)

    def _write(self, painter: QPainter, y: int, text: str, ink: str, letters: Lettering) -> None:
        pad = PAD * (self._letters.pixel_ratio if self._letters else 1.0)
        letters.draw(painter, self.width_px - pad - letters.width(text), y + 0.5, text, self.inks[ink])


def tick_texts(ticks: PriceTicks, decimals: int) -> list[str]:
    """What the labels of ticks say: prices with at least ``decimals`` digits, or percents."""
    if ticks.percents is not None:
        return [f"{format_change(percent, ticks.decimals)}\u202f%" for percent in ticks.percents.tolist()]
    digits = max(ticks.decimals, decimals)
    return [format_price(value, digits) for value in ticks.values.tolist()]


class TimeAxisItem(ChartItem):
    """Times below the panes: years, months and days in bold where hours or days surround them."""

    def __init__(self, inks: Inks) -> None:
        super().__init__(inks)
        self.xs: list[int] = []
        self._labels: list[tuple[TimeTick, float]] = []
        self._ticks: list[TimeTick] = []
        self._marks: list[tuple[TimeMark, str]] = []
        self._known: tuple[int, int, tuple[int, int, TimeStep, str]] | None = None
        self._letters: Letterings | None = None

    def prepare(self, model: ChartModel, letters: Letterings) -> None:
        """Choose the bars that get a label."""
        self._letters = letters
        time, snapshot = model.time, model.snapshot
        average_ns = ns_per_bar(snapshot)
        if not average_ns:
            self._ticks, self._known = [], None
        else:
            step = step_for(average_ns / time.spacing_px, TIME_GAP * letters.pixel_ratio)
            self._find_ticks(model, step)
        xs = [time.x_at(tick.row) for tick in self._ticks]
        widths = [self._font(tick).width(tick.text) for tick in self._ticks]
        fitting = thin_out(self._ticks, xs, widths, 14 * letters.pixel_ratio)
        seen = [i for i in fitting if -widths[i] < xs[i] < time.width_px + widths[i]]
        self._labels = [(self._ticks[i], widths[i]) for i in seen]
        self.xs = [xs[i] for i in seen]

    def mark(self, model: ChartModel, marks: Sequence[TimeMark]) -> None:
        """Label these moments over the ticks."""
        zone = label_zone(model.zone, model.instrument, model.spec)
        self._marks = [(mark, time_words(mark.event_ns, model.spec, zone)) for mark in marks]

    def forget_ticks(self) -> None:
        """Find all ticks again at the next frame."""
        self._known = None

    def paint(self, painter: QPainter) -> None:
        """Draw the border and the labels."""
        letters = self._letters
        if letters is None:
            return
        unit = max(int(letters.pixel_ratio), 1)
        painter.fillRect(0, 0, self.width_px, unit, self.inks["border"])
        for x, (tick, width) in zip(self.xs, self._labels, strict=True):
            left = x + 0.5 - width / 2
            if left >= 0 and left + width <= self.width_px:
                ink = self.inks["title" if tick.is_major else "text"]
                self._font(tick).draw(painter, left, self.height_px / 2, tick.text, ink)
        for mark, text in self._marks:
            wide = round(letters.axis.width(text) + 2 * PAD * letters.pixel_ratio)
            left = min(max(mark.x - wide // 2, 0), max(self.width_px - wide, 0))
            tall = min(round((LABEL_HEIGHT + 4) * letters.pixel_ratio), self.height_px - unit)
            painter.fillRect(QRect(left, unit, wide, tall), self.inks[mark.ink])
            letters.axis.draw(painter, left + PAD * letters.pixel_ratio, unit + tall / 2, text, self.inks[self.inks.on(mark.ink)])

    def _font(self, tick: TimeTick) -> Lettering:
        assert self._letters is not None
        return self._letters.axis_bold if tick.is_major else self._letters.axis

    def _find_ticks(self, model: ChartModel, step: TimeStep) -> None:
        # Ticks are found for three screens at once, and again only when the view leaves them or the bars change.
        first, stop = model.bars().first_row, model.bars().stop_row
        key = (model.snapshot.lineage, len(model.snapshot), step, model.zone)
        known = self._known
        if known and known[2] == key and known[0] <= first and stop <= known[1]:
            return
        span = round(model.time.n_shown)
        rows = (max(first - span, 0), min(stop + span, len(model.snapshot)))
        self._ticks = time_ticks(model.snapshot, rows, step, label_zone(model.zone, model.instrument, model.spec))
        self._known = (*rows, key)
