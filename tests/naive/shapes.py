"""Slow, obvious twin of backend/kernels/shapes.py: shapes as questions to named corners, lines as functions of the row."""

import math
from statistics import fmean


class Corners:
    """The newest swings, newest first, upside down where the newest is a low."""

    def __init__(self, side, row, price, last):
        newest = range(last, max(last - 6, -1), -1)
        self.sign = side[last]
        self.y = [self.sign * price[k] for k in newest]
        self.t = [row[k] for k in newest]

    def span(self, newer, older):
        return self.t[newer] - self.t[older]


def through(t0, y0, t1, y1):
    return lambda row: y0 + (y1 - y0) * (row - t0) / (t1 - t0)


def level(price):
    return lambda _row: price


def alike(a, b):
    return min(a, b) / max(a, b) if max(a, b) > 0 else 0.0


def shape(kind, n_corners, near, far, height, fit, balance, move=None):  # noqa: PLR0917 - a record, in its order
    """A shape before it is written down; lines are still functions."""
    return kind, n_corners, near, far, height, height if move is None else move, fit, balance


def double(c, atr):
    top, neck = max(c.y[0], c.y[2]), c.y[1]
    height, balance = top - neck, alike(c.span(0, 1), c.span(1, 2))
    miss = abs(c.y[0] - c.y[2]) / (0.1 * height)
    if height >= 4 * atr and miss <= 1 and balance >= 0.4 and c.y[3] <= neck - 0.5 * height:
        yield shape(0, 3, level(neck), level(top), height, 1 - miss, balance)


def triple(c, atr):
    highs, lows = c.y[0:5:2], c.y[1:4:2]
    height, balance = max(highs) - min(lows), alike(c.span(0, 2), c.span(2, 4))
    miss = (max(highs) - min(highs)) / (0.1 * height)
    is_level = miss <= 1 and abs(lows[0] - lows[1]) <= 0.2 * height
    if height >= 4 * atr and is_level and balance >= 0.4 and c.y[5] <= min(lows) - 0.5 * height:
        yield shape(1, 5, level(min(lows)), level(max(highs)), height, 1 - miss, balance)


def head(c, atr):
    right, head_price, left = c.y[0:5:2]
    neck = through(c.t[3], c.y[3], c.t[1], c.y[1])
    height, balance = head_price - neck(c.t[2]), alike(c.span(0, 2), c.span(2, 4))
    lopsided, tilt = abs(right - left), abs(c.y[1] - c.y[3])
    stands_out = head_price >= max(right, left) + 0.2 * height and min(right, left) >= max(c.y[1], c.y[3]) + 0.15 * height
    is_even = lopsided <= 0.2 * height and tilt <= 0.2 * height and balance >= 0.33
    if height >= 4 * atr and stands_out and is_even and c.y[5] <= min(c.y[1], c.y[3]) - 0.5 * height:
        yield shape(2, 5, neck, level(right), height, 1 - (lopsided + tilt) / (0.4 * height), balance)


def best_line(points):
    mean_t, mean_y = fmean(t for t, _ in points), fmean(y for _, y in points)
    slope = sum((t - mean_t) * (y - mean_y) for t, y in points) / sum((t - mean_t) ** 2 for t, _ in points)
    return lambda row: mean_y + slope * (row - mean_t)


def bounded(c, atr, close):
    for n_corners in (6, 5):
        points = list(zip(c.t, c.y, strict=True))[:n_corners]
        if len(points) < n_corners:
            continue
        begin, stop = points[-1][0], points[0][0]
        far, near = best_line(points[0::2]), best_line(points[1::2])
        height, width = far(begin) - near(begin), far(stop) - near(stop)
        misses = [abs(y - far(t)) for t, y in points[0::2]] + [abs(y - near(t)) for t, y in points[1::2]]
        if height < 4 * atr or width <= 0.05 * height:
            continue
        miss = max(misses) / (height * (0.06 if n_corners == 6 else 0.03))
        drift = [(line(stop) - line(begin)) / height for line in (far, near)]
        upper, lower = drift if c.sign > 0 else (-drift[1], -drift[0])
        kind, balance = class_of(upper, lower, width / height), alike(c.span(0, 2), c.span(2, 4))
        if miss > 1 or kind is None or balance < 0.3 or (n_corners == 5 and kind > 5):
            continue
        closes = [(row, c.sign * close[row]) for row in range(begin, stop + 1)]
        if all(near(row) - 0.1 * height <= y <= far(row) + 0.1 * height for row, y in closes):
            yield shape(kind, n_corners, near, far, height, 1 - miss, balance)
            return


