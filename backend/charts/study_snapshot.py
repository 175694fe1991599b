"""Bars and everything computed from them, as one immutable value that a chart draws."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Final, TypeAlias

import numpy as np

from backend.domain.bars import BarArrays, Float64s, Int64s
from backend.kernels.decimation import Level, build_pyramid
from backend.market.bar_snapshot import BarSnapshot, cut_levels
from backend.market.column_cut import ColumnCut, fold_extremes
from backend.market.growing_bars import snapshot_of

LineKey: TypeAlias = tuple[str, str]  # id of a study and one of its outputs; id of a comparison and "close"
COMPARED: Final = "close"


@dataclass(frozen=True, slots=True, eq=False)
class StudyLine:
    """One value a bar, NaN where there is none.

    closed : float64[n_closed]   shared between versions, written once before any of them shows it
    tail : float64[n_tail]   the newest, of this version alone
    levels : pyramid over the whole buckets of ``closed``
    """

    crosses_bridge: ClassVar[str] = "immutable; its closed part grows behind what is shown"

    closed: Float64s
    tail: Float64s
    levels: tuple[Level, ...] = ()

    def __len__(self) -> int:
        return len(self.closed) + len(self.tail)

    def rows(self, first: int, stop: int) -> Float64s:
        """Values of rows [first, stop); rows beyond either end are left out."""
        n_closed = len(self.closed)
        first, stop = max(first, 0), min(stop, len(self))
        if stop <= n_closed:
            return self.closed[first : max(stop, first)]
        if first >= n_closed:
            return self.tail[first - n_closed : max(stop - n_closed, 0)]
        return np.concatenate((self.closed[first:], self.tail[: stop - n_closed]))

    def value(self, row: int) -> float:
        """The value at ``row``, 0 to n - 1."""
        n_closed = len(self.closed)
        return float(self.closed[row] if row < n_closed else self.tail[row - n_closed])

    def first(self, n_rows: int, under_way: float | None = None) -> "StudyLine":
        """The first ``n_rows`` values alone, and ``under_way`` behind them."""
        n_closed = len(self.closed)
        if n_rows >= len(self) and under_way is None:
            return self
        tail = self.tail[: max(n_rows - n_closed, 0)]
        if under_way is not None:
            tail = np.append(tail, under_way)
            tail.flags.writeable = False
        return StudyLine(self.closed[:n_rows], tail, cut_levels(self.levels, n_rows))

    def columns(self, cut: ColumnCut) -> tuple[Float64s, Float64s, Float64s, Float64s]:
        """First, highest, lowest and last value of each column of ``cut``; columns beyond the newest value are left out."""
        if cut.stop > len(self):
            cut = ColumnCut(cut.first_row[cut.first_row < len(self)], len(self))
        if not len(cut.first_row):
            none = np.empty(0)
            return none, none, none, none
        low, high = fold_extremes(self.levels, cut, self._extremes)
        return self._take(cut.first_row), high, low, self._take(cut.last_row)

    def _extremes(self, first: int, stop: int) -> tuple[Float64s, Float64s]:
        values = self.rows(first, stop)
        return values, values

    def _take(self, rows: Int64s) -> Float64s:
        n_closed = len(self.closed)
        if rows[-1] < n_closed:
            return self.closed[rows]
        split = int(np.searchsorted(rows, n_closed))
        return np.concatenate((self.closed[rows[:split]], self.tail[rows[split:] - n_closed]))


_NO_LINES: Final[Mapping[LineKey, StudyLine]] = MappingProxyType({})
_NO_ERRORS: Final[Mapping[str, str]] = MappingProxyType({})
_NO_ROWS: Final = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class StudySnapshot:
    """Bars, and lines that belong to exactly these bars.

    lines : by study and output, or by comparison and "close"; missing while they are being computed
    breaks : int64[n]   rows at which a session starts, of bars cut by the clock
    closes_ns : when the newest bar will be complete; None where that is not known
    errors : why a study or comparison has no lines, by its id
    """

    crosses_bridge: ClassVar[str] = "immutable"

    version: int
    bars: BarSnapshot
    lines: Mapping[LineKey, StudyLine] = field(default_factory=lambda: _NO_LINES)
    breaks: Int64s = field(default_factory=lambda: _NO_ROWS)
    closes_ns: int | None = None
    errors: Mapping[str, str] = field(default_factory=lambda: _NO_ERRORS)


def line_of(values: Float64s) -> StudyLine:
    """A line that never changes, with its pyramid."""
    return StudyLine(values, np.empty(0), build_pyramid(values, values, np.zeros(len(values))))


def fixed_snapshot(bars: BarArrays, lines: Mapping[LineKey, Float64s], *, breaks: Int64s | None = None) -> StudySnapshot:
    """A snapshot of bars and values computed over them, for pictures and tests."""
    made = MappingProxyType({key: line_of(values) for key, values in lines.items()})
    return StudySnapshot(1, snapshot_of(bars), made, _NO_ROWS if breaks is None else breaks)
