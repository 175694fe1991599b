"""Rows folded into the columns of pixels that show them, from pyramids; cut once for bars and all lines of a chart."""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from backend.domain.bars import Float64s, Int64s
from backend.kernels.decimation import Level, Run, level_for, runs_between


class ColumnCut:
    """Rows cut into columns, worked out once for everything that is folded into them.

    first_row : int64[n_columns]   row of each column's first, strictly increasing, n_columns ≥ 1
    stop : row after the last column's last, above its first
    """

    def __init__(self, first_row: Int64s, stop: int) -> None:
        self.first_row = first_row
        self.stop = stop
        self._known: dict[tuple[Run, ...], Int64s] = {}

    @cached_property
    def last_row(self) -> Int64s:
        """int64[n_columns]: row of each column's last."""
        return np.append(self.first_row[1:], self.stop) - 1

    def runs(self, levels: Sequence[Level]) -> tuple[Run, ...]:
        """The buckets that cover the columns, and the rows where whole buckets end."""
        first = int(self.first_row[0])
        number = level_for(levels, (self.stop - first) / len(self.first_row))
        return tuple(runs_between(levels, number, first, self.stop))

    def groups(self, levels: Sequence[Level], runs: tuple[Run, ...]) -> Int64s:
        """int64[n_columns]: which piece of ``runs`` each column begins with.

        A piece belongs to the column that holds its first row; one that begins before the first column belongs to that.
        """
        known = self._known.get(runs)
        if known is None:
            sizes = [levels[k].size if k >= 0 else 1 for k, _, _ in runs]
            starts = [np.arange(begin, end) * size for (_, begin, end), size in zip(runs, sizes, strict=True)]
            start = np.concatenate(starts)
            known = np.minimum(np.searchsorted(start, self.first_row), len(start) - 1)
            known[0] = 0
            self._known[runs] = known
        return known


def fold_extremes(
    levels: Sequence[Level], cut: ColumnCut, rows: Callable[[int, int], tuple[Float64s, Float64s]]
) -> tuple[Float64s, Float64s]:
    """Lowest low and highest high of each column of ``cut``, from a pyramid and, at its ends, the rows themselves.

    rows : low and high of rows [first, stop)
    """
    runs = cut.runs(levels)
    groups = cut.groups(levels, runs)
    parts = [(levels[k].low[a:b], levels[k].high[a:b]) if k >= 0 else rows(a, b) for k, a, b in runs]
    low, high = parts[0] if len(parts) == 1 else (np.concatenate(column) for column in zip(*parts, strict=True))
    return np.fmin.reduceat(low, groups), np.fmax.reduceat(high, groups)


def fold_weights(levels: Sequence[Level], cut: ColumnCut, rows: Callable[[int, int], Float64s]) -> Float64s:
    """Sum of weight of each column of ``cut``; see ``fold_extremes``."""
    runs = cut.runs(levels)
    weight = np.concatenate([levels[k].weight[a:b] if k >= 0 else rows(a, b) for k, a, b in runs])
    sums: Float64s = np.add.reduceat(np.where(np.isnan(weight), 0.0, weight), cut.groups(levels, runs))
    return sums
