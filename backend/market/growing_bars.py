"""Bars of one series that grow at the end: every change is cheap, and no snapshot already given out ever changes."""

from bisect import bisect_left
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from backend.domain.bars import BarArrays
from backend.errors import InvalidInput
from backend.kernels.decimation import BASE, FACTOR, Level, build_level, build_pyramid, n_levels
from backend.market.bar_snapshot import BarSnapshot

TAIL_MIN: Final = 64  # rows that may still be rewritten without copying the series
TAIL_MAX: Final = 192  # at this length the older part of the tail becomes closed
_GROWTH: Final = 1.125
_SPARE_MIN: Final = 1024


class Column:
    """A column that grows at its end; values once shown in a view are never written again."""

    __slots__ = ("_values", "n")

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self._values = np.empty(0, values.dtype)
        self.n = 0
        self.append(values)

    def append(self, values: npt.NDArray[Any]) -> None:
        """Put values behind those there are."""
        end = self.n + len(values)
        if end > len(self._values):
            # Room to spare is not touched, so it costs addresses and no memory until it is used.
            grown = np.empty(int(end * _GROWTH) + _SPARE_MIN, self._values.dtype)
            grown[: self.n] = self._values[: self.n]
            self._values = grown
        self._values[self.n : end] = values
        self.n = end

    def view(self) -> npt.NDArray[Any]:
        """The values so far, read-only."""
        seen = self._values[: self.n]
        seen.flags.writeable = False
        return seen

    @property
    def n_bytes(self) -> int:
        """Memory held, in bytes."""
        return self.n * self._values.itemsize


class GrowingBars:
    """Owns the newest state of a series; only one thread changes it, any thread reads its snapshots.

    The newest rows (64 to 192) are the tail: replaced as a whole at each change, so the forming bar and late corrections of
    its neighbours cost the same few microseconds at any length. Older rows are closed: appended once into spare room behind
    what snapshots show. Rewriting a closed row copies the series, because snapshots may be showing it.
    """

    def __init__(self, bars: BarArrays, *, lineage: int = 0) -> None:
        self.lineage = lineage
        self._tail = BarArrays.empty()
        self._settled: tuple[BarArrays, tuple[Level, ...]] | None = None  # what snapshots share until the next row is closed
        self._start(bars)

    def __len__(self) -> int:
        return self._event_ns.n + len(self._tail)

    @property
    def n_bytes(self) -> int:
        """Memory held, in bytes."""
        levels = sum(column.n_bytes for level in self._levels for column in level)
        return self._event_ns.n_bytes + sum(c.n_bytes for c in self._columns) + levels + len(self._tail) * 48

    def snapshot(self, version: int) -> BarSnapshot:
        """The state now, as ``version``; O(log n) after a row was closed, else O(1)."""
        if self._settled is None:
            levels = tuple(
                Level(BASE * FACTOR**k, low.view(), high.view(), weight.view())
                for k, (low, high, weight) in enumerate(self._levels)
            )
            self._settled = BarArrays(self._event_ns.view(), *(c.view() for c in self._columns)), levels
        closed, levels = self._settled
        return BarSnapshot(version, closed, self._tail, levels, self._is_close_only, self._has_volume, self.lineage)

    def replace_from(self, bars: BarArrays) -> int:
        """Drop every bar at or after the first of ``bars`` and append them; the first row that changed.

        bars : at least one, oldest first. O(len(bars)) while its first bar lies in the tail or beyond, else O(n).
        """
        if not len(bars):
            raise InvalidInput("A series was asked to change from an empty list of bars.", hint="Pass at least one bar.")
        return self.cut(int(bars.event_ns[0]), bars)

    def cut(self, from_ns: int, bars: BarArrays) -> int:
        """Drop every bar at or after ``from_ns`` and append ``bars``, none of them earlier; the first row that changed."""
        n_closed = self._event_ns.n
        if n_closed and from_ns <= self._event_ns.view()[-1]:
            return self._rewrite(from_ns, bars)
        keep = bisect_left(self._tail.event_ns, from_ns)  # holds the interpreter lock, unlike numpy (decision 0188)
        changed = n_closed + keep
        self._note(bars)
        self._tail = join(self._tail[:keep], bars) if keep else _copied(bars)
        if len(self._tail) > TAIL_MAX:
            self._close(len(self._tail) - TAIL_MIN)
        return changed

    def _start(self, bars: BarArrays) -> None:
        self._settled = None
        split = max(len(bars) - TAIL_MIN, 0)
        closed = bars[:split]
        self._event_ns = Column(closed.event_ns)
        self._columns = tuple(Column(c) for c in closed.columns())
        self._tail = _copied(bars[split:])
        self._levels = [
            (Column(level.low), Column(level.high), Column(level.weight))
            for level in build_pyramid(closed.low, closed.high, closed.volume)
        ]
        self._is_close_only = bars.is_close_only
        self._has_volume = bool(np.any(bars.volume > 0))

    def _rewrite(self, from_ns: int, bars: BarArrays) -> int:
        old = self.snapshot(0)
        changed = int(old.rows_at(np.array([from_ns], np.int64))[0])
        self.lineage += 1
        self._start(join(old.rows(0, changed), bars))
        return changed

    def _note(self, bars: BarArrays) -> None:
        was_empty = not len(self)
        self._is_close_only = (was_empty or self._is_close_only) and (not len(bars) or bars.is_close_only)
        self._has_volume = self._has_volume or bool(np.any(bars.volume > 0))

    def _close(self, n_rows: int) -> None:
        # Move the oldest rows of the tail behind the closed ones, then complete the buckets that became whole.
        self._settled = None
        old = self._tail[:n_rows]
        self._event_ns.append(old.event_ns)
        for column, values in zip(self._columns, old.columns(), strict=True):
            column.append(values)
        self._tail = _copied(self._tail[n_rows:])
        _, high, low, _, volume = self._columns
        finer, group = (low, high, volume), BASE
        for k in range(n_levels(self._event_ns.n)):
            if k == len(self._levels):
                self._levels.append((Column(np.empty(0)), Column(np.empty(0)), Column(np.empty(0))))
            level = self._levels[k]
            have = level[0].n * group
            fresh = build_level(finer[0].view()[have:], finer[1].view()[have:], finer[2].view()[have:], group)
            for column, values in zip(level, fresh, strict=True):
                column.append(values)
            finer, group = level, FACTOR


def snapshot_of(bars: BarArrays, *, version: int = 1) -> BarSnapshot:
    """A snapshot of ``bars`` alone, its pyramid built here and now; O(n)."""
    return GrowingBars(bars).snapshot(version)


def _copied(bars: BarArrays) -> BarArrays:
    return BarArrays(bars.event_ns.copy(), *(c.copy() for c in bars.columns()))


def join(*parts: BarArrays) -> BarArrays:
    """Parts one after the other; a part alone is returned as it is."""
    some = [part for part in parts if len(part)]
    if len(some) <= 1:
        return some[0] if some else BarArrays.empty()
    columns = (np.concatenate(column) for column in zip(*(part.columns() for part in some), strict=True))
    return BarArrays(np.concatenate([part.event_ns for part in some]), *columns)
