"""Read rooms: where they stand, pages of their events, and whether a copy may go on from where it is.

Whatever is given here was asked for by somebody with a seat in the room (or with the right to read any, which is recorded), and
lies at or after that person's floor.
"""

from collections.abc import Awaitable, Callable, Sequence
from itertools import takewhile
from typing import Final, NamedTuple, TypeVar

from sync_server.accounts.permissions import Deed, allows
from sync_server.actor import Actor
from sync_server.errors import Refused
from sync_server.protocol.bodies import RoomRole
from sync_server.protocol.chain import START, to_text
from sync_server.protocol.codes import Code, ResetReason
from sync_server.protocol.events import Cursor
from sync_server.protocol.ids import is_id
from sync_server.protocol.limits import MAX_PULL
from sync_server.protocol.messages import Ev, Pull, Reader, Reads, Reset, RoomHead
from sync_server.rooms.rules import is_direct_id
from sync_server.rooms.store import EVENT_COLUMNS, event_of, rows_in, rows_of_pairs
from sync_server.rooms.views import RoomId
from sync_server.storage.database import Database, Reading, Row

T = TypeVar("T")

_TRIES: Final = 5
PAGE_BYTES: Final = 512 * 1024  # bodies of one page; the one that goes over it is the last
GLANCE_MAX: Final = 32  # events of a page, or copies to be checked, that are looked up at a glance
REPLAY_MAX: Final = 1_000  # a longer room begins with its snapshot
START_TEXT: Final = to_text(START)


class Access(NamedTuple):
    """A room that somebody may read, from ``floor`` on. ``is_seated`` is False for who may read any room."""

    room: RoomId
    org: str
    epoch: int
    seq: int
    hash: bytes
    shows_history: bool
    floor: int
    is_seated: bool


class Beginning(NamedTuple):
    """Where a new copy begins: at ``floor``, after the chain hash ``h``, with the snapshot at the path ``snap`` (empty: none)."""

    floor: int
    h: str
    snap: str = ""


class Unready(Exception):
    """The room needs a snapshot before this can be answered."""

    def __init__(self, room: RoomId) -> None:
        super().__init__(room)
        self.room = room


Begins = Callable[[Reading, Access], Awaitable[Beginning]]
Prepare = Callable[[RoomId], Awaitable[object]]
Noted = Callable[[Actor, RoomId], Awaitable[None]]

_ACCESS: Final = """
SELECT r.room, r.org, r.epoch, r.seq, r.hash, r.shows_history, s.role, s.since FROM rooms r
LEFT JOIN seats s ON s.room = r.room AND s.usr = $2 WHERE r.org = $1 AND r.room IN ({})
"""
_ACCESS_TO_ONE: Final = _ACCESS.format("$3")
_HEADS: Final = """
SELECT r.room, r.epoch, r.seq, r.shows_history, s.since, d.seq FROM seats s JOIN rooms r ON r.room = s.room
LEFT JOIN reads d ON d.room = s.room AND d.usr = s.usr
WHERE s.usr = $1 AND s.org = $2 AND r.org = $2 ORDER BY r.changed_ms DESC, r.room
"""
_AFTER: Final = f"SELECT {EVENT_COLUMNS}, epoch, hash FROM events WHERE room = $1 AND seq >= $2 ORDER BY seq LIMIT $3"  # noqa: S608 our own
_BEFORE: Final = (
    f"SELECT {EVENT_COLUMNS}, epoch, hash FROM events WHERE room = $1 AND seq >= $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"  # noqa: S608 our own
)
_READS: Final = """
SELECT d.usr, d.seq FROM reads d JOIN seats s ON s.room = d.room AND s.usr = d.usr WHERE d.room = $1 ORDER BY d.usr
"""
_FORK_AFTER: Final = """
SELECT MIN(fork) FROM forks WHERE room = $1 AND epoch > $2
AND ($2 = (SELECT epoch FROM events WHERE room = $1 AND seq = 1) OR $2 IN (SELECT epoch FROM forks WHERE room = $1))
"""
_EPOCH, _HASH = 10, 11  # places in those rows


