"""Highest and lowest of a moving window.

An extreme is exact whatever way it is found, so history and stream each take their own: history a way that no input can slow
down, the stream a ring that it looks through only when the extreme itself has left the window.

Twin: tests/naive/extremes.py
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from backend.kernels.arithmetic import larger, smaller
from backend.kernels.averages import COUNT, PERIOD

Float64s: TypeAlias = npt.NDArray[np.float64]

BEST: Final = 2
AGE: Final = 3  # bars since the extreme
WINDOW: Final = 4


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


@njit(inline="always")
def more(a: float, b: float, sign: float) -> float:
    """The more extreme of two values."""
    return larger(a, b) if sign > 0.0 else smaller(a, b)


@njit(cache=True, nogil=True)
def window_extremes(value: Float64s, period: int, sign: float, out: Float64s) -> None:
    """Extremes of every full window with three comparisons a value, whatever the values are.

    value : float64[n + period - 1]   no NaN
    out : float64[n]   of ``value[i : i + period]``
    A window is the end of one block and the start of the next: the extremes of both are kept while going through them.

    Source: Marcel van Herk, A fast algorithm for local minimum and maximum filters on rectangular and octagonal kernels,
    Pattern Recognition Letters 13:7, 1992, p. 517.
    """
    rest = np.empty(period)
    for begin in range(0, len(out), period):
        best = value[begin + period - 1]
        rest[period - 1] = best
        for k in range(period - 2, -1, -1):
            best = more(best, value[begin + k], sign)
            rest[k] = best
        out[begin] = best
        if begin + 1 < len(out):
            best = value[begin + period]
            for k in range(1, min(period, len(out) - begin)):
                best = more(best, value[begin + period - 1 + k], sign)
                out[begin + k] = more(rest[k], best, sign)


@njit(cache=True, nogil=True)
def extreme_sweep(state: Float64s, value: Float64s, sign: float, out: Float64s) -> None:
    """Feed a whole history into ``extreme_next``.

    state : from ``extreme_state``, or left by an earlier sweep
    value : float64[n_bars]   oldest first, no NaN; out : float64[n_bars]   NaN before ``period`` bars were taken

    Twin: tests/naive/extremes.py
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
