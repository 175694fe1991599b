"""Every message of the protocol. The tag ``t`` names it; fields are short because they go to everyone.

From device to server: ``hello``, ``push``, ``pull``, ``read``, ``eph``, ``auth``. From server to device: ``welcome``, ``ev``,
``res``, ``head``, ``reset``, ``cur``, ``eph``, ``people``, ``err``, ``bye``. No message to many holds anything of one
connection, so one encoding serves all.
"""

import msgspec

from sync_server.protocol.codes import ResetReason
from sync_server.protocol.events import Cursor, Event, Op, OpResult
from sync_server.protocol.limits import VERSION, Limits


class Message(msgspec.Struct, frozen=True, tag_field="t", omit_defaults=True):
    """What every message is."""


# From a device.


class Hello(Message, frozen=True, tag="hello"):
    """The first message: access token, device and what its copies hold. ``caps``: ``snap``, what else the device understands."""

    tok: str
    dev: str
    rooms: tuple[Cursor, ...] = ()
    v: int = VERSION
    caps: tuple[str, ...] = ()


class Push(Message, frozen=True, tag="push"):
    """Operations in the order they were made; ``rid`` comes back in the result."""

    rid: int
    ops: tuple[Op, ...]


class Pull(Message, frozen=True, tag="pull"):
    """Asks for events of room ``r`` after ``after``; answered by ``ev`` or ``reset``.

    ``before`` > 0 asks instead for the page that ends right before that event.
    """

    rid: int
    r: str
    e: int
    after: int = 0
    limit: int = 200
    before: int = 0


class ReadUp(Message, frozen=True, tag="read"):
    """This person has read room ``r`` up to ``read``: only ever grows."""

    r: str
    e: int
    read: int


class Say(Message, frozen=True, tag="eph"):
    """Something that is true for a moment, ``ttl`` ms: never stored, never ordered.

    ``typing`` in room ``r``, or ``presence`` with an empty ``r`` and ``b`` one of online, away, busy, offline.
    """

    k: str
    r: str = ""
    b: str = ""
    ttl: int = 5_000


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

    r: str
    e: int
    s: int
    floor: int = 1
    read: int = 0


class Welcome(Message, frozen=True, tag="welcome"):
    """The connection stands.

    ``u`` who you are · ``now`` the server's clock and ``texp`` when the token ends, UTC ms · ``hb`` ms between heads ·
    ``heads`` your rooms, the most lately active first.
    """

    sid: str
    u: str
    node: str
    now: int
    texp: int
    lim: Limits = Limits()
    hb: int = 20_000
    heads: tuple[RoomHead, ...] = ()


class Ev(Message, frozen=True, tag="ev"):
    """Events ``from`` to ``to`` of a room without a hole.

    ``h``: chain hash after the last; ``rid``: the pull it answers, 0 live.
    """

    r: str
    e: int
    first: int = msgspec.field(name="from")
    last: int = msgspec.field(name="to")
    ev: tuple[Event, ...] = ()
    h: str = ""
    rid: int = 0


class Res(Message, frozen=True, tag="res"):
    """What became of the operations of push ``rid``."""

    rid: int
    ops: tuple[OpResult, ...]


class Head(Message, frozen=True, tag="head"):
    """Where rooms stand now: at every heartbeat, after a burst, and when a person joins a room."""

    h: tuple[RoomHead, ...]


class Reset(Message, frozen=True, tag="reset"):
    """The copy of ``r`` cannot be continued.

    ``fork``: last event in common · ``floor``: oldest event that is served, and ``h`` the chain hash right before it, from which a
    copy goes on · ``snap``: path of a snapshot to start from instead, empty where there is none.
    """

    r: str
    why: ResetReason
    e: int = 0
    fork: int = 0
    floor: int = 1
    h: str = ""
    snap: str = ""


class Reader(msgspec.Struct, frozen=True):
    """Person ``u`` has read up to ``read``."""

    u: str
    read: int


class Reads(Message, frozen=True, tag="cur"):
    """How far people have read room ``r``."""

    r: str
    c: tuple[Reader, ...]


class Said(Message, frozen=True, tag="eph"):
    """What somebody said with :class:`Say`, with who (``a``) and until when it holds (``ttl`` ms)."""

    k: str
    a: str
    r: str = ""
    b: str = ""
    ttl: int = 5_000


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody of the organisation, as others see them. ``seen``: UTC ms of the last sign of life, 0 unknown."""

    u: str
    name: str
    handle: str
    role: str = "member"
    is_gone: bool = False
    seen: int = 0


class People(Message, frozen=True, tag="people"):
    """People that this device may see: all after the welcome, then whoever changed."""

    p: tuple[Person, ...]


class Err(Message, frozen=True, tag="err"):
    """The message ``rid`` could not be served; the connection stays."""

    rid: int
    code: str
    why: str = ""
    after: int = 0


class Bye(Message, frozen=True, tag="bye"):
    """The last message: why the server closes, and between how many ms a device picks its return at random."""

    code: int
    why: str = ""
    retry: tuple[int, int] = (500, 15_000)


FromServer = Welcome | Ev | Res | Head | Reset | Reads | Said | People | Err | Bye


class Snapshot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A room as it stood after event ``s``: its state (see ``fold.RoomState``) as JSON text, and the chain hash there."""

    r: str
    e: int
    s: int
    h: str
    state: str
