"""What a feed has read and nobody has asked for yet: every trade, the newest quotes and books, and what is missing."""

import asyncio
import collections
from array import array
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from backend.domain.depth import Depth
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import Quote, TradeArrays
from backend.errors import InvalidInput
from backend.market.feeds.feed import WAITING_MAX, Gap, TickBatch
from backend.market.feeds.trade_sequence import Print

_PART: Final = 100_000  # trades of one instrument in one batch


class _Run:
    """Trades of one instrument that came the same way, as columns that grow."""

    __slots__ = ("aggressor", "event_ns", "is_late", "price", "quantity")

    def __init__(self, *, is_late: bool) -> None:
        self.is_late = is_late
        self.event_ns = array("q")
        self.price = array("d")
        self.quantity = array("d")
        self.aggressor = array("b")

    def trades(self) -> TradeArrays:
        """The columns; nothing may be appended afterwards."""
        return TradeArrays(
            np.frombuffer(self.event_ns, np.int64),
            np.frombuffer(self.price, np.float64),
            np.frombuffer(self.quantity, np.float64),
            np.frombuffer(self.aggressor, np.int8),
        )


class _Queue:
    """The trades of one instrument, oldest first; event times never decrease."""

    __slots__ = ("last_ns", "runs")

    def __init__(self) -> None:
        self.runs: collections.deque[_Run] = collections.deque()
        self.last_ns = 0


class WaitingTicks:
    """Filled by whoever reads, emptied by ``take``; lives on one loop.

    n_max : of trades; who waits for room waits beyond that
    """

    def __init__(self, n_max: int = WAITING_MAX) -> None:
        self._n_max = n_max
        self._queues: dict[InstrumentId, _Queue] = {}
        self._full: dict[InstrumentId, _Queue] = {}
        self._quotes: dict[InstrumentId, Quote] = {}
        self._books: dict[InstrumentId, Callable[[], Depth | None]] = {}
        self._gaps: list[Gap] = []
        self._since_ns = 0
        self._came = asyncio.Event()
        self._room = asyncio.Event()
        self.n_trades = 0
        self.n_bad_books = 0

    def add(self, instrument: InstrumentId, prints: Iterable[Print], received_ns: int, *, is_late: bool = False) -> None:
        """Trades in the venue's order."""
        queue = self._queues.get(instrument) or self._queues.setdefault(instrument, _Queue())
        runs = queue.runs
        if not runs or runs[-1].is_late is not is_late or len(runs[-1].price) >= _PART:
            runs.append(_Run(is_late=is_late))
            self._full[instrument] = queue
            self._note(received_ns)
        run, last_ns = runs[-1], queue.last_ns
        for _, event_ns, price, quantity, aggressor in prints:
            last_ns = max(last_ns, event_ns)
            run.event_ns.append(last_ns)
            run.price.append(price)
            run.quantity.append(quantity)
            run.aggressor.append(aggressor)
            self.n_trades += 1
        queue.last_ns = last_ns

    def add_one(self, instrument: InstrumentId, trade: tuple[int, int, float, float, int], received_ns: int) -> None:
        """One live trade, by the fields of a ``Print``."""
        queue = self._full.get(instrument)
        if queue is None or queue.runs[-1].is_late or len(queue.runs[-1].price) >= _PART:
            self.add(instrument, (Print(*trade),), received_ns)
            return
        run, event_ns = queue.runs[-1], trade[1]
        if event_ns > queue.last_ns:  # noqa: PLR1730 - half as long as max(), on the way of every trade
            queue.last_ns = event_ns
        run.event_ns.append(queue.last_ns)
        run.price.append(trade[2])
        run.quantity.append(trade[3])
        run.aggressor.append(trade[4])
        self.n_trades += 1

    def add_quote(self, quote: Quote) -> None:
        """A quote, in place of the one before it."""
        self._quotes[quote.instrument] = quote
        self._note(quote.received_ns)

    def add_book(self, instrument: InstrumentId, depth: Callable[[], Depth | None], received_ns: int) -> None:
        """A book has changed; ``depth`` is asked for it when the batch is made, once however often it changed."""
        self._books[instrument] = depth
        self._note(received_ns)

    def add_gap(self, gap: Gap, received_ns: int) -> None:
        """Trades that will not come."""
        self._gaps.append(gap)
        self._note(received_ns)

    def forget(self, instrument: InstrumentId) -> None:
        """Nobody wants this any more: what waits of it is dropped."""
        queue = self._queues.pop(instrument, None)
        if queue is not None:
            self.n_trades -= sum(len(run.price) for run in queue.runs)
        for kept in (self._full, self._quotes, self._books):
            kept.pop(instrument, None)
        self._gaps = [gap for gap in self._gaps if gap.instrument != instrument]
        self.give_room()

    def take(self) -> TickBatch | None:
        """Everything that may go out together; None when nothing waits. Trades fetched late go before live ones."""
        late = {instrument: queue for instrument, queue in self._full.items() if queue.runs[0].is_late}
        trades = {instrument: self._take_run(instrument, queue) for instrument, queue in (late or dict(self._full)).items()}
        gaps, self._gaps = tuple(self._gaps), []
        quotes, books = ({}, {}) if late else (self._quotes, self._books)
        if not late:
            self._quotes, self._books = {}, {}
        depths = {instrument: shown for instrument, depth in books.items() if (shown := self._shown(depth)) is not None}
        received_ns = self._since_ns
        if not self._full and not self._quotes and not self._books:
            self._since_ns = 0
            self._came.clear()
        self.give_room()
        if not trades and not quotes and not depths and not gaps:
            return None
        return TickBatch(received_ns, trades, quotes, depths, gaps, is_late=bool(late))

    def note_life(self) -> None:
        """Wake whoever waits, though nothing came."""
        self._came.set()

    async def wait(self) -> None:
        """Until something waits."""
        await self._came.wait()

    async def wait_for_room(self, n_held: Callable[[], int]) -> None:
        """Until fewer than ``n_max`` trades wait, here or held back elsewhere."""
        while self.n_trades + n_held() >= self._n_max:
            self._room.clear()
            await self._room.wait()

    def give_room(self) -> None:
        """Less waits than before, here or elsewhere: let the reader look again."""
        self._room.set()

    def _note(self, received_ns: int) -> None:
        if not self._since_ns:
            self._since_ns = received_ns
        self._came.set()

    def _take_run(self, instrument: InstrumentId, queue: _Queue) -> TradeArrays:
        trades = queue.runs.popleft().trades()
        if not queue.runs:
            del self._full[instrument]
        self.n_trades -= len(trades)
        return trades

    def _shown(self, depth: Callable[[], Depth | None]) -> Depth | None:
        try:
            return depth()
        except InvalidInput:
            self.n_bad_books += 1
            return None
