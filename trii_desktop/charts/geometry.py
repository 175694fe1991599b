"""Which pixels bars cover: rectangles as arrays, from bars and two scales; no window needed.

A rectangle is a row of four int32: left, top, right, bottom, the last two inside it.
"""

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from backend.domain.bars import Float64s, Int64s
from backend.market.bar_snapshot import BarSnapshot
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.time_scale import PixelColumns, TimeScale

Rects: TypeAlias = npt.NDArray[np.int32]
NO_RECTS: Rects = np.empty((0, 4), np.int32)


class DrawnBars(NamedTuple):
    """What one frame draws, one entry a bar or a column of pixels.

    x : int64[n]   column of pixels of each entry's middle, ascending
    open, high, low, close : float64[n]
    volume : float64[n]   of the bar; the average where an entry stands for several
    first_row, stop_row : the bars they stand for
    """

    x: Int64s
    open: Float64s
    high: Float64s
    low: Float64s
    close: Float64s
    volume: Float64s
    first_row: int
    stop_row: int


class UpDown(NamedTuple):
    """Rectangles of rising and of falling bars."""

    up: Rects
    down: Rects


def visible_bars(snapshot: BarSnapshot, scale: TimeScale, columns: PixelColumns | None = None) -> DrawnBars:
    """The bars in view, folded into columns of pixels where several share one: ``scale.columns()``, where that is known."""
    if scale.is_dense:
        columns = columns or scale.columns()
        if not len(columns.x):
            return _nothing()
        cut = columns.cut
        folded = snapshot.columns(cut)
        # Volume a bar: neighbouring columns hold one bar more or less, and a sum would show that as stripes.
        volume = folded.volume / (cut.last_row + 1 - cut.first_row)
        return DrawnBars(columns.x, *folded[1:5], volume, int(cut.first_row[0]), cut.stop)
    first, stop = scale.visible()
    bars = snapshot.rows(first, stop)
    return DrawnBars(scale.x_of(np.arange(first, stop)), *bars.columns(), first, stop)


def body_width(spacing_px: float, pixel_ratio: float = 1.0) -> int:
    """Width of a candle's body in device pixels: odd, so that the wick stands in the middle, with a gap where one fits."""
    if spacing_px < 3.0:
        return 1
    gap = max(1.0, 0.22 * spacing_px)
    width = math.floor(min(spacing_px - gap, spacing_px - 1) + 0.25)
    return max(width - 1 + width % 2, wick_width(pixel_ratio), 1)


def wick_width(pixel_ratio: float) -> int:
    """Width of wicks and other hairlines in device pixels: odd."""
    width = max(math.floor(pixel_ratio), 1)
    return width - 1 + width % 2


def candles(bars: DrawnBars, prices: PriceScale, spacing_px: float, pixel_ratio: float = 1.0) -> UpDown:
    """Wicks and bodies; only wicks where a body would be no wider."""
    is_up = bars.close >= bars.open
    top, bottom = _ordered(prices.y_of(bars.high), prices.y_of(bars.low))
    body, wick = body_width(spacing_px, pixel_ratio), wick_width(pixel_ratio)
    if body <= wick:
        return _split(_rects(bars.x, body, top, bottom), is_up)
    y_open, y_close = prices.y_of(bars.open), prices.y_of(bars.close)
    bodies = _rects(bars.x, body, np.minimum(y_open, y_close), np.maximum(y_open, y_close))
    wicks = _rects(bars.x, wick, top, bottom)
    return UpDown(np.concatenate((wicks[is_up], bodies[is_up])), np.concatenate((wicks[~is_up], bodies[~is_up])))


