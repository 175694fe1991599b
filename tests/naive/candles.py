"""Slow, obvious twin of backend/kernels/candles.py: each pattern as a sentence about bars counted back from the newest."""

from statistics import fmean

WARM_UP = {
    "engulfing": 2,
    "doji": 10,
    "marubozu": 10,
    "morning_star": 12,
    "evening_star": 12,
    "three_white_soldiers": 12,
    "three_black_crows": 13,
}


class Bars:
    """The newest bar is 0, the one before it 1."""

    def __init__(self, columns, row):
        self.columns, self.row = columns, row

    def prices(self, k):
        return tuple(column[self.row - k] for column in self.columns)

    def body(self, k):
        o, _, _, c = self.prices(k)
        return abs(c - o)

    def side(self, k):
        o, _, _, c = self.prices(k)
        return 1 if c >= o else -1

    def top(self, k):
        return max(self.prices(k)[0], self.prices(k)[3])

    def bottom(self, k):
        return min(self.prices(k)[0], self.prices(k)[3])

    def upper(self, k):
        return self.prices(k)[1] - self.top(k)

    def lower(self, k):
        return self.bottom(k) - self.prices(k)[2]

    def mean_body(self, k):
        return fmean(self.body(j) for j in range(k + 1, k + 11))

    def mean_range(self, k, n_bars):
        return fmean(self.prices(j)[1] - self.prices(j)[2] for j in range(k + 1, k + 1 + n_bars))

    def is_long(self, k):
        return self.body(k) > self.mean_body(k)


def doji(b):
    return 100 * (b.body(0) <= 0.1 * b.mean_range(0, 10))


def marubozu(b):
    tiny = 0.1 * b.mean_range(0, 10)
    return 100 * b.side(0) * (b.is_long(0) and b.upper(0) < tiny and b.lower(0) < tiny)


def is_hanging(b):
    return b.body(0) < b.mean_body(0) and b.lower(0) > b.body(0) and b.upper(0) < 0.1 * b.mean_range(0, 10)


def is_standing(b):
    return b.body(0) < b.mean_body(0) and b.upper(0) > b.body(0) and b.lower(0) < 0.1 * b.mean_range(0, 10)


def hammer(b):
    return 100 * (is_hanging(b) and b.bottom(0) <= b.prices(1)[2] + 0.2 * b.mean_range(1, 5))


def hanging_man(b):
    return -100 * (is_hanging(b) and b.bottom(0) >= b.prices(1)[1] - 0.2 * b.mean_range(1, 5))


def inverted_hammer(b):
    return 100 * (is_standing(b) and b.top(0) < b.bottom(1))


def shooting_star(b):
    return -100 * (is_standing(b) and b.bottom(0) > b.top(1))


def engulfing(b):
    holds = b.top(0) >= b.top(1) and b.bottom(0) <= b.bottom(1) and (b.top(0), b.bottom(0)) != (b.top(1), b.bottom(1))
    shares = b.prices(0)[0] == b.prices(1)[3] or b.prices(0)[3] == b.prices(1)[0]
    return (80 if shares else 100) * b.side(0) * (holds and b.side(0) != b.side(1))


def harami(b):
    if not b.is_long(1) or b.is_long(0) or b.top(0) > b.top(1) or b.bottom(0) < b.bottom(1):
        return 0
    return -b.side(1) * (80 if b.top(0) == b.top(1) or b.bottom(0) == b.bottom(1) else 100)


def piercing_line(b):
    (o, _, _, c), (before_o, _, before_l, before_c) = b.prices(0), b.prices(1)
    opens_below = b.side(1) < 0 < b.side(0) and b.is_long(1) and b.is_long(0) and o < before_l
    return 100 * (opens_below and before_c + b.body(1) * 0.5 < c < before_o)


def dark_cloud_cover(b):
    (o, _, _, c), (before_o, before_h, _, before_c) = b.prices(0), b.prices(1)
    opens_above = b.side(0) < 0 < b.side(1) and b.is_long(1) and o > before_h
    return -100 * (opens_above and before_o < c < before_c - b.body(1) * 0.5)


def tweezers(b):
    side = b.side(0)
    edges = [side * b.prices(k)[2 if side > 0 else 1] for k in range(7)]
    is_pair = b.side(1) != side and b.is_long(1) and abs(edges[0] - edges[1]) <= 0.05 * b.mean_range(1, 5)
    return 100 * side * (is_pair and min(edges[2:]) >= min(edges[:2]))


def star(b, side):
    sides = b.side(2) == -side and b.side(0) == side
    sizes = b.is_long(2) and not b.is_long(1) and b.is_long(0)
    is_beyond = b.top(1) < b.bottom(2) if side > 0 else b.bottom(1) > b.top(2)
    back = side * (b.prices(0)[3] - b.prices(2)[3])
    return 100 * side * (sides and sizes and is_beyond and back > 0.3 * b.body(2))


def morning_star(b):
    return star(b, 1)


def evening_star(b):
    return star(b, -1)


def three_white_soldiers(b):
    if any(b.side(k) < 0 or b.upper(k) >= 0.1 * b.mean_range(k, 10) for k in (0, 1, 2)) or not b.is_long(0):
        return 0
    for k in (0, 1):
        (o, _, _, c), (before_o, _, _, before_c), reach = b.prices(k), b.prices(k + 1), b.mean_range(k + 1, 5)
        if c <= before_c or not before_o < o <= before_c + 0.2 * reach or b.body(k) <= b.body(k + 1) - 0.6 * reach:
            return 0
    return 100


def three_black_crows(b):
    if b.side(3) < 0 or any(b.side(k) > 0 or b.lower(k) >= 0.1 * b.mean_range(k, 10) for k in (0, 1, 2)):
        return 0
    within = all(b.prices(k + 1)[3] < b.prices(k)[0] < b.prices(k + 1)[0] for k in (0, 1))
    lower = b.prices(0)[3] < b.prices(1)[3] < b.prices(2)[3] < b.prices(3)[1]
    return -100 * (within and lower)


PATTERNS = (
    doji,
    hammer,
    hanging_man,
    inverted_hammer,
    shooting_star,
    marubozu,
    engulfing,
    harami,
    piercing_line,
    dark_cloud_cover,
    tweezers,
    morning_star,
    evening_star,
    three_white_soldiers,
    three_black_crows,
)


def candles(opened, high, low, close):
    """A row for each of ``PATTERNS``: what it says at each bar."""
    columns, n_bars = (opened, high, low, close), len(close)
    return [
        [pattern(Bars(columns, i)) if i >= WARM_UP.get(pattern.__name__, 11) else 0 for i in range(n_bars)] for pattern in PATTERNS
    ]
