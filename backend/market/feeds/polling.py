"""Polls plain REST sources of prices: for what has no stream. Looks give quotes and sampled trades."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from backend.clock import Clock
from backend.domain.bars import SECOND_NS, BarArrays, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput, NotFound, TriiError, Unavailable
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import Abilities, FeedState, FeedStatus, TickBatch, Wants
from backend.market.feeds.polling_http import BUSY, REFUSED, PollClient
from backend.market.feeds.polling_look import Look, parse_look
from backend.market.feeds.polling_plan import parse_plan
from backend.market.feeds.quote_cache import QuoteCache
from backend.storage.credentials import Secret
from backend.tasks import TaskOwner

DEFAULT_STREAM_URL: Final = ""
DEFAULT_REST_URL: Final = ""
AT_ONCE_MAX: Final = 4
BACK_OFF_S_MAX: Final = 300.0
_STEP_S: Final = 0.2  # how soon a clock that jumped, as after a sleep, is noticed


def check_options(options: Mapping[str, str]) -> None:
    """Refuse options that cannot be. Raises InvalidInput."""
    parse_plan(options)


@dataclass(slots=True)
class _Track:
    """What is known of one instrument: when it is looked at next, what it was at the last look, why the last look failed."""

    due_ns: int = 0
    last: Look | None = None
    n_failed: int = 0
    error: TriiError | None = None


class PollingFeed:
    """Looks at each wanted instrument every ``interval_s``; a failing one is looked at less often until it answers again.

    A look gives a trade only where price, time or volume differ from the last; its quantity is what the volume grew by.
    """

    def __init__(self, config: FeedConfig, clock: Clock, secret: Secret) -> None:
        self._plan = parse_plan({**config.options, **({"url": config.rest_url} if config.rest_url else {})})
        self._name = config.name
        self._clock = clock
        self._secret = secret
        self._rest = PollClient(clock)
        self._places = asyncio.Semaphore(AT_ONCE_MAX)
        self._cache: QuoteCache[InstrumentId, Look] = QuoteCache(clock)
        self._tracks: dict[InstrumentId, _Track] = {}
        self._wanted: frozenset[InstrumentId] = frozenset()
        self._is_changed = asyncio.Event()
        self._paused_until_ns = 0
        self._n_pauses = 0
        self._status = FeedStatus(delay_s=self._plan.delay_s + self._plan.interval_s)

    @property
    def name(self) -> str:
        """The feed's name."""
        return self._name

    @property
    def abilities(self) -> Abilities:
        """Quotes where the source has bid and ask; trades are prices looked at now and then."""
        known = {*self._plan.paths, *self._plan.columns}
        return Abilities(quotes={"bid", "ask"} <= known, is_sampled=True)

    @property
    def status(self) -> FeedStatus:
        """How it is doing; waiting only where nothing that is wanted can be had."""
        return self._status

    @property
    def failures(self) -> Mapping[InstrumentId, TriiError]:
        """What is wanted and could not be had at the last look, and why."""
        errors = {one: self._tracks[one].error for one in sorted(self._wanted) if one in self._tracks}
        return MappingProxyType({one: error for one, error in errors.items() if error is not None})

    def serves(self, instrument: InstrumentId) -> bool:
        """Whether the person listed it."""
        return instrument in self._plan.symbols

    def want(self, wanted: Mapping[InstrumentId, Wants]) -> None:
        """Look at exactly these from now on."""
        self._wanted = frozenset(filter(self.serves, wanted))
        self._tracks = {one: self._tracks.get(one) or _Track() for one in self._wanted}
        self._is_changed.set()

    async def batches(self) -> AsyncIterator[TickBatch]:
        """Look until closed; looks are made only as fast as batches are asked for."""
        self._tell(FeedState.CONNECTING)
        try:
            async with self._rest.opened(), TaskOwner(f"feed {self._name}") as tasks:
                running: dict[asyncio.Task[Look | None], InstrumentId] = {}
                while True:
                    busy = frozenset(running.values())
                    running |= {tasks.start(str(one), self._look_at(one)): one for one in self._due() if one not in busy}
                    done = await self._wait(running)
                    batch = self._batch_of([look for task in done if (look := task.result()) is not None])
                    for task in done:
                        del running[task]
                    self._judge()
                    if batch is not None:
                        yield batch
        finally:
            self._tell(FeedState.OFF)

    async def fetch_quote(self, instrument: InstrumentId) -> Look:
        """The price now, at most a second old; however many ask, the source is asked once.

        Raises NotFound for what is not listed or not known there, Unavailable, InvalidInput for an answer of another form.
        """
        if not self.serves(instrument):
            raise NotFound(
                f"{self._name} does not list {instrument}.", hint="Add it to the feed's instruments.", code="feed.unknown"
            )
        return await self._cache.fetch(instrument, lambda: self._ask(instrument))

    async def fetch_quotes(self, instruments: Iterable[InstrumentId]) -> dict[InstrumentId, Look | TriiError]:
        """The price of each, or why it cannot be had."""
        asked = tuple(dict.fromkeys(instruments))
        found = await asyncio.gather(*(self._outcome(one) for one in asked))
        return dict(zip(asked, found, strict=True))

    async def fetch_bars(self, series: Series, from_ns: int, to_ns: int) -> BarArrays:
        """A source that is looked at has no bars. Raises NotFound."""
        del from_ns, to_ns
        raise NotFound(
            f"{self._name} has prices only, no bars of {series}.", hint="Import history from a file.", code="feed.no_bars"
        )

    async def fetch_trades(self, instrument: InstrumentId, from_ns: int, to_ns: int) -> TradeArrays | None:
        """None: it has no trades."""
        del instrument, from_ns, to_ns
        return None

    async def fetch_instruments(self) -> tuple[Instrument, ...]:
        """Nothing: what is known of an instrument is in the catalog."""
        return ()

    async def _outcome(self, instrument: InstrumentId) -> Look | TriiError:
        try:
            return await self.fetch_quote(instrument)
        except TriiError as error:
            return error

    async def _ask(self, instrument: InstrumentId) -> Look:
        url, headers = self._plan.address_of(instrument, self._secret), self._plan.headers_for(self._secret)
        async with self._places:
            left_s = (self._paused_until_ns - self._clock.monotonic_ns()) / SECOND_NS
            if left_s > 0:
                raise Unavailable(
                    f"{self._name} was asked for a pause.", hint="It goes on by itself.", code=BUSY, retry_after_s=left_s
                )
            try:
                content = await self._rest.fetch(url, headers)
            except Unavailable as error:
                self._pause(error)
                raise
        self._n_pauses = 0
        return parse_look(self._plan, instrument, content, self._clock.now_ns())

    def _pause(self, error: Unavailable) -> None:
        """Ask for nothing for as long as the source said, or longer each time where it did not say."""
        if error.code == BUSY:
            self._n_pauses += 1
            asked_s = error.retry_after_s
            pause_ns = self._pause_ns(self._n_pauses) if asked_s is None else round(asked_s * SECOND_NS)
            self._paused_until_ns = max(self._paused_until_ns, self._clock.monotonic_ns() + pause_ns)

    def _due(self) -> list[InstrumentId]:
        now_ns = self._clock.monotonic_ns()
        if now_ns < self._paused_until_ns:
            return []
        return [one for one, track in self._tracks.items() if track.due_ns <= now_ns]

    async def _wait(self, running: Iterable[asyncio.Task[Look | None]]) -> set[asyncio.Task[Look | None]]:
        """Wait until a look has ended, something is due, or something else is wanted; the looks that have ended."""
        self._is_changed.clear()
        now_ns = self._clock.monotonic_ns()
        next_ns = min((track.due_ns for track in self._tracks.values() if track.due_ns > now_ns), default=now_ns + SECOND_NS)
        left_s = min(max((max(next_ns, self._paused_until_ns) - now_ns) / SECOND_NS, 0.001), _STEP_S)
        waiting = set(running)
        if waiting:
            return (await asyncio.wait(waiting, timeout=left_s, return_when=asyncio.FIRST_COMPLETED))[0]
        try:
            async with asyncio.timeout(left_s):
                await self._is_changed.wait()
        except TimeoutError:
            pass
        return set()

    async def _look_at(self, instrument: InstrumentId) -> Look | None:
        """Look once, and set when to look again; None for a failure, which is noted."""
        track = self._tracks.get(instrument)
        if track is None:
            return None
        try:
            look = await self.fetch_quote(instrument)
        except TriiError as error:
            track.error = error
            # A pause is the source's doing, not the instrument's.
            track.n_failed += error.code != BUSY
            track.due_ns = max(self._clock.monotonic_ns() + self._pause_ns(track.n_failed), self._paused_until_ns)
            if isinstance(error, InvalidInput):
                self._status = replace(self._status, n_bad=self._status.n_bad + 1)
            return None
        track.n_failed, track.error = 0, None
        track.due_ns = self._clock.monotonic_ns() + self._pause_ns(0)
        return look

    def _pause_ns(self, n_failed: int) -> int:
        longest_s = max(BACK_OFF_S_MAX, self._plan.interval_s)
        return round(min(self._plan.interval_s * 2.0 ** min(n_failed, 20), longest_s) * SECOND_NS)

    def _batch_of(self, looks: Sequence[Look]) -> TickBatch | None:
        """What these looks tell, which may be no more than that the source is there; None where there was no look."""
        wanted = [look for look in looks if look.instrument in self._tracks]
        if not wanted:
            return None
        received_ns = max(look.received_ns for look in wanted)
        trades = {look.instrument: trade for look in wanted if (trade := self._trade_of(look)) is not None}
        quotes = {look.instrument: quote for look in wanted if (quote := look.quote) is not None}
        self._status = replace(
            self._status,
            received_ns=max(received_ns, self._status.received_ns),
            n_trades=self._status.n_trades + len(trades),
            n_quotes=self._status.n_quotes + len(quotes),
        )
        return TickBatch(received_ns, trades, quotes)

    def _trade_of(self, look: Look) -> TradeArrays | None:
        """The sampled trade of a look; None where nothing changed, or where the source went back in time, which is counted."""
        track = self._tracks[look.instrument]
        last = track.last
        has_time = "time" in self._plan.paths or "time" in self._plan.columns
        if last is not None and has_time and look.event_ns < last.event_ns:
            self._status = replace(self._status, n_bad=self._status.n_bad + 1)
            return None
        track.last = look
        quantity = 0.0
        if last is not None:
            is_same_volume = look.volume == last.volume or (math.isnan(look.volume) and math.isnan(last.volume))
            is_same_time = not has_time or look.event_ns == last.event_ns
            if look.price == last.price and is_same_volume and is_same_time:
                return None
            # A counter that went down began anew: how much was traded in between is not known.
            grown = look.volume - last.volume
            quantity = grown if grown > 0 else 0.0
        return TradeArrays(np.array([look.event_ns]), np.array([look.price]), np.array([quantity]), np.zeros(1, np.int8))

    def _judge(self) -> None:
        """Set the state by what could be had of what is wanted."""
        failures = self.failures
        asked = [one for one in self._wanted if (track := self._tracks[one]).last is not None or track.error is not None]
        if not failures:
            self._tell(FeedState.LIVE if asked else FeedState.CONNECTING)
            return
        first, error = next(iter(failures.items()))
        words = f"{len(failures)} of {len(self._wanted)} cannot be had: {first}: {error.message}"
        if len(failures) < len(asked):
            self._tell(FeedState.LIVE, words)
        else:
            is_refused = all(failure.code == REFUSED for failure in failures.values())
            self._tell(FeedState.REFUSED if is_refused else FeedState.WAITING, f"{words} {error.hint}".strip())

    def _tell(self, state: FeedState, words: str = "") -> None:
        before = self._status
        connected_ns = before.connected_ns
        n_reconnects = before.n_reconnects
        if state is FeedState.LIVE and before.state is not FeedState.LIVE:
            n_reconnects += before.state in (FeedState.WAITING, FeedState.REFUSED)
            connected_ns = self._clock.now_ns()
        self._status = replace(before, state=state, words=words, connected_ns=connected_ns, n_reconnects=n_reconnects)
