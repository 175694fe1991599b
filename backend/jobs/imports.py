"""Imports that a person asks for are jobs: seen, cancelled, tried again, and gone on with after a restart.

A job holds the plans of its tables and an id for each. The id of a table stands in the import log from the commit on that
stores its rows, and only then; so a job that begins again after a kill leaves out what is stored, and a cancel that came too
late is known from one that came in time.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Final, TypeAlias

import msgspec

from backend.bus import Bus
from backend.errors import Conflict, InvalidInput, NotFound, TriiError
from backend.events import JobChanged
from backend.jobs.job import OVER, Job, JobStopped, Priority, Retry
from backend.jobs.job_store import NewJob
from backend.jobs.runner import JobContext, JobRunner
from backend.market.importers.importer import Importer
from backend.market.importers.plan import ImportPlan
from backend.market.importers.report import ImportRecord, ImportReport, Progress
from backend.storage.durable import explain_os_error

KIND: Final = "import files"
TITLE: Final = "The import"
KEPT: Final = 16
"""Of so many jobs the reports are kept in memory."""
_NAMED: Final = 3

Tell: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """How one table ended: stored, with its report or (by a former process) its line of the log, or refused by an error."""

    name: str
    report: ImportReport | None = None
    record: ImportRecord | None = None
    error: TriiError | None = None

    @property
    def is_stored(self) -> bool:
        """Whether its rows are in the store."""
        return self.error is None

    @property
    def n_accepted(self) -> int:
        """Rows that are stored now by it."""
        told = self.report or self.record
        return 0 if told is None else told.n_accepted


@dataclass(frozen=True, slots=True)
class Batch:
    """A job of imports as it stands; ``outcomes`` are those of the first tables, in the order of ``plans``."""

    job: Job
    plans: tuple[ImportPlan, ...]
    outcomes: tuple[Imported, ...]


class _Table(msgspec.Struct, frozen=True):
    """A table of a job; size and time of change of its file are those that the plan was made of."""

    import_id: str
    plan: ImportPlan
    size_bytes: int
    modified_ns: int


class _Order(msgspec.Struct, frozen=True):
    tables: tuple[_Table, ...]


@dataclass(eq=False, slots=True)
class _Work:
    """What this process knows of a job."""

    plans: tuple[ImportPlan, ...]
    outcomes: list[Imported] = field(default_factory=list)
    tell: Tell | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def end_table(self, outcome: Imported) -> None:
        """The table under way has ended."""
        self.outcomes.append(outcome)
        self.news.set()


class Imports:
    """Has tables imported by the runner of jobs, one table after the other; one job of this kind runs at a time."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, importer: Importer, jobs: JobRunner, bus: Bus) -> None:
        self._importer = importer
        self._jobs = jobs
        self._works: dict[int, _Work] = {}
        self._kept: deque[int] = deque()
        # A person waits for it and is told what failed: nothing is tried again unasked.
        bus.subscribe(JobChanged, self._changed)
        jobs.register(KIND, TITLE, self._run, retry=Retry(attempts_max=1))

    async def submit(self, plans: Sequence[ImportPlan]) -> Job:
        """Have these tables imported, after those of earlier jobs. Raises InvalidInput for an undecided plan or none at all."""
        undecided = next((plan for plan in plans if not plan.is_ready), None)
        if undecided is not None or not plans:
            name, why = (undecided.name, " ".join(undecided.problems)) if undecided else ("Nothing", "No table was chosen.")
            raise InvalidInput(f"{name} cannot be imported yet. {why}", hint="Decide it in the preview.", code="import.undecided")
        order = await asyncio.to_thread(_order, [self._importer.new_id() for _ in plans], plans)
        payload = msgspec.json.encode(order, enc_hook=str)
        names = ", ".join(plan.name for plan in plans[:_NAMED]) + (", …" if len(plans) > _NAMED else "")
        job = await self._jobs.submit(NewJob(KIND, payload, priority=Priority.URGENT, words=names))
        self._work_of(job.id, tuple(plans))
        return job

    async def follow(self, job_id: int, tell: Tell | None = None) -> AsyncGenerator[Imported, None]:
        """Each table of a job as it ends, until the job is over; ``tell`` hears the progress.

        A job that this process was asked for; it is begun here where nobody begins jobs.
        """
        work, n_told = self._works[job_id], 0
        work.tell = tell
        await self._jobs.run_alone(job_id)
        while True:
            job = await self._jobs.get(job_id)
            for outcome in work.outcomes[n_told:]:
                yield outcome
                n_told += 1
            if job.is_over:
                return
            await work.news.wait()
            work.news.clear()

    async def stop(self, job_id: int) -> Job:
        """Cancel a job, and return it as it ended; its words say what was stored, also where the cancel came too late."""
        try:
            return await self._jobs.cancel(job_id)
        except Conflict:
            return await self._jobs.get(job_id)

    async def batch(self, job_id: int) -> Batch:
        """A job with its tables and what became of them. Raises NotFound."""
        job = await self._jobs.get(job_id)
        if job.kind != KIND:
            raise NotFound(f"Job {job_id} is no import.", hint="List the jobs with: trii jobs list")
        work = self._works.get(job_id)
        if work is not None:
            return Batch(job, work.plans, tuple(work.outcomes))
        order = _read_order(msgspec.json.decode(job.payload))
        found = [(table.plan, await self._importer.record(table.import_id)) for table in order.tables]
        stored = [(plan, record) for plan, record in found if record is not None]
        plans = (*(plan for plan, _ in stored), *(plan for plan, record in found if record is None))
        return Batch(job, plans, tuple(Imported(plan.name, record=record) for plan, record in stored))

    async def open_batch(self) -> Batch | None:
        """The import that runs, else the next that waits, else None."""
        waiting = [job for job in reversed(await self._jobs.jobs()) if job.kind == KIND and not job.is_over]
        return await self.batch(waiting[0].id) if waiting else None

    # --- the work -----------------------------------------------------------------------------------------------------

    async def _run(self, context: JobContext) -> str:
        order = _read_order(context.payload)
        work = self._work_of(context.job_id, tuple(table.plan for table in order.tables))
        reports = {one.report.import_id: one.report for one in work.outcomes if one.report is not None}
        work.outcomes.clear()
        for table in order.tables:
            try:
                stored = await self._importer.record(table.import_id)
                # Stored already: by an attempt that was killed, or cancelled behind the commit.
                before = None if stored is None else Imported(table.plan.name, reports.get(table.import_id), stored)
                outcome = before or await self._import(context, work, table)
            except asyncio.CancelledError:
                outcome = Imported(table.plan.name, record=await self._importer.record(table.import_id))
                if outcome.record is not None:
                    work.end_table(outcome)
                if len(work.outcomes) < len(order.tables):
                    raise JobStopped(_stopped_words(work.outcomes, table, outcome)) from None
                break
            work.end_table(outcome)
        return _words(work.outcomes)

    async def _import(self, context: JobContext, work: _Work, table: _Table) -> Imported:
        n_tables, n_done, name = len(work.plans), len(work.outcomes), table.plan.name
        place = f"{name}, {n_done + 1} of {n_tables}" if n_tables > 1 else name

        def progress(state: Progress) -> None:
            context.progress((n_done + (state.share or 0.0)) / n_tables, place)
            if work.tell is not None:
                work.tell(state)

        context.progress(n_done / n_tables, place)
        try:
            plan = await self._plan_now(table)
            return Imported(name, await self._importer.run(plan, progress=progress, import_id=table.import_id))
        except TriiError as error:
            return Imported(name, error=error)

    async def _plan_now(self, table: _Table) -> ImportPlan:
        """The plan, as long as it fits its file, which may have changed since. Raises NotFound, Unavailable, Conflict."""
        plan = table.plan
        if await asyncio.to_thread(_state_of, plan.path) == (table.size_bytes, table.modified_ns):
            return plan
        found = await self._importer.preview(plan.path, plan.choices)
        fresh = next((one for one in found if one.inside == plan.inside), None)
        if fresh is None or _essence(replace(fresh, is_new_instrument=plan.is_new_instrument)) != _essence(plan):
            raise Conflict(
                f"{plan.name} has changed since it was looked at.",
                hint="Import it anew, and look at what it holds now.",
                code="import.changed",
            )
        return fresh

    def _changed(self, event: JobChanged) -> None:
        work = self._works.get(event.job_id)
        if work is not None and event.state in OVER:
            work.news.set()

    def _work_of(self, job_id: int, plans: tuple[ImportPlan, ...]) -> _Work:
        work = self._works.get(job_id)
        if work is None:
            work = self._works[job_id] = _Work(plans)
            self._kept.append(job_id)
            if len(self._kept) > KEPT:
                del self._works[self._kept.popleft()]
        return work