def hollow_candles(bars: DrawnBars, before: float, prices: PriceScale, spacing_px: float, pixel_ratio: float = 1.0) -> UpDown:
    """Candles coloured by the change from the close before, and hollow where they close at or above their open.

    before : the close of the bar left of the first one, NaN where there is none
    """
    body, wick = body_width(spacing_px, pixel_ratio), wick_width(pixel_ratio)
    earlier = np.concatenate(([before], bars.close[:-1]))
    is_up = np.where(np.isnan(earlier), bars.close >= bars.open, bars.close >= earlier)
    top, bottom = prices.y_of(bars.high), prices.y_of(bars.low)
    top, bottom = np.minimum(top, bottom), np.maximum(top, bottom)
    if body <= 2 * wick:
        return _split(_rects(bars.x, min(body, wick), top, bottom), is_up)
    y_open, y_close = prices.y_of(bars.open), prices.y_of(bars.close)
    high, low = np.minimum(y_open, y_close), np.maximum(y_open, y_close)
    is_hollow = bars.close >= bars.open
    left, right = bars.x - body // 2, bars.x - body // 2 + body - wick
    edges = (
        _rects(bars.x, wick, top, high - 1),
        _rects(bars.x, wick, low + 1, bottom),
        _rects(bars.x, body, high, np.minimum(high + wick - 1, low)),
        _rects(bars.x, body, np.maximum(low - wick + 1, high), low),
        _rects(left + wick // 2, wick, high, low),
        _rects(right + wick // 2, wick, high, low),
    )
    parts = [(edges[0], top < high), (edges[1], bottom > low), *((edge, is_hollow) for edge in edges[2:])]
    parts.append((_rects(bars.x, body, high, low), ~is_hollow))
    up = [rects[is_drawn & is_up] for rects, is_drawn in parts]
    down = [rects[is_drawn & ~is_up] for rects, is_drawn in parts]
    return UpDown(np.concatenate(up), np.concatenate(down))


def open_close_bars(bars: DrawnBars, prices: PriceScale, spacing_px: float, pixel_ratio: float = 1.0) -> UpDown:
    """Sticks from low to high, with a tick to the left at the open and to the right at the close where there is room."""
    is_up = bars.close >= bars.open
    body, wick = body_width(spacing_px, pixel_ratio), wick_width(pixel_ratio)
    stick = _rects(bars.x, wick, *_ordered(prices.y_of(bars.high), prices.y_of(bars.low)))
    reach = body // 2
    if reach <= wick // 2:
        return _split(stick, is_up)
    y_open, y_close = prices.y_of(bars.open), prices.y_of(bars.close)
    left, right = stick.copy(), stick.copy()
    left[:, 0], left[:, 2] = bars.x - reach, bars.x
    right[:, 0], right[:, 2] = bars.x, bars.x + reach
    for ticks, y in ((left, y_open), (right, y_close)):
        ticks[:, 1], ticks[:, 3] = y - wick // 2, y - wick // 2 + wick - 1
    return UpDown(*(np.concatenate((stick[way], left[way], right[way])) for way in (is_up, ~is_up)))


def area_below(bars: DrawnBars, prices: PriceScale, foot_px: int) -> Rects:
    """Columns from the closes down to ``foot_px`` (outside), one for each column of pixels between the first and the last bar."""
    if not len(bars.x):
        return NO_RECTS
    y = prices.y_of(bars.close).astype(np.float64)
    columns = np.arange(bars.x[0], bars.x[-1] + 1)
    top = np.floor(np.interp(columns, bars.x, y) + 0.5).astype(np.int64)
    shown = top < foot_px
    return _rects(columns[shown], 1, top[shown], np.full(int(shown.sum()), foot_px - 1))


def volumes(bars: DrawnBars, spacing_px: float, top_px: int, bottom_px: int, pixel_ratio: float = 1.0) -> UpDown:
    """Bars of volume standing on ``bottom_px`` (outside), the largest reaching ``top_px``; none where volume is unknown or 0."""
    known = bars.volume > 0  # NaN compares false
    if not known.any():
        return UpDown(NO_RECTS, NO_RECTS)
    x, volume = bars.x[known], bars.volume[known]
    height = np.maximum(np.rint(volume / volume.max() * (bottom_px - top_px)).astype(np.int64), 1)
    rects = _rects(x, body_width(spacing_px, pixel_ratio), bottom_px - height, np.full(len(x), bottom_px - 1))
    return _split(rects, (bars.close >= bars.open)[known])


def line_columns(bars: DrawnBars, prices: PriceScale, pixel_ratio: float = 1.0) -> Rects:
    """A line where several values share a column: each column spans its values and reaches to the one before."""
    y_low, y_high, y_open, y_close = (prices.y_of(v) for v in (bars.low, bars.high, bars.open, bars.close))
    top, bottom = np.minimum(y_high, y_low), np.maximum(y_high, y_low)
    before = np.concatenate((y_open[:1], y_close[:-1]))
    return _rects(bars.x, wick_width(pixel_ratio), np.minimum(top, before), np.maximum(bottom, before))


def line_segments(bars: DrawnBars, prices: PriceScale) -> npt.NDArray[np.float64]:
    """float64[n - 1, 4]: straight pieces between neighbouring closes, from pixel middle to pixel middle."""
    x, y = bars.x + 0.5, prices.y_of(bars.close) + 0.5
    return np.stack((x[:-1], y[:-1], x[1:], y[1:]), axis=1)


def _nothing() -> DrawnBars:
    none = np.empty(0)
    return DrawnBars(np.empty(0, np.int64), none, none, none, none, none, 0, 0)


def _rects(x: Int64s, width: int, top: Int64s, bottom: Int64s) -> Rects:
    rects = np.empty((len(x), 4), np.int32)
    rects[:, 0] = x - width // 2
    rects[:, 1] = top
    rects[:, 2] = rects[:, 0] + (width - 1)
    rects[:, 3] = bottom
    return rects


def _ordered(one: Int64s, other: Int64s) -> tuple[Int64s, Int64s]:
    # On an inverted scale the high stands below the low.
    return np.minimum(one, other), np.maximum(one, other)


def _split(rects: Rects, is_up: npt.NDArray[np.bool_]) -> UpDown:
    return UpDown(rects[is_up], rects[~is_up])
