"""Live market data for everybody: who follows which instrument, what feeds bring of it, and how fresh everything is."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final, Protocol

from backend.bus import Bus
from backend.clock import Clock
from backend.domain.bars import DAY_NS, MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.depth import Depth
from backend.domain.instruments import InstrumentId
from backend.errors import TriiError
from backend.jobs.runner import JobRunner
from backend.live.back_fill import FETCHED, SETTLE_NS, BackFill, Wanted
from backend.live.cutting import Cutting
from backend.live.feed_book import FeedBook
from backend.live.feed_runs import FeedRuns
from backend.live.folds import MINUTE
from backend.live.followed import Followed
from backend.live.freshness import Freshness
from backend.live.joining import Joining
from backend.live.probing import probe
from backend.live.showing import Showing
from backend.live.tape import Tape
from backend.live.tick_path import TickPath
from backend.market.bar_store import BarStore
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import Feed, FeedState, FeedStatus, Gap, TickBatch, Wants
from backend.market.feeds.live_row import LiveRow, LiveSnapshot
from backend.market.history import History
from backend.market.live_change import LiveChange
from backend.market.trade_bars import made_of_trades
from backend.right_of_way import RightOfWay
from backend.storage.market_store import MarketStore
from backend.tasks import TaskOwner
from backend.watchlists.board import LastTrade, QuoteBoard

log = logging.getLogger(__name__)

LOOK_S: Final = 0.1
AGAIN_S: Final = 5.0  # between two tries to read the history of an instrument
_WAITING_MAX: Final = 10_000  # batches of an instrument whose history takes long to read


class Watcher(Protocol):
    """What alerts are to live data; ``backend.alerts.alerts.Alerts`` is one."""

    @property
    def wanted(self) -> frozenset[Series]:
        """Series whose bars must be made live."""
        ...

    @property
    def wants_changed(self) -> list[Callable[[], None]]:
        """Called whenever ``wanted`` has changed."""
        ...

    def evaluate(self, change: LiveChange) -> None:
        """Look at what trades changed."""
        ...

    async def evaluate_bars(self, series: Series, bars: BarArrays) -> None:
        """Look at complete bars that came afterwards."""
        ...


class Following:
    """A wish to follow an instrument."""

    crosses_bridge: ClassVar[str] = "a handle: only the engine looks inside"

    def __init__(self, end: Callable[[], None]) -> None:
        self._end: Callable[[], None] | None = end

    async def close(self) -> None:
        """Follow no more on this one's behalf; closing twice does nothing."""
        end, self._end = self._end, None
        if end is not None:
            end()


@dataclass(frozen=True, slots=True)
class LiveParts:
    """What live data stands on."""

    store: MarketStore
    bars: BarStore
    history: History
    catalog: Catalog
    calendars: Calendars
    jobs: JobRunner
    book: FeedBook
    board: QuoteBoard
    clock: Clock
    bus: Bus
    tasks: TaskOwner
    way: RightOfWay


