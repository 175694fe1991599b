"""Slow, obvious twin of backend/kernels/trend.py."""

import math

from tests.naive.volatility import true_range

NAN = math.nan


def directional_moves(high, low):
    """How far each bar reaches beyond the one before it, upwards and downwards; only the larger of the two counts."""
    up, down = [NAN] * min(len(high), 1), [NAN] * min(len(high), 1)
    for i in range(1, len(high)):
        above, below = high[i] - high[i - 1], low[i - 1] - low[i]
        up.append(above if above > below and above > 0 else 0.0)
        down.append(below if below > above and below > 0 else 0.0)
    return up, down


def wilder_sum(values, period):
    """Wilder's running sum; the first holds ``period - 1`` values, and the next is the first to be used, as in TA-Lib."""
    out, total = [NAN] * len(values), 0.0
    for i in range(1, len(values)):
        total = total + values[i] if i < period else total - total / period + values[i]
        out[i] = total if i >= period else NAN
    return out


def adx(high, low, close, period):
    """Average directional index, and the plus and minus directional indicators."""
    up, down = (wilder_sum(moves, period) for moves in directional_moves(high, low))
    span = wilder_sum(true_range(high, low, close), period)
    plus = [NAN if math.isnan(s) else 100 * u / s if s > 0 else 0.0 for u, s in zip(up, span, strict=True)]
    minus = [NAN if math.isnan(s) else 100 * d / s if s > 0 else 0.0 for d, s in zip(down, span, strict=True)]
    return average_index(plus, minus, period), plus, minus


def average_index(plus, minus, period):
    """Wilder's average of the distance of both in percent of their sum; where both are 0 it stays as it was."""
    out, total, n_seen = [], 0.0, 0
    for p, m in zip(plus, minus, strict=True):
        if math.isnan(p):
            out.append(NAN)
            continue
        n_seen += 1
        distance = 100 * abs(p - m) / (p + m) if p + m > 0 else None
        if n_seen <= period:
            total += distance or 0.0
            out.append(total / period if n_seen == period else NAN)
        else:
            out.append(out[-1] if distance is None else (out[-1] * (period - 1) + distance) / period)
    return out
