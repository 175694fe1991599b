"""Bars of a longer interval from bars of a shorter one, by trading sessions, and when each bar is complete.

| target | a bar holds | its event_ns |
|---|---|---|
| seconds, minutes, hours | source bars that open within ``step`` counted from their session's opening | that instant |
| the same, outside sessions | the same, counted from the last close; such bars never enter days | that instant |
| days | the source bars of one session, or of ``step`` sessions counted from the calendar's first | first session's label |
| weeks | the sessions whose dates lie in one Monday-to-Sunday week (or in ``step`` of them) | first session's label |
| months | the sessions whose dates lie in one month (or in ``step`` of them, counted from January) | first session's label |

No bar crosses an opening or a close unless a source bar does: that one belongs to the session it opens into. A
session's last bar may be short. "First session" is the calendar's, whether its bar is there or not, so that filling a
gap never moves a label. A bar on a date without a session, as a Sunday evening's in foreign exchange, belongs to the
next session's week or month. Where the calendar does not reach, days are those of UTC. Volumes are added in order; a
volume that nobody knows stays unknown.
"""

from decimal import Decimal
from typing import Final

import numpy as np

from backend.domain.bars import DAY_NS, BarArrays, BarSpec, BarUnit, Float64s, Int64s
from backend.domain.sessions import SessionTable
from backend.errors import InvalidInput

NEVER_NS: Final = np.iinfo(np.int64).max
_DAY: Final = BarSpec(Decimal(1), BarUnit.DAY)
_MONDAY: Final = 3  # 1970-01-01 was a Thursday


def divides(source: BarSpec, target: BarSpec) -> bool:
    """Whether bars of ``target`` can be built from bars of ``source`` without splitting any."""
    if source == target or not (source.is_time and target.is_time):
        return source == target
    if source.is_dated and target.is_intraday:
        return False
    if source.is_intraday and target.is_dated:
        return True
    if source.unit is target.unit:
        return target.step % source.step == 0
    if source.is_dated:  # weeks do not make months, nor pairs of days weeks
        return source == _DAY
    assert source.duration_ns is not None
    assert target.duration_ns is not None
    return target.duration_ns % source.duration_ns == 0


def resample(bars: BarArrays, source: BarSpec, target: BarSpec, sessions: SessionTable) -> BarArrays:
    """Bars of ``target`` from ``bars`` of ``source``; the last one may still be under way, see ``known_ns``.

    Raises InvalidInput where ``source`` does not divide ``target``.
    """
    if not divides(source, target):
        raise InvalidInput(f"Bars of {target} cannot be built from bars of {source}.", hint="Ask for a multiple of it.")
    if source == target or not len(bars):
        return bars
    label_ns = bars.event_ns
    if source.is_intraday:
        if target.is_intraday:
            assert target.duration_ns is not None
            return _merge(bars, intraday_starts(bars.event_ns, target.duration_ns, sessions))
        label_ns = _session_labels(bars.event_ns, source, sessions)
        bars, label_ns = _pick(bars, label_ns != NEVER_NS), label_ns[label_ns != NEVER_NS]
        if not len(bars):
            return BarArrays.empty()
    return _merge(bars, dated_labels(label_ns, target, sessions))


def known_ns(spec: BarSpec, event_ns: Int64s, sessions: SessionTable) -> Int64s:
    """The first instant at which each bar is complete and may be used without looking ahead.

    event_ns : int64[n_bars]   of bars of ``spec``, oldest first
    A bar that begins outside sessions may come from someone who cuts by the clock alone: it lasts its whole length,
    across the opening. Bars cut by trades, quantity or range are complete when the next one opens, the newest never
    (NEVER_NS).
    """
    if not spec.is_time:
        return np.append(event_ns[1:], NEVER_NS)[: len(event_ns)].astype(np.int64)
    if spec.is_intraday:
        assert spec.duration_ns is not None
        return np.minimum(event_ns + spec.duration_ns, _bounds(event_ns, sessions)[1])
    return _last_closes(event_ns, spec, sessions)


def intraday_starts(event_ns: Int64s, step_ns: int, sessions: SessionTable) -> Int64s:
    """The start of the bar of ``step_ns`` that holds each instant."""
    anchor, _ = _bounds(event_ns, sessions)
    return anchor + (event_ns - anchor) // step_ns * step_ns


