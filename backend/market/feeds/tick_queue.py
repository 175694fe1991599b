"""What a feed has heard and nobody has taken yet: every trade in order, of quotes and books the newest."""

import asyncio
from collections import deque
from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple

import numpy as np

from backend.domain.depth import Depth
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import Aggressor, Quote, TradeArrays
from backend.market.feeds.feed import WAITING_MAX, Gap, TickBatch

TAKEN_MAX: Final = 50_000


class Print(NamedTuple):
    """A trade as a venue told it; ``key`` tells it from every other of its instrument."""

    key: Hashable
    event_ns: int
    price: float
    quantity: float
    aggressor: Aggressor = Aggressor.UNKNOWN


class _Stretch:
    """Trades that go out together: all live, or all late."""

    def __init__(self, *, is_late: bool) -> None:
        self.is_late = is_late
        self.n_trades = 0
        self.prints: dict[InstrumentId, list[Print]] = {}


class TickQueue:
    """Filled by the connection, emptied by ``take``; both on one loop."""

    def __init__(self) -> None:
        self._stretches: deque[_Stretch] = deque()
        self._quotes: dict[InstrumentId, Quote] = {}
        self._depths: dict[InstrumentId, Depth] = {}
        self._gaps: list[Gap] = []
        self._received_ns = 0
        self._n_trades = 0
        self._is_filled = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    def put_trades(self, instrument: InstrumentId, prints: Sequence[Print], *, is_late: bool) -> None:
        """Add trades behind all others."""
        if not prints:
            return
        last = self._stretches[-1] if self._stretches else None
        if last is None or last.is_late is not is_late or last.n_trades >= TAKEN_MAX:
            last = _Stretch(is_late=is_late)
            self._stretches.append(last)
        last.prints.setdefault(instrument, []).extend(prints)
        last.n_trades += len(prints)
        self._n_trades += len(prints)
        if self._n_trades >= WAITING_MAX:
            self._has_room.clear()

    def put_quote(self, quote: Quote) -> None:
        """Add a quote in place of an earlier one."""
        self._quotes[quote.instrument] = quote

    def put_depth(self, depth: Depth) -> None:
        """Add a book in place of an earlier one."""
        self._depths[depth.instrument] = depth

    def put_gap(self, gap: Gap) -> None:
        """Add what will not come."""
        self._gaps.append(gap)

    def wake(self, received_ns: int) -> None:
        """Say that something came at ``received_ns``, if only a sign of life."""
        self._received_ns = max(self._received_ns, received_ns)
        self._is_filled.set()

    async def wait_for_room(self) -> None:
        """Wait until fewer than ``WAITING_MAX`` trades wait."""
        await self._has_room.wait()

    async def take(self) -> TickBatch:
        """What waits, once anything does; late trades apart from live ones."""
        await self._is_filled.wait()
        stretch = self._stretches.popleft() if self._stretches else _Stretch(is_late=False)
        self._n_trades -= stretch.n_trades
        if self._n_trades < WAITING_MAX:
            self._has_room.set()
        if not self._stretches:
            self._is_filled.clear()
        quotes, depths, gaps = self._quotes, self._depths, tuple(self._gaps)
        self._quotes, self._depths, self._gaps = {}, {}, []
        trades = {instrument: to_arrays(prints) for instrument, prints in stretch.prints.items()}
        return TickBatch(self._received_ns, trades, quotes, depths, gaps, stretch.is_late)


def to_arrays(prints: Sequence[Print]) -> TradeArrays:
    """Prints as columns, by time; those of equal times as they came."""
    ordered = sorted(prints, key=lambda one: one.event_ns)
    return TradeArrays(
        np.array([one.event_ns for one in ordered], np.int64),
        np.array([one.price for one in ordered], np.float64),
        np.array([one.quantity for one in ordered], np.float64),
        np.array([one.aggressor for one in ordered], np.int8),
    )
