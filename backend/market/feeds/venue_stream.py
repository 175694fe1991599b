"""What feeds over a WebSocket share: the connection, what is wanted, and the fetching of what was missed between two."""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from backend.clock import Clock
from backend.domain.bars import MINUTE_NS, SECOND_NS
from backend.domain.instruments import InstrumentId
from backend.errors import TriiError, Unavailable
from backend.market.feeds.connection import Connection, Link
from backend.market.feeds.feed import FeedState, FeedStatus, Gap, TickBatch, Wants
from backend.market.feeds.line_watch import ConnectionRules
from backend.market.feeds.rest import RestClient
from backend.market.feeds.tick_queue import Print, TickQueue
from backend.market.feeds.trade_line import TradeLine
from backend.tasks import TaskOwner

# What was missed is asked for this often, after these waits: a venue's REST service may be behind its stream.
HEAL_WAITS_S: Final = (0.0, 0.5, 1.0, 2.0)
PATIENCE_S: Final = 5.0
HEALED_NS_MAX: Final = 15 * 60 * SECOND_NS
"""A longer break is a gap: its bars are fetched, not its trades."""
log = logging.getLogger(__name__)


class VenueStream:
    """One venue's stream. A subclass speaks its protocol; it is the listener of its connection.

    rest : the venue's REST service; address : of the stream; rules : how the connection is kept
    """

    def __init__(self, name: str, clock: Clock, rest: RestClient, address: Callable[[], str], rules: ConnectionRules) -> None:
        self._name = name
        self._clock = clock
        self._connection = Connection(address, self, clock, rules)
        self._rest = rest
        self._queue = TickQueue()
        self._wanted: dict[InstrumentId, Wants] = {}
        self._lines: dict[InstrumentId, TradeLine] = {}
        self._healing: dict[InstrumentId, asyncio.Task[None]] = {}
        self._tasks: TaskOwner | None = None
        self._link: Link | None = None
        self._said = FeedStatus()
        self._n_trades = self._n_quotes = self._n_bad = self._n_gaps = 0
        self._broke_ns = 0  # when the venue was last heard before the break that is being healed

    # --- the feed -----------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The feed's name."""
        return self._name

    @property
    def status(self) -> FeedStatus:
        """How it is doing: the connection's state, and what was counted."""
        now = self._connection
        is_ready = now.state is not FeedState.LIVE or self._is_ready
        return replace(
            self._said,
            state=now.state if is_ready else FeedState.CONNECTING,
            words=now.words or self._said.words,
            connected_ns=now.connected_ns,
            received_ns=max(now.received_ns, self._said.received_ns),
            n_trades=self._n_trades,
            n_quotes=self._n_quotes,
            n_bad=self._n_bad,
            n_gaps=self._n_gaps,
            n_reconnects=now.n_reconnects,
        )

    @property
    def _is_ready(self) -> bool:
        """Whether an open connection also gives data, as after a key was taken."""
        return True

    @abstractmethod
    def serves(self, instrument: InstrumentId) -> bool:
        """Whether this is where the instrument trades."""

    def want(self, wanted: Mapping[InstrumentId, Wants]) -> None:
        """Give exactly these from now on."""
        self._wanted = {one: wants for one, wants in wanted.items() if self.serves(one)}
        for gone in self._lines.keys() - self._wanted.keys():
            del self._lines[gone]
            if (task := self._healing.pop(gone, None)) is not None:
                task.cancel()
        if self._tasks is not None and self._link is not None:
            self._tasks.start("wants", self._tell_wants_if_open())

    async def batches(self) -> AsyncIterator[TickBatch]:
        """Connect, and give batches until closed."""
        async with self._rest, TaskOwner(f"feed {self._name}") as tasks:
            self._tasks = tasks
            running = tasks.start("connection", self._connection.run())
            try:
                while True:
                    taken = tasks.start("take", self._queue.take())
                    await asyncio.wait({taken, running}, return_when=asyncio.FIRST_COMPLETED)
                    if running.done():
                        running.result()
                    yield await taken
            finally:
                self._tasks, self._link = None, None
                self._healing.clear()

    # --- the connection's listener ------------------------------------------------------------------------------------

    @abstractmethod
    async def opened(self, link: Link) -> None:
        """A connection is open."""

    async def heard(self, frames: Sequence[bytes], received_ns: int) -> None:
        """Read frames; where too much waits already, hold the connection."""
        for frame in frames:
            await self._hear(frame, received_ns)
        self._queue.wake(received_ns)
        await self._queue.wait_for_room()

    def lost(self, words: str) -> None:
        """The connection has ended: what comes next is held until what was missed in between is there."""
        log.info("%s: %s", self._name, words)
        self._link = None
        if not self._healing:
            self._broke_ns = self._connection.received_ns
        for task in self._healing.values():
            task.cancel()  # what it would hand on goes before what is missing now: both are fetched over the next connection
        self._healing.clear()
        for line in self._lines.values():
            if line.newest_ns:
                line.hold_anew()  # between what was held and what comes next something may be missing too

    @abstractmethod
    async def _hear(self, frame: bytes, received_ns: int) -> None:
        """Read one frame. Raises InvalidInput where the venue turns us away, Unavailable to connect anew."""

    @abstractmethod
    async def _tell_wants(self) -> None:
        """Let the venue know what is wanted now."""

    @abstractmethod
    async def _fetch_missed(self, instrument: InstrumentId, from_ns: int) -> list[Print]:
        """The trades since ``from_ns``, oldest first, at least. Raises Unavailable, NotFound, InvalidInput."""

    async def _tell_wants_if_open(self) -> None:
        try:
            await self._tell_wants()
        except Unavailable as error:  # the next connection tells them
            log.info("%s: %s", self._name, error)

    # --- what was missed ----------------------------------------------------------------------------------------------

    def _line(self, instrument: InstrumentId) -> TradeLine:
        line = self._lines.get(instrument)
        if line is None:
            line = self._lines[instrument] = TradeLine(instrument, self._queue)
        return line

    def _begin_healing(self, line: TradeLine) -> None:
        """Fetch what is missing before the trades that are held; an earlier attempt is given up."""
        assert self._tasks is not None, "Healing is part of a running feed."
        if not line.is_healing:
            self._broke_ns = self._clock.now_ns()
        line.hold()
        self._count(n_gaps=1)
        if (task := self._healing.get(line.instrument)) is not None:
            task.cancel()
        self._healing[line.instrument] = self._tasks.start(f"healing {line.instrument}", self._heal(line))

    async def _heal(self, line: TradeLine) -> None:
        """Hand on what was missed, then what was held; what cannot be had is a gap."""
        is_whole, lag_ns = False, round(self._said.delay_s * SECOND_NS)
        if self._clock.now_ns() - self._broke_ns <= HEALED_NS_MAX:
            for wait_s in HEAL_WAITS_S:
                await asyncio.sleep(wait_s)
                try:
                    missed = await self._fetch_missed(line.instrument, line.newest_ns)
                except Unavailable as error:
                    log.info("%s: %s", self._name, error)
                    if (error.retry_after_s or 0.0) > PATIENCE_S:
                        break
                    await asyncio.sleep(error.retry_after_s or 0.0)
                    continue
                except TriiError as error:
                    log.info("%s: %s", self._name, error)
                    break
                self._count(n_trades=line.heal(self._before_held(line, missed)))
                if is_whole := self._is_joined(line, missed):
                    break
        missing_from_ns = None if is_whole else max(line.newest_ns + 1, self._broke_ns - lag_ns - MINUTE_NS)
        self._count(n_trades=line.release(missing_from_ns=missing_from_ns, now_ns=self._clock.now_ns() - lag_ns))
        self._healing.pop(line.instrument, None)
        self._queue.wake(0)

    def _before_held(self, line: TradeLine, missed: Sequence[Print]) -> Sequence[Print]:
        """Of what was fetched, what comes before the first held trade: that one and later ones are handed on as live."""
        first, held = line.first_held, line.held_keys
        return [one for one in missed if first is None or (self._is_before(one, first) and one.key not in held)]

    def _is_before(self, one: Print, other: Print) -> bool:
        """Whether a trade happened before another, or may have."""
        return one.event_ns <= other.event_ns

    def _is_joined(self, line: TradeLine, missed: Sequence[Print]) -> bool:
        """Whether what was fetched reaches the trades that are held, so that nothing is missing between."""
        first = line.first_held
        return first is None or any(one.key == first.key for one in missed)

    # --- counts -------------------------------------------------------------------------------------------------------

    def _count(self, *, n_trades: int = 0, n_quotes: int = 0, n_bad: int = 0, n_gaps: int = 0) -> None:
        self._n_trades += n_trades
        self._n_quotes += n_quotes
        self._n_bad += n_bad
        self._n_gaps += n_gaps

    def _put_gap(self, instrument: InstrumentId, from_ns: int, to_ns: int) -> None:
        self._queue.put_gap(Gap(instrument, from_ns, to_ns))

    def _say(self, words: str) -> None:
        """Words for the status while the connection has none of its own."""
        self._said = replace(self._said, words=words)
