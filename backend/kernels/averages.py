"""Moving averages: simple, exponential, weighted.

Windows keep running sums, corrected from the window itself every ``refresh`` bars, so that rounding never adds up.
Steps and sweeps share one formula each, written with a few numbers, and so have the same bits.

Twin: tests/naive/averages.py
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from backend.kernels.arithmetic import fused
from backend.kernels.stepping import opened, step

Float64s: TypeAlias = npt.NDArray[np.float64]

REFRESH_MIN: Final = 1024

# Places in the states below; a ring of the window's values follows them.
PERIOD: Final = 0
COUNT: Final = 1  # bars taken
TOTAL: Final = 2
RISING: Final = 3  # of the weighted average: the sum with weights 1, 2, ... period
RING: Final = 4


def refresh_of(period: int) -> int:
    """Every how many bars running sums are computed anew."""
    return max(REFRESH_MIN, 4 * period)


_refresh_of = njit(inline="always")(refresh_of)


def sma_state(period: int) -> Float64s:
    """State of ``sma_sweep`` and ``sma_step`` before the first bar."""
    state = np.zeros(RING + period)
    state[PERIOD] = period
    return state


wma_state = sma_state


@njit(inline="always")
def slide(total: float, newest: float, oldest: float) -> float:
    """The sum of a window that took ``newest`` in and let ``oldest`` go."""
    return total + (newest - oldest)


@njit(cache=True, nogil=True)
def ring_sums(ring: Float64s, first: int, period: int) -> tuple[float, float]:
    """Sum of a ring and its sum with weights 1 to period, from the oldest value at ``first`` to the newest."""
    total, rising = 0.0, 0.0
    for k in range(period):
        value = ring[(first + k) % period]
        total += value
        rising += (k + 1) * value
    return total, rising


@njit(cache=True, nogil=True)
def array_sums(price: Float64s, first: int, period: int) -> tuple[float, float]:
    """The same over ``price[first : first + period]``."""
    total, rising = 0.0, 0.0
    for k in range(period):
        value = price[first + k]
        total += value
        rising += (k + 1) * value
    return total, rising


@njit(inline="always")
def sma_next(s: Float64s, price: float) -> float:
    """Simple average of the newest ``period`` prices, this one included; NaN before there are as many."""
    period, count = int(s[PERIOD]), int(s[COUNT])
    place = count % period
    s[TOTAL] = slide(s[TOTAL], price, s[RING + place])
    s[RING + place] = price
    s[COUNT] = count + 1
    if count + 1 < period:
        return np.nan
    if (count + 1) % _refresh_of(period) == 0:
        s[TOTAL] = ring_sums(s[RING : RING + period], (place + 1) % period, period)[0]
    return s[TOTAL] * (1.0 / period)


@step
def sma_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into ``sma_next``."""
    s, v, w = opened(state, values, wires)
    price = v[w[0]]
    v[w[1]] = sma_next(s, price) if price == price else np.nan  # noqa: PLR0124 - NaN is unequal to itself


@njit(cache=True, nogil=True)
def sma_sweep(state: Float64s, price: Float64s, out: Float64s) -> None:
    """Smooth a price series with equal weights.

    state : as left by ``sma_state``, or by an earlier sweep of the bars before these
    price : float64[n_bars]   oldest first, no NaN
    out : float64[n_bars]   NaN before ``period`` bars were taken

    Source: TA-Lib 0.8, function SMA. Twin: tests/naive/averages.py
    """
    period, count, n_bars = int(state[PERIOD]), int(state[COUNT]), len(price)
    n_slow = min(n_bars, period)
    for i in range(n_slow):
        out[i] = sma_next(state, price[i])
    count += n_slow
    total, inverse = state[TOTAL], 1.0 / period
    refresh = _refresh_of(period)
    i = n_slow
    while i < n_bars:
        stop = min(n_bars, i + refresh - count % refresh)
        for j in range(i, stop):
            total = slide(total, price[j], price[j - period])
            out[j] = total * inverse
        count += stop - i
        i = stop
        if count % refresh == 0:
            total = array_sums(price, i - period, period)[0]
            out[i - 1] = total * inverse
    keep_window(state, price, n_slow, count, total)


@njit(cache=True, nogil=True)
def keep_window(state: Float64s, price: Float64s, n_slow: int, count: int, total: float) -> None:
    """Leave the state as steps over the same bars would have left it, bars up to ``n_slow`` being in it already."""
    period, n_bars = int(state[PERIOD]), len(price)
    if n_bars > n_slow:
        for k in range(period):
            row = n_bars - period + k
            state[RING + (count - period + k) % period] = price[row]
        state[COUNT] = count
        state[TOTAL] = total


@njit(inline="always")
def climb(rising: float, total: float, newest: float, weight: int) -> float:
    """The weighted sum of a full window with ``newest`` in it: each older price loses one weight."""
    return rising + (weight * newest - total)


