"""Time of the past as it passes in a replay: so many times as fast, and never through hours in which every market is shut."""

from collections.abc import Iterable

import numpy as np

from backend.domain.sessions import SessionTable


def after_open_time(now_ns: int, by_ns: int, tables: Iterable[SessionTable]) -> int:
    """The instant at which markets have been open for ``by_ns`` since ``now_ns``; hours in which all are shut take no time.

    by_ns : at least 0; where nothing of it is left at a close, that close
    Beyond what the calendars know, and without any, markets count as open.
    """
    known = [table for table in tables if len(table)]
    while by_ns > 0 and known:
        until_ns = max(_open_until(table, now_ns) for table in known)
        if until_ns <= now_ns:
            now_ns = min(_next_open(table, now_ns) for table in known)
            continue
        if by_ns <= until_ns - now_ns:
            break
        by_ns -= until_ns - now_ns
        now_ns = until_ns
    return now_ns + by_ns


def _open_until(table: SessionTable, now_ns: int) -> int:
    """When the session of now closes; now where the market is shut; for ever where the calendar has ended."""
    if now_ns >= table.close_ns[-1]:
        return 2**62
    row = int(np.searchsorted(table.open_ns, now_ns, side="right")) - 1
    return max(int(table.close_ns[row]), now_ns) if row >= 0 else now_ns


def _next_open(table: SessionTable, now_ns: int) -> int:
    return int(table.open_ns[int(np.searchsorted(table.open_ns, now_ns, side="right"))])
