"""When each bar of a series is complete, and to which session it belongs."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.domain.bars import DAY_NS, BarSpec, Float64s, Int64s
from backend.domain.sessions import SessionTable
from backend.market.bar_snapshot import BarSnapshot
from backend.market.resample import NEVER_NS, known_ns

_WINDOW: Final = 64


@dataclass(frozen=True, slots=True)
class SeriesTimes:
    """Computed when it is asked for, of the rows asked for: a long series keeps no second column of times.

    sessions : of the instrument; None where nobody needed them yet, then UTC days stand for sessions and nothing is known to end
    """

    spec: BarSpec
    sessions: SessionTable | None

    def known(self, bars: BarSnapshot, first: int, stop: int) -> Int64s:
        """int64[stop - first]: when each of rows [first, stop) is complete; never decreasing."""
        assert self.sessions is not None, "When bars are complete follows from the sessions."
        # Bars cut by trades or range end where the next one starts, so one more is looked at.
        event_ns = bars.event_ns_between(first, stop + 1)
        return known_ns(self.spec, event_ns, self.sessions)[: stop - first]

    def n_until(self, bars: BarSnapshot, now_ns: int) -> int:
        """How many bars were complete at ``now_ns``; O(log n), for no bar is complete long before its label."""
        latest_ns = min(now_ns, NEVER_NS - 3 * DAY_NS) + 2 * DAY_NS
        stop = bars.row_at(latest_ns) + 1
        while stop:
            first = max(stop - _WINDOW, 0)
            n_known = int(np.searchsorted(self.known(bars, first, stop), now_ns, side="right"))
            if n_known:
                return first + n_known
            stop = first
        return 0

    def closes_ns(self, bars: BarSnapshot) -> int | None:
        """When the newest bar will be complete; None where that is not known."""
        if not len(bars) or self.sessions is None or not self.spec.is_time:
            return None
        closes_ns = int(self.known(bars, len(bars) - 1, len(bars))[0])
        return closes_ns if closes_ns < NEVER_NS else None

    def session_numbers(self, event_ns: Int64s) -> Float64s:
        """float64[n]: a number that changes with each session; bars of days and longer are sessions of their own."""
        return session_numbers(self.spec, event_ns, self.sessions)


def session_numbers(spec: BarSpec, event_ns: Int64s, sessions: SessionTable | None) -> Float64s:
    """float64[n]: a number that changes with each session; bars of days and longer are sessions of their own."""
    if not len(event_ns):
        return np.empty(0)
    days = (event_ns // DAY_NS).astype(np.float64)
    if spec.is_dated or sessions is None or not len(sessions):
        return days
    row = sessions.n_opened(event_ns).astype(np.float64)
    # Beyond what the calendar knows each UTC day is a session; negative, so that no number means two things.
    return np.where((row == 0) | (event_ns >= sessions.close_ns[-1] + DAY_NS), -days - 1.0, row)


def session_starts(session: Float64s, before: float) -> Int64s:
    """Rows whose session is another than the row's before; the very first row of all, where ``before`` is NaN, is none."""
    if not len(session):
        return np.empty(0, np.int64)
    changes = (np.flatnonzero(np.diff(session)) + 1).astype(np.int64)
    starts_new = not np.isnan(before) and session[0] != before
    return np.append(np.int64(0), changes) if starts_new else changes
