"""What a device's state machine asks its driver to do. A driver carries them out one after another, in order, each to its end.

That order is the promise: an operation is saved before it is sent, and events, cursor and what they confirm are saved together.
What came of an action is reported after the last action of its list, so that a newer list never lies between two of an older one.
"""

import msgspec

from sync_server.protocol.events import Cursor, Event, Op
from sync_server.protocol.messages import FromDevice, Person, RoomHead, Snapshot


class Action(msgspec.Struct, frozen=True):
    """What every action is."""


class Connect(Action, frozen=True):
    """Open a connection; report with ``opened`` or ``closed``."""


class Disconnect(Action, frozen=True):
    """Close the connection with this code; report with ``closed``."""

    code: int = 1000
    why: str = ""


class NeedToken(Action, frozen=True):
    """Get a fresh access token; report with ``token`` or ``no_token``."""


class Send(Action, frozen=True):
    """Send this message on the open connection."""

    message: FromDevice


class SaveOp(Action, frozen=True):
    """Keep this operation in the outbox, durably, before anything that follows.

    ``instead``: the refused operation that it replaces, gone in the same transaction; empty for none.
    """

    op: Op
    instead: str = ""


class DropOp(Action, frozen=True):
    """Take this operation out of the outbox: given up, or already there in another way."""

    id: str


class Renumber(Action, frozen=True):
    """In one transaction: operations of room ``r`` in the outbox get these counts (id, cseq), in order; the last is the newest."""

    r: str
    numbers: tuple[tuple[str, int], ...]


class Settled(msgspec.Struct, frozen=True):
    """What became of an operation of the outbox: it stands at ``s`` of epoch ``e``, or was refused for good with ``code``."""

    id: str
    e: int = 0
    s: int = 0
    code: str = ""


class SaveEvents(Action, frozen=True):
    """In one transaction: these events of a room, its cursor after them, and the operations that are settled by them.

    Settled operations leave the outbox. An event that was kept aside as unconfirmed and comes again is so no longer. The bodies
    that an ``erase`` among them names are destroyed with all that was made of them. ``is_back``: the room was left and is this
    person's again, just as the copy has it.
    """

    cursor: Cursor
    events: tuple[Event, ...] = ()
    settled: tuple[Settled, ...] = ()
    is_back: bool = False


class SaveSettled(Action, frozen=True):
    """Operations that a result settled; kept in the outbox, marked, until their events have come."""

    settled: tuple[Settled, ...]


class SaveOlder(Action, frozen=True):
    """A page of history before what the copy holds; ``has_more`` says whether there is any before it."""

    r: str
    events: tuple[Event, ...]
    has_more: bool


class FetchSnapshot(Action, frozen=True):
    """Get the snapshot at ``path`` over HTTP; report with ``snapshot`` or ``no_snapshot``."""

    r: str
    path: str


class LoadHeld(Action, frozen=True):
    """Load the events of room ``r`` that the copy holds after ``after``, oldest first; report with ``held``."""

    r: str
    after: int


class StartFrom(Action, frozen=True):
    """In one transaction: the copy of a room now stands at ``cursor``, with the state of ``snapshot`` where there is one.

    ``keep``: events up to this one stay, all later ones go; 0 where the copy is replaced from the ground.
    ``unconfirmed`` are events of others that were held and are no longer history: kept aside, shown as seen before a failover.
    ``again`` are operations that wait in the outbox from now on, in order, with new counts, in place of those with the same ids:
    those that had been confirmed and have to be sent again, then those that waited. Marks of :class:`SaveSettled` on them are gone.
    """

    cursor: Cursor
    snapshot: Snapshot | None = None
    keep: int = 0
    unconfirmed: tuple[Event, ...] = ()
    again: tuple[Op, ...] = ()


class Leave(Action, frozen=True):
    """This person is no longer in room ``r``: its copy stays as it is and is marked so."""

    r: str


class Heads(Action, frozen=True):
    """Where rooms stand on the server, for unread counts and for rooms not yet copied."""

    heads: tuple[RoomHead, ...]


class Known(Action, frozen=True):
    """People of the organisation, all of them or whoever changed."""

    people: tuple[Person, ...]


class Heard(Action, frozen=True):
    """Somebody types, comes or goes; true for ``ttl_ms``."""

    k: str
    a: str
    r: str
    b: str
    ttl_ms: int


class ReadTo(Action, frozen=True):
    """Person ``u`` has read room ``r`` up to ``read``."""

    r: str
    u: str
    read: int


class Stands(Action, frozen=True):
    """How the connection stands now: "offline", "connecting", "catching up", "live" or "refused", and why.

    ``retry_at_ms`` UTC of the next try, 0 for none.
    """

    state: str
    why: str = ""
    retry_at_ms: int = 0


class Wake(Action, frozen=True):
    """Call ``tick`` at this UTC time (ms) at the latest; replaces an earlier one."""

    at_ms: int