async def accesses(reading: Reading, actor: Actor, rooms: Sequence[RoomId]) -> dict[RoomId, Access]:
    """Those of ``rooms`` that the actor may read."""
    rows = await rows_in(reading, _ACCESS, [room for room in rooms if is_id(room)], actor.org, actor.user)
    return {row[0]: access for row in rows if (access := _access(actor, row)) is not None}


async def access_to(reading: Reading, actor: Actor, room: RoomId) -> Access | None:
    """The room, where the actor may read it."""
    row = await reading.row(_ACCESS_TO_ONE, actor.org, actor.user, room) if is_id(room) else None
    return None if row is None else _access(actor, row)


def _access(actor: Actor, row: Row) -> Access | None:
    room, org, epoch, seq, chain, shows_history, role, since = row
    is_seated = role is not None and allows(actor, Deed.READ, RoomRole(role))
    if not is_seated and not allows(actor, Deed.READ_ANY):
        return None
    floor = since if is_seated and not shows_history else 1
    return Access(room, org, epoch, seq, bytes(chain), bool(shows_history), floor, is_seated)


def check_may_list(actor: Actor) -> None:
    """Whether the actor may learn which rooms there are for it: everybody, but no key that may not read. Raises Refused."""
    if not allows(actor, Deed.READ, RoomRole.READER):
        raise Refused(Code.NOT_ALLOWED, "This key may not read rooms.", status=403)


async def hash_at(reading: Reading, room: RoomId, seq: int) -> bytes:
    """The chain hash after event ``seq``, which is there; of 0 the hash before everything."""
    if seq == 0:
        return START
    row = await reading.row("SELECT hash FROM events WHERE room = $1 AND seq = $2", room, seq)
    assert row is not None, f"Event {seq} of {room} is missing."
    return bytes(row[0])


