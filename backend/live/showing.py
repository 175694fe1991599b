"""Bars on their way to charts: at most one change a series every few milliseconds, whatever the feed's wake-ups."""

import asyncio
from bisect import bisect_left
from typing import Final, Protocol

from backend.domain.bars import BarArrays, Series
from backend.market.growing_bars import join

SPARE_S: Final = 0.008  # half a frame at 60 a second: nobody sees more


class OpenBars(Protocol):
    """The series that charts look at; ``backend.market.bar_store.BarStore`` is one. Indicators follow from it."""

    def apply(self, series: Series, tail: BarArrays) -> None:
        """Replace the newest bars."""
        ...


class Showing:
    """Passes bars on at once after a quiet moment, else together with what comes within ``SPARE_S``; none is left out.

    A feed that wakes a thousand times a second would otherwise make a snapshot each time. Lives on the engine loop.
    """

    def __init__(self, open_bars: OpenBars) -> None:
        self._open_bars = open_bars
        self._waiting: dict[Series, BarArrays] = {}
        self._shown_s: dict[Series, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def apply(self, series: Series, tail: BarArrays) -> None:
        """Replace the newest bars of a series, now or in a moment."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        waiting = self._waiting.get(series)
        if waiting is None and now_s - self._shown_s.get(series, -SPARE_S) >= SPARE_S:
            self._shown_s[series] = now_s
            self._open_bars.apply(series, tail)
            return
        self._waiting[series] = tail if waiting is None else _replaced(waiting, tail)
        if self._timer is None:
            self._timer = loop.call_later(SPARE_S, self.flush)

    def flush(self) -> None:
        """Pass on what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, {}
        now_s = asyncio.get_running_loop().time()
        for series, tail in waiting.items():
            self._shown_s[series] = now_s
            self._open_bars.apply(series, tail)

    def close(self) -> None:
        """Pass nothing on any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting.clear()


def _replaced(waiting: BarArrays, tail: BarArrays) -> BarArrays:
    """``waiting`` with ``tail`` in place of its bars from the first of ``tail`` on."""
    keep = bisect_left(waiting.event_ns, int(tail.event_ns[0]))
    return join(waiting[:keep], tail) if keep else tail
