"""The one meaning of every kind of event: what a room and a message are after it, for server, mirror and simulation alike.

All of it is deterministic and total: a body that cannot be read, a target that is not there and a kind of a later version change
nothing. Who may do what is the server's decision, taken before an event has its place; here a place is enough.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from sync_server.protocol.bodies import (
    Body,
    Erase,
    File,
    Link,
    MemberSet,
    MsgCreate,
    MsgDelete,
    MsgEdit,
    PinSet,
    ReactSet,
    RoomCreate,
    RoomEdit,
    RoomKind,
    RoomRole,
    parse_body,
)
from sync_server.protocol.events import Event, Kind, Op


class RoomFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What holds in a room: its words, and who sits in it with which role.

    ``since``: for each person in ``seats`` the event that gave the seat, from which this person is served where the room does not
    show what came before. ``creator`` is empty where the room's first event is not known.
    """

    kind: RoomKind = RoomKind.GROUP
    name: str = ""
    topic: str = ""
    is_open: bool = False
    shows_history: bool = True
    creator: str = ""
    seats: dict[str, RoomRole] = {}
    since: dict[str, int] = {}


class MessageState(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message as it stands.

    ``s`` its place, 0 while it waits for one · ``a`` author · ``ts`` UTC ms · ``thread`` the message it belongs under ·
    ``edited_s`` and ``editor`` place and author of the newest edit · ``reactions`` emoji with who has it on, both sorted.
    A deleted message keeps who, when and its thread; an erased one keeps who and when, and nothing ever comes back to it.
    """

    id: str
    s: int
    a: str
    ts: int
    text: str = ""
    thread: str = ""
    mentions: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    links: tuple[Link, ...] = ()
    edited_s: int = 0
    editor: str = ""
    is_deleted: bool = False
    is_erased: bool = False
    pinned: bool = False
    reactions: tuple[tuple[str, tuple[str, ...]], ...] = ()


def read_body(event: Event) -> Body | None:
    """The body of an event; None where it is erased, of a later version, or not what its kind says."""
    if event.b is None:
        return None
    try:
        return parse_body(event.k, event.b)
    except (ValueError, RecursionError):
        return None


def touched(event: Event) -> tuple[str, ...]:
    """Ids of the messages that ``event`` changes, itself included where it is one; each once, in the order named."""
    if event.k == Kind.MSG_CREATE:
        return (event.id,)
    match read_body(event):
        case MsgEdit(target) | MsgDelete(target) | ReactSet(target) | PinSet(target):
            return (target,)
        case Erase(targets):
            return tuple(dict.fromkeys(targets))
    return ()


# A room.


def fold_room(room: RoomFacts | None, event: Event) -> RoomFacts:
    """What holds in a room after ``event``; None is a room of which nothing is known yet."""
    body = read_body(event)
    match body:
        case RoomCreate():
            return _created(body, event) if room is None else room
        case RoomEdit(name, topic):
            before = room or RoomFacts()
            return msgspec.structs.replace(
                before,
                name=before.name if name is None else name,
                topic=before.topic if topic is None else topic,
            )
        case MemberSet(user, role):
            return _seated(room or RoomFacts(), user, role, event.s)
    return room or RoomFacts()


def _created(body: RoomCreate, event: Event) -> RoomFacts:
    is_direct = body.kind is RoomKind.DIRECT
    seats = {event.a: RoomRole.MEMBER if is_direct else RoomRole.OWNER}
    for seat in body.members:
        if seat.role is not None:
            seats.setdefault(seat.u, RoomRole.MEMBER if is_direct else seat.role)
    return RoomFacts(
        kind=body.kind,
        name=body.name,
        topic=body.topic,
        is_open=body.is_open,
        shows_history=body.shows_history,
        creator=event.a,
        seats=seats,
        since=dict.fromkeys(seats, event.s),
    )


def _seated(room: RoomFacts, user: str, role: RoomRole | None, at: int) -> RoomFacts:
    seats, since = dict(room.seats), dict(room.since)
    if role is None:
        seats.pop(user, None)
        since.pop(user, None)
    else:
        seats[user] = role
        since.setdefault(user, at)
    return msgspec.structs.replace(room, seats=seats, since=since)


# A message.


def fold_message(message: MessageState | None, event: Event) -> MessageState | None:
    """What the message is after ``event``, one of those that :func:`touched` says change it; None where it is not there.

    The first event with an id is the message; another device that used the same id later changes nothing.
    """
    if event.k == Kind.MSG_CREATE:
        return message or _said(event)
    if message is None or message.is_erased:
        return message
    body = read_body(event)
    if body is None:
        return message
    change = _CHANGES.get(type(body))
    return message if change is None else change(message, event, body)


def _said(event: Event) -> MessageState | None:
    if event.b is None:
        return MessageState(event.id, event.s, event.a, event.ts, is_erased=True)
    body = read_body(event)
    if not isinstance(body, MsgCreate):
        return None
    return MessageState(
        id=event.id,
        s=event.s,
        a=event.a,
        ts=event.ts,
        text=body.text,
        thread=body.thread,
        mentions=body.mentions,
        files=body.files,
        links=body.links,
    )


def _edited(message: MessageState, event: Event, body: MsgEdit) -> MessageState:
    if message.is_deleted or body.target != message.id:
        return message
    return msgspec.structs.replace(message, text=body.text, mentions=body.mentions, edited_s=event.s, editor=event.a)


def _deleted(message: MessageState, _: Event, body: MsgDelete) -> MessageState:
    if body.target != message.id:
        return message
    return MessageState(message.id, message.s, message.a, message.ts, thread=message.thread, is_deleted=True)


def _reacted(message: MessageState, event: Event, body: ReactSet) -> MessageState:
    if message.is_deleted or body.target != message.id:
        return message
    people = {emoji: set(users) for emoji, users in message.reactions}
    register = people.setdefault(body.emoji, set())
    (register.add if body.on else register.discard)(event.a)
    reactions = tuple((emoji, tuple(sorted(users))) for emoji, users in sorted(people.items()) if users)
    return message if reactions == message.reactions else msgspec.structs.replace(message, reactions=reactions)


def _pinned(message: MessageState, _: Event, body: PinSet) -> MessageState:
    if message.is_deleted or body.target != message.id:
        return message
    return msgspec.structs.replace(message, pinned=body.on)


def _erased(message: MessageState, _: Event, body: Erase) -> MessageState:
    if message.id not in body.targets:
        return message
    return MessageState(message.id, message.s, message.a, message.ts, is_erased=True)


_CHANGES: Final[dict[type[Body], Callable[..., MessageState]]] = {
    MsgEdit: _edited,
    MsgDelete: _deleted,
    ReactSet: _reacted,
    PinSet: _pinned,
    Erase: _erased,
}


# A whole room.


class _Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """The form of :meth:`RoomState.to_text`."""

    s: int = 0
    ts: int = 0
    room: RoomFacts | None = None
    messages: tuple[MessageState, ...] = ()


_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_DECODER: Final = msgspec.json.Decoder(_Written)


class RoomState:
    """A room with all its messages, as a fold of its events: the measure by which two copies are the same.

    ``s`` and ``ts`` are those of the newest event applied. Equal states have equal texts, byte for byte.
    """

    def __init__(self, room: RoomFacts | None = None, messages: Iterable[MessageState] = (), s: int = 0, ts: int = 0) -> None:
        self.room = room
        self.messages = {message.id: message for message in messages}
        self.s = s
        self.ts = ts

    def apply(self, event: Event) -> tuple[str, ...]:
        """Take the next event in; gives the ids of the messages it changed. An event of the past changes nothing."""
        if 0 < event.s <= self.s:
            return ()
        self.room = fold_room(self.room, event)
        changed = []
        for identity in touched(event):
            before = self.messages.get(identity)
            after = fold_message(before, event)
            if after is not None and after is not before:
                self.messages[identity] = after
                changed.append(identity)
        if event.s:
            self.s, self.ts = event.s, event.ts
        return tuple(changed)

    def overlay(self, ops: Iterable[Op], user: str) -> "RoomState":
        """This state with operations of ``user`` that wait, in order, as if they had been entered; this one stays as it is."""
        state = RoomState(self.room, self.messages.values(), self.s, self.ts)
        for op in ops:
            state.apply(as_event(op, user))
        return state

    def without_messages(self) -> "RoomState":
        """The room alone: what somebody starts from who is not shown what was said before."""
        return RoomState(self.room, (), self.s, self.ts)

    def to_text(self) -> str:
        """Canonical JSON: messages in order of their places, those that wait for one last."""
        messages = sorted(self.messages.values(), key=lambda message: (message.s == 0, message.s, message.id))
        return _ENCODER.encode(_Written(self.s, self.ts, self.room, tuple(messages))).decode("utf-8")


def parse_state(text: str) -> RoomState:
    """The state that :meth:`RoomState.to_text` wrote. Raises ValueError for anything else."""
    try:
        written = _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("The state of the room is nested too deeply.") from error
    return RoomState(written.room, written.messages, written.s, written.ts)


def as_event(op: Op, user: str, device: str = "") -> Event:
    """An operation that waits, seen as an event without a place (``s`` is 0), at its author's own time."""
    return Event(s=0, id=op.id, a=user, d=device, k=op.k, ts=op.cts, bh="", b=op.b, n=op.n, rec=op.rec)


def fold(events: Iterable[Event], state: RoomState | None = None) -> RoomState:
    """The state after ``events`` in order, from the beginning or on top of ``state``, which is changed and given back."""
    state = state or RoomState()
    for event in events:
        state.apply(event)
    return state
