"""A scripted Binance in a running window: two instruments with a day of minutes, and batches that a test hands over."""

from types import MappingProxyType

import numpy as np

from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, BarArrays
from backend.domain.ticks import Quote
from backend.market.feeds.feed import FeedState, FeedStatus, TickBatch
from tests.fakes.scripted_feed import ScriptedFeed
from tests.fakes.shown_market import BITCOIN, ETHER, make_depth, make_trades


class LiveFeed:
    """Runs on the engine of ``desktop``; its methods are awaited on the UI thread."""

    def __init__(self, desktop):
        self._bridge, self._backend = desktop.desk.bridge, desktop.desk.backend
        self.feed: ScriptedFeed
        self._n_given = 0

    async def start(self):
        await self._bridge.call(self._start())
        return self

    async def give(self, n_trades=20):
        """So many trades of bitcoin just now, with a quote and a book around the last of them."""
        await self._bridge.call(self._give(n_trades))

    async def say(self, state, words="", *, age_s=0.0):
        """The feed stands otherwise, and was heard so long ago."""
        await self._bridge.call(self._say(FeedStatus(state, words, received_ns=self._now_ns - round(age_s * 1e9))))

    @property
    def wanted(self):
        """What the feed is asked for: instruments, and whether their books."""
        return {instrument: wants.depth for instrument, wants in self.feed.wanted.items()}

    @property
    def _now_ns(self):
        return self._backend.clock.now_ns()

    async def _start(self):
        self.feed = ScriptedFeed(self._backend.clock, (BITCOIN, ETHER), name="binance")
        for instrument, price in ((BITCOIN, 65_000.0), (ETHER, 3_200.0)):
            for spec, step_ns in (("1m", MINUTE_NS), ("1h", HOUR_NS), ("1d", DAY_NS)):
                self.feed.bars[(instrument.id, spec)] = _bars(self._now_ns, step_ns, price)
        self._backend.live.runs.run(self.feed)

    async def _give(self, n_trades):
        self._n_given += 1
        now_ns = self._now_ns
        trades = make_trades(n_trades, seed=self._n_given, start_ns=now_ns - 10_000_000)
        trades.event_ns[:] = now_ns
        depth = make_depth(float(trades.price[-1]), seed=self._n_given, received_ns=now_ns)
        quote = Quote(BITCOIN.id, now_ns, now_ns, float(depth.bid_price[0]), float(depth.ask_price[0]))
        each = [MappingProxyType({BITCOIN.id: one}) for one in (trades, quote, depth)]
        await self.feed.give(TickBatch(now_ns, *each))

    async def _say(self, status):
        self.feed.status = status


def _bars(now_ns, step_ns, price, n=200):
    times = now_ns // step_ns * step_ns - np.arange(n, 0, -1, dtype=np.int64) * step_ns
    closes = np.round(price * (1 + 0.001 * np.sin(np.arange(n) / 7)), 2)
    opens = np.concatenate((closes[:1], closes[:-1]))
    high, low = np.maximum(opens, closes), np.minimum(opens, closes)
    return BarArrays(times, opens, high, low, closes, np.full(n, 10.0))


LIVE, WAITING = FeedState.LIVE, FeedState.WAITING
