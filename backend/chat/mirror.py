"""The local copy of rooms: what connections say is stored here, each group in one transaction, then told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from backend.chat.folding import (
    SAID,
    Folded,
    RoomPlace,
    apply_events,
    apply_older,
    drop_after,
    drop_aside_of,
    drop_copy,
    held_events,
    info_text,
    parse_info,
)
from backend.chat.message_rows import write_states
from backend.chat.outbox_rows import (
    Staged,
    Waiting,
    count_waiting,
    drop_op,
    drop_staged,
    find_op,
    load_counts,
    load_outbox,
    queue_again,
    renumber,
    settle,
    write_offers,
    write_op,
    write_staged,
)
from backend.chat.room_list import read_unread
from backend.chat.room_rows import (
    drop_aside,
    find_room,
    load_account,
    load_rooms,
    make_room,
    write_aside,
    write_cursor,
    write_head,
    write_people,
    write_read,
)
from backend.events import Event as Change
from backend.events import MessagesChanged, RoomsChanged
from backend.storage.ledger import Ledger
from backend.sync.keeping import Stage, Unstage
from sync_server.protocol.actions import (
    Action,
    DropOp,
    Heads,
    Heard,
    Known,
    Leave,
    ReadTo,
    Renumber,
    SaveEvents,
    SaveOlder,
    SaveOp,
    SaveSettled,
    Settled,
    StartFrom,
)
from sync_server.protocol.client import Kept
from sync_server.protocol.events import Cursor, Event, Kind
from sync_server.protocol.fold import parse_state


class Ears(Protocol):
    """Who is told of what has just become part of the mirror, and of what is true for a moment only."""

    def came(self, server: str, room: str, events: Sequence[Event]) -> None:
        """These events of a room were stored, in order."""
        ...

    def heard(self, server: str, heard: Heard) -> None:
        """Somebody types, comes or goes."""
        ...

    def went_offline(self, server: str) -> None:
        """Nothing is heard of anybody any more."""
        ...

    def refused(self, server: str, ops: Sequence[Waiting]) -> None:
        """The server will never enter these operations."""
        ...


@dataclass(slots=True)
class _Done:
    """What one transaction changed, to be told once it is durable; in ``messages`` no names at all mean any of the room."""

    server: str
    user: str
    rooms: bool = False
    messages: dict[str, tuple[int, dict[str, None] | None]] = field(default_factory=dict)
    came: list[tuple[str, Sequence[Event]]] = field(default_factory=list)
    refused: list[Waiting] = field(default_factory=list)

    def note(self, room: str, from_seq: int, ids: Sequence[str] | None) -> None:
        """Messages of a room changed; None: any from a place on."""
        least, named = self.messages.get(room, (from_seq, {}))
        together = None if named is None or ids is None else named | dict.fromkeys(ids)
        self.messages[room] = (min(least, from_seq), together)
        self.rooms = True


class Mirror:
    """Keeps copies of rooms in the words ledger."""

    def __init__(self, ledger: Ledger, publish: Callable[[Change], None]) -> None:
        self._ledger = ledger
        self._publish = publish
        self.ears: list[Ears] = []

    async def load(self, server: str) -> Kept:
        """Where every copy of a server stands, and what waits in its outbox. Raises NotFound."""
        return await self._ledger.read(lambda db: _load_kept(db, server))

    async def reads(self, server: str) -> tuple[tuple[str, int], ...]:
        """How far this person has read each room, whether the server knows it or not."""
        rooms = await self._ledger.read(lambda db: load_rooms(db, server))
        return tuple((room.id, room.read) for room in rooms if room.read and not room.is_left)

    async def held(self, server: str, room: str, after: int) -> tuple[Event, ...]:
        """The events of a room that the copy holds after a place, oldest first."""

        def work(db: Any) -> tuple[Event, ...]:
            found = find_room(db, room)
            return () if found is None or found.server != server else held_events(db, found.key, after)

        return await self._ledger.read(work)

    async def keep(self, server: str, actions: Sequence[Action]) -> None:
        """Store actions in order, all or none, and tell what they changed."""

        def work(db: Any) -> _Done:
            # Free pages of this file are filled with zeros: what is erased here cannot be read from it.
            db.execute("PRAGMA secure_delete = ON").fetchall()
            user, _ = load_account(db, server)
            done = _Done(server, user)
            for action in actions:
                _keep(db, done, action)
            return done

        self._tell(await self._ledger.write(work))

    def heard(self, server: str, heard: Heard) -> None:
        """Somebody types, comes or goes."""
        for ears in self.ears:
            ears.heard(server, heard)

    def went_offline(self, server: str) -> None:
        """Nothing is heard of anybody any more."""
        for ears in self.ears:
            ears.went_offline(server)

    async def counts(self, server: str) -> tuple[int, int, int]:
        """Operations that wait, unread messages, and those of them that name this person. Raises NotFound."""

        def work(db: Any) -> tuple[int, int, int]:
            user, _ = load_account(db, server)
            return count_waiting(db, server), *read_unread(db, server, user)

        return await self._ledger.read(work)

    async def wipe(self, server: str) -> None:
        """Remove every copy and unsent word of a server; files that nothing names any more are swept up later."""
        gone = await self._ledger.write(lambda db: _wipe(db, server))
        for room in gone:
            self._publish(MessagesChanged(room))
        self._publish(RoomsChanged(server))

    def _tell(self, done: _Done) -> None:
        for room, (from_seq, ids) in done.messages.items():
            self._publish(MessagesChanged(room, from_seq, tuple(ids or ())))
        if done.rooms:
            self._publish(RoomsChanged(done.server))
        for room, events in done.came:
            for ears in self.ears:
                ears.came(done.server, room, events)
        for ears in self.ears if done.refused else ():
            ears.refused(done.server, done.refused)


def _load_kept(db: Any, server: str) -> Kept:
    user, device = load_account(db, server)
    rooms = [room for room in load_rooms(db, server) if room.e]
    outbox = load_outbox(db, server)
    return Kept(
        device=device,
        cursors=tuple(Cursor(room.id, room.e, room.s, room.h) for room in rooms),
        floors={room.id: room.floor for room in rooms},
        outbox=tuple(one.op for one in outbox),
        settled=tuple(Settled(one.op.id, one.e, one.s, one.code) for one in outbox if one.s or one.code),
        counts=load_counts(db, server),
        user=user,
        left=frozenset(room.id for room in rooms if room.is_left),
    )


def _keep(db: Any, done: _Done, action: Action) -> None:
    match action:
        case SaveOp(op=op, instead=instead):
            _drop(db, done, instead)
            write_op(db, done.server, op)
            if op.k == Kind.ROOM_CREATE:
                make_room(db, done.server, op.r)
            done.note(op.r, 0, (op.id,))
        case DropOp(id=key):
            _drop(db, done, key)
        case Renumber(r=room, numbers=numbers):
            renumber(db, done.server, room, numbers)
        case Unstage(id=key):
            drop_staged(db, key)
        case Stage(id=key, r=room, b=body, made_ms=made_ms):
            write_staged(db, Staged(key, done.server, room, body, made_ms))
            done.note(room, 0, (key,))
        case SaveEvents():
            _keep_events(db, done, action)
        case SaveSettled(settled=settled):
            _note_settled(db, done, settled)
            settle(db, settled, have_events=False)
        case SaveOlder():
            _keep_older(db, done, action)
        case StartFrom():
            _start_from(db, done, action)
        case _:
            _keep_mark(db, done, action)


def _keep_mark(db: Any, done: _Done, action: Action) -> None:
    done.rooms = True
    match action:
        case Leave(r=left):
            db.execute("UPDATE chat_rooms SET is_left = 1 WHERE id = ? AND server = ?", (left, done.server))
        case Heads(heads=heads):
            for head in heads:
                write_head(db, done.server, head)
        case Known(people=people):
            write_people(db, done.server, people)
        case ReadTo(r=room_id, u=user, read=read):
            room = find_room(db, room_id)
            if room is None or room.server != done.server:
                return
            if user == done.user:
                db.execute("UPDATE chat_rooms SET read = max(read, ?) WHERE key = ?", (read, room.key))
            else:
                write_read(db, room.key, user, read)
                done.note(room_id, 0, None)
        case _:
            raise AssertionError(f"{type(action).__name__} is nothing to keep.")


def _keep_events(db: Any, done: _Done, action: SaveEvents) -> None:
    cursor, events = action.cursor, action.events
    room = make_room(db, done.server, cursor.r)
    if room is None:
        return  # another server's room has this id: what this one says of it is not believed
    known = parse_info(room.info) if room.s else None  # what was shown while a copy begins anew is of a history that ended
    folded = apply_events(db, RoomPlace(room.key, cursor.e, done.user), events, known)
    first = events[0].s if events else cursor.s + 1
    write_cursor(db, room.key, cursor, room.floor or first)
    drop_aside(db, room.key, [event.id for event in events])
    _note_settled(db, done, action.settled)
    settle(db, action.settled, have_events=True)
    _note_folded(done, room.id, first, folded)
    if action.is_back or any(not event.k.startswith(SAID) for event in events):
        db.execute("UPDATE chat_rooms SET is_left = 0 WHERE key = ?", (room.key,))
    if events:
        done.came.append((room.id, events))


def _keep_older(db: Any, done: _Done, action: SaveOlder) -> None:
    room = find_room(db, action.r)
    if room is None or room.server != done.server:
        return
    folded = apply_older(db, RoomPlace(room.key, room.e, done.user), action.events, parse_info(room.info))
    floor = min((event.s for event in action.events), default=room.floor)
    has_older = action.has_more and floor > 1
    db.execute("UPDATE chat_rooms SET floor = min(floor, ?), has_older = ? WHERE key = ?", (floor, has_older, room.key))
    _note_folded(done, room.id, floor, folded)
    done.note(room.id, floor, None)


def _start_from(db: Any, done: _Done, action: StartFrom) -> None:
    """Go on from another place: events up to ``keep`` stay, or all is replaced."""
    cursor = action.cursor
    room = make_room(db, done.server, cursor.r)
    if room is None:
        return
    place = RoomPlace(room.key, cursor.e, done.user)
    state = None
    if action.keep:
        drop_after(db, place, action.keep)
        write_cursor(db, room.key, cursor, room.floor)
    else:
        drop_copy(db, room.key)
        info = ""
        if action.snapshot is not None:
            state = parse_state(action.snapshot.state)
            write_states(db, place, state.messages)
            info = info_text(state.room)
        write_cursor(db, room.key, cursor, cursor.s + 1)
        db.execute("UPDATE chat_rooms SET has_older = ?, info = ? WHERE key = ?", (cursor.s > 0, info or room.info, room.key))
    write_aside(db, room.key, action.unconfirmed)
    if state is not None:  # the event that erased them never comes to this copy
        drop_aside_of(db, room.key, {message.id for message in state.messages.values() if message.is_erased})
    queue_again(db, done.server, action.again)
    write_offers(db, done.server, action.again)
    db.execute("UPDATE chat_rooms SET head = ?, is_left = 0 WHERE key = ?", (cursor.s, room.key))
    done.note(room.id, 0, None)


def _drop(db: Any, done: _Done, key: str) -> None:
    if key and (room := drop_op(db, key)):
        done.note(room, 0, None)


def _note_folded(done: _Done, room: str, first: int, folded: Folded) -> None:
    done.rooms = True
    if folded.states:
        done.note(room, first, tuple(folded.states))


def _note_settled(db: Any, done: _Done, settled: Sequence[Settled]) -> None:
    for one in settled:
        found = find_op(db, one.id)
        if found is not None:
            done.note(found.op.r, one.s, (one.id,))
            if one.code:
                done.refused.append(replace(found, code=one.code))


def _wipe(db: Any, server: str) -> tuple[str, ...]:
    db.execute("PRAGMA secure_delete = ON").fetchall()
    rooms = load_rooms(db, server)
    for room in rooms:
        drop_copy(db, room.key)
        db.execute("DELETE FROM chat_aside WHERE room = ?", (room.key,))
        db.execute("DELETE FROM chat_reads WHERE room = ?", (room.key,))
    for sql in (
        "DELETE FROM chat_outbox WHERE server = ?",
        "DELETE FROM chat_staged WHERE server = ?",
        "DELETE FROM chat_offers WHERE server = ?",
        "DELETE FROM chat_counts WHERE server = ?",
        "DELETE FROM chat_people WHERE server = ?",
        "DELETE FROM chat_rooms WHERE server = ?",
    ):
        db.execute(sql, (server,))
    return tuple(room.id for room in rooms)
