"""Slow, obvious twin of backend/kernels/bands.py. Bands are upper, middle and lower, in that order."""

import math

from tests.naive.averages import ema, sma
from tests.naive.extremes import highest, lowest
from tests.naive.volatility import atr, deviation


def around(middle, half, factor):
    """Middle and half widths as three lines."""
    pairs = list(zip(middle, half, strict=True))
    return [m + factor * h for m, h in pairs], middle, [m - factor * h for m, h in pairs]


def bollinger(price, period, factor):
    """Simple average and ``factor`` standard deviations around it."""
    return around(sma(price, period), deviation(price, period), factor)


def keltner(price, high, low, close, *params):
    """Exponential average and ``factor`` average true ranges around it."""
    period, atr_period, factor = params
    return around(ema(price, period), atr(high, low, close, atr_period), factor)


def donchian(high, low, period):
    """Highest high, lowest low, and their middle."""
    upper, lower = highest(high, period), lowest(low, period)
    return upper, [(u + v) / 2 for u, v in zip(upper, lower, strict=True)], lower


def supertrend(high, low, close, period, factor):
    """A band that only moves with the trend until a close beyond it turns the trend, which begins upwards; 1 up, -1 down."""
    width = atr(high, low, close, period)
    line, trend = [], []
    upper = lower = math.nan
    is_up = True
    for i in range(len(close)):
        if math.isnan(width[i]):
            line.append(math.nan)
            trend.append(math.nan)
            continue
        middle = (high[i] + low[i]) / 2
        above, below = middle + factor * width[i], middle - factor * width[i]
        if math.isnan(upper):
            upper, lower = above, below
        else:
            before_upper, before_lower = upper, lower
            upper = above if above < before_upper or close[i - 1] > before_upper else before_upper
            lower = below if below > before_lower or close[i - 1] < before_lower else before_lower
            is_up = close[i] >= lower if is_up else close[i] > upper
        line.append(lower if is_up else upper)
        trend.append(1.0 if is_up else -1.0)
    return line, trend
