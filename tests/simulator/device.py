"""A device: the real state machine of the client, driven over a disk and a network that fail as the seed says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync_server.protocol import actions
from sync_server.protocol.actions import Action
from sync_server.protocol.bodies import Body
from sync_server.protocol.client import SyncClient
from sync_server.protocol.codec import Codec, decode_from_server, encode
from sync_server.protocol.events import Op
from sync_server.protocol.messages import Push
from tests.simulator.copies import Copies, is_saved
from tests.simulator.disk import Disk
from tests.simulator.histories import Step
from tests.simulator.network import Network, Wire
from tests.simulator.world import World


class CrashError(Exception):
    """The device's process is gone from here on: nothing after this line has happened."""


@dataclass
class Watch:
    """What the checkers want to know of a device while it runs, in the order in which it happened."""

    accepted: dict[str, Op] = field(default_factory=dict)  # what the person was told is safe
    refused: dict[str, str] = field(default_factory=dict)  # what was refused for good, and why
    given_up: set[str] = field(default_factory=set)  # refused, and then sent anew under another id or dropped
    left: set[str] = field(default_factory=set)  # rooms that were not theirs for a while
    histories: dict[str, list[Step]] = field(default_factory=dict)  # room: what was taken in, in order
    faults: list[str] = field(default_factory=list)  # what must not be, seen at once


@dataclass(frozen=True)
class Surroundings:
    """What a device lives in. ``server`` gives the end that answers on a wire; ``token`` an access token for this device."""

    world: World
    network: Network
    server: Callable[[str], Any]
    token: Callable[["Device"], str | None]
    snapshot: Callable[["Device", str, str], Any]


