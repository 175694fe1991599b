"""The one writer of all rooms: gathers what is asked for a moment, decides it at once, stores it in one transaction.

What a commit covers is told only after it: first to who waits for the result, then to listeners, in the order of the log.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

from sync_server.clock import Clock
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.protocol.events import OpResult, OpState
from sync_server.rooms.notes import Note, erasures, unnoted
from sync_server.rooms.planning import needs, plan
from sync_server.rooms.shared_files import load_files
from sync_server.rooms.store import Eraser, PeopleOf, load_counts, load_decided, load_messages, load_rooms, save_plan
from sync_server.rooms.views import Asked, Count, Device, Needs, Plan, RoomId, RoomsView, RoomView
from sync_server.rooms.worker import Worker, outcome
from sync_server.storage.database import Database, Reading, Writing

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")

GATHER_S: Final = 0.002  # how long a lone operation waits for others to share its commit
BATCH_OPS: Final = 1_000
WAITING_OPS: Final = 20_000  # beyond it the server says busy instead of letting everyone wait
BUSY_MS: Final = 1_000
ROOMS_KEPT: Final = 5_000
COUNTS_KEPT: Final = 100_000

log = logging.getLogger(__name__)


class _Push:
    """Operations of one caller, who waits for their results."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        self.asked = asked
        self.done: asyncio.Future[tuple[OpResult, ...]] = asyncio.get_running_loop().create_future()


class _Work:
    """Anything else that has to be written in turn with the operations."""

    def __init__(self, work: Callable[[Writing], Awaitable[Any]], rooms: Sequence[RoomId]) -> None:
        self.work = work
        self.rooms = rooms
        self.done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()


class _Kept(OrderedDict[K, V]):
    """What was used last, up to a number."""

    def __init__(self, n_max: int) -> None:
        super().__init__()
        self._n_max = n_max

    def keep(self, key: K, value: V) -> None:
        self[key] = value
        self.move_to_end(key)
        if len(self) > self._n_max:
            self.popitem(last=False)


