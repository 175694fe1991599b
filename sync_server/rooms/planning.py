"""Decide what becomes of operations: which enter their rooms' logs, where, and why others do not. Pure.

The order of what is asked is the order of the log. An operation is decided once and for ever: entered or refused, it counts, and
the same operation again gets the same answer. Only ``retry`` decides nothing: one that is not the next of its device in its room
holds back those after it, and is told the number that is next. After a failover that number may be one that was used before, and a
room may be gone that was there: what is entered again into it waits until the room itself is.
"""

from collections.abc import Sequence
from typing import Final

from sync_server.protocol.bodies import Body, parse_body
from sync_server.protocol.chain import SALT_BYTES, body_hash, from_text, to_text
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Event, Kind, Op, OpResult, OpState
from sync_server.protocol.ids import is_id
from sync_server.protocol.limits import MAX_BODY
from sync_server.rooms.drafts import Drafts
from sync_server.rooms.rules import Case, apply, check, files_named, is_direct_id, people_of, targets_of
from sync_server.rooms.views import Asked, Count, Decided, Device, Needs, Plan, RoomId, RoomsView, User

CSEQ_MAX: Final = 2**53
OUT_OF_ORDER_MS: Final = 50  # a device that sends from the operation that is missing may do so almost at once
LOST_MS: Final = 5_000  # a room that a restore has lost is there again once its maker's device has come
ROUND_MS: Final = 2**36  # more than two years
# Kinds whose rules look at messages, people or files; bodies of all others are opened once, when they are decided.
_LOOKS_UP: Final = frozenset(
    {
        Kind.ROOM_CREATE,
        Kind.MEMBER_SET,
        Kind.MSG_CREATE,
        Kind.MSG_EDIT,
        Kind.MSG_DELETE,
        Kind.REACT_SET,
        Kind.PIN_SET,
        Kind.ERASE,
    }
)
_FILES: Final = '"files"'


def needs(asked: Sequence[Asked]) -> Needs:
    """What has to be looked up before :func:`plan` can decide about ``asked``; what is no id is not there and not looked for."""
    messages: set[tuple[RoomId, str]] = set()
    people: set[tuple[str, str]] = set()
    files: set[tuple[RoomId, str]] = set()
    sound = [one for one in asked if is_id(one.op.id) and is_id(one.op.r)]
    for one in sound:
        op = one.op
        if op.k == Kind.MSG_CREATE and _FILES not in op.b:  # most messages; a body that hides the word names nothing that is found
            continue
        if op.k in _LOOKS_UP and (body := _opened(op)) is not None:
            files |= {(op.r, sha256) for sha256 in files_named(body)}
            messages |= {(op.r, target) for target in targets_of(body) if is_id(target)}
            people |= {(one.actor.org, user) for user in people_of(body) if user.isprintable() and user.isascii()}
    return Needs(
        rooms=frozenset(one.op.r for one in sound),
        messages=frozenset(messages),
        ops=frozenset((one.actor.device, one.op.id) for one in sound),
        counts=frozenset((one.actor.device, one.op.r) for one in sound),
        people=frozenset(people),
        files=frozenset(files),
    )


def plan(asked: Sequence[Asked], view: RoomsView, now_ms: int, *, was_restored: bool = False) -> Plan:
    """Decide about ``asked`` one after another.

    ``view`` holds what :func:`needs` named; ``now_ms`` UTC is every new event's time. ``was_restored``: the server has once gone on
    from a backup, so that any room may have been there before.
    """
    planning = _Planning(view, now_ms, was_restored=was_restored)
    results = tuple(planning.decide(one) for one in asked)
    drafts = planning.drafts
    return Plan(
        results=results,
        logs=drafts.logs(),
        messages=tuple(drafts.messages.values()),
        edits=tuple(drafts.edits),
        files=tuple(drafts.files),
        erased=tuple(drafts.erased),
        refused=tuple(planning.refused),
        counts=planning.counts,
    )


