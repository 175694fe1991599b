"""Bands around prices: Bollinger, Keltner, Donchian, and the trailing band of SuperTrend.

Twin: tests/naive/bands.py
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from backend.kernels.arithmetic import larger, smaller
from backend.kernels.averages import COUNT, N_EMA, PERIOD, ema_next, ema_state, ema_sweep, fade, refresh_of
from backend.kernels.extremes import extreme_next, extreme_state, extreme_sweep
from backend.kernels.stepping import opened, step
from backend.kernels.volatility import (
    AVERAGE,
    CLOSE,
    MEAN,
    N_ATR,
    PEAK,
    SPREAD_RING,
    SQUARES,
    atr_next,
    atr_state,
    atr_sweep,
    deviation,
    exact_spread,
    is_faded,
    slide_spread,
    spread_next,
    spread_state,
    true_range,
)

Float64s: TypeAlias = npt.NDArray[np.float64]

_refresh_of = njit(inline="always")(refresh_of)


def bollinger_state(period: int, deviations: float) -> Float64s:
    """State of ``bollinger_sweep`` and ``bollinger_step``: how many deviations, then the window."""
    return np.concatenate(([deviations], spread_state(period)))


@njit(inline="always")
def bollinger_next(s: Float64s, price: float) -> tuple[float, float, float]:
    """Upper band, mean and lower band of the newest ``period`` prices."""
    window = s[1:]
    spread_next(window, price)
    if window[COUNT] < window[PERIOD]:
        return np.nan, np.nan, np.nan
    reach = s[0] * deviation(window[SQUARES], 1.0 / window[PERIOD])
    return window[AVERAGE] + reach, window[AVERAGE], window[AVERAGE] - reach


@step
def bollinger_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into ``bollinger_next``."""
    s, v, w = opened(state, values, wires)
    price = v[w[0]]
    if price == price:  # noqa: PLR0124 - NaN is unequal to itself
        v[w[1]], v[w[2]], v[w[3]] = bollinger_next(s, price)
    else:
        v[w[1]], v[w[2]], v[w[3]] = np.nan, np.nan, np.nan


@njit(cache=True, nogil=True)
def bollinger_sweep(state: Float64s, price: Float64s, upper: Float64s, middle: Float64s, lower: Float64s) -> None:
    """Bollinger bands: the mean, and so many standard deviations (of the population) above and below.

    state : from ``bollinger_state``, or left by an earlier sweep
    price : float64[n_bars]   oldest first, no NaN
    upper, middle, lower : float64[n_bars]   NaN before ``period`` bars were taken

    Source: John Bollinger, Bollinger on Bollinger Bands, 2001, p. 50; TA-Lib 0.8, function BBANDS.
    Twin: tests/naive/bands.py
    """
    window = state[1:]
    period, n_bars = int(window[PERIOD]), len(price)
    n_slow = min(n_bars, period)
    for i in range(n_slow):
        upper[i], middle[i], lower[i] = bollinger_next(state, price[i])
    if n_bars <= n_slow:
        return
    average, squares, count, inverse = window[AVERAGE], window[SQUARES], int(window[COUNT]), 1.0 / period
    refresh, first, peak = _refresh_of(period), n_slow, window[PEAK]
    while first < n_bars:
        stop = min(n_bars, first + refresh - count % refresh)
        for i in range(first, stop):
            average, squares = slide_spread(average, squares, price[i], price[i - period], inverse)
            peak = larger(peak, squares)
            if is_faded(squares, peak):
                average, squares = exact_spread(price[i - period + 1 : i + 1], 0, period)
                peak = squares
            middle[i], upper[i] = average, squares
        count += stop - first
        if count % refresh == 0:
            average, squares = exact_spread(price[stop - period : stop], 0, period)
            middle[stop - 1], upper[stop - 1] = average, squares
            peak = squares
        open_bands(upper[first:stop], middle[first:stop], lower[first:stop], state[0], inverse)
        first = stop
    for k in range(period):
        window[SPREAD_RING + (count - period + k) % period] = price[n_bars - period + k]
    window[AVERAGE], window[SQUARES], window[COUNT], window[PEAK] = average, squares, count, peak


