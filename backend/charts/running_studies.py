"""The studies of one series as they run: closed bars computed once, the newest ones again whenever they change."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from backend.charts.chart_state import Study
from backend.charts.study_snapshot import LineKey, StudyLine
from backend.domain.bars import DAY_NS, BarArrays, BarSpec, Float64s, Int64s
from backend.domain.sessions import SessionTable
from backend.errors import TriiError
from backend.indicators.group import Member, StreamGroup
from backend.kernels.decimation import BASE, FACTOR, Level, build_level, n_levels
from backend.market.bar_snapshot import BarSnapshot
from backend.market.growing_bars import Column

_TAIL_ROOM: Final = 256


class RunningStudies:
    """Follows one series. Made and advanced by one thread at a time; the lines it gives out never change.

    The group ``closed`` has taken every closed bar; ``live`` also those of the tail but the newest, which is only peeked at.
    A change inside the tail begins again from ``closed``, so the cost of a bar does not grow with the series.
    """

    def __init__(self, studies: tuple[Study, ...], spec: BarSpec, sessions: SessionTable | None) -> None:
        self._spec = spec
        self._sessions = sessions
        members, self.errors = _members(studies)
        self._closed = StreamGroup(members)
        self._live = self._closed
        self._lines = [_GrowingLine() for _ in self._closed.keys]
        self._tail = np.empty((0, len(self._lines)))
        self._n_live = 0
        self._bars: BarSnapshot | None = None
        self._breaks = Column(np.empty(0, np.int64))
        self._last_session = np.nan

    @property
    def lineage(self) -> int | None:
        """The lineage of the bars it has taken; None before the first."""
        return None if self._bars is None else self._bars.lineage

    def advance(self, bars: BarSnapshot) -> None:
        """Take a newer state of the same lineage."""
        old, n_closed = self._bars, len(bars.closed)
        assert old is None or old.lineage == bars.lineage, "Another lineage needs another run."
        done = 0 if old is None else len(old.closed)
        changed = n_closed if old is None else _first_change(old, bars)
        if n_closed > done:
            self._take_closed(bars.closed[done:])
        if changed < self._n_live or self._n_live < n_closed or old is None:
            self._live, self._n_live = self._closed.copy(), n_closed
        self._take_tail(bars, n_closed, 0 if old is None else len(old.closed))
        self._bars = bars

    def lines(self) -> Mapping[LineKey, StudyLine]:
        """The lines of the bars taken last."""
        tails = self._tail.T
        made = {key: line.shown(tails[place]) for place, (key, line) in enumerate(zip(self._closed.keys, self._lines, strict=True))}
        return MappingProxyType(made)

    def breaks(self) -> Int64s:
        """Rows at which sessions start; those in the tail are found anew."""
        if self._bars is None or not self._spec.is_intraday:
            return np.empty(0, np.int64)
        tail = self._bars.tail
        fresh = _starts(self._session_of(tail.event_ns), self._last_session) + len(self._bars.closed)
        return np.concatenate((self._breaks.view(), fresh))

    # --- inside -------------------------------------------------------------------------------------------------------

    def _take_closed(self, bars: BarArrays) -> None:
        session = self._session_of(bars.event_ns)
        swept = self._closed.sweep(bars, session)
        for key, line in zip(self._closed.keys, self._lines, strict=True):
            line.append(swept[key])
        if self._spec.is_intraday and len(bars):
            rows = _starts(session, self._last_session) + (len(self._bars.closed) if self._bars is not None else 0)
            self._breaks.append(rows)
            self._last_session = float(session[-1])

    def _take_tail(self, bars: BarSnapshot, n_closed: int, n_closed_before: int) -> None:
        n_bars, tail = len(bars), bars.tail
        fresh = np.empty((len(tail), len(self._lines)))
        kept = self._n_live - n_closed
        fresh[:kept] = self._tail[n_closed - n_closed_before : n_closed - n_closed_before + kept]
        session = self._session_of(tail.event_ns)
        for row in range(self._n_live, n_bars):
            place = row - n_closed
            act = self._live.update if row < n_bars - 1 else self._live.peek
            fresh[place] = act(tail.bar(place), float(session[place]))
        self._n_live = max(self._n_live, n_bars - 1)
        fresh.flags.writeable = False
        self._tail = fresh

    def _session_of(self, event_ns: Int64s) -> Float64s:
        return session_numbers(self._spec, event_ns, self._sessions)


class _GrowingLine:
    """Closed values and their pyramid; what is shown is never written again."""

    def __init__(self) -> None:
        self._values = Column(np.empty(0))
        self._levels: list[tuple[Column, Column, Column]] = []

    def append(self, values: Float64s) -> None:
        """Take values of bars that are closed now, and complete the buckets that became whole."""
        self._values.append(values)
        finer, group = (self._values, self._values, self._values), BASE
        for k in range(n_levels(self._values.n)):
            if k == len(self._levels):
                self._levels.append((Column(np.empty(0)), Column(np.empty(0)), Column(np.empty(0))))
            level = self._levels[k]
            have = level[0].n * group
            fresh = build_level(finer[0].view()[have:], finer[1].view()[have:], finer[2].view()[have:], group)
            for column, added in zip(level, fresh, strict=True):
                column.append(added)
            finer, group = level, FACTOR

    def shown(self, tail: Float64s) -> StudyLine:
        """The line with ``tail`` behind its closed values."""
        levels = (Level(BASE * FACTOR**k, *(column.view() for column in level)) for k, level in enumerate(self._levels))
        return StudyLine(self._values.view(), tail, tuple(levels))


def session_numbers(spec: BarSpec, event_ns: Int64s, sessions: SessionTable | None) -> Float64s:
    """float64[n]: a number that changes with each session; bars of days and longer are sessions of their own."""
    if spec.is_dated or sessions is None or not len(sessions):
        return (event_ns // DAY_NS).astype(np.float64)
    row = np.searchsorted(sessions.open_ns, event_ns, side="right").astype(np.float64)
    days = (event_ns // DAY_NS).astype(np.float64)
    # Beyond what the calendar knows each UTC day is a session; negative, so that no number means two things.
    return np.where((row == 0) | (event_ns >= sessions.close_ns[-1] + DAY_NS), -days - 1.0, row)


def _starts(session: Float64s, before: float) -> Int64s:
    """Rows whose session is another than the row's before; the very first row of all is none."""
    if not len(session):
        return np.empty(0, np.int64)
    changes = np.flatnonzero(np.diff(session)) + 1
    starts_new = not np.isnan(before) and session[0] != before
    return np.append(np.int64(0), changes) if starts_new else changes.astype(np.int64)


def _first_change(old: BarSnapshot, new: BarSnapshot) -> int:
    """The first row that may differ; rows closed in both are the same by their lineage."""
    first = len(old.closed)
    one, other = old.tail, new.rows(first, len(new))
    n = min(len(one), len(other))
    same = one.event_ns[:n] == other.event_ns[:n]
    for a, b in zip(one.columns(), other.columns(), strict=True):
        same &= (a[:n] == b[:n]) | (np.isnan(a[:n]) & np.isnan(b[:n]))
    differ = np.flatnonzero(~same)
    return first + (int(differ[0]) if len(differ) else n)


def _members(studies: tuple[Study, ...]) -> tuple[list[Member], dict[str, str]]:
    """The studies that can be computed, in order, and why the others cannot."""
    members: list[Member] = []
    errors: dict[str, str] = {}
    for study in studies:
        source = f"{study.source.study}.{study.source.field}" if study.source.study else study.source.field
        member = Member(study.id, study.indicator, study.params, source)
        if study.source.study in errors:
            errors[study.id] = "What it reads cannot be computed."
            continue
        try:
            StreamGroup([*members, member])
        except TriiError as error:
            errors[study.id] = str(error)
        else:
            members.append(member)
    return members, errors
