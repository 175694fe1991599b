"""Rooms of the server: enter operations, read logs, hear of what is new. The one facade of this capability."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from sync_server.actor import Actor
from sync_server.clock import Clock
from sync_server.protocol.chain import to_text
from sync_server.protocol.events import Cursor, Op, OpResult
from sync_server.protocol.messages import Ev, Pull, Reader, Reads, Reset, RoomHead
from sync_server.rooms.log import START_TEXT, Access, Beginning, Log, accesses
from sync_server.rooms.reads import ReadMarks
from sync_server.rooms.sequencer import Sequencer
from sync_server.rooms.store import Eraser, PeopleOf
from sync_server.rooms.views import Asked, Entered, Plan, RoomId, RoomLog, User
from sync_server.storage.database import Database, Reading

Noted = Callable[[Actor, RoomId], Awaitable[None]]


class Committed(msgspec.Struct, frozen=True):
    """Events of one room that are stored, in order.

    ``ev`` goes to ``members_after``, who may see all of it. Who is in ``members_before`` alone has lost the seat by it. An event
    that changes seats always comes alone.
    """

    ev: Ev
    org: str
    members_before: frozenset[User]
    members_after: frozenset[User]


class OpenRoom(msgspec.Struct, frozen=True):
    """A room that anyone of the organisation may join."""

    room: RoomId
    name: str
    topic: str
    n_members: int
    is_member: bool


class Rooms:
    """All rooms of all organisations.

    ``people_of`` says who belongs to an organisation · ``erasers`` destroy what other capabilities keep of erased messages ·
    ``noted`` hears who read a room without a seat in it.
    """

    def __init__(
        self, database: Database, clock: Clock, people_of: PeopleOf, erasers: Sequence[Eraser] = (), noted: Noted | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._sequencer = Sequencer(database, clock, people_of, erasers)
        self._marks = ReadMarks(self._sequencer)
        self._log = Log(database, self._begins, noted or _nobody_hears)
        self._listeners: list[Callable[[Committed], None]] = []
        self._sequencer.on_planned(self._publish)

    async def begin(self) -> None:
        """Start writing."""
        self._sequencer.begin()

    async def close(self) -> None:
        """Store what was taken and stop; the database stays open."""
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

    async def read_to(self, actor: Actor, room: RoomId, epoch: int, seq: int) -> Reads | None:
        """This person has read up to ``seq``: what to tell the others, None where it is nothing new or not theirs to say."""
        async with self._database.read() as reading:
            access = (await accesses(reading, actor, [room])).get(room)
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

    async def open_rooms(self, actor: Actor, after: str = "", limit: int = 100) -> tuple[OpenRoom, ...]:
        """Rooms of the organisation that anyone may join, in order of their ids after ``after``."""
        async with self._database.read() as reading:
            rows = await reading.rows(_OPEN_ROOMS, actor.org, actor.user, after, min(max(limit, 1), 200))
        return tuple(OpenRoom(room, name, topic, n, bool(is_member)) for room, name, topic, n, is_member in rows)

    async def _begins(self, reading: Reading, access: Access) -> Beginning:
        return Beginning(1, START_TEXT)

    def _publish(self, planned: Plan) -> None:
        for log in planned.logs:
            for committed in split(log):
                for listener in self._listeners:
                    listener(committed)


_OPEN_ROOMS: Final = """
SELECT r.room, r.name, r.topic, CAST((SELECT COUNT(*) FROM seats n WHERE n.room = r.room) AS BIGINT), s.usr IS NOT NULL FROM rooms r
LEFT JOIN seats s ON s.room = r.room AND s.usr = $2
WHERE r.org = $1 AND r.is_open AND r.room > $3 ORDER BY r.room LIMIT $4
"""


async def _nobody_hears(actor: Actor, room: RoomId) -> None:
    """For programs that keep no audit."""


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
