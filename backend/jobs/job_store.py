"""Jobs and schedules in the money ledger: what was asked for outlives the process."""

from dataclasses import dataclass, replace
from typing import Any, Final

from backend.errors import Conflict, NotFound
from backend.jobs.job import SECOND_NS, Job, JobState, Priority
from backend.storage.ledger import Ledger

KEPT: Final = 1_000
_GAIN_NS: Final = 60 * SECOND_NS
_COLUMNS: Final = (
    "id, kind, payload, key, priority, state, n_attempts, created_ns, due_ns, started_ns, finished_ns, progress, words, error"
)
_OPEN: Final = "state IN ('waiting', 'running')"
# Only names of our own columns and question marks are ever put into a query.
_SELECT: Final = f"SELECT {_COLUMNS} FROM jobs"  # noqa: S608 - see above
_UPDATE: Final = """
    UPDATE jobs SET state = ?, n_attempts = ?, due_ns = ?, started_ns = ?, finished_ns = ?, progress = ?, words = ?, error = ?
    WHERE id = ?
"""
_FORGET: Final = f"DELETE FROM jobs WHERE NOT {_OPEN} AND id <= (SELECT coalesce(max(id), 0) - ? FROM jobs)"  # noqa: S608 - see above


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that is asked for. ``words`` say what it is about until it has something to tell."""

    kind: str
    payload: bytes = b"{}"
    key: str = ""
    priority: Priority = Priority.NORMAL
    due_ns: int = 0
    words: str = ""


class JobStore:
    """Reads and writes jobs; every method is one transaction."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def add(self, job: NewJob, now_ns: int) -> Job:
        """Keep a new job, or return the open one of its kind and key, brought forward if it was to begin later."""

        def work(db: Any) -> Job:
            if job.key:
                found = db.execute(f"{_SELECT} WHERE kind = ? AND key = ? AND {_OPEN}", (job.kind, job.key))
                row = found.fetchone()
                if row is not None:
                    return _brought_forward(db, _job(row), max(job.due_ns, now_ns))
            values = (job.kind, job.payload, job.key, int(job.priority), now_ns, max(job.due_ns, now_ns), job.words)
            done = db.execute(
                "INSERT INTO jobs (kind, payload, key, priority, created_ns, due_ns, words) VALUES (?, ?, ?, ?, ?, ?, ?)", values
            )
            return _read(db, done.lastrowid)

        return await self._ledger.write(work)

    async def get(self, job_id: int) -> Job:
        """One job. Raises NotFound."""
        return await self._ledger.read(lambda db: _read(db, job_id))

    async def all(self, *, limit: int = KEPT) -> tuple[Job, ...]:
        """The newest jobs, newest first."""
        return await self._ledger.read(
            lambda db: tuple(map(_job, db.execute(f"{_SELECT} ORDER BY id DESC LIMIT ?", (limit,)).fetchall()))
        )

    async def due(self, now_ns: int, kinds: tuple[str, ...], lowest: Priority = Priority.LOW) -> Job | None:
        """The job of one of these kinds, and not below a priority, that should begin now; None where none is due."""
        marks = ", ".join("?" * len(kinds))
        query = (
            f"{_SELECT} WHERE state = 'waiting' AND due_ns <= ? AND priority <= ? AND kind IN ({marks}) "
            "ORDER BY priority - (? - due_ns) / ?, due_ns, id LIMIT 1"
        )
        row = await self._ledger.read(lambda db: db.execute(query, (now_ns, int(lowest), *kinds, now_ns, _GAIN_NS)).fetchone())
        return None if row is None else _job(row)

    async def next_due_ns(self, kinds: tuple[str, ...], lowest: Priority = Priority.LOW) -> int | None:
        """When the next waiting job of one of these kinds, and not below a priority, is due."""
        marks = ", ".join("?" * len(kinds))
        query = f"{_SELECT} WHERE state = 'waiting' AND priority <= ? AND kind IN ({marks}) ORDER BY due_ns LIMIT 1"
        row = await self._ledger.read(lambda db: db.execute(query, (int(lowest), *kinds)).fetchone())
        return None if row is None else _job(row).due_ns

    async def save(self, job: Job) -> Job:
        """Write what may change of a job, and return it."""
        values = (job.state, job.n_attempts, job.due_ns, job.started_ns, job.finished_ns, job.progress, job.words, job.error)
        await self._ledger.write(lambda db: db.execute(_UPDATE, (*values, job.id)))
        return job

    async def reopen(self, job: Job) -> Job:
        """Write a job that waits again. Raises Conflict where another open job has its kind and key."""
        values = (job.state, job.n_attempts, job.due_ns, job.started_ns, job.finished_ns, job.progress, job.words, job.error)

        def work(db: Any) -> None:
            query = f"SELECT id FROM jobs WHERE kind = ? AND key = ? AND key != '' AND id != ? AND {_OPEN}"  # noqa: S608 - see above
            row = db.execute(query, (job.kind, job.key, job.id)).fetchone()
            if row is not None:
                raise Conflict(f"Job {row[0]} does the same already.", hint="Wait for it, or cancel it first.")
            db.execute(_UPDATE, (*values, job.id))

        await self._ledger.write(work)
        return job

    async def resume(self) -> int:
        """Let jobs that were running when the process ended wait again; how many there were."""
        query = "UPDATE jobs SET state = 'waiting', progress = 0 WHERE state = 'running'"
        return int(await self._ledger.write(lambda db: db.execute(query).rowcount))

    async def forget_old(self) -> None:
        """Keep the newest thousand of the jobs that are over."""
        await self._ledger.write(lambda db: db.execute(_FORGET, (KEPT,)))

    async def next_run_ns(self, schedule: str) -> int | None:
        """When a schedule is to run next; None where it never was set."""
        row = await self._ledger.read(
            lambda db: db.execute("SELECT next_ns FROM job_schedules WHERE name = ?", (schedule,)).fetchone()
        )
        return None if row is None else int(row[0])

    async def set_next_run(self, schedule: str, next_ns: int) -> None:
        """Remember when a schedule is to run next."""
        query = "INSERT INTO job_schedules (name, next_ns) VALUES (?, ?) ON CONFLICT DO UPDATE SET next_ns = excluded.next_ns"
        await self._ledger.write(lambda db: db.execute(query, (schedule, next_ns)))


def _brought_forward(db: Any, job: Job, due_ns: int) -> Job:
    """A job that waits for its first attempt begins sooner where it is asked to; one that failed keeps its distance."""
    if job.state is not JobState.WAITING or job.n_attempts or job.due_ns <= due_ns:
        return job
    db.execute("UPDATE jobs SET due_ns = ? WHERE id = ?", (due_ns, job.id))
    return replace(job, due_ns=due_ns)


def _read(db: Any, job_id: int) -> Job:
    row = db.execute(f"{_SELECT} WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no job {job_id}.", hint="List the jobs with: trii jobs list")
    return _job(row)


def _job(row: tuple[Any, ...]) -> Job:
    job_id, kind, payload, key, priority, state, *rest = row
    return Job(job_id, kind, bytes(payload), key, Priority(priority), JobState(state), *rest)
