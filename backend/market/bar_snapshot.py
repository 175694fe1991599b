"""One immutable state of a series, read by any thread without locks: bars, and the pyramid that draws millions of them."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from backend.domain.bars import Bar, BarArrays, Float64s, Int64s
from backend.kernels.decimation import Level
from backend.market.column_cut import ColumnCut, fold_extremes, fold_weights


class ColumnArrays(NamedTuple):
    """Bars folded into columns, as a chart draws several on one pixel.

    first_row : int64[n_columns]   row of each column's first bar, strictly increasing
    open, close : float64[n_columns]   of the first and the last bar
    high, low : float64[n_columns]   extremes, off by less than a quarter of a column at its edges
    volume : float64[n_columns]   sum; bars of unknown volume count as 0
    """

    first_row: Int64s
    open: Float64s
    high: Float64s
    low: Float64s
    close: Float64s
    volume: Float64s


@dataclass(frozen=True, slots=True, eq=False)
class BarSnapshot:
    """Bars ``closed`` then ``tail``, oldest first; nothing in it changes once it is made.

    closed : rows that later versions share; they are written once, before any snapshot shows them
    tail : the newest rows, few; every version has its own copy, so a forming bar may change between versions
    levels : pyramid over the whole buckets of ``closed``
    is_close_only : every bar has open = high = low = close
    has_volume : at least one bar has a volume above 0
    lineage : changes when rows may have moved or been rewritten in ``closed``; equal lineage means that
        an older snapshot's closed rows are the first rows of this one
    """

    version: int
    closed: BarArrays
    tail: BarArrays
    levels: tuple[Level, ...] = ()
    is_close_only: bool = False
    has_volume: bool = False
    lineage: int = 0

    def __len__(self) -> int:
        return len(self.closed) + len(self.tail)

    def first(self, n_rows: int, under_way: Bar | None = None) -> "BarSnapshot":
        """The first ``n_rows`` bars alone, and ``under_way`` behind them: what was there at a moment of the past. Copies the tail.

        The lineage stays: of two such snapshots, one's closed rows are the first rows of the other.
        """
        n_closed = len(self.closed)
        if n_rows >= len(self) and under_way is None:
            return self
        tail = self.tail[: max(n_rows - n_closed, 0)]
        if under_way is not None:
            newest = BarArrays.of([under_way])
            columns = (np.append(*pair) for pair in zip(tail.columns(), newest.columns(), strict=True))
            tail = BarArrays(np.append(tail.event_ns, newest.event_ns), *columns)
        levels = cut_levels(self.levels, n_rows)
        return replace(self, closed=self.closed[: min(n_rows, n_closed)], tail=tail, levels=levels)

    @property
    def bars(self) -> BarArrays:
        """All bars as columns; copies, so for exports and sums, not once a frame."""
        return self.rows(0, len(self))

    def rows(self, first: int, stop: int) -> BarArrays:
        """Bars [first, stop): a view where all are closed, else a copy. Rows beyond either end are left out."""
        n_closed = len(self.closed)
        first, stop = max(first, 0), min(stop, len(self))
        if stop <= n_closed:
            return self.closed[first : max(stop, first)]
        if first >= n_closed:
            return self.tail[first - n_closed : max(stop - n_closed, 0)]
        old, new = self.closed[first:], self.tail[: stop - n_closed]
        columns = (np.concatenate(pair) for pair in zip(old.columns(), new.columns(), strict=True))
        return BarArrays(np.concatenate((old.event_ns, new.event_ns)), *columns)

    def bar(self, row: int) -> Bar:
        """The bar at ``row``, 0 to n - 1."""
        n_closed = len(self.closed)
        return self.closed.bar(row) if row < n_closed else self.tail.bar(row - n_closed)

    def event_ns_at(self, row: int) -> int:
        """Event time of the bar at ``row``, 0 to n - 1."""
        n_closed = len(self.closed)
        return int(self.closed.event_ns[row] if row < n_closed else self.tail.event_ns[row - n_closed])

    def event_ns_between(self, first: int, stop: int) -> Int64s:
        """Event times of bars [first, stop); rows beyond either end are left out."""
        n_closed = len(self.closed)
        first, stop = max(first, 0), min(stop, len(self))
        if stop <= n_closed:
            return self.closed.event_ns[first : max(stop, first)]
        if first >= n_closed:
            return self.tail.event_ns[first - n_closed : stop - n_closed]
        return np.concatenate((self.closed.event_ns[first:], self.tail.event_ns[: stop - n_closed]))

    def rows_at(self, event_ns: Int64s) -> Int64s:
        """Row of the first bar at or after each time; the number of bars where there is none."""
        rows = np.searchsorted(self.closed.event_ns, event_ns)
        beyond = rows == len(self.closed)
        if len(self.tail) and bool(np.any(beyond)):
            rows = rows + np.where(beyond, np.searchsorted(self.tail.event_ns, event_ns), 0)
        return rows.astype(np.int64)

    def row_at(self, event_ns: int) -> int:
        """Row of the last bar at or before ``event_ns``; -1 where there is none."""
        return int(self.rows_at(np.array([event_ns + 1], np.int64))[0]) - 1

    def columns(self, cut: ColumnCut) -> ColumnArrays:
        """Fold bars into columns of rows 0 to n - 1."""
        low, high = fold_extremes(self.levels, cut, self._extremes)
        volume = fold_weights(self.levels, cut, self._volumes)
        opens, closes = self._take(0, cut.first_row), self._take(3, cut.last_row)
        high = np.fmax(high, np.maximum(opens, closes))
        low = np.fmin(low, np.minimum(opens, closes))
        return ColumnArrays(cut.first_row, opens, high, low, closes, volume)

    def _take(self, column: int, rows: Int64s) -> Float64s:
        # The values of one column at scattered rows.
        closed, tail = self.closed.columns()[column], self.tail.columns()[column]
        n_closed = len(closed)
        if rows[-1] < n_closed:
            return closed[rows]
        split = int(np.searchsorted(rows, n_closed))
        return np.concatenate((closed[rows[:split]], tail[rows[split:] - n_closed]))

    def _extremes(self, first: int, stop: int) -> tuple[Float64s, Float64s]:
        rows = self.rows(first, stop)
        return rows.low, rows.high

    def _volumes(self, first: int, stop: int) -> Float64s:
        return self.rows(first, stop).volume


def cut_levels(levels: tuple[Level, ...], n_rows: int) -> tuple[Level, ...]:
    """A pyramid over the first ``n_rows`` rows: the buckets that end before them."""
    return tuple(Level(size, *(column[: n_rows // size] for column in columns)) for size, *columns in levels if n_rows >= size)
