"""Every trade an instrument of the simulated market has printed, by number, as growing columns."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from backend.domain.bars import Int64s

FIRST_ID: Final = 1_000_001
_COLUMNS: Final = 5
_EVENT_NS, _PRICE, _LOTS, _IS_BUYER, _ORDER = range(_COLUMNS)


@dataclass(frozen=True, slots=True, eq=False)
class Prints:
    """Consecutive trades, oldest first: ``first_id`` is the number of the first one.

    event_ns, price, lots, order : int64[n]   price in ticks; order numbers the aggregates, which never decrease
    is_buyer : bool[n]   whether the buyer took liquidity
    """

    first_id: int
    event_ns: Int64s
    price: Int64s
    lots: Int64s
    is_buyer: npt.NDArray[np.bool_]
    order: Int64s

    def __len__(self) -> int:
        return len(self.event_ns)

    def head(self, n: int) -> "Prints":
        """The first ``n`` of them."""
        rows = slice(n)
        return Prints(self.first_id, self.event_ns[rows], self.price[rows], self.lots[rows], self.is_buyer[rows], self.order[rows])


class Tape:
    """Keeps at least the newest ``n_kept`` trades; numbers never stop rising by one."""

    def __init__(self, n_kept: int) -> None:
        self._n_kept = n_kept
        self._cells = np.empty((_COLUMNS, 1024), np.int64)
        self._n = 0
        self._n_orders = FIRST_ID - 1
        self.first_id = FIRST_ID

    @property
    def next_id(self) -> int:
        """The number the next trade will have."""
        return self.first_id + self._n

    @property
    def n_bytes(self) -> int:
        """What the kept trades take in memory."""
        return self._cells.nbytes

    def append(self, event_ns: Int64s, price: Int64s, lots: Int64s, is_buyer: npt.NDArray[np.bool_], order: Int64s) -> None:
        """Add trades, oldest first; ``order`` holds 1 for the first fill of an order and 0 for the others."""
        n = len(event_ns)
        self._make_room(n)
        place = slice(self._n, self._n + n)
        self._cells[_EVENT_NS, place] = event_ns
        self._cells[_PRICE, place] = price
        self._cells[_LOTS, place] = lots
        self._cells[_IS_BUYER, place] = is_buyer
        self._cells[_ORDER, place] = self._n_orders + np.cumsum(order)
        self._n += n
        if n:
            self._n_orders = int(self._cells[_ORDER, self._n - 1])

    def between(self, from_id: int, to_id: int) -> Prints:
        """The kept trades with ``from_id`` ≤ number < ``to_id``."""
        low = min(max(from_id - self.first_id, 0), self._n)
        high = min(max(to_id - self.first_id, low), self._n)
        cells = self._cells[:, low:high]
        cells.flags.writeable = False
        return Prints(
            self.first_id + low, cells[_EVENT_NS], cells[_PRICE], cells[_LOTS], cells[_IS_BUYER].astype(np.bool_), cells[_ORDER]
        )

    def id_at(self, event_ns: int) -> int:
        """The number of the first kept trade at or after ``event_ns``; that of the next one where there is none."""
        return self.first_id + int(np.searchsorted(self._cells[_EVENT_NS, : self._n], event_ns))

    def id_of_order(self, order: int) -> int:
        """The number of the first kept trade whose order's number is ``order`` or more."""
        return self.first_id + int(np.searchsorted(self._cells[_ORDER, : self._n], order))

    def _make_room(self, n: int) -> None:
        if self._n + n <= self._cells.shape[1]:
            return
        kept = self._cells[:, max(self._n - self._n_kept, 0) : self._n]
        cells = np.empty((_COLUMNS, max(1024, 2 * (kept.shape[1] + n))), np.int64)
        cells[:, : kept.shape[1]] = kept
        self.first_id += self._n - kept.shape[1]
        self._n = kept.shape[1]
        self._cells = cells
