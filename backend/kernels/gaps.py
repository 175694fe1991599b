"""Bars that lie wholly above or below the one before, and when prices came back over what was jumped.

Twin: tests/naive/gaps.py
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

Float64s: TypeAlias = npt.NDArray[np.float64]
Int64s: TypeAlias = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def gap_sweep(high: Float64s, low: Float64s, side: Int64s, row: Int64s, filled: Int64s) -> int:
    """Every gap in its order, with the first later bar that reaches back to its far edge.

    high, low : float64[n_bars]   oldest first, no NaN
    side, row, filled : int64[n_bars]   written from the front: 1 up or -1 down; row of the bar after the gap; row that filled it,
        -1 while none has
    Returns how many were written. Open gaps of one side lie one beyond the other, so the newest is always the first to be filled:
    each is looked at once more than it is filled.

    Source: Robert D. Edwards and John Magee, Technical Analysis of Stock Trends, 5th ed. 1966, ch. 12.
    Twin: tests/naive/gaps.py
    """
    n_found, n_up, n_down = 0, 0, 0
    up, down = np.empty(len(high), np.int64), np.empty(len(high), np.int64)
    for i in range(1, len(high)):
        while n_up > 0 and low[i] <= high[row[up[n_up - 1]] - 1]:
            n_up -= 1
            filled[up[n_up]] = i
        while n_down > 0 and high[i] >= low[row[down[n_down - 1]] - 1]:
            n_down -= 1
            filled[down[n_down]] = i
        if low[i] > high[i - 1]:
            side[n_found], row[n_found], filled[n_found], up[n_up] = 1, i, -1, n_found
            n_up, n_found = n_up + 1, n_found + 1
        elif high[i] < low[i - 1]:
            side[n_found], row[n_found], filled[n_found], down[n_down] = -1, i, -1, n_found
            n_down, n_found = n_down + 1, n_found + 1
    return n_found
