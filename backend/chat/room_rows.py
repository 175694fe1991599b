"""Rooms, people and reading marks as rows of the mirror."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from backend.errors import NotFound
from sync_server.protocol.events import Cursor, Event
from sync_server.protocol.messages import Person, RoomHead

_COLUMNS: Final = "key, id, server, e, s, h, floor, has_older, info, head, read, is_left, notify, is_starred, draft"
_OF_SERVER: Final = f"SELECT {_COLUMNS} FROM chat_rooms WHERE ?1 = '' OR server = ?1 ORDER BY key"  # noqa: S608 - our own words
_BY_ID: Final = f"SELECT {_COLUMNS} FROM chat_rooms WHERE id = ?"  # noqa: S608 - our own words
_EVENT: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room as it is stored: where its copy stands, its value as JSON, and this person's own marks."""

    key: int
    id: str
    server: str
    e: int
    s: int
    h: str
    floor: int
    has_older: bool
    info: str
    head: int
    read: int
    is_left: bool
    notify: str
    is_starred: bool
    draft: str


def load_account(db: Any, server: str) -> tuple[str, str]:
    """User and device of this person on a server. Raises NotFound."""
    found = db.execute("SELECT user, device FROM chat_servers WHERE id = ?", (server,)).fetchone()
    if found is None:
        raise NotFound("This desktop does not belong to that server any more.", code="server.unknown")
    return str(found[0]), str(found[1])


def load_rooms(db: Any, server: str = "") -> tuple[RoomRecord, ...]:
    """The rooms of a server, or of all."""
    rows = db.execute(_OF_SERVER, (server,)).fetchall()
    return tuple(map(_record_of, rows))


def find_room(db: Any, room: str) -> RoomRecord | None:
    """The room of this id, where there is one."""
    row = db.execute(_BY_ID, (room,)).fetchone()
    return None if row is None else _record_of(row)


def find_room_of(db: Any, message: str) -> str:
    """The room of a message: in the mirror, in the outbox, staged or kept aside; empty where it is nowhere."""
    row = db.execute(
        "SELECT r.id FROM chat_messages m JOIN chat_rooms r ON r.key = m.room WHERE m.id = ?1"
        " UNION ALL SELECT room FROM chat_outbox WHERE id = ?1 UNION ALL SELECT room FROM chat_staged WHERE id = ?1"
        " UNION ALL SELECT r.id FROM chat_aside a JOIN chat_rooms r ON r.key = a.room WHERE a.id = ?1 LIMIT 1",
        (message,),
    ).fetchone()
    return "" if row is None else str(row[0])


def find_room_of_file(db: Any, sha256: str) -> str:
    """A room in which a file was shown; empty where there is none."""
    row = db.execute(
        "SELECT r.id FROM chat_message_files f JOIN chat_rooms r ON r.key = f.room WHERE f.sha256 = ? ORDER BY r.is_left LIMIT 1",
        (sha256,),
    ).fetchone()
    return "" if row is None else str(row[0])


def load_room(db: Any, room: str) -> RoomRecord:
    """The room of this id. Raises NotFound."""
    found = find_room(db, room)
    if found is None:
        raise NotFound("This room is not on this computer.", hint="Choose one of the list.", code="chat.no_room")
    return found


def make_room(db: Any, server: str, room: str) -> RoomRecord | None:
    """The room of this id, made where it is new; None where it belongs to another server, whose word counts."""
    found = find_room(db, room)
    if found is None:
        db.execute("INSERT INTO chat_rooms (id, server) VALUES (?, ?)", (room, server))
        found = load_room(db, room)
    return found if found.server == server else None


def write_cursor(db: Any, room: int, cursor: Cursor, floor: int) -> None:
    """Say how far the copy of a room goes."""
    db.execute(
        "UPDATE chat_rooms SET e = ?1, s = ?2, h = ?3, floor = ?4, head = max(head, ?2) WHERE key = ?5",
        (cursor.e, cursor.s, cursor.h, floor, room),
    )


def write_head(db: Any, server: str, head: RoomHead) -> None:
    """Say where a room stands on its server, and how far this person has read it."""
    room = make_room(db, server, head.r)
    if room is not None:
        db.execute("UPDATE chat_rooms SET head = ?, read = max(read, ?) WHERE key = ?", (head.s, head.read, room.key))


def write_aside(db: Any, room: int, events: Iterable[Event]) -> None:
    """Keep events of others that are no longer history; shown as seen before a failover."""
    rows = [(room, event.id, event.s, _EVENT.encode(event).decode()) for event in events]
    db.executemany("INSERT OR REPLACE INTO chat_aside (room, id, s, event) VALUES (?, ?, ?, ?)", rows)


def drop_aside(db: Any, room: int, ids: Iterable[str]) -> None:
    """Forget events that came again, or that were erased."""
    db.executemany("DELETE FROM chat_aside WHERE room = ? AND id = ?", [(room, one) for one in ids])


def load_aside(db: Any, room: int) -> tuple[Event, ...]:
    """The events that are kept aside, in the order they had."""
    found = db.execute("SELECT event FROM chat_aside WHERE room = ? ORDER BY s", (room,)).fetchall()
    return tuple(msgspec.json.decode(text, type=Event) for (text,) in found)


def write_people(db: Any, server: str, people: Iterable[Person]) -> None:
    """Keep people of an organisation as they are now."""
    rows = [(server, p.u, p.name, p.handle, p.role, p.is_gone, p.seen) for p in people]
    db.executemany(
        "INSERT OR REPLACE INTO chat_people (server, user, name, handle, role, is_gone, seen_ms) VALUES (?, ?, ?, ?, ?, ?, ?)", rows
    )


def load_people(db: Any, server: str) -> dict[str, Person]:
    """Everybody of an organisation, by user id."""
    found = db.execute(
        "SELECT user, name, handle, role, is_gone, seen_ms FROM chat_people WHERE server = ? ORDER BY name", (server,)
    )
    return {u: Person(u, name, handle, role, bool(is_gone), seen) for u, name, handle, role, is_gone, seen in found.fetchall()}


def write_read(db: Any, room: int, user: str, read: int) -> None:
    """Another person has read a room up to here."""
    db.execute(
        "INSERT INTO chat_reads (room, user, s) VALUES (?, ?, ?) ON CONFLICT (room, user) DO UPDATE SET s = max(s, excluded.s)",
        (room, user, read),
    )


def load_reads(db: Any, room: int) -> dict[str, int]:
    """How far others have read a room."""
    return dict(db.execute("SELECT user, s FROM chat_reads WHERE room = ?", (room,)).fetchall())


def _record_of(row: tuple[Any, ...]) -> RoomRecord:
    key, room, server, e, s, h, floor, has_older, info, head, read, is_left, notify, is_starred, draft = row
    return RoomRecord(
        key, room, server, e, s, h, floor, bool(has_older), info, head, read, bool(is_left), notify, bool(is_starred), draft
    )
