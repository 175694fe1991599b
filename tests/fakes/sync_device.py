"""A device as a driver of the protocol's state machine: its disk in memory, its wires as lists, killed between any two actions."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from sync_server.protocol import fold
from sync_server.protocol.actions import (
    Action,
    Connect,
    Disconnect,
    DropOp,
    FetchSnapshot,
    Leave,
    LoadHeld,
    NeedToken,
    Renumber,
    SaveEvents,
    SaveOlder,
    SaveOp,
    SaveSettled,
    Send,
    Settled,
    Stands,
    StartFrom,
    Wake,
)
from sync_server.protocol.client import Kept, SyncClient
from sync_server.protocol.events import Cursor, Event, Op
from sync_server.protocol.messages import FromDevice, FromServer, Snapshot


class Killed(Exception):
    """The process ended here."""


@dataclass
class RoomOnDisk:
    """One room's copy as a device stores it."""

    cursor: Cursor
    base: str = ""  # the snapshot that it began with
    events: list[Event] = field(default_factory=list)
    unconfirmed: dict[str, Event] = field(default_factory=dict)
    is_left: bool = False

    def state(self) -> fold.RoomState:
        return fold.fold(self.events, fold.parse_state(self.base) if self.base else None)


@dataclass
class Disk:
    """What survives a kill."""

    ops: dict[str, Op] = field(default_factory=dict)
    settled: dict[str, Settled] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    rooms: dict[str, RoomOnDisk] = field(default_factory=dict)

    def room(self, name: str) -> RoomOnDisk:
        return self.rooms.setdefault(name, RoomOnDisk(Cursor(name)))

    def waiting(self) -> list[Op]:
        return [op for op in self.ops.values() if op.id not in self.settled]