@njit(cache=True, nogil=True)
def open_bands(upper: Float64s, middle: Float64s, lower: Float64s, times: float, inverse: float) -> None:
    """Turn squared distances, which lie in ``upper``, into bands: without a chain from bar to bar, so several roots at once."""
    for i in range(len(middle)):
        reach = times * deviation(upper[i], inverse)
        upper[i], lower[i] = middle[i] + reach, middle[i] - reach


# --- Keltner ----------------------------------------------------------------------------------------------------------


def keltner_state(period: int, range_period: int, ranges: float) -> Float64s:
    """State of ``keltner_sweep`` and ``keltner_step``: how many ranges, the average's state, the range's."""
    return np.concatenate(([ranges], ema_state(period), atr_state(range_period)))


@step
def keltner_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into the average and the range."""
    s, v, w = opened(state, values, wires)
    price, high, low, close = v[w[0]], v[w[1]], v[w[2]], v[w[3]]
    is_known = price == price and high == high and low == low and close == close  # noqa: PLR0124 - NaN is unequal to itself
    if is_known:
        mean = ema_next(s[1 : 1 + N_EMA], price)
        reach = s[0] * atr_next(s[1 + N_EMA : 1 + N_EMA + N_ATR], high, low, close)
        v[w[4]], v[w[5]], v[w[6]] = mean + reach, mean, mean - reach
    else:
        v[w[4]], v[w[5]], v[w[6]] = np.nan, np.nan, np.nan


@njit(cache=True, nogil=True)
def keltner_sweep(
    state: Float64s,
    price: Float64s,
    high: Float64s,
    low: Float64s,
    close: Float64s,
    upper: Float64s,
    middle: Float64s,
    lower: Float64s,
) -> None:
    """Keltner channel: an exponential average, and so many average true ranges above and below.

    state : from ``keltner_state``, or left by an earlier sweep
    price, high, low, close : float64[n_bars]   oldest first, no NaN
    upper, middle, lower : float64[n_bars]   the middle from ``period`` bars on, the bands where there is a range too

    Source: Linda Bradford Raschke's form of Chester Keltner's channel, https://school.stockcharts.com, read in November 2026.
    Twin: tests/naive/bands.py
    """
    ema_sweep(state[1 : 1 + N_EMA], price, middle)
    atr_sweep(state[1 + N_EMA :], high, low, close, upper)
    for i in range(len(price)):
        reach = state[0] * upper[i]
        upper[i], lower[i] = middle[i] + reach, middle[i] - reach


# --- Donchian ---------------------------------------------------------------------------------------------------------


def donchian_state(period: int) -> Float64s:
    """State of ``donchian_sweep`` and ``donchian_step``: the window of highs, then that of lows."""
    return np.concatenate((extreme_state(period), extreme_state(period)))


@step
def donchian_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into both windows."""
    s, v, w = opened(state, values, wires)
    high, low = v[w[0]], v[w[1]]
    upper, lower = np.nan, np.nan
    if high == high and low == low:  # noqa: PLR0124 - NaN is unequal to itself
        n = int(s[PERIOD]) + 4
        upper, lower = extreme_next(s[:n], high, 1.0), extreme_next(s[n : 2 * n], low, -1.0)
    v[w[2]], v[w[3]], v[w[4]] = upper, (upper + lower) / 2.0, lower


@njit(cache=True, nogil=True)
def donchian_sweep(state: Float64s, high: Float64s, low: Float64s, upper: Float64s, middle: Float64s, lower: Float64s) -> None:
    """Donchian channel: the highest high and the lowest low of the newest ``period`` bars, and their middle.

    state : from ``donchian_state``, or left by an earlier sweep
    high, low : float64[n_bars]   oldest first, no NaN
    upper, middle, lower : float64[n_bars]   NaN before ``period`` bars were taken

    Source: Richard Donchian's four-week rule; TA-Lib 0.8, functions MAX and MIN. Twin: tests/naive/bands.py
    """
    n = len(state) // 2
    extreme_sweep(state[:n], high, 1.0, upper)
    extreme_sweep(state[n:], low, -1.0, lower)
    for i in range(len(high)):
        middle[i] = (upper[i] + lower[i]) / 2.0


