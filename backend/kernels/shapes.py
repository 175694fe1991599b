"""Chart patterns as measured geometry of the newest swings: templates, and what prices did after them.

Every template looks at swings upside down where the newest is a low, so that tops and bottoms share one formula: y is price times
side, newest first, and y[0] is a high. The near line is the one that a fall from there breaks, the far line the other.

Twin: tests/naive/shapes.py
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from backend.kernels.arithmetic import larger, smaller

Float64s: TypeAlias = npt.NDArray[np.float64]
Int64s: TypeAlias = npt.NDArray[np.int64]

DOUBLE, TRIPLE, HEAD, ASCENDING, DESCENDING, SYMMETRICAL, RISING_WEDGE, FALLING_WEDGE = range(8)
RECTANGLE, CHANNEL_UP, CHANNEL_DOWN, FLAG, CUP = range(8, 13)
# Columns of whole numbers (swings by their place in the list), and of prices and shares.
KIND, FIRST, LAST, N_WHOLE = range(4)
NEAR_START, NEAR_END, FAR_START, FAR_END, HEIGHT, MOVE, FIT, BALANCE, N_REAL = range(9)
N_LOOKED_AT: Final = 6
N_MOST: Final = 5  # shapes that one swing may complete

# Shares of a shape's height, but where said.
LEAST_ATR: Final = 4.0  # average true ranges that a shape is high
ALIKE: Final = 0.1  # extremes at most this far apart are one price
ROUGHLY: Final = 0.2  # shoulders, and both ends of a neckline
BEFORE: Final = 0.5  # the move into a reversal begins at least this far beyond it
HEAD_REACH: Final = 0.2  # of a head beyond its shoulders
TOUCH: Final = 0.06  # a swing at most this far from a line touches it
STRAY: Final = 0.1  # a close at most this far outside is inside
FLAT: Final = 0.12  # a line that moves at most this much
TILTED: Final = 0.3  # a line that moves at least this much
NARROW: Final = 0.65  # of the first width, what a wedge or triangle narrows to at most
PARALLEL: Final = 0.8  # of the larger width, what the smaller is at least
POLE_ATR: Final = 5.0  # average true ranges of a flag's pole
POLE_BARS: Final = 20
POLE_PART: Final = 0.5  # of the pole, how high a flag is at most
CUP_BARS: Final = 20  # at least
HANDLE_PART: Final = 0.5  # of the depth, and of the width, of a cup
ROUND_PART: Final = 0.42  # of a cup's closes, that lie in its deepest third; a V has a third there
ROUND_FIT: Final = 0.6  # of what moves a cup's closes, that a parabola explains


@njit(inline="always")
def ratio(a: float, b: float) -> float:
    """The smaller of two lengths as a share of the larger; 0 where that is nothing."""
    most = larger(a, b)
    return smaller(a, b) / most if most > 0.0 else 0.0


@njit(inline="always")
def line_at(start: float, end: float, begin: int, stop: int, row: int) -> float:
    """A line that is at ``start`` in row ``begin`` and at ``end`` in row ``stop``, at any row."""
    return start + (end - start) * ((row - begin) / (stop - begin)) if stop > begin else start


@njit(cache=True, nogil=True)
def double_shape(y: Float64s, t: Int64s, atr: float, f: Float64s) -> bool:
    """Two highs at one price after a rise; the neckline is the low between them."""
    top = larger(y[0], y[2])
    height = top - y[1]
    f[BALANCE] = ratio(t[0] - t[1], t[1] - t[2])
    if height < LEAST_ATR * atr or abs(y[0] - y[2]) > ALIKE * height or f[BALANCE] < 0.4 or y[3] > y[1] - BEFORE * height:
        return False
    f[NEAR_START], f[NEAR_END], f[FAR_START], f[FAR_END] = y[1], y[1], top, top
    f[HEIGHT], f[MOVE], f[FIT] = height, height, 1.0 - abs(y[0] - y[2]) / (ALIKE * height)
    return True


@njit(cache=True, nogil=True)
def triple_shape(y: Float64s, t: Int64s, atr: float, f: Float64s) -> bool:
    """Three highs at one price after a rise; the neckline is the lower of the lows between them."""
    top, least = larger(y[0], larger(y[2], y[4])), smaller(y[0], smaller(y[2], y[4]))
    neck = smaller(y[1], y[3])
    height = top - neck
    f[BALANCE] = ratio(t[0] - t[2], t[2] - t[4])
    if height < LEAST_ATR * atr or top - least > ALIKE * height or abs(y[1] - y[3]) > ROUGHLY * height:
        return False
    if f[BALANCE] < 0.4 or y[5] > neck - BEFORE * height:
        return False
    f[NEAR_START], f[NEAR_END], f[FAR_START], f[FAR_END] = neck, neck, top, top
    f[HEIGHT], f[MOVE], f[FIT] = height, height, 1.0 - (top - least) / (ALIKE * height)
    return True


@njit(cache=True, nogil=True)
def head_shape(y: Float64s, t: Int64s, atr: float, f: Float64s) -> bool:
    """A high between two lower ones that are roughly alike; the neckline goes through both lows."""
    begin, stop = t[4], t[0]
    neck_start, neck_end = line_at(y[3], y[1], t[3], t[1], begin), line_at(y[3], y[1], t[3], t[1], stop)
    height = y[2] - line_at(y[3], y[1], t[3], t[1], t[2])
    shoulders, neck = abs(y[0] - y[4]), abs(y[1] - y[3])
    f[BALANCE] = ratio(t[0] - t[2], t[2] - t[4])
    if height < LEAST_ATR * atr or y[2] < larger(y[0], y[4]) + HEAD_REACH * height:
        return False
    if shoulders > ROUGHLY * height or neck > ROUGHLY * height or f[BALANCE] < 0.33:
        return False
    if smaller(y[0], y[4]) < larger(y[1], y[3]) + 0.15 * height or y[5] > smaller(y[1], y[3]) - BEFORE * height:
        return False
    f[NEAR_START], f[NEAR_END], f[FAR_START], f[FAR_END] = neck_start, neck_end, y[0], y[0]
    f[HEIGHT], f[MOVE], f[FIT] = height, height, 1.0 - (shoulders + neck) / (2.0 * ROUGHLY * height)
    return True


@njit(cache=True, nogil=True)
def fitted_line(y: Float64s, t: Int64s, first: int, n_corners: int) -> tuple[float, float, float]:
    """The straight line nearest to every second corner from ``first`` on, at the oldest and the newest corner; its worst miss."""
    n, sum_t, sum_y = 0, 0.0, 0.0
    for k in range(first, n_corners, 2):
        n, sum_t, sum_y = n + 1, sum_t + t[k], sum_y + y[k]
    mean_t, mean_y, both, square = sum_t / n, sum_y / n, 0.0, 0.0
    for k in range(first, n_corners, 2):
        both += (t[k] - mean_t) * (y[k] - mean_y)
        square += (t[k] - mean_t) * (t[k] - mean_t)
    slope, worst = both / square, 0.0
    for k in range(first, n_corners, 2):
        worst = larger(abs(y[k] - (mean_y + slope * (t[k] - mean_t))), worst)
    return mean_y + slope * (t[n_corners - 1] - mean_t), mean_y + slope * (t[0] - mean_t), worst


@njit(cache=True, nogil=True)
def class_of(upper: float, lower: float, width: float) -> int:
    """What two lines are together, by how far each moves and the last width, in first widths; -1 for nothing with a name."""
    kind = -1
    if width <= NARROW:
        if abs(upper) <= FLAT:
            kind = ASCENDING if lower >= TILTED else -1
        elif abs(lower) <= FLAT:
            kind = DESCENDING if upper <= -TILTED else -1
        elif upper < 0.0 < lower:
            kind = SYMMETRICAL if ratio(-upper, lower) >= 0.5 else -1
        elif abs(upper + lower) >= 2.0 * TILTED:
            kind = RISING_WEDGE if upper > 0.0 else FALLING_WEDGE
    elif abs(upper) <= FLAT and abs(lower) <= FLAT:
        kind = RECTANGLE
    elif ratio(width, 1.0) >= PARALLEL and abs(upper + lower) >= 2.0 * TILTED:
        kind = CHANNEL_UP if upper > 0.0 else CHANNEL_DOWN
    return kind


@njit(cache=True, nogil=True)
def is_inside(close: Float64s, side: float, begin: int, stop: int, f: Float64s) -> bool:
    """Whether every close between two rows lies between both lines, or next to them."""
    stray = STRAY * f[HEIGHT]
    for row in range(begin, stop + 1):
        y = close[row] * side
        if y < line_at(f[NEAR_START], f[NEAR_END], begin, stop, row) - stray:
            return False
        if y > line_at(f[FAR_START], f[FAR_END], begin, stop, row) + stray:
            return False
    return True


@njit(cache=True, nogil=True)
def bounded_shape(y: Float64s, t: Int64s, n_corners: int, side: float, atr: float, f: Float64s) -> int:
    """Two lines that five swings (triangles) or six (all others) touch; the kind, or -1."""
    f[FAR_START], f[FAR_END], miss_far = fitted_line(y, t, 0, n_corners)
    f[NEAR_START], f[NEAR_END], miss_near = fitted_line(y, t, 1, n_corners)
    height = f[FAR_START] - f[NEAR_START]
    width = f[FAR_END] - f[NEAR_END]
    miss = larger(miss_far, miss_near)
    allowed = TOUCH * height * (1.0 if n_corners == N_LOOKED_AT else 0.5)  # fewer touches must be closer
    if height < LEAST_ATR * atr or width <= 0.05 * height or miss > allowed:
        return -1
    far, near = (f[FAR_END] - f[FAR_START]) / height, (f[NEAR_END] - f[NEAR_START]) / height
    kind = class_of(far, near, width / height) if side > 0.0 else class_of(-near, -far, width / height)
    if n_corners < N_LOOKED_AT and kind not in (ASCENDING, DESCENDING, SYMMETRICAL):
        return -1
    f[HEIGHT], f[MOVE], f[FIT] = height, height, 1.0 - miss / allowed
    f[BALANCE] = ratio(t[0] - t[2], t[2] - t[4])
    return kind if f[BALANCE] >= 0.3 else -1


@njit(cache=True, nogil=True)
def flag_shape(y: Float64s, t: Int64s, atr: float, f: Float64s) -> bool:
    """A steep fall in one go, then a narrow band that drifts sideways or back; the move is the pole's once more."""
    pole, pole_bars, flag_bars = y[4] - y[3], t[3] - t[4], t[0] - t[3]
    if pole < POLE_ATR * atr or pole_bars > POLE_BARS or flag_bars < 4 or flag_bars > 3 * POLE_BARS:
        return False
    begin, stop = t[3], t[0]
    near_start, near_end = line_at(y[3], y[1], t[3], t[1], begin), line_at(y[3], y[1], t[3], t[1], stop)
    far_start, far_end = line_at(y[2], y[0], t[2], t[0], begin), line_at(y[2], y[0], t[2], t[0], stop)
    first, last = far_start - near_start, far_end - near_end
    height = larger(first, last)
    f[BALANCE] = ratio(first, last)
    if smaller(first, last) <= 0.0 or f[BALANCE] < 0.6 or larger(y[0], y[2]) - y[3] > POLE_PART * pole:
        return False
    if near_end - near_start < -ROUGHLY * height or pole < 2.0 * height:
        return False
    # Both lines prolonged back to the pole's beginning, the oldest corner, as those of every shape.
    f[NEAR_START], f[NEAR_END] = line_at(y[3], y[1], t[3], t[1], t[4]), near_end
    f[FAR_START], f[FAR_END] = line_at(y[2], y[0], t[2], t[0], t[4]), far_end
    f[HEIGHT], f[MOVE], f[FIT] = height, pole, 1.0 - (larger(y[0], y[2]) - y[3]) / pole
    return True


