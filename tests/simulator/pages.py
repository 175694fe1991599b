"""What a server answers to who reads: pages, resets, snapshots and the beginning of an epoch, over its shelves."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from sync_server.protocol.bodies import Failover, format_body
from sync_server.protocol.chain import SALT_BYTES, START, body_hash, next_hash, to_text
from sync_server.protocol.codes import ResetReason
from sync_server.protocol.events import Cursor, Event, Kind
from sync_server.protocol.fold import fold
from sync_server.protocol.ids import IdMaker
from sync_server.protocol.messages import Ev, Pull, Reset, Snapshot
from sync_server.rooms.planning import next_epoch
from sync_server.rooms.views import Entered, Plan, RoomLog, RoomView
from tests.simulator.shelves import Entry, Shelves

SNAPSHOT_FROM: Final = 40  # a room longer than this is joined by a snapshot


def page(shelves: Shelves, user: str, pull: Pull) -> Ev | Reset:
    """Events of one room in one epoch, or why there are none for this copy."""
    view = shelves.rooms.get(pull.r)
    if view is None and pull.after > 0:
        return _gone(pull.r, pull.e)
    if view is None or user not in view.seats:
        return Reset(pull.r, ResetReason.PERM)
    log, floor, after = shelves.logs[pull.r], view.floor(user), pull.after
    if pull.before > 0:
        return _older(pull, view, floor, log)
    return _cut_off(shelves, view, user, pull) or _span(pull, log, after, after + pull.limit)


def _cut_off(shelves: Shelves, view: RoomView, user: str, pull: Pull) -> Reset | None:
    """Why this copy cannot go on from where it asks."""
    log, floor, after = shelves.logs[pull.r], view.floor(user), pull.after
    if (after == 0 and view.shows_history and view.seq > SNAPSHOT_FROM) or after < floor - 1:
        return _reset(shelves, view, user, ResetReason.FLOOR)
    is_beyond = after > view.seq or (pull.e > 0 < after and log[after - 1].epoch > pull.e)
    if is_beyond:
        return _lost(shelves, view, user, pull.e)
    if pull.e > 0 < after < view.seq and log[after].epoch != pull.e:
        if log[after].epoch < pull.e:
            return _reset(shelves, view, user, ResetReason.HASH)
        return _fork(shelves, view, log[after].epoch, after)
    return None


def _gone(room: str, epoch: int) -> Reset:
    """A room that was made after the backup: nothing of the copy is history, and its maker may offer it again."""
    return Reset(room, ResetReason.HASH, epoch, h=to_text(START))


def _older(pull: Pull, view: RoomView, floor: int, log: Sequence[Entry]) -> Ev:
    end = max(floor - 1, min(pull.before - 1, view.seq))
    start = max(floor - 1, end - pull.limit)
    while start < end and log[start].epoch != log[end - 1].epoch:
        start += 1
    return _span(pull, log, start, end)


def _span(pull: Pull, log: Sequence[Entry], start: int, end: int) -> Ev:
    """Events start+1 to end of a log, cut where the epoch changes."""
    part = [entry for entry in log[start:end] if entry.epoch == log[start].epoch]
    epoch = part[0].epoch if part else log[-1].epoch
    last = start + len(part)
    h = to_text(log[last - 1].hash if last else START)
    return Ev(pull.r, epoch, start + 1, last, tuple(entry.event for entry in part), h, pull.rid)


def _lost(shelves: Shelves, view: RoomView, user: str, epoch: int) -> Reset:
    """The copy holds what is no longer history: from where its epoch ended, or from the beginning where that is not known."""
    log = shelves.logs[view.room]
    later = [at for at, entry in enumerate(log) if entry.event.k == Kind.FAILOVER and entry.epoch > epoch]
    is_known = any(entry.epoch == epoch for entry in log)
    if not is_known or not later or epoch >= view.epoch or later[0] < view.floor(user) - 1:
        return _reset(shelves, view, user, ResetReason.HASH)
    return _fork(shelves, view, log[later[0]].epoch, later[0])


def _fork(shelves: Shelves, view: RoomView, epoch: int, fork: int) -> Reset:
    h = to_text(shelves.hash_at(view.room, fork))
    return Reset(view.room, ResetReason.EPOCH, epoch, fork=fork, floor=fork + 1, h=h)


def _reset(shelves: Shelves, view: RoomView, user: str, why: ResetReason) -> Reset:
    floor, snap = view.floor(user), f"/v1/rooms/{view.room}/snapshot"
    is_short = view.shows_history and view.seq <= SNAPSHOT_FROM
    h = to_text(shelves.hash_at(view.room, floor - 1))
    return Reset(view.room, why, view.epoch, floor=floor, h=h, snap="" if is_short else snap)


def check(shelves: Shelves, user: str, cursors: Sequence[Cursor]) -> tuple[Reset, ...]:
    """Which copies cannot go on from where they stand."""
    return tuple(reset for cursor in cursors if (reset := _check_one(shelves, user, cursor)) is not None)


def _check_one(shelves: Shelves, user: str, cursor: Cursor) -> Reset | None:
    view = shelves.rooms.get(cursor.r)
    if view is None and cursor.s > 0:
        return _gone(cursor.r, cursor.e)
    if view is None or user not in view.seats:
        return Reset(cursor.r, ResetReason.PERM)
    if cursor.s == 0:
        return None
    is_there = cursor.s <= view.seq and cursor.e <= view.epoch
    anchor = shelves.logs[cursor.r][cursor.s - 1] if is_there else None
    if anchor is None or anchor.epoch > cursor.e:
        return _lost(shelves, view, user, cursor.e)
    if to_text(anchor.hash) != cursor.h:
        return _reset(shelves, view, user, ResetReason.HASH)
    return _reset(shelves, view, user, ResetReason.FLOOR) if cursor.s < view.floor(user) - 1 else None


def snapshot(shelves: Shelves, user: str, room: str) -> Snapshot | None:
    """The room as it stands; without its messages for who is not shown what was said before."""
    view = shelves.rooms.get(room)
    if view is None or user not in view.seats:
        return None
    last = view.seq if view.shows_history else view.floor(user) - 1
    log = shelves.logs[room][:last]
    if not log:
        return None
    state = fold(entry.event for entry in log)
    text = (state if view.shows_history else state.without_messages()).to_text()
    return Snapshot(room, log[-1].epoch, last, to_text(log[-1].hash), text)


def fork(shelves: Shelves, now_ms: int, entropy: Callable[[int], bytes]) -> Plan:
    """Every room goes on in an epoch that none can have had before, from where it stands."""
    ids = IdMaker(entropy)
    logs = []
    for view in shelves.rooms.values():
        epoch = next_epoch(view.epoch, now_ms)
        body, salt = format_body(Failover(view.seq)), entropy(SALT_BYTES)
        event = Event(
            s=view.seq + 1,
            id=ids.make(now_ms),
            a="server",
            d="server",
            k=Kind.FAILOVER,
            ts=now_ms,
            bh=to_text(body_hash(salt, body)),
            b=body,
            n=to_text(salt),
        )
        after_hash = next_hash(view.hash, epoch, event)
        after = msgspec.structs.replace(view, epoch=epoch, seq=event.s, hash=after_hash)
        logs.append(RoomLog(view, after, (Entered(event, after_hash, view.members, view.members),)))
    return Plan(results=(), logs=tuple(logs))
