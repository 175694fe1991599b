"""Which pixels lines, histograms, dots, steps and bands cover: arrays from values and scales; no window needed."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from backend.charts.chart_state import Dash
from backend.domain.bars import Float64s, Int64s
from trii_desktop.charts.geometry import NO_RECTS, Rects, body_width
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.study_lines import DrawnLine
from trii_desktop.charts.time_scale import TimeScale

NO_SEGMENTS: Final = np.empty((0, 4))
_DASHES: Final = {Dash.DASHED: (6, 4), Dash.DOTTED: (2, 4)}  # on and off, logical pixels along the time axis


def segments(line: DrawnLine, prices: PriceScale) -> npt.NDArray[np.float64]:
    """float64[n, 4]: straight pieces between neighbouring values, from pixel middle to pixel middle; none beside a gap."""
    x, y = line.x + 0.5, heights(line.close, prices) + 0.5
    made = np.stack((x[:-1], y[:-1], x[1:], y[1:]), axis=1)
    return made[np.isfinite(made[:, 1]) & np.isfinite(made[:, 3])]


def columns(line: DrawnLine, prices: PriceScale, width: int) -> Rects:
    """Each column spans its values and reaches to the one beside it; also for a single value, which becomes a dot."""
    known = np.isfinite(line.high)
    x, values = line.x, np.array((line.low, line.high, line.open, line.close))
    if not known.all():
        x, values = x[known], values[:, known]
    if not len(x):
        return NO_RECTS
    y_low, y_high, before, y_close = prices.y_of(values)
    is_beside = x[1:] - x[:-1] <= 1
    before[1:][is_beside] = y_close[:-1][is_beside]
    rects = np.empty((len(x), 4), np.int32)
    left, top, right, bottom = rects.T
    left[:] = x - width // 2
    right[:] = left + (width - 1)
    top[:] = np.minimum(np.minimum(y_low, y_high), before)
    bottom[:] = np.maximum(np.maximum(np.maximum(y_low, y_high), before), top + (width - 1))
    return rects


def lone_values(line: DrawnLine) -> DrawnLine:
    """The values that no piece reaches, for they have gaps on both sides."""
    known = np.isfinite(line.close)
    beside = np.zeros(len(known) + 2, bool)
    beside[1:-1] = known
    alone = known & ~beside[:-2] & ~beside[2:]
    first, high, low, last = (values[alone] for values in (line.open, line.high, line.low, line.close))
    return DrawnLine(line.x[alone], first, high, low, last, is_dense=False)


def every(line: DrawnLine, gap_px: int, time: TimeScale) -> DrawnLine:
    """The values at every so many bars, about ``gap_px`` apart; the same bars wherever the view begins."""
    step = 2 ** max(math.ceil(math.log2(gap_px / time.spacing_px)), 0)
    rows = np.rint((line.x + time.origin_px) / time.spacing_px).astype(np.int64)
    chosen = np.diff(rows // step, prepend=rows[:1] // step - 1) != 0 if line.is_dense else rows % step == 0
    values = line.close[chosen]
    return DrawnLine(line.x[chosen], values, values, values, values, is_dense=False)


def steps(line: DrawnLine, prices: PriceScale, width: int) -> Rects:
    """Level pieces from each value to the next one's column, and upright ones between them."""
    if line.is_dense:
        return columns(line, prices, width)
    known = np.isfinite(line.close)
    y = prices.y_of(line.close)
    ends = np.append(line.x[1:], line.x[-1:] + 1)
    half = width // 2
    level = np.stack((line.x - half, y - half, ends - half + width - 1, y - half + width - 1), axis=1)[known]
    rises = known[1:] & known[:-1] & (y[1:] != y[:-1])
    left = line.x[1:] - half
    upright = np.stack(
        (left, np.minimum(y[1:], y[:-1]) - half, left + width - 1, np.maximum(y[1:], y[:-1]) - half + width - 1), axis=1
    )[rises]
    return np.concatenate((level, upright)).astype(np.int32)


def dots(line: DrawnLine, prices: PriceScale, size: int) -> Rects:
    """A square at each value; a column of pixels where several share one."""
    if line.is_dense:
        return columns(line, prices, size)
    known = np.isfinite(line.close)
    x, y = line.x[known] - size // 2, prices.y_of(line.close[known]) - size // 2
    return np.stack((x, y, x + size - 1, y + size - 1), axis=1).astype(np.int32)


