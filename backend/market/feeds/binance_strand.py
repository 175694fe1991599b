"""One instrument at Binance while it is followed: its trades in order, its newest quote, its book."""

from typing import Final

from backend.domain.instruments import InstrumentId
from backend.domain.ticks import Quote
from backend.market.feeds.binance_book import BinanceBook
from backend.market.feeds.binance_messages import MS_NS, depth_decoder, print_of, quote_decoder, quote_of, trade_decoder
from backend.market.feeds.feed import Gap, Wants
from backend.market.feeds.trade_sequence import Print, Released, TradeSequence
from backend.market.feeds.waiting_ticks import WaitingTicks

_DEPTH: Final = "@depth@100ms"


class BinanceStrand:
    """Parses what comes of one instrument and hands it to ``waiting``.

    is_behind : the connection was gone, and trades may have been missed that no later one has told of yet
    is_dropped : nobody wants it any more
    """

    def __init__(self, instrument: InstrumentId, waiting: WaitingTicks) -> None:
        self.instrument = instrument
        self.wants = Wants()
        self.sequence = TradeSequence()
        self.book = BinanceBook()
        self.is_behind = False
        self.is_dropped = False
        self.n_trades = 0
        self.n_quotes = 0
        self.sent_ns = 0  # the venue's time of the newest message that says it
        self.heard_ns = 0  # our time of the newest trade
        self._waiting = waiting
        self._quoted = 0

    @property
    def names(self) -> tuple[str, str, str]:
        """Names of its streams: trades, quotes, differences of the book; whether or not they are wanted."""
        code = self.instrument.code.lower()
        return f"{code}@trade", f"{code}@bookTicker", f"{code}{_DEPTH}"

    @property
    def needs_trades(self) -> bool:
        """Whether trades must be fetched."""
        return not self.is_dropped and (self.is_behind or self.sequence.n_waiting > 0)

    @property
    def needs_book(self) -> bool:
        """Whether a snapshot of the book must be fetched."""
        return not self.is_dropped and self.wants.depth and self.book.needs_snapshot

    def begin(self) -> None:
        """A fresh connection: the venue may count quotes anew, and the book must."""
        self._quoted = 0
        self.book.begin()

    def take_trade(self, frame: bytes, received_ns: int) -> bool:
        """A print; whether something must be fetched now. Raises ValueError or MsgspecError for a bad frame."""
        message = trade_decoder.decode(frame).data
        trade = print_of(message)
        self.sent_ns = message.E * MS_NS
        if self.sequence.accept(trade[0], trade[1]):  # nearly always; the rest of this is made for speed, too
            self.heard_ns = received_ns
            self.n_trades += 1
            self._waiting.add_one(self.instrument, trade, received_ns)
            return False
        self.release(self.sequence.take(Print(*trade)), received_ns)
        return self.sequence.n_waiting > 0

    def take_quote(self, frame: bytes, received_ns: int) -> bool:
        """A quote; older ones than the newest are left out. The venue does not say when: it counts as of now."""
        message = quote_decoder.decode(frame).data
        bid, ask, bid_size, ask_size = quote_of(message)
        self.sent_ns = 0
        if message.u < self._quoted or self.is_dropped or not self.wants.quotes:
            return False
        self._quoted = message.u
        self.n_quotes += 1
        self._waiting.add_quote(Quote(self.instrument, received_ns, received_ns, bid, ask, bid_size, ask_size))
        return False

    def take_depth(self, frame: bytes, received_ns: int) -> bool:
        """What changed in the book; whether a snapshot must be fetched now."""
        message = depth_decoder.decode(frame).data
        if self.book.take(message):
            self.sent_ns = message.E * MS_NS
            self.show_book(received_ns)
        return self.needs_book

    def show_book(self, received_ns: int) -> None:
        """Have the book in the next batch."""
        if self.wants.depth and not self.is_dropped:
            self._waiting.add_book(self.instrument, lambda: self.book.depth(self.instrument, received_ns), received_ns)

    def release(self, released: Released, received_ns: int) -> None:
        """Hand on what a sequence let go."""
        if self.is_dropped:
            return
        if released.missing is not None:
            self._waiting.add_gap(Gap(self.instrument, *released.missing), received_ns)
        if released.prints:
            self.heard_ns = received_ns
            self.n_trades += len(released.prints)
            self._waiting.add(self.instrument, released.prints, received_ns)

    def release_late(self, prints: tuple[Print, ...], received_ns: int) -> None:
        """Hand on trades that were fetched."""
        if prints and not self.is_dropped:
            self.heard_ns = received_ns
            self.n_trades += len(prints)
            self._waiting.add(self.instrument, prints, received_ns, is_late=True)