class Log:
    """Reads of the log.

    ``begins`` says where a new copy of a room begins; where it raises ``Unready``, ``prepare`` makes what it needs, outside of any
    view. ``noted`` hears of readings without a seat.
    """

    def __init__(self, database: Database, begins: Begins, prepare: Prepare, noted: Noted) -> None:
        self._database = database
        self._begins = begins
        self._prepare = prepare
        self._noted = noted

    async def heads(self, actor: Actor) -> tuple[RoomHead, ...]:
        """Where every room of this person stands, the most lately active first. Raises Refused for a key without the scope."""
        check_may_list(actor)
        rows = await self._database.glance(lambda reading: reading.rows(_HEADS, actor.user, actor.org))
        return tuple(
            RoomHead(r=room, e=epoch, s=seq, floor=1 if shows_history else since, read=read or 0)
            for room, epoch, seq, shows_history, since, read in rows
        )

    async def pull(self, actor: Actor, pull: Pull) -> Ev | Reset:
        """The page that ``pull`` asks for, or why there is none. Events of one answer are all of one epoch, told by its ``e``."""
        access, answer = await self._prepared(lambda reading: self._page(reading, actor, pull), is_short=pull.limit <= GLANCE_MAX)
        if access is not None and not access.is_seated:
            await self._noted(actor, access.room)
        return answer

    async def check(self, actor: Actor, cursors: Sequence[Cursor]) -> tuple[Reset, ...]:
        """Resets for those copies that cannot go on from their cursors."""
        if not cursors:
            return ()
        return await self._prepared(lambda reading: self._check_all(reading, actor, cursors), is_short=len(cursors) <= GLANCE_MAX)

    async def _prepared(self, look: Callable[[Reading], Awaitable[T]], *, is_short: bool) -> T:
        for _ in range(_TRIES):
            try:
                if is_short:
                    return await self._database.glance(look)
                async with self._database.read() as reading:
                    return await look(reading)
            except Unready as unready:
                room = unready.room
            await self._prepare(room)
        raise Refused(Code.BUSY, "The room changes too fast to begin a copy of it now.", status=503, after_ms=1_000)

    async def _page(self, reading: Reading, actor: Actor, pull: Pull) -> tuple[Access | None, Ev | Reset]:
        access = await access_to(reading, actor, pull.r)
        if access is None:
            is_lost = pull.after > 0 and await _lost(reading, [pull.r])
            return None, _gone(Cursor(pull.r, pull.e)) if is_lost else Reset(pull.r, ResetReason.PERM)
        limit = min(max(pull.limit, 1), MAX_PULL)
        return access, await (self._older if pull.before > 0 else self._newer)(reading, access, pull, limit)

    async def _check_all(self, reading: Reading, actor: Actor, cursors: Sequence[Cursor]) -> tuple[Reset, ...]:
        known = await accesses(reading, actor, [cursor.r for cursor in cursors])
        open_ones = [(cursor, known[cursor.r]) for cursor in cursors if cursor.r in known]
        anchors = await _anchors(reading, [one for one in open_ones if one[0].s > 0 and not _is_at_head(*one)])
        lost = await _lost(reading, [cursor.r for cursor in cursors if cursor.s > 0 and cursor.r not in known])
        closed = [cursor for cursor in cursors if cursor.r not in known]
        resets = [_gone(cursor) if cursor.r in lost else Reset(cursor.r, ResetReason.PERM) for cursor in closed]
        for cursor, access in open_ones:
            if (reset := await self._check(reading, access, cursor, anchors)) is not None:
                resets.append(reset)
        return tuple(resets)

    async def reads(self, actor: Actor, room: RoomId) -> Reads | None:
        """How far everyone with a seat has read the room; None where this person may not read it."""
        async with self._database.read() as reading:
            if await access_to(reading, actor, room) is None:
                return None
            rows = await reading.rows(_READS, room)
        return Reads(room, tuple(Reader(user, seq) for user, seq in rows))

    async def _older(self, reading: Reading, access: Access, pull: Pull, limit: int) -> Ev | Reset:
        rows = await reading.rows(_BEFORE, access.room, access.floor, pull.before, limit)
        if not rows:
            last = max(min(pull.before - 1, access.seq), 0)
            return Ev(r=access.room, e=access.epoch, first=last + 1, last=last, rid=pull.rid)
        epoch = rows[0][_EPOCH]
        page = _cut(list(takewhile(lambda row: row[_EPOCH] == epoch, rows)))
        page.reverse()
        return _ev(access, page, pull.rid)

    async def _newer(self, reading: Reading, access: Access, pull: Pull, limit: int) -> Ev | Reset:
        after = max(pull.after, 0)
        is_new = after == 0 and access.shows_history and access.seq > REPLAY_MAX
        if is_new or after < access.floor - 1:
            return await self._reset(reading, access, ResetReason.FLOOR)
        if after > access.seq:
            return await self._cut_off(reading, access, pull.e)
        rows = list(await reading.rows(_AFTER, access.room, max(after, 1), limit + (after > 0)))
        anchor = rows.pop(0) if after > 0 else None
        if anchor is not None and pull.e and anchor[_EPOCH] > pull.e:
            return await self._cut_off(reading, access, pull.e)
        if not rows:
            h = to_text(bytes(anchor[_HASH])) if anchor else START_TEXT
            return Ev(r=access.room, e=access.epoch, first=after + 1, last=after, h=h, rid=pull.rid)
        epoch = rows[0][_EPOCH]
        if pull.e and anchor is not None and epoch != pull.e:
            h = to_text(bytes(anchor[_HASH]))
            is_ahead = epoch > pull.e
            return _fork(access, epoch, after, h) if is_ahead else await self._reset(reading, access, ResetReason.HASH)
        return _ev(access, _cut(list(takewhile(lambda row: row[_EPOCH] == epoch, rows))), pull.rid)

    async def _check(self, reading: Reading, access: Access, cursor: Cursor, anchors: dict[RoomId, Row]) -> Reset | None:
        if cursor.s <= 0 or _is_at_head(cursor, access):
            return None
        anchor = anchors.get(cursor.r)
        if anchor is None or anchor[2] > cursor.e or cursor.e > access.epoch:
            return await self._cut_off(reading, access, cursor.e)
        if cursor.h and to_text(bytes(anchor[3])) != cursor.h:
            return await self._reset(reading, access, ResetReason.HASH)
        if cursor.s < access.floor - 1:
            return await self._reset(reading, access, ResetReason.FLOOR)
        return None

    async def _cut_off(self, reading: Reading, access: Access, epoch: int) -> Reset:
        """The copy holds what is no longer history: from where its epoch ended, or from the beginning where that is not known.

        It is not known of an epoch that began after a backup: where that left the history of this log, this log has forgotten.
        """
        row = await reading.row(_FORK_AFTER, access.room, epoch)
        fork = row[0] if row else None
        if fork is None or epoch >= access.epoch or fork < access.floor - 1:
            return await self._reset(reading, access, ResetReason.HASH)
        later = await reading.row("SELECT epoch, hash FROM events WHERE room = $1 AND seq = $2", access.room, fork + 1)
        assert later is not None, f"Epoch after {epoch} of {access.room} has no first event."
        return _fork(access, later[0], fork, to_text(await hash_at(reading, access.room, fork)))

    async def _reset(self, reading: Reading, access: Access, why: ResetReason) -> Reset:
        beginning = await self._begins(reading, access)
        return Reset(access.room, why, access.epoch, floor=beginning.floor, h=beginning.h, snap=beginning.snap)