class Live:
    """One for the whole program; lives on the engine thread. ``snapshot``, ``tape`` and ``depth`` are read from any."""

    crosses_bridge: ClassVar[str] = "a facade: its coroutines run on the engine, its values are immutable"

    def __init__(self, parts: LiveParts) -> None:
        self._parts = parts
        self.feeds = parts.book
        self._showing = Showing(parts.bars)
        self.path = TickPath(parts.store, self._showing, parts.way)
        self.runs = FeedRuns(parts.book, parts.clock, parts.bus, parts.tasks)
        self.runs.on_batch = self.on_batch
        self.runs.changed = self._feeds_changed
        parts.book.changed = self.runs.refresh
        parts.board.last_trade = self.last_trade
        self.joining = Joining(parts.store, parts.history, parts.catalog, parts.calendars, parts.clock)
        self.watchers: list[Watcher] = []
        self._cutting = Cutting(parts.store, parts.history.of_trades, self._showing, self._look_back)
        self._back_fill = BackFill(parts.store, parts.jobs, self.runs.get, self._filled)
        self._freshness = Freshness(parts.clock, parts.bus)
        self._wishes: Counter[InstrumentId] = Counter()
        self._depth_wishes: Counter[InstrumentId] = Counter()
        self._followed: dict[InstrumentId, Followed] = {}
        self._watched: dict[InstrumentId, set[BarSpec]] = {}
        self._n_touched: dict[InstrumentId, int] = {}
        self._known_of: set[str] = set()
        self._snapshot = LiveSnapshot()

    # --- for everybody ------------------------------------------------------------------------------------------------

    def snapshot(self) -> LiveSnapshot:
        """Every feed and every instrument that is followed, as they are now; from any thread."""
        return self._snapshot

    def tape(self, instrument: InstrumentId) -> Tape | None:
        """The newest trades of an instrument; None while it is not followed. From any thread."""
        one = self._followed.get(instrument)
        return None if one is None else one.tape

    def last_trade(self, instrument: InstrumentId) -> LastTrade | None:
        """The newest trade of an instrument; None before one has come."""
        one = self._followed.get(instrument)
        return None if one is None or not one.n_applied else LastTrade(one.last, one.last_ns)

    def depth(self, instrument: InstrumentId) -> Depth | None:
        """The newest book of an instrument, if one has come. From any thread."""
        one = self._followed.get(instrument)
        return None if one is None else one.depth

    async def follow(self, instrument: InstrumentId, *, depth: bool = False) -> Following:
        """Keep an instrument live, its book too with ``depth``, until what is returned is closed.

        An instrument that nothing serves is followed as soon as a feed does.
        """
        self._wishes[instrument] += 1
        self._depth_wishes[instrument] += depth
        self._wants_changed()

        def end() -> None:
            self._wishes[instrument] -= 1
            self._depth_wishes[instrument] -= depth
            self._wants_changed()

        return Following(end)

    def is_joined(self, instrument: InstrumentId) -> bool:
        """Whether its history was read, so that its trades are taken in at once."""
        one = self._followed.get(instrument)
        return one is not None and one.bars is not None

    def tell(self, watcher: Watcher) -> None:
        """Let ``watcher`` see every change, and follow what it wants."""
        self.watchers.append(watcher)
        self.path.watchers.append(watcher)
        watcher.wants_changed.append(self._watched_changed)
        self._watched_changed()

    async def probe(self, config: FeedConfig, secrets: Mapping[str, str] | None = None) -> FeedStatus:
        """Connect with settings that are not kept yet, or are: how far it came within ten seconds. Raises InvalidInput."""
        return await probe(self._parts.book, config, secrets or {}, self._parts.clock)

    def feed_of(self, instrument: InstrumentId) -> Feed | None:
        """The first running feed that serves an instrument; on the engine thread."""
        return next((feed for feed in self.runs.feeds if feed.serves(instrument)), None)

    async def begin(self) -> None:
        """Run the feeds that are on, and look after everything until the tasks' owner closes."""
        await self.runs.refresh()
        self._parts.tasks.start("live data", self._look_after())

    async def close(self) -> None:
        """Let every feed go."""
        await self.runs.close()
        self._showing.close()

    # --- what feeds bring ---------------------------------------------------------------------------------------------

    async def on_batch(self, feed: Feed, batch: TickBatch) -> None:
        """Take in what a feed brought."""
        ready: dict[InstrumentId, Followed] = {}
        for instrument in {**batch.trades, **batch.quotes, **batch.depths}:
            one = self._followed.get(instrument)
            if one is None or one.feed is not feed:
                continue
            if one.bars is not None:
                ready[instrument] = one
            elif instrument in batch.trades:
                self._keep_waiting(one, batch)
        await self.path.on_batch(batch, ready)
        self._freshness.took(feed, batch)
        for gap in batch.gaps:
            if gap.instrument in self._followed:
                await self._fill_gap(feed, gap)

    def _keep_waiting(self, one: Followed, batch: TickBatch) -> None:
        one.waiting.append(TickBatch(batch.received_ns, {one.instrument: batch.trades[one.instrument]}, is_late=batch.is_late))
        if len(one.waiting) > _WAITING_MAX:
            log.warning("The history of %s takes long to read; its oldest waiting trades are fetched as bars.", one.instrument)
            one.waiting.pop(0)

    async def _fill_gap(self, feed: Feed, gap: Gap) -> None:
        from_ns, to_ns = gap.from_ns // MINUTE_NS * MINUTE_NS, -(-gap.to_ns // MINUTE_NS) * MINUTE_NS
        for spec in FETCHED:
            step_ns = spec.duration_ns or DAY_NS
            span = (from_ns // step_ns * step_ns, -(-to_ns // step_ns) * step_ns)
            await self._back_fill.ask(feed, Series(gap.instrument, spec), span, due_ns=to_ns + SETTLE_NS)

    async def _filled(self, wanted: Wanted) -> None:
        """History has more bars of an instrument: go on from them, and let alerts look at what they missed."""
        series = wanted.series
        one = self._followed.get(series.instrument)
        if one is not None and one.bars is not None:
            self._showing.flush()  # what waits was made of what was known before
            await self.joining.begin_again(series.instrument, one.bars)
        if series.spec != MINUTE:
            return
        for spec in self._watched.get(series.instrument, ()):
            if not made_of_trades(spec):
                from_ns = wanted.from_ns - (spec.duration_ns or 31 * DAY_NS)
                await self._look_back(Series(series.instrument, spec), from_ns, wanted.to_ns)

    async def _look_back(self, series: Series, from_ns: int, to_ns: int | None = None) -> None:
        """Let alerts look at complete bars that were not told as they came."""
        history, known_ns = self._parts.history, self._parts.clock.now_ns()
        for watcher in [one for one in self.watchers if series in one.wanted]:
            if not history.can_make(series.instrument, series.spec):
                continue  # the venue had nothing of so short an interval
            try:
                bars = await history.bars(series, from_ns=from_ns, to_ns=to_ns, as_of_ns=known_ns)
                await watcher.evaluate_bars(series, bars)
            except TriiError as error:
                log.warning("What was filled in of %s could not be looked at: %s", series, error)

    # --- who follows what ---------------------------------------------------------------------------------------------

    def _feeds_changed(self) -> None:
        for one in self._followed.values():
            feed = self.feed_of(one.instrument)
            if feed is not one.feed:
                one.feed, one.bars = feed, None
                self._join(one)
        self._wants_changed()
        self._show()

    def _watched_changed(self) -> None:
        """Alerts want other series."""
        before, self._watched = self._watched.keys(), {}
        for watcher in self.watchers:
            for series in watcher.wanted:
                self._watched.setdefault(series.instrument, set()).add(series.spec)
        if before != self._watched.keys():
            self._wants_changed()

    def _wants_changed(self) -> None:
        wanted = {instrument for instrument, n in self._wishes.items() if n > 0}
        wanted.update(self._watched)
        for instrument in [one for one in self._followed if one not in wanted]:
            del self._followed[instrument]
        for instrument in wanted - self._followed.keys():
            one = Followed(instrument, self.feed_of(instrument))
            self._followed[instrument] = one
            self._join(one)
        for feed in self.runs.feeds:
            mine = (one.instrument for one in self._followed.values() if one.feed is feed)
            feed.want({instrument: Wants(depth=self._depth_wishes[instrument] > 0) for instrument in mine})

    def _join(self, one: Followed) -> None:
        if one.feed is not None:
            self._parts.tasks.start(f"join {one.instrument}", self._joined(one, one.feed))

    def _join_again(self, one: Followed, feed: Feed) -> None:
        is_wanted = one.feed is feed and one.bars is None and self._followed.get(one.instrument) is one
        if is_wanted and not self._parts.tasks.is_closed:
            self._join(one)

    async def _joined(self, one: Followed, feed: Feed) -> None:
        try:
            bars = await self.joining.begin(one, feed)
            await self._add_specs(one)
        except TriiError as error:
            # The venue may answer later, the instrument may be put into the catalog: it is tried again.
            log.info("%s cannot be followed yet: %s", one.instrument, error)
            asyncio.get_running_loop().call_later(AGAIN_S, self._join_again, one, feed)
            return
        if one.feed is not feed or self._followed.get(one.instrument) is not one:
            return
        one.bars = bars
        waiting, one.waiting = one.waiting, []
        for batch in waiting:
            self.path.apply(one, batch.trades[one.instrument], batch)
        await self._ask_history(one, feed)

    async def _ask_history(self, one: Followed, feed: Feed) -> None:
        now_ns = self._parts.clock.now_ns()
        for spec in FETCHED:
            series = Series(one.instrument, spec)
            await self._back_fill.ask(feed, series, (await self._back_fill.start_of(series, now_ns), now_ns))
        # The minute in which we came is known to us from its middle on: the venue's own replaces ours.
        await self._fill_gap(feed, Gap(one.instrument, now_ns, now_ns + 1))

    # --- looking after it all -----------------------------------------------------------------------------------------

    async def _look_after(self) -> None:
        n_looks = 0
        while True:
            await asyncio.sleep(LOOK_S)
            n_looks += 1
            for one in tuple(self._followed.values()):
                try:
                    await self._add_specs(one)
                    if one.bars is not None and n_looks % 10 == 0:
                        await self._cutting.mend(one, one.bars)
                except TriiError as error:  # of one instrument; the others go on
                    log.warning("Not every interval of %s is live: %s", one.instrument, error)
            if n_looks % 10 == 0:
                self._pass_time()
                self._touch_board()
            self._show()

    async def _add_specs(self, one: Followed) -> None:
        if one.bars is None:
            return
        watched = self._watched.get(one.instrument, set())
        needed: frozenset[BarSpec] = self._parts.bars.open_specs(one.instrument) | watched | one.recorded | {MINUTE}
        for spec in one.bars.specs - needed:
            one.bars.drop_spec(spec)
        for spec in needed - one.bars.specs:
            if made_of_trades(spec):
                await self._cutting.add(one, one.bars, spec)
                continue
            await self.joining.add_spec(one.instrument, one.bars, spec)
            if one.feed is not None and MINUTE in self._parts.store.stored_specs(one.instrument):
                # A bar may have closed between the chart's first look and now: it looks at history once more.
                since_ns = self._parts.clock.now_ns() - 2 * (spec.duration_ns or 31 * DAY_NS)
                self._parts.store.tell_changed(Series(one.instrument, MINUTE), one.feed.name, since_ns)

    def _pass_time(self) -> None:
        for one in self._followed.values():
            to_ns = None if one.feed is None else self._freshness.over_ns(one.feed)
            if one.feed is not None and (to_ns is not None or one.has_unrecorded):
                self.path.advance(one, to_ns or 0, one.feed.status.received_ns)

    def _touch_board(self) -> None:
        touched = [name for name, one in self._followed.items() if self._n_touched.get(name) != one.n_applied]
        self._n_touched = {name: one.n_applied for name, one in self._followed.items()}
        self._parts.board.touch(touched)

    async def _know_all(self, feed: Feed) -> None:
        """Let everything that a feed serves be found."""
        try:
            n_new = await self.joining.know_all(feed)
        except TriiError as error:
            log.info("What %s serves cannot be listed now: %s", feed.name, error)
            self._known_of.discard(feed.name)
        else:
            log.info("%s serves %s instruments that were new.", feed.name, n_new)

    def _show(self) -> None:
        rows: dict[InstrumentId, LiveRow] = {}
        statuses = self._freshness.look(self.runs.feeds)
        for instrument, one in self._followed.items():
            row = one.row()
            if row is not None and row.feed in statuses:  # a feed that is being stopped serves nothing any more
                rows[instrument] = row
        for feed in self.runs.feeds:
            if feed.abilities.can_list and statuses[feed.name].state is FeedState.LIVE and feed.name not in self._known_of:
                self._known_of.add(feed.name)
                self._parts.tasks.start(f"instruments of {feed.name}", self._know_all(feed))
        before = self._snapshot
        if rows != before.rows or statuses != before.feeds:
            self._snapshot = LiveSnapshot(before.version + 1, MappingProxyType(statuses), MappingProxyType(rows))
