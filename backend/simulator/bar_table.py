"""Bars of the simulated market in whole ticks and lots, aggregated from its trades as they print."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from backend.domain.bars import DAY_NS, SECOND_NS, Int64s

_COLUMNS: Final = 9
OPEN, HIGH, LOW, CLOSE, LOTS, VALUE, COUNT, TAKEN_LOTS, TAKEN_VALUE = range(_COLUMNS)
WEEK_ANCHOR_NS: Final = 4 * DAY_NS  # 1970-01-05, a Monday


class VenueBar(NamedTuple):
    """One bar: prices in ticks, volumes in lots, values in ticks times lots; ``taken`` is what buyers took."""

    start_ns: int
    end_ns: int
    open: int
    high: int
    low: int
    close: int
    lots: int
    value: int
    n_trades: int
    taken_lots: int
    taken_value: int


@dataclass(frozen=True, slots=True)
class Cut:
    """How time is cut into bars: by ``period_ns`` from ``anchor_ns``, or by months or days of a time zone."""

    period_ns: int = 0
    anchor_ns: int = 0
    n_months: int = 0
    zone: str = ""

    def start_of(self, at_ns: int) -> int:
        """The opening of the bar that ``at_ns`` lies in."""
        if self.period_ns and not self.zone:
            return at_ns - (at_ns - self.anchor_ns) % self.period_ns
        zone = ZoneInfo(self.zone) if self.zone else UTC
        day = datetime.fromtimestamp(at_ns // SECOND_NS, zone).replace(hour=0, minute=0, second=0, microsecond=0)
        if self.n_months:
            day = day.replace(month=day.month - (day.month - 1) % self.n_months, day=1)
        elif self.period_ns > DAY_NS:  # weeks begin on Monday
            day = datetime.fromordinal(day.toordinal() - day.weekday()).replace(tzinfo=day.tzinfo)
        return int(day.timestamp()) * SECOND_NS

    def starts(self, from_ns: int, to_ns: int) -> Int64s:
        """Openings of all bars that hold a moment of [from_ns, to_ns), and the end of the last one."""
        first = self.start_of(from_ns)
        if self.period_ns and not self.zone:
            n = (max(to_ns, first + 1) - first + self.period_ns - 1) // self.period_ns + 1
            return first + self.period_ns * np.arange(n, dtype=np.int64)
        found = [first]
        while found[-1] < to_ns or len(found) < 2:
            ahead = (32 * self.n_months if self.n_months else self.period_ns // DAY_NS) * DAY_NS + DAY_NS // 8
            found.append(self.start_of(found[-1] + ahead))
        return np.array(found, np.int64)


class BarTable:
    """Consecutive bars of one short period, from ``first_ns`` on; those without a trade repeat the last close."""

    def __init__(self, period_ns: int, first_ns: int, close: int) -> None:
        self.period_ns = period_ns
        self.first_ns = first_ns
        self._close = close
        self._cells = np.zeros((256, _COLUMNS), np.int64)
        self._n = 0

    @property
    def end_ns(self) -> int:
        """The end of the newest bar."""
        return self.first_ns + self._n * self.period_ns

    def extend(self, cells: npt.NDArray[np.int64]) -> None:
        """Add made bars, int64[n, 9] in the order of the columns above, behind the newest."""
        self._reach(self._n + len(cells))
        self._cells[self._n - len(cells) : self._n] = cells
        if len(cells):
            self._close = int(cells[-1, CLOSE])

    def add(self, event_ns: Int64s, price: Int64s, lots: Int64s, is_buyer: npt.NDArray[np.bool_]) -> None:
        """Count trades in, oldest first, none before the newest bar."""
        rows = (event_ns - self.first_ns) // self.period_ns
        begins = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
        for begin, end in zip(begins, (*begins[1:], len(rows)), strict=True):
            self._add_to(int(rows[begin]), price[begin:end], lots[begin:end], is_buyer[begin:end])

    def _add_to(self, row: int, price: Int64s, lots: Int64s, is_buyer: npt.NDArray[np.bool_]) -> None:
        self._reach(row + 1)
        bar = self._cells[row]
        low, high, value = int(price.min()), int(price.max()), price * lots
        if not bar[COUNT]:
            bar[OPEN], bar[HIGH], bar[LOW] = price[0], high, low
        else:
            bar[HIGH], bar[LOW] = max(bar[HIGH], high), min(bar[LOW], low)
        bar[CLOSE] = self._close = int(price[-1])
        bar[LOTS] += lots.sum()
        bar[VALUE] += value.sum()
        bar[COUNT] += len(price)
        bar[TAKEN_LOTS] += lots[is_buyer].sum()
        bar[TAKEN_VALUE] += value[is_buyer].sum()

    def reach(self, now_ns: int) -> None:
        """Let the newest bar be the one that ``now_ns`` lies in."""
        self._reach((now_ns - self.first_ns) // self.period_ns + 1)

    def _reach(self, n: int) -> None:
        if n <= self._n:
            return
        if n > len(self._cells):
            grown = np.zeros((2 * n, _COLUMNS), np.int64)
            grown[: self._n] = self._cells[: self._n]
            self._cells = grown
        self._cells[self._n : n, OPEN : CLOSE + 1] = self._close
        self._n = n

    def bars(self, cut: Cut, from_ns: int, to_ns: int) -> list[VenueBar]:
        """Bars cut anew that open in [from_ns, to_ns), oldest first; the newest may still grow."""
        low_ns, high_ns = max(from_ns, self.first_ns), min(to_ns, self.end_ns)
        if low_ns >= high_ns:
            return []
        starts = cut.starts(low_ns, high_ns).tolist()
        found = []
        for start_ns, end_ns in pairwise(starts):
            low = max(start_ns - self.first_ns, 0) // self.period_ns
            high = min((end_ns - self.first_ns) // self.period_ns, self._n)
            if from_ns <= start_ns < to_ns and high > low:
                found.append(_gather(start_ns, end_ns, self._cells[low:high]))
        return found

    def span(self, from_ns: int, to_ns: int) -> VenueBar:
        """Everything from the bar that ``from_ns`` lies in to the one before ``to_ns``, as one bar; at least the newest."""
        high = min(max((to_ns - 1 - self.first_ns) // self.period_ns + 1, 1), self._n)
        low = min(max((from_ns - self.first_ns) // self.period_ns, 0), high - 1)
        return _gather(self.first_ns + low * self.period_ns, self.first_ns + high * self.period_ns, self._cells[low:high])


def _gather(start_ns: int, end_ns: int, cells: npt.NDArray[np.int64]) -> VenueBar:
    traded = cells[cells[:, COUNT] > 0]
    prices = traded if len(traded) else cells[-1:]
    value, taken = (sum(traded[:, column].tolist()) for column in (VALUE, TAKEN_VALUE))  # beyond int64 in a lively week
    return VenueBar(
        start_ns,
        end_ns,
        int(prices[0, OPEN]),
        int(prices[:, HIGH].max()),
        int(prices[:, LOW].min()),
        int(prices[-1, CLOSE]),
        int(traded[:, LOTS].sum()),
        value,
        int(traded[:, COUNT].sum()),
        int(traded[:, TAKEN_LOTS].sum()),
        taken,
    )