class Sequencer:
    """Takes operations and other writings in turn; one task writes them.

    ``people_of`` says who belongs to an organisation; ``erasers`` destroy what other capabilities keep of erased messages; ``note``
    adds to the audit log.
    """

    def __init__(
        self, database: Database, clock: Clock, people_of: PeopleOf, erasers: Sequence[Eraser] = (), note: Note = unnoted
    ) -> None:
        self.was_restored = False  # whether the server has once gone on from a backup
        self._database = database
        self._clock = clock
        self._people_of = people_of
        self._erasers = erasers
        self._note = note
        self._queue: deque[_Push | _Work] = deque()
        self._n_waiting = 0
        self._wake = asyncio.Event()
        self._worker = Worker("rooms-writer")
        self._is_closing = False
        self._listeners: list[Callable[[Plan], None]] = []
        self._rooms: _Kept[RoomId, RoomView] = _Kept(ROOMS_KEPT)
        self._counts: _Kept[tuple[Device, RoomId], Count] = _Kept(COUNTS_KEPT)

    def begin(self) -> None:
        """Start the writer."""
        self._worker.start(self._write_all())

    async def close(self) -> None:
        """Store what was taken, then end; what comes later is refused with ``busy``."""
        self._is_closing = True
        self._wake.set()
        await self._worker.ended()

    def on_planned(self, listener: Callable[[Plan], None]) -> None:
        """``listener`` is called with every plan that was stored, in order."""
        self._listeners.append(listener)

    async def push(self, asked: Sequence[Asked]) -> tuple[OpResult, ...]:
        """What became of operations, in their order; those entered are durable. Never raises for what can be tried again."""
        if self._n_waiting + len(asked) > WAITING_OPS or not self._is_open():
            return _all_busy(asked, BUSY_MS)
        if not asked:
            return ()
        push = _Push(asked)
        self._n_waiting += len(asked)
        self._put(push)
        return await push.done

    async def run(self, work: Callable[[Writing], Awaitable[T]], rooms: Sequence[RoomId] = ()) -> T:
        """Do ``work`` in a transaction of its own, in turn; ``rooms`` are those it changes. Raises what it raises, and ``busy``.

        Listeners hear of the plan that it gives back, if it is one.
        """
        return await self.enqueue(work, rooms)

    def enqueue(self, work: Callable[[Writing], Awaitable[T]], rooms: Sequence[RoomId] = ()) -> asyncio.Future[T]:
        """Like :meth:`run`, for several who wait for the same work. Raises Refused (busy)."""
        if not self._is_open():
            raise _busy()
        writing = _Work(work, rooms)
        self._put(writing)
        return writing.done

    def room(self, room: RoomId) -> RoomView | None:
        """The room as last stored, where it is remembered."""
        return self._rooms.get(room)

    def _is_open(self) -> bool:
        return not self._is_closing and self._worker.is_running

    def _put(self, job: _Push | _Work) -> None:
        self._queue.append(job)
        self._wake.set()

    async def _write_all(self) -> None:
        while True:
            await self._wake.wait()
            if self._queue and self._n_waiting < BATCH_OPS and not self._is_closing:
                await asyncio.sleep(GATHER_S)
            if not self._queue:
                if self._is_closing:
                    return
                self._wake.clear()
                continue
            if isinstance(self._queue[0], _Work):
                writing = self._queue.popleft()
                assert isinstance(writing, _Work)
                await self._attempt(self._carry_out(writing), writing)
            else:
                await self._write(self._batch())

    def _batch(self) -> list[_Push]:
        batch: list[_Push] = []
        n = 0
        while self._queue and isinstance(push := self._queue[0], _Push) and (not batch or n + len(push.asked) <= BATCH_OPS):
            n += len(push.asked)
            batch.append(push)
            self._queue.popleft()
        self._n_waiting -= n
        return batch

    async def _write(self, batch: list[_Push]) -> None:
        """Commit a batch; where that fails, everything is looked up again and each caller stands alone: one must not stop all."""
        if not await self._attempt(self._commit(batch)):
            for push in batch:
                await self._attempt(self._commit([push]), push)

    async def _attempt(self, doing: Coroutine[None, None, None], *waiting: _Push | _Work) -> bool:
        """Run one transaction: whatever happens in it, the writer goes on and who waits hears of it."""
        error = await outcome(doing, "rooms-transaction")
        if error is None:
            return True
        self._forget()
        if waiting:
            log.error("What was asked for could not be stored: %s", error, exc_info=error)
        for job in waiting:
            if isinstance(job, _Push):
                _tell(job.done, _all_busy(job.asked, BUSY_MS))
            else:
                _tell(job.done, error=error)
        return False

    async def _carry_out(self, writing: _Work) -> None:
        try:
            async with self._database.write() as tx:
                result = await writing.work(tx)
        except Refused as refused:
            self._forget()
            _tell(writing.done, error=refused)
            return
        for room in writing.rooms:
            self._rooms.pop(room, None)
        _tell(writing.done, result)
        if isinstance(result, Plan):
            self._publish(result)

    async def _commit(self, batch: list[_Push]) -> None:
        asked = [one for push in batch for one in push.asked]
        now_ms = self._clock.now_ms()
        try:
            async with self._database.write() as tx:
                view = await self._look_up(tx, needs(asked))
                planned = plan(asked, view, now_ms, was_restored=self.was_restored)
                await save_plan(tx, planned, self._erasers, now_ms)
                for entry in erasures(planned):
                    await self._note(tx, entry)
        except Refused as refused:
            self._forget()
            for push in batch:
                _tell(push.done, _all_busy(push.asked, refused.after_ms or BUSY_MS))
            return
        self._remember(view, planned)
        start = 0
        for push in batch:
            _tell(push.done, planned.results[start : start + len(push.asked)])
            start += len(push.asked)
        self._publish(planned)

    def _publish(self, planned: Plan) -> None:
        for listener in self._listeners:
            listener(planned)

    async def _look_up(self, reading: Reading, wanted: Needs) -> RoomsView:
        rooms = {room: found for room in wanted.rooms if (found := self._rooms.get(room))}
        counts = {line: count for line in wanted.counts if (count := self._counts.get(line))}
        if len(rooms) < len(wanted.rooms):
            rooms |= await load_rooms(reading, wanted.rooms - rooms.keys())
        if len(counts) < len(wanted.counts):
            counts |= await load_counts(reading, wanted.counts - counts.keys())
        people: set[tuple[str, str]] = set()
        for org in {org for org, _ in wanted.people}:
            users = await self._people_of(reading, org, [user for of, user in wanted.people if of == org])
            people |= {(org, user) for user in users}
        return RoomsView(
            rooms=rooms,
            messages=await load_messages(reading, wanted.messages),
            decided=await load_decided(reading, wanted),
            counts=counts,
            people=frozenset(people),
            files=await load_files(reading, wanted.files),
        )

    def _remember(self, view: RoomsView, planned: Plan) -> None:
        for room, found in view.rooms.items():
            self._rooms.keep(room, found)
        for log_of_room in planned.logs:
            self._rooms.keep(log_of_room.after.room, log_of_room.after)
        for line, count in planned.counts.items():
            self._counts.keep(line, count)

    def _forget(self) -> None:
        """After a failure nobody knows what was stored: look it all up again."""
        self._rooms.clear()
        self._counts.clear()


def _tell(waiting: asyncio.Future[Any], result: object = None, error: BaseException | None = None) -> None:
    if waiting.done():  # who asked has gone
        return
    if error is not None:
        waiting.set_exception(error)
    else:
        waiting.set_result(result)


def _busy() -> Refused:
    return Refused(Code.BUSY, "The server cannot store anything now.", hint="Try again.", status=503, after_ms=BUSY_MS)


def _all_busy(asked: Sequence[Asked], after_ms: int) -> tuple[OpResult, ...]:
    return tuple(OpResult(one.op.id, OpState.RETRY, code=Code.BUSY, after=after_ms) for one in asked)
