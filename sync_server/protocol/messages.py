"""Every message of the protocol. The tag ``t`` names it; fields are short because they go to everyone.

From device to server: ``hello``, ``push``, ``pull``, ``read``, ``eph``, ``auth``. From server to device: ``welcome``, ``ev``,
``res``, ``head``, ``reset``, ``cur``, ``eph``, ``people``, ``err``, ``bye``. No message to many holds anything of one
connection, so one encoding serves all.
"""

import msgspec

from sync_server.protocol.codes import ResetReason
from sync_server.protocol.events import Count, Cursor, Event, Op, OpResult, Word
from sync_server.protocol.limits import VERSION, Limits


class Message(msgspec.Struct, frozen=True, tag_field="t", omit_defaults=True):
    """What every message is."""


# From a device.


class Hello(Message, frozen=True, tag="hello"):
    """The first message: access token, device and what its copies hold. ``caps``: ``snap``, what else the device understands."""

    tok: str
    dev: Word
    rooms: tuple[Cursor, ...] = ()
    v: int = VERSION
    caps: tuple[str, ...] = ()


class Push(Message, frozen=True, tag="push"):
    """Operations in the order they were made; ``rid`` comes back in the result."""

    rid: Count
    ops: tuple[Op, ...]


class Pull(Message, frozen=True, tag="pull"):
    """Asks for events of room ``r`` after ``after``; answered by ``ev`` or ``reset``.

    ``before`` > 0 asks instead for the page that ends right before that event.
    """

    rid: Count
    r: Word
    e: Count
    after: Count = 0
    limit: Count = 200
    before: Count = 0


class ReadUp(Message, frozen=True, tag="read"):
    """This person has read room ``r`` up to ``read``: only ever grows."""

    r: Word
    e: Count
    read: Count


class Say(Message, frozen=True, tag="eph"):
    """Something that is true for a moment, ``ttl`` ms: never stored, never ordered.

    ``typing`` in room ``r``, or ``presence`` with an empty ``r`` and ``b`` one of online, away, busy, offline.
    """

    k: Word
    r: Word = ""
    b: Word = ""
    ttl: Count = 5_000


class Renew(Message, frozen=True, tag="auth"):
    """A new access token for this connection."""

    tok: str


FromDevice = Hello | Push | Pull | ReadUp | Say | Renew

# From a server.


class RoomHead(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a room stands for one person.

    ``e`` epoch · ``s`` newest sequence number · ``floor`` oldest event that is served to this person: 1, the person's own joining
    where the room does not show what came before, or what retention left · ``read`` how far this person has read.
    """

    r: Word
    e: Count
    s: Count
    floor: Count = 1
    read: Count = 0


class Welcome(Message, frozen=True, tag="welcome"):
    """The connection stands.

    ``u`` who you are · ``now`` the server's clock and ``texp`` when the token ends, UTC ms · ``hb`` ms between heads ·
    ``heads`` your rooms, the most lately active first.
    """

    sid: Word
    u: Word
    node: Word
    now: Count
    texp: Count
    lim: Limits = Limits()
    hb: Count = 20_000
    heads: tuple[RoomHead, ...] = ()


class Ev(Message, frozen=True, tag="ev"):
    """Events ``from`` to ``to`` of a room without a hole, all entered in epoch ``e``: a page never crosses a fork.

    ``h``: chain hash after the last; ``rid``: the pull it answers, 0 live. An answer without events (``to`` is ``from`` - 1) says
    that there is nothing more; its ``h`` is the chain hash there.
    """

    r: Word
    e: Count
    first: Count = msgspec.field(name="from")
    last: Count = msgspec.field(name="to")
    ev: tuple[Event, ...] = ()
    h: Word = ""
    rid: Count = 0


class Res(Message, frozen=True, tag="res"):
    """What became of the operations of push ``rid``."""

    rid: Count
    ops: tuple[OpResult, ...]


class Head(Message, frozen=True, tag="head"):
    """Where rooms stand now: at every heartbeat, after a burst, and when a person joins a room."""

    h: tuple[RoomHead, ...]


class Reset(Message, frozen=True, tag="reset"):
    """The copy of ``r`` cannot be continued.

    ``fork``: last event in common, 0 where that is not known · ``floor``: oldest event that is served, and ``h`` the chain hash
    right before it, from which a copy goes on · ``snap``: path of a snapshot to start from instead, empty where there is none.
    With ``epoch`` a copy keeps what it has up to ``fork`` and asks for what follows; ``h`` is then the chain hash at ``fork``.
    """

    r: Word
    why: ResetReason
    e: Count = 0
    fork: Count = 0
    floor: Count = 1
    h: Word = ""
    snap: str = ""


class Reader(msgspec.Struct, frozen=True):
    """Person ``u`` has read up to ``read``."""

    u: Word
    read: Count


class Reads(Message, frozen=True, tag="cur"):
    """How far people have read room ``r``."""

    r: Word
    c: tuple[Reader, ...]


class Said(Message, frozen=True, tag="eph"):
    """What somebody said with :class:`Say`, with who (``a``) and until when it holds (``ttl`` ms)."""

    k: Word
    a: Word
    r: Word = ""
    b: Word = ""
    ttl: Count = 5_000


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody of the organisation, as others see them. ``seen``: UTC ms of the last sign of life, 0 unknown."""

    u: Word
    name: str
    handle: str
    role: str = "member"
    is_gone: bool = False
    seen: Count = 0


class People(Message, frozen=True, tag="people"):
    """People that this device may see: all after the welcome, then whoever changed."""

    p: tuple[Person, ...]


class Err(Message, frozen=True, tag="err"):
    """The message ``rid`` could not be served; the connection stays."""

    rid: Count
    code: str
    why: str = ""
    after: Count = 0


class Bye(Message, frozen=True, tag="bye"):
    """The last message: why the server closes, and between how many ms a device picks its return at random."""

    code: Count
    why: str = ""
    retry: tuple[Count, Count] = (500, 15_000)


FromServer = Welcome | Ev | Res | Head | Reset | Reads | Said | People | Err | Bye


class Snapshot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A room as it stood after event ``s``: its state (see ``fold.RoomState``) as JSON text, and the chain hash there."""

    r: Word
    e: Count
    s: Count
    h: Word
    state: str