async def _lost(reading: Reading, rooms: Sequence[RoomId]) -> set[RoomId]:
    """Of rooms that somebody has a copy of and may not read: those that are not here, made after the backup that was restored.

    All direct rooms are spoken of so, there or not: their ids can be computed, and nobody shall learn who talks to whom. Who is one
    of the two is never asked about here where the room is there.
    """
    ids = {room for room in rooms if is_id(room)}
    direct = {room for room in ids if is_direct_id(room)}
    groups = ids - direct
    return direct | (groups - {row[0] for row in await rows_in(reading, "SELECT room FROM rooms WHERE room IN ({})", groups)})


def _gone(cursor: Cursor) -> Reset:
    """Nothing of the copy is history: it begins anew, and its person's own events are sent again."""
    return Reset(cursor.r, ResetReason.HASH, cursor.e, h=START_TEXT)


def _is_at_head(cursor: Cursor, access: Access) -> bool:
    is_there = (cursor.e, cursor.s) == (access.epoch, access.seq)
    return is_there and cursor.h in ("", to_text(access.hash))


async def _anchors(reading: Reading, wanted: Sequence[tuple[Cursor, Access]]) -> dict[RoomId, Row]:
    """Of each copy the event it ends with, as the log has it: (room, seq, epoch, hash)."""
    sql = "SELECT room, seq, epoch, hash FROM events WHERE (room, seq) IN (VALUES {})"
    places = [(cursor.r, cursor.s) for cursor, _ in wanted]
    return {row[0]: row for row in await rows_of_pairs(reading, sql, places, "CAST({} AS BIGINT)")}


def _cut(rows: list[Row]) -> list[Row]:
    """As many of ``rows`` as fit one page, at least one."""
    n_bytes = 0
    for n, row in enumerate(rows, 1):
        n_bytes += len(row[7] or "")
        if n_bytes >= PAGE_BYTES:
            return rows[:n]
    return rows


def _ev(access: Access, rows: Sequence[Row], rid: int) -> Ev:
    h = to_text(bytes(rows[-1][_HASH]))
    events = tuple(event_of(row) for row in rows)
    return Ev(r=access.room, e=rows[0][_EPOCH], first=rows[0][0], last=rows[-1][0], ev=events, h=h, rid=rid)


def _fork(access: Access, epoch: int, fork: int, h: str) -> Reset:
    """Up to ``fork`` the copy is right; after it the room goes on in ``epoch``."""
    return Reset(access.room, ResetReason.EPOCH, epoch, fork=fork, floor=fork + 1, h=h)
