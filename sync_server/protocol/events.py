"""One entry of a room's log, its kinds, and what a device asks to have entered."""

import enum

import msgspec


class Kind(enum.StrEnum):
    """Kinds that this version understands. A copy keeps and skips any other; a server takes only what it has a rule for."""

    ROOM_CREATE = "room.create"
    ROOM_EDIT = "room.edit"
    MEMBER_SET = "member.set"
    MSG_CREATE = "msg.create"
    MSG_EDIT = "msg.edit"
    MSG_DELETE = "msg.delete"
    REACT_SET = "react.set"
    PIN_SET = "pin.set"
    ERASE = "erase"
    FAILOVER = "room.failover"


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of the log. Short names: every byte goes to every member.

    ``s`` sequence number in its room, from 1 without holes · ``id`` UUIDv7 of the operation · ``a`` who (user id) · ``d`` which
    device · ``k`` kind · ``ts`` when the server took it (UTC ms) · ``bh`` hash of the body · ``b`` body: the JSON text the author
    sent, never reordered; None once erased · ``n`` its salt, base64, empty once erased · ``rec`` entered again after a failover.
    """

    s: int
    id: str
    a: str
    d: str
    k: str
    ts: int
    bh: str
    b: str | None = None
    n: str = ""
    rec: bool = False


class Op(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a device asks to have entered in a room's log.

    ``id`` UUIDv7, this device's for ever · ``r`` room · ``k`` kind · ``b`` body as JSON text · ``n`` salt, 16 bytes in base64 ·
    ``cseq`` the device's own count in this room, from 1 without holes · ``base`` newest sequence number of the room that the author
    had seen · ``cts`` the author's clock (UTC ms), shown and never trusted · ``rec`` sent again after a failover from what had been
    confirmed.
    """

    id: str
    r: str
    k: str
    b: str
    n: str
    cseq: int
    base: int = 0
    cts: int = 0
    rec: bool = False


class OpState(enum.StrEnum):
    """What became of an operation."""

    OK = "ok"  # entered, and durable
    DUP = "dup"  # was entered before: the same place
    REJ = "rej"  # will never be entered; ``code`` says why
    RETRY = "retry"  # not now: send it again after ``after`` ms


class OpResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of the operation ``id``; ``e`` and ``s`` say where it stands when it was entered."""

    id: str
    st: OpState
    e: int = 0
    s: int = 0
    code: str = ""
    after: int = 0


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a copy of room ``r`` goes: epoch ``e``, sequence number ``s`` (0: nothing), chain hash ``h`` (base64) after it."""

    r: str
    e: int = 0
    s: int = 0
    h: str = ""
