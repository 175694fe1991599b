"""What planning is given and what it gives back: values alone, so that a server and a simulation plan alike."""

from collections.abc import Mapping

import msgspec

from sync_server.actor import Actor
from sync_server.protocol.bodies import RoomKind, RoomRole
from sync_server.protocol.events import Event, Op, OpResult

RoomId = str
User = str
Device = str
Count = int
"""The last ``cseq`` that was decided of a device in a room."""


class Asked(msgspec.Struct, frozen=True):
    """An operation and who asks for it."""

    actor: Actor
    op: Op


class Seat(msgspec.Struct, frozen=True):
    """A person's place in a room: the role, and ``since``: sequence number of the event that seated them."""

    role: RoomRole
    since: int


class RoomView(msgspec.Struct, frozen=True):
    """A room as it stands: its head (``epoch``, ``seq``, chain ``hash`` after it) and what rules depend on.

    ``is_held``: a legal hold keeps everything in it.
    """

    room: RoomId
    org: str
    epoch: int
    seq: int
    hash: bytes
    kind: RoomKind
    name: str
    topic: str
    is_open: bool
    shows_history: bool
    seats: Mapping[User, Seat]
    members: frozenset[User]
    is_held: bool = False

    def floor(self, user: User) -> int:
        """Oldest sequence number that is served to ``user``; 0 for who has no seat."""
        seat = self.seats.get(user)
        if seat is None:
            return 0
        return 1 if self.shows_history else seat.since


class MessageView(msgspec.Struct, frozen=True):
    """A message as far as rules depend on it: its place ``s`` and who changed it last, at ``edited_s`` (0: nobody)."""

    room: RoomId
    id: str
    author: User
    s: int
    edited_s: int = 0
    editor: User = ""
    is_deleted: bool = False
    is_erased: bool = False


class FileView(msgspec.Struct, frozen=True):
    """A whole file that was given to a room: by whom, and the place ``s`` of the newest message that shows it (0: none)."""

    givers: frozenset[User]
    s: int = 0


class Decided(msgspec.Struct, frozen=True):
    """An operation that was decided: entered at ``s`` of epoch ``e``, or refused with ``code``. ``bh``: hash of its body."""

    device: Device
    id: str
    room: RoomId
    k: str
    bh: str
    e: int = 0
    s: int = 0
    code: str = ""


class Needs(msgspec.Struct, frozen=True):
    """What has to be looked up before operations are planned; ``people`` are (organisation, user), ``files`` (room, SHA-256)."""

    rooms: frozenset[RoomId]
    messages: frozenset[tuple[RoomId, str]]
    ops: frozenset[tuple[Device, str]]
    counts: frozenset[tuple[Device, RoomId]]
    people: frozenset[tuple[str, User]]
    files: frozenset[tuple[RoomId, str]] = frozenset()


class RoomsView(msgspec.Struct, frozen=True):
    """What was found of what was needed; what is absent is not there.

    ``people``: who of those that were asked for belongs to the organisation.
    """

    rooms: Mapping[RoomId, RoomView] = {}
    messages: Mapping[tuple[RoomId, str], MessageView] = {}
    decided: Mapping[tuple[Device, str], Decided] = {}
    counts: Mapping[tuple[Device, RoomId], Count] = {}
    people: frozenset[tuple[str, User]] = frozenset()
    files: Mapping[tuple[RoomId, str], FileView] = {}


class Entered(msgspec.Struct, frozen=True):
    """One new event, the chain hash after it, and who had a seat right before and right after it."""

    event: Event
    hash: bytes
    members_before: frozenset[User]
    members_after: frozenset[User]


class RoomLog(msgspec.Struct, frozen=True):
    """What is new in one room: the room afterwards (``before`` is None where it was made) and its new events in order."""

    before: RoomView | None
    after: RoomView
    entered: tuple[Entered, ...]


class Plan(msgspec.Struct, frozen=True):
    """What to answer and what to store, all in one transaction.

    ``results`` stand in the order of what was asked · ``edits``: (room, message, sequence number) of new edits · ``files``: (room,
    message, SHA-256, sequence number) of new messages · ``erased``: (room, message) whose bodies, salts and traces are destroyed.
    """

    results: tuple[OpResult, ...]
    logs: tuple[RoomLog, ...] = ()
    messages: tuple[MessageView, ...] = ()
    edits: tuple[tuple[RoomId, str, int], ...] = ()
    files: tuple[tuple[RoomId, str, str, int], ...] = ()
    erased: tuple[tuple[RoomId, str], ...] = ()
    refused: tuple[Decided, ...] = ()
    counts: Mapping[tuple[Device, RoomId], Count] = {}
