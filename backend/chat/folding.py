"""Events of a room as rows of the mirror: kept as they came, and folded into messages by the protocol's own rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from backend.chat.message_rows import drop_messages, load_state, write_states
from backend.chat.room_rows import drop_aside, load_aside
from sync_server.protocol.events import Event
from sync_server.protocol.fold import MessageState, RoomFacts, fold_message, fold_room, touched

SAID: Final = ("msg.", "react.", "pin.")  # kinds that change messages and never the room
_EVENT: Final = "s, id, a, d, k, ts, bh, b, n, rec"
_AFTER: Final = f"SELECT {_EVENT} FROM chat_events WHERE room = ? AND s > ? ORDER BY s"  # noqa: S608 - our own words
_OF_THE_ROOM: Final = (
    f"SELECT {_EVENT} FROM chat_events WHERE room = ?"  # noqa: S608 - our own words
    " AND k NOT IN ('msg.create', 'msg.edit', 'msg.delete', 'react.set', 'pin.set') ORDER BY s"
)
_PUT_EVENT: Final = """
    INSERT OR IGNORE INTO chat_events (room, s, e, id, a, d, k, ts, bh, b, n, rec) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_INFO: Final = msgspec.json.Decoder(RoomFacts)
_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class RoomPlace:
    """A room of the mirror while its rows are changed: the number of its rows, its epoch, and who looks at it."""

    key: int
    epoch: int
    user: str


@dataclass(slots=True)
class Folded:
    """What came of some events: the room's value after them, and messages that changed."""

    info: RoomFacts | None
    states: dict[str, MessageState | None] = field(default_factory=dict)


def apply_events(db: Any, place: RoomPlace, events: Sequence[Event], info: RoomFacts | None) -> Folded:
    """Store events that follow what is held, in order, and change messages and room by them."""
    folded = Folded(info)
    for event in events:
        if not _store_event(db, place, event):
            continue
        if not event.k.startswith(SAID):
            folded.info = fold_room(folded.info, event)
        ids = touched(event)
        _note_touches(db, place.key, event, ids)
        for message in ids:
            if message not in folded.states:
                folded.states[message] = load_state(db, place.key, message)
            folded.states[message] = fold_message(folded.states[message], event)
    _finish(db, place, folded)
    return folded


def apply_older(db: Any, place: RoomPlace, events: Sequence[Event], info: RoomFacts | None) -> Folded:
    """Store a page of history before what is held: its messages are folded with all that was said of them later.

    A message that has a row is complete: it came with a snapshot, or with events that are held.
    """
    folded = Folded(info)
    ids: dict[str, None] = {}
    for event in events:
        if not _store_event(db, place, event):
            continue
        named = touched(event)
        _note_touches(db, place.key, event, named)
        ids.update(dict.fromkeys(named))
    for message in ids:
        known = load_state(db, place.key, message)
        folded.states[message] = fold_held(db, place.key, message) if known is None else known
    if events and events[0].s == 1:
        folded.info = _fold_held_room(db, place.key)
    _finish(db, place, folded)
    return folded


def drop_after(db: Any, place: RoomPlace, keep: int) -> None:
    """Take back every event after ``keep``, and make anew what they had changed."""
    touches = db.execute("SELECT DISTINCT target FROM chat_touches WHERE room = ? AND s > ?", (place.key, keep)).fetchall()
    db.execute("DELETE FROM chat_events WHERE room = ? AND s > ?", (place.key, keep))
    db.execute("DELETE FROM chat_touches WHERE room = ? AND s > ?", (place.key, keep))
    states = {message: fold_held(db, place.key, message) for (message,) in touches}
    _finish(db, place, Folded(_fold_held_room(db, place.key), states))


def drop_copy(db: Any, room: int) -> None:
    """Remove every event and message of a room."""
    drop_messages(db, room)
    db.execute("DELETE FROM chat_touches WHERE room = ?", (room,))
    db.execute("DELETE FROM chat_events WHERE room = ?", (room,))


def fold_held(db: Any, room: int, message: str) -> MessageState | None:
    """A message made anew from every event of it that is held."""
    state: MessageState | None = None
    for event in _held(
        db,
        "SELECT e.s, e.id, e.a, e.d, e.k, e.ts, e.bh, e.b, e.n, e.rec FROM chat_touches t"
        " JOIN chat_events e ON e.room = t.room AND e.s = t.s WHERE t.room = ? AND t.target = ? ORDER BY t.s",
        (room, message),
    ):
        state = fold_message(state, event)
    return state


def held_events(db: Any, room: int, after: int = 0) -> tuple[Event, ...]:
    """Events of a room after a place, in order."""
    return tuple(_held(db, _AFTER, (room, after)))


def parse_info(text: str) -> RoomFacts | None:
    """A room's value as it was stored; None for an empty text."""
    return _INFO.decode(text) if text else None


def info_text(info: RoomFacts | None) -> str:
    """A room's value as it is stored."""
    return "" if info is None else _ENCODER.encode(info).decode()


def _store_event(db: Any, place: RoomPlace, event: Event) -> bool:
    """Whether the event was not held before."""
    fields = (event.id, event.a, event.d, event.k, event.ts, event.bh, event.b, event.n, event.rec)
    done = db.execute(_PUT_EVENT, (place.key, event.s, place.epoch, *fields))
    return bool(done.rowcount)


def _note_touches(db: Any, room: int, event: Event, ids: Iterable[str]) -> None:
    rows = [(room, message, event.s) for message in ids]
    db.executemany("INSERT OR IGNORE INTO chat_touches (room, target, s) VALUES (?, ?, ?)", rows)


def _erase(db: Any, room: int, message: str) -> None:
    """Destroy bodies and salts of a message and of its edits, wherever they are."""
    db.execute(
        "UPDATE chat_events SET b = NULL, n = '' WHERE room = ?1 AND b IS NOT NULL AND k IN ('msg.create', 'msg.edit')"
        " AND s IN (SELECT s FROM chat_touches WHERE room = ?1 AND target = ?2)",
        (room, message),
    )
    drop_aside_of(db, room, {message})


def drop_aside_of(db: Any, room: int, messages: set[str]) -> None:
    """Forget what is kept aside of messages that were erased."""
    drop_aside(db, room, [event.id for event in load_aside(db, room) if not messages.isdisjoint(touched(event))])


def _finish(db: Any, place: RoomPlace, folded: Folded) -> None:
    """Write what changed."""
    write_states(db, place, folded.states)
    for message, state in folded.states.items():
        if state is not None and state.is_erased:
            _erase(db, place.key, message)
    if folded.info is not None:
        db.execute("UPDATE chat_rooms SET info = ? WHERE key = ?", (info_text(folded.info), place.key))


def _fold_held_room(db: Any, room: int) -> RoomFacts | None:
    """A room's value from all its held events, where they go back to the first one; else None: what is known stays."""
    info: RoomFacts | None = None
    (first,) = db.execute("SELECT min(s) FROM chat_events WHERE room = ?", (room,)).fetchone()
    if first != 1:
        return None
    for event in _held(db, _OF_THE_ROOM, (room,)):
        info = fold_room(info, event)
    return info


def _held(db: Any, sql: str, parameters: tuple[object, ...]) -> Iterable[Event]:
    for s, key, author, device, kind, ts, bh, b, n, rec in db.execute(sql, parameters).fetchall():
        yield Event(s, key, author, device, kind, ts, bh, b, n, bool(rec))
