"""Begin a new epoch of a room: after a failover or a restore its history goes on from an earlier point, and every copy must see it.

Up to ``fork`` the history is the one before. What lay after it is no longer history; who wrote it sends it again.
"""

import os
from typing import Final

from sync_server.errors import Refused
from sync_server.protocol.bodies import Failover, format_body
from sync_server.protocol.chain import SALT_BYTES, body_hash, next_hash, to_text
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Event, Kind
from sync_server.protocol.fold import RoomState
from sync_server.protocol.ids import IdMaker
from sync_server.rooms.log import hash_at
from sync_server.rooms.planning import next_epoch
from sync_server.rooms.store import EVENT_COLUMNS, event_of, load_rooms, save_message_views, save_plan
from sync_server.rooms.views import Entered, MessageView, Plan, RoomId, RoomLog, RoomView, Seat
from sync_server.storage.database import Reading, Writing

SERVER: Final = "00000000-0000-0000-0000-000000000000"  # author and device of what the server itself enters
_PAGE: Final = 2_000
_PAGE_OF: Final = f"SELECT {EVENT_COLUMNS} FROM events WHERE room = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4"  # noqa: S608 our own


async def begin_epoch(tx: Writing, room: RoomId, fork: int | None, why: str, now_ms: int) -> Plan:
    """Let ``room`` go on from event ``fork`` (None: where it stands) in an epoch it can never have had.

    Raises Refused: there is no such room or event, or a legal hold keeps what lies after it.
    """
    before = (await load_rooms(tx, [room])).get(room)
    if before is None:
        raise Refused(Code.NO_ROOM, "There is no such room.", status=404)
    at = before.seq if fork is None else fork
    if not 1 <= at <= before.seq:
        raise Refused(Code.NO_TARGET, f"The room has no event {at}: it goes from 1 to {before.seq}.", status=404)
    if at < before.seq and before.is_held:
        raise Refused(Code.HELD, "A legal hold keeps what lies after that event.", status=409)
    view = before if at == before.seq else await _cut(tx, before, at)
    epoch = next_epoch(before.epoch, now_ms)
    event = _failover(at, now_ms)
    chain = next_hash(view.hash, epoch, event)
    entered = Entered(event, chain, before.members, view.members)
    after = RoomView(
        **{name: getattr(view, name) for name in view.__struct_fields__} | {"epoch": epoch, "seq": at + 1, "hash": chain}
    )
    plan = Plan(results=(), logs=(RoomLog(before, after, (entered,)),))
    await save_plan(tx, plan, (), now_ms)
    insert = "INSERT INTO forks (room, epoch, fork, at_ms, why) VALUES ($1, $2, $3, $4, $5)"
    await tx.run(insert, room, epoch, at, now_ms, why)
    return plan


def _failover(fork: int, now_ms: int) -> Event:
    body, salt = format_body(Failover(fork)), os.urandom(SALT_BYTES)
    return Event(
        s=fork + 1,
        id=IdMaker(os.urandom).make(now_ms),
        a=SERVER,
        d=SERVER,
        k=Kind.FAILOVER,
        ts=now_ms,
        bh=to_text(body_hash(salt, body)),
        b=body,
        n=to_text(salt),
    )


async def _cut(tx: Writing, before: RoomView, at: int) -> RoomView:
    """Take away what lies after ``at``; the room as it stood there."""
    room = before.room
    state = await _state_at(tx, room, at)
    facts = state.room
    assert facts is not None, f"Room {room} has no beginning."
    await tx.run("DELETE FROM events WHERE room = $1 AND seq > $2", room, at)
    await tx.run("DELETE FROM edits WHERE room = $1 AND seq > $2", room, at)
    await tx.run("DELETE FROM message_files WHERE room = $1 AND seq > $2", room, at)
    await tx.run("DELETE FROM changes WHERE room = $1", room)
    await tx.run("DELETE FROM snapshots WHERE room = $1 AND seq > $2", room, at)
    await tx.run("UPDATE reads SET seq = $2 WHERE room = $1 AND seq > $2", room, at)
    await save_message_views(tx, _changed(room, state))
    seats = {user: Seat(role, facts.since[user]) for user, role in facts.seats.items()}
    return RoomView(
        room=room,
        org=before.org,
        epoch=before.epoch,
        seq=at,
        hash=await hash_at(tx, room, at),
        kind=facts.kind,
        name=facts.name,
        topic=facts.topic,
        is_open=facts.is_open,
        shows_history=facts.shows_history,
        seats=seats,
        members=frozenset(seats),
        is_held=before.is_held,
    )


async def _state_at(reading: Reading, room: RoomId, at: int) -> RoomState:
    state = RoomState()
    while state.s < at:
        for row in await reading.rows(_PAGE_OF, room, state.s, at, _PAGE):
            state.apply(event_of(row))
    return state


def _changed(room: RoomId, state: RoomState) -> list[MessageView]:
    return [
        MessageView(room, one.id, one.a, one.s, one.edited_s, one.editor, one.is_deleted, one.is_erased)
        for one in state.messages.values()
        if one.edited_s or one.is_deleted or one.is_erased
    ]
