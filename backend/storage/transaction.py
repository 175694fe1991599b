"""Run queued work in transactions: writes in groups that share one commit, reads on one snapshot."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.errors import TriiError
from backend.storage.connection import Connection, DatabaseError, is_damage, translate
from backend.storage.worker import Job


class _TransactionLost(Exception):  # never leaves this module
    """SQLite rolled the whole group back by itself, as it does when the disk is full."""


def serve_writes(connection: Connection, jobs: list[Job], path: Path) -> TriiError | None:
    """Run jobs in one transaction, each behind a savepoint; settle them after the commit reached the disk.

    A job that fails undoes itself only. When the commit of a group fails, each job is run again alone, so work may
    be called more than once. Returns the error when the file proved damaged.
    """
    started = [job for job in jobs if job.starts()]
    if not started:
        return None
    return _serve_started(connection, started, path)


def serve_reads(connection: Connection, jobs: list[Job], path: Path) -> TriiError | None:
    """Run each job on a snapshot of its own. Returns the error when the file proved damaged."""
    damage = [_serve_alone(connection, job, path, writes=False) for job in jobs if job.starts()]
    return _first(damage)


def _serve_started(connection: Connection, jobs: list[Job], path: Path) -> TriiError | None:
    if len(jobs) == 1:
        return _serve_alone(connection, jobs[0], path, writes=True)
    try:
        outcomes = _run_group(connection, jobs)
    except (DatabaseError, _TransactionLost):
        _roll_back(connection)
        return _first([_serve_alone(connection, job, path, writes=True) for job in jobs])
    return _first([_settle(job, outcome, path) for job, outcome in zip(jobs, outcomes, strict=True)])


def _first(damage: list[TriiError | None]) -> TriiError | None:
    return next((error for error in damage if error is not None), None)


def _run_group(connection: Connection, jobs: list[Job]) -> list[Any]:
    """Run and commit all jobs; an outcome is the job's result, or a _Failure."""
    connection.execute("BEGIN IMMEDIATE")
    outcomes = []
    for job in jobs:
        connection.execute("SAVEPOINT job")
        outcome = _call(job, connection)
        if not connection.in_transaction:
            raise _TransactionLost
        if isinstance(outcome, _Failure):
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        outcomes.append(outcome)
    connection.execute("COMMIT")
    return outcomes


def _serve_alone(connection: Connection, job: Job, path: Path, *, writes: bool) -> TriiError | None:
    outcome: Any
    try:
        connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        outcome = _call(job, connection)
        if writes and not isinstance(outcome, _Failure):
            connection.execute("COMMIT")
    except DatabaseError as error:
        outcome = _Failure(error)
    _roll_back(connection)
    return _settle(job, outcome, path)


@dataclass(frozen=True, slots=True)
class _Failure:
    error: BaseException


def _call(job: Job, connection: Connection) -> Any:
    try:
        return job.work(connection)
    except BaseException as error:  # noqa: BLE001  # delivered to whoever asked for the work
        return _Failure(error)


def _settle(job: Job, outcome: Any, path: Path) -> TriiError | None:
    if not isinstance(outcome, _Failure):
        job.done.set_result(outcome)
        return None
    error = outcome.error
    if not isinstance(error, DatabaseError):
        job.done.set_exception(error)
        return None
    told = translate(error, path)
    told.__cause__ = error
    job.done.set_exception(told)
    return told if is_damage(error) else None


def _roll_back(connection: Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
