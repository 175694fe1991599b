"""The slow, obvious twin of backend/kernels/decimation.py: every bucket and column by a plain loop."""

import math


def extremes(values_low, values_high, weights):
    """Lowest low, highest high, sum of weights; NaN rows do not count."""
    low = high = math.nan
    total = 0.0
    for one_low, one_high, weight in zip(values_low, values_high, weights, strict=True):
        if not math.isnan(one_low) and not one_low >= low:
            low = one_low
        if not math.isnan(one_high) and not one_high <= high:
            high = one_high
        if not math.isnan(weight):
            total += weight
    return low, high, total


def pyramid(low, high, weight, base, factor):
    """[(size, [(low, high, weight) of each whole bucket])], finest first."""
    levels, size = [], base
    while size <= len(low):
        buckets = [
            extremes(low[start : start + size], high[start : start + size], weight[start : start + size])
            for start in range(0, len(low) - size + 1, size)
        ]
        levels.append((size, buckets))
        size *= factor
    return levels


def columns(bars, first_rows, stop):
    """[(open, high, low, close, volume)] of bars [(open, high, low, close, volume)] folded into columns."""
    made = []
    for first, end in zip(first_rows, [*first_rows[1:], stop], strict=True):
        group = bars[first:end]
        low, high, volume = extremes([b[2] for b in group], [b[1] for b in group], [b[4] for b in group])
        made.append((group[0][0], high, low, group[-1][3], volume))
    return made