class Device:
    """One person's device and its side of one server."""

    def __init__(self, name: str, user: str, device: str, server: str, around: Surroundings) -> None:
        self.name = name
        self.user = user
        self.device = device
        self.server = server
        self.watch = Watch()
        self.skew_ms = 0
        self.is_up = False
        self.crash_after = -1  # actions until it dies, -1: it does not
        self.disk = Disk()
        self.copies = Copies(self.disk, user, device)
        self.core: SyncClient | None = None
        self._around = around
        self._wire: Wire | None = None
        self._life = 0
        self._wake = 0
        self.codec = Codec.MSGPACK if around.world.chance(0.5) else Codec.JSON

    @property
    def world(self) -> World:
        """The world that it is in."""
        return self._around.world

    def now_ms(self) -> int:
        """What this device believes the time is."""
        return self.world.now_ms + self.skew_ms

    # Its process.

    def begin(self) -> None:
        """Start the process from what the disk holds, and go online."""
        self.is_up = True
        self._life += 1
        self._wire = None
        self.copies = Copies(self.disk, self.user, self.device)
        # A record that was not synced may have survived whole: nobody was told of it, and it counts all the same.
        self.watch.accepted = {
            **self.watch.accepted,
            **{i: op for i, op in self.copies.outbox.items() if i not in self.watch.accepted},
        }
        for history in self.watch.histories.values():
            history.append(None)
        self.core = SyncClient(self.copies.kept(), self.world.entropy, self.world.random.random)
        self.world.note(self.name, f"begins with {len(self.copies.outbox)} in the outbox")
        self._do(lambda core: core.want(True, self.now_ms()))

    def crash(self) -> None:
        """kill -9: the connection breaks and what was not synced may be gone."""
        if not self.is_up:
            return
        self.world.note(self.name, "is killed")
        self.is_up = False
        self._life += 1
        self.crash_after = -1
        self.core = None
        self.disk.crash(self.world.random)
        if self._wire is not None:
            self._around.network.cut(self._wire)
            self._wire = None

    # What its person does.

    def submit(self, room: str, body: Body, kind: str) -> Op | None:
        """Do something in a room; None where the device died before it was safe."""
        if self.core is None:
            return None
        done: list[Op] = []

        def act(core: SyncClient) -> list[Action]:
            op, deeds = core.submit(room, body, kind, self.now_ms())
            done.append(op)
            return deeds

        self._do(act)
        if not done or done[0].id not in self.watch.accepted:
            return None
        return done[0]

    def give_up(self, identity: str) -> None:
        """Let a refused operation go."""
        self.watch.given_up.add(identity)
        self._do(lambda core: core.drop(identity, self.now_ms()))

    def try_again(self, identity: str) -> None:
        """Send a refused operation again, as a new one."""
        self.watch.given_up.add(identity)
        self._do(lambda core: _actions_of(core.again(identity, self.now_ms())))

    def tell(self, act: Callable[[SyncClient], list[Action]]) -> None:
        """Anything else that is asked of the state machine."""
        self._do(act)

    # What its network says.

    def heard(self, wire: Wire, data: bytes) -> None:
        """A frame came."""
        if wire is self._wire:
            message = decode_from_server(data, self.codec)
            self._do(lambda core: core.received(message, self.now_ms()))

    def hung_up(self, wire: Wire, code: int, why: str) -> None:
        """The connection is over."""
        if wire is self._wire:
            self._wire = None
            self._do(lambda core: core.closed(code, why, self.now_ms()))

    # Its state machine's wishes.

    def _do(self, act: Callable[[SyncClient], Sequence[Action]]) -> None:
        if self.core is None:
            return
        try:
            for action in act(self.core):
                self._carry_out(action)
        except CrashError:
            self.crash()

    def _carry_out(self, action: Action) -> None:
        self._maybe_die()
        self._watch_before(action)
        if is_saved(action):
            self.copies.write(action)
            self._maybe_die()
            self.copies.keep(action)
            self._watch_saved(action)
            return
        match action:
            case actions.Send(message):
                if self._wire is not None:
                    self._around.network.send(self._wire, encode(message, self.codec), is_up=True)
            case actions.Connect():
                self._connect()
            case actions.Disconnect(code, why):
                self._disconnect(code, why)
            case actions.NeedToken():
                self._later(self.world.random.randint(1, 40), self._get_token)
            case actions.FetchSnapshot(room, path):
                self._later(self.world.random.randint(5, 60), lambda: self._get_snapshot(room, path))
            case actions.LoadHeld(room, after):
                self._load(room, after)
            case actions.Wake(at_ms):
                self._set_alarm(at_ms)
            case actions.Stands(state, why):
                self.world.note(self.name, f"is {state} {why}")
                if state == "refused":  # its person signs in again
                    self._later(
                        self.world.random.randint(500, 5_000), lambda: self._do(lambda core: core.want(True, self.now_ms()))
                    )

    def _maybe_die(self) -> None:
        if self.crash_after == 0:
            raise CrashError
        self.crash_after = max(-1, self.crash_after - 1)

    def _later(self, delay_ms: int, deed: Callable[[], None]) -> None:
        """Do it later, unless the process has ended by then."""
        life = self._life
        self.world.later(delay_ms, lambda: deed() if self._life == life else None)

    def _connect(self) -> None:
        wire = Wire(self, self._around.server(self.server), (self.name, self.server), self.codec.value)
        self._wire = wire
        life = self._life

        def up() -> None:
            if self._life != life or self._wire is not wire:
                self._around.network.cut(wire)
                return
            wire.far.picked_up(wire)
            self._do(lambda core: core.opened(self.now_ms()))

        def down() -> None:
            if self._life == life and self._wire is wire:
                self._wire = None
                self._do(lambda core: core.closed(1006, "no connection", self.now_ms()))

        self._around.network.connect(wire, up=up, down=down)

    def _disconnect(self, code: int, why: str) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            self._around.network.hang_up(wire, code, why, by_device=True)
            self._later(1, lambda: self._do(lambda core: core.closed(code, why, self.now_ms())))

    def _get_token(self) -> None:
        token = self._around.token(self)
        if token is None:
            self._do(lambda core: core.no_token(is_final=False, why="not now", now_ms=self.now_ms()))
        else:
            self._do(lambda core: core.token(token, self.now_ms()))

    def _get_snapshot(self, room: str, path: str) -> None:
        found = self._around.snapshot(self, room, path)
        if found is None:
            self._do(lambda core: core.no_snapshot(room, self.now_ms()))
        else:
            self._do(lambda core: core.snapshot(found, self.now_ms()))

    def _load(self, room: str, after: int) -> None:
        copy = self.copies.rooms.get(room)
        events = tuple(event for s, event in sorted(copy.events.items()) if s > after) if copy else ()
        self._later(1, lambda: self._do(lambda core: core.held(room, events, self.now_ms())))

    def _set_alarm(self, at_ms: int) -> None:
        self._wake += 1
        number = self._wake

        def ring() -> None:
            if number == self._wake:
                self._do(lambda core: core.tick(self.now_ms()))

        self._later(max(1, at_ms - self.now_ms()), ring)

    # What the checkers are told.

    def _watch_before(self, action: Action) -> None:
        """Look at a change while what it changes is still as before."""
        if isinstance(action, actions.SaveEvents):
            self.watch.faults += self._holes(action)
        elif isinstance(action, actions.Send) and isinstance(action.message, Push):
            unsafe = [op.id for op in action.message.ops if op.id not in self.watch.accepted]
            self.watch.faults += [f"I10: {self.name} sends {identity} before it is safe" for identity in unsafe]

    def _holes(self, action: actions.SaveEvents) -> list[str]:
        copy = self.copies.rooms.get(action.cursor.r)
        at = copy.cursor.s if copy and copy.cursor else 0
        found = []
        for event in action.events:
            if event.s != at + 1:
                found.append(f"I11: {self.name} takes {event.s} of {action.cursor.r} after {at}")
            at = event.s
        if action.cursor.s != at:
            found.append(f"I11: {self.name} has a cursor of {action.cursor.r} at {action.cursor.s} after {at}")
        return found

    def _watch_saved(self, action: Action) -> None:
        match action:
            case actions.SaveOp(op):
                self.watch.accepted[op.id] = op
            case actions.SaveEvents(cursor, events, settled):
                history = self.watch.histories.setdefault(cursor.r, [])
                history += [(cursor.e, event.s, f"{event.d}/{event.id}") for event in events]
                self._watch_settled(settled)
            case actions.SaveSettled(settled):
                self._watch_settled(settled)
            case actions.Leave(room):
                self.watch.left.add(room)
            case actions.StartFrom(cursor):
                self.watch.histories.setdefault(cursor.r, []).append(None)
                for op in action.again:  # the making of a room that another device made is this one's now
                    self.watch.accepted.setdefault(op.id, op)

    def _watch_settled(self, settled: Sequence[actions.Settled]) -> None:
        for one in settled:
            if one.code:
                self.watch.refused[one.id] = one.code


def _actions_of(given: Any) -> Sequence[Action]:
    """Actions alone, or with what else was given."""
    return given[1] if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], list) else given
