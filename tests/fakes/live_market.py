"""A market that trades on command: changes as the tick path gives them, and what is known of feeds."""

from dataclasses import dataclass, field

import numpy as np

from backend.domain.bars import Bar, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.market.feeds.feed import FeedState, FeedStatus
from backend.market.feeds.live_row import LiveRow, LiveSnapshot
from backend.market.live_change import LiveChange
from tests.fakes.alerting import ACME, MINUTE, MINUTE_NS


@dataclass
class LiveMarket:
    """Trades of ACME in bars of one minute.

    step_ns : between trades of one batch
    """

    now_ns: int
    spec: BarSpec = MINUTE
    step_ns: int = 1_000_000_000
    instrument: InstrumentId = ACME
    forming: Bar | None = None
    last: float = float("nan")
    state: FeedState = FeedState.LIVE
    is_served: bool = True
    bars: list[Bar] = field(default_factory=list)

    @property
    def series(self) -> Series:
        """The one that is made."""
        return Series(self.instrument, self.spec)

    def trade(self, *prices: float, at_ns: int | None = None, is_late: bool = False) -> LiveChange:
        """A batch of trades, each a step later than the one before."""
        closed: list[Bar] = []
        times = []
        for price in prices:
            self.now_ns = self.now_ns + self.step_ns if at_ns is None else at_ns
            times.append(self.now_ns)
            label = self.now_ns // MINUTE_NS * MINUTE_NS
            if self.forming is not None and self.forming.event_ns < label:
                closed.append(self.forming)
                self.forming = None
            self.forming = _grown(self.forming, label, price)
            self.last = price
        self.bars += closed
        trades = TradeArrays(np.array(times, np.int64), np.array(prices), np.ones(len(prices)), np.zeros(len(prices), np.int8))
        done = {self.spec: BarArrays.of(closed)} if closed else {}
        assert self.forming is not None
        return LiveChange(self.instrument, self.now_ns, trades, done, {self.spec: self.forming}, is_late)

    def to_next_bar(self) -> None:
        """Let time pass to the beginning of the next minute."""
        self.now_ns = (self.now_ns // MINUTE_NS + 1) * MINUTE_NS

    def snapshot(self) -> LiveSnapshot:
        """What the feed says."""
        status = FeedStatus(self.state, received_ns=self.now_ns)
        rows = {self.instrument: LiveRow("test", self.last, self.now_ns, self.now_ns)} if self.is_served else {}
        return LiveSnapshot(1, {"test": status}, rows)


def _grown(bar: Bar | None, label: int, price: float) -> Bar:
    if bar is None:
        return Bar(label, price, price, price, price, 1.0)
    return Bar(label, bar.open, max(bar.high, price), min(bar.low, price), price, bar.volume + 1)
