"""Snapshots: a room as it stood after one of its events, so that a new copy need not replay everything.

One is kept of each long room, made anew every 10,000 events or 24 hours, beside the commits and never in their way. Who is not
shown what was said before gets the room without its messages, as it stood right before the person's own joining.
"""

import asyncio
import logging
import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from sync_server.actor import Actor
from sync_server.clock import Clock
from sync_server.errors import Refused
from sync_server.protocol.chain import to_text
from sync_server.protocol.codes import Code
from sync_server.protocol.fold import RoomState, parse_state
from sync_server.protocol.messages import Snapshot
from sync_server.rooms.log import REPLAY_MAX, Access, Beginning, Unready, access_to, hash_at
from sync_server.rooms.sequencer import Sequencer
from sync_server.rooms.store import EVENT_COLUMNS, event_of
from sync_server.rooms.views import RoomId
from sync_server.rooms.worker import Worker, outcome
from sync_server.storage.database import Database, Reading, Row, Writing

log = logging.getLogger(__name__)

EVERY_EVENTS: Final = 10_000
EVERY_MS: Final = 24 * 3600 * 1000
_PAGE: Final = 1_000
_LATEST: Final = "SELECT epoch, seq, hash, state, made_ms FROM snapshots WHERE room = $1"
_PAGE_OF: Final = f"SELECT {EVENT_COLUMNS}, epoch, hash FROM events WHERE room = $1 AND seq > $2 ORDER BY seq LIMIT $3"  # noqa: S608 our own
_FACTS_OF: Final = f"""
SELECT {EVENT_COLUMNS} FROM events
WHERE room = $1 AND seq > $2 AND seq <= $3 AND kind IN ('room.create', 'room.edit', 'member.set') ORDER BY seq
"""  # noqa: S608 our own words
_SAVE: Final = """
INSERT INTO snapshots (room, epoch, seq, hash, state, made_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (room) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, hash = excluded.hash, state = excluded.state,
    made_ms = excluded.made_ms
"""


class Stored(NamedTuple):
    """A snapshot as it lies in the database; ``state`` is compressed."""

    epoch: int
    seq: int
    hash: bytes
    state: bytes
    made_ms: int


