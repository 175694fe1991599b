"""Patterns of one to three bars, each a formula over the newest bars; sizes are measured against the ten or five bars before.

Whatever closes at its open counts as rising, as in TA-Lib; ``i`` is the newest bar.

Twin: tests/naive/candles.py
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

Float64s: TypeAlias = npt.NDArray[np.float64]
Int8s: TypeAlias = npt.NDArray[np.int8]

# Rows of the sweep's result.
DOJI, HAMMER, HANGING_MAN, INVERTED_HAMMER, SHOOTING_STAR, MARUBOZU, ENGULFING, HARAMI = range(8)
PIERCING_LINE, DARK_CLOUD_COVER, TWEEZERS, MORNING_STAR, EVENING_STAR, THREE_WHITE_SOLDIERS, THREE_BLACK_CROWS = range(8, 15)
N_KINDS: Final = 15

LONG: Final = 10  # bars that a body or a whole bar is compared with
NEAR: Final = 5  # bars that the distance of two prices is compared with
TINY, CLOSE_BY, FAR_OFF, EQUAL = 0.1, 0.2, 0.6, 0.05
STAR_REACH: Final = 0.3  # of the first body, that the third bar of a star comes back over
HALF: Final = 0.5


@njit(inline="always")
def body(open_: Float64s, close: Float64s, i: int) -> float:
    """Length of the body."""
    return abs(close[i] - open_[i])


@njit(inline="always")
def colour(open_: Float64s, close: Float64s, i: int) -> int:
    """1 for a bar that closes at or above its open, else -1."""
    return 1 if close[i] >= open_[i] else -1


@njit(inline="always")
def upper_shadow(open_: Float64s, high: Float64s, close: Float64s, i: int) -> float:
    """From the body up to the high."""
    return high[i] - (max(close[i], open_[i]))


@njit(inline="always")
def lower_shadow(open_: Float64s, low: Float64s, close: Float64s, i: int) -> float:
    """From the body down to the low."""
    return (min(open_[i], close[i])) - low[i]


@njit(cache=True, nogil=True)
def mean_body(open_: Float64s, close: Float64s, i: int) -> float:
    """Mean body of the ten bars before ``i``, summed anew: what left the window long ago leaves no trace."""
    total = 0.0
    for k in range(i - LONG, i):
        total += body(open_, close, k)
    return total / LONG


@njit(cache=True, nogil=True)
def mean_range(high: Float64s, low: Float64s, i: int, n_bars: int) -> float:
    """Mean distance from low to high of the ``n_bars`` bars before ``i``."""
    total = 0.0
    for k in range(i - n_bars, i):
        total += high[k] - low[k]
    return total / n_bars


@njit(inline="always")
def is_long(open_: Float64s, close: Float64s, i: int) -> bool:
    """Whether the body exceeds the mean."""
    return bool(body(open_, close, i) > mean_body(open_, close, i))


@njit(cache=True, nogil=True)
def lone_bar(open_: Float64s, high: Float64s, low: Float64s, close: Float64s, i: int, out: Int8s) -> None:
    """Patterns of one bar, some of which ask where it lies beside the one before."""
    size, tiny = mean_body(open_, close, i), TINY * mean_range(high, low, i, LONG)
    length, up, down = body(open_, close, i), upper_shadow(open_, high, close, i), lower_shadow(open_, low, close, i)
    if length <= tiny:
        out[DOJI, i] = 100
    if length > size and up < tiny and down < tiny:
        out[MARUBOZU, i] = 100 * colour(open_, close, i)
    if i <= LONG or length >= size:
        return
    top, bottom = max(open_[i], close[i]), min(open_[i], close[i])
    if down > length and up < tiny:
        near = CLOSE_BY * mean_range(high, low, i - 1, NEAR)
        if bottom <= low[i - 1] + near:
            out[HAMMER, i] = 100
        if bottom >= high[i - 1] - near:
            out[HANGING_MAN, i] = -100
    if up > length and down < tiny:
        if top < min(open_[i - 1], close[i - 1]):
            out[INVERTED_HAMMER, i] = 100
        if bottom > max(open_[i - 1], close[i - 1]):
            out[SHOOTING_STAR, i] = -100


@njit(inline="always")
def engulfing(open_: Float64s, close: Float64s, i: int) -> int:
    """A body that holds the whole body before it, of the other colour; 80 where both share one end."""
    side = colour(open_, close, i)
    if colour(open_, close, i - 1) == side:
        return 0
    # Mirrored so that the newest bar rises.
    start, end, start_before, end_before = open_[i] * side, close[i] * side, open_[i - 1] * side, close[i - 1] * side
    if not ((end >= start_before and start < end_before) or (end > start_before and start <= end_before)):
        return 0
    return (100 if start != end_before and end != start_before else 80) * side


@njit(inline="always")
def harami(open_: Float64s, close: Float64s, i: int) -> int:
    """A short body inside a long one; 80 where both share an end."""
    if not is_long(open_, close, i - 1) or is_long(open_, close, i):
        return 0
    top, bottom = max(open_[i], close[i]), min(open_[i], close[i])
    top_before, bottom_before = max(open_[i - 1], close[i - 1]), min(open_[i - 1], close[i - 1])
    if top < top_before and bottom > bottom_before:
        return -100 * colour(open_, close, i - 1)
    return -80 * colour(open_, close, i - 1) if top <= top_before and bottom >= bottom_before else 0


@njit(inline="always")
def tweezers(open_: Float64s, high: Float64s, low: Float64s, close: Float64s, i: int) -> int:
    """Two bars of opposite colours, the first long, that end at the same extreme, and that of the five bars before."""
    side = -colour(open_, close, i - 1)  # falling into a low, tweezers speak for a rise
    if colour(open_, close, i) != side or not is_long(open_, close, i - 1):
        return 0
    edge, edge_before = (low[i], low[i - 1]) if side > 0 else (high[i], high[i - 1])
    if abs(edge - edge_before) > EQUAL * mean_range(high, low, i - 1, NEAR):
        return 0
    for k in range(i - 1 - NEAR, i - 1):
        if (low[k] if side > 0 else high[k]) * side < min(edge * side, edge_before * side):
            return 0
    return 100 * side


@njit(cache=True, nogil=True)
def pair_of_bars(open_: Float64s, high: Float64s, low: Float64s, close: Float64s, i: int, out: Int8s) -> None:
    """Patterns of two bars whose sizes count."""
    out[HARAMI, i], out[TWEEZERS, i] = harami(open_, close, i), tweezers(open_, high, low, close, i)
    if not is_long(open_, close, i - 1):
        return
    before, now, length = colour(open_, close, i - 1), colour(open_, close, i), body(open_, close, i - 1)
    if (
        before < 0 < now
        and is_long(open_, close, i)
        and open_[i] < low[i - 1]
        and close[i] < open_[i - 1]
        and close[i] > close[i - 1] + length * HALF
    ):
        out[PIERCING_LINE, i] = 100
    if now < 0 < before and open_[i] > high[i - 1] and close[i] > open_[i - 1] and close[i] < close[i - 1] - length * HALF:
        out[DARK_CLOUD_COVER, i] = -100


@njit(inline="always")
def star(open_: Float64s, close: Float64s, i: int, side: int) -> bool:
    """A long body, a short one beyond it, and one back: a rise out of a low where ``side`` is 1, its mirror where it is -1."""
    if colour(open_, close, i - 2) != -side or colour(open_, close, i) != side:
        return False
    if not is_long(open_, close, i - 2) or is_long(open_, close, i - 1) or not is_long(open_, close, i):
        return False
    near, far = max(open_[i - 1] * side, close[i - 1] * side), min(open_[i - 2] * side, close[i - 2] * side)
    return bool(near < far and close[i] * side > close[i - 2] * side + body(open_, close, i - 2) * STAR_REACH)


@njit(inline="always")
def soldiers(open_: Float64s, high: Float64s, low: Float64s, close: Float64s, i: int) -> bool:
    """Three rising bars with next to no upper shadow, each opening in or near the body before and none much shorter."""
    for k in range(i - 2, i + 1):
        if colour(open_, close, k) < 0 or not upper_shadow(open_, high, close, k) < TINY * mean_range(high, low, k, LONG):
            return False
    for k in range(i - 1, i + 1):
        reach = mean_range(high, low, k - 1, NEAR)
        if not (close[k] > close[k - 1] and open_[k] > open_[k - 1] and open_[k] <= close[k - 1] + CLOSE_BY * reach):
            return False
        if not body(open_, close, k) > body(open_, close, k - 1) - FAR_OFF * reach:
            return False
    return is_long(open_, close, i)


@njit(inline="always")
def crows(open_: Float64s, high: Float64s, low: Float64s, close: Float64s, i: int) -> bool:
    """After a rising bar three falling ones with next to no lower shadow, each opening within the body before."""
    is_so = colour(open_, close, i - 3) > 0 and high[i - 3] > close[i - 2]
    for k in range(i - 2, i + 1):
        is_so &= colour(open_, close, k) < 0 and lower_shadow(open_, low, close, k) < TINY * mean_range(high, low, k, LONG)
    for k in range(i - 1, i + 1):
        is_so &= close[k] < close[k - 1] and close[k - 1] < open_[k] < open_[k - 1]
    return bool(is_so)


@njit(cache=True, nogil=True)
def candle_sweep(open_: Float64s, high: Float64s, low: Float64s, close: Float64s, out: Int8s) -> None:
    """Every pattern at every bar.

    open_, high, low, close : float64[n_bars]   oldest first, no NaN
    out : int8[15, n_bars]   a row for each kind: above 0 where it speaks for a rise, below where for a fall, else 0; a doji is
        100. 80 marks a weaker form. Zero while there are fewer bars than a pattern and its measures need

    Source: TA-Lib 0.8, functions CDLDOJI to CDL3BLACKCROWS and its default candle settings, but for tweezers: Steve Nison,
    Japanese Candlestick Charting Techniques, 1991, ch. 6, here with TA-Lib's measures of long and equal.
    Twin: tests/naive/candles.py
    """
    out[:, :] = 0
    for i in range(2, len(close)):
        out[ENGULFING, i] = engulfing(open_, close, i)
        if i >= LONG:
            lone_bar(open_, high, low, close, i, out)
        if i >= LONG + 1:
            pair_of_bars(open_, high, low, close, i, out)
        if i >= LONG + 2:
            out[MORNING_STAR, i] = 100 if star(open_, close, i, 1) else 0
            out[EVENING_STAR, i] = -100 if star(open_, close, i, -1) else 0
            out[THREE_WHITE_SOLDIERS, i] = 100 if soldiers(open_, high, low, close, i) else 0
        if i >= LONG + 3:
            out[THREE_BLACK_CROWS, i] = -100 if crows(open_, high, low, close, i) else 0