@njit(cache=True, nogil=True)
def roundness(close: Float64s, side: float, begin: int, stop: int, rim: float, depth: float) -> tuple[float, float]:
    """What a parabola's bend explains of closes' movement (0 where it bends the other way), and their share in the last third."""
    n = stop - begin + 1
    mean_square, mean_y, n_deep = 0.0, 0.0, 0
    for row in range(begin, stop + 1):
        x, y = (2.0 * (row - begin) - (n - 1)) / (n - 1), close[row] * side
        mean_square, mean_y = mean_square + x * x / n, mean_y + y / n
        n_deep += 1 if y >= rim + depth * (2.0 / 3.0) else 0
    bend, weight, total = 0.0, 0.0, 0.0
    for row in range(begin, stop + 1):
        x, y = (2.0 * (row - begin) - (n - 1)) / (n - 1), close[row] * side
        part = x * x - mean_square
        bend, weight, total = bend + part * (y - mean_y), weight + part * part, total + (y - mean_y) * (y - mean_y)
    explained = bend * bend / (weight * total) if bend < 0.0 and total > 0.0 else 0.0
    return explained, n_deep / n


@njit(cache=True, nogil=True)
def cup_shape(y: Float64s, t: Int64s, close: Float64s, side: float, atr: float, f: Float64s) -> bool:
    """A round move away and back to where it began, then a small one the same way: the handle. Rims are lows of y."""
    rim = smaller(y[1], y[3])
    depth, handle, width = y[2] - rim, y[0] - y[1], t[1] - t[3]
    f[BALANCE] = ratio(t[1] - t[2], t[2] - t[3])
    if depth < LEAST_ATR * atr or abs(y[1] - y[3]) > ALIKE * depth or width < CUP_BARS or f[BALANCE] < 0.4:
        return False
    if handle > HANDLE_PART * depth or t[0] - t[1] > HANDLE_PART * width or y[4] < larger(y[1], y[3]) + BEFORE * depth:
        return False
    explained, deep = roundness(close, side, t[3], t[1], rim, depth)
    if explained < ROUND_FIT or deep < ROUND_PART:
        return False
    near_start, near_end = y[3], line_at(y[3], y[1], t[3], t[1], t[0])
    f[NEAR_START], f[NEAR_END], f[FAR_START], f[FAR_END] = near_start, near_end, y[0], y[0]
    f[HEIGHT], f[MOVE], f[FIT] = depth, depth, explained
    return True


