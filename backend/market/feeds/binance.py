"""Binance spot: trades, quotes and books live, healed without a hole, and what its REST service keeps."""

import asyncio
import collections
import statistics
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

import msgspec

from backend.clock import Clock
from backend.domain.bars import SECOND_NS, BarArrays, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput, NotFound, TriiError
from backend.market.feeds.binance_heal import BinanceHealer, HealRules
from backend.market.feeds.binance_messages import any_decoder
from backend.market.feeds.binance_rest import BAR_SPECS, VENUE, BinanceRest
from backend.market.feeds.binance_strand import BinanceStrand
from backend.market.feeds.binance_subscriptions import STREAMS_MAX, Subscriptions
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.connection import Connection, Link
from backend.market.feeds.feed import WAITING_MAX, Abilities, FeedState, FeedStatus, TickBatch, Wants
from backend.market.feeds.line_watch import ConnectionRules
from backend.market.feeds.waiting_ticks import WaitingTicks
from backend.tasks import TaskOwner

DEFAULT_STREAM_URL: Final = "wss://stream.binance.com:9443"
DEFAULT_REST_URL: Final = "https://api.binance.com"
# Binance ends a connection after 24 hours, and pings every 20 s.
RULES: Final = ConnectionRules(lifetime_s=23.5 * 3600, ping_s=5.0, idle_s=30.0)
HEALING: Final = HealRules()
ABILITIES: Final = Abilities(quotes=True, depth=True, bar_specs=BAR_SPECS, can_list=True)
_NAME_AT: Final = len(b'{"stream":"')
_TALK_S: Final = 0.25  # between two messages to the venue, which allows five a second, pings among them
_SKEW_NS: Final = 600 * SECOND_NS
_SKEW_RETRY_NS: Final = 10 * SECOND_NS
_LIFE_S: Final = 1.0
_BAD: Final = (msgspec.MsgspecError, ValueError, RecursionError, InvalidInput)
Taker = Callable[[bytes, int], bool]


def check_options(options: Mapping[str, str]) -> None:
    """Binance has no choices to make. Raises InvalidInput for any."""
    if options:
        raise InvalidInput(f"A Binance feed has no choice {min(options)!r}.", hint="Remove it.", code="feed.options")


