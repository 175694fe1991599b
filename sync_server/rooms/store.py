"""Rooms in the database: look up what planning needs, write what it decided. Few statements, whatever the size of the batch."""

import functools
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final

from sync_server.protocol.bodies import RoomKind, RoomRole
from sync_server.protocol.events import Event
from sync_server.rooms.views import Count, Decided, Entered, MessageView, Needs, Plan, RoomId, RoomLog, RoomView, Seat, User
from sync_server.storage.database import Reading, Row, Writing

PeopleOf = Callable[[Reading, str, Sequence[User]], Awaitable[frozenset[User]]]
"""Who of these users belongs to the organisation and is not gone."""

Eraser = Callable[[Writing, RoomId, Sequence[str]], Awaitable[None]]
"""Destroys what a capability keeps of these messages of a room; called before their bodies go, in the same transaction."""

CHUNK: Final = 512


_ROOM: Final = "room, org, epoch, seq, hash, kind, name, topic, is_open, shows_history"
_EVENT: Final = "room, seq, epoch, id, author, device, kind, ts, body_hash, body, salt, is_rec, hash"
_INSERT_EVENT: Final = f"INSERT INTO events ({_EVENT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"  # noqa: S608 our own words
_SAVE_ROOM: Final = f"""
INSERT INTO rooms ({_ROOM}, made_ms, changed_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
ON CONFLICT (room) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, hash = excluded.hash, name = excluded.name,
    topic = excluded.topic, changed_ms = excluded.changed_ms
"""  # noqa: S608 our own words
_SAVE_SEAT: Final = """
INSERT INTO seats (room, usr, org, role, since) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (room, usr) DO UPDATE SET role = excluded.role, since = excluded.since
"""
_SAVE_CHANGE: Final = """
INSERT INTO changes (room, id, edited_s, editor, is_deleted, is_erased) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (room, id) DO UPDATE SET edited_s = excluded.edited_s, editor = excluded.editor, is_deleted = excluded.is_deleted,
    is_erased = excluded.is_erased
"""
_SAVE_COUNT: Final = """
INSERT INTO counts (device, room, cseq) VALUES ($1, $2, $3)
ON CONFLICT (device, room) DO UPDATE SET cseq = excluded.cseq
"""
_SAVE_REFUSAL: Final = "INSERT INTO refusals (device, id, room, kind, body_hash, code) VALUES ($1, $2, $3, $4, $5, $6)"
_SAVE_FILE: Final = "INSERT INTO message_files (room, id, sha256, seq) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
_ERASE: Final = """
UPDATE events SET body = NULL, salt = ''
WHERE room = $1 AND (id = $2 OR seq IN (SELECT seq FROM edits WHERE room = $1 AND target = $2))
"""


@functools.lru_cache(maxsize=256)
def _with_places(sql: str, n: int, first: int) -> str:
    """The statement with places for n parameters, ``$1, $2, …``."""
    return sql.format(", ".join(f"${number}" for number in range(first, first + n)))


async def rows_in(reading: Reading, sql: str, keys: Collection[str], *more: object) -> list[Row]:
    """Rows of a statement for all of ``keys``: ``{}`` in it stands for their places, ``more`` are the parameters before them.

    Keys are filled up to a power of two with the last one, so that few different statements are prepared.
    """
    found: list[Row] = []
    wanted = list(keys)
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        part += part[-1:] * ((1 << (len(part) - 1).bit_length()) - len(part))
        found += await reading.rows(_with_places(sql, len(part), 1 + len(more)), *more, *part)
    return found


async def rows_of_pairs(reading: Reading, sql: str, pairs: Collection[tuple[str, object]], second: str = "{}") -> list[Row]:
    """Like :func:`rows_in` for keys of two parts; ``second`` says how the second is written where it is no text."""
    found: list[Row] = []
    wanted = list(pairs)
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        part += part[-1:] * ((1 << (len(part) - 1).bit_length()) - len(part))
        places = ", ".join(f"(${2 * n + 1}, {second.format(f'${2 * n + 2}')})" for n in range(len(part)))
        found += await reading.rows(sql.format(places), *(value for pair in part for value in pair))
    return found


async def load_rooms(reading: Reading, rooms: Collection[RoomId]) -> dict[RoomId, RoomView]:
    """Rooms with their seats, as they stand."""
    if not rooms:
        return {}
    seats: dict[RoomId, dict[User, Seat]] = {}
    for room, user, role, since in await rows_in(reading, "SELECT room, usr, role, since FROM seats WHERE room IN ({})", rooms):
        seats.setdefault(room, {})[user] = Seat(RoomRole(role), since)
    held = {row[0] for row in await rows_in(reading, "SELECT room FROM holds WHERE room IN ({})", rooms)}
    found = await rows_in(reading, f"SELECT {_ROOM} FROM rooms WHERE room IN ({{}})", rooms)  # noqa: S608 our own words
    return {row[0]: _room_view(row, seats.get(row[0], {}), is_held=row[0] in held) for row in found}


def _room_view(row: Row, seats: Mapping[User, Seat], *, is_held: bool) -> RoomView:
    room, org, epoch, seq, chain, kind, name, topic, is_open, shows_history = row
    return RoomView(
        room=room,
        org=org,
        epoch=epoch,
        seq=seq,
        hash=bytes(chain),
        kind=RoomKind(kind),
        name=name,
        topic=topic,
        is_open=bool(is_open),
        shows_history=bool(shows_history),
        seats=seats,
        members=frozenset(seats),
        is_held=is_held,
    )


