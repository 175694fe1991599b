"""Rooms over a real database, with people in them."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sync_server.actor import Role
from sync_server.audit.links import AuditEntry
from sync_server.clock import ManualClock
from sync_server.files import tables as files_tables
from sync_server.protocol.events import Event, Op, OpResult
from sync_server.protocol.messages import Ev, Pull
from sync_server.rooms import tables
from sync_server.rooms.rooms import Committed, Rooms
from sync_server.search import tables as search_tables
from sync_server.search.projection import remove_messages
from sync_server.search.search import Search
from sync_server.storage import tables as storage_tables
from sync_server.storage.database import Database, Reading, Writing
from sync_server.storage.opening import open_database
from tests.fakes.postgres import fresh_postgres
from tests.fakes.room_ops import Writer

GIVE_FILE = """
INSERT INTO files (org, sha256, size, mime, width, height, owner, made_ms) VALUES ($1, $2, 1, 'text/csv', 0, 0, $3, 0)
ON CONFLICT DO NOTHING
"""
GIVE_TO_ROOM = "INSERT INTO file_givers (org, room, sha256, usr) VALUES ($1, $2, $3, $4)"


class House:
    """Rooms that run, their database, what listeners heard, and who belongs to the organisations."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.people: set[tuple[str, str]] = set()
        self.heard: list[Committed] = []
        self.noted: list[AuditEntry] = []
        self.erased: list[tuple[str, str]] = []
        self.search = Search(database)
        self.rooms = self.new_rooms()

    async def begin_search(self) -> None:
        """Index what is entered; a house does not by itself."""
        self.rooms.on_committed(self.search.committed)
        await self.search.begin()

    def new_rooms(self) -> Rooms:
        rooms = Rooms(self.database, self.clock, self._people_of, [self._erase, remove_messages], self._note)
        rooms.on_committed(self.heard.append)
        return rooms

    async def _people_of(self, reading: Reading, org: str, users: Sequence[str]) -> frozenset[str]:
        return frozenset(user for user in users if (org, user) in self.people)

    async def _erase(self, tx: Writing, room: str, messages: Sequence[str]) -> None:
        self.erased += [(room, message) for message in messages]

    async def _note(self, tx: Writing | None, entry: AuditEntry) -> None:
        self.noted.append(entry)

    async def again(self) -> None:
        """Close the rooms and begin anew, as a server that is started again."""
        await self.rooms.close()
        self.rooms = self.new_rooms()
        await self.rooms.begin()

    def writer(self, role: Role = Role.MEMBER, **fields: object) -> Writer:
        """Somebody new of the organisation."""
        writer = Writer(role, **fields)
        self.people.add((writer.org, writer.user))
        return writer

    async def give(self, writer: Writer, room: str, *sha256s: str) -> None:
        """Files that somebody has uploaded to a room."""
        async with self.database.write() as tx:
            for sha256 in sha256s:
                await tx.run(GIVE_FILE, writer.org, sha256, writer.user)
                await tx.run(GIVE_TO_ROOM, writer.org, room, sha256, writer.user)

    async def push(self, writer: Writer, *ops: Op) -> tuple[OpResult, ...]:
        return await self.rooms.push(writer.actor, ops)

    async def ok(self, writer: Writer, *ops: Op) -> tuple[OpResult, ...]:
        """Operations that must enter."""
        results = await self.push(writer, *ops)
        assert [result.st for result in results] == ["ok"] * len(ops), results
        return results

    async def everything(self, writer: Writer, room: str) -> list[Event]:
        """All events of a room that the person is served, by pages."""
        events: list[Event] = []
        while True:
            ev = await self.rooms.pull(writer.actor, Pull(1, room, 0, after=events[-1].s if events else 0))
            assert isinstance(ev, Ev), ev
            if not ev.ev:
                return events
            events += ev.ev


@asynccontextmanager
async def open_house(url: str) -> AsyncIterator[House]:
    """A house in the database at ``url``."""
    clock = ManualClock()
    database = await open_database(
        url, (*storage_tables.TABLES, *files_tables.TABLES, *tables.TABLES, *search_tables.TABLES), clock
    )
    try:
        house = House(database, clock)
        await house.rooms.begin()
        try:
            yield house
        finally:
            await house.rooms.close()
            await house.search.close()
    finally:
        await database.close()


@contextmanager
def address_of(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty database of this kind."""
    if kind == "sqlite":
        yield f"sqlite://{folder}/server.db"
        return
    with fresh_postgres() as url:
        yield url