# --- SuperTrend -------------------------------------------------------------------------------------------------------

RANGES: Final = 0
UPPER: Final = 1
LOWER: Final = 2
SIDE: Final = 3  # 1 while prices rise, -1 while they fall, 0 before the first range
BEFORE: Final = 4  # the close before
SUPER_ATR: Final = 5


def supertrend_state(period: int, ranges: float) -> Float64s:
    """State of ``supertrend_sweep`` and ``supertrend_step``."""
    return np.concatenate(([ranges, 0.0, 0.0, 0.0, 0.0], atr_state(period)))


@njit(inline="always")
def supertrend_turn(
    upper: float, lower: float, side: float, before: float, middle: float, reach: float, close: float
) -> tuple[float, float, float]:
    """Both bands and the side they leave; a band only moves towards prices, until a close beyond it turns the trend."""
    above, below = middle + reach, middle - reach
    above = above if before > upper else smaller(above, upper)
    below = below if before < lower else larger(below, lower)
    rises, falls = close > above, close < below
    return above, below, (-1.0 if falls else 1.0) if side > 0.0 else (1.0 if rises else -1.0)


@njit(inline="always")
def supertrend_next(s: Float64s, high: float, low: float, close: float) -> tuple[float, float]:
    """Trailing band and direction, upwards at first."""
    reach = s[RANGES] * atr_next(s[SUPER_ATR : SUPER_ATR + N_ATR], high, low, close)
    before, middle = s[BEFORE], (high + low) / 2.0
    s[BEFORE] = close
    if reach != reach:  # noqa: PLR0124 - NaN is unequal to itself
        return np.nan, np.nan
    if s[SIDE] == 0.0:
        s[UPPER], s[LOWER], s[SIDE] = middle + reach, middle - reach, 1.0
    else:
        s[UPPER], s[LOWER], s[SIDE] = supertrend_turn(s[UPPER], s[LOWER], s[SIDE], before, middle, reach, close)
    return (s[LOWER] if s[SIDE] > 0.0 else s[UPPER]), s[SIDE]


@step
def supertrend_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into ``supertrend_next``."""
    s, v, w = opened(state, values, wires)
    high, low, close = v[w[0]], v[w[1]], v[w[2]]
    if high == high and low == low and close == close:  # noqa: PLR0124 - NaN is unequal to itself
        v[w[3]], v[w[4]] = supertrend_next(s, high, low, close)
    else:
        v[w[3]], v[w[4]] = np.nan, np.nan


@njit(cache=True, nogil=True)
def supertrend_sweep(state: Float64s, high: Float64s, low: Float64s, close: Float64s, value: Float64s, side: Float64s) -> None:
    """SuperTrend: a band of average true ranges that trails prices and changes sides when they close beyond it.

    state : from ``supertrend_state``, or left by an earlier sweep
    high, low, close : float64[n_bars]   oldest first, no NaN
    value, side : float64[n_bars]   the band, and 1 (rising) or -1; NaN for the first ``period`` bars

    Source: Olivier Seban's SuperTrend as charting programs compute it: bands around (high + low) / 2, Wilder's range.
    Twin: tests/naive/bands.py
    """
    n_bars, range_state = len(close), state[SUPER_ATR:]
    first = min(n_bars, max(int(range_state[PERIOD] + 1 - range_state[COUNT]), 0))
    for i in range(first):
        value[i], side[i] = supertrend_next(state, high[i], low[i], close[i])
    if n_bars == first:
        return
    times, upper, lower, now, before = state[RANGES], state[UPPER], state[LOWER], state[SIDE], state[BEFORE]
    mean, weight = range_state[MEAN], 1.0 / range_state[PERIOD]
    for i in range(first, n_bars):
        mean = fade(mean, true_range(high[i], low[i], before), weight)
        upper, lower, now = supertrend_turn(upper, lower, now, before, (high[i] + low[i]) / 2.0, times * mean, close[i])
        before = close[i]
        value[i], side[i] = lower if now > 0.0 else upper, now
    state[UPPER], state[LOWER], state[SIDE], state[BEFORE] = upper, lower, now, before
    range_state[MEAN], range_state[CLOSE] = mean, before
    range_state[COUNT] += n_bars - first
