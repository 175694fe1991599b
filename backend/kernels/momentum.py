"""Oscillators: RSI, MACD, stochastic.

Twin: tests/naive/momentum.py
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from backend.kernels.arithmetic import larger
from backend.kernels.averages import (
    COUNT,
    MEAN,
    N_EMA,
    PERIOD,
    RING,
    WEIGHT,
    ema_next,
    ema_state,
    fade,
    sma_next,
    sma_state,
    sma_sweep,
)
from backend.kernels.extremes import WINDOW, extreme_next, extreme_state, extreme_sweep
from backend.kernels.stepping import opened, step

Float64s: TypeAlias = npt.NDArray[np.float64]

GAIN: Final = 2
LOSS: Final = 3
PRICE: Final = 4


def rsi_state(period: int) -> Float64s:
    """State of ``rsi_sweep`` and ``rsi_step`` before the first bar."""
    return np.array([period, 0.0, 0.0, 0.0, 0.0])


@njit(inline="always")
def strength(gain: float, loss: float) -> float:
    """Gains as a share of all movement, 0 to 100; 0 where nothing moved."""
    moved = gain + loss
    return 100.0 * (gain / moved) if moved > 0.0 else 0.0


@njit(inline="always")
def rsi_next(s: Float64s, price: float) -> float:
    """Relative strength of the newest price; NaN before ``period`` changes were seen."""
    period, count = s[PERIOD], s[COUNT]
    change = price - s[PRICE]
    s[PRICE], s[COUNT] = price, count + 1.0
    if count == 0.0:
        return np.nan
    gain, loss = larger(change, 0.0), larger(-change, 0.0)
    if count < period:
        s[GAIN] += gain
        s[LOSS] += loss
        return np.nan
    if count == period:
        s[GAIN], s[LOSS] = (s[GAIN] + gain) / period, (s[LOSS] + loss) / period
    else:
        weight = 1.0 / period
        s[GAIN], s[LOSS] = fade(s[GAIN], gain, weight), fade(s[LOSS], loss, weight)
    return strength(s[GAIN], s[LOSS])


@step
def rsi_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into ``rsi_next``."""
    s, v, w = opened(state, values, wires)
    price = v[w[0]]
    v[w[1]] = rsi_next(s, price) if price == price else np.nan  # noqa: PLR0124 - NaN is unequal to itself


@njit(cache=True, nogil=True)
def rsi_sweep(state: Float64s, price: Float64s, out: Float64s) -> None:
    """Relative strength index.

    state : from ``rsi_state``, or left by an earlier sweep
    price : float64[n_bars]   oldest first, no NaN
    out : float64[n_bars]   0 to 100; NaN for the first ``period`` bars

    Source: J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, p. 63; TA-Lib 0.8, function RSI.
    Twin: tests/naive/momentum.py
    """
    n_bars = len(price)
    n_slow = min(n_bars, max(int(state[PERIOD] + 1 - state[COUNT]), 0))
    for i in range(n_slow):
        out[i] = rsi_next(state, price[i])
    gain, loss, before, weight = state[GAIN], state[LOSS], state[PRICE], 1.0 / state[PERIOD]
    for i in range(n_slow, n_bars):
        change = price[i] - before
        before = price[i]
        gain, loss = fade(gain, larger(change, 0.0), weight), fade(loss, larger(-change, 0.0), weight)
        out[i] = strength(gain, loss)
    if n_bars > n_slow:
        state[GAIN], state[LOSS], state[PRICE] = gain, loss, before
        state[COUNT] += n_bars - n_slow


# --- MACD -------------------------------------------------------------------------------------------------------------

SKIP: Final = 0  # bars that the faster average leaves out, so that both begin together
TAKEN: Final = 1
FAST: Final = 2
SLOW: Final = FAST + N_EMA
SIGNAL: Final = SLOW + N_EMA


def macd_state(fast: int, slow: int, signal: int) -> Float64s:
    """State of ``macd_sweep`` and ``macd_step`` before the first bar; the longer of both periods counts as slow."""
    fast, slow = min(fast, slow), max(fast, slow)
    return np.concatenate(([slow - fast, 0.0], ema_state(fast), ema_state(slow), ema_state(signal)))


@njit(inline="always")
def macd_next(s: Float64s, price: float) -> tuple[float, float, float]:
    """Difference of both averages, its own average, and the difference of these two."""
    slow = ema_next(s[SLOW : SLOW + N_EMA], price)
    s[TAKEN] += 1.0
    if s[TAKEN] <= s[SKIP]:
        return np.nan, np.nan, np.nan
    fast = ema_next(s[FAST : FAST + N_EMA], price)
    if slow != slow:  # noqa: PLR0124 - NaN is unequal to itself
        return np.nan, np.nan, np.nan
    line = fast - slow
    signal = ema_next(s[SIGNAL : SIGNAL + N_EMA], line)
    return line, signal, line - signal


