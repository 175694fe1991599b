"""Where prices turned: highs and lows that a large enough move away, or their neighbours, confirm.

Twin: tests/naive/swings.py
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

Float64s: TypeAlias = npt.NDArray[np.float64]
Int64s: TypeAlias = npt.NDArray[np.int64]

COUNT: Final = 0
LEG: Final = 1  # 1 while a high is sought, -1 while a low is, 0 before the first swing
HIGH: Final = 2
HIGH_ROW: Final = 3
LOW: Final = 4
LOW_ROW: Final = 5


def swing_state() -> Float64s:
    """State of ``swing_next`` before the first bar."""
    return np.array([0.0, 0.0, -np.inf, -1.0, np.inf, -1.0])


@njit(cache=True, nogil=True)
def swing_next(s: Float64s, high: float, low: float, reversal: float) -> tuple[int, int, float]:
    """The swing that this bar confirms: 1 for a high, -1 for a low, 0 for none; its row and price.

    A high is confirmed by the first later bar that goes below all since it, and lies ``reversal`` or more below it. A bar that
    reaches further than the extreme moves the extreme and confirms nothing, as nobody knows which of both came first.
    """
    row = s[COUNT]
    s[COUNT] = row + 1.0
    reaches_up, reaches_down = high > s[HIGH], low < s[LOW]
    if reaches_up:
        s[HIGH], s[HIGH_ROW] = high, row
        if s[LEG] > 0.0:  # what came before a new extreme is no move away from it
            s[LOW], s[LOW_ROW] = np.inf, -1.0
            return 0, -1, 0.0
    if reaches_down:
        s[LOW], s[LOW_ROW] = low, row
        if s[LEG] < 0.0:
            s[HIGH], s[HIGH_ROW] = -np.inf, -1.0
            return 0, -1, 0.0
    if reaches_up == reaches_down or not s[HIGH] - s[LOW] >= reversal:
        return 0, -1, 0.0
    if reaches_down and s[LEG] >= 0.0:
        found = (1, int(s[HIGH_ROW]), s[HIGH])
        s[LEG], s[HIGH], s[HIGH_ROW] = -1.0, -np.inf, -1.0
        return found
    if reaches_up and s[LEG] <= 0.0:
        found = (-1, int(s[LOW_ROW]), s[LOW])
        s[LEG], s[LOW], s[LOW_ROW] = 1.0, np.inf, -1.0
        return found
    return 0, -1, 0.0


@njit(cache=True, nogil=True)
def swing_sweep(
    state: Float64s, high: Float64s, low: Float64s, reversal: Float64s, side: Int64s, row: Int64s, price: Float64s, known: Int64s
) -> int:
    """Feed a whole history into ``swing_next``.

    state : from ``swing_state``, or left by an earlier sweep
    high, low : float64[n_bars]   oldest first, no NaN
    reversal : float64[n_bars]   the move that confirms a swing at each bar, in price; nothing is confirmed where it is NaN
    side, row, known : int64[n_bars], price : float64[n_bars]   written from the front: 1 for a high or -1 for a low, which take
        turns; row of the extreme; row that confirmed it, always later; price of the extreme
    Returns how many swings were written.

    Source: the zigzag as Arthur A. Merrill, Filtered Waves, 1977, draws it, with the reversal in price instead of percent.
    Twin: tests/naive/swings.py
    """
    n_found = 0
    for i in range(len(high)):
        at = int(state[COUNT])
        found = swing_next(state, high[i], low[i], reversal[i])
        if found[0] != 0:
            side[n_found], row[n_found], price[n_found], known[n_found] = found[0], found[1], found[2], at
            n_found += 1
    return n_found


@njit(cache=True, nogil=True)
def is_fractal(value: Float64s, row: int, n_beside: int, sign: float) -> bool:
    """Whether ``value * sign`` at ``row`` exceeds those before it and is not exceeded by those after it, ``n_beside`` each."""
    best, is_so = value[row] * sign, True
    for k in range(1, n_beside + 1):
        is_so &= value[row - k] * sign < best and value[row + k] * sign <= best
    return is_so


@njit(cache=True, nogil=True)
def fractal_sweep(high: Float64s, low: Float64s, n_beside: int, side: Int64s, row: Int64s, price: Float64s, known: Int64s) -> int:
    """Bars that exceed their neighbours on both sides.

    high, low : float64[n_bars]   oldest first, no NaN
    n_beside : int   bars on each side, at least 1; of equal ones the first counts
    side, row, known : int64[2 * n_bars], price : float64[2 * n_bars]   as ``swing_sweep`` writes them; a bar that is both
        gives its high first
    Returns how many were written.

    Source: Bill Williams, Trading Chaos, 1995, ch. 8, with any number of neighbours.
    Twin: tests/naive/swings.py
    """
    n_found = 0
    for i in range(n_beside, len(high) - n_beside):
        for sign in (1, -1):
            values = high if sign > 0 else low
            if is_fractal(values, i, n_beside, float(sign)):
                side[n_found], row[n_found], price[n_found], known[n_found] = sign, i, values[i], i + n_beside
                n_found += 1
    return n_found
