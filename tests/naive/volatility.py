"""Slow, obvious twin of backend/kernels/volatility.py."""

import math

from tests.naive.averages import after_gap, rma


def true_range(high, low, close):
    """The range of each bar stretched to the close before it; NaN for the first bar, which has none before it."""
    stretched = (max(high[i], close[i - 1]) - min(low[i], close[i - 1]) for i in range(1, len(close)))
    return [math.nan, *stretched][: len(close)]


def atr(high, low, close, period):
    """Wilder's average of the true range."""
    return after_gap(true_range(high, low, close), rma, period)


def deviation(price, period):
    """Standard deviation of the newest ``period`` prices, of the population."""
    out = []
    for i in range(len(price)):
        if i + 1 < period:
            out.append(math.nan)
            continue
        window = price[i + 1 - period : i + 1]
        mean = math.fsum(window) / period
        out.append(math.sqrt(math.fsum((value - mean) ** 2 for value in window) / period))
    return out