class Snapshots:
    """Makes, keeps and serves them. ``begin`` starts the task that makes those that are due."""

    def __init__(self, database: Database, sequencer: Sequencer, clock: Clock) -> None:
        self._database = database
        self._sequencer = sequencer
        self._clock = clock
        self._made: dict[RoomId, tuple[int, int]] = {}  # where and when the latest was made, as far as it is known here
        self._due: dict[RoomId, None] = {}
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._is_closing = False
        self._worker = Worker("rooms-snapshots")

    def begin(self) -> None:
        """Start making what becomes due."""
        self._worker.start(self._make_all())

    async def close(self) -> None:
        """Finish the one being made."""
        self._is_closing = True
        self._wake.set()
        await self._worker.ended()

    def grown(self, room: RoomId, seq: int) -> None:
        """The room's log goes to ``seq`` now."""
        if seq <= REPLAY_MAX:
            return
        at, made_ms = self._made.get(room, (0, 0))
        if seq - at >= EVERY_EVENTS or self._clock.now_ms() - made_ms >= EVERY_MS:
            self._due[room] = None
            self._wake.set()

    def forget(self, room: RoomId) -> None:
        """What was made of the room is gone."""
        self._made.pop(room, None)

    async def begins(self, reading: Reading, access: Access) -> Beginning:
        """Where a new copy of the room begins, for the person with this access. Raises Unready where a snapshot is missing."""
        path = f"/v1/rooms/{access.room}/snapshot"
        if access.floor > 1:
            return Beginning(access.floor, to_text(await hash_at(reading, access.room, access.floor - 1)), path)
        if access.seq <= REPLAY_MAX:
            return Beginning(1, to_text(await hash_at(reading, access.room, 0)))
        stored = await self._latest(reading, access.room)
        if stored is None:
            raise Unready(access.room)
        return Beginning(stored.seq + 1, to_text(stored.hash), path)

    async def snapshot(self, actor: Actor, room: RoomId) -> Snapshot:
        """The room for this person. Raises Refused: not there, or not theirs to read."""
        async with self._database.read() as reading:
            access = await access_to(reading, actor, room)
            if access is None:
                raise Refused(Code.NO_ROOM, "There is no such room for you.", status=404)
            if access.floor > 1:
                return await self._without_messages(reading, access)
            stored = await self._latest(reading, room)
        stored = stored or await self.make(room)
        state = await asyncio.to_thread(_unpack, stored.state)
        return Snapshot(room, stored.epoch, stored.seq, to_text(stored.hash), state)

    async def _without_messages(self, reading: Reading, access: Access) -> Snapshot:
        """The room right before somebody's joining."""
        room, last = access.room, access.floor - 1
        row = await reading.row("SELECT epoch, hash FROM events WHERE room = $1 AND seq = $2", room, last)
        assert row is not None, f"Event {last} of {room} is missing."
        stored = await self._latest(reading, room)
        state = RoomState()
        if stored is not None and stored.seq <= last:
            state = (await asyncio.to_thread(_open, stored)).without_messages()
        for found in await reading.rows(_FACTS_OF, room, state.s, last):
            state.apply(event_of(found))
        state.s = last
        return Snapshot(room, row[0], last, to_text(bytes(row[1])), state.without_messages().to_text())

    async def _latest(self, reading: Reading, room: RoomId) -> Stored | None:
        row = await reading.row(_LATEST, room)
        return Stored(row[0], row[1], bytes(row[2]), bytes(row[3]), row[4]) if row else None

    async def _make_all(self) -> None:
        while True:
            await self._wake.wait()
            if self._is_closing:
                return
            if not self._due:
                self._wake.clear()
                continue
            room = next(iter(self._due))
            del self._due[room]
            if (error := await outcome(self._refresh(room), "rooms-snapshot")) is not None:
                log.error("The snapshot of room %s could not be made: %s", room, error, exc_info=error)

    async def _refresh(self, room: RoomId) -> None:
        try:
            async with self._database.read() as reading:
                stored = await self._latest(reading, room)
                head = await reading.row("SELECT seq FROM rooms WHERE room = $1", room)
            if stored is not None:
                self._made[room] = stored.seq, stored.made_ms
            if head is None or (stored is not None and head[0] - stored.seq < EVERY_EVENTS and not self._is_old(stored)):
                return
            await self.make(room)
        except Refused:  # cannot be stored now: due again with the room's next event
            self.forget(room)

    def _is_old(self, stored: Stored) -> bool:
        return self._clock.now_ms() - stored.made_ms >= EVERY_MS

    async def make(self, room: RoomId) -> Stored:
        """Fold the log on top of the latest snapshot, as far as it goes now. Raises Refused (busy)."""
        async with self._turn:
            async with self._database.read() as reading:
                before = await self._latest(reading, room)
            state = await asyncio.to_thread(_open, before) if before else RoomState()
            epoch, chain = (before.epoch, before.hash) if before else (0, b"")
            while rows := await self._page(room, state.s):
                await asyncio.to_thread(_fold, state, rows)
                epoch, chain = rows[-1][10], bytes(rows[-1][11])
            stored = Stored(epoch, state.s, chain, await asyncio.to_thread(_pack, state), self._clock.now_ms())
            await self._sequencer.run(lambda tx: _save(tx, room, stored))
            self._made[room] = stored.seq, stored.made_ms
            return stored

    async def _page(self, room: RoomId, after: int) -> Sequence[Row]:
        async with self._database.read() as reading:
            return await reading.rows(_PAGE_OF, room, after, _PAGE)


async def _save(tx: Writing, room: RoomId, stored: Stored) -> None:
    """Keep it, unless the room has changed below it meanwhile: what was erased must not come back by it."""
    is_outdated = "SELECT 1 FROM events WHERE room = $1 AND seq > $2 AND kind = 'erase' LIMIT 1"
    still_there = "SELECT 1 FROM events WHERE room = $1 AND seq = $2 AND hash = $3"
    if await tx.row(is_outdated, room, stored.seq) is None and await tx.row(still_there, room, stored.seq, stored.hash) is not None:
        await tx.run(_SAVE, room, *stored)


def _fold(state: RoomState, rows: Sequence[Row]) -> None:
    for row in rows:
        state.apply(event_of(row))


def _pack(state: RoomState) -> bytes:
    return zlib.compress(state.to_text().encode("utf-8"), 6)


def _unpack(packed: bytes) -> str:
    return zlib.decompress(packed).decode("utf-8")


def _open(stored: Stored) -> RoomState:
    return parse_state(_unpack(stored.state))
