"""One device's side of one server, whole: what to save, to send and to ask for, given what happens and what time it is.

A driver reports what happens, carries out the actions it gets, each to its end and in order, and calls ``tick`` when asked to wake.
Nothing else is needed between two runs than :class:`Kept`, which the actions describe how to keep. A driver that fails at an action
(a full disk) throws the client away and makes a new one from what is kept: whatever had not been saved had not been promised.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from sync_server.protocol import chain
from sync_server.protocol.actions import (
    Action,
    DropOp,
    Heads,
    Heard,
    Known,
    ReadTo,
    SaveOp,
    Send,
    Settled,
    Stands,
    Wake,
)
from sync_server.protocol.bodies import Body, format_body, parse_body
from sync_server.protocol.connection import Connection, Phase
from sync_server.protocol.copies import Copies
from sync_server.protocol.events import Cursor, Event, Op
from sync_server.protocol.ids import IdMaker
from sync_server.protocol.limits import PRESENCE_MS
from sync_server.protocol.marks import Marks
from sync_server.protocol.messages import (
    Bye,
    Err,
    Ev,
    FromServer,
    Head,
    Hello,
    People,
    Reads,
    Res,
    Reset,
    RoomHead,
    Said,
    Say,
    Snapshot,
    Welcome,
)
from sync_server.protocol.outbox import Outbox
from sync_server.protocol.sending import Sending

MAX_OVERDUE: Final = 3  # rounds without any answer after which a connection that still speaks is given up


@dataclass(frozen=True, slots=True)
class Kept:
    """What a device keeps between two runs.

    ``floors``: the oldest event held of each room · ``outbox``: all operations that are not history, refused ones too ·
    ``settled``: the marks of :class:`SaveSettled` on them · ``counts``: each room's newest count made · ``user``: whose copies
    these are, empty before the first sign-in · ``left``: rooms whose copies stay as they were when this person left.
    """

    device: str
    cursors: tuple[Cursor, ...] = ()
    floors: dict[str, int] = field(default_factory=dict)
    outbox: tuple[Op, ...] = ()
    settled: tuple[Settled, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    user: str = ""
    left: frozenset[str] = frozenset()


class SyncClient:
    """The state machine of a device. ``entropy(n)`` gives n random bytes, ``chance()`` a number in [0, 1). Times: UTC ms.

    UTC may jump. Inside, time only goes on: what is due is due at the latest after as long a wait as was meant.
    """

    def __init__(self, kept: Kept, entropy: Callable[[int], bytes], chance: Callable[[], float]) -> None:
        self._device = kept.device
        self._user = kept.user
        self._entropy = entropy
        self._ids = IdMaker(entropy, max((op.id for op in kept.outbox), default=""))
        self._outbox = Outbox(kept.outbox, kept.settled, kept.counts)
        self._copies = Copies(kept.device, kept.cursors, kept.floors, self._outbox)
        self._copies.leave(kept.left)
        self._copies.user = kept.user
        self._asking = self._copies.asking
        self._connection = Connection(chance)
        self._marks = Marks()
        self._sending = Sending(self._outbox)
        self._rid = 0
        self._now_ms = 0
        self._shift_ms = 0
        self._stands = Stands("offline")
        self._wake_ms: int | None = None

    # What a person and the driver want.

    def want(self, is_on: bool, now_ms: int) -> list[Action]:  # noqa: FBT001 - the one thing it says
        """Go online, at once and again after a refusal, or stay offline."""
        now = self._at(now_ms)
        return self._done(self._connection.want(now, is_on=is_on), now)

    def token(self, access: str, now_ms: int, life_ms: int = 0) -> list[Action]:
        """A fresh access token, good for ``life_ms``; 0 where the driver does not know."""
        now = self._at(now_ms)
        return self._done(self._connection.token(access, now, life_ms), now)

    def no_token(self, is_final: bool, why: str, now_ms: int) -> list[Action]:  # noqa: FBT001 - as in the answer of a server
        """There is no token: for good (sign in again), or for the moment."""
        now = self._at(now_ms)
        return self._done(self._connection.no_token(now, why, is_final=is_final), now)

    def opened(self, now_ms: int) -> list[Action]:
        """The connection stands: greet."""
        now = self._at(now_ms)
        actions = self._connection.opened(now)
        if self._connection.phase is Phase.GREETING:
            hello = Hello(self._connection.access, self._device, self._copies.cursors(), caps=("snap",))
            actions = [*actions, Send(hello)]
        return self._done(actions, now)

    def closed(self, code: int, why: str, now_ms: int) -> list[Action]:
        """The connection is gone or could not be made."""
        now = self._at(now_ms)
        return self._done(self._connection.closed(code, why, now), now)

    def tick(self, now_ms: int) -> list[Action]:
        """Time has passed."""
        now = self._at(now_ms)
        self._wake_ms = None  # the driver has no alarm set any more
        return self._done(self._connection.tick(now), now)

    # What a person does.

    def submit(self, room: str, body: Body, kind: str, now_ms: int) -> tuple[Op, list[Action]]:
        """A new operation: durable with the first action, sent when its turn comes.

        Raises ValueError where the body is not one of its kind or too large: then nothing has changed.
        """
        now = self._at(now_ms)
        op = self._make(room, kind, format_body(body), now_ms)
        self._outbox.add(op)
        return op, self._done([SaveOp(op)], now)

    def _make(self, room: str, kind: str, text: str, now_ms: int) -> Op:
        parse_body(kind, text)
        limit = self._copies.limits.body
        if (size := len(text.encode("utf-8"))) > limit:
            raise ValueError(f"What was written takes {size} bytes; the server takes {limit}.")
        return Op(
            id=self._ids.make(now_ms),
            r=room,
            k=kind,
            b=text,
            n=chain.to_text(self._entropy(chain.SALT_BYTES)),
            cseq=self._outbox.counts.get(room, 0) + 1,
            base=self._copies.newest(room),
            cts=now_ms,
        )

    def again(self, op_id: str, now_ms: int) -> tuple[Op, list[Action]]:
        """Send a refused operation once more, as a new one. Raises ValueError where it was not refused."""
        now = self._at(now_ms)
        refused = self._outbox.refused(op_id)
        op = self._make(refused.r, refused.k, refused.b, now_ms)
        self._outbox.remove(op_id)
        self._outbox.add(op)
        return op, self._done([SaveOp(op, instead=op_id)], now)

    def drop(self, op_id: str, now_ms: int) -> list[Action]:
        """Give a refused operation up. Raises ValueError where it was not refused."""
        now = self._at(now_ms)
        self._outbox.refused(op_id)
        self._outbox.remove(op_id)
        return self._done([DropOp(op_id)], now)

    def read_to(self, room: str, seq: int, now_ms: int) -> list[Action]:
        """This person has read a room up to ``seq``; only ever grows, and is told at most once a second."""
        now = self._at(now_ms)
        self._marks.read_to(room, seq)
        return self._done([], now)

    def say(self, kind: str, room: str, b: str, now_ms: int) -> list[Action]:
        """Typing or presence: now or not at all; presence is repeated while it holds."""
        now = self._at(now_ms)
        say = Say(kind, room, b)
        if kind == "presence":
            say = Say(kind, room, b, PRESENCE_MS)
            self._marks.presence(say)
        elif self._is_up:
            return self._done([Send(say)], now)
        return self._done([], now)

    def older(self, room: str, n: int, now_ms: int) -> list[Action]:
        """Ask for up to ``n`` events before what the copy holds; nothing while not connected."""
        now = self._at(now_ms)
        return self._done(self._copies.older(room, n, self._next_rid(), now) if self._is_up else [], now)

    # What the driver found.

    def held(self, room: str, events: Sequence[Event], now_ms: int) -> list[Action]:
        """The answer to :class:`~sync_server.protocol.actions.LoadHeld`."""
        now = self._at(now_ms)
        return self._done(self._copies.held(room, events, now), now)

    def snapshot(self, snapshot: Snapshot, now_ms: int) -> list[Action]:
        """The answer to FetchSnapshot; its state must be one that ``fold.parse_state`` reads, else report ``no_snapshot``."""
        now = self._at(now_ms)
        return self._done(self._copies.snapshot(snapshot, now), now)

    def no_snapshot(self, room: str, now_ms: int) -> list[Action]:
        """The snapshot could not be had."""
        now = self._at(now_ms)
        return self._done(self._copies.no_snapshot(room, now), now)

    # What the server says.

    def received(self, message: FromServer, now_ms: int) -> list[Action]:
        """A message of the server."""
        now = self._at(now_ms)
        self._connection.heard(now)
        actions: list[Action] = []
        if isinstance(message, Bye):
            actions = self._connection.bye(message, now)
        elif self._is_up:
            if isinstance(message, Res | Err | Reset) or (isinstance(message, Ev) and message.rid):
                self._asking.n_overdue = self._sending.n_overdue = 0
            actions = self._take(message, now)
        elif isinstance(message, Welcome) and self._connection.phase is Phase.GREETING:
            actions = self._welcome(message, now)
        elif isinstance(message, Reset) and self._connection.phase is Phase.GREETING:
            actions = self._copies.reset(message, now)
        return self._done(actions, now)

    def _welcome(self, welcome: Welcome, now: int) -> list[Action]:
        if self._user and welcome.u != self._user:
            return self._connection.refuse(now, "The server knows this device under another account: sign in again.")
        self._user = self._copies.user = welcome.u
        self._connection.welcomed(welcome, now)
        self._copies.limits = welcome.lim
        self._marks.greeted()
        self._outbox.doubt({head.r for head in welcome.heads})
        return self._heads(welcome.heads, now, is_greeting=True)

    def _heads(self, heads: tuple[RoomHead, ...], now: int, *, is_greeting: bool) -> list[Action]:
        for head in heads:
            self._marks.known_read(head.r, head.read)
        passed = self._copies.heads(heads, now, is_greeting=is_greeting)
        return [Heads(heads), *passed] if heads else []

    def _take(self, message: FromServer, now: int) -> list[Action]:
        match message:
            case Ev():
                return self._copies.events(message, now)
            case Res():
                return self._results(message, now)
            case Head(heads) | Welcome(heads=heads):
                return self._heads(heads, now, is_greeting=False)
            case Reset():
                return self._copies.reset(message, now)
            case Err():
                return self._error(message, now)
        return self._passing(message)

    def _passing(self, message: FromServer) -> list[Action]:
        """What is told on as it is."""
        match message:
            case Reads(room, readers):
                for reader in readers:
                    if reader.u == self._user:
                        self._marks.known_read(room, reader.read)
                return [ReadTo(room, reader.u, reader.read) for reader in readers]
            case Said():
                return [Heard(message.k, message.a, message.r, message.b, message.ttl)]
            case People(people):
                return [Known(people)]
        return []

    def _results(self, res: Res, now: int) -> list[Action]:
        outcome, actions = self._sending.results(res, self._copies.limits, now)
        for op in outcome.dropped:
            self._copies.look(op.r)
        return [*actions, *self._copies.reach(outcome.reached, now)]

    def _error(self, err: Err, now: int) -> list[Action]:
        pushed = self._sending.error(err, now)
        return self._copies.error(err, now) if pushed is None else pushed

    # After everything.

    @property
    def _is_up(self) -> bool:
        return self._connection.phase is Phase.UP

    def _at(self, now_ms: int) -> int:
        """The time inside, which never goes back."""
        self._shift_ms = max(self._shift_ms, self._now_ms - now_ms)
        self._now_ms = now_ms + self._shift_ms
        return self._now_ms

    def _done(self, actions: list[Action], now: int) -> list[Action]:
        """What follows from what has just happened: send, ask, tell how it stands, and when to wake."""
        if self._is_up:
            sent = self._sending.pump(self._next_rid, self._copies.limits, now)
            asked = self._asking.pump(self._next_rid, self._copies.limits.pull, now)
            actions = [*actions, *sent, *asked, *self._marks.pump(self._copies.epoch, now)]
            if self._copies.is_doubtful:
                actions += self._connection.hang_up(now, 1000, "A copy does not fit what the server says.")
            elif self._asking.n_overdue + self._sending.n_overdue >= MAX_OVERDUE:
                actions += self._connection.hang_up(now, 1001, "The server speaks and does not answer.")
        if not self._is_up:
            self._copies.lost()
            actions = [*actions, *self._sending.lost()]
        return [*actions, *self._tell()]

    def _next_rid(self) -> int:
        self._rid += 1
        return self._rid

    def _tell(self) -> list[Action]:
        actions: list[Action] = []
        stands = self._connection.stands
        if self._is_up:
            stands = Stands("catching up" if self._copies.is_behind else "live")
        elif stands.retry_at_ms:
            stands = msgspec.structs.replace(stands, retry_at_ms=stands.retry_at_ms - self._shift_ms)
        if stands != self._stands:
            self._stands = stands
            actions.append(stands)
        wake_ms = self._next_ms()
        if wake_ms is not None and wake_ms - self._shift_ms != self._wake_ms:
            self._wake_ms = wake_ms - self._shift_ms
            actions.append(Wake(self._wake_ms))
        return actions

    def _next_ms(self) -> int | None:
        times = [self._connection.next_ms()]
        if self._is_up:
            times += [self._asking.next_ms(), self._sending.next_ms(self._now_ms), self._marks.next_ms()]
        return min((at_ms for at_ms in times if at_ms is not None), default=None)
