"""Slow, obvious twin of backend/kernels/averages.py: every value from its own window or from the one before it."""

import math

NAN = math.nan


def sma(price, period):
    """The mean of the newest ``period`` prices."""
    return [NAN if i + 1 < period else math.fsum(price[i + 1 - period : i + 1]) / period for i in range(len(price))]


def wma(price, period):
    """The mean with weights 1 (oldest) to ``period`` (newest)."""
    whole = period * (period + 1) / 2
    weighted = [
        math.fsum((k + 1) * price[i + 1 - period + k] for k in range(period)) if i + 1 >= period else NAN for i in range(len(price))
    ]
    return [value / whole for value in weighted]


def faded(price, period, weight):
    """Begins with the mean of the first ``period`` prices; from then on the newest counts ``weight``."""
    out = []
    for i, value in enumerate(price):
        if i + 1 < period:
            out.append(NAN)
        elif i + 1 == period:
            out.append(math.fsum(price[:period]) / period)
        else:
            out.append(out[-1] * (1 - weight) + value * weight)
    return out


def ema(price, period):
    """The newest price counts 2 / (period + 1)."""
    return faded(price, period, 2 / (period + 1))


def rma(price, period):
    """Wilder's: the newest price counts 1 / period."""
    return faded(price, period, 1 / period)


def after_gap(values, formula, *args):
    """``formula`` over the values behind those that are NaN at the start."""
    n_missing = next((i for i, value in enumerate(values) if not math.isnan(value)), len(values))
    return [NAN] * n_missing + formula(values[n_missing:], *args)