@njit(inline="always")
def wma_next(s: Float64s, price: float) -> float:
    """Average with weights 1 (oldest) to ``period`` (newest); NaN before there are as many prices."""
    period, count = int(s[PERIOD]), int(s[COUNT])
    place = count % period
    fills = count < period
    s[RISING] = s[RISING] + (count + 1) * price if fills else climb(s[RISING], s[TOTAL], price, period)
    s[TOTAL] = slide(s[TOTAL], price, s[RING + place])
    s[RING + place] = price
    s[COUNT] = count + 1
    if count + 1 < period:
        return np.nan
    if (count + 1) % _refresh_of(period) == 0:
        s[TOTAL], s[RISING] = ring_sums(s[RING : RING + period], (place + 1) % period, period)
    return s[RISING] * (2.0 / (period * (period + 1.0)))


@step
def wma_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into ``wma_next``."""
    s, v, w = opened(state, values, wires)
    price = v[w[0]]
    v[w[1]] = wma_next(s, price) if price == price else np.nan  # noqa: PLR0124 - NaN is unequal to itself


@njit(cache=True, nogil=True)
def wma_sweep(state: Float64s, price: Float64s, out: Float64s) -> None:
    """Smooth a price series with weights that fall linearly into the past.

    state : from ``wma_state``, or left by an earlier sweep
    price, out : float64[n_bars]   as for ``sma_sweep``

    Source: TA-Lib 0.8, function WMA. Twin: tests/naive/averages.py
    """
    period, count, n_bars = int(state[PERIOD]), int(state[COUNT]), len(price)
    n_slow = min(n_bars, period)
    for i in range(n_slow):
        out[i] = wma_next(state, price[i])
    count += n_slow
    total, rising, inverse = state[TOTAL], state[RISING], 2.0 / (period * (period + 1.0))
    refresh = _refresh_of(period)
    i = n_slow
    while i < n_bars:
        stop = min(n_bars, i + refresh - count % refresh)
        for j in range(i, stop):
            rising = climb(rising, total, price[j], period)
            total = slide(total, price[j], price[j - period])
            out[j] = rising * inverse
        count += stop - i
        i = stop
        if count % refresh == 0:
            total, rising = array_sums(price, i - period, period)
            out[i - 1] = rising * inverse
    keep_window(state, price, n_slow, count, total)
    state[RISING] = rising


# --- exponential ------------------------------------------------------------------------------------------------------

MEAN: Final = 2
WEIGHT: Final = 3
N_EMA: Final = 4


def ema_state(period: int) -> Float64s:
    """State of ``ema_sweep`` and ``ema_step`` before the first bar."""
    return np.array([period, 0.0, 0.0, 2.0 / (period + 1)])


def wilder_state(period: int) -> Float64s:
    """The same with Wilder's weight of 1 / period."""
    return np.array([period, 0.0, 0.0, 1.0 / period])


@njit(inline="always")
def fade(mean: float, value: float, weight: float) -> float:
    """The mean moved towards ``value``: value counts ``weight``, all before it the rest."""
    return fused(mean, 1.0 - weight, value * weight)


@njit(inline="always")
def ema_next(s: Float64s, value: float) -> float:
    """Exponential average; the mean of the first ``period`` values begins it, NaN before."""
    period, count = s[PERIOD], s[COUNT] + 1.0
    s[COUNT] = count
    if count < period:
        s[MEAN] += value
        return np.nan
    s[MEAN] = (s[MEAN] + value) / period if count == period else fade(s[MEAN], value, s[WEIGHT])
    return s[MEAN]


@step
def ema_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into ``ema_next``."""
    s, v, w = opened(state, values, wires)
    price = v[w[0]]
    v[w[1]] = ema_next(s, price) if price == price else np.nan  # noqa: PLR0124 - NaN is unequal to itself


@njit(cache=True, nogil=True)
def ema_sweep(state: Float64s, price: Float64s, out: Float64s) -> None:
    """Smooth a price series with exponentially fading weights.

    state : from ``ema_state`` (newest bar weighs 2 / (period + 1)) or ``wilder_state``, or left by an earlier sweep
    price, out : float64[n_bars]   as for ``sma_sweep``

    Source: TA-Lib 0.8, function EMA. Twin: tests/naive/averages.py
    """
    n_bars = len(price)
    n_slow = min(n_bars, max(int(state[PERIOD] - state[COUNT]), 0))
    for i in range(n_slow):
        out[i] = ema_next(state, price[i])
    mean, weight = state[MEAN], state[WEIGHT]
    for i in range(n_slow, n_bars):
        mean = fade(mean, price[i], weight)
        out[i] = mean
    if n_bars > n_slow:
        state[MEAN] = mean
        state[COUNT] += n_bars - n_slow
