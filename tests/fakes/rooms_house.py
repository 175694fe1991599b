"""Rooms over a real database, with people in them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sync_server.actor import Role
from sync_server.clock import ManualClock
from sync_server.protocol.events import Event, Op, OpResult
from sync_server.protocol.messages import Ev, Pull
from sync_server.rooms import tables
from sync_server.rooms.rooms import Committed, Rooms
from sync_server.storage import tables as storage_tables
from sync_server.storage.database import Database, Reading
from sync_server.storage.opening import open_database
from tests.fakes.room_ops import Writer


class House:
    """Rooms that run, their database, what listeners heard, and who belongs to the organisations."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.people: set[tuple[str, str]] = set()
        self.heard: list[Committed] = []
        self.rooms = self.new_rooms()

    def new_rooms(self) -> Rooms:
        rooms = Rooms(self.database, self.clock, self._people_of)
        rooms.on_committed(self.heard.append)
        return rooms

    async def _people_of(self, reading: Reading, org: str, users: Sequence[str]) -> frozenset[str]:
        return frozenset(user for user in users if (org, user) in self.people)

    def writer(self, role: Role = Role.MEMBER, **fields: object) -> Writer:
        """Somebody new of the organisation."""
        writer = Writer(role, **fields)
        self.people.add((writer.org, writer.user))
        return writer

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
async def open_house(url: str, schema: str = "") -> AsyncIterator[House]:
    """A house in the database at ``url``."""
    clock = ManualClock()
    more = {"schema": schema} if schema else {}
    database = await open_database(url, (*storage_tables.TABLES, *tables.TABLES), clock, **more)
    try:
        house = House(database, clock)
        await house.rooms.begin()
        try:
            yield house
        finally:
            await house.rooms.close()
    finally:
        await database.close()


def sqlite_url(folder: Path) -> str:
    return f"sqlite://{folder}/server.db"
