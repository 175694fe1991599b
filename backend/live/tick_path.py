"""The order of work for a batch of ticks: bars, indicators, alerts, publish; the same for every feed."""

import logging
from collections.abc import Mapping
from typing import Final, Protocol, TypeAlias

from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput, TriiError, Unavailable
from backend.live.folds import MINUTE
from backend.live.followed import Followed
from backend.live.live_bars import BarChange, spec_tails
from backend.live.showing import OpenBars
from backend.market.feeds.feed import TickBatch
from backend.market.live_change import LiveChange
from backend.market.recorded import by_time
from backend.right_of_way import RightOfWay

log = logging.getLogger(__name__)

_Changed: TypeAlias = tuple[BarChange, tuple[tuple[BarSpec, BarArrays, bool], ...]]  # and its tails, made once
UNDER_WAY_NS: Final = 250_000_000


class Recorder(Protocol):
    """Where trades and bars become durable; ``backend.storage.market_store.MarketStore`` is one."""

    def append(self, series: Series, source: str, bars: BarArrays, *, forming: bool = False) -> int:
        """Take bars, the last one under way where ``forming``."""
        ...

    def append_trades(self, instrument: InstrumentId, source: str, trades: TradeArrays) -> int:
        """Take trades."""
        ...


class Watcher(Protocol):
    """Who looks for what must be told; ``backend.alerts.alerts.Alerts`` is one."""

    def evaluate(self, change: LiveChange) -> None:
        """Look at what trades changed."""
        ...


class TickPath:
    """One for the whole program, live and in replay; lives on the engine thread.

    n_refused : trades that cannot be, which change nothing, and those that the log would not take, which are shown all the same
    """

    def __init__(self, recorder: Recorder, open_bars: OpenBars, way: RightOfWay) -> None:
        self.watchers: list[Watcher] = []
        self.n_refused = 0
        self.n_trades = 0
        self._recorder = recorder
        self._open_bars = open_bars
        self._way = way

    async def on_batch(self, batch: TickBatch, followed: Mapping[InstrumentId, Followed]) -> None:
        """Take in what a feed brought of instruments that are followed; of others nothing is wanted."""
        for instrument, quote in batch.quotes.items():
            if (one := followed.get(instrument)) is not None:
                one.quote, one.received_ns = quote, batch.received_ns
        for instrument, depth in batch.depths.items():
            if (one := followed.get(instrument)) is not None:
                one.depth, one.received_ns = depth, batch.received_ns
        for instrument, trades in batch.trades.items():
            if (one := followed.get(instrument)) is not None and len(trades):
                await self._way.clear()  # a frame may have begun meanwhile
                self.apply(one, trades, batch)

    def apply(self, one: Followed, trades: TradeArrays, batch: TickBatch) -> None:
        """Take in the trades of one instrument, whose history has been read."""
        assert one.bars is not None, "Trades are applied to bars that have begun."
        assert one.feed is not None, "Trades come from a feed."
        try:
            change = one.bars.apply(trades)
        except InvalidInput as error:  # every feed refuses such trades where they enter; one that does not stops no other
            self.n_refused += len(trades)
            log.warning("Trades of %s were refused: %s", one.instrument, error)
            return
        self.n_trades += len(trades)
        one.note(trades, batch.received_ns, is_late=batch.is_late)
        tails = tuple(spec_tails(change))
        self._record(one, trades, (change, tails), batch.received_ns)
        self._show(one, (change, tails), trades, batch)

    def advance(self, one: Followed, to_ns: int, received_ns: int) -> None:
        """Time has passed without a trade: close what is over."""
        if one.bars is None or one.feed is None:
            return
        change = one.bars.advance(to_ns)
        if change.closed or one.has_unrecorded:
            batch = TickBatch(received_ns)
            one.recorded_ns = 0
            tails = tuple(spec_tails(change))
            self._record(one, TradeArrays.empty(), (change, tails), received_ns)
        if change.closed:
            self._show(one, (change, tails), TradeArrays.empty(), batch)

    def _show(self, one: Followed, changed: _Changed, trades: TradeArrays, batch: TickBatch) -> None:
        change, tails = changed
        for spec, tail, _ in tails:
            self._open_bars.apply(Series(one.instrument, spec), tail)
        seen = LiveChange(one.instrument, batch.received_ns, trades, change.closed, change.forming, batch.is_late)
        for watcher in self.watchers:
            watcher.evaluate(seen)

    def _record(self, one: Followed, trades: TradeArrays, changed: _Changed, received_ns: int) -> None:
        change, tails = changed
        assert one.feed is not None, "What is recorded has a source."
        source = one.feed.name
        # Complete bars at once; those under way four times a second, which is often enough for who asks history.
        is_due = received_ns - one.recorded_ns >= UNDER_WAY_NS
        one.has_unrecorded = not is_due
        if is_due:
            one.recorded_ns = received_ns
        try:
            if len(trades):
                self._recorder.append_trades(one.instrument, source, by_time(trades))
            for spec, tail, is_forming in tails:
                if (is_due or spec in change.closed) and self._is_recorded(one, spec):
                    self._recorder.append(Series(one.instrument, spec), source, tail, forming=is_forming)
        except Unavailable as e:
            # The disk has refused for long, and said so. What is shown goes on; back-fill brings what was not kept.
            self.n_refused += len(trades)
            log.warning("Live rows of %s were not kept: %s", one.instrument, e)
        except TriiError:
            log.exception("Live rows of %s cannot be kept.", one.instrument)

    def _is_recorded(self, one: Followed, spec: BarSpec) -> bool:
        return spec == MINUTE or spec in one.recorded
