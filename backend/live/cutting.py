"""Live bars that only trades make: begun with every recorded trade, and made anew where one came behind others."""

from collections.abc import Awaitable, Callable
from typing import Final

from backend.domain.bars import MINUTE_NS, BarSpec, Series
from backend.live.followed import Followed
from backend.live.live_bars import LiveBars
from backend.live.showing import Showing
from backend.market.trade_bars import TradeBars
from backend.market.watermark import BEFORE_ALL_NS
from backend.storage.market_store import MarketStore

_LOOKED_NS: Final = 10 * MINUTE_NS  # before the beginning: bars that closed between a chart's first look and it are looked at again


class Cutting:
    """Lives on the engine thread.

    corrected : awaited with a series and the instant from which its bars are others
    """

    def __init__(
        self, store: MarketStore, of_trades: TradeBars, showing: Showing, corrected: Callable[[Series, int], Awaitable[None]]
    ) -> None:
        self._store = store
        self._of_trades = of_trades
        self._showing = showing
        self._corrected = corrected

    async def add(self, one: Followed, bars: LiveBars, spec: BarSpec) -> None:
        """Make bars of ``spec`` from now on, as all trades make them. Raises CorruptData, Unavailable."""
        bars.add_spec(spec)
        cut = bars.cuts[spec]
        try:
            newest_ns = await self._begin(one, bars, spec)
        finally:
            if cut.is_waiting:  # it could not be read, and is tried again
                bars.drop_spec(spec)
        await self._tell(one, spec, newest_ns - _LOOKED_NS)

    async def mend(self, one: Followed, bars: LiveBars) -> None:
        """Make bars anew that a late trade belongs to, and say from when on they are others. Raises CorruptData, Unavailable."""
        late = {spec: cut.late_ns for spec, cut in bars.cuts.items() if cut.late_ns is not None}
        for spec, late_ns in late.items():
            cut = bars.cuts[spec]
            try:
                await self._begin(one, bars, spec)
            finally:
                if cut.is_waiting:
                    cut.give_up(late_ns)
            await self._tell(one, spec, late_ns)

    async def _begin(self, one: Followed, bars: LiveBars, spec: BarSpec) -> int:
        """Let a cut hold every stored trade and what came since; event time of the newest stored one."""
        cut, source, series = bars.cuts[spec], _source_of(one), Series(one.instrument, spec)
        cut.wait()
        n_before = sum(n_trades for _, n_trades in self._store.trade_pieces(one.instrument, source))
        running = await self._of_trades.running(series, bars.sessions)
        newest_ns = running.aggregator.last_ns
        is_anothers = running.owner not in {"", source}
        others_to_ns = newest_ns // MINUTE_NS * MINUTE_NS + MINUTE_NS if is_anothers else BEFORE_ALL_NS
        self._showing.flush()  # what waits was made of what was known before
        cut.begin(running.aggregator, running.n_taken.get(source, 0) - n_before, others_to_ns)
        return max(newest_ns, 0)

    async def _tell(self, one: Followed, spec: BarSpec, from_ns: int) -> None:
        series = Series(one.instrument, spec)
        await self._corrected(series, from_ns)  # before alerts read all of it again, which would pass over what they have not seen
        self._store.tell_changed(series, _source_of(one), from_ns)


def _source_of(one: Followed) -> str:
    return "" if one.feed is None else one.feed.name
