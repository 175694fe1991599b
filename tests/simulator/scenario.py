"""One seed's whole run: who is there, what they do, what goes wrong meanwhile, and the quiet in which all must become one again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sync_server.actor import Role
from sync_server.protocol.events import Kind
from sync_server.rooms.rules import is_direct_id
from tests.simulator.device import Device, Surroundings
from tests.simulator.hands import Hands
from tests.simulator.network import Network, Weather
from tests.simulator.server import FORGER, TOKEN_MS, Server
from tests.simulator.world import World

N_SERVERS: Final = 5
N_CLIENTS: Final = 20
N_PEOPLE: Final = 14
BUSY_MS: Final = 60_000
QUIET_MS_MAX: Final = 360_000
STEP_MS: Final = 5_000
STEPS_STUCK: Final = 12
FAREWELL: Final = "has not left room"
ROLES: Final = (Role.OWNER, Role.ADMIN, Role.MODERATOR, Role.TRADER, Role.GUEST)
CALM: Final = Weather()
WEATHERS: Final = (
    CALM,
    Weather(delay_ms=(5, 120), cut=0.01),
    Weather(delay_ms=(1, 40), duplicate=0.05, reorder=0.1),
    Weather(delay_ms=(1, 60), drop_down=0.05),
    Weather(delay_ms=(1, 80), drop_up=0.04, drop_down=0.04, duplicate=0.04, reorder=0.08, cut=0.005),
)


@dataclass(frozen=True)
class Size:
    """How much happens in a run."""

    n_deeds: int = 160
    n_troubles: int = 14


class Scenario:
    """Five servers, twenty clients and a seed. ``run`` ends in quiet, or says that it does not."""

    def __init__(self, seed: int, size: Size | None = None) -> None:
        self.size = size or Size()
        self.world = World(seed)
        random = self.world.random
        self.network = Network(self.world, random.choice(WEATHERS))
        people = [f"{n:08x}-0000-7000-8000-000000000001" for n in range(1, N_PEOPLE + 1)]
        self.roles = {user: ROLES[n] if n < len(ROLES) else Role.MEMBER for n, user in enumerate(people)}
        self.servers = {name: Server(name, self.world, self.network, self.roles) for name in self._server_names()}
        around = Surroundings(self.world, self.network, self.servers.__getitem__, self._token, self._snapshot)
        self.devices: list[Device] = []
        neighbours: dict[str, list[str]] = {name: [] for name in self.servers}
        for n in range(N_CLIENTS):
            user = people[n % N_PEOPLE]
            for server in random.sample(self._server_names(), random.choice((1, 1, 2))):
                identity = f"{n + 1:08x}-0000-7000-8000-{server[-1]:>012}"
                self.devices.append(Device(f"c{n + 1}@{server}", user, identity, server, around))
                neighbours[server] += [user] if user not in neighbours[server] else []
        self.neighbours = {
            name: users + [user for user in people if user not in users][: max(0, 3 - len(users))]
            for name, users in neighbours.items()
        }
        self.hands = Hands(self.world, self.neighbours)
        self.restored: set[str] = set()
        self._backups: dict[str, list[bytes]] = {}
        self.seeds_of_trouble: list[str] = []

    @staticmethod
    def _server_names() -> list[str]:
        return [f"s{n}" for n in range(1, N_SERVERS + 1)]

    # What devices get from outside the protocol.

    def _token(self, device: Device) -> str | None:
        server = self.servers[device.server]
        if not server.is_up or self.world.chance(0.02):
            return None
        n_ended = sum(name.startswith(device.name) for name in server.deeds.ended_ms)
        life_ms = self.world.random.choice((20_000, TOKEN_MS))
        return f"{device.user}|{device.device}|{device.name}#{n_ended}|{server.now_ms() + life_ms}"

    def _snapshot(self, device: Device, room: str, path: str) -> Any:
        return None if self.world.chance(0.05) else self.servers[device.server].snapshot(device.user, room)

    # The run.

    def run(self) -> None:
        """From the first word to the last quiet. Raises AssertionError where no quiet comes."""
        for device in self.devices:
            self.world.later(self.world.random.randint(0, 500), device.begin)
        self.world.run_for(2_000)
        self._make_rooms()
        self.world.run_for(3_000)
        self._plan_deeds()
        self._plan_troubles()
        self.world.run_for(BUSY_MS)
        self.heal()
        self._wait_for_quiet()

    def _make_rooms(self) -> None:
        random = self.world.random
        for server, users in self.neighbours.items():
            mine = [one for one in self.devices if one.server == server and self.roles[one.user] is not Role.GUEST]
            for _ in range(random.choice((1, 2))):
                if mine:
                    maker = random.choice(mine)
                    members = random.sample(users, min(len(users), random.randint(2, 6)))
                    self.hands.make_room(
                        maker, shows_history=self.world.chance(0.6), is_open=self.world.chance(0.6), members=members
                    )

    def _plan_deeds(self) -> None:
        random = self.world.random
        for _ in range(self.size.n_deeds):
            device = random.choice(self.devices)
            deed: Callable[[], None] = (
                (lambda device=device: self._join(device))
                if self.world.chance(0.03)
                else (lambda device=device: self.hands.act(device))
            )
            self.world.later(random.randint(0, BUSY_MS - 1), deed)

    def _join(self, device: Device) -> None:
        if device.core is not None:
            self.hands.join(device, self.servers[device.server].shelves)

    # What goes wrong.

    def _plan_troubles(self) -> None:
        random = self.world.random
        kinds = {
            self._kill_client: 6,
            self._kill_server: 3,
            self._part: 3,
            self._fill_disk: 1,
            self._turn_clock: 2,
            self._end_session: 1,
            self._cut: 2,
            self._forge: 2,
            self._back_up: 2,
            self._restore: 2,
        }
        for trouble in random.choices(list(kinds), list(kinds.values()), k=self.size.n_troubles):
            self.world.later(random.randint(0, BUSY_MS - 1), trouble)

    def _kill_client(self) -> None:
        device = self.world.random.choice(self.devices)
        if device.is_up:
            device.crash_after = self.world.random.randint(0, 12)
            self.world.later(self.world.random.randint(500, 8_000), lambda: self._wake(device))

    @staticmethod
    def _wake(device: Device) -> None:
        if device.is_up:
            device.crash()
        device.begin()

    def _kill_server(self) -> None:
        server = self.world.random.choice(list(self.servers.values()))
        if server.is_up:
            server.crash()
            self.world.later(self.world.random.randint(100, 6_000), lambda: None if server.is_up else server.begin())

    def _part(self) -> None:
        device = self.world.random.choice(self.devices)
        is_one_way = self.world.chance(0.4)
        one, other = (device.name, device.server) if self.world.chance(0.5) else (device.server, device.name)
        self.network.block(one, other, one_way=is_one_way)
        self.world.note("network", f"blocks {one} -> {other} {'one way' if is_one_way else 'both ways'}")
        self.world.later(self.world.random.randint(1_000, 70_000), lambda: self.network.unblock(one, other))

    def _fill_disk(self) -> None:
        server = self.world.random.choice(list(self.servers.values()))
        server.disk.is_full = True
        self.world.later(self.world.random.randint(500, 5_000), lambda: self._free_disk(server))

    @staticmethod
    def _free_disk(server: Server) -> None:
        server.disk.is_full = False

    def _turn_clock(self) -> None:
        node = self.world.random.choice([*self.devices, *self.servers.values()])
        node.skew_ms = self.world.random.choice((-3_600_000, -60_000, 60_000, 3_600_000))
        self.world.note(node.name, f"has its clock {node.skew_ms / 60_000:+.0f} min")

    def _end_session(self) -> None:
        device = self.world.random.choice(self.devices)
        server = self.servers[device.server]
        n_ended = sum(name.startswith(device.name) for name in server.deeds.ended_ms)
        server.end_session(f"{device.name}#{n_ended}")

    def _cut(self) -> None:
        self.network.cut_all(self.world.random.choice([*self.servers, *(device.name for device in self.devices)]))

    def _back_up(self) -> None:
        server = self.world.random.choice(list(self.servers.values()))
        if server.is_up:
            self._backups.setdefault(server.name, []).append(server.disk.copy())

    def _forge(self) -> None:
        """Somebody takes the id of another's operation for words of their own: from a device of their own, or from the other's."""
        makers = [device for device in self.devices if device.copies.outbox or device.watch.accepted]
        if not makers:
            return
        maker = self.world.random.choice(makers)
        op = self.world.random.choice([*maker.copies.outbox.values(), *list(maker.watch.accepted.values())[-3:]])
        server = self.servers[maker.server]
        view = server.shelves.rooms.get(op.r)
        if view is None or not server.is_up:
            return
        is_theirs = (maker.device, op.id) in server.shelves.decided and self.world.chance(0.5)
        forger = self.world.random.choice(sorted(view.seats))
        server.forge(op, maker.device if is_theirs else FORGER, maker.user if is_theirs else forger)

    def _restore(self) -> None:
        """A server is lost, and an older copy of it takes its place: mostly the newest, now and then any, then another again."""
        if self._backups:
            name = self.world.random.choice(sorted(self._backups))
            self.restored.add(name)
            backups = self._backups[name]
            self.servers[name].restore(backups[-1] if self.world.chance(0.6) else self.world.random.choice(backups))

    # The end.

    def heal(self) -> None:
        """Everything works again; what was lost on the way stays lost."""
        self.world.note("world", "is healed")
        self.network.weather = CALM
        self.network.heal()
        for server in self.servers.values():
            server.disk.is_full = False
            if not server.is_up:
                server.begin()
        for device in self.devices:
            device.crash_after = -1
            if not device.is_up:
                device.begin()

    def _wait_for_quiet(self) -> None:
        end_ms = self.world.now_ms + QUIET_MS_MAX
        n_quiet = n_steps = 0
        while n_quiet < 2:
            assert self.world.now_ms < end_ms, f"no quiet within {QUIET_MS_MAX} ms: {self.unrest()[:6]}"
            self.world.run_for(STEP_MS)
            unrest, n_steps = self.unrest(), n_steps + 1
            n_quiet = 0 if unrest else n_quiet + 1
            is_stuck = any(FAREWELL in why for why in unrest) and n_steps % STEPS_STUCK == 0
            if is_stuck or (unrest and all(FAREWELL in why for why in unrest)):
                self.network.cut_all()  # the farewell was dropped: a copy that is not asked for any more learns it when it greets

    def unrest(self) -> list[str]:
        """What still moves, or should."""
        return [f"{device.name}: {why}" for device in self.devices for why in self._unrest_of(device)]

    def _waits(self, device: Device, identity: str) -> bool:
        """Whether an operation waits for what can come: nothing does to a room that a restore lost and whose maker had left it."""
        op = device.copies.outbox[identity]
        if identity not in device.copies.settled and op.r not in self.servers[device.server].shelves.rooms:
            return any(may_offer(other, op.r) for other in self.devices if other.server == device.server)
        return device.copies.waits(op)

    def _unrest_of(self, device: Device) -> list[str]:
        shelves, found = self.servers[device.server].shelves, []
        waiting = [identity for identity in device.copies.outbox if self._waits(device, identity)]
        if waiting:
            found.append(f"{len(waiting)} operations wait, first {device.copies.outbox[waiting[0]]}")
        for room, view in shelves.rooms.items():
            copy = device.copies.rooms.get(room)
            at = (copy.cursor.e, copy.cursor.s) if copy and copy.cursor and not copy.is_left else None
            if device.user in view.seats and at != (view.epoch, view.seq):
                found.append(f"stands at {at} of room {room}, which is at {(view.epoch, view.seq)}")
        for room, copy in device.copies.rooms.items():
            view_of = shelves.rooms.get(room)
            holds = copy.cursor is not None and copy.cursor.s > 0 and not copy.is_left
            if holds and (view_of is None or device.user not in view_of.seats):
                found.append(f"{FAREWELL} {room}")
        return found


def may_offer(device: Device, room: str) -> bool:
    """Whether a device makes a room again that its server has lost: it holds its first event, or waits to send it."""
    if any(op.r == room and op.k == Kind.ROOM_CREATE for op in device.copies.outbox.values()):
        return True
    copy = device.copies.rooms.get(room)
    first = copy.events.get(1) if copy is not None and not copy.is_left else None
    return first is not None and (first.a == device.user or is_direct_id(room))
