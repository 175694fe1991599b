"""The server's side of one connection: what it may say, how fast and for how long.

Pure: it is told what happens and says what to do; it knows nothing of sockets, rooms or accounts. Times are UTC milliseconds;
a clock that goes back shortens a wait, never lengthens it.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from sync_server.actor import Actor
from sync_server.edge.acts import Act, Beat, Close, Fetch, Pace, Read, Recheck, Submit, Tell, Verify, Write
from sync_server.edge.pacing import Take, is_whole, let_through
from sync_server.protocol.codec import Codec, decode_from_device
from sync_server.protocol.codes import CloseCode, Code
from sync_server.protocol.events import OpResult
from sync_server.protocol.ids import is_id
from sync_server.protocol.limits import FIRST_FRAME_MS, HEARTBEAT_MS, PRESENCE_MS, TYPING_MS, VERSION, Limits
from sync_server.protocol.messages import (
    Bye,
    Err,
    Ev,
    FromDevice,
    FromServer,
    Head,
    Hello,
    Pull,
    Push,
    ReadUp,
    Renew,
    Res,
    Reset,
    RoomHead,
    Said,
    Say,
    Welcome,
)

RECHECK_MS: Final = 2_000  # with the driver's own time well under the 5 s in which an ended session falls silent
CHECK_MS: Final = 20_000  # from the opening to the welcome at most
MAX_OPEN: Final = 32  # requests of one connection that are worked on at the same time
MAX_EARLY: Final = 64  # messages that came, or were to be heard, before the device was known
MAX_PAGE: Final = 500
SLACK_MS: Final = 60_000  # how far a clock may be put right, and no longer, without a token lasting longer by it
DESK_STATES: Final = frozenset({"online", "away", "busy", "offline"})


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a server tells every connection. ``hb_ms`` between heartbeats."""

    node: str = "one"
    limits: Limits = Limits()
    hb_ms: int = HEARTBEAT_MS


