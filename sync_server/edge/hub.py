"""Who is connected and who hears what: one encoding for all, membership decided at every delivery."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

import msgspec

from sync_server.actor import Actor, Role
from sync_server.clock import LOOK_MS, Clock
from sync_server.edge.acts import Act
from sync_server.edge.counts import Counts
from sync_server.edge.delivery import plan_delivery
from sync_server.edge.directory import Told
from sync_server.edge.pacing import Take
from sync_server.edge.packing import Packed
from sync_server.edge.parts import Sides
from sync_server.edge.presence import Presence
from sync_server.edge.rounds import Rounds
from sync_server.edge.session import Figures, ServerSession
from sync_server.edge.standing import Standing
from sync_server.edge.tasks import Tasks
from sync_server.errors import Refused
from sync_server.protocol.codes import CloseCode, Code, ResetReason
from sync_server.protocol.messages import People, Person, Reads, Reset, RoomHead, Said
from sync_server.rooms.rooms import Committed

TICK_S: Final = 0.5
PEOPLE_S: Final = 5.0
SLACK_MS: Final = 1_000  # heartbeats come late by a tick
CLOSE_S: Final = 5.0  # how long what was pushed may take to be committed when the server stops
MAX_LINES: Final = 10  # connections of one person
SLICE: Final = 500  # connections looked at before others get a turn


class Hearer(Protocol):
    """A connection, as the hub knows it."""

    session: ServerSession
    address: str

    def hear(self, packed: Packed, now_ms: int) -> None:
        """Something happened that this person may hear."""
        ...

    def flush(self) -> None:
        """Write what the socket takes."""
        ...

    def carry_out(self, acts: list[Act]) -> None:
        """Do what the session asks for."""
        ...


class Hub:
    """All connections of one server. ``take`` counts for every limit; everything happens on the loop's thread."""

    def __init__(self, sides: Sides, clock: Clock, take: Take, figures: Figures | None = None) -> None:
        self.sides = sides
        self.clock = clock
        self.take = take
        self.figures = figures or Figures()
        self.counts = Counts()
        self.presence = Presence()
        self.tasks = Tasks("edge")  # answers on their way
        self._clockwork = Tasks("edge clock")
        self.is_draining = False
        self._lines: set[Hearer] = set()
        self._by_user: dict[str, list[Hearer]] = {}
        self._whose: dict[Hearer, str] = {}
        self._strangers: dict[str, int] = {}  # by address
        self._standing = Standing()
        self._told = Told()
        self._present: dict[str, Packed | None] = {}  # by organisation, until what was told of it changes
        self._read: dict[str, Reads] = {}
        self._joining: dict[tuple[str, str], list[Packed]] = {}  # what happens before a new member knows where the room stands
        self._rounds = Rounds(self._hear)
        self.must_flush = self._rounds.must_flush

    def __len__(self) -> int:
        return len(self._lines)

    def n_strangers(self, address: str = "") -> int:
        """Connections of which it is not known whose they are: all, or those from one address."""
        return self._strangers.get(address, 0) if address else len(self._lines) - len(self._whose)

    def now_ms(self) -> int:
        """UTC in milliseconds."""
        return self.clock.now_ms()

    # Its life.

    def begin(self) -> None:
        """Begin to keep time."""
        self._clockwork.start("attention", self._attend())
        self._clockwork.start("ticks", self._keep_time())
        self._clockwork.start("people", self._watch_people())

    async def drain(self, retry: tuple[int, int], deadline_s: float = 5.0) -> None:
        """Let what was pushed be answered, tell everybody when to come back, and let them go."""
        self.is_draining = True
        await self.tasks.finish(deadline_s)
        self._rounds.settle()
        for line in list(self._lines):
            line.carry_out(line.session.bye(CloseCode.DRAIN, "The server stops for a moment.", retry))
            line.flush()

    async def close(self) -> None:
        """End everything that runs here."""
        self._rounds.close()
        await self._clockwork.close()
        await self.tasks.finish(CLOSE_S)
        await self.tasks.close()

    # Connections.

    def add(self, line: Hearer) -> None:
        """A connection began."""
        self._lines.add(line)
        self._strangers[line.address] = self._strangers.get(line.address, 0) + 1
        self.counts.lines(len(self._lines))

    def admit(self, line: Hearer, actor: Actor) -> None:
        """It is known whose it is: from now on it hears. The oldest of too many is let go. Raises Refused while stopping."""
        if self.is_draining:
            raise Refused(Code.BUSY, "The server stops for a moment.", status=503, after_ms=1_000)
        mine = self._by_user.setdefault(actor.user, [])
        if len(mine) >= MAX_LINES:
            oldest = mine[0]
            oldest.carry_out(oldest.session.bye(CloseCode.LIMITED, "Too many connections of one person.", (10_000, 60_000)))
            mine = self._by_user.setdefault(actor.user, [])
        mine.append(line)
        self._whose[line] = actor.user
        self._is_known(line)
        self.presence.came(actor.user, actor.org, line.session.sid, self.now_ms())

    def know(self, user: str, heads: Sequence[RoomHead]) -> None:
        """Where this person's rooms stand."""
        self._standing.know(user, heads, self.clock.steady_ms())

    def remove(self, line: Hearer) -> None:
        """A connection ended."""
        self._lines.discard(line)
        if line not in self._whose:
            self._is_known(line)
        self._rounds.forget(line)
        self.counts.lines(len(self._lines))
        user = self._whose.pop(line, None)
        if user is None:
            return
        self.presence.went(user, line.session.sid, self.now_ms())
        lines = self._by_user[user]
        lines.remove(line)
        if not lines:
            del self._by_user[user]
            self._standing.forget(user)

    def _is_known(self, line: Hearer) -> None:
        """One stranger fewer at that address."""
        left = self._strangers.pop(line.address, 1) - 1
        if left:
            self._strangers[line.address] = left

    def sessions_ended(self, sessions: Iterable[str]) -> None:
        """Sessions were ended: their connections fall silent at once."""
        ended = set(sessions)
        for line in list(self._lines):
            actor = line.session.actor
            if actor is not None and actor.session in ended:
                line.carry_out(line.session.ended())

    # What is heard.

    def entered(self, batch: Committed) -> None:
        """Events were committed: whoever was a member before and after hears them."""
        ev, now_ms = batch.ev, self.now_ms()
        self.counts.entered(len(ev.ev))
        self._standing.moved(ev.r, ev.e, ev.last, self.clock.steady_ms())
        plan = plan_delivery(ev, batch.members_before, batch.members_after)
        waiting = [user for user in plan.stays if (user, ev.r) in self._joining] if self._joining else []
        if not (waiting or plan.joins or plan.goes):
            self._rounds.gather(ev, plan.stays)
            return
        self._rounds.settle(ev.r)
        packed = Packed(ev)
        for user in waiting:
            self._joining[user, ev.r].append(packed)
        self._to_users(plan.stays.difference(waiting), packed, now_ms)
        for user in plan.joins & self._by_user.keys():
            self._joining.setdefault((user, ev.r), [])
            self.tasks.start("join", self._tell_joined(user, ev.r))
        if plan.goes:
            self._to_users(plan.goes, Packed(Reset(ev.r, ResetReason.PERM)), now_ms)
            for user in plan.goes:
                self._joining.pop((user, ev.r), None)
                self._standing.leave(user, ev.r)

    def tell(self, actor: Actor, said: Said) -> None:
        """Somebody said something for a moment: typing to their room, presence to their organisation."""
        if said.k == "presence":
            for line in self._by_user.get(actor.user, ()):
                if line.session.actor is not None and line.session.actor.device == actor.device:
                    self.presence.says(said.a, line.session.sid, said.b, self.now_ms())
        elif self._standing.is_in(said.a, said.r):
            self.tell_room(said)

    def tell_room(self, said: Said) -> None:
        """A member of a room said something for a moment."""
        self._to_users(self._standing.present_in(said.r) - {said.a}, Packed(said, is_passing=True), self.now_ms())

    def has_read(self, reads: Reads) -> None:
        """People read: told with the next tick, one message a room."""
        for reader in reads.c:
            self._standing.has_read(reader.u, reads.r, reader.read)
        before = self._read.get(reads.r)
        if before is None:
            self._read[reads.r] = reads
        else:
            newest = {reader.u: reader for reader in (*before.c, *reads.c)}
            self._read[reads.r] = Reads(reads.r, tuple(newest.values()))

    async def people(self, actor: Actor, beside: frozenset[str]) -> Packed:
        """Whom a device is told of after its welcome. Raises Refused for a key without the scope.

        Who sees everybody is told what the others were told last: what changed since then is told to all with the next look.
        """
        if not _sees_all(actor):
            return Packed(People(self._seen(await self.sides.accounts.people(actor, beside))))
        if not self._told.knows(actor.org, actor.user):
            await self._tell_people(actor)
        return self._told.everybody(actor.org)

    def present(self, actor: Actor) -> Packed | None:
        """Who of the organisation is there, as all were told, as far as the actor may hear of them; None for nobody."""
        org = actor.org
        if not _sees_all(actor):
            return self._seen_by(actor, self.presence.present(org))
        if org not in self._present:
            said = self.presence.present(org)
            self._present[org] = Packed(*said, is_passing=True) if said else None
        return self._present[org]

    def moved(self, line: Hearer) -> list[RoomHead]:
        """Where rooms of this person stand that moved within two heartbeats. What happened there is told before."""
        self._rounds.settle()
        actor = line.session.actor
        return self._standing.lately(actor.user, self.clock.steady_ms() - 2 * self.figures.hb_ms - SLACK_MS) if actor else []

    # Inside.

    def _hear(self, users: frozenset[str], packed: Packed) -> None:
        self._to_users(users, packed, self.now_ms())

    def _to_users(self, users: frozenset[str] | set[str], packed: Packed, now_ms: int) -> None:
        here = self._by_user
        for user in users & here.keys() if len(here) > len(users) else [user for user in here if user in users]:
            for line in tuple(here.get(user, ())):
                line.hear(packed, now_ms)

    async def _tell_joined(self, user: str, room: str) -> None:
        """A person became a member: tell where the room stands for them, then what happened meanwhile."""
        found: list[RoomHead] = []
        try:
            actor = next((line.session.actor for line in self._by_user.get(user, ()) if line.session.actor is not None), None)
            if actor is not None:
                found = [head for head in await self.sides.rooms.heads(actor) if head.r == room]
        except Refused:
            pass  # they learn of the room when they connect again
        meanwhile = self._joining.pop((user, room), None)
        if not found or meanwhile is None:  # None: removed again meanwhile
            return
        now_ms = self.now_ms()
        self._standing.join(user, found, self.clock.steady_ms())
        for line in tuple(self._by_user.get(user, ())):
            line.carry_out(line.session.head(found, now_ms))
            for packed in meanwhile:
                line.hear(packed, now_ms)

    async def _watch_people(self) -> None:
        """Tell devices of an organisation whoever joined, changed or left it."""
        while True:
            await asyncio.sleep(PEOPLE_S)
            for org in self._told.orgs():
                asking = next((line.session.actor for line in self._who_see_all(org)), None)
                if asking is None:
                    self._told.forget(org)
                    continue
                with contextlib.suppress(Refused):  # the database is away for a moment
                    await self._tell_people(asking)

    async def _tell_people(self, asking: Actor) -> None:
        changed = self._told.changed(asking.org, self._seen(await self.sides.accounts.people(asking)))
        if changed:
            packed = Packed(People(changed))
            for line in list(self._who_see_all(asking.org)):
                line.hear(packed, self.now_ms())

    def _who_see_all(self, org: str) -> Iterator[Hearer]:
        return (line for line in self._lines if (actor := line.session.actor) and actor.org == org and _sees_all(actor))

    def _seen(self, people: Sequence[Person]) -> tuple[Person, ...]:
        """The same people, with what is known here of when they were there."""
        return tuple(
            msgspec.structs.replace(person, seen=seen) if (seen := self.presence.seen_ms(person.u)) > person.seen else person
            for person in people
        )

    async def _attend(self) -> None:
        """Let the clock see how late the loop is."""
        while True:
            self.clock.look()
            await asyncio.sleep(LOOK_MS / 1000)

    async def _keep_time(self) -> None:
        lost_ms = _lost_ms(self.clock)
        while True:
            await asyncio.sleep(TICK_S)
            before_ms, lost_ms = lost_ms, _lost_ms(self.clock)
            late_ms = max(0, lost_ms - before_ms)
            now_ms = self.now_ms()
            self._tell_reads(now_ms)
            self._tell_presence(now_ms)
            for n, line in enumerate(tuple(self._lines), 1):
                line.carry_out(line.session.tick(now_ms, late_ms))
                if n % SLICE == 0:
                    await asyncio.sleep(0)

    def _tell_presence(self, now_ms: int) -> None:
        changes: dict[str, list[Said]] = {}
        for org, said in self.presence.tick(now_ms):
            changes.setdefault(org, []).append(said)
        for org, told in changes.items():
            self._present.pop(org, None)
            self._to_org(org, told, now_ms)

    def _tell_reads(self, now_ms: int) -> None:
        read, self._read = self._read, {}
        for room, reads in read.items():
            self._to_users(self._standing.present_in(room), Packed(reads), now_ms)

    def _to_org(self, org: str, told: Sequence[Said], now_ms: int) -> None:
        packed = Packed(*told, is_passing=True)
        for line in tuple(self._lines):
            actor = line.session.actor
            if actor is not None and actor.org == org:
                heard = packed if _sees_all(actor) else self._seen_by(actor, told)
                if heard is not None:
                    line.hear(heard, now_ms)

    def _seen_by(self, actor: Actor, told: Sequence[Said]) -> Packed | None:
        """What a guest or a key hears of who comes and goes: of people they share a room with, and of nobody else."""
        seen = [said for said in told if said.a == actor.user or self._standing.share(actor.user, said.a)]
        return Packed(*seen, is_passing=True) if seen else None


def _lost_ms(clock: Clock) -> int:
    """How late the loop was in all: what a device has to do by a time it has so much longer."""
    return clock.steady_ms() - clock.attended_ms()


def _sees_all(actor: Actor) -> bool:
    return actor.role is not Role.GUEST and actor.scopes is None
