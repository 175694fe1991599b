"""Bars made of bars: Heikin-Ashi.

Twin: tests/naive/bar_shapes.py
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from backend.kernels.arithmetic import larger, smaller
from backend.kernels.stepping import opened, step

Float64s: TypeAlias = npt.NDArray[np.float64]

TAKEN: Final = 0
OPEN: Final = 1
CLOSE: Final = 2


def heikin_ashi_state() -> Float64s:
    """State of ``heikin_ashi_sweep`` and ``heikin_ashi_step`` before the first bar."""
    return np.zeros(3)


@njit(inline="always")
def averaged(start: float, open_: float, high: float, low: float, close: float) -> tuple[float, float, float, float]:
    """Open, high, low, close of a bar that opens at ``start`` and closes at this bar's mean."""
    mean = (open_ + high + low + close) / 4.0
    return start, larger(high, larger(start, mean)), smaller(low, smaller(start, mean)), mean


@njit(inline="always")
def heikin_ashi_next(s: Float64s, open_: float, high: float, low: float, close: float) -> tuple[float, float, float, float]:
    """The averaged bar, which opens in the middle of the one before."""
    start = (open_ + close) / 2.0 if s[TAKEN] == 0.0 else (s[OPEN] + s[CLOSE]) / 2.0
    made = averaged(start, open_, high, low, close)
    s[TAKEN], s[OPEN], s[CLOSE] = 1.0, made[0], made[3]
    return made


@step
def heikin_ashi_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into ``heikin_ashi_next``."""
    s, v, w = opened(state, values, wires)
    open_, high, low, close = v[w[0]], v[w[1]], v[w[2]], v[w[3]]
    if open_ == open_ and high == high and low == low and close == close:  # noqa: PLR0124 - NaN is unequal to itself
        v[w[4]], v[w[5]], v[w[6]], v[w[7]] = heikin_ashi_next(s, open_, high, low, close)
    else:
        v[w[4]], v[w[5]], v[w[6]], v[w[7]] = np.nan, np.nan, np.nan, np.nan


@njit(cache=True, nogil=True)
def heikin_ashi_sweep(
    state: Float64s,
    open_: Float64s,
    high: Float64s,
    low: Float64s,
    close: Float64s,
    out_open: Float64s,
    out_high: Float64s,
    out_low: Float64s,
    out_close: Float64s,
) -> None:
    """Heikin-Ashi bars.

    state : from ``heikin_ashi_state``, or left by an earlier sweep
    open_, high, low, close : float64[n_bars]   oldest first, no NaN
    out_open, out_high, out_low, out_close : float64[n_bars]

    Source: Dan Valcu, Using the Heikin-Ashi Technique, Technical Analysis of Stocks and Commodities 22:2, 2004.
    Twin: tests/naive/bar_shapes.py
    """
    n_bars = len(close)
    if n_bars == 0:
        return
    out_open[0], out_high[0], out_low[0], out_close[0] = heikin_ashi_next(state, open_[0], high[0], low[0], close[0])
    start, end = state[OPEN], state[CLOSE]
    for i in range(1, n_bars):
        start, top, bottom, end = averaged((start + end) / 2.0, open_[i], high[i], low[i], close[i])
        out_open[i], out_high[i], out_low[i], out_close[i] = start, top, bottom, end
    state[OPEN], state[CLOSE] = start, end
