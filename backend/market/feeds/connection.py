"""The life of one WebSocket to a venue: opened, listened to, watched, ended, and made anew for as long as it is wanted."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from backend.clock import Clock
from backend.errors import TriiError, Unavailable
from backend.market.feeds.feed import FeedState
from backend.market.feeds.line_failures import (
    Failure,
    failure_of_answer,
    failure_of_closing,
    failure_of_opening,
    host_of,
    is_loopback,
)
from backend.market.feeds.line_watch import Backoff, ConnectionRules, LineWatch

# A drain of this many frames keeps the loop busy for about a millisecond.
FRAMES_AT_ONCE: Final = 512
_SLICE_S: Final = 1.0
_SEND_S: Final = 10.0
log = logging.getLogger(__name__)
# At DEBUG the library writes every frame and header to its logger, keys among them.
_wire = log.getChild("wire")
_wire.setLevel(logging.INFO)


class Link:
    """An open connection, as far as a feed may use it."""

    def __init__(self, socket: ClientConnection, host: str) -> None:
        self._socket = socket
        self._host = host

    async def send(self, message: bytes) -> None:
        """Send one text message. Raises Unavailable where the connection has ended or takes nothing more."""
        try:
            async with asyncio.timeout(_SEND_S):
                await self._socket.send(message, text=True)
        except (ConnectionClosed, TimeoutError) as e:
            self._socket.transport.abort()  # who takes nothing for so long is gone
            raise Unavailable(f"The connection to {self._host} takes no messages.", hint="It is made anew.") from e


class Listener(Protocol):
    """Who hears what comes. InvalidInput raised by either method means REFUSED, Unavailable means to try later."""

    async def opened(self, link: Link) -> None:
        """A connection is open and nothing of it was read; returns soon, for reading waits for it."""
        ...

    async def heard(self, frames: Sequence[bytes], received_ns: int) -> None:
        """Everything that waited, oldest first. While it waits, after taking the frames, the socket is not read."""
        ...

    def lost(self, words: str) -> None:
        """The connection that was opened has ended."""
        ...


class Connection:
    """Keeps one WebSocket open while ``run`` runs.

    address : asked before each attempt
    headers : sent with the handshake, asked before each attempt; they may hold keys and are never shown
    sleep, chance : of waits, given by tests
    """

    def __init__(
        self,
        address: Callable[[], str],
        listener: Listener,
        clock: Clock,
        rules: ConnectionRules,
        *,
        headers: Callable[[], Mapping[str, str]] = dict,
        waiting: tuple[Callable[[float], Awaitable[None]], random.Random] | None = None,
    ) -> None:
        self._address = address
        self._listener = listener
        self._clock = clock
        self._rules = rules
        self._headers = headers
        self._sleep, chance = waiting or (asyncio.sleep, random.Random())  # noqa: S311 - jitter, not secrecy
        self._backoff = Backoff(rules, chance)
        self._is_hurried = False
        self.state = FeedState.OFF
        self.words = ""
        self.connected_ns = 0
        self.received_ns = 0
        self.n_reconnects = 0

    def hurry(self) -> None:
        """Make the next attempt now: a person asks, or something changed."""
        self._is_hurried = True

    async def run(self) -> None:
        """Connect and reconnect until cancelled; raises nothing that the venue or the network does."""
        try:
            while True:
                failure = await self._converse()
                await self._wait(failure)
                self.n_reconnects += 1
        finally:
            self.state, self.words = FeedState.OFF, ""

    async def _converse(self) -> Failure:
        """One connection from its opening to its end, and why it ended."""
        host = ""
        self.state = FeedState.CONNECTING
        try:
            address = self._address()
            host = host_of(address)
            socket = await _open(address, self._headers(), self._rules)
        except (OSError, InvalidHandshake, InvalidURI, ImportError, UnicodeError) as e:
            return failure_of_opening(e, host)
        except TriiError as e:
            return failure_of_answer(e)
        watch = LineWatch(self._rules, self._clock.now_ns(), self._clock.monotonic_ns())
        try:
            failure = await _Conversation(self, socket, host, watch).hold(self._listener)
        finally:
            await _part(socket, self._rules.close_s)
        if watch.age_s(self._clock.monotonic_ns()) >= self._rules.steady_s:
            self._backoff.start_over()
        self._listener.lost(failure.words)
        return failure

    async def _wait(self, failure: Failure) -> None:
        """Until the next attempt may be made."""
        wait_s = 0.0 if failure.is_planned else self._backoff.next_s()
        wait_s = max(wait_s, self._rules.refused_s if failure.is_refused else 0.0, failure.retry_after_s or 0.0)
        self.state = FeedState.REFUSED if failure.is_refused else FeedState.WAITING
        self.words = f"{failure.words} {_words_of_wait(wait_s)}"
        log.info("%s", self.words)
        self._is_hurried = False
        while wait_s > 0 and not self._is_hurried:
            await self._sleep(min(_SLICE_S, wait_s))
            wait_s -= _SLICE_S

    # --- what a conversation tells ----------------------------------------------------------------------------------

    def note_opened(self) -> None:
        """A conversation has begun."""
        self.state, self.words = FeedState.LIVE, ""
        self.connected_ns = self.received_ns = self._clock.now_ns()

    def note_heard(self, watch: LineWatch) -> int:
        """A sign of life; UTC ns of now."""
        watch.hear(self._clock.monotonic_ns())
        self.received_ns = self._clock.now_ns()
        return self.received_ns

    def note_ended(self, failure: Failure) -> None:
        """The socket is closed, though what was read of it may still wait to be heard."""
        self.state, self.words = FeedState.WAITING, failure.words

    async def keep(self, socket: ClientConnection, watch: LineWatch, is_held: Callable[[], bool]) -> Failure:
        """Ping where it is silent, and say when the connection must be made anew."""

        def note_pong(pong: asyncio.Future[float]) -> None:
            if not pong.cancelled() and pong.exception() is None:
                self.note_heard(watch)

        while True:
            await self._sleep(self._rules.beat_s)
            steady_ns = self._clock.monotonic_ns()
            if is_held():  # we do not read: silence says nothing about the venue
                watch.hear(steady_ns)
            if why := watch.beat(self._clock.now_ns(), steady_ns):
                return Failure(why, is_planned=True)
            if watch.should_ping(steady_ns):
                with contextlib.suppress(ConnectionClosed, TimeoutError):
                    async with asyncio.timeout(self._rules.beat_s):
                        asyncio.ensure_future(await socket.ping()).add_done_callback(note_pong)


class _Ended(Exception):  # a signal between tasks of one conversation, not an error
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.words)
        self.failure = failure


class _Conversation:
    """One open connection: one task reads, one hands on what waits in one go, one watches."""

    def __init__(self, owner: Connection, socket: ClientConnection, host: str, watch: LineWatch) -> None:
        self._owner = owner
        self._socket = socket
        self._host = host
        self._watch = watch
        self._frames: list[bytes] = []
        self._came = asyncio.Event()
        self._room = asyncio.Event()
        self._end: Failure | None = None
        self._is_held = False

    async def hold(self, listener: Listener) -> Failure:
        """Until it ends; everything that was read has been handed on by then."""
        failures: list[Failure] = []
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._open_and_hand_on(listener), name="feed/hand-on")
                group.create_task(self._read(), name="feed/read")
                group.create_task(self._keep(), name="feed/keep")
        except* _Ended as ended:
            failures = [error.failure for error in _leaves(ended)]
        return failures[0]

    async def _read(self) -> None:
        try:
            while True:
                # While frames wait in the library this does not give up its turn, so that they come in one go.
                frame = await self._socket.recv(decode=False)
                self._frames.append(frame)  # not in one line: the list may be another one after the wait
                self._came.set()
                if len(self._frames) >= FRAMES_AT_ONCE:
                    self._room.clear()
                    await self._room.wait()
        except ConnectionClosed as e:
            self._end = self._end or failure_of_closing(e, self._host)
            self._owner.note_ended(self._end)
            self._came.set()

    async def _open_and_hand_on(self, listener: Listener) -> None:
        try:
            await listener.opened(Link(self._socket, self._host))
            self._owner.note_opened()
            while frames := await self._take():
                received_ns = self._owner.note_heard(self._watch)
                self._is_held = True
                await listener.heard(frames, received_ns)
                self._is_held = False
        except TriiError as e:
            raise _Ended(failure_of_answer(e)) from e
        assert self._end is not None
        raise _Ended(self._end)

    async def _take(self) -> list[bytes]:
        """Everything read so far, at least one frame; empty at the end."""
        while not self._frames and self._end is None:
            self._came.clear()
            await self._came.wait()
        frames, self._frames = self._frames, []
        self._room.set()
        return frames

    async def _keep(self) -> None:
        self._end = await self._owner.keep(self._socket, self._watch, lambda: self._is_held)
        await self._socket.close()  # the reader ends after the last frame


class _Dial(connect):
    """Opens a connection to the address that was given, and to no other that the venue may name."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def _open(address: str, headers: Mapping[str, str], rules: ConnectionRules) -> ClientConnection:
    return await _Dial(
        address,
        additional_headers=dict(headers),
        user_agent_header="trii-desktop",
        compression=None,
        proxy=None if is_loopback(host_of(address)) else True,
        open_timeout=rules.open_s,
        ping_interval=None,  # ours knows when we do not read
        close_timeout=rules.close_s,
        max_size=rules.frame_bytes_max,
        max_queue=(FRAMES_AT_ONCE, FRAMES_AT_ONCE // 4),
        logger=_wire,
    )


async def _part(socket: ClientConnection, close_s: float) -> None:
    """End a connection in any case, politely where that is quick; a second cancellation cuts it off."""
    try:
        async with asyncio.timeout(close_s + 1.0):
            await socket.close()
    except TimeoutError:
        socket.transport.abort()
    except asyncio.CancelledError:
        socket.transport.abort()
        raise


def _words_of_wait(wait_s: float) -> str:
    if wait_s < 1:
        return "Connecting again now."
    if wait_s < 120:
        return f"The next attempt is in {wait_s:.0f} s."
    return f"The next attempt is in {wait_s / 60:.0f} min."


def _leaves(group: BaseExceptionGroup[_Ended]) -> list[_Ended]:
    found: list[_Ended] = []
    for error in group.exceptions:
        found += [error] if isinstance(error, _Ended) else _leaves(error)
    return found
