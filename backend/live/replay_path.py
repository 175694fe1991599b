"""Ticks of the past on the tick path of live, so that what watches the market in a replay runs through the very same code."""

import asyncio
import logging

import numpy as np

from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.domain.ticks import TradeArrays
from backend.errors import TriiError
from backend.live.folds import MINUTE
from backend.live.followed import Followed
from backend.live.joining import load_kernels
from backend.live.live_bars import LiveBars
from backend.live.tick_path import TickPath, Watcher
from backend.market.aggregate import TradeAggregator
from backend.market.feeds.feed import Wants
from backend.market.feeds.past_ticks import PastTicks, label_under_way
from backend.market.feeds.replay import ReplayFeed, ReplayParts
from backend.market.growing_bars import join
from backend.market.live_change import LiveChange
from backend.market.recorded import by_time
from backend.market.resample import divides, known_ns, resample
from backend.right_of_way import RightOfWay

log = logging.getLogger(__name__)


class KeptAlready:
    """The recorder of a replay: everything that it brings was read from the store."""

    def append(self, _series: Series, _source: str, bars: BarArrays, *, forming: bool = False) -> int:  # noqa: ARG002 - the protocol's
        """Keep nothing; how many bars there were."""
        return len(bars)

    def append_trades(self, _instrument: InstrumentId, _source: str, trades: TradeArrays) -> int:
        """Keep nothing; how many trades there were."""
        return len(trades)


class ShownAlready:
    """The open bars of a replay: charts show a beginning of the bars they have, and none of them changes."""

    def apply(self, series: Series, tail: BarArrays) -> None:
        """Change nothing."""


class ReplayPath:
    """Moves a replayed feed on and hands what it brings to those who watch; lives on the engine thread.

    Bars under way at the beginning hold what was known by then; from there on ticks make them, as they do live.
    """

    def __init__(self, parts: ReplayParts, way: RightOfWay) -> None:
        self._parts = parts
        self._path = TickPath(KeptAlready(), ShownAlready(), way)
        self._feed: ReplayFeed | None = None
        self._followed: dict[InstrumentId, Followed] = {}
        self._ticks: dict[InstrumentId, PastTicks] = {}

    def tell(self, watcher: Watcher) -> None:
        """Let ``watcher`` see every change."""
        self._path.watchers.append(watcher)

    async def begin(self, wanted: frozenset[Series], now_ns: int) -> frozenset[Series]:
        """Stand at ``now_ns`` and tell the newest tick of each instrument; the series that ticks make bars of from here on."""
        self._feed = feed = ReplayFeed(self._parts, now_ns)
        self._followed, self._ticks = {}, {}
        made = frozenset(series for series in wanted if divides(MINUTE, series.spec))
        for instrument in {series.instrument for series in made}:
            specs = [series.spec for series in made if series.instrument == instrument]
            try:
                await self._join(instrument, feed, specs)
            except TriiError as error:
                log.warning("%s takes no part in the replay: %s", instrument, error)
        feed.want({instrument: Wants(quotes=False) for instrument in self._followed})
        return frozenset(series for series in made if series.instrument in self._followed)

    async def advance(self, to_ns: int) -> None:
        """Move on, and let those who watch see what becomes known on the way. Raises NotFound, CorruptData."""
        assert self._feed is not None, "A replay begins before it goes on."
        async for batch in self._feed.advance(to_ns):
            await self._path.on_batch(batch, self._followed)
            await asyncio.sleep(0)  # long ways leave room for others
        for instrument, one in self._followed.items():
            self._path.advance(one, self._ticks[instrument].settled_ns(to_ns, one.last_ns), to_ns)

    def end(self) -> None:
        """Follow nothing any more."""
        self._feed, self._followed, self._ticks = None, {}, {}

    async def _join(self, instrument: InstrumentId, feed: ReplayFeed, specs: list[BarSpec]) -> None:
        known = await self._parts.catalog.get(instrument)
        sessions = await self._parts.calendars.load(known.calendar)
        await asyncio.to_thread(load_kernels)
        ticks = PastTicks(self._parts.store, instrument, sessions)
        bars, now_ns = LiveBars(sessions), feed.now_ns
        floor_ns = ticks.under_way_ns(now_ns)
        before = await self._minutes_since(ticks, min([floor_ns, *_starts(specs, floor_ns, sessions)]), floor_ns)
        for spec in specs:
            fold, label = bars.add_spec(spec), label_under_way(spec, floor_ns, sessions)
            if fold is not None and label is not None:
                made = resample(before, MINUTE, spec, sessions)
                fold.begin(made[int(np.searchsorted(made.event_ns, label)) :])
        recent = (await ticks.read(floor_ns, now_ns)).trades
        change = bars.apply(recent)
        one = Followed(instrument, feed, bars)
        self._followed[instrument], self._ticks[instrument] = one, ticks
        newest = recent[-1:] if len(recent) else _closes(before, sessions)[-1:]
        if len(newest):
            one.note(newest, now_ns, is_late=False)
            seen = LiveChange(instrument, now_ns, newest, {}, change.forming)
            for watcher in self._path.watchers:
                watcher.evaluate(seen)

    async def _minutes_since(self, ticks: PastTicks, from_ns: int, to_ns: int) -> BarArrays:
        """Minutes of the ticks of bars that begin at ``from_ns`` or later and are complete by ``to_ns``."""
        trades = by_time((await ticks.read(from_ns, to_ns, has_trades=False)).trades)
        if not len(trades):
            return BarArrays.empty()
        aggregator = TradeAggregator(MINUTE, ticks.sessions)
        closed, last = aggregator.apply(trades), aggregator.forming()
        return closed if last is None else join(closed, BarArrays.of([last]))


def _starts(specs: list[BarSpec], at_ns: int, sessions: SessionTable) -> list[int]:
    """When the bars of these specs that are under way began."""
    labels = [(spec, label_under_way(spec, at_ns, sessions)) for spec in specs]
    return [
        int(sessions.opens_of(np.array([label], np.int64))[0]) if spec.is_dated else label
        for spec, label in labels
        if label is not None
    ]


def _closes(minutes: BarArrays, sessions: SessionTable) -> TradeArrays:
    """The close of each minute as a trade of no quantity at its last instant."""
    times = known_ns(MINUTE, minutes.event_ns, sessions) - 1
    return TradeArrays(times, minutes.close, np.zeros(len(minutes)), np.zeros(len(minutes), np.int8))