@step
def macd_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into ``macd_next``."""
    s, v, w = opened(state, values, wires)
    price = v[w[0]]
    if price == price:  # noqa: PLR0124 - NaN is unequal to itself
        v[w[1]], v[w[2]], v[w[3]] = macd_next(s, price)
    else:
        v[w[1]], v[w[2]], v[w[3]] = np.nan, np.nan, np.nan


@njit(cache=True, nogil=True)
def macd_sweep(state: Float64s, price: Float64s, line: Float64s, signal: Float64s, histogram: Float64s) -> None:
    """Moving average convergence and divergence.

    state : from ``macd_state``, or left by an earlier sweep
    price : float64[n_bars]   oldest first, no NaN
    line, signal, histogram : float64[n_bars]   the line from ``slow`` bars on, the others ``signal - 1`` later

    Source: Gerald Appel, Technical Analysis: Power Tools for Active Investors, 2005, ch. 8; TA-Lib 0.8, function MACD, whose
    faster average leaves the first ``slow - fast`` bars out. Twin: tests/naive/momentum.py
    """
    n_bars = len(price)
    fast, slow, average = state[FAST : FAST + N_EMA], state[SLOW : SLOW + N_EMA], state[SIGNAL : SIGNAL + N_EMA]
    n_slow = min(n_bars, max(int(slow[PERIOD] + average[PERIOD] - 1 - state[TAKEN]), 0))
    for i in range(n_slow):
        line[i], signal[i], histogram[i] = macd_next(state, price[i])
    if n_bars == n_slow:
        return
    quick, steady, mean = fast[MEAN], slow[MEAN], average[MEAN]
    for i in range(n_slow, n_bars):
        quick, steady = fade(quick, price[i], fast[WEIGHT]), fade(steady, price[i], slow[WEIGHT])
        away = quick - steady
        mean = fade(mean, away, average[WEIGHT])
        line[i], signal[i], histogram[i] = away, mean, away - mean
    fast[MEAN], slow[MEAN], average[MEAN] = quick, steady, mean
    n_taken = n_bars - n_slow
    state[TAKEN] += n_taken
    fast[COUNT] += n_taken
    slow[COUNT] += n_taken
    average[COUNT] += n_taken


# --- stochastic -------------------------------------------------------------------------------------------------------

N_REACH: Final = 0
N_SMOOTH: Final = 1
N_SIGNAL: Final = 2
STOCHASTIC_HEAD: Final = 3


def stochastic_state(period: int, smooth: int, signal: int) -> Float64s:
    """State of ``stochastic_sweep`` and ``stochastic_step``: three periods, two windows of extremes, two averages."""
    parts = (extreme_state(period), extreme_state(period), sma_state(smooth), sma_state(signal))
    return np.concatenate(([period, smooth, signal], *parts))


@njit(inline="always")
def place_between(close: float, high: float, low: float) -> float:
    """Where ``close`` stands between ``low`` (0) and ``high`` (100); 0 where these are equal."""
    reach = high - low
    return 100.0 * ((close - low) / reach) if reach != 0.0 else 0.0


@njit(inline="always")
def stochastic_parts(s: Float64s) -> tuple[int, int, int, int]:
    """Where the parts of the state begin, after the head."""
    n = int(s[N_REACH]) + WINDOW
    smooth = STOCHASTIC_HEAD + 2 * n
    signal = smooth + RING + int(s[N_SMOOTH])
    return STOCHASTIC_HEAD + n, smooth, signal, signal + RING + int(s[N_SIGNAL])


@step
def stochastic_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into the windows and the averages."""
    s, v, w = opened(state, values, wires)
    high, low, close = v[w[0]], v[w[1]], v[w[2]]
    line, signal = np.nan, np.nan
    if high == high and low == low and close == close:  # noqa: PLR0124 - NaN is unequal to itself
        lows, smooth, signals, end = stochastic_parts(s)
        upper = extreme_next(s[STOCHASTIC_HEAD:lows], high, 1.0)
        lower = extreme_next(s[lows:smooth], low, -1.0)
        if upper == upper:  # noqa: PLR0124 - NaN is unequal to itself
            line = sma_next(s[smooth:signals], place_between(close, upper, lower))
            if line == line:  # noqa: PLR0124 - NaN is unequal to itself
                signal = sma_next(s[signals:end], line)
    v[w[3]], v[w[4]] = line, signal


@njit(cache=True, nogil=True)
def stochastic_sweep(state: Float64s, high: Float64s, low: Float64s, close: Float64s, line: Float64s, signal: Float64s) -> None:
    """Stochastic oscillator: where the close stands in the newest bars' range, smoothed, and its average.

    state : from ``stochastic_state``, or left by an earlier sweep
    high, low, close : float64[n_bars]   oldest first, no NaN
    line (%K), signal (%D) : float64[n_bars]   0 to 100; NaN before enough bars were taken for each

    Source: George Lane, Lane's Stochastics, Technical Analysis of Stocks and Commodities 2:3, 1984; TA-Lib 0.8, function STOCH.
    Twin: tests/naive/momentum.py
    """
    lows, smooth, signals, _ = stochastic_parts(state)
    n_bars = len(close)
    lower = np.empty(n_bars)
    extreme_sweep(state[STOCHASTIC_HEAD:lows], high, 1.0, line)
    extreme_sweep(state[lows:smooth], low, -1.0, lower)
    first = 0
    while first < n_bars and line[first] != line[first]:
        first += 1
    for i in range(first, n_bars):
        lower[i] = place_between(close[i], line[i], lower[i])
    sma_sweep(state[smooth:signals], lower[first:], line[first:])
    while first < n_bars and line[first] != line[first]:
        first += 1
    signal[:first] = np.nan
    sma_sweep(state[signals:], line[first:], signal[first:])
