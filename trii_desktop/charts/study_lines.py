"""What is in view of a line: its values at the bars' columns of pixels, folded where several bars share one."""

from typing import NamedTuple

import numpy as np

from backend.charts.study_snapshot import LineKey, StudyLine
from backend.domain.bars import Float64s, Int64s
from trii_desktop.charts.time_scale import PixelColumns, TimeScale


class DrawnLine(NamedTuple):
    """A line as one frame draws it, one entry a bar or a column of pixels; entries without a value are left out when dense.

    x : int64[n]   column of pixels of each entry's middle, ascending
    open, high, low, close : float64[n]   first, highest, lowest and last value; all the same where not dense
    """

    x: Int64s
    open: Float64s
    high: Float64s
    low: Float64s
    close: Float64s
    is_dense: bool

    @property
    def extremes(self) -> tuple[float, float] | None:
        """The lowest and the highest value in view; None where there is none."""
        if not len(self.low):
            return None
        low, high = float(np.fmin.reduce(self.low)), float(np.fmax.reduce(self.high))
        return (low, high) if np.isfinite(low) and np.isfinite(high) else None

    def times(self, factor: float) -> "DrawnLine":
        """The same with every value ``factor`` times as large; ``factor`` is above 0."""
        first, high, low, last = (values * factor for values in (self.open, self.high, self.low, self.close))
        return DrawnLine(self.x, first, high, low, last, self.is_dense)


def visible_line(line: StudyLine, scale: TimeScale, columns: PixelColumns | None = None) -> DrawnLine:
    """The part of ``line`` in view, folded into columns of pixels as ``visible_bars`` folds them."""
    if scale.is_dense:
        columns = columns or scale.columns()
        if not len(columns.x):
            return _nothing(is_dense=True)
        first, high, low, last = line.columns(columns.cut)
        x, known = columns.x[: len(high)], np.isfinite(high) & np.isfinite(low)
        if not known.all():
            x, first, high, low, last = x[known], first[known], high[known], low[known], last[known]
        first, last = np.where(np.isnan(first), high, first), np.where(np.isnan(last), low, last)
        return DrawnLine(x, first, high, low, last, is_dense=True)
    first_row, stop_row = scale.visible()
    values = line.rows(first_row, stop_row)
    return DrawnLine(scale.x_of(np.arange(first_row, stop_row)), values, values, values, values, is_dense=False)


def first_known_row(line: StudyLine, first: int, stop: int) -> int | None:
    """The first row of [first, stop) at which ``line`` has a value, looked for in growing steps; None where there is none."""
    span = 256
    while first < stop:
        values = line.rows(first, min(first + span, stop))
        known = np.flatnonzero(np.isfinite(values))
        if len(known):
            return first + int(known[0])
        first, span = first + span, span * 4
    return None


def no_line(_: LineKey) -> DrawnLine | None:
    """Where there are no lines."""
    return None


def _nothing(*, is_dense: bool) -> DrawnLine:
    none = np.empty(0)
    return DrawnLine(np.empty(0, np.int64), none, none, none, none, is_dense)
