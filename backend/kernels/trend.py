"""Strength and direction of a trend: the directional movement system.

Twin: tests/naive/trend.py
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from backend.kernels.averages import COUNT, PERIOD
from backend.kernels.stepping import opened, step
from backend.kernels.volatility import true_range

Float64s: TypeAlias = npt.NDArray[np.float64]

HIGH: Final = 2
LOW: Final = 3
CLOSE: Final = 4
UP: Final = 5
DOWN: Final = 6
REACH: Final = 7
STRENGTH: Final = 8
N_SEEN: Final = 9  # strengths summed for the first average


def adx_state(period: int) -> Float64s:
    """State of ``adx_sweep`` and ``adx_step`` before the first bar."""
    state = np.zeros(10)
    state[PERIOD] = period
    return state


@njit(inline="always")
def movement(up: float, down: float) -> tuple[float, float]:
    """Wilder's directional movement: the larger of both moves counts, and only where it is outwards."""
    if up > down and up > 0.0:
        return up, 0.0
    if down > up and down > 0.0:
        return 0.0, down
    return 0.0, 0.0


@njit(inline="always")
def share_of(part: float, whole: float) -> float:
    """``part`` in percent of ``whole``; 0 of nothing."""
    return 100.0 * (part / whole) if whole != 0.0 else 0.0


@njit(inline="always")
def adx_next(s: Float64s, high: float, low: float, close: float) -> tuple[float, float, float]:
    """Strength of the trend, and upward and downward movement in percent of the range."""
    period, count = s[PERIOD], s[COUNT]
    up, down = movement(high - s[HIGH], s[LOW] - low)
    reach = true_range(high, low, s[CLOSE])
    s[HIGH], s[LOW], s[CLOSE], s[COUNT] = high, low, close, count + 1.0
    if count == 0.0:
        return np.nan, np.nan, np.nan
    keep = 1.0 if count < period else 1.0 - 1.0 / period
    s[UP], s[DOWN], s[REACH] = s[UP] * keep + up, s[DOWN] * keep + down, s[REACH] * keep + reach
    if count < period:
        return np.nan, np.nan, np.nan
    plus, minus = share_of(s[UP], s[REACH]), share_of(s[DOWN], s[REACH])
    return strength_next(s, plus, minus), plus, minus


@njit(inline="always")
def strength_next(s: Float64s, plus: float, minus: float) -> float:
    """Wilder's average of how far both movements lie apart; the mean of the first ``period`` begins it."""
    period, both = s[PERIOD], plus + minus
    if s[N_SEEN] < period:
        s[STRENGTH] += share_of(abs(plus - minus), both)
        s[N_SEEN] += 1.0
        if s[N_SEEN] < period:
            return np.nan
        s[STRENGTH] /= period
    elif both != 0.0:
        s[STRENGTH] = s[STRENGTH] * (1.0 - 1.0 / period) + share_of(abs(plus - minus), both) * (1.0 / period)
    return s[STRENGTH]


@step
def adx_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into ``adx_next``."""
    s, v, w = opened(state, values, wires)
    high, low, close = v[w[0]], v[w[1]], v[w[2]]
    if high == high and low == low and close == close:  # noqa: PLR0124 - NaN is unequal to itself
        v[w[3]], v[w[4]], v[w[5]] = adx_next(s, high, low, close)
    else:
        v[w[3]], v[w[4]], v[w[5]] = np.nan, np.nan, np.nan


@njit(cache=True, nogil=True)
def adx_sweep(
    state: Float64s, high: Float64s, low: Float64s, close: Float64s, adx: Float64s, plus: Float64s, minus: Float64s
) -> None:
    """Average directional index with both directional indicators.

    state : from ``adx_state``, or left by an earlier sweep
    high, low, close : float64[n_bars]   oldest first, no NaN
    adx, plus, minus : float64[n_bars]   0 to 100; NaN for the first ``2 * period - 1`` bars, the others for ``period``

    Source: J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, p. 35; TA-Lib 0.8, functions ADX, PLUS_DI, MINUS_DI.
    Twin: tests/naive/trend.py
    """
    period, n_bars = state[PERIOD], len(close)
    n_slow = min(n_bars, max(int(2 * period - state[COUNT]), 0))
    for i in range(n_slow):
        adx[i], plus[i], minus[i] = adx_next(state, high[i], low[i], close[i])
    if n_bars <= n_slow:
        return
    keep, weight, mean = 1.0 - 1.0 / period, 1.0 / period, state[STRENGTH]
    sum_up, sum_down, sum_reach = state[UP], state[DOWN], state[REACH]
    high_before, low_before, close_before = state[HIGH], state[LOW], state[CLOSE]
    for i in range(n_slow, n_bars):
        up, down = movement(high[i] - high_before, low_before - low[i])
        reach = true_range(high[i], low[i], close_before)
        high_before, low_before, close_before = high[i], low[i], close[i]
        sum_up, sum_down, sum_reach = sum_up * keep + up, sum_down * keep + down, sum_reach * keep + reach
        plus[i], minus[i] = share_of(sum_up, sum_reach), share_of(sum_down, sum_reach)
        both = plus[i] + minus[i]
        if both != 0.0:
            mean = mean * keep + share_of(abs(plus[i] - minus[i]), both) * weight
        adx[i] = mean
    state[UP], state[DOWN], state[REACH], state[STRENGTH] = sum_up, sum_down, sum_reach, mean
    state[HIGH], state[LOW], state[CLOSE] = high_before, low_before, close_before
    state[COUNT] += n_bars - n_slow