def _order(import_ids: Sequence[str], plans: Sequence[ImportPlan]) -> _Order:
    pairs = zip(import_ids, plans, strict=True)
    return _Order(tuple(_Table(one, _essence(plan, plan.size_bytes), *_state_of(plan.path)) for one, plan in pairs))


def _essence(plan: ImportPlan, size_bytes: int = 0) -> ImportPlan:
    """What decides how a table is read, without what was only shown of it."""
    return replace(plan, size_bytes=size_bytes, sample=(), sample_bars=(), notes=())


def _state_of(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError as e:
        raise explain_os_error(e, "read the file", path) from e
    return stat.st_size, stat.st_mtime_ns


def _read_order(payload: Any) -> _Order:
    return msgspec.convert(payload, _Order, dec_hook=lambda kind, text: kind(text))


def _words(outcomes: Sequence[Imported]) -> str:
    """What a job came to. Raises the error of the only table, or one that names the tables that failed."""
    failed = [(one.name, one.error) for one in outcomes if one.error is not None]
    if len(outcomes) == 1 and failed:
        raise outcomes[0].error or AssertionError("A table that failed has its error.")
    stored = _stored_words([one for one in outcomes if one.is_stored])
    if failed:
        why = " ".join(f"{name}: {error.message}" for name, error in failed[:_NAMED])
        more = f" And {len(failed) - _NAMED} more." if len(failed) > _NAMED else ""
        raise InvalidInput(f"{len(failed)} of {len(outcomes)} tables were not imported. {why}{more} {stored}", code="import.some")
    return stored


def _stopped_words(outcomes: Sequence[Imported], table: _Table, outcome: Imported) -> str:
    under_way = "" if outcome.record is not None else f"Nothing of {table.plan.name} was imported."
    before = _stored_words([one for one in outcomes if one.is_stored]) if outcomes else ""
    return " ".join(part for part in (under_way, before) if part)


def _stored_words(stored: Sequence[Imported]) -> str:
    n_rows = sum(one.n_accepted for one in stored)
    if not stored:
        return "Nothing was stored."
    if len(stored) == 1:
        return f"{stored[0].name} is stored, {n_rows:,} rows of it new."
    return f"{len(stored)} tables are stored, {n_rows:,} rows of them new."
