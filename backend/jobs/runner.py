"""Runs jobs: by priority, a few at a time, again after passing failures, on schedules, and on after a restart."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, TypeAlias

import msgspec

from backend.bus import Bus
from backend.clock import Clock
from backend.errors import Conflict, InvalidInput, TriiError, Unavailable
from backend.events import JobChanged, Level, Notice
from backend.jobs.job import OVER, Job, JobState, JobStopped, Priority, Retry
from backend.jobs.job_store import KEPT, JobStore, NewJob
from backend.jobs.schedule import Misfire, Schedule, next_run
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

LANES: Final = 3
LOOK_S_MAX: Final = 20.0  # so that a clock that jumped, or a sleep, is noticed soon


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a handler is given.

    payload : the job's JSON, decoded
    n_attempts : 1 for the first
    """

    job_id: int
    payload: Any
    n_attempts: int
    tell: Callable[[float, str], None]

    def progress(self, done: float, words: str = "") -> None:
        """Say how far the work is, 0 to 1, and what it is doing."""
        self.tell(min(max(done, 0.0), 1.0), words)


# A handler may run more than once for one job, so it must not mind. What it returns is kept as the job's words, also where it
# was cancelled too late and had done everything.
Handler: TypeAlias = Callable[[JobContext], Coroutine[Any, Any, str]]


@dataclass(frozen=True, slots=True)
class _Kind:
    title: str
    handler: Handler
    retry: Retry
    n_beside: int


