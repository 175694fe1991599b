"""The newest trades of one instrument, for whoever shows them: written by the engine, read by any thread without locks."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from backend.domain.ticks import TradeArrays

ROOM: Final = 32_768
READ_MAX: Final = ROOM // 2


@dataclass(frozen=True, slots=True, eq=False)
class TapeRows:
    """Trades, oldest first.

    first : number of the first one, counted since the tape began
    is_late : bool[n]   fetched afterwards to close a gap
    """

    first: int
    trades: TradeArrays
    is_late: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.trades)


class Tape:
    """A ring of the newest trades; ``version`` grows with every batch."""

    crosses_bridge: ClassVar[str] = "rows are copied out; a copy that was overtaken is taken again"

    def __init__(self) -> None:
        self.version = 0
        self.n_trades = 0
        self._event_ns = np.zeros(ROOM, np.int64)
        self._price = np.zeros(ROOM, np.float64)
        self._quantity = np.zeros(ROOM, np.float64)
        self._aggressor = np.zeros(ROOM, np.int8)
        self._is_late = np.zeros(ROOM, np.bool_)
        self._writing_to = 0

    def add(self, trades: TradeArrays, *, is_late: bool = False) -> None:
        """Take trades in; on the engine thread."""
        n_skipped = max(0, len(trades) - READ_MAX)  # more than anyone can read: only the newest are kept
        kept = trades[n_skipped:]
        first = self.n_trades + n_skipped
        self._writing_to = first + len(kept)  # before the rows: a reader sees which of its rows may have been written over
        start = first % ROOM
        place: slice | npt.NDArray[np.int64] = slice(start, start + len(kept))
        if start + len(kept) > ROOM:
            place = (first + np.arange(len(kept))) % ROOM
        self._event_ns[place] = kept.event_ns
        self._price[place] = kept.price
        self._quantity[place] = kept.quantity
        self._aggressor[place] = kept.aggressor
        self._is_late[place] = is_late
        self.n_trades = first + len(kept)
        self.version += 1

    def rows(self, n_max: int) -> TapeRows:
        """The newest trades, at most ``n_max`` and 16,384; from any thread."""
        while True:
            end = self.n_trades
            n = min(n_max, end, READ_MAX)
            place = (end - n + np.arange(n)) % ROOM
            columns = (self._event_ns[place], self._price[place], self._quantity[place], self._aggressor[place])
            is_late = self._is_late[place]
            if self._writing_to <= end - n + ROOM:
                return TapeRows(end - n, TradeArrays(*columns), is_late)

    def newest(self, n_max: int) -> TradeArrays:
        """The newest trades alone."""
        return self.rows(n_max).trades