@njit(cache=True, nogil=True)
def keep_shape(kind: int, n_corners: int, last: int, side: float, f: Float64s, whole: Int64s, real: Float64s) -> None:
    """Write a shape down, its lines in price again."""
    whole[KIND], whole[FIRST], whole[LAST] = kind, last - n_corners + 1, last
    for k in range(N_REAL):
        real[k] = f[k] * side if k <= FAR_END else f[k]


@njit(cache=True, nogil=True)
def shape_sweep(side: Int64s, row: Int64s, price: Float64s, atr: Float64s, close: Float64s, whole: Int64s, real: Float64s) -> int:
    """Every shape that each swing completes, together with those before it.

    side, row : int64[n_swings], price, atr : float64[n_swings]   swings in turns, oldest first; ATR at the bar that confirmed each,
        NaN where there is none, and then nothing is found
    close : float64[n_bars]   no NaN; read up to the newest corner only
    whole : int64[5 * n_swings, 3], real : float64[5 * n_swings, 8]   written from the front, by the columns above
    Returns how many shapes were written.

    Source: Robert D. Edwards and John Magee, Technical Analysis of Stock Trends, 5th ed. 1966, chs. 6 to 11, for the forms;
    William J. O'Neil, How to Make Money in Stocks, 1988, for cups. The shares are ours.
    Twin: tests/naive/shapes.py
    """
    y, t, f, n_found = np.empty(N_LOOKED_AT), np.empty(N_LOOKED_AT, np.int64), np.empty(N_REAL), 0
    for j in range(3, len(side)):
        sign, n_known = float(side[j]), min(j + 1, N_LOOKED_AT)
        for k in range(n_known):
            y[k], t[k] = price[j - k] * sign, row[j - k]
        if not atr[j] > 0.0:
            continue
        if double_shape(y, t, atr[j], f):
            keep_shape(DOUBLE, 3, j, sign, f, whole[n_found], real[n_found])
            n_found += 1
        if n_known >= 5 and flag_shape(y, t, atr[j], f):
            keep_shape(FLAG, 5, j, sign, f, whole[n_found], real[n_found])
            n_found += 1
        if n_known >= 5 and cup_shape(y, t, close, sign, atr[j], f):
            keep_shape(CUP, 4, j, sign, f, whole[n_found], real[n_found])
            n_found += 1
        if n_known == N_LOOKED_AT:
            kind = TRIPLE if triple_shape(y, t, atr[j], f) else HEAD if head_shape(y, t, atr[j], f) else -1
            if kind >= 0:
                keep_shape(kind, 5, j, sign, f, whole[n_found], real[n_found])
                n_found += 1
        for n_corners in range(n_known, 4, -1):  # six touches say more than five
            kind = bounded_shape(y, t, n_corners, sign, atr[j], f)
            if kind >= 0 and is_inside(close, sign, t[n_corners - 1], t[0], f):
                keep_shape(kind, n_corners, j, sign, f, whole[n_found], real[n_found])
                n_found += 1
                break
    return n_found


@njit(cache=True, nogil=True)
def first_break(
    close: Float64s, upper: tuple[float, float], lower: tuple[float, float], begin: int, stop: int, until: int
) -> tuple[int, int]:
    """The first close outside two lines after the row ``stop``: 1 above, -1 below, 0 inside up to ``until``; its row.

    upper, lower : prices of each line in the rows ``begin`` and ``stop``; where they have crossed, below counts first, then above
    The row is -1 while neither a break nor ``until`` has come.
    """
    for row in range(stop + 1, min(until + 1, len(close))):
        above = close[row] > line_at(upper[0], upper[1], begin, stop, row)
        below = close[row] < line_at(lower[0], lower[1], begin, stop, row)
        if above != below:
            return 1 if above else -1, row
        if above:  # past the apex of narrowing lines there is no inside left
            return 0, row
    return 0, until if until < len(close) else -1
