"""Slow, obvious twin of backend/kernels/extremes.py."""

import math


def highest(values, period):
    """The largest of the newest ``period`` values."""
    return [math.nan if i + 1 < period else max(values[i + 1 - period : i + 1]) for i in range(len(values))]


def lowest(values, period):
    """The smallest of the newest ``period`` values."""
    return [math.nan if i + 1 < period else min(values[i + 1 - period : i + 1]) for i in range(len(values))]
