"""One instrument that is followed: its live bars, its tape, and the newest of everything."""

from dataclasses import dataclass, field

from backend.domain.bars import BarSpec
from backend.domain.depth import Depth
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import Quote, TradeArrays
from backend.live.live_bars import LiveBars
from backend.live.tape import Tape
from backend.market.feeds.feed import Feed, TickBatch
from backend.market.feeds.live_row import LiveRow


@dataclass(slots=True, eq=False)
class Followed:
    """What the engine knows of an instrument while somebody follows it; only the engine thread writes.

    feed : None where nothing serves it
    recorded : specs whose bars go to the store; the others are only shown and watched
    waiting : batches that came before its history was read
    last_ns : event time of its newest trade, stored ones included; 0 before any
    recorded_ns : when bars under way were last shown to history; has_unrecorded : they have changed since
    """

    instrument: InstrumentId
    feed: Feed | None = None
    bars: LiveBars | None = None
    recorded: frozenset[BarSpec] = frozenset()
    waiting: list[TickBatch] = field(default_factory=list)
    tape: Tape = field(default_factory=Tape)
    depth: Depth | None = None
    quote: Quote | None = None
    last: float = float("nan")
    last_ns: int = 0
    received_ns: int = 0
    n_applied: int = 0
    recorded_ns: int = 0
    has_unrecorded: bool = False

    def note(self, trades: TradeArrays, received_ns: int, *, is_late: bool) -> None:
        """Put all on the tape, and remember the newest trade; one that was fetched late is older, and changes no price."""
        self.tape.add(trades, is_late=is_late)
        newest_ns = int(trades.event_ns[-1])
        if newest_ns >= self.last_ns:
            self.last, self.last_ns = float(trades.price[-1]), newest_ns
        self.received_ns = max(self.received_ns, received_ns)
        self.n_applied += len(trades)

    def row(self) -> LiveRow | None:
        """What windows see; None where nothing serves it."""
        if self.feed is None:
            return None
        return LiveRow(self.feed.name, self.last, self.last_ns, self.received_ns, self.quote)