class BinanceFeed:
    """The spot market; keeps the protocol ``Feed``. ``rules``, ``healing`` and ``n_waiting_max`` are given by tests."""

    def __init__(
        self,
        config: FeedConfig,
        clock: Clock,
        secret: Callable[[str], str | None],
        *,
        rules: ConnectionRules = RULES,
        healing: HealRules = HEALING,
        n_waiting_max: int = WAITING_MAX,
    ) -> None:
        self.name = config.name
        self.abilities = ABILITIES
        self._clock = clock
        self._address = (config.stream_url or DEFAULT_STREAM_URL).rstrip("/") + "/stream"
        self._rest = BinanceRest(config.rest_url or DEFAULT_REST_URL, clock, secret)
        self._wanted: dict[InstrumentId, Wants] = {}
        self._strands: dict[InstrumentId, BinanceStrand] = {}
        self._takers: dict[bytes, tuple[Taker, BinanceStrand]] = {}
        self._subscriptions = Subscriptions()
        self._waiting = WaitingTicks(n_waiting_max)
        self._healer = BinanceHealer(self._rest, clock, healing)
        self._connection = Connection(lambda: self._address, self, clock, rules)
        self._healer.on_progress = self._waiting.give_room
        self._link: Link | None = None
        self._talk = asyncio.Event()
        self._asked_skew_ns: int | None = None
        self._leads_ns: collections.deque[int] = collections.deque(maxlen=15)
        self._n_bad = 0
        self._n_gone = [0, 0]  # trades and quotes of instruments that are not followed any more

    # --- what it is and how it does -----------------------------------------------------------------------------------

    @property
    def status(self) -> FeedStatus:
        """How it is doing now."""
        line, strands = self._connection, self._strands.values()
        return FeedStatus(
            line.state,
            line.words or self._words_of_streams(),
            line.connected_ns,
            line.received_ns,
            self._skew_ns(),
            n_trades=self._n_gone[0] + sum(strand.n_trades for strand in strands),
            n_quotes=self._n_gone[1] + sum(strand.n_quotes for strand in strands),
            n_bad=self._n_bad + self._rest.n_bad + self._waiting.n_bad_books,
            n_gaps=self._healer.n_breaks,
            n_reconnects=line.n_reconnects,
        )

    def serves(self, instrument: InstrumentId) -> bool:
        """Everything of the venue BINANCE."""
        return instrument.venue == VENUE

    def want(self, wanted: Mapping[InstrumentId, Wants]) -> None:
        """Give exactly these from now on."""
        self._wanted = {instrument: wants for instrument, wants in wanted.items() if self.serves(instrument)}
        for instrument in self._strands.keys() - self._wanted.keys():
            self._drop(self._strands.pop(instrument))
        for instrument, wants in self._wanted.items():
            strand = self._strands.get(instrument) or BinanceStrand(instrument, self._waiting)
            if not wants.depth:
                strand.book.begin()
            strand.wants = wants
            self._strands[instrument] = strand
        self._takers = {}
        levels: tuple[list[str], ...] = ([], [], [])  # trades first, should not everything fit
        for strand in self._strands.values():
            is_wanted = (True, strand.wants.quotes, strand.wants.depth)
            takers: tuple[Taker, ...] = (strand.take_trade, strand.take_quote, strand.take_depth)
            for name, taker, wanted_too, level in zip(strand.names, takers, is_wanted, levels, strict=True):
                if wanted_too:
                    self._takers[name.encode()] = (taker, strand)
                    level.append(name)
        self._subscriptions.want([name for level in levels for name in level])
        self._talk.set()

    def _drop(self, strand: BinanceStrand) -> None:
        strand.is_dropped = True
        self._n_gone[0] += strand.n_trades
        self._n_gone[1] += strand.n_quotes
        self._waiting.forget(strand.instrument)

    def _words_of_streams(self) -> str:
        if self._connection.state is not FeedState.LIVE:
            return ""
        if n_more := self._subscriptions.n_too_many:
            return f"{n_more} streams are left out: Binance carries {STREAMS_MAX} at most. Follow fewer instruments."
        if refused := self._subscriptions.refused:
            return f"Binance does not have {min(refused)}" + (f" and {len(refused) - 1} more." if len(refused) > 1 else ".")
        return ""

    # --- live -----------------------------------------------------------------------------------------------------------

    async def batches(self) -> AsyncIterator[TickBatch]:
        """Connect, and give batches until closed; an empty one about every second in which only a sign of life came."""
        tasks = TaskOwner(f"feed {self.name}")
        async with self._rest.client:
            try:
                running = [
                    tasks.start("listen", self._connection.run()),
                    tasks.start("heal", self._healer.run()),
                    tasks.start("talk", self._keep_talking()),
                    tasks.start("set the clock", self._keep_skew()),
                ]
                for task in running:
                    task.add_done_callback(lambda _task: self._waiting.note_life())
                told_ns = 0
                while True:
                    batch = await self._next_batch(told_ns)
                    if any(task.done() for task in running):
                        await asyncio.gather(*(task for task in running if task.done()))
                    if batch is not None:
                        told_ns = max(told_ns, self._connection.received_ns)
                        yield batch
            finally:
                self._link = None
                await tasks.close()

    async def _next_batch(self, told_ns: int) -> TickBatch | None:
        batch = self._waiting.take()
        if batch is not None:
            return batch
        try:
            async with asyncio.timeout(_LIFE_S):
                await self._waiting.wait()
        except TimeoutError:
            alive_ns = self._connection.received_ns
            return TickBatch(alive_ns) if alive_ns > told_ns else None
        return self._waiting.take()

    async def opened(self, link: Link) -> None:
        """A fresh connection carries nothing yet."""
        self._subscriptions.begin()
        for strand in self._strands.values():
            strand.begin()
        self._link = link
        self._talk.set()

    async def heard(self, frames: Sequence[bytes], received_ns: int) -> None:
        """Take everything that came; wait where too much of it waits already."""
        takers, healer, strand = self._takers, self._healer, None
        for frame in frames:
            found = takers.get(frame[_NAME_AT : frame.find(b'"', _NAME_AT)])  # {"stream":"btcusdt@trade","data":
            if found is None:
                self._take_other(frame, received_ns)
                continue
            take, strand = found
            try:
                if take(frame, received_ns):
                    healer.look(strand)
            except _BAD:
                self._n_bad += 1
        if strand is not None and strand.sent_ns:
            self._leads_ns.append(strand.sent_ns - received_ns)
            strand.sent_ns = 0
        await self._waiting.wait_for_room(lambda: healer.n_held)

    def lost(self, _words: str) -> None:
        """The connection is gone: what it carried must be asked for anew."""
        self._link = None

    def _take_other(self, frame: bytes, received_ns: int) -> None:
        """An answer to a request, a message written in another way, one of a stream just left, or rubbish."""
        try:
            message = any_decoder.decode(frame)
        except _BAD:
            self._n_bad += 1
            return
        found = self._takers.get(message.stream.encode("utf-8", "replace"))
        if found is not None:
            try:
                if found[0](frame, received_ns):
                    self._healer.look(found[1])
            except _BAD:
                self._n_bad += 1
        elif isinstance(message.id, int):
            self._answered(message.id, is_accepted=not message.error and message.code is None)
        elif not message.stream:
            self._n_bad += 1

    def _answered(self, number: int, *, is_accepted: bool) -> None:
        self._n_bad += not is_accepted
        carried = set(self._subscriptions.answered(number, is_accepted=is_accepted))
        for strand in self._strands.values() if carried else ():
            if strand.names[0] in carried and strand.sequence.next_id is not None:
                strand.is_behind = True
                self._healer.look(strand)
        self._talk.set()

    async def _keep_talking(self) -> None:
        """Ask for streams as they are wanted, no faster than the venue allows, and again for what it did not answer."""
        while True:
            self._talk.clear()
            request = self._subscriptions.next_request(self._clock.monotonic_ns()) if self._link is not None else None
            if request is None or self._link is None:
                try:
                    async with asyncio.timeout(_LIFE_S):
                        await self._talk.wait()
                except TimeoutError:
                    pass
                continue
            try:
                await self._link.send(request)
            except TriiError:
                self._link = None
            await asyncio.sleep(_TALK_S)

    def _skew_ns(self) -> int:
        """The venue's clock minus ours: as it says when asked, and no less than its messages show."""
        shown_ns = statistics.median_low(self._leads_ns) if len(self._leads_ns) == self._leads_ns.maxlen else None
        known = [each for each in (self._asked_skew_ns, shown_ns) if each is not None]
        return max(known, default=0)

    async def _keep_skew(self) -> None:
        """Ask what time it is there after each connecting and now and then."""
        asked_for, again_ns = 0, 0
        while True:
            steady_ns, connected_ns = self._clock.monotonic_ns(), self._connection.connected_ns
            if self._link is not None and (connected_ns != asked_for or steady_ns >= again_ns):
                asked_for, again_ns = connected_ns, steady_ns + _SKEW_NS
                self._leads_ns.clear()  # our own clock may have been set
                try:
                    self._asked_skew_ns = await self._rest.fetch_skew_ns()
                except TriiError:
                    again_ns = steady_ns + _SKEW_RETRY_NS
            await asyncio.sleep(_LIFE_S)

    # --- history --------------------------------------------------------------------------------------------------------

    async def fetch_bars(self, series: Series, from_ns: int, to_ns: int) -> BarArrays:
        """Complete bars with ``from_ns`` ≤ event_ns < ``to_ns``. Raises Unavailable, NotFound, InvalidInput."""
        self._check_served(series.instrument)
        async with self._rest.client:
            return await self._rest.fetch_bars(series, from_ns, to_ns, self._clock.now_ns() + self._skew_ns())

    async def fetch_trades(self, instrument: InstrumentId, from_ns: int, to_ns: int) -> TradeArrays | None:
        """The trades of a stretch of time, oldest first. Raises Unavailable, NotFound, InvalidInput for too many."""
        self._check_served(instrument)
        async with self._rest.client:
            return await self._rest.fetch_trades(instrument.code, from_ns, to_ns)

    async def fetch_instruments(self) -> tuple[Instrument, ...]:
        """Everything that trades. Raises Unavailable."""
        async with self._rest.client:
            return await self._rest.fetch_listed()

    def _check_served(self, instrument: InstrumentId) -> None:
        if not self.serves(instrument):
            raise NotFound(f"{instrument} does not trade at Binance.", hint=f"Its instruments end in .{VENUE}.")
