"""Rooms of the server: enter operations, read logs, hear of what is new. The one facade of this capability."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from sync_server.accounts.permissions import Deed, check_may
from sync_server.actor import Actor
from sync_server.audit.links import AuditEntry
from sync_server.clock import Clock
from sync_server.errors import Refused
from sync_server.protocol.bodies import RoomRole
from sync_server.protocol.chain import to_text
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Cursor, Op, OpResult
from sync_server.protocol.ids import is_id
from sync_server.protocol.messages import Ev, Pull, Reader, Reads, Reset, RoomHead, Snapshot
from sync_server.rooms.directory import PAGE_MAX, Directory, OpenRoom, RoomAbout
from sync_server.rooms.epochs import begin_epoch
from sync_server.rooms.log import Log, access_to
from sync_server.rooms.notes import Note, unnoted
from sync_server.rooms.reads import ReadMarks
from sync_server.rooms.sequencer import Sequencer
from sync_server.rooms.snapshots import Snapshots
from sync_server.rooms.store import Eraser, PeopleOf
from sync_server.rooms.views import Asked, Entered, Plan, RoomId, RoomLog, User
from sync_server.storage.database import Database, Writing

WHY_MAX: Final = 500  # characters of a reason


class Committed(msgspec.Struct, frozen=True):
    """Events of one room that are stored, in order.

    ``ev`` goes to ``members_after``, who may see all of it. Who is in ``members_before`` alone has lost the seat by it. An event
    that changes seats always comes alone.
    """

    ev: Ev
    org: str
    members_before: frozenset[User]
    members_after: frozenset[User]


class Hold(msgspec.Struct, frozen=True):
    """A legal hold: who set it, since when (UTC ms) and why."""

    room: RoomId
    user: User
    since_ms: int
    why: str


class Rooms:
    """All rooms of all organisations.

    ``people_of`` says who belongs to an organisation · ``erasers`` destroy what other capabilities keep of erased messages ·
    ``note`` adds to the audit log.
    """

    def __init__(
        self, database: Database, clock: Clock, people_of: PeopleOf, erasers: Sequence[Eraser] = (), note: Note = unnoted
    ) -> None:
        self._database = database
        self._clock = clock
        self._note = note
        self._sequencer = Sequencer(database, clock, people_of, erasers, note)
        self._snapshots = Snapshots(database, self._sequencer, clock)
        self._directory = Directory(database)
        self._marks = ReadMarks(self._sequencer)
        self._log = Log(database, self._snapshots.begins, self._snapshots.make, self._read_without_seat)
        self._listeners: list[Callable[[Committed], None]] = []
        self._sequencer.on_planned(self._publish)

    async def begin(self) -> None:
        """Start writing. After a restore from a backup every room first begins a new epoch. Raises Refused (busy)."""
        self._sequencer.begin()
        self._snapshots.begin()
        try:
            await self._settle_restores()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Store what was taken and stop; the database stays open."""
        await self._snapshots.close()
        await self._sequencer.close()

    def on_committed(self, listener: Callable[[Committed], None]) -> None:
        """``listener`` hears of new events after they are stored, in the order of each log; it must not wait or raise."""
        self._listeners.append(listener)

    async def push(self, actor: Actor, ops: Sequence[Op]) -> tuple[OpResult, ...]:
        """What became of ``ops``, in their order. Those that are ``ok`` are durable. Where nothing can be stored: ``retry``."""
        return await self._sequencer.push([Asked(actor, op) for op in ops])

    async def heads(self, actor: Actor) -> tuple[RoomHead, ...]:
        """Where every room of this person stands, the most lately active first."""
        return await self._log.heads(actor)

    async def pull(self, actor: Actor, pull: Pull) -> Ev | Reset:
        """The page that ``pull`` asks for, all of one epoch, or why there is none."""
        return await self._log.pull(actor, pull)

    async def check(self, actor: Actor, cursors: Sequence[Cursor]) -> tuple[Reset, ...]:
        """Resets for those copies that cannot go on from their cursors; none where all is well."""
        return await self._log.check(actor, cursors)

    async def snapshot(self, actor: Actor, room: RoomId) -> Snapshot:
        """The room to begin a copy with. Raises Refused: not there, or not theirs to read."""
        return await self._snapshots.snapshot(actor, room)

    async def read_to(self, actor: Actor, room: RoomId, epoch: int, seq: int) -> Reads | None:
        """This person has read up to ``seq``: what to tell the others, None where it is nothing new or not theirs to say."""
        access = await self._database.glance(lambda reading: access_to(reading, actor, room))
        if access is None or not access.is_seated or epoch != access.epoch or not 0 < seq <= access.seq:
            return None
        return Reads(room, (Reader(actor.user, seq),)) if await self._marks.save(room, actor.user, seq) else None

    async def reads(self, actor: Actor, room: RoomId) -> Reads | None:
        """How far everyone has read the room; None where this person may not read it."""
        return await self._log.reads(actor, room)

    async def members(self, room: RoomId) -> frozenset[User]:
        """Who has a seat."""
        known = self._sequencer.room(room)
        if known is not None:
            return known.members
        async with self._database.read() as reading:
            return frozenset(row[0] for row in await reading.rows("SELECT usr FROM seats WHERE room = $1", room))

    async def about(self, actor: Actor) -> tuple[RoomAbout, ...]:
        """What this person's rooms are called and how they are set, in order of their ids."""
        return await self._directory.about(actor)

    async def seats(self, actor: Actor, room: RoomId) -> dict[User, RoomRole]:
        """Who sits in the room, with which role. Raises Refused: not there, or not theirs to read."""
        return await self._directory.seats(actor, room)

    async def open_rooms(self, actor: Actor, after: str = "", limit: int = 100) -> tuple[OpenRoom, ...]:
        """Rooms of the organisation that anyone may join, in order of their ids after ``after``."""
        return await self._directory.open_rooms(actor, after, limit)

    async def fork(self, room: RoomId, at: int | None = None, why: str = "") -> int:
        """Let the room go on from event ``at`` (None: where it stands) in a new epoch, which is given back. Raises Refused."""
        now_ms = self._clock.now_ms()

        async def begin(tx: Writing) -> Plan:
            plan = await begin_epoch(tx, room, at, why, now_ms)
            after = plan.logs[0].after
            await self._note(tx, AuditEntry(after.org, "room.fork", "", room, detail={"fork": after.seq - 1, "why": why}))
            return plan

        plan = await self._sequencer.run(begin, [room])
        self._snapshots.forget(room)
        return plan.logs[0].after.epoch

    async def hold(self, actor: Actor, room: RoomId, why: str) -> None:
        """Keep everything in the room whatever is asked for, until it is released. Raises Refused."""
        sql = """
        INSERT INTO holds (room, org, usr, since_ms, why) SELECT room, org, $3, $4, $5 FROM rooms WHERE room = $1 AND org = $2
        ON CONFLICT (room) DO UPDATE SET usr = excluded.usr, why = excluded.why
        """
        why = "".join(sign for sign in why[:WHY_MAX] if sign.isprintable())
        await self._change_hold(actor, room, "room.hold", why, sql, actor.user, self._clock.now_ms(), why)

    async def release(self, actor: Actor, room: RoomId, why: str) -> None:
        """End the hold. Raises Refused."""
        await self._change_hold(actor, room, "room.release", why, "DELETE FROM holds WHERE room = $1 AND org = $2")

    async def holds(self, actor: Actor, after: RoomId = "", limit: int = PAGE_MAX) -> tuple[Hold, ...]:
        """What is held in the organisation, in order of the rooms' ids after ``after``. Raises Refused."""
        check_may(actor, Deed.HOLD, self._clock.now_ms())
        sql = "SELECT room, usr, since_ms, why FROM holds WHERE org = $1 AND room > $2 ORDER BY room LIMIT $3"
        async with self._database.read() as reading:
            return tuple(Hold(*row) for row in await reading.rows(sql, actor.org, after, max(1, min(limit, PAGE_MAX))))

    async def _change_hold(self, actor: Actor, room: RoomId, kind: str, why: str, sql: str, *args: object) -> None:
        check_may(actor, Deed.HOLD, self._clock.now_ms())

        async def change(tx: Writing) -> None:
            if not is_id(room) or not await tx.run(sql, room, actor.org, *args):
                raise Refused(Code.NO_ROOM, "There is no such room, or nothing is held there.", status=404)
            await self._note(tx, AuditEntry(actor.org, kind, actor.user, room, detail={"why": why}))

        await self._sequencer.run(change, [room])

    async def _settle_restores(self) -> None:
        async with self._database.read() as reading:
            restores = await reading.rows("SELECT id, is_settled FROM restores")
            restored = [identity for identity, is_settled in restores if not is_settled]
            rooms = [row[0] for row in await reading.rows("SELECT room FROM rooms ORDER BY room")] if restored else []
        self._sequencer.was_restored = bool(restores)
        for room in rooms:
            await self.fork(room, why="restored from a backup")
        if restored:
            rows = [(identity,) for identity in restored]
            await self._sequencer.run(lambda tx: tx.run_many("UPDATE restores SET is_settled = TRUE WHERE id = $1", rows))

    async def _read_without_seat(self, actor: Actor, room: RoomId) -> None:
        await self._note(None, AuditEntry(actor.org, "room.read_any", actor.user, room))

    def _publish(self, planned: Plan) -> None:
        for log in planned.logs:
            self._snapshots.grown(log.after.room, log.after.seq)
            for committed in split(log):
                for listener in self._listeners:
                    listener(committed)


def split(log: RoomLog) -> tuple[Committed, ...]:
    """The new events of a room in runs that all their receivers may see: what changes seats stands alone."""
    runs: list[Committed] = []
    run: list[Entered] = []
    for entered in log.entered:
        if entered.members_before is entered.members_after:
            run.append(entered)
            continue
        runs += [_committed(log, run)] if run else []
        runs.append(_committed(log, [entered]))
        run = []
    return (*runs, _committed(log, run)) if run else tuple(runs)


def _committed(log: RoomLog, run: Sequence[Entered]) -> Committed:
    events = tuple(entered.event for entered in run)
    ev = Ev(r=log.after.room, e=log.after.epoch, first=events[0].s, last=events[-1].s, ev=events, h=to_text(run[-1].hash))
    return Committed(ev, log.after.org, run[0].members_before, run[-1].members_after)