async def load_decided(reading: Reading, needs: Needs) -> dict[tuple[str, str], Decided]:
    """What was decided before of the operations that are needed."""
    ids = {identity for _, identity in needs.ops}
    entered = "SELECT device, id, room, kind, body_hash, epoch, seq, '' FROM events WHERE id IN ({0})"
    refused = "SELECT device, id, room, kind, body_hash, 0, 0, code FROM refusals WHERE id IN ({0})"
    found = await rows_in(reading, f"{entered} UNION ALL {refused}", ids)
    return {(row[0], row[1]): Decided(*row) for row in found if (row[0], row[1]) in needs.ops}


async def load_counts(reading: Reading, lines: Collection[tuple[str, RoomId]]) -> dict[tuple[str, RoomId], Count]:
    """How far devices have come in rooms."""
    sql = "SELECT device, room, cseq FROM counts WHERE (device, room) IN (VALUES {})"
    return {(row[0], row[1]): row[2] for row in await rows_of_pairs(reading, sql, lines)}


async def load_messages(reading: Reading, wanted: Collection[tuple[RoomId, str]]) -> dict[tuple[RoomId, str], MessageView]:
    """Messages that are changed, pinned, reacted to or erased."""
    if not wanted:
        return {}
    sql = """
    SELECT e.room, e.id, e.author, e.seq, c.edited_s, c.editor, c.is_deleted, c.is_erased FROM events e
    LEFT JOIN changes c ON c.room = e.room AND c.id = e.id WHERE e.kind = 'msg.create' AND e.id IN ({})
    """
    found: dict[tuple[RoomId, str], MessageView] = {}
    for row in await rows_in(reading, sql, {identity for _, identity in wanted}):
        key = row[0], row[1]
        before = found.get(key)
        if key in wanted and (before is None or row[3] < before.s):  # of two that share an id, the first
            found[key] = MessageView(*key, row[2], row[3], row[4] or 0, row[5] or "", bool(row[6]), bool(row[7]))
    return found


async def save_plan(tx: Writing, plan: Plan, erasers: Sequence[Eraser], now_ms: int) -> None:
    """Write everything that was planned."""
    await tx.run_many(_INSERT_EVENT, [_event_row(log, entered) for log in plan.logs for entered in log.entered])
    await tx.run_many(_SAVE_ROOM, [_room_row(log.after, now_ms) for log in plan.logs])
    await _save_seats(tx, plan.logs)
    if plan.counts:
        await tx.run_many(_SAVE_COUNT, [(*line, count) for line, count in plan.counts.items()])
    if plan.refused:
        await tx.run_many(_SAVE_REFUSAL, [(d.device, d.id, d.room, d.k, d.bh, d.code) for d in plan.refused])
    if plan.messages:
        await save_message_views(tx, plan.messages)
    if plan.edits:
        await tx.run_many("INSERT INTO edits (room, target, seq) VALUES ($1, $2, $3)", plan.edits)
    if plan.files:
        await tx.run_many(_SAVE_FILE, plan.files)
    if plan.erased:
        await _erase(tx, plan.erased, erasers)


async def save_message_views(tx: Writing, messages: Sequence[MessageView]) -> None:
    """Write what became of messages."""
    await tx.run_many(_SAVE_CHANGE, [(m.room, m.id, m.edited_s, m.editor, m.is_deleted, m.is_erased) for m in messages])


def _event_row(log: RoomLog, entered: Entered) -> tuple[object, ...]:
    event = entered.event
    place = log.after.room, event.s, log.after.epoch, event.id, event.a, event.d, event.k, event.ts
    return (*place, event.bh, event.b, event.n, event.rec, entered.hash)


def _room_row(room: RoomView, now_ms: int) -> tuple[object, ...]:
    head = room.room, room.org, room.epoch, room.seq, room.hash
    return (*head, room.kind.value, room.name, room.topic, room.is_open, room.shows_history, now_ms)


async def _save_seats(tx: Writing, logs: Sequence[RoomLog]) -> None:
    gone: list[tuple[RoomId, User]] = []
    taken: list[tuple[object, ...]] = []
    for log in logs:
        before: Mapping[User, Seat] = log.before.seats if log.before else {}
        after = log.after.seats
        if before is after:
            continue
        gone += [(log.after.room, user) for user in before if user not in after]
        taken += [
            (log.after.room, user, log.after.org, seat.role.value, seat.since)
            for user, seat in after.items()
            if before.get(user) != seat
        ]
    if gone:
        await tx.run_many("DELETE FROM seats WHERE room = $1 AND usr = $2", gone)
    if taken:
        await tx.run_many(_SAVE_SEAT, taken)


async def _erase(tx: Writing, erased: Sequence[tuple[RoomId, str]], erasers: Sequence[Eraser]) -> None:
    by_room: dict[RoomId, list[str]] = {}
    for room, identity in erased:
        by_room.setdefault(room, []).append(identity)
    for room, identities in by_room.items():
        for eraser in erasers:
            await eraser(tx, room, identities)
    await tx.run_many(_ERASE, erased)
    await tx.run_many("DELETE FROM message_files WHERE room = $1 AND id = $2", erased)
    await tx.run_many("DELETE FROM snapshots WHERE room = $1", [(room,) for room in by_room])  # made anew when they are needed


EVENT_COLUMNS: Final = "seq, id, author, device, kind, ts, body_hash, body, salt, is_rec"


def event_of(row: Row) -> Event:
    """The event of a row that begins with ``EVENT_COLUMNS``."""
    return Event(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], bool(row[9]))
