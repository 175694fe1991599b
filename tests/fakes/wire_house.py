"""A real server process behind the fault proxy, devices over real sockets, and what must hold between them in the end."""

import contextlib
import random
import shutil
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from sync_server.protocol.bodies import MsgCreate, MsgEdit, ReactSet, RoomCreate, RoomKind, Seat
from sync_server.protocol.events import Kind, Op
from sync_server.protocol.ids import IdMaker
from tests.fakes.fault_proxy import CALM, FaultProxy, Faults
from tests.fakes.net_device import NetDevice
from tests.fakes.sync_process import SyncProcess, people_on
from tests.fakes.sync_server import Member
from tests.fakes.waiting import until
from tests.simulator.copies import Copy

OPS_WAITING_MAX = 300


@dataclass
class WireHouse:
    """One server, one proxy, devices of several people, and rooms that all of them are in."""

    server: SyncProcess
    proxy: FaultProxy
    members: tuple[Member, ...]
    draw: random.Random
    devices: list[NetDevice] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    accepted: dict[str, list[Op]] = field(default_factory=dict)  # device: in order

    def device(self, member: Member, port: int = 0) -> NetDevice:
        """A device of somebody, through the proxy unless a port is said."""
        return NetDevice(member.user, member.device, member.tokens.access, port or self.proxy.port)

    def submit(self, device: NetDevice, room: str, kind: str) -> None:
        """One operation of this kind; a message where there is nothing yet that it could be about."""
        mine = [op for op in self.accepted.get(device.device, ()) if op.r == room and op.k == Kind.MSG_CREATE]
        target = self.draw.choice(mine[-20:]).id if mine else ""
        if kind == Kind.MSG_EDIT and target:
            op = device.submit(room, MsgEdit(target, f"better {self.draw.random()}"), kind)
        elif kind == Kind.REACT_SET and target:
            op = device.submit(room, ReactSet(target, "👍", self.draw.random() < 0.7), kind)
        else:
            op = device.submit(room, MsgCreate(f"word {self.draw.random()}"), Kind.MSG_CREATE)
        self.accepted.setdefault(device.device, []).append(op)

    async def make_rooms(self, n: int) -> None:
        """Rooms of the first device's person, with everyone in them; all devices have them when it returns."""
        ids = IdMaker(self.draw.randbytes)
        seats = tuple(Seat(member.user) for member in self.members[1:])
        for at in range(n):
            room = ids.make(self.devices[0].now_ms())
            self.rooms.append(room)
            op = self.devices[0].submit(room, RoomCreate(RoomKind.GROUP, f"Room {at}", members=seats), Kind.ROOM_CREATE)
            self.accepted.setdefault(self.devices[0].device, []).append(op)
        await until(lambda: all(set(self.rooms) <= set(device.copies.rooms) for device in self.devices), 30)

    async def talk(self, n_ops: int, between: Callable[[int], Awaitable[None]] | None = None) -> None:
        """Everyone says things in turn, as fast as the slowest lets them; ``between`` is awaited every ten operations."""
        kinds = (Kind.MSG_CREATE,) * 7 + (Kind.MSG_EDIT, Kind.REACT_SET, Kind.REACT_SET)
        for at in range(n_ops):
            place = self.draw.randrange(len(self.devices))
            self.submit(self.devices[place], self.draw.choice(self.rooms), self.draw.choice(kinds))
            if at % 10 == 9:
                if between is not None:
                    await between(at + 1)
                await self._keep_pace(at)

    async def _keep_pace(self, at: int) -> None:
        try:
            await until(lambda: sum(device.waiting() for device in self.devices) < OPS_WAITING_MAX, 120)
        except TimeoutError as error:
            standing = "; ".join(f"{device.device}: {device.waiting()} wait, {device.state}" for device in self.devices)
            raise AssertionError(f"Too much waits after {at} operations: {standing}") from error

    async def settle(self, timeout_s: float = 90.0) -> None:
        """Until nothing waits and all copies end at the same place."""
        for device in self.devices:
            device.begin()
        await until(lambda: not any(device.waiting() for device in self.devices), timeout_s, what="outboxes drain")
        await until(lambda: len({self._ends(device) for device in self.devices}) == 1, timeout_s, what="copies agree")

    def _ends(self, device: NetDevice) -> tuple[object, ...]:
        return tuple(device.copies.rooms[room].cursor for room in self.rooms)

    async def check(self) -> int:
        """0 lost, 0 doubled, 0 out of order, and all copies the same to the byte, a new one too; how many operations there are."""
        fresh = NetDevice(self.members[0].user, self.members[0].device, self.members[0].tokens.access, self.server.port)
        fresh.begin()
        first = self.devices[0].copies.rooms
        try:
            await until(lambda: self._ends_like(fresh), 30, what="a new copy is whole")
        finally:
            await fresh.close()
        for device in [*self.devices[1:], fresh]:
            for room in self.rooms:
                assert same(device.copies.rooms[room], first[room]), f"{device.device} has another copy of {room}"
        return self._check_operations()

    def _ends_like(self, fresh: NetDevice) -> bool:
        return all(room in fresh.copies.rooms for room in self.rooms) and self._ends(fresh) == self._ends(self.devices[0])

    def _check_operations(self) -> int:
        n_ops = 0
        rooms = self.devices[0].copies.rooms
        refused = {one.id for device in self.devices for one in device.copies.settled.values() if one.code}
        for maker, ops in self.accepted.items():
            for room in self.rooms:
                log = [event.id for _, event in sorted(rooms[room].events.items()) if event.d == maker]
                made = [op.id for op in ops if op.r == room and op.id not in refused]
                assert Counter(log) == Counter(made), f"lost or doubled: {set(made) ^ set(log)}"
                assert log == made, "out of order"
                n_ops += len(log)
        return n_ops

    async def close(self) -> None:
        """End the devices."""
        for device in self.devices:
            await device.close()


def same(one: Copy, other: Copy) -> bool:
    """Whether two copies are the same to the byte: what both hold, and what they show, also where one began with a snapshot."""
    first = max(one.floor(), other.floor())
    pages = [msgspec.msgpack.encode([event for s, event in sorted(copy.events.items()) if s >= first]) for copy in (one, other)]
    return pages[0] == pages[1] and len({copy.to_text() for copy in (one.shown, one.state(), other.shown, other.state())}) == 1


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.asynccontextmanager
async def wire_house(
    folder: Path, seed: int, *, n_people: int = 6, faults: Faults = CALM, database: str = "", data: Path | None = None
) -> AsyncIterator[WireHouse]:
    """Everything running; ``data``: where the server's data is moved to lie, beside ``folder``/server."""
    members = await people_on(folder, n_people, database)
    port = free_port()
    server = SyncProcess(data or folder / "server", port, database)
    if data is not None:
        shutil.copytree(folder / "server", data, dirs_exist_ok=True)
    try:
        await server.start()
        async with FaultProxy(("127.0.0.1", port), seed, faults) as proxy:
            house = WireHouse(server, proxy, members, random.Random(seed))
            try:
                yield house
            finally:
                await house.close()
    finally:
        server.close()


def all_devices(house: WireHouse, members: Sequence[Member]) -> None:
    """A device of each, begun."""
    house.devices = [house.device(member) for member in members]
    for device in house.devices:
        device.begin()
