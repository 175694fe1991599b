"""Whether markets are open by their calendars: asked for once an instrument, answered at once from then on."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

import numpy as np

from backend.domain.bars import SECOND_NS
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable

ALWAYS_OPEN: Final = "24/7"

Hours = Mapping[InstrumentId, tuple[str, SessionTable]]
LoadHours = Callable[[tuple[InstrumentId, ...]], Awaitable[Hours]]
Start = Callable[[str, Coroutine[Any, Any, Any]], object]


class OpenHours:
    """Knows the calendar and sessions of every instrument that was asked for, a moment after it was.

    load : the calendar's name and its sessions, of those that have them; run by ``start``
    """

    def __init__(self, load: LoadHours, start: Start, now_ns: Callable[[], int]) -> None:
        self._load = load
        self._start = start
        self._now_ns = now_ns
        self._asked: set[InstrumentId] = set()
        self._waiting: list[InstrumentId] = []
        self._is_loading = False
        self._calendars: dict[InstrumentId, str] = {}
        self._tables: dict[str, SessionTable] = {}
        self._answers: dict[str, tuple[int, bool]] = {}  # the second it holds for, and the answer

    def is_open(self, instrument: InstrumentId) -> bool | None:
        """Whether its market is open now; None while its hours are on their way, or where it has none."""
        calendar = self._calendars.get(instrument)
        if calendar is None:
            self._ask(instrument)
            return None
        second = self._now_ns() // SECOND_NS
        known = self._answers.get(calendar)
        if known is None or known[0] != second:
            inside = self._tables[calendar].row_at(np.array([second * SECOND_NS], np.int64))[0] >= 0
            known = self._answers[calendar] = (second, calendar == ALWAYS_OPEN or bool(inside))
        return known[1]

    def _ask(self, instrument: InstrumentId) -> None:
        if instrument in self._asked:
            return
        self._asked.add(instrument)
        self._waiting.append(instrument)
        if not self._is_loading:
            self._is_loading = True
            self._start("reading the hours of markets", self._fill())

    async def _fill(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = tuple(self._waiting), []
                for instrument, (calendar, table) in (await self._load(asked)).items():
                    self._tables[calendar] = table
                    self._calendars[instrument] = calendar
        finally:
            self._is_loading = False