def class_of(upper, lower, width):
    """3 ascending, 4 descending, 5 symmetrical, 6 rising wedge, 7 falling wedge, 8 rectangle, 9 channel up, 10 channel down."""
    upper_is_flat, lower_is_flat, is_narrow = abs(upper) <= 0.12, abs(lower) <= 0.12, width <= 0.65
    is_tilted = abs(upper + lower) >= 0.6
    kinds = {
        3: is_narrow and upper_is_flat and lower >= 0.3,
        4: is_narrow and lower_is_flat and not upper_is_flat and upper <= -0.3,
        5: is_narrow and not upper_is_flat and not lower_is_flat and upper < 0 < lower and alike(-upper, lower) >= 0.5,
        6: is_narrow and not upper_is_flat and not lower_is_flat and is_tilted and upper > 0,
        7: is_narrow and not upper_is_flat and not lower_is_flat and is_tilted and upper <= 0 and lower <= 0,
        8: not is_narrow and upper_is_flat and lower_is_flat,
        9: not is_narrow and not (upper_is_flat and lower_is_flat) and alike(width, 1) >= 0.8 and is_tilted and upper > 0,
        10: not is_narrow and not (upper_is_flat and lower_is_flat) and alike(width, 1) >= 0.8 and is_tilted and upper <= 0,
    }
    return next((kind for kind, is_so in kinds.items() if is_so), None)


def flag(c, atr):
    pole, begin, stop = c.y[4] - c.y[3], c.t[3], c.t[0]
    near, far = through(c.t[3], c.y[3], c.t[1], c.y[1]), through(c.t[2], c.y[2], c.t[0], c.y[0])
    widths = far(begin) - near(begin), far(stop) - near(stop)
    given_back = (max(c.y[0], c.y[2]) - c.y[3]) / pole
    is_pole = pole >= 5 * atr and c.span(3, 4) <= 20 and 4 <= c.span(0, 3) <= 60
    if not is_pole or min(widths) <= 0 or alike(*widths) < 0.6 or given_back > 0.5:
        return
    if near(stop) - near(begin) >= -0.2 * max(widths) and pole >= 2 * max(widths):
        yield shape(11, 5, near, far, max(widths), 1 - given_back, alike(*widths), pole)


def cup(c, atr, close):
    rim, width = min(c.y[1], c.y[3]), c.span(1, 3)
    depth, handle, balance = c.y[2] - rim, c.y[0] - c.y[1], alike(c.span(1, 2), c.span(2, 3))
    is_cup = depth >= 4 * atr and abs(c.y[1] - c.y[3]) <= 0.1 * depth and width >= 20 and balance >= 0.4
    is_handle = handle <= 0.5 * depth and c.span(0, 1) <= 0.5 * width
    if not is_cup or not is_handle or c.y[4] < max(c.y[1], c.y[3]) + 0.5 * depth:
        return
    closes = [c.sign * price for price in close[c.t[3] : c.t[1] + 1]]
    places = [2 * k / (len(closes) - 1) - 1 for k in range(len(closes))]
    mean_square, mean_y = fmean(x * x for x in places), fmean(closes)
    bend = sum((x * x - mean_square) * (y - mean_y) for x, y in zip(places, closes, strict=True))
    weight, total = sum((x * x - mean_square) ** 2 for x in places), sum((y - mean_y) ** 2 for y in closes)
    explained = bend * bend / (weight * total) if bend < 0 and total > 0 else 0.0
    if explained >= 0.6 and sum(y >= rim + depth * 2 / 3 for y in closes) / len(closes) >= 0.42:
        yield shape(12, 4, through(c.t[3], c.y[3], c.t[1], c.y[1]), level(c.y[0]), depth, explained, balance)


def shapes(side, row, price, atr, close):
    """((kind, first swing, last swing), (near line, far line, height, move, fit, balance)) of each, in order."""
    found = []
    for last in range(3, len(side)):
        c = Corners(side, row, price, last)
        if math.isnan(atr[last]) or atr[last] <= 0:
            continue
        seen = [*double(c, atr[last])]
        if len(c.y) >= 5:
            seen += [*flag(c, atr[last]), *cup(c, atr[last], close)]
        if len(c.y) == 6:
            seen += [*triple(c, atr[last]), *head(c, atr[last])][:1]
        if len(c.y) >= 5:
            seen += bounded(c, atr[last], close)
        for kind, n_corners, near, far, height, move, fit, balance in seen:
            first = last - n_corners + 1
            ends = [c.sign * line(at) for line in (near, far) for at in (row[first], row[last])]
            found.append(((kind, first, last), (*ends, height, move, fit, balance)))
    return found


def first_break(close, upper, lower, begin, stop, until):
    """The first close outside both lines: 1 above, -1 below; 0 at ``until``, or where lines that crossed leave no inside."""
    upper_at, lower_at = through(begin, upper[0], stop, upper[1]), through(begin, lower[0], stop, lower[1])
    for row in range(stop + 1, until + 1):
        if row >= len(close):
            return 0, -1
        is_above, is_below = close[row] > upper_at(row), close[row] < lower_at(row)
        if is_above or is_below:
            return int(is_above) - int(is_below), row
    return 0, until