class JobRunner:
    """One runner for the whole program; lives on the engine thread.

    Of one kind one job runs at a time, in one of a few lanes, the last of which is kept for urgent jobs. Kinds that only
    wait for others run beside the lanes, several at a time. A failure that may pass (Unavailable) is tried again after a
    while, any other ends the job as a dead letter, which ``retry`` brings back.
    """

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, store: JobStore, bus: Bus, clock: Clock, tasks: TaskOwner) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._tasks = tasks
        self._kinds: dict[str, _Kind] = {}
        self._schedules: dict[str, Schedule] = {}
        self._running: dict[int, asyncio.Task[str]] = {}
        self._busy: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._has_begun = False

    def register(self, kind: str, title: str, handler: Handler, *, retry: Retry | None = None, n_beside: int = 0) -> None:
        """Let ``handler`` do jobs of ``kind``, called ``title`` in notices.

        n_beside : for work that waits and hardly computes: so many of its jobs, each of another key, run beside the lanes
        """
        assert kind not in self._kinds, f"{kind} has a handler already."
        self._kinds[kind] = _Kind(title, handler, retry or Retry(), n_beside)

    def plan(self, schedule: Schedule) -> None:
        """Make the schedule's job whenever it is time."""
        assert schedule.job.kind in self._kinds, f"Nothing handles {schedule.job.kind}."
        self._schedules[schedule.name] = schedule

    async def begin(self) -> None:
        """Go on with what a former process left running, then run whatever becomes due until the tasks' owner closes."""
        n_left = await self._store.resume()
        if n_left:
            log.info("%s jobs go on that were under way when the program ended.", n_left)
        await self._store.forget_old()
        self._has_begun = True
        self._tasks.start("jobs", self._run())

    async def submit(self, job: NewJob) -> Job:
        """Keep a job and run it when its turn comes; the open one of its kind and key where there is one already.

        An open one that still waits for its first attempt is brought forward where ``job`` is due sooner.
        """
        if job.kind not in self._kinds:
            raise InvalidInput(f"{job.kind!r} is no kind of job.", hint=f"There are: {', '.join(sorted(self._kinds))}.")
        made = await self._store.add(job, self._clock.now_ns())
        self._tell(made)
        self._wake.set()
        return made

    async def cancel(self, job_id: int) -> Job:
        """Stop a job that waits or runs, and return it once it has stopped; done, where the cancel came too late.

        Raises NotFound; Conflict where it was over before.
        """
        async with self._looking:  # a look may be about to begin or to end it
            job = await self._store.get(job_id)
            if job.state not in (JobState.WAITING, JobState.RUNNING):
                raise Conflict(f"Job {job_id} is {job.state} already.", hint="Only jobs that wait or run can be cancelled.")
            task = self._running.get(job_id)
            if task is None:
                return await self._end(job, JobState.CANCELLED)
        task.cancel("cancelled by the user")
        await asyncio.wait([task])
        async with self._looking:  # the look that ends it has the lock
            return await self._store.get(job_id)

    async def retry(self, job_id: int) -> Job:
        """Let a failed or cancelled job wait again, with all its attempts. Raises NotFound; Conflict where it is not over."""
        job = await self._store.get(job_id)
        if job.state not in (JobState.FAILED, JobState.CANCELLED):
            raise Conflict(f"Job {job_id} is {job.state}.", hint="Only failed and cancelled jobs can be tried again.")
        now_ns = self._clock.now_ns()
        made = await self._store.reopen(
            replace(job, state=JobState.WAITING, n_attempts=0, due_ns=now_ns, finished_ns=0, progress=0.0, error="")
        )
        self._tell(made)
        self._wake.set()
        return made

    def title(self, kind: str) -> str:
        """What jobs of ``kind`` are called; the kind itself where nothing does them any more."""
        return self._kinds[kind].title if kind in self._kinds else kind

    async def get(self, job_id: int) -> Job:
        """One job. Raises NotFound."""
        return await self._store.get(job_id)

    async def jobs(self, *, limit: int = KEPT) -> tuple[Job, ...]:
        """The newest jobs, newest first; what a former process left running waits, as it does until jobs begin."""
        async with self._looking:  # so that no job is seen between two states
            found, running = await self._store.all(limit=limit), frozenset(self._running)
        left = frozenset(job.id for job in found if job.state is JobState.RUNNING and job.id not in running)
        return tuple(replace(job, state=JobState.WAITING) if job.id in left else job for job in found)

    async def over(self, job_id: int) -> Job:
        """Return a job once it is over. Raises NotFound."""
        ended = asyncio.Event()

        def note(event: JobChanged) -> None:
            if event.job_id == job_id and event.state in OVER:
                ended.set()

        subscription = self._bus.subscribe(JobChanged, note)
        try:
            while not (job := await self._store.get(job_id)).is_over:
                await ended.wait()
                ended.clear()
        finally:
            subscription.close()
        return job

    async def run_alone(self, job_id: int) -> None:
        """Begin this one job where nobody begins jobs, as in the process of a single command; nothing where somebody does."""
        async with self._looking:
            if not self._has_begun and job_id not in self._running:
                await self._begin(await self._store.get(job_id))

    async def look(self) -> None:
        """Make what schedules ask for, and begin what is due and has a lane."""
        async with self._looking:
            for schedule in self._schedules.values():
                await self._ask(schedule)
            while (job := await self._next()) is not None:
                await self._begin(job)

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.look()
                wait_s = await self._wait_s()
            except TriiError as error:  # a full disk, say: the jobs stay where they are, and it is tried again
                log.warning("Jobs could not be looked after: %s", error)
                wait_s = LOOK_S_MAX
            await self._wait(wait_s)

    async def _wait(self, at_most_s: float) -> None:
        try:
            async with asyncio.timeout(at_most_s):  # wait_for of Python 3.11 may swallow a cancel
                await self._wake.wait()
        except TimeoutError:
            return

    async def _wait_s(self) -> float:
        found = [await self._store.next_due_ns(kinds, lowest) for kinds, lowest in self._free()]
        due_ns = min((due_ns for due_ns in found if due_ns is not None), default=None)
        if due_ns is None:
            return LOOK_S_MAX
        return min(max((due_ns - self._clock.now_ns()) / 1e9, 0.05), LOOK_S_MAX)

    async def _ask(self, schedule: Schedule) -> None:
        every_ns, now_ns = schedule.every_ns(), self._clock.now_ns()
        if every_ns <= 0:
            return
        planned_ns = await self._store.next_run_ns(schedule.name)
        if planned_ns is None:
            await self._store.set_next_run(schedule.name, now_ns + every_ns)
            return
        if planned_ns <= now_ns and (schedule.misfire is Misfire.RUN_ONCE or now_ns - planned_ns <= schedule.late_ns):
            # The job first: a kill in between makes it twice at most, and its key keeps even that to one.
            self._tell(await self._store.add(schedule.job, now_ns))
        if not now_ns < planned_ns <= now_ns + every_ns:
            await self._store.set_next_run(schedule.name, next_run(planned_ns, every_ns, now_ns))

    async def _next(self) -> Job | None:
        for kinds, lowest in self._free():
            job = await self._store.due(self._clock.now_ns(), kinds, lowest)
            if job is not None:
                return job
        return None

    def _free(self) -> list[tuple[tuple[str, ...], Priority]]:
        """Kinds that may begin now, and the lowest priority that may: those of the lanes, then those beside them."""
        free = [(tuple(name for name, kind in self._kinds.items() if self._busy[name] < kind.n_beside), Priority.LOW)]
        lanes = tuple(name for name, kind in self._kinds.items() if not kind.n_beside and not self._busy[name])
        n_free = LANES - sum(n for name, n in self._busy.items() if not self._kinds[name].n_beside)
        if n_free > 0:
            free.insert(0, (lanes, Priority.LOW if n_free > 1 else Priority.URGENT))
        return [(kinds, lowest) for kinds, lowest in free if kinds]

    async def _begin(self, job: Job) -> None:
        kind = self._kinds[job.kind]
        started = await self._store.save(
            replace(job, state=JobState.RUNNING, n_attempts=job.n_attempts + 1, started_ns=self._clock.now_ns(), progress=0.0)
        )
        self._tell(started)
        try:
            payload = msgspec.json.decode(job.payload)
        except msgspec.DecodeError as e:
            await self._end(started, JobState.FAILED, error=f"Its order cannot be read: {e}.")
            return

        def tell(done: float, words: str) -> None:
            self._bus.publish(JobChanged(job.id, job.kind, kind.title, JobState.RUNNING, done, words))

        context = JobContext(job.id, payload, started.n_attempts, tell)
        task = asyncio.get_running_loop().create_task(kind.handler(context), name=f"job/{job.kind}")
        self._running[job.id] = task
        self._busy[job.kind] += 1
        self._tasks.start(f"job {job.kind}", self._watch(started, kind, task))

    async def _watch(self, job: Job, kind: _Kind, task: asyncio.Task[str]) -> None:
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:  # the program ends: the job stays "running" and goes on at the next start
            task.cancel()
            await asyncio.wait([task])
            raise
        finally:
            if task.done() and not task.cancelled():
                task.exception()  # looked at, so that asyncio does not tell of it where the end comes before it is settled
        async with self._looking:
            del self._running[job.id]
            self._busy[job.kind] -= 1
            await self._settle(job, kind, task)
        self._wake.set()

    def _settle(self, job: Job, kind: _Kind, task: asyncio.Task[str]) -> Awaitable[object]:
        if task.cancelled():
            return self._end(job, JobState.CANCELLED)
        error = task.exception()
        if error is None:
            return self._end(job, JobState.DONE, words=task.result())
        if isinstance(error, JobStopped):
            return self._end(job, JobState.CANCELLED, words=str(error))
        if isinstance(error, Unavailable) and job.n_attempts < kind.retry.attempts_max:
            return self._postpone(job, kind, error)
        if not isinstance(error, TriiError):
            log.error("Job %s (%s) failed.", job.id, job.kind, exc_info=error)
        return self._fail(job, kind, error)

    async def _postpone(self, job: Job, kind: _Kind, error: Unavailable) -> None:
        due_ns = self._clock.now_ns() + kind.retry.delay_ns(job.n_attempts, error.retry_after_s)
        self._tell(await self._store.save(replace(job, state=JobState.WAITING, due_ns=due_ns, error=str(error))))

    async def _fail(self, job: Job, kind: _Kind, error: BaseException) -> None:
        words = str(error) if isinstance(error, TriiError) else f"{type(error).__name__}: {error}"
        await self._end(job, JobState.FAILED, error=words)
        hint = f"Try it again in the list of jobs, or with: trii jobs retry {job.id}"
        self._bus.publish(Notice(Level.WARNING, f"{kind.title} failed.", words, hint, "job.failed"))

    async def _end(self, job: Job, state: JobState, *, words: str = "", error: str = "") -> Job:
        progress = 1.0 if state is JobState.DONE else job.progress
        ended = await self._store.save(
            replace(job, state=state, finished_ns=self._clock.now_ns(), progress=progress, words=words, error=error)
        )
        self._tell(ended)
        return ended

    def _tell(self, job: Job) -> None:
        self._bus.publish(JobChanged(job.id, job.kind, self.title(job.kind), job.state, job.progress, job.error or job.words))
