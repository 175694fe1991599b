"""One indicator as it runs beside a growing series: closed bars computed once, the newest ones again whenever they change."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.charts.series_times import SeriesTimes
from backend.charts.study_plan import Chain
from backend.charts.study_snapshot import StudyLine
from backend.domain.bars import Bar, Float64s
from backend.indicators.group import StreamGroup
from backend.kernels.decimation import BASE, FACTOR, Level, build_level, n_levels
from backend.market.bar_snapshot import BarSnapshot
from backend.market.growing_bars import Column

_MARK_ROWS: Final = 16_384  # between two states that are kept of the past


@dataclass(frozen=True, slots=True, eq=False)
class Advance:
    """The way from one state of the bars to a newer one of the same lineage; found once for all that run beside them.

    n_done : rows that were closed before
    first_changed : the first row that may differ
    closed_sessions, tail_sessions : float64, the session of each newly closed row, and of each of the tail
    newest : the newest bar, None where there are no bars
    """

    old: BarSnapshot | None
    bars: BarSnapshot
    n_done: int
    first_changed: int
    closed_sessions: Float64s
    tail_sessions: Float64s
    newest: Bar | None


def advance_between(times: SeriesTimes, old: BarSnapshot | None, bars: BarSnapshot) -> Advance:
    """The way from ``old`` (None: from before the first bar) to ``bars``."""
    assert old is None or old.lineage == bars.lineage, "Another lineage needs another run."
    n_done = 0 if old is None else len(old.closed)
    changed = 0 if old is None else first_change(old, bars)
    closed = times.session_numbers(bars.closed.event_ns[n_done:])
    newest = bars.bar(len(bars) - 1) if len(bars) else None
    return Advance(old, bars, n_done, changed, closed, times.session_numbers(bars.tail.event_ns), newest)


class RunningStudy:
    """Made and advanced by one thread at a time; the lines it gives out never change.

    The group ``closed`` has taken every closed bar; ``live`` also those of the tail but the newest, which is only peeked at.
    A change inside the tail begins again from ``closed``, so the cost of a bar does not grow with the series.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._closed = StreamGroup(chain)
        self._live = self._closed.copy()
        keys = self._closed.keys
        self._keys = [key for key in keys if key[0] == chain[-1].key]
        self._first = len(keys) - len(self._keys)
        self.outputs = tuple(output for _, output in self._keys)
        self._lines = [GrowingLine() for _ in self._keys]
        self._tail = np.empty((0, len(self._keys)))
        self._n_live = 0
        self.bars: BarSnapshot | None = None
        self._past = _Past(chain)

    def advance(self, way: Advance) -> None:
        """Take a newer state of the same lineage; ``way`` leads on from the state taken last."""
        assert way.old is self.bars, "The way begins elsewhere."
        n_closed = len(way.bars.closed)
        if n_closed > way.n_done:
            swept = self._closed.sweep(way.bars.closed[way.n_done :], way.closed_sessions)
            for key, line in zip(self._keys, self._lines, strict=True):
                line.append(swept[key])
        if way.first_changed < self._n_live or self._n_live < n_closed or self.bars is None:
            self._live, self._n_live = self._closed.copy(), n_closed
        self._take_tail(way, n_closed)
        self.bars = way.bars

    def lines(self) -> tuple[StudyLine, ...]:
        """One line an output, of the bars taken last."""
        return tuple(line.shown(tail) for line, tail in zip(self._lines, self._tail.T, strict=True))

    def values_at(self, times: SeriesTimes, bars: BarSnapshot, n_rows: int, under_way: Bar) -> Float64s:
        """float64[n_outputs]: the values at ``under_way`` behind the first ``n_rows`` of ``bars``, as on a day of the past."""
        group = self._past.at(times, bars, n_rows)
        session = times.session_numbers(np.array([under_way.event_ns], np.int64))
        return group.peek(under_way, float(session[0]))[self._first :].copy()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _take_tail(self, way: Advance, n_closed: int) -> None:
        n_bars, tail = len(way.bars), way.bars.tail
        fresh = np.empty((len(tail), len(self._keys)))
        kept = self._n_live - n_closed
        moved = n_closed - way.n_done
        fresh[:kept] = self._tail[moved : moved + kept]
        for row in range(self._n_live, n_bars):
            place = row - n_closed
            session = float(way.tail_sessions[place])
            if row < n_bars - 1:
                fresh[place] = self._live.update(tail.bar(place), session)[self._first :]
            elif way.newest is not None:
                fresh[place] = self._live.peek(way.newest, session)[self._first :]
        self._n_live = max(self._n_live, n_bars - 1)
        fresh.flags.writeable = False
        self._tail = fresh


class _Past:
    """States of an indicator at rows of the past, so that going back in a long series costs no more than a stretch of it."""

    def __init__(self, chain: Chain) -> None:
        self._blank = StreamGroup(chain)
        self._marks: dict[int, StreamGroup] = {}

    def at(self, times: SeriesTimes, bars: BarSnapshot, n_rows: int) -> StreamGroup:
        """A group that has taken the first ``n_rows`` of ``bars``; a copy."""
        row = max((mark for mark in self._marks if mark <= n_rows), default=0)
        group = self._marks[row].copy() if row else self._blank.copy()
        while row < n_rows:
            stop = min((row // _MARK_ROWS + 1) * _MARK_ROWS, n_rows)
            taken = bars.rows(row, stop)
            group.sweep(taken, times.session_numbers(taken.event_ns))
            row = stop
            if row % _MARK_ROWS == 0 and row <= len(bars.closed):  # closed rows stay as they are
                self._marks[row] = group.copy()
        return group


class GrowingLine:
    """Closed values and their pyramid; what is shown is never written again."""

    def __init__(self) -> None:
        self._values = Column(np.empty(0))
        self._columns: list[tuple[Column, Column, Column]] = []
        self._levels: tuple[Level, ...] | None = None

    def __len__(self) -> int:
        return self._values.n

    def append(self, values: Float64s) -> None:
        """Take values of bars that are closed now, and complete the buckets that became whole."""
        self._levels = None
        self._values.append(values)
        finer, group = (self._values, self._values, self._values), BASE
        for k in range(n_levels(self._values.n)):
            if k == len(self._columns):
                self._columns.append((Column(np.empty(0)), Column(np.empty(0)), Column(np.empty(0))))
            level = self._columns[k]
            have = level[0].n * group
            fresh = build_level(finer[0].view()[have:], finer[1].view()[have:], finer[2].view()[have:], group)
            for column, added in zip(level, fresh, strict=True):
                column.append(added)
            finer, group = level, FACTOR

    def shown(self, tail: Float64s) -> StudyLine:
        """The line with ``tail`` behind its closed values."""
        if self._levels is None:
            self._levels = tuple(
                Level(BASE * FACTOR**k, *(column.view() for column in level)) for k, level in enumerate(self._columns)
            )
        return StudyLine(self._values.view(), tail, self._levels)


def first_change(old: BarSnapshot, new: BarSnapshot) -> int:
    """The first row that may differ; rows closed in ``old`` are the same in ``new`` by their lineage."""
    first = len(old.closed)
    one, other = old.tail, new.rows(first, len(new))
    n = min(len(one), len(other))
    same = one.event_ns[:n] == other.event_ns[:n]
    for a, b in zip(one.columns(), other.columns(), strict=True):
        same &= (a[:n] == b[:n]) | (np.isnan(a[:n]) & np.isnan(b[:n]))
    differ = np.flatnonzero(~same)
    return first + (int(differ[0]) if len(differ) else n)
