"""What is in view of bars and lines, folded for the screen, each computed once a view."""

import math
from functools import cached_property
from typing import NamedTuple

from backend.charts.chart_state import Comparison
from backend.charts.study_snapshot import LineKey, StudyLine, StudySnapshot
from trii_desktop.charts.geometry import DrawnBars, visible_bars
from trii_desktop.charts.study_lines import DrawnLine, first_known_row, visible_line
from trii_desktop.charts.time_scale import PixelColumns, TimeScale
from trii_desktop.widgets.numbers import format_percent


class Compared(NamedTuple):
    """One value of a comparison: as it is, as it is drawn over the main series, and its change since the first bar in view."""

    value: float
    drawn: float
    percent: float

    @property
    def text(self) -> str:
        """The change in words."""
        return format_percent(self.percent)


class InView:
    """One snapshot under one time scale. Nothing here grows with the history.

    is_percent : whether heights mean percents: a comparison then begins at 0 wherever it begins, as the axis counts
    """

    def __init__(
        self, shown: StudySnapshot, time: TimeScale, comparisons: tuple[Comparison, ...], *, is_percent: bool = False
    ) -> None:
        self.is_percent = is_percent
        self.shown = shown
        self.time = time
        self.comparisons = comparisons
        self._lines: dict[LineKey, DrawnLine] = {}
        self._bases: dict[LineKey, int | None] = {}

    def is_of(self, shown: StudySnapshot, time: TimeScale, comparisons: tuple[Comparison, ...], *, is_percent: bool) -> bool:
        """Whether it is still what is in view."""
        is_same = self.is_percent == is_percent and self.comparisons == comparisons
        return is_same and self.shown is shown and self.time == time

    @cached_property
    def bars(self) -> DrawnBars:
        """The bars, or columns of them."""
        return visible_bars(self.shown.bars, self.time, self._columns)

    @cached_property
    def _columns(self) -> PixelColumns | None:
        return self.time.columns() if self.time.is_dense else None

    @property
    def reference(self) -> float:
        """The price that is 0 percent: the close of the first bar in view; NaN without bars."""
        first, stop = self.time.visible()
        return self.shown.bars.bar(first).close if first < stop else math.nan

    def line(self, key: LineKey) -> DrawnLine | None:
        """A line as it is drawn, a comparison from the price on that the main series has; None where it is not there."""
        if key not in self._lines:
            line = self.shown.lines.get(key)
            if line is None:
                return None
            drawn = visible_line(line, self.time, self._columns)
            is_compared = any(comparison.id == key[0] for comparison in self.comparisons)
            self._lines[key] = drawn.times(self._factor(key, line)) if is_compared else drawn
        return self._lines[key]

    def compared(self, key: LineKey, row: int) -> Compared | None:
        """What a comparison says at one bar; None where it is not there."""
        line = self.shown.lines.get(key)
        if line is None or not 0 <= row < len(line):
            return None
        value, base = line.value(row), self._base(key, line)
        start = line.value(base) if base is not None else math.nan
        return Compared(value, value * self._factor(key, line), 100 * (value / start - 1) if start > 0 else math.nan)

    def _factor(self, key: LineKey, line: StudyLine) -> float:
        base = self._base(key, line)
        value = line.value(base) if base is not None else math.nan
        close = self.shown.bars.bar(base).close if base is not None else math.nan
        close = self.reference if self.is_percent else close
        return close / value if value > 0 and close > 0 else math.nan

    def _base(self, key: LineKey, line: StudyLine) -> int | None:
        # Where a comparison and the main series meet: the first bar in view at which both have a value.
        if key not in self._bases:
            self._bases[key] = first_known_row(line, *self.time.visible())
        return self._bases[key]
