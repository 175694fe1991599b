"""The book of one instrument at Binance: a snapshot by REST and the differences of the stream, joined by their numbers.

Source: binance-spot-api-docs, web-socket-streams.md, "How to manage a local order book correctly".
"""

from typing import Final

from backend.domain.depth import Depth
from backend.domain.instruments import InstrumentId
from backend.market.feeds.binance_messages import MS_NS, DepthAnswer, DepthMessage, levels_of
from backend.market.feeds.order_book import OrderBook

_HELD_MAX: Final = 1000  # differences that wait for a snapshot: 100 s of them


class BinanceBook:
    """Begins empty; ``needs_snapshot`` until one fits."""

    def __init__(self) -> None:
        self._book: OrderBook | None = None
        self._held: list[DepthMessage] = []
        self._update = 0
        self._event_ns = 0

    @property
    def needs_snapshot(self) -> bool:
        """Whether a snapshot must be fetched: differences wait for one."""
        return self._book is None and bool(self._held)

    def begin(self) -> None:
        """Start anew: nothing that was known counts."""
        self._book, self._held = None, []

    def take(self, message: DepthMessage) -> bool:
        """A difference; whether the book can be shown after it. Raises ValueError for a bad one, and begins anew then."""
        if self._book is None:
            self._held.append(message)
            del self._held[:-_HELD_MAX]
            return False
        if message.u <= self._update:
            return False  # known already
        if self._update + 1 < message.U:
            self.begin()  # one is missing
            self._held.append(message)
            return False
        self._apply(self._book, message)
        return True

    def load(self, answer: DepthAnswer) -> bool:
        """A snapshot; whether it fits what waits. If not, a newer one must be fetched."""
        held = [message for message in self._held if message.u > answer.last_update_id]
        if held and answer.last_update_id + 1 < held[0].U:
            return False  # older than the oldest difference that we have
        book = OrderBook()
        book.bids.apply(levels_of(answer.bids))
        book.asks.apply(levels_of(answer.asks))
        self._book, self._held, self._update = book, [], answer.last_update_id
        for message in held:
            self.take(message)
        return self._book is not None

    def depth(self, instrument: InstrumentId, received_ns: int) -> Depth | None:
        """The best levels; None while there is no book. Raises InvalidInput where it is crossed, and begins anew then."""
        if self._book is None:
            return None
        try:
            return self._book.depth(instrument, self._event_ns, received_ns)
        except BaseException:
            self.begin()
            raise

    def _apply(self, book: OrderBook, message: DepthMessage) -> None:
        try:
            bids, asks = levels_of(message.b), levels_of(message.a)
        except ValueError:
            self.begin()
            raise
        book.bids.apply(bids)
        book.asks.apply(asks)
        self._update, self._event_ns = message.u, message.E * MS_NS
