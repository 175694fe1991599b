"""One state machine of a line, from what is stored to its end: its actions are carried out here, in order, each to its end."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from backend.clock import Clock
from backend.errors import TriiError, Unavailable
from backend.sync.api import SessionEnded
from backend.sync.carrier import Carrier
from backend.sync.dialling import Dialling
from backend.sync.keeping import Keeping, Stage, Unstage
from backend.tasks import TaskOwner
from sync_server.protocol.actions import (
    Action,
    Connect,
    Disconnect,
    DropOp,
    FetchSnapshot,
    Heads,
    Heard,
    Known,
    Leave,
    LoadHeld,
    NeedToken,
    ReadTo,
    Renumber,
    SaveEvents,
    SaveOlder,
    SaveOp,
    SaveSettled,
    Send,
    Stands,
    StartFrom,
    Wake,
)
from sync_server.protocol.client import SyncClient
from sync_server.protocol.codes import CloseCode, Code
from sync_server.protocol.fold import parse_state
from sync_server.protocol.messages import Bye, Err, FromDevice, FromServer, Push, Res, Snapshot

STORED: Final = (
    SaveOp, DropOp, Renumber, Stage, Unstage, SaveEvents, SaveSettled, SaveOlder, StartFrom, Leave, Heads, Known, ReadTo,
)  # fmt: skip
EVENTS_AT_ONCE: Final = 1_000  # of one transaction
ENTRIES_MAX: Final = 64  # that wait before the connection is read on
TICK_S_MAX: Final = 30.0  # a clock that jumps is noticed by then
HANG_UP_S: Final = 5.0
MS_NS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Needs:
    """What a line stands on.

    access : gives an access token · doubt : says that it was not accepted
    fetch_snapshot : the snapshot at a path
    stands : told whenever the line stands otherwise, with the carrier's name · ended : told once the session ended for good
    """

    server: str
    keeping: Keeping
    clock: Clock
    dialling: Dialling
    access: Callable[[], Awaitable[str]]
    doubt: Callable[[], None]
    fetch_snapshot: Callable[[str], Awaitable[Snapshot]]
    stands: Callable[[Stands, str], None]
    ended: Callable[[str], None]


@dataclass(slots=True)
class _Entry:
    actions: Sequence[Action]
    done: "asyncio.Future[None] | None" = None


class Run:
    """Carries out what one state machine asks for until the line ends, or until something cannot be stored."""

    def __init__(self, client: SyncClient, needs: Needs, tasks: TaskOwner) -> None:
        self.client = client
        self.sending: set[str] = set()
        self._needs = needs
        self._tasks = tasks
        self._entries: deque[_Entry] = deque()
        self._kept: list[Action] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._woken = asyncio.Event()
        self._has_room = asyncio.Event()
        self._wake: asyncio.TimerHandle | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._outgoing: asyncio.Queue[FromDevice] = asyncio.Queue()
        self._carrier = ""
        self._is_over = False

    @property
    def now_ms(self) -> int:
        """UTC ms."""
        return self._needs.clock.now_ns() // MS_NS

    def feed(self, actions: Sequence[Action]) -> None:
        """Have actions carried out behind those that wait."""
        if actions and not self._is_over:
            self._entries.append(_Entry(actions))
            self._woken.set()

    async def durable(self, actions: Sequence[Action]) -> None:
        """Return once what these actions store is stored. Raises Unavailable where it could not be."""
        if self._is_over:
            raise closing()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._entries.append(_Entry(actions, done))
        self._woken.set()
        await asyncio.shield(done)

    def finish(self) -> None:
        """Store what waits, then return from ``serve``."""
        self._is_over = True
        self._woken.set()

    async def serve(self) -> None:
        """Carry out actions until ``finish``. Raises TriiError where something cannot be stored; the run is then of no more use."""
        try:
            while True:
                while self._entries:
                    await self._take(self._entries.popleft())
                await self._flush()
                if self._entries:
                    continue
                if self._is_over:
                    return
                self._has_room.set()
                self._woken.clear()
                await self._woken.wait()
        except TriiError as error:
            self._fail(error)
            raise
        finally:
            self._is_over = True
            self._fail(closing())
            await self._end()

    async def _take(self, entry: _Entry) -> None:
        n_events = 0
        for action in entry.actions:
            if isinstance(action, STORED):
                self._kept.append(action)
                n_events += len(action.events) if isinstance(action, SaveEvents) else 0
                continue
            await self._flush()
            await self._carry_out(action)
        if entry.done is not None:
            self._waiting.append(entry.done)
        if n_events > EVENTS_AT_ONCE or len(self._kept) > EVENTS_AT_ONCE or (entry.done is not None and not self._kept):
            await self._flush()

    async def _flush(self) -> None:
        """Store what has gathered, in one transaction, and tell those who wait for it."""
        kept, waiting = self._kept, self._waiting
        self._kept, self._waiting = [], []
        try:
            if kept:
                await self._needs.keeping.keep(self._needs.server, kept)
        except BaseException:
            self._waiting = waiting + self._waiting
            raise
        for done in waiting:
            if not done.done():
                done.set_result(None)

    async def _carry_out(self, action: Action) -> None:
        match action:
            case Send(message=message):
                if isinstance(message, Push):
                    self.sending.update(op.id for op in message.ops)
                self._outgoing.put_nowait(message)
            case Connect():
                self._outgoing = asyncio.Queue()
                self._connecting = self._tasks.start("connection", self._connect())
            case Disconnect(code=code, why=why):
                await self._hang_up()
                self.feed(self.client.closed(code, why, self.now_ms))
            case NeedToken():
                self._tasks.start("access token", self._bring_token())
            case FetchSnapshot(r=room, path=path):
                self._tasks.start("snapshot", self._bring_snapshot(room, path))
            case LoadHeld(r=room, after=after):
                events = await self._needs.keeping.held(self._needs.server, room, after)
                self.feed(self.client.held(room, events, self.now_ms))
            case Heard():
                self._needs.keeping.heard(self._needs.server, action)
            case Stands():
                self._needs.stands(action, self._carrier)
            case Wake(at_ms=at_ms):
                self._set_wake(at_ms)
            case _:
                raise AssertionError(f"{type(action).__name__} is nothing that a line can do.")

    # The connection.

    async def _connect(self) -> None:
        try:
            async with self._needs.dialling.open() as carrier:
                self._carrier = carrier.name
                writing = self._tasks.start("writing", self._write(carrier, self._outgoing))
                try:
                    self.feed(self.client.opened(self.now_ms))
                    has_heard = await self._read(carrier)
                finally:
                    writing.cancel()
                    await asyncio.wait({writing})
                code, why = carrier.closed
                if not has_heard and not code:
                    self._needs.dialling.failed_early(carrier)
        except TriiError as error:
            code, why = 0, error.message
        self._lost()
        self.feed(self.client.closed(code, why, self.now_ms))

    async def _read(self, carrier: Carrier) -> bool:
        """Take in what the server says until the connection ends; whether it said anything."""
        has_heard = False
        async for message in carrier.messages():
            has_heard = True
            self._look_at(message)
            self.feed(self.client.received(message, self.now_ms))
            if len(self._entries) > ENTRIES_MAX:
                self._has_room.clear()
                await self._has_room.wait()
        self._look_at_end(*carrier.closed)
        return has_heard

    def _look_at(self, message: FromServer) -> None:
        if isinstance(message, Res):
            self.sending.difference_update(op.id for op in message.ops)
        elif isinstance(message, Err) and message.code in (Code.EXPIRED, Code.NOT_SIGNED_IN):
            self._needs.doubt()
        elif isinstance(message, Bye):
            self._look_at_end(message.code, message.why)

    def _look_at_end(self, code: int, why: str) -> None:
        """A token that was not accepted is doubted; a session that was ended is over."""
        if code == CloseCode.NOT_SIGNED_IN:
            self._needs.doubt()
        elif code == CloseCode.ENDED:
            self._needs.ended(why)

    async def _write(self, carrier: Carrier, outgoing: "asyncio.Queue[FromDevice]") -> None:
        with contextlib.suppress(Unavailable):  # whoever reads finds the end
            while True:
                await carrier.send(await outgoing.get())

    async def _hang_up(self) -> None:
        connecting, self._connecting = self._connecting, None
        if connecting is not None and not connecting.done():
            connecting.cancel()
            await asyncio.wait({connecting}, timeout=HANG_UP_S)
        self._lost()

    def _lost(self) -> None:
        self.sending.clear()
        self._carrier = ""
        self._needs.keeping.went_offline(self._needs.server)

    # What is brought.

    async def _bring_token(self) -> None:
        try:
            access = await self._needs.access()
        except SessionEnded as error:
            self.feed(self.client.no_token(is_final=True, why=error.message, now_ms=self.now_ms))
            self._needs.ended(error.message)
        except TriiError as error:
            self.feed(self.client.no_token(is_final=False, why=error.message, now_ms=self.now_ms))
        else:
            self.feed(self.client.token(access, self.now_ms))

    async def _bring_snapshot(self, room: str, path: str) -> None:
        try:
            snapshot = await self._needs.fetch_snapshot(path)
            parse_state(snapshot.state)
        except (TriiError, ValueError):
            self.feed(self.client.no_snapshot(room, self.now_ms))
        else:
            self.feed(self.client.snapshot(snapshot, self.now_ms))

    def _set_wake(self, at_ms: int) -> None:
        if self._wake is not None:
            self._wake.cancel()
        after_s = min(TICK_S_MAX, max(0.001, (at_ms - self.now_ms) / 1000))
        self._wake = asyncio.get_running_loop().call_later(after_s, self._tick, at_ms)

    def _tick(self, at_ms: int) -> None:
        if self._is_over:
            return
        self.feed(self.client.tick(self.now_ms))
        if self.now_ms < at_ms:  # only a look at the clock on the way
            self._set_wake(at_ms)

    # The end.

    def _fail(self, error: TriiError) -> None:
        """Tell those who wait that what they gave was not stored."""
        for done in (*self._waiting, *(entry.done for entry in self._entries if entry.done is not None)):
            if not done.done():
                done.set_exception(error)
        self._waiting.clear()
        self._entries.clear()

    async def _end(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
        await self._hang_up()


def closing() -> Unavailable:
    """The line ends before the words were stored."""
    return Unavailable("The connection's keeper is closing; nothing was stored.", hint="Do it again.", code="server.closing")
