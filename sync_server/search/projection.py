"""Carries what is entered in rooms over to the index: after the commit, in its own time, from where it stopped.

Killed at any point it goes on from its cursors; what it does twice changes nothing. Rows of erased messages are destroyed in the
transaction of the erasure itself.
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from typing import Final

from sync_server.errors import Refused
from sync_server.protocol.bodies import Body, Erase, MsgCreate, MsgDelete, MsgEdit
from sync_server.protocol.events import Event
from sync_server.protocol.fold import read_body
from sync_server.rooms.rooms import Committed
from sync_server.rooms.store import EVENT_COLUMNS, event_of
from sync_server.rooms.worker import Worker, outcome
from sync_server.search.words import words_of
from sync_server.storage.database import Database, Writing
from sync_server.storage.failures import cannot_store

log = logging.getLogger(__name__)

BATCH: Final = 500  # events of one transaction: the writer of rooms waits for no longer than that
REST: Final = 3.0  # how many times as long as it worked it rests while there is more
AGAIN_S: Final = 1.0  # before trying again where nothing could be stored
_ADDRESS: Final = re.compile(r"https?://", re.IGNORECASE)
_BEHIND: Final = """
SELECT r.room, r.seq FROM rooms r LEFT JOIN search_cursors c ON c.room = r.room
WHERE c.room IS NULL OR c.seq <> r.seq OR c.epoch <> r.epoch ORDER BY r.room
"""
_EVENTS: Final = f"""
SELECT {EVENT_COLUMNS} FROM events WHERE room = $1 AND seq > $2 AND seq <= $3 ORDER BY seq
"""  # noqa: S608 our own words
_ADD: Final = """
INSERT INTO search_messages (no, room, org, id, seq, ts, sender, thread, body, words, has_file, has_image, has_link)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING
"""
_CHANGE: Final = "UPDATE search_messages SET body = $3, words = $4, has_link = (has_link OR $5) WHERE room = $1 AND id = $2"
_REMOVE_LINKS: Final = """
DELETE FROM search_instruments WHERE no IN (SELECT no FROM search_messages WHERE room = $1 AND id = $2)
"""
_REMOVE: Final = "DELETE FROM search_messages WHERE room = $1 AND id = $2"
_SAVE_CURSOR: Final = """
INSERT INTO search_cursors (room, epoch, seq) VALUES ($1, $2, $3)
ON CONFLICT (room) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq
"""
_OPTIMIZE: Final = "INSERT INTO search_index (search_index) VALUES ('optimize')"


async def remove_messages(tx: Writing, room: str, messages: Sequence[str]) -> None:
    """Destroy what the index has of these messages; words that are left in its pages are swept out afterwards."""
    rows = [(room, message) for message in messages]
    await tx.run_many(_REMOVE_LINKS, rows)
    await tx.run_many(_REMOVE, rows)
    await tx.run("INSERT INTO search_chores (name) VALUES ('optimize') ON CONFLICT DO NOTHING")


class Projection:
    """The one task that writes the index."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, int] = {}  # rooms that are behind, and how far their logs went when that was heard
        self._watchers: list[tuple[dict[str, int], asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._next_no = 1
        self._is_closing = False
        self._worker = Worker("search-projection")

    async def begin(self) -> None:
        """Look what is behind, and start."""
        async with self._database.read() as reading:
            numbers = await reading.rows("SELECT MAX(no) FROM search_messages UNION ALL SELECT MAX(no) FROM search_instruments")
            behind = await reading.rows(_BEHIND)
        self._next_no = max(row[0] or 0 for row in numbers) + 1
        async with self._database.write() as tx:
            await self._sweep(tx)
        self._waiting = dict(behind) | self._waiting
        self._wake.set()
        self._worker.start(self._carry_all())

    async def close(self) -> None:
        """Finish the transaction under way; the rest is carried over at the next start."""
        self._is_closing = True
        self._wake.set()
        await self._worker.ended()
        for _, future in self._watchers:
            if not future.done():
                future.set_exception(cannot_store("the search closes"))

    def committed(self, committed: Committed) -> None:
        """There is something new in a room."""
        room, last = committed.ev.r, committed.ev.last
        self._waiting[room] = last
        for targets, _ in self._watchers:  # a new epoch can have taken back what somebody waits for
            if room in targets:
                targets[room] = min(targets[room], last)
        self._wake.set()

    async def settled(self, room: str = "") -> None:
        """Wait until what was entered so far, in ``room`` or in all, is found; what is entered meanwhile does not count.

        Raises Refused where the search closes first.
        """
        targets = {name: seq for name, seq in self._waiting.items() if room in ("", name)}
        if targets:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._watchers.append((targets, future))
            self._wake.set()
            await future

    async def _carry_all(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._is_closing:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            room = self._next_room()
            begun_s = loop.time()
            if (error := await outcome(self._carry(room), "search-room")) is not None:
                await self._put_back(room, error)
            elif self._waiting and not self._watchers:
                # Nobody waits for it: what is entered goes first, and has most of the time of the one writer.
                await asyncio.sleep((loop.time() - begun_s) * REST)

    def _next_room(self) -> str:
        """The room that somebody waits for, else the one that has waited longest."""
        watched = (room for targets, _ in self._watchers for room in targets if room in self._waiting)
        return next(watched, next(iter(self._waiting)))

    def _reached(self, room: str, seq: int) -> None:
        """The room is found up to ``seq``."""
        if self._waiting.get(room, 0) <= seq:
            self._waiting.pop(room, None)
        for targets, future in self._watchers:
            if targets.get(room, seq + 1) <= seq:
                del targets[room]
            if not targets and not future.done():
                future.set_result(None)
        self._watchers = [watcher for watcher in self._watchers if watcher[0] and not watcher[1].done()]

    async def _put_back(self, room: str, error: BaseException) -> None:
        """Try again after a while; one that is no passing trouble is told, and that room waits for its next event."""
        if not isinstance(error, Refused):
            log.error("Room %s could not be indexed: %s", room, error, exc_info=error)
            self._reached(room, self._waiting.get(room, 0))
        await asyncio.sleep(AGAIN_S)

    async def _carry(self, room: str) -> None:
        """The next events of one room, and the cursor after them, in one transaction."""
        async with self._database.write() as tx:
            row = await tx.row("SELECT org, epoch, seq FROM rooms WHERE room = $1", room)
            if row is None:
                self._reached(room, self._waiting.get(room, 0))
                return
            org, epoch, seq = row
            after = await self._after(tx, room)
            last = min(after + BATCH, seq)
            run = _Run(self._next_no, org, room)
            for found in await tx.rows(_EVENTS, room, after, last):
                await run.take(tx, event_of(found))
            await run.flush(tx)
            self._next_no = run.next_no
            await tx.run(_SAVE_CURSOR, room, epoch, last)
            await self._sweep(tx)
        self._reached(room, last)

    async def _after(self, tx: Writing, room: str) -> int:
        """Where to go on: from the cursor, or from the beginning where what was indexed is no longer history."""
        cursor = await tx.row("SELECT epoch, seq FROM search_cursors WHERE room = $1", room)
        if cursor is None:
            return 0
        row = await tx.row("SELECT MIN(fork) FROM forks WHERE room = $1 AND epoch > $2", room, cursor[0])
        if row is None or row[0] is None or cursor[1] <= row[0]:
            return int(cursor[1])
        of_room = "SELECT no FROM search_messages WHERE room = $1"
        await tx.run(f"DELETE FROM search_instruments WHERE no IN ({of_room})", room)  # noqa: S608 our own words
        await tx.run("DELETE FROM search_messages WHERE room = $1", room)
        return 0

    async def _sweep(self, tx: Writing) -> None:
        """After an erasure: SQLite's index keeps removed words until it is merged; PostgreSQL's goes with its rows."""
        if await tx.run("DELETE FROM search_chores WHERE name = 'optimize'") and self._database.kind == "sqlite":
            await tx.run(_OPTIMIZE)


class _Run:
    """Events of one room on their way into the index: new messages are written together, before anything that may change them."""

    def __init__(self, next_no: int, org: str, room: str) -> None:
        self.next_no = next_no
        self._org = org
        self._room = room
        self._rows: list[tuple[object, ...]] = []
        self._instruments: list[tuple[int, str]] = []

    async def take(self, tx: Writing, event: Event) -> None:
        """The next event."""
        body: Body | None = read_body(event)
        if isinstance(body, MsgCreate):
            self._add(event, body)
            return
        if isinstance(body, MsgEdit | MsgDelete | Erase):
            await self.flush(tx)
        match body:
            case MsgEdit():
                has_link = _ADDRESS.search(body.text) is not None
                await tx.run(_CHANGE, self._room, body.target, _stored(body.text), " ".join(words_of(body.text)), has_link)
            case MsgDelete(target):
                await tx.run(_REMOVE_LINKS, self._room, target)
                await tx.run(_REMOVE, self._room, target)
            case Erase(targets):
                await remove_messages(tx, self._room, targets)

    async def flush(self, tx: Writing) -> None:
        """Write the messages gathered so far."""
        if self._rows:
            await tx.run_many(_ADD, self._rows)
        if self._instruments:
            await tx.run_many("INSERT INTO search_instruments (no, instrument) VALUES ($1, $2)", self._instruments)
        self._rows, self._instruments = [], []

    def _add(self, event: Event, body: MsgCreate) -> None:
        no, self.next_no = self.next_no, self.next_no + 1
        has_image = any(file.mime.startswith("image/") for file in body.files)
        has_link = bool(body.links) or _ADDRESS.search(body.text) is not None
        said = " ".join(words_of(" ".join((body.text, *(file.name for file in body.files)))))
        place = no, self._room, self._org, event.id, event.s, event.ts, event.a, body.thread
        self._rows.append((*place, _stored(body.text), said, bool(body.files), has_image, has_link))
        self._instruments += sorted({(no, _stored(link.instrument.upper())) for link in body.links})


def _stored(text: str) -> str:
    """PostgreSQL holds no zero character; everything else is kept as it was said."""
    return text.replace("\0", "")
