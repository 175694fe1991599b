"""How far prices move: true range and its average, deviation of a window.

Twin: tests/naive/volatility.py
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from backend.kernels.arithmetic import larger, smaller
from backend.kernels.averages import COUNT, PERIOD, fade, refresh_of
from backend.kernels.stepping import opened, step

Float64s: TypeAlias = npt.NDArray[np.float64]

MEAN: Final = 2
CLOSE: Final = 3
N_ATR: Final = 4

# Of a window's mean and squared distances from it; the window's values follow.
AVERAGE: Final = 2
SQUARES: Final = 3
PEAK: Final = 4  # largest squares since they were computed anew
SPREAD_RING: Final = 5
_FADED: Final = 1e-4  # squares below this part of their peak may be rounding of what has left the window

_refresh_of = njit(inline="always")(refresh_of)


@njit(inline="always")
def true_range(high: float, low: float, before: float) -> float:
    """The largest of: high to low, and either of them to the close before."""
    return larger(high, before) - smaller(low, before)


def atr_state(period: int) -> Float64s:
    """State of ``atr_sweep`` and ``atr_step`` before the first bar."""
    return np.array([period, 0.0, 0.0, 0.0])


@njit(inline="always")
def atr_next(s: Float64s, high: float, low: float, close: float) -> float:
    """Wilder's average of true ranges; the first bar has none, the mean of the next ``period`` begins it."""
    period, count = s[PERIOD], s[COUNT]
    reach = true_range(high, low, s[CLOSE])
    s[CLOSE], s[COUNT] = close, count + 1.0
    if count == 0.0:
        return np.nan
    if count < period:
        s[MEAN] += reach
        return np.nan
    s[MEAN] = (s[MEAN] + reach) / period if count == period else fade(s[MEAN], reach, 1.0 / period)
    return s[MEAN]


@step
def atr_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into ``atr_next``."""
    s, v, w = opened(state, values, wires)
    high, low, close = v[w[0]], v[w[1]], v[w[2]]
    is_known = high == high and low == low and close == close  # noqa: PLR0124 - NaN is unequal to itself
    v[w[3]] = atr_next(s, high, low, close) if is_known else np.nan


@njit(cache=True, nogil=True)
def atr_sweep(state: Float64s, high: Float64s, low: Float64s, close: Float64s, out: Float64s) -> None:
    """Average true range.

    state : from ``atr_state``, or left by an earlier sweep
    high, low, close : float64[n_bars]   oldest first, no NaN
    out : float64[n_bars]   NaN for the first ``period`` bars

    Source: J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, p. 21; TA-Lib 0.8, function ATR.
    Twin: tests/naive/volatility.py
    """
    n_bars = len(close)
    n_slow = min(n_bars, max(int(state[PERIOD] + 1 - state[COUNT]), 0))
    for i in range(n_slow):
        out[i] = atr_next(state, high[i], low[i], close[i])
    mean, before, weight = state[MEAN], state[CLOSE], 1.0 / state[PERIOD]
    for i in range(n_slow, n_bars):
        mean = fade(mean, true_range(high[i], low[i], before), weight)
        before = close[i]
        out[i] = mean
    if n_bars > n_slow:
        state[MEAN], state[CLOSE] = mean, before
        state[COUNT] += n_bars - n_slow


# --- deviation of a window --------------------------------------------------------------------------------------------


def spread_state(period: int) -> Float64s:
    """State of ``spread_next`` before the first bar."""
    state = np.zeros(SPREAD_RING + period)
    state[PERIOD] = period
    return state


@njit(inline="always")
def slide_spread(average: float, squares: float, newest: float, oldest: float, inverse: float) -> tuple[float, float]:
    """Mean and squared distances of a full window that took ``newest`` in and let ``oldest`` go; ``inverse`` is 1 / period."""
    change = newest - oldest
    moved = average + change * inverse
    return moved, squares + change * ((newest - moved) + (oldest - average))


@njit(inline="always")
def grow_spread(average: float, squares: float, newest: float, count: float) -> tuple[float, float]:
    """Mean and squared distances of ``count`` values, the newest being one of them."""
    change = newest - average
    moved = average + change / count
    return moved, squares + change * (newest - moved)


@njit(cache=True, nogil=True)
def exact_spread(window: Float64s, first: int, period: int) -> tuple[float, float]:
    """The same computed anew from a ring, from the oldest value at ``first`` on."""
    total = 0.0
    for k in range(period):
        total += window[(first + k) % period]
    average, squares = total / period, 0.0
    for k in range(period):
        away = window[(first + k) % period] - average
        squares += away * away
    return average, squares


@njit(inline="always")
def is_faded(squares: float, peak: float) -> bool:
    """Whether so little is left of the squares that they must be computed anew to be exact."""
    return squares < peak * _FADED


@njit(inline="always")
def spread_next(s: Float64s, price: float) -> None:
    """Take a price into the window; mean and squares are then of the newest ``period`` prices."""
    period, count = int(s[PERIOD]), int(s[COUNT])
    place = count % period
    oldest = s[SPREAD_RING + place]
    s[SPREAD_RING + place] = price
    s[COUNT] = count + 1
    if count < period:
        s[AVERAGE], s[SQUARES] = grow_spread(s[AVERAGE], s[SQUARES], price, count + 1.0)
    else:
        s[AVERAGE], s[SQUARES] = slide_spread(s[AVERAGE], s[SQUARES], price, oldest, 1.0 / period)
    s[PEAK] = larger(s[PEAK], s[SQUARES])
    if count + 1 >= period and ((count + 1) % _refresh_of(period) == 0 or is_faded(s[SQUARES], s[PEAK])):
        s[AVERAGE], s[SQUARES] = exact_spread(s[SPREAD_RING : SPREAD_RING + period], (place + 1) % period, period)
        s[PEAK] = s[SQUARES]


@njit(inline="always")
def deviation(squares: float, inverse: float) -> float:
    """Standard deviation of a whole population; rounding never makes it less than nothing."""
    return np.sqrt(larger(squares, 0.0) * inverse)
