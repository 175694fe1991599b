"""Highest and lowest of a moving window.

An extreme is exact whatever way it is found, so history and stream may each take their fastest: history doubles windows
block by block inside the cache, which no input can slow down; the stream keeps a ring and looks through it only when the
extreme itself has left the window.

Twin: tests/naive/extremes.py
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from backend.kernels.averages import COUNT, PERIOD

Float64s: TypeAlias = npt.NDArray[np.float64]

BEST: Final = 2
AGE: Final = 3  # bars since the extreme
WINDOW: Final = 4
_BLOCK: Final = 2048


def extreme_state(period: int) -> Float64s:
    """State of ``extreme_next`` before the first bar."""
    state = np.zeros(WINDOW + period)
    state[PERIOD] = period
    return state


@njit(inline="always")
def beats(value: float, best: float, sign: float) -> bool:
    """Whether ``value`` is at least as extreme: higher where ``sign`` is 1, lower where it is -1."""
    return bool(value * sign >= best * sign)


@njit(cache=True, nogil=True)
def extreme_next(s: Float64s, value: float, sign: float) -> float:
    """Highest (``sign`` 1) or lowest (-1) of the newest ``period`` values, this one included; NaN before there are as many."""
    period, count = int(s[PERIOD]), int(s[COUNT])
    s[WINDOW + count % period] = value
    s[COUNT] = count + 1
    s[AGE] += 1.0
    if count == 0 or beats(value, s[BEST], sign):
        s[BEST], s[AGE] = value, 0.0
    elif s[AGE] >= period:
        s[BEST], s[AGE] = value, 0.0
        for age in range(1, period):
            other = s[WINDOW + (count - age) % period]
            if other * sign > s[BEST] * sign:
                s[BEST], s[AGE] = other, float(age)
    return s[BEST] if count + 1 >= period else np.nan


@njit(cache=True, nogil=True)
def _widen(source: Float64s, target: Float64s, n: int, by: int, sign: float) -> None:
    if sign > 0:
        for j in range(n):
            a, b = source[j], source[j + by]
            target[j] = max(b, a)
    else:
        for j in range(n):
            a, b = source[j], source[j + by]
            target[j] = min(b, a)


@njit(cache=True, nogil=True)
def window_extremes(value: Float64s, period: int, sign: float, out: Float64s) -> None:
    """Extremes of every full window.

    value : float64[n]   no NaN
    out : float64[n - period + 1]   of ``value[i : i + period]``
    """
    n_out = len(value) - period + 1
    size = max(_BLOCK, period)
    one, other = np.empty(size + period), np.empty(size + period)
    begin = 0
    while begin < n_out:
        n = min(size, n_out - begin)
        length = n + period - 1
        one[:length] = value[begin : begin + length]
        wide = 1
        while wide < period:
            by = min(wide, period - wide)
            length -= by
            _widen(one, other, length, by, sign)
            one, other = other, one
            wide += by
        out[begin : begin + n] = one[:n]
        begin += n


@njit(cache=True, nogil=True)
def extreme_sweep(state: Float64s, value: Float64s, sign: float, out: Float64s) -> None:
    """Feed a whole history into ``extreme_next``.

    state : from ``extreme_state``, or left by an earlier sweep
    value : float64[n_bars]   oldest first, no NaN; out : float64[n_bars]   NaN before ``period`` bars were taken
    """
    period, n_bars = int(state[PERIOD]), len(value)
    n_slow = min(n_bars, period)
    for i in range(n_slow):
        out[i] = extreme_next(state, value[i], sign)
    if n_bars <= n_slow:
        return
    window_extremes(value[1:], period, sign, out[period:])
    # Leave the state that steps would have left: the newest window, its extreme and how old that is.
    count = int(state[COUNT]) + n_bars - n_slow
    state[COUNT] = count
    state[BEST], state[AGE] = value[n_bars - 1], 0.0
    for age in range(period):
        other = value[n_bars - 1 - age]
        state[WINDOW + (count - 1 - age) % period] = other
        if other * sign > state[BEST] * sign:
            state[BEST], state[AGE] = other, float(age)