class SyncDevice:
    """One device of one person. ``out`` is what it sent and nobody has taken yet; ``done`` every action since its start."""

    def __init__(self, user: str, device: str, seed: int, now_ms: int = 1_790_000_000_000) -> None:
        self.user = user
        self.device = device
        self.now_ms = now_ms
        self.disk = Disk()
        self.random = random.Random(seed)
        self.snapshots: dict[str, Snapshot | None] = {}
        self.kill_after: int | None = None
        self.n_connections = 0
        self.restart()

    def restart(self) -> None:
        """A new process over what the disk holds."""
        self.kill_after = None
        self.wires_up = False
        self.out: list[FromDevice] = []
        self.done: list[Action] = []
        self.wake_ms: int | None = None
        self.stands = Stands("offline")
        kept = Kept(
            device=self.device,
            cursors=tuple(room.cursor for room in self.disk.rooms.values() if room.cursor.s or room.cursor.e),
            floors={name: room.events[0].s for name, room in self.disk.rooms.items() if room.events},
            outbox=tuple(self.disk.ops.values()),
            settled=tuple(self.disk.settled.values()),
            counts=dict(self.disk.counts),
            user=self.user,
            left=frozenset(name for name, room in self.disk.rooms.items() if room.is_left),
        )
        self.client = SyncClient(kept, self.random.randbytes, self.random.random)

    # What happens.

    def go_online(self) -> None:
        self.carry_out(self.client.want(True, self.now_ms))

    def receive(self, message: FromServer) -> None:
        self.carry_out(self.client.received(message, self.now_ms))

    def cut(self) -> None:
        """The connection breaks; what was on its way is gone."""
        self.wires_up = False
        self.out = []
        self.carry_out(self.client.closed(1006, "", self.now_ms))

    def wait(self, by_ms: int) -> None:
        """Time passes, and the alarm rings when it is due."""
        until_ms = self.now_ms + by_ms
        while self.wake_ms is not None and self.wake_ms <= until_ms:
            self.now_ms, self.wake_ms = max(self.now_ms, self.wake_ms), None
            self.carry_out(self.client.tick(self.now_ms))
        self.now_ms = until_ms

    def jump(self, by_ms: int) -> None:
        """The clock is set; the alarm rings after as long a wait as before."""
        self.now_ms += by_ms
        self.wake_ms = None if self.wake_ms is None else self.wake_ms + by_ms

    def write(self, room: str, body: object, kind: str) -> Op:
        op, actions = self.client.submit(room, body, kind, self.now_ms)
        self.carry_out(actions)
        return op

    # What is to be done.

    def carry_out(self, actions: list[Action]) -> None:
        reports: list[Callable[[], list[Action]]] = []
        for action in actions:
            if self.kill_after is not None:
                self.kill_after -= 1
                if self.kill_after < 0:
                    raise Killed
            self.done.append(action)
            report = self._carry_out(action)
            reports += [report] if report else []
        for report in reports:
            self.carry_out(report())

    def _carry_out(self, action: Action) -> Callable[[], list[Action]] | None:
        """Carry an action out; gives what is then to be reported."""
        match action:
            case Send(message):
                assert self.wires_up, "nothing is sent without a connection"
                self.out.append(message)
            case Wake(at_ms):
                self.wake_ms = at_ms
            case Stands():
                self.stands = action
            case Connect():
                assert not self.wires_up, "one connection at a time"
                self.wires_up = True
                self.n_connections += 1
            case Disconnect():
                self.wires_up, self.out = False, []
            case _:
                self._save(action)
        return self._report(action)

    def _report(self, action: Action) -> Callable[[], list[Action]] | None:
        client, report = self.client, None
        match action:
            case NeedToken():
                report = partial(client.token, "token")
            case Connect():
                report = client.opened
            case Disconnect():
                report = partial(client.closed, 1000, "")
            case LoadHeld(room, after):
                report = partial(client.held, room, [event for event in self.disk.room(room).events if event.s > after])
            case FetchSnapshot(room):
                found = self.snapshots.get(room)
                report = partial(client.snapshot, found) if found else partial(client.no_snapshot, room)
        return partial(report, self.now_ms) if report else None

    def _save(self, action: Action) -> None:
        match action:
            case SaveOp(op, instead):
                self.disk.ops.pop(instead, None)
                self.disk.settled.pop(instead, None)
                self.disk.ops[op.id] = op
                self.disk.counts[op.r] = op.cseq
            case DropOp(identity):
                self.disk.ops.pop(identity, None)
                self.disk.settled.pop(identity, None)
            case Renumber(room, numbers):
                for identity, cseq in numbers:
                    if identity in self.disk.ops:
                        op = self.disk.ops[identity]
                        self.disk.ops[identity] = Op(op.id, op.r, op.k, op.b, op.n, cseq, op.base, op.cts, op.rec)
                    self.disk.counts[room] = cseq
            case SaveSettled(settled):
                self.disk.settled |= {one.id: one for one in settled if one.id in self.disk.ops}
            case SaveEvents(cursor, events, settled):
                self._save_events(cursor, events, settled)
            case SaveOlder(room, events):
                copy = self.disk.room(room)
                oldest = copy.events[0].s if copy.events else copy.cursor.s + 1
                assert not events or events[-1].s == oldest - 1, "older history joins what is held"
                copy.events[:0] = events
            case StartFrom():
                self._start_from(action)
            case Leave(room):
                self.disk.room(room).is_left = True

    def _save_events(self, cursor: Cursor, events: tuple[Event, ...], settled: tuple[Settled, ...]) -> None:
        copy = self.disk.room(cursor.r)
        for s, event in enumerate(events, copy.cursor.s + 1):
            assert event.s == s, "the cursor never passes a missing event"
        copy.events += events
        copy.cursor = cursor
        copy.is_left = False
        for event in events:
            copy.unconfirmed.pop(event.id, None)
        for one in settled:
            self.disk.ops.pop(one.id, None)
            self.disk.settled.pop(one.id, None)

    def _start_from(self, action: StartFrom) -> None:
        copy = self.disk.room(action.cursor.r)
        copy.events = [event for event in copy.events if event.s <= action.keep]
        if action.snapshot or not action.keep:
            copy.base = action.snapshot.state if action.snapshot else ""
        copy.cursor = action.cursor
        copy.unconfirmed |= {event.id: event for event in action.unconfirmed}
        for op in action.again:
            self.disk.ops.pop(op.id, None)
            self.disk.settled.pop(op.id, None)
            self.disk.ops[op.id] = op
            self.disk.counts[op.r] = op.cseq
