"""What the people of the world do: everything that can be done to a room, from what each of them sees."""

from collections.abc import Callable
from typing import Final

from sync_server.protocol.bodies import (
    Body,
    Erase,
    MemberSet,
    MsgCreate,
    MsgDelete,
    MsgEdit,
    PinSet,
    ReactSet,
    RoomCreate,
    RoomEdit,
    RoomKind,
    RoomRole,
    Seat,
)
from sync_server.protocol.events import Kind
from sync_server.protocol.ids import IdMaker, direct_room
from tests.simulator.device import Device
from tests.simulator.shelves import Shelves
from tests.simulator.world import World

EMOJI: Final = ("👍", "🚀", "🐻")
WEIGHTS: Final = {
    "say": 46,
    "edit": 12,
    "delete": 4,
    "react": 14,
    "pin": 4,
    "seat": 6,
    "edit_room": 2,
    "erase": 2,
    "read": 6,
    "type": 2,
    "look_back": 2,
    "make_room": 2,
    "meet": 2,
    "try_again": 4,
}


class Hands:
    """Acts for a device's person. ``neighbours``: who else is on that server."""

    def __init__(self, world: World, neighbours: dict[str, list[str]]) -> None:
        self._world = world
        self._neighbours = neighbours
        self._ids = IdMaker(world.entropy)
        self._n_said = 0
        self._choices = list(WEIGHTS)
        self._weights = list(WEIGHTS.values())

    def act(self, device: Device) -> None:
        """One thing, drawn by chance; nothing where this device cannot do it now."""
        if device.core is None:
            return
        name = self._world.random.choices(self._choices, self._weights)[0]
        deed: Callable[[Device], None] = getattr(self, "_" + name)
        deed(device)

    def make_room(self, device: Device, *, shows_history: bool, is_open: bool, members: list[str]) -> str:
        """A new named room; its id."""
        room = self._ids.make(device.now_ms())
        seats = tuple(Seat(user, self._role()) for user in members if user != device.user)
        name = f"Room {self._world.random.randrange(1000)}"
        device.submit(room, RoomCreate(RoomKind.GROUP, name, "", seats, is_open, shows_history), Kind.ROOM_CREATE)
        return room

    # Where and at what.

    def _role(self) -> RoomRole:
        return self._world.random.choice((RoomRole.MEMBER, RoomRole.MEMBER, RoomRole.MODERATOR, RoomRole.READER, RoomRole.OWNER))

    def _room(self, device: Device) -> str | None:
        rooms = [room for room, copy in device.copies.rooms.items() if not copy.is_left]
        return self._world.random.choice(rooms) if rooms else None

    def _target(self, device: Device, room: str, *, mine: bool = False) -> str | None:
        copy = device.copies.rooms[room]
        found = [e.id for e in copy.events.values() if e.k == Kind.MSG_CREATE and (not mine or e.a == device.user)]
        return self._world.random.choice(found[-12:]) if found else None

    def _submit(self, device: Device, make: Callable[[str], Body], kind: str, *, mine: bool = False) -> None:
        room = self._room(device)
        target = self._target(device, room, mine=mine) if room else None
        if room and target:
            device.submit(room, make(target), kind)

    def _words(self) -> str:
        self._n_said += 1
        return f"word {self._n_said} {self._world.random.getrandbits(64):016x}"

    # What.

    def _say(self, device: Device) -> None:
        room = self._room(device)
        if room is None:
            return
        chance = self._world.chance
        mentions = (self._world.random.choice(self._neighbours[device.server]),) if chance(0.1) else ()
        thread = self._target(device, room) or "" if chance(0.1) else ""
        for _ in range(self._world.random.choice((1, 1, 1, 2, 5))):
            device.submit(room, MsgCreate(self._words(), thread, mentions), Kind.MSG_CREATE)

    def _edit(self, device: Device) -> None:
        self._submit(device, lambda target: MsgEdit(target, self._words()), Kind.MSG_EDIT, mine=self._world.chance(0.7))

    def _delete(self, device: Device) -> None:
        self._submit(device, MsgDelete, Kind.MSG_DELETE, mine=self._world.chance(0.8))

    def _react(self, device: Device) -> None:
        emoji, is_on = self._world.random.choice(EMOJI), self._world.chance(0.7)
        self._submit(device, lambda target: ReactSet(target, emoji, is_on), Kind.REACT_SET)

    def _pin(self, device: Device) -> None:
        is_on = self._world.chance(0.6)
        self._submit(device, lambda target: PinSet(target, is_on), Kind.PIN_SET)

    def _erase(self, device: Device) -> None:
        self._submit(device, lambda target: Erase((target,)), Kind.ERASE)

    def _seat(self, device: Device) -> None:
        room = self._room(device)
        if room is None:
            return
        user = self._world.random.choice(self._neighbours[device.server])
        role = None if self._world.chance(0.4) else self._role()
        device.submit(room, MemberSet(user, role), Kind.MEMBER_SET)

    def _edit_room(self, device: Device) -> None:
        room = self._room(device)
        if room is not None:
            device.submit(room, RoomEdit(topic=self._words()), Kind.ROOM_EDIT)

    def _make_room(self, device: Device) -> None:
        members = self._world.random.sample(self._neighbours[device.server], 2)
        self.make_room(device, shows_history=self._world.chance(0.5), is_open=self._world.chance(0.5), members=members)

    def _meet(self, device: Device) -> None:
        """Begin the room of two, whether or not the other has begun it meanwhile, and say something in it."""
        other = self._world.random.choice(self._neighbours[device.server])
        if other == device.user:
            return
        room = direct_room(device.user, other)
        device.submit(room, RoomCreate(RoomKind.DIRECT, members=(Seat(other),)), Kind.ROOM_CREATE)
        device.submit(room, MsgCreate(self._words()), Kind.MSG_CREATE)

    def join(self, device: Device, shelves: Shelves) -> None:
        """Join an open room that this device does not know."""
        rooms = [view.room for view in shelves.rooms.values() if view.is_open and device.user not in view.seats]
        if rooms:
            device.submit(self._world.random.choice(rooms), MemberSet(device.user), Kind.MEMBER_SET)

    def _read(self, device: Device) -> None:
        room = self._room(device)
        cursor = device.copies.rooms[room].cursor if room else None
        if room and cursor and cursor.s:
            device.tell(lambda core: core.read_to(room, self._world.random.randint(1, cursor.s), device.now_ms()))

    def _type(self, device: Device) -> None:
        room = self._room(device)
        if room:
            device.tell(lambda core: core.say("typing", room, "", device.now_ms()))

    def _look_back(self, device: Device) -> None:
        room = self._room(device)
        if room:
            device.tell(lambda core: core.older(room, 20, device.now_ms()))

    def _try_again(self, device: Device) -> None:
        """Send a refused operation again, or let it go."""
        refused = [one.id for one in device.copies.settled.values() if one.code and one.id in device.copies.outbox]
        if not refused:
            return
        identity = self._world.random.choice(refused)
        if self._world.chance(0.5):
            device.give_up(identity)
        else:
            device.try_again(identity)
