"""One entry of a room's log, its kinds, and what a device asks to have entered."""

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

# What is decoded is held to these; values made by a program are its own care.
Count = Annotated[int, Meta(ge=0, lt=2**53)]  # also what every JSON reader holds exactly
Word = Annotated[str, Meta(max_length=64)]  # an id, a kind, a hash, a salt


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

    s: Count
    id: Word
    a: Word
    d: Word
    k: Word
    ts: Count
    bh: Word
    b: str | None = None
    n: Word = ""
    rec: bool = False


class Op(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a device asks to have entered in a room's log.

    ``id`` UUIDv7, this device's for ever · ``r`` room · ``k`` kind · ``b`` body as JSON text · ``n`` salt, 16 bytes in base64 ·
    ``cseq`` the device's own count in this room, from 1 without holes · ``base`` newest sequence number of the room that the author
    had seen · ``cts`` the author's clock (UTC ms), shown and never trusted · ``rec`` sent again after a failover from what had been
    confirmed.
    """

    id: Word
    r: Word
    k: Word
    b: str
    n: Word
    cseq: Count
    base: Count = 0
    cts: Count = 0
    rec: bool = False


class OpState(enum.StrEnum):
    """What became of an operation."""

    OK = "ok"  # entered, and durable
    DUP = "dup"  # was entered before: the same place
    REJ = "rej"  # will never be entered; ``code`` says why
    RETRY = "retry"  # not now: send it again after ``after`` ms


class OpResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of the operation ``id``; ``e`` and ``s`` say where it stands when it was entered.

    ``code`` why it was refused or not taken now · ``after`` ms to wait before a retry · ``cseq`` with ``out_of_order``: the number
    that the server expects next of this device in this room. A device whose first undecided operation has another number gives its
    undecided ones new numbers from there on; the rest of an operation (room, kind, body, salt) is what its id stands for.
    """

    id: Word
    st: OpState
    e: Count = 0
    s: Count = 0
    code: Word = ""
    after: Count = 0
    cseq: Count = 0


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a copy of room ``r`` goes: epoch ``e``, sequence number ``s`` (0: nothing), chain hash ``h`` (base64) after it."""

    r: Word
    e: Count = 0
    s: Count = 0
    h: Word = ""
