"""A server: real sessions, real planning and real delivery over shelves, a disk and connections that fail as the seed says."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from sync_server.actor import Actor, Role
from sync_server.edge.acts import Act, Beat, Close, Fetch, Pace, Read, Recheck, Submit, Tell, Verify, Write
from sync_server.edge.delivery import plan_delivery
from sync_server.edge.session import Figures, ServerSession
from sync_server.protocol.codec import Codec, encode
from sync_server.protocol.codes import Code, ResetReason
from sync_server.protocol.events import Kind, Op, OpResult, OpState
from sync_server.protocol.messages import Bye, Ev, FromServer, Reader, Reads, Reset, RoomHead, Snapshot
from sync_server.rooms.planning import needs, plan
from sync_server.rooms.rooms import Committed, split
from sync_server.rooms.views import Asked, Plan
from tests.simulator import pages
from tests.simulator.disk import Disk, DiskFullError
from tests.simulator.network import Network, Wire
from tests.simulator.seats import SeatWitness
from tests.simulator.shelves import ORG, Batch, Entry, Shelves, batch_of
from tests.simulator.world import World

TICK_MS = 1_000
TOKEN_MS = 15 * 60 * 1000
HEARTBEAT_MS = 20_000
FORGER = "f0f0f0f0-0000-7000-8000-000000000000"
FORGED = '{"text":"forged '


def free(pace: Pace, key: str) -> int:
    """No limits: speed is not what is looked at here."""
    return 0


class Ack(NamedTuple):
    """An operation that a device was told has a place. ``n_restores``: how often the server had been restored by then."""

    device: str
    id: str
    room: str
    epoch: int
    place: int
    n_restores: int


@dataclass
class Deeds:
    """What the checkers want to know of a server, over all its lives."""

    acked: list[Ack] = field(default_factory=list)
    refused: list[tuple[str, str, str]] = field(default_factory=list)  # (device, id, code)
    wrote_ms: dict[str, int] = field(default_factory=dict)  # session: when the last frame was written
    ended_ms: dict[str, int] = field(default_factory=dict)  # session: when it was ended
    logs: dict[tuple[str, int], dict[int, str]] = field(default_factory=dict)  # (room, epoch): place and id, ever committed
    bases: dict[tuple[str, int], dict[int, str]] = field(default_factory=dict)  # (room, epoch): what stood before it
    restores: list[dict[str, list[str]]] = field(default_factory=list)  # what each room held in the older copy that took over
    erased: set[str] = field(default_factory=set)  # events that lost their bodies, on any timeline
    words: dict[str, bytes] = field(default_factory=dict)  # device/event: the body it had, as bytes
    seats: dict[str, SeatWitness] = field(default_factory=dict)  # room
    faults: list[str] = field(default_factory=list)  # what must not be, seen at once

    def begin_epochs(self, planned: Plan, logs: dict[str, list[Entry]]) -> None:
        """Before a plan is kept: what its rooms hold where it begins an epoch of them."""
        for log in planned.logs:
            place = (log.after.room, log.after.epoch)
            if place not in self.bases:
                self.bases[place] = dict(enumerate(names(logs.get(log.after.room, ())), 1))

    def is_cut(self, ack: Ack) -> bool:
        """Whether what was acknowledged was lost with an older copy."""
        name, at = f"{ack.device}/{ack.id}", slice(ack.place - 1, ack.place)
        return any(held.get(ack.room, [])[at] != [name] for held in self.restores[ack.n_restores :])


def names(log: Iterable[Entry]) -> list[str]:
    """What stands in a log, in order."""
    return [f"{entry.event.d}/{entry.event.id}" for entry in log]


class Server:
    """One server and its connections."""

    def __init__(self, name: str, world: World, network: Network, people: dict[str, Role]) -> None:
        self.name = name
        self.world = world
        self.deeds = Deeds()
        self.skew_ms = 0
        self.is_up = True
        self.disk = Disk()
        self._people = people
        self.shelves = Shelves(self.disk, frozenset(people))
        self._network = network
        self._sessions: dict[Wire, ServerSession] = {}
        self._n_sessions = 0
        self._expired_ms: dict[str, int] = {}  # connection: since when its token was seen to have ended
        self._life = 0
        self._queue: list[tuple[Wire, int, list[Asked]]] = []
        self._is_committing = False
        self.begin()

    def now_ms(self) -> int:
        """What this server believes the time is."""
        return self.world.now_ms + self.skew_ms

    # Its process.

    def begin(self) -> None:
        """Start from what the disk holds."""
        self.is_up = True
        self._life += 1
        self._sessions.clear()
        self._queue.clear()
        self._is_committing = False
        self.shelves = Shelves(self.disk, frozenset(self._people))
        self.deeds.seats = {}
        for room, log in self.shelves.logs.items():
            self.deeds.seats[room] = SeatWitness()
            self.deeds.seats[room].watch(entry.event for entry in log)
        self._later(TICK_MS, self._tick)

    def crash(self) -> None:
        """kill -9: every connection breaks, and what was not synced may be gone."""
        self.world.note(self.name, "is killed")
        self.is_up = False
        self._life += 1
        self._network.cut_all(self.name)
        self._sessions.clear()
        self.disk.crash(self.world.random)

    def restore(self, content: bytes) -> None:
        """Begin anew from an older copy: every room goes on in a new epoch."""
        if self.is_up:
            self.crash()
        self.disk.is_full = False
        self.disk.replace(Disk(content).records())
        self.begin()
        self.world.note(self.name, "is restored from an older copy")
        forked = pages.fork(self.shelves, self.now_ms(), self.world.entropy)
        self.deeds.restores.append({room: names(log) for room, log in self.shelves.logs.items()})
        self.shelves.write(batch_of(forked))
        self._keep(forked)

    def _later(self, delay_ms: int, deed: Any) -> None:
        life = self._life
        self.world.later(delay_ms, lambda: deed() if self._life == life else None)

    # Its connections.

    def picked_up(self, wire: Wire) -> None:
        """A device has called."""
        if not self.is_up:
            self._network.cut(wire)
            return
        self._n_sessions += 1
        sid = f"{self.name}-{self._life}-{self._n_sessions}"
        session = ServerSession(sid, Codec(wire.codec), free, Figures(node=self.name, hb_ms=HEARTBEAT_MS))
        self._sessions[wire] = session
        self._do(wire, session.opened(self.now_ms()))

    def heard(self, wire: Wire, data: bytes) -> None:
        """A frame came."""
        session = self._sessions.get(wire)
        if session is not None:
            self._do(wire, session.received(data))

    def hung_up(self, wire: Wire, code: int, why: str) -> None:
        """The connection is over."""
        self._sessions.pop(wire, None)

    def end_session(self, session: str) -> None:
        """Somebody ended it from elsewhere: it falls silent within 5 s."""
        self.deeds.ended_ms.setdefault(session, self.world.now_ms)

    def _tick(self) -> None:
        for wire, session in list(self._sessions.items()):
            if session.actor is not None and session.actor.until_ms < self.now_ms():
                self._expired_ms.setdefault(session.sid, self.world.now_ms)
            else:
                self._expired_ms.pop(session.sid, None)
            self._do(wire, session.tick(self.now_ms()))
        self._later(TICK_MS, self._tick)

    def _do(self, wire: Wire, acts: list[Act]) -> None:
        for act in acts:
            session = self._sessions.get(wire)
            if session is None:
                return
            self._carry_out(wire, session, act)

    def _carry_out(self, wire: Wire, session: ServerSession, act: Act) -> None:
        match act:
            case Write(message):
                self._write(wire, session, message)
            case Close(code, why):
                self._sessions.pop(wire, None)
                self._network.hang_up(wire, code, why, by_device=False)
            case Verify():
                self._later(self.world.random.randint(0, 10), lambda: self._verify(wire, act))
            case Submit(rid, ops):
                assert session.actor is not None
                self._submit(wire, rid, [Asked(session.actor, op) for op in ops])
            case Fetch(pull):
                self._later(self.world.random.randint(0, 10), lambda: self._fetch(wire, pull))
            case Read(message):
                self._read(session, message.r, message.read)
            case Tell(said):
                self._tell(said.r, said, but=wire)
            case Recheck(actor):
                is_ended = actor.session in self.deeds.ended_ms
                self._do(wire, session.ended() if is_ended else session.renewed(actor, self.now_ms()))
            case Beat():
                assert session.actor is not None
                self._do(wire, session.head(self.heads(session.actor.user), self.now_ms()))

    def _write(self, wire: Wire, session: ServerSession, message: FromServer) -> None:
        if session.actor is not None:
            seen_ms = self._expired_ms.get(session.sid, self.world.now_ms)
            if seen_ms + 5_000 < self.world.now_ms and not isinstance(message, Bye):
                self.deeds.faults.append(f"I15: {self.name} writes to {session.actor.session} after its token has ended")
            self.deeds.wrote_ms[session.actor.session] = self.world.now_ms
            if isinstance(message, Ev):
                self._watch_sent(session.actor, message)
        self._network.send(wire, encode(message, session.codec), is_up=False)

    # Who asks, and what they may see.

    def _verify(self, wire: Wire, act: Verify) -> None:
        session = self._sessions.get(wire)
        if session is None:
            return
        user, device, name, until_ms = act.token.split("|")
        actor = Actor(user, ORG, self._people[user], device, name, until_ms=int(until_ms), stepped_ms=self.now_ms())
        if name in self.deeds.ended_ms:
            self._do(wire, session.turned_away(Code.ENDED, "The session was ended."))
        elif int(until_ms) <= self.now_ms():
            self._do(wire, session.turned_away(Code.EXPIRED, "Too old."))
        elif act.is_renewal:
            self._do(wire, session.renewed(actor, self.now_ms()))
        else:
            resets = pages.check(self.shelves, user, act.cursors)
            self._do(wire, session.admitted(actor, self.heads(user), self.now_ms(), resets=resets))

    def heads(self, user: str) -> tuple[RoomHead, ...]:
        """Where this person's rooms stand, the longest first."""
        shelves = self.shelves
        mine = [view for view in shelves.rooms.values() if user in view.seats]
        mine.sort(key=lambda view: (-shelves.logs[view.room][-1].event.ts, view.room))
        return tuple(
            RoomHead(view.room, view.epoch, view.seq, view.floor(user), shelves.reads.get((view.room, user), 0)) for view in mine
        )

    def snapshot(self, user: str, room: str) -> Snapshot | None:
        """The room as it stands, for this person."""
        return pages.snapshot(self.shelves, user, room) if self.is_up else None

    def _fetch(self, wire: Wire, pull: Any) -> None:
        session = self._sessions.get(wire)
        if session is not None and session.actor is not None:
            self._do(wire, session.fetched(pull.rid, pages.page(self.shelves, session.actor.user, pull)))

    def _read(self, session: ServerSession, room: str, read: int) -> None:
        assert session.actor is not None
        view, user = self.shelves.rooms.get(room), session.actor.user
        if view is None or user not in view.seats or read > view.seq or read <= self.shelves.reads.get((room, user), 0):
            return
        batch = Batch(reads=[(room, user, read)])
        try:
            self.shelves.write(batch)
        except DiskFullError:
            return
        self.shelves.keep(batch)
        self._tell(room, Reads(room, (Reader(user, read),)))

    def _tell(self, room: str, message: FromServer, but: Wire | None = None) -> None:
        view = self.shelves.rooms.get(room)
        for wire, session in list(self._sessions.items()):
            if session.actor is not None and wire is not but and view is not None and session.actor.user in view.members:
                self._do(wire, session.hear(message, self.now_ms()))

    # What is entered.

    def _submit(self, wire: Wire, rid: int, asked: list[Asked]) -> None:
        self._queue.append((wire, rid, asked))
        if not self._is_committing:
            self._is_committing = True
            self._later(self.world.random.randint(2, 5), self._plan)

    def forge(self, op: Op, device: str, user: str) -> None:
        """An operation with the id of ``op`` and other words, from this device; nobody hears what becomes of it."""
        known = self.shelves.counts.get((device, op.r))
        words = f'{FORGED}{self.world.random.getrandbits(64):016x}"}}'
        forged = msgspec.structs.replace(op, k=Kind.MSG_CREATE, b=words, cseq=known + 1 if known else 1, rec=False)
        actor = Actor(user, ORG, self._people[user], device, "forger", until_ms=self.now_ms() + TOKEN_MS)
        nobody = Wire(self, self, ("forger", self.name), Codec.JSON.value)
        self._submit(nobody, 0, [Asked(actor, forged)])

    def _plan(self) -> None:
        """One group commit: everything that waits, planned and written at once; answered once it is safe."""
        queue, self._queue = self._queue, []
        asked = [one for _, _, part in queue for one in part]
        planned = plan(asked, self.shelves.view(needs(asked)), self.now_ms(), was_restored=bool(self.deeds.restores))
        try:
            self.shelves.write(batch_of(planned))
        except DiskFullError:
            self.world.note(self.name, "has no room left")
            self._answer(queue, tuple(OpResult(one.op.id, OpState.RETRY, code=Code.BUSY, after=500) for one in asked))
            self._next()
            return
        self._later(self.world.random.randint(0, 6), lambda: self._commit(queue, planned))

    def _commit(self, queue: list[tuple[Wire, int, list[Asked]]], planned: Plan) -> None:
        self._keep(planned)
        self._answer(queue, planned.results)
        self._next()

    def _next(self) -> None:
        self._is_committing = bool(self._queue)
        if self._queue:
            self._later(self.world.random.randint(2, 5), self._plan)

    def _keep(self, planned: Plan) -> None:
        """Make it last, then tell whoever may know."""
        self.deeds.begin_epochs(planned, self.shelves.logs)
        self.shelves.keep(batch_of(planned))
        for room in {room for room, _ in planned.erased}:
            self.deeds.erased |= {entry.event.id for entry in self.shelves.logs[room] if entry.event.b is None}
        for log in planned.logs:
            places = self.deeds.logs.setdefault((log.after.room, log.after.epoch), {})
            for one in log.entered:
                name = f"{one.event.d}/{one.event.id}"
                assert places.setdefault(one.event.s, name) == name, f"I7: place {one.event.s} of {log.after.room} was given twice"
                self.deeds.words[name] = (one.event.b or "").encode()
            seats = self.deeds.seats.setdefault(log.after.room, SeatWitness())
            for committed in split(log):
                seats.watch(committed.ev.ev)
                self._deliver(committed)

    def _answer(self, queue: list[tuple[Wire, int, list[Asked]]], results: tuple[OpResult, ...]) -> None:
        at = 0
        for wire, rid, asked in queue:
            mine = results[at : at + len(asked)]
            at += len(asked)
            session = self._sessions.get(wire)
            for one, result in zip(asked, mine, strict=True):
                is_taken = one.op.b.startswith(FORGED) and one.actor.device != FORGER
                if is_taken and result.st in (OpState.OK, OpState.DUP):
                    self.deeds.faults.append(f"I3: {one.op.id} of {one.actor.device} with other words is {result}")
            if session is None:
                continue
            for one, result in zip(asked, mine, strict=True):
                if result.st in (OpState.OK, OpState.DUP):
                    n_restores = len(self.deeds.restores)
                    self.deeds.acked.append(Ack(one.actor.device, one.op.id, one.op.r, result.e, result.s, n_restores))
                elif result.st is OpState.REJ:
                    self.deeds.refused.append((one.actor.device, one.op.id, result.code))
            self._do(wire, session.results(rid, mine))

    def _deliver(self, committed: Committed) -> None:
        """What was entered, to whoever was a member before and after; to others only that they came or went."""
        ev = committed.ev
        delivery = plan_delivery(ev, committed.members_before, committed.members_after)
        for wire, session in list(self._sessions.items()):
            if session.actor is None:
                continue
            user = session.actor.user
            if user in delivery.stays:
                self._do(wire, session.hear(ev, self.now_ms()))
            elif user in delivery.joins:
                head = RoomHead(ev.r, ev.e, ev.last, self.shelves.rooms[ev.r].floor(user))
                self._do(wire, session.head((head,), self.now_ms()))
            elif user in delivery.goes:
                self._do(wire, session.hear(Reset(ev.r, ResetReason.PERM), self.now_ms()))

    def _watch_sent(self, actor: Actor, ev: Ev) -> None:
        """I14: whoever is given an event has a seat now, and had it then or is shown what was before."""
        seats = self.deeds.seats[ev.r]
        wrong = [event.s for event in ev.ev if not seats.may_read(actor.user, event.s)]
        if wrong:
            self.deeds.faults.append(f"I14: {self.name} gives {actor.user} events {wrong} of {ev.r}")
