"""Bodies of operations, one type a kind, as the JSON text of :class:`Op.b` holds them.

Unknown fields are kept in the text and skipped when read, so that an older program shows what it understands.
Every text is checked by the server with :func:`parse_body`, and by a copy before it is shown.
"""

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from sync_server.protocol.events import Kind

Name = Annotated[str, Meta(min_length=1, max_length=80)]
Id = Annotated[str, Meta(min_length=36, max_length=36, pattern="^[0-9a-f-]*$")]
Text = Annotated[str, Meta(max_length=12_000)]
Short = Annotated[str, Meta(max_length=200)]


class RoomRole(enum.StrEnum):
    """What a member may do in one room; the person's role in the organisation comes on top."""

    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"
    READER = "reader"


class RoomKind(enum.StrEnum):
    """A named room of many, or the one room of two people."""

    GROUP = "group"
    DIRECT = "direct"


class Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """What every body is."""


class Seat(Body, frozen=True):
    """A person ``u`` and the role in the room; None: no longer a member."""

    u: Id
    role: RoomRole | None = RoomRole.MEMBER


class RoomCreate(Body, frozen=True):
    """The first event of every room. The author becomes its owner; both people of a direct room are members."""

    kind: RoomKind
    name: Annotated[str, Meta(max_length=80)] = ""
    topic: Short = ""
    members: Annotated[tuple[Seat, ...], Meta(max_length=500)] = ()
    is_open: bool = False  # anyone of the organisation may find and join it
    shows_history: bool = True  # who joins sees what was said before; else only what is said from then on


class RoomEdit(Body, frozen=True):
    """New name and topic; None leaves one as it is. Last one wins."""

    name: Name | None = None
    topic: Short | None = None


class MemberSet(Seat, frozen=True):
    """One person's seat in the room: joining, inviting, promoting, leaving, removing."""


class File(Body, frozen=True):
    """A file by what it contains: SHA-256 in hexadecimal; uploaded before the message is sent.

    ``size`` in bytes; ``width`` and ``height`` in pixels of pictures, else 0.
    """

    sha256: Annotated[str, Meta(min_length=64, max_length=64, pattern="^[0-9a-f]*$")]
    name: Annotated[str, Meta(min_length=1, max_length=255)]
    mime: Annotated[str, Meta(max_length=100)]
    size: int
    width: int = 0
    height: int = 0


class Link(Body, frozen=True):
    """What a message points at in the workstation: an instrument, a range of its bars, or the whole state of a chart.

    ``instrument`` and ``spec`` as everywhere in TRII (``AAPL.XNAS``, ``1d``) · ``from_ms`` and ``to_ms`` event times of a
    range, 0 for
    none · ``chart`` the chart's state as its own JSON text (empty: none), opened by the reader's program, which checks it.
    """

    instrument: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]*$")]
    spec: Annotated[str, Meta(max_length=40)] = ""
    from_ms: int = 0
    to_ms: int = 0
    chart: Annotated[str, Meta(max_length=12_000)] = ""


class MsgCreate(Body, frozen=True):
    """A message. ``thread`` is the id of the message it belongs under (empty: none) · ``mentions`` people named in the text."""

    text: Text
    thread: Annotated[str, Meta(max_length=36)] = ""
    mentions: Annotated[tuple[Id, ...], Meta(max_length=50)] = ()
    files: Annotated[tuple[File, ...], Meta(max_length=20)] = ()
    links: Annotated[tuple[Link, ...], Meta(max_length=20)] = ()


class MsgEdit(Body, frozen=True):
    """New words for the message ``target``; its files and links stay."""

    target: Id
    text: Text
    mentions: Annotated[tuple[Id, ...], Meta(max_length=50)] = ()


class MsgDelete(Body, frozen=True):
    """Takes the message ``target`` away: a tombstone stays."""

    target: Id


class ReactSet(Body, frozen=True):
    """The author's reaction ``emoji`` to ``target`` is on or off: one register a person, target and emoji."""

    target: Id
    emoji: Annotated[str, Meta(min_length=1, max_length=16)]
    on: bool = True


class PinSet(Body, frozen=True):
    """The message ``target`` is pinned in the room or not: one register a target."""

    target: Id
    on: bool = True


class Erase(Body, frozen=True):
    """Bodies, salts, files and search rows of the messages ``targets`` and of their edits are destroyed; the chain stays whole."""

    targets: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=100)]


class Failover(Body, frozen=True):
    """The first event of a new epoch: up to ``fork`` the history is that of the epoch before."""

    fork: int


BODIES: Final[dict[str, type[Body]]] = {
    Kind.ROOM_CREATE: RoomCreate,
    Kind.ROOM_EDIT: RoomEdit,
    Kind.MEMBER_SET: MemberSet,
    Kind.MSG_CREATE: MsgCreate,
    Kind.MSG_EDIT: MsgEdit,
    Kind.MSG_DELETE: MsgDelete,
    Kind.REACT_SET: ReactSet,
    Kind.PIN_SET: PinSet,
    Kind.ERASE: Erase,
    Kind.FAILOVER: Failover,
}
_DECODERS: Final = {kind: msgspec.json.Decoder(body) for kind, body in BODIES.items()}
_ENCODER: Final = msgspec.json.Encoder()


def parse_body(kind: str, text: str) -> Body:
    """The body of an operation of ``kind``. Raises ValueError (msgspec's errors are ValueErrors) with where and why."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise ValueError(f"There is no kind {kind!r} in this version.")
    return decoder.decode(text)


def format_body(body: Body) -> str:
    """The JSON text of a body, as an author sends it."""
    return _ENCODER.encode(body).decode("utf-8")
