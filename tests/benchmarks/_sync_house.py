"""Our server as a process on core 0 for the benchmarks, with people, one room, and operations ready to be pushed."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from sync_server.protocol.bodies import RoomCreate, RoomKind, Seat
from sync_server.protocol.chain import SALT_BYTES, to_text
from sync_server.protocol.events import Kind, Op
from sync_server.protocol.ids import IdMaker
from tests.benchmarks._fanout_peers import free_port, pin
from tests.fakes.net_device import NetDevice
from tests.fakes.sync_process import SyncProcess, people_on
from tests.fakes.sync_server import Member
from tests.fakes.waiting import until


@dataclass(frozen=True, slots=True)
class SyncHouse:
    """What runs: the process, its people, and rooms: each person is in one, in the order of both; the first of each made it."""

    server: SyncProcess
    members: tuple[Member, ...]
    rooms: tuple[str, ...]

    @property
    def room(self) -> str:
        """The room of the first."""
        return self.rooms[0]

    def ops(self, n: int, text: str = "") -> list[Op]:
        """Messages of the first member in the room, in order, the first after the room's creation."""
        ids, body = IdMaker(os.urandom), json.dumps({"text": text or "x"})
        salt = to_text(os.urandom(SALT_BYTES))
        return [Op(ids.make(1_790_000_000_000 + at), self.room, Kind.MSG_CREATE, body, salt, at + 2, at + 1) for at in range(n)]


@contextlib.asynccontextmanager
async def sync_house(
    folder: Path, n_people: int, database: str = "", *, is_plain: bool = True, people_a_room: int = 0
) -> AsyncIterator[SyncHouse]:
    """Start it all; the server is alone on core 0. ``people_a_room``: 0 for one room of all; ``is_plain``: without TLS."""
    members = await people_on(folder, n_people, database)
    rooms = await _make_rooms(folder, members, database, people_a_room or n_people)
    server = SyncProcess(folder / "server", free_port(), database, is_plain=is_plain)
    try:
        await server.start()
        pin(server.pid, 0)
        yield SyncHouse(server, members, rooms)
    finally:
        server.close()


async def _make_rooms(folder: Path, members: tuple[Member, ...], database: str, size: int) -> tuple[str, ...]:
    """By a server that runs for this alone, so that the one that is measured has done nothing yet."""
    server = SyncProcess(folder / "server", free_port(), database)
    try:
        await server.start()
        return tuple([await _make_room(members[at : at + size], server.port) for at in range(0, len(members), size)])
    finally:
        server.close()


async def _make_room(members: tuple[Member, ...], port: int) -> str:
    first = members[0]
    device = NetDevice(first.user, first.device, first.tokens.access, port)
    device.begin()
    room = IdMaker(os.urandom).make(device.now_ms())
    seats = tuple(Seat(member.user) for member in members[1:])
    device.submit(room, RoomCreate(RoomKind.GROUP, "All", members=seats), Kind.ROOM_CREATE)
    try:
        await until(lambda: not device.waiting(), 20)
    finally:
        await device.close()
    await asyncio.sleep(0)
    return room
