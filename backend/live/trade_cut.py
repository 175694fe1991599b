"""Bars of one spec that only trades make, going on live from what was recorded (decision 0187)."""

import numpy as np

from backend.domain.bars import Bar, BarArrays, BarSpec
from backend.domain.sessions import SessionTable
from backend.domain.ticks import TradeArrays
from backend.market.aggregate import TradeAggregator
from backend.market.recorded import by_time, joined_trades, picked_trades
from backend.market.watermark import BEFORE_ALL_NS


class TradeCut:
    """Takes the trades of one instrument as the store takes them.

    A trade behind others counts in the bar under way, so that nobody waits, and ``late_ns`` says from when on the bars are no
    longer those of all trades by time: whoever sees it begins anew from the store.
    """

    def __init__(self, spec: BarSpec, sessions: SessionTable) -> None:
        self.late_ns: int | None = None
        self._aggregator: TradeAggregator | None = TradeAggregator(spec, sessions)
        self._waiting: list[TradeArrays] | None = None
        self._others_to_ns = BEFORE_ALL_NS

    @property
    def is_waiting(self) -> bool:
        """Whether trades are kept for ``begin``."""
        return self._waiting is not None

    def wait(self) -> None:
        """Keep trades from now on for ``begin``; what never had a trade makes no bars until then."""
        self._waiting, self.late_ns = [], None
        if self._aggregator is not None and self._aggregator.last_ns == BEFORE_ALL_NS:
            self._aggregator = None

    def give_up(self, late_ns: int) -> None:
        """Go on as it was before ``wait``."""
        self._waiting, self.late_ns = None, late_ns

    def begin(self, aggregator: TradeAggregator, n_known: int, others_to_ns: int) -> BarArrays:
        """Go on from a state that holds the first ``n_known`` trades since ``wait``; the bars that the rest closes.

        others_to_ns : before this instant another source tells
        """
        rest = joined_trades([TradeArrays.empty(), *(self._waiting or ())])[n_known:]
        self._aggregator, self._waiting, self.late_ns = aggregator, None, None
        self._others_to_ns = others_to_ns
        return self._take(rest)

    def apply(self, trades: TradeArrays) -> BarArrays:
        """Take the trades of one batch; the bars that they close."""
        trades = by_time(trades)
        if self._waiting is not None:
            self._waiting.append(trades)
        return self._take(trades)

    def finish(self, to_ns: int) -> BarArrays:
        """Close the bar under way where its time was over by ``to_ns``."""
        return BarArrays.empty() if self._aggregator is None else self._aggregator.finish(to_ns)

    def forming(self) -> Bar | None:
        """The bar under way."""
        return None if self._aggregator is None else self._aggregator.forming()

    def _take(self, trades: TradeArrays) -> BarArrays:
        aggregator, times = self._aggregator, trades.event_ns
        if aggregator is None or not len(times):
            return BarArrays.empty()
        if times[0] < self._others_to_ns:
            trades = picked_trades(trades, np.flatnonzero(times >= self._others_to_ns))
            times = trades.event_ns
            if not len(times):
                return BarArrays.empty()
        if times[0] < aggregator.last_ns:
            self.late_ns = int(times[0]) if self.late_ns is None else min(self.late_ns, int(times[0]))
            times = np.maximum(times, aggregator.last_ns)
            trades = TradeArrays(times, trades.price, trades.quantity, trades.aggressor)
        return aggregator.apply(trades)