class ServerSession:
    """One connection, from its first message to its last.

    sid : names the connection
    take : ``take(pace, key)`` counts one and gives how many ms to wait before it is allowed, 0: now
    """

    def __init__(self, sid: str, codec: Codec, take: Take, figures: Figures | None = None) -> None:
        self.sid = sid
        self.codec = codec
        self.figures = figures or Figures()
        self.actor: Actor | None = None
        self.is_over = False
        self._take = take
        self._is_checking = False
        self._opened_ms = 0
        self._late_ms = 0  # of the server, since then
        self._beat_ms = 0
        self._check_ms = 0
        self._life_ms = 0
        self._early: list[FromDevice] = []
        self._unheard: list[FromServer] = []
        self._open: dict[int, Push | Pull] = {}
        self._limited: dict[int, dict[str, OpResult]] = {}

    # What happens to the connection.

    @property
    def is_live(self) -> bool:
        """Whether the device was welcomed and the connection goes on."""
        return self.actor is not None and not self.is_over

    @property
    def n_open(self) -> int:
        """How many requests are being worked on."""
        return len(self._open)

    def opened(self, now_ms: int) -> list[Act]:
        """The connection stands; the device has 5 s to say hello."""
        self._opened_ms = now_ms
        return []

    def received(self, data: bytes) -> list[Act]:
        """A whole message came, as bytes of the codec."""
        if self.is_over:
            return []
        if len(data) > self.figures.limits.frame:
            return self.bye(CloseCode.TOO_LARGE, f"A message may have {self.figures.limits.frame} bytes.")
        try:
            message = decode_from_device(data, self.codec)
        except ValueError as error:
            return self.bye(CloseCode.BAD_FRAME, f"That is not a message of this protocol: {error}"[:120])
        return self._take_in(message)

    def greeted(self) -> None:
        """Who it is was said in another way than by hello: ``admitted`` comes next."""
        self._is_checking = True

    def tick(self, now_ms: int, late_ms: int = 0) -> list[Act]:
        """Time has passed; call it at least once a second. ``late_ms`` of it the server was not there to hear the device."""
        if self.is_over:
            return []
        if self.actor is None:
            self._late_ms += late_ms
            return self._tick_before_welcome(now_ms)
        if self._is_expired(now_ms):
            return self.bye(CloseCode.NOT_SIGNED_IN, "The access token has ended: renew it.", (0, 1_000))
        acts: list[Act] = []
        if _is_due(self._check_ms, now_ms, RECHECK_MS):
            self._check_ms = now_ms + RECHECK_MS
            acts.append(Recheck(self.actor))
        if _is_due(self._beat_ms, now_ms, self.figures.hb_ms):
            self._beat_ms = now_ms + self.figures.hb_ms
            acts.append(Beat())
        return acts

    def _tick_before_welcome(self, now_ms: int) -> list[Act]:
        wait_ms = CHECK_MS if self._is_checking else FIRST_FRAME_MS
        if 0 <= now_ms - self._opened_ms < wait_ms + self._late_ms:
            return []
        if self._is_checking:
            return self.bye(CloseCode.LIMITED, "The server is too busy to look at the token.", (1_000, 30_000))
        return self.bye(CloseCode.NOT_SIGNED_IN, "Say hello within 5 seconds.")

    def bye(self, code: int, why: str, retry: tuple[int, int] = (500, 15_000)) -> list[Act]:
        """End the connection: the last message, then the close."""
        if self.is_over:
            return []
        self.is_over = True
        self._early.clear()
        self._unheard.clear()
        self._open.clear()
        self._limited.clear()
        return [Write(Bye(code, why, retry)), Close(code, why)]

    # Answers to acts.

    def admitted(self, actor: Actor, heads: Sequence[RoomHead], now_ms: int, *, resets: Sequence[Reset] = ()) -> list[Act]:
        """The token is good: the device is welcomed, and told what of its copies cannot go on."""
        if self.is_over or self.actor is not None:
            return []
        self._is_checking = False
        self.actor = actor
        self._life_ms = actor.until_ms - now_ms
        self._check_ms = now_ms + RECHECK_MS
        self._beat_ms = now_ms + self.figures.hb_ms
        told = tuple(heads[: self.figures.limits.rooms])
        welcome = Welcome(
            self.sid, actor.user, self.figures.node, now_ms, actor.until_ms, self.figures.limits, self.figures.hb_ms, told
        )
        acts: list[Act] = [Write(welcome), *map(Write, resets)]
        acts.extend(map(Write, self._unheard))
        early, self._early, self._unheard = self._early, [], []
        for message in early:
            acts.extend(self._take_in(message))
        return acts

    def renewed(self, actor: Actor, now_ms: int) -> list[Act]:
        """The new token is good, or the session still stands: it must be the same person on the same device."""
        if self.actor is None or self.is_over:
            return []
        if (actor.user, actor.org, actor.device) != (self.actor.user, self.actor.org, self.actor.device):
            return self.bye(CloseCode.NOT_SIGNED_IN, "The new token is somebody else's.")
        if actor.until_ms > self.actor.until_ms:
            self._life_ms = actor.until_ms - now_ms
        renewed = msgspec.structs.replace(actor, until_ms=max(actor.until_ms, self.actor.until_ms))
        if renewed != self.actor:  # thousands of the same in new places, every two seconds, would leave memory full of holes
            self.actor = renewed
        self._check_ms = now_ms + RECHECK_MS
        return []

    def turned_away(self, code: str, why: str, *, after_ms: int = 0) -> list[Act]:
        """The token is not good, or the server cannot look at it now."""
        if code in (Code.LIMITED, Code.BUSY):
            return self.bye(CloseCode.LIMITED, why, (max(after_ms, 500), max(after_ms, 500) * 4))
        return self.bye(CloseCode.ENDED if code == Code.ENDED else CloseCode.NOT_SIGNED_IN, why)

    def results(self, rid: int, results: Sequence[OpResult]) -> list[Act]:
        """What became of the operations of a push."""
        push = self._open.pop(rid, None)
        limited = self._limited.pop(rid, {})
        if not isinstance(push, Push) or self.is_over:
            return []
        told = {result.id: result for result in results} | limited
        return [Write(Res(rid, tuple(told[op.id] for op in push.ops if op.id in told)))]

    def fetched(self, rid: int, page: Ev | Reset) -> list[Act]:
        """The page that was asked for, with ``rid`` put in where it has one."""
        if self._open.pop(rid, None) is None or self.is_over:
            return []
        return [Write(page)]

    def failed(self, rid: int, code: str, why: str, after_ms: int = 0) -> list[Act]:
        """A request could not be served; the connection stays."""
        self._limited.pop(rid, None)
        if self._open.pop(rid, None) is None or self.is_over:
            return []
        return [Write(Err(rid, code, why, after_ms))]

    def ended(self, why: str = "The session was ended.") -> list[Act]:
        """The session behind the token stands no longer: nothing more is said."""
        return self.bye(CloseCode.ENDED, why)

    # What others do.

    def hear(self, message: FromServer, now_ms: int) -> list[Act]:
        """Something this person may hear. What happens while the token is still looked at waits for the welcome."""
        if self.is_over:
            return []
        if self.actor is not None:
            return [] if self._is_expired(now_ms) else [Write(message)]
        if self._is_checking:
            self._unheard.append(message)
            if len(self._unheard) > MAX_EARLY:
                return self.bye(CloseCode.SLOW, "Too much happened before the welcome.")
        return []

    def head(self, heads: Sequence[RoomHead], now_ms: int) -> list[Act]:
        """Where rooms stand: answers ``Beat``, and tells of a room that was joined."""
        return self.hear(Head(tuple(heads)), now_ms)

    # What the device says.

    def _take_in(self, message: FromDevice) -> list[Act]:
        if self.actor is None:
            return self._before_welcome(message)
        match message:
            case Push():
                acts = self._push(message)
            case Pull():
                acts = self._pull(message)
            case ReadUp():
                acts = self._read(message)
            case Say():
                acts = self._say(message)
            case Renew():
                too_soon = self._take(Pace.RENEW, self.sid)
                acts = self._too_fast() if too_soon else [Verify(message.tok, self.actor.device, is_renewal=True)]
            case Hello():
                acts = self.bye(CloseCode.BAD_FRAME, "Hello was said before.")
        return acts

    def _before_welcome(self, message: FromDevice) -> list[Act]:
        if self._is_checking:
            self._early.append(message)
            return self.bye(CloseCode.BAD_FRAME, "Wait for the welcome.") if len(self._early) > MAX_EARLY else []
        if not isinstance(message, Hello):
            return self.bye(CloseCode.NOT_SIGNED_IN, "Say hello first.")
        if message.v != VERSION:
            return self.bye(CloseCode.VERSION, f"This server speaks version {VERSION}.", (60_000, 300_000))
        if not all(is_id(cursor.r) for cursor in message.rooms):
            return self.bye(CloseCode.BAD_FRAME, "A cursor names its room by an id.")
        if len(message.rooms) > self.figures.limits.rooms:
            return self.bye(CloseCode.TOO_LARGE, f"A connection may follow {self.figures.limits.rooms} rooms.")
        self._is_checking = True
        return [Verify(message.tok, message.dev, message.rooms)]

    def _begin(self, message: Push | Pull) -> list[Act] | None:
        """Count a request; None where it may go on, else what to say instead."""
        if message.rid in self._open:
            return self.bye(CloseCode.BAD_FRAME, f"Request {message.rid} is still open.")
        if len(self._open) >= MAX_OPEN:
            return [Write(Err(message.rid, Code.LIMITED, "Too many requests are open.", 1_000)), *self._too_fast()]
        self._open[message.rid] = message
        return None

    def _push(self, push: Push) -> list[Act]:
        stopped = self._begin(push)
        if stopped is not None:
            return stopped
        if len(push.ops) > self.figures.limits.ops:
            return self.failed(push.rid, Code.TOO_LARGE, f"A push may have {self.figures.limits.ops} operations.")
        if not all(map(is_whole, push.ops)):
            return self.bye(CloseCode.BAD_FRAME, "An operation is not one of this protocol.")
        assert self.actor is not None
        ops, limited = let_through(push.ops, self.actor.user, self._take)
        if limited:
            self._limited[push.rid] = limited
        acts: list[Act] = [Submit(push.rid, ops)] if ops else self.results(push.rid, ())
        return acts + (self._too_fast() if limited else [])

    def _pull(self, pull: Pull) -> list[Act]:
        stopped = self._begin(pull)
        if stopped is not None:
            return stopped
        assert self.actor is not None
        after_ms = self._take(Pace.PULL, self.actor.user)
        if after_ms:
            return [*self.failed(pull.rid, Code.LIMITED, "Too many pages were asked for.", after_ms), *self._too_fast()]
        if not is_id(pull.r):
            return self.failed(pull.rid, Code.NO_ROOM, "There is no such room for you.")
        limit = max(1, min(pull.limit, self.figures.limits.pull, MAX_PAGE))
        return [Fetch(msgspec.structs.replace(pull, limit=limit))]

    def _read(self, read: ReadUp) -> list[Act]:
        assert self.actor is not None
        if not is_id(read.r):
            return []
        return self._too_fast() if self._take(Pace.READ, self.actor.user) else [Read(read)]

    def _say(self, say: Say) -> list[Act]:
        assert self.actor is not None
        if say.k == "typing" and say.r:
            # Told more often than it lasts is dropped without a word: nothing is lost by it.
            if self._take(Pace.TYPING, f"{self.actor.user}|{say.r}"):
                return []
            ttl = min(max(say.ttl, 0), TYPING_MS)
            return [Tell(Said("typing", self.actor.user, say.r, "", ttl))]
        if say.k == "presence" and not say.r and say.b in DESK_STATES:
            if self._take(Pace.PRESENCE, self.sid):
                return self._too_fast()
            return [Tell(Said("presence", self.actor.user, "", say.b, PRESENCE_MS))]
        return []  # a newer device says something that this server does not know

    def _too_fast(self) -> list[Act]:
        """Count a refusal for speed; who goes on regardless is closed."""
        if self._take(Pace.ABUSE, self.sid):
            return self.bye(CloseCode.LIMITED, "Too fast for too long.", (10_000, 60_000))
        return []

    def _is_expired(self, now_ms: int) -> bool:
        """Whether the token has ended, or lasts longer than when it was shown: the clock went back, and its age is not known."""
        if self.actor is None or not self.actor.until_ms:
            return False
        return not 0 < self.actor.until_ms - now_ms <= self._life_ms + SLACK_MS


def _is_due(at_ms: int, now_ms: int, period_ms: int) -> bool:
    return now_ms >= at_ms or at_ms - now_ms > period_ms