def dated_labels(label_ns: Int64s, spec: BarSpec, sessions: SessionTable) -> Int64s:
    """The label of the bar of days, weeks or months to which each session label belongs."""
    first_day, end_day = _group_days(label_ns // DAY_NS, spec, sessions)
    row = np.searchsorted(sessions.label_ns, first_day * DAY_NS)
    first_session = np.append(sessions.label_ns, NEVER_NS)[row]
    # A group without a session, or one that begins before the calendar does, is named by its first date.
    is_named = (first_session < end_day * DAY_NS) & ((row > 0) | (first_session == first_day * DAY_NS))
    return np.where(is_named, first_session, first_day * DAY_NS).astype(np.int64)


def source_window(spec: BarSpec, from_ns: int | None, to_ns: int | None, sessions: SessionTable) -> tuple[int | None, int | None]:
    """What to read of a shorter spec so that every bar of ``spec`` with ``from_ns`` ≤ event_ns < ``to_ns`` is whole."""
    if spec.duration_ns is not None and spec.is_intraday:
        return from_ns, None if to_ns is None else to_ns + spec.duration_ns
    start, stop = from_ns, to_ns
    if from_ns is not None:
        first_ns = int(_group_days(np.array([from_ns // DAY_NS], np.int64), spec, sessions)[0][0]) * DAY_NS
        # Dates without a session before the first one belong to it, and a session may open the evening before.
        row = int(np.searchsorted(sessions.label_ns, first_ns)) - 1
        start = first_ns - 2 * DAY_NS if row < 0 else min(first_ns - 2 * DAY_NS, int(sessions.label_ns[row]))
    if to_ns is not None:
        stop = (int(_group_days(np.array([to_ns // DAY_NS], np.int64), spec, sessions)[1][0]) + 2) * DAY_NS
    return start, stop


def _session_labels(event_ns: Int64s, source: BarSpec, sessions: SessionTable) -> Int64s:
    """Label of the session to which each intraday bar belongs; NEVER_NS where the market is shut all the while."""
    day_ns = event_ns // DAY_NS * DAY_NS
    if not len(sessions):
        return day_ns
    assert source.duration_ns is not None
    row = sessions.row_at(event_ns)
    row = np.where(row >= 0, row, sessions.row_at(event_ns + source.duration_ns - 1))
    is_beyond = (day_ns < sessions.label_ns[0]) | (day_ns > sessions.label_ns[-1])
    return np.where(row >= 0, sessions.label_ns[row], np.where(is_beyond, day_ns, NEVER_NS)).astype(np.int64)


def _bounds(event_ns: Int64s, sessions: SessionTable) -> tuple[Int64s, Int64s]:
    """The opening or close from which bars count at each instant, and the next close."""
    if not len(sessions):
        return np.zeros_like(event_ns), np.full_like(event_ns, NEVER_NS)
    row = sessions.n_opened(event_ns) - 1
    here = np.maximum(row, 0)
    is_inside = (row >= 0) & (event_ns < sessions.close_ns[here])
    anchor = np.where(is_inside, sessions.open_ns[here], np.where(row >= 0, sessions.close_ns[here], 0))
    after = np.where(is_inside, row, row + 1)
    close = np.where(after < len(sessions), sessions.close_ns[np.minimum(after, len(sessions) - 1)], NEVER_NS)
    return anchor.astype(np.int64), close.astype(np.int64)


def _group_days(day: Int64s, spec: BarSpec, sessions: SessionTable) -> tuple[Int64s, Int64s]:
    """First date of the group of each date, and the first date after it, in days since 1970."""
    step = int(spec.step)
    if spec.unit is BarUnit.WEEK:
        week = (_trading_days(day, sessions) + _MONDAY) // 7 // step * step
        return week * 7 - _MONDAY, (week + step) * 7 - _MONDAY
    if spec.unit is BarUnit.MONTH:
        dates = _trading_days(day, sessions).astype("datetime64[D]")
        month = dates.astype("datetime64[M]").astype(np.int64) // step * step
        return _month_start(month), _month_start(month + step)
    if step == 1 or not len(sessions):
        return day // step * step, day // step * step + step
    session_day = sessions.label_ns // DAY_NS
    first = np.searchsorted(session_day, day) // step * step
    end = session_day[-1] + 1  # from here on, and before the first session, dates are counted instead
    edges = np.append(session_day, np.full(step, end))
    origin = np.where(day < session_day[0], session_day[0], end)
    counted = origin + (day - origin) // step * step
    is_beyond = (day < session_day[0]) | (day >= end)
    last = len(session_day)
    return (
        np.where(is_beyond, counted, edges[np.minimum(first, last)]),
        np.where(is_beyond, counted + step, edges[np.minimum(first + step, last)]),
    )


def _trading_days(day: Int64s, sessions: SessionTable) -> Int64s:
    """The date of the session on or next after each date; the date itself where the calendar does not reach."""
    if not len(sessions):
        return day
    session_day = sessions.label_ns // DAY_NS
    row = np.searchsorted(session_day, day)
    is_known = (day >= session_day[0]) & (row < len(session_day))
    return np.where(is_known, session_day[np.minimum(row, len(session_day) - 1)], day)


def _month_start(month: Int64s) -> Int64s:
    return month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _last_closes(label_ns: Int64s, spec: BarSpec, sessions: SessionTable) -> Int64s:
    """Close of the last session in the group of each label, or the end of its last date where none is known."""
    _, end_day = _group_days(label_ns // DAY_NS, spec, sessions)
    if not len(sessions):
        return end_day * DAY_NS
    last = np.maximum(np.searchsorted(sessions.label_ns, end_day * DAY_NS) - 1, 0)
    has_session = (sessions.label_ns[last] >= label_ns) & (sessions.label_ns[last] < end_day * DAY_NS)
    has_session &= (last < len(sessions) - 1) | (spec == _DAY)  # later dates of the group may lie beyond the calendar
    return np.where(has_session, sessions.close_ns[last], end_day * DAY_NS).astype(np.int64)


def _merge(bars: BarArrays, group_ns: Int64s) -> BarArrays:
    """One bar a run of equal ``group_ns``, which never decreases."""
    first = np.flatnonzero(np.append(True, group_ns[1:] != group_ns[:-1]))
    last = np.append(first[1:], len(bars)) - 1
    return BarArrays(
        group_ns[first],
        bars.open[first],
        np.maximum.reduceat(bars.high, first),
        np.minimum.reduceat(bars.low, first),
        bars.close[last],
        _added(bars.volume, np.repeat(np.arange(len(first)), last - first + 1), len(first)),
    )


def _added(volume: Float64s, group: Int64s, n_groups: int) -> Float64s:
    # bincount adds one value after the other, as a live bar does; add.reduceat would pair them and round otherwise.
    is_known = ~np.isnan(volume)
    total = np.bincount(group, np.where(is_known, volume, 0.0), n_groups)
    return np.where(np.bincount(group, is_known, n_groups) > 0, total, np.nan)


def _pick(bars: BarArrays, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> BarArrays:
    return bars if chosen.all() else BarArrays(bars.event_ns[chosen], *(c[chosen] for c in bars.columns()))
