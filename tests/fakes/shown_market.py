"""A live market made of plain values: what windows read of it, without a feed or an engine."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from backend.domain.bars import SECOND_NS
from backend.domain.depth import Depth
from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind
from backend.domain.ticks import TradeArrays
from backend.live.tape import Tape
from backend.market.feeds.feed import FeedState, FeedStatus
from backend.market.feeds.live_row import LiveRow, LiveSnapshot

BITCOIN = Instrument(InstrumentId("BTCUSDT", "BINANCE"), "Bitcoin", InstrumentKind.CRYPTO, "USDT")
ETHER = Instrument(InstrumentId("ETHUSDT", "BINANCE"), "Ether", InstrumentKind.CRYPTO, "USDT")
START_NS = 1_760_000_000 * SECOND_NS


def make_trades(n: int, *, seed: int = 7, start_ns: int = START_NS, price: float = 65_000.0) -> TradeArrays:
    """A random walk in steps of 0.01, some 20 trades a second, sizes as crypto prints have them."""
    rng = np.random.default_rng(seed)
    times = start_ns + np.cumsum(rng.exponential(0.05, n) * SECOND_NS).astype(np.int64)
    prices = np.round(price + np.cumsum(rng.normal(0, 0.8, n)), 2)
    quantities = np.round(rng.lognormal(-3.5, 1.3, n) + 1e-5, 5)
    return TradeArrays(times, prices, quantities, rng.integers(1, 3, n).astype(np.int8))


def make_depth(middle: float, *, n: int = 100, seed: int = 3, step: float = 0.01, received_ns: int = START_NS) -> Depth:
    """A book of ``n`` levels a side around ``middle``, larger further away."""
    rng = np.random.default_rng(seed)
    gaps = np.cumsum(rng.integers(1, 40, (2, n)), axis=1) * step
    sizes = np.round(rng.lognormal(-1, 1, (2, n)) * (1 + np.arange(n) / 20) + 1e-5, 5)
    middle = round(middle / step) * step
    bids, asks = np.round(middle - gaps[0], 8), np.round(middle + gaps[1], 8)
    return Depth(BITCOIN.id, received_ns, received_ns, bids, sizes[0], asks, sizes[1])


class FakeMarket:
    """A source of live values whose feed, tapes and books a test sets; ``now_ns`` is its clock."""

    def __init__(self) -> None:
        self.now_ns = START_NS
        self.tapes: dict[InstrumentId, Tape] = {}
        self.depths: dict[InstrumentId, Depth] = {}
        self._snapshot = LiveSnapshot()

    def serve(self, *instruments: InstrumentId, feed: str = "binance", status: FeedStatus | None = None) -> None:
        """A feed serves these, heard just now."""
        live = FeedStatus(FeedState.LIVE, connected_ns=self.now_ns, received_ns=self.now_ns)
        rows = {i: LiveRow(feed, 65_000.0, self.now_ns, self.now_ns) for i in instruments}
        self._snapshot = LiveSnapshot(
            self._snapshot.version + 1,
            MappingProxyType({**self._snapshot.feeds, feed: status or live}),
            MappingProxyType({**self._snapshot.rows, **rows}),
        )

    def set_status(self, feed: str, **changes: object) -> None:
        """The feed says otherwise."""
        feeds = {**self._snapshot.feeds, feed: replace(self._snapshot.feeds[feed], **changes)}
        self._snapshot = replace(self._snapshot, version=self._snapshot.version + 1, feeds=MappingProxyType(feeds))

    def clock_ns(self) -> int:
        return self.now_ns

    def pass_s(self, seconds: float) -> None:
        """Time passes, and nothing comes."""
        self.now_ns += round(seconds * SECOND_NS)

    def snapshot(self) -> LiveSnapshot:
        return self._snapshot

    def tape(self, instrument: InstrumentId) -> Tape | None:
        return self.tapes.get(instrument)

    def depth(self, instrument: InstrumentId) -> Depth | None:
        return self.depths.get(instrument)