class _Planning:
    """One batch: what was decided in it lies over the view."""

    def __init__(self, view: RoomsView, now_ms: int, *, was_restored: bool = False) -> None:
        self._view = view
        self._now_ms = now_ms
        self._was_restored = was_restored
        self._decided: dict[tuple[Device, str], Decided] = {}
        self._waiting: set[tuple[Device, RoomId]] = set()
        self.drafts = Drafts(view)
        self.counts: dict[tuple[Device, RoomId], Count] = {}
        self.refused: list[Decided] = []

    def decide(self, asked: Asked) -> OpResult:
        """What becomes of the next operation."""
        op, device = asked.op, asked.actor.device
        salt = _salt(op)
        try:
            bh = to_text(body_hash(op.n.encode("utf-8") if salt is None else salt, op.b))
        except UnicodeEncodeError:  # text that is none
            return _refusal(op, Code.BAD_FRAME)
        if not (is_id(op.id) and is_id(op.r) and 0 < op.cseq <= CSEQ_MAX):
            return _refusal(op, Code.BAD_FRAME)
        key = device, op.id
        known = self._decided.get(key) or self._view.decided.get(key)
        if known is not None:
            return _again(op, bh, known)
        line = device, op.r
        if (held_back := self._hold_back(asked, line)) is not None:
            return held_back
        decided = self._enter(asked, bh, salt)
        self._decided[key] = decided
        self.counts[line] = op.cseq
        if decided.code:
            self.refused.append(decided)
            return _refusal(op, Code(decided.code))
        return OpResult(op.id, OpState.OK, decided.e, decided.s)

    def _hold_back(self, asked: Asked, line: tuple[Device, RoomId]) -> OpResult | None:
        """Where it is not this operation's turn: what to do instead, and with it all that follow of this device in this room."""
        op = asked.op
        count = self.counts.get(line) or self._view.counts.get(line, 0)
        if line in self._waiting or op.cseq != count + 1:
            self._waiting.add(line)
            return OpResult(op.id, OpState.RETRY, code=Code.OUT_OF_ORDER, after=OUT_OF_ORDER_MS, cseq=count + 1)
        if op.rec and op.k != Kind.ROOM_CREATE and self._is_missing(op.r, asked.actor.user):
            self._waiting.add(line)
            return OpResult(op.id, OpState.RETRY, code=Code.NO_ROOM, after=LOST_MS)
        return None

    def _is_missing(self, room: RoomId, user: User) -> bool:
        """Whether a room may have been lost, for this person: of direct rooms all are told the same that are not theirs."""
        draft = self.drafts.room(room)
        return draft is None or (is_direct_id(room) and user not in draft.seats)

    def _enter(self, asked: Asked, bh: str, salt: bytes | None) -> Decided:
        """Hold the operation against its rule; where it passes, it stands in the log."""
        actor, op = asked.actor, asked.op
        code = _check_form(op, salt)
        body = None if code else _opened(op)
        if code is None and body is None:
            code = Code.BAD_BODY
        case = Case(actor, op, body, self.drafts.room(op.r), self.drafts, self._now_ms)
        code = code or check(case)
        if code is not None:
            return Decided(actor.device, op.id, op.r, _kind(op), bh, code=code)
        if case.room is None:
            case = case._replace(
                room=self.drafts.make(op.r, actor.org, first_epoch(op, self._now_ms, was_restored=self._was_restored))
            )
        room = case.room
        assert room is not None
        event = Event(
            s=room.seq + 1, id=op.id, a=actor.user, d=actor.device, k=op.k, ts=self._now_ms, bh=bh, b=op.b, n=op.n, rec=op.rec
        )
        apply(case, event)
        return Decided(actor.device, op.id, op.r, op.k, bh, room.epoch, event.s)


def first_epoch(op: Op, now_ms: int, *, was_restored: bool = False) -> int:
    """The epoch in which a room begins: 1 for an id that is new, else one above any that the room can have had.

    It may have been before, and lost, where it is entered again, where its id is made of two people, and on a server that was
    restored, also where its maker never heard that it was there.
    """
    return now_ms if was_restored or op.rec or op.r[14] == "5" else 1


def next_epoch(before: int, now_ms: int) -> int:
    """The epoch after ``before``: above it, and one that the room never had, also not on a timeline that a restore has forgotten.

    Milliseconds since 1970 grow on every timeline. Where a clock was turned and the room is ahead of it, every restore of the same
    backup would take one more than ``before``: there the clock goes on top.
    """
    return now_ms if now_ms > before else before + 1 + now_ms % ROUND_MS


def _salt(op: Op) -> bytes | None:
    """The bytes of the salt; None where it is not 16 bytes in base64."""
    try:
        salt = from_text(op.n)
    except ValueError:
        return None
    return salt if len(salt) == SALT_BYTES else None


def _check_form(op: Op, salt: bytes | None) -> Code | None:
    if op.k not in _KINDS:
        return Code.UNKNOWN_KIND
    if len(op.b) > MAX_BODY or (not op.b.isascii() and len(op.b.encode("utf-8")) > MAX_BODY):
        return Code.TOO_LARGE
    return Code.BAD_BODY if salt is None else None


def _opened(op: Op) -> Body | None:
    try:
        return parse_body(op.k, op.b)
    except (ValueError, RecursionError):
        return None


def _kind(op: Op) -> str:
    """The kind as it is remembered: what is unknown may be any text at all, and is not kept."""
    return op.k if op.k in _KINDS else "?"


def _again(op: Op, bh: str, known: Decided) -> OpResult:
    if (op.r, _kind(op), bh) != (known.room, known.k, known.bh):
        return _refusal(op, Code.ID_TAKEN)
    if known.code:
        return _refusal(op, Code(known.code))
    return OpResult(op.id, OpState.DUP, known.e, known.s)


def _refusal(op: Op, code: Code) -> OpResult:
    return OpResult(op.id, OpState.REJ, code=code)


_KINDS: Final = frozenset(Kind)
