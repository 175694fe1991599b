"""Level of detail: extremes and sums of many rows in buckets on a grid of absolute row numbers.

A pyramid is a list of levels; level k holds one bucket for every ``BASE * FACTOR**k`` rows, whole buckets only, counted
from row 0. Buckets never straddle the grid, so that a picture made of them does not shimmer when it is panned, and a whole
bucket never changes when rows are appended. Rows after the last whole bucket are covered by finer levels, at last one by one.

numpy alone: `reduceat` runs at memory speed here (1 ns a row and column) and the first chart need not wait for a compiler.
Twin: tests/naive/decimation.py
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Float64s: TypeAlias = npt.NDArray[np.float64]
Int64s: TypeAlias = npt.NDArray[np.int64]
Run: TypeAlias = tuple[int, int, int]  # level, first bucket, stop bucket; level -1 is the rows themselves

BASE: Final = 16
FACTOR: Final = 2
PIECES_PER_COLUMN: Final = 4  # a bucket is at most this part of a column, so a column's edge is off by less than 1/4 px


class Level(NamedTuple):
    """Whole buckets of ``size`` rows each, the first starting at row 0.

    low, high : float64[n_buckets]   extremes of each bucket; rows that are NaN do not count
    weight : float64[n_buckets]   sums (of volume); NaN rows count as 0
    """

    size: int
    low: Float64s
    high: Float64s
    weight: Float64s


def n_levels(n_rows: int) -> int:
    """How many levels a pyramid over ``n_rows`` has: as long as a level has at least one whole bucket."""
    count, size = 0, BASE
    while size <= n_rows:
        count, size = count + 1, size * FACTOR
    return count


def build_level(low: Float64s, high: Float64s, weight: Float64s, group: int) -> tuple[Float64s, Float64s, Float64s]:
    """Fold every ``group`` neighbours into one; neighbours beyond the last whole group are left out.

    low, high, weight : float64[n]
    returns three float64[n // group], as in Level; a group whose values are all NaN is NaN, its weight 0
    """
    whole = len(low) // group * group
    if not whole:
        return np.empty(0), np.empty(0), np.empty(0)
    starts = np.arange(0, whole, group)
    known = np.where(np.isnan(weight[:whole]), 0.0, weight[:whole])
    return np.fmin.reduceat(low[:whole], starts), np.fmax.reduceat(high[:whole], starts), np.add.reduceat(known, starts)


def build_pyramid(low: Float64s, high: Float64s, weight: Float64s) -> tuple[Level, ...]:
    """All levels over n rows, finest first; costs O(n) and n / 8 values of memory a column.

    low, high : float64[n]   the same array twice for a line; NaN where there is no value
    weight : float64[n]   NaN where unknown
    """
    levels: list[Level] = []
    source, group, size = (low, high, weight), BASE, BASE
    while size <= len(low):
        source = build_level(*source, group)
        levels.append(Level(size, *source))
        group, size = FACTOR, size * FACTOR
    return tuple(levels)


def level_for(levels: Sequence[Level], rows_per_column: float) -> int:
    """Number of the coarsest level fine enough for columns of ``rows_per_column`` rows; -1 means the rows themselves."""
    chosen = -1
    for number, level in enumerate(levels):
        if level.size * PIECES_PER_COLUMN <= rows_per_column:
            chosen = number
    return chosen


def runs_between(levels: Sequence[Level], number: int, first: int, stop: int) -> list[Run]:
    """Cut rows [first, stop) into runs of buckets of level ``number`` or finer: (level, first bucket, stop bucket), in order.

    Level -1 is the rows themselves. ``first`` is moved down to the grid of ``levels[number]``; at most ``FACTOR - 1``
    buckets of each finer level and ``BASE - 1`` rows follow where whole buckets end.
    """
    runs: list[Run] = []
    row = first if number < 0 else first // levels[number].size * levels[number].size
    for k in range(number, -1, -1):
        level = levels[k]
        begin, end = row // level.size, min(stop // level.size, len(level.low))
        if end > begin:
            runs.append((k, begin, end))
            row = end * level.size
    if stop > row:
        runs.append((-1, row, stop))
    return runs