def histogram(line: DrawnLine, prices: PriceScale, spacing_px: float, pixel_ratio: float) -> tuple[Rects, Rects, Rects, Rects]:
    """Bars on 0: above it growing and shrinking, below it growing and shrinking. Dense columns span all their values."""
    known = np.isfinite(line.high) & np.isfinite(line.low)
    x, last = line.x[known], line.close[known]
    low, high = np.minimum(line.low[known], 0.0), np.maximum(line.high[known], 0.0)
    width = body_width(spacing_px, pixel_ratio)
    left = x - width // 2
    rects = np.stack((left, prices.y_of(high), left + width - 1, prices.y_of(low)), axis=1).astype(np.int32)
    is_up, is_rising = last >= 0, np.diff(last, prepend=last[:1]) >= 0
    return rects[is_up & is_rising], rects[is_up & ~is_rising], rects[~is_up & ~is_rising], rects[~is_up & is_rising]


def band(one: DrawnLine, other: DrawnLine, prices: PriceScale, width_px: int) -> Rects:
    """Columns of pixels between two lines; none beside a gap of either."""
    if one.is_dense:
        x, here, there = np.intersect1d(one.x, other.x, assume_unique=True, return_indices=True)
        upper, lower = prices.y_of(one.close[here]), prices.y_of(other.close[there])
    else:
        if len(one.x) < 2:
            return NO_RECTS
        x = np.arange(max(int(one.x[0]), 0), min(int(one.x[-1]), width_px - 1) + 1)
        ys = [_between(x, line, prices) for line in (one, other)]
        known = np.isfinite(ys[0]) & np.isfinite(ys[1])
        x = x[known]
        upper, lower = (np.floor(y[known]).astype(np.int64) for y in ys)
    return np.stack((x, np.minimum(upper, lower), x, np.maximum(upper, lower)), axis=1).astype(np.int32)


def broken(pieces: npt.NDArray[np.float64], dash: Dash, origin_px: int, pixel_ratio: float) -> npt.NDArray[np.float64]:
    """Straight pieces cut so that they show the dashes of ``dash``; dashes stay with the bars when the chart is panned.

    pieces : float64[n, 4], x ascending; origin_px : the absolute pixel of the left edge
    """
    if dash is Dash.SOLID or not len(pieces):
        return pieces
    on, off = (max(round(px * pixel_ratio), 1) for px in _DASHES[dash])
    period = on + off
    left, right = pieces[:, 0] + origin_px, pieces[:, 2] + origin_px
    first = np.floor(left / period).astype(np.int64)
    counts = np.maximum(np.ceil(right / period).astype(np.int64) - first, 1)
    owner = np.repeat(np.arange(len(pieces)), counts)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    begin = (first[owner] + number) * float(period)
    start, stop = np.maximum(begin, left[owner]), np.minimum(begin + on, right[owner])
    is_on = stop > start
    owner, start, stop = owner[is_on], start[is_on] - origin_px, stop[is_on] - origin_px
    x, y, width = pieces[owner, 0], pieces[owner, 1], pieces[owner, 2] - pieces[owner, 0]
    slope = (pieces[owner, 3] - y) / width
    return np.stack((start, y + (start - x) * slope, stop, y + (stop - x) * slope), axis=1)


def broken_columns(rects: Rects, dash: Dash, origin_px: int, pixel_ratio: float) -> Rects:
    """The columns of pixels that show the dashes of ``dash``."""
    if dash is Dash.SOLID:
        return rects
    on, off = (max(round(px * pixel_ratio), 1) for px in _DASHES[dash])
    return rects[(rects[:, 0].astype(np.int64) + origin_px) % (on + off) < on]


def joined(lines: Sequence[Rects]) -> Rects:
    """All rectangles of several arrays."""
    return np.concatenate(lines) if lines else NO_RECTS


def heights(values: Float64s, prices: PriceScale) -> Float64s:
    """float64[n]: rows of pixels as ``PriceScale.y_of`` gives them, NaN where there is no value."""
    return np.where(np.isfinite(values), prices.y_of(values), np.nan)


def _between(x: Int64s, line: DrawnLine, prices: PriceScale) -> Float64s:
    made: Float64s = np.interp(x, line.x, heights(line.close, prices))
    return made
