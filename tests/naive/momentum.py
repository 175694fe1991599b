"""Slow, obvious twin of backend/kernels/momentum.py."""

import itertools
import math

from tests.naive.averages import after_gap, ema, faded, rma, sma
from tests.naive.extremes import highest, lowest


def rsi(price, period):
    """Wilder's average of the gains as a share of that of all moves; 0 where nothing moved, as in TA-Lib."""
    moves = [math.nan, *(b - a for a, b in itertools.pairwise(price))][: len(price)]
    gains = after_gap([max(move, 0.0) if not math.isnan(move) else move for move in moves], rma, period)
    losses = after_gap([max(-move, 0.0) if not math.isnan(move) else move for move in moves], rma, period)
    return [math.nan if math.isnan(g) else 100 * g / (g + v) if g + v > 0 else 0.0 for g, v in zip(gains, losses, strict=True)]


def macd(price, fast, slow, signal):
    """Difference of two exponential averages that begin on the same bar; its own average; how far it is from that."""
    fast, slow = min(fast, slow), max(fast, slow)
    lead = slow - fast
    quick = [math.nan] * min(lead, len(price)) + faded(price[lead:], fast, 2 / (fast + 1))
    line = [a - b for a, b in zip(quick, ema(price, slow), strict=True)]
    average = after_gap(line, ema, signal)
    return line, average, [a - b for a, b in zip(line, average, strict=True)]


def stochastic(high, low, close, period, smooth, signal):
    """Where the close lies between the extremes of ``period`` bars, in percent, averaged; and the average of that."""
    upper, lower = highest(high, period), lowest(low, period)
    raw = [
        math.nan if math.isnan(u) else 100 * (c - v) / (u - v) if u > v else 0.0
        for c, u, v in zip(close, upper, lower, strict=True)
    ]
    k = after_gap(raw, sma, smooth)
    return k, after_gap(k, sma, signal)
