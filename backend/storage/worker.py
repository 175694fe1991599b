"""A thread that owns one connection and serves a queue of work."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from backend.errors import Unavailable
from backend.storage.connection import Connection

T = TypeVar("T")
Work = Callable[[Connection], T]


@dataclass(eq=False, slots=True)
class Job:
    """Work for a connection, and where its result goes."""

    work: Work[Any]
    done: "Future[Any]" = field(default_factory=Future)

    def starts(self) -> bool:
        """Claim the job; False when the caller gave up while it waited. From here on it cannot be cancelled."""
        return self.done.set_running_or_notify_cancel()


Serve = Callable[[Connection, list[Job]], Connection]


class Worker:
    """Opens a connection on its own thread and serves queued jobs in order, several at a time.

    ``open_connection`` and ``serve`` run on the thread; ``serve`` settles every job it is given and returns the
    connection to go on with.
    """

    def __init__(self, name: str, open_connection: Callable[[], Connection], serve: Serve, *, jobs_max: int) -> None:
        self._open_connection = open_connection
        self._serve = serve
        self._jobs_max = jobs_max
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.opened: Future[None] = Future()
        self.closed: Future[None] = Future()

    def start(self) -> None:
        """Start the thread; ``opened`` tells how it went."""
        self._thread.start()

    def submit(self, work: Work[T]) -> "Future[T]":
        """Queue work; cancelling the future before its turn drops it. Raises Unavailable once closing."""
        job = Job(work)
        with self._changed:
            if self._closing:
                raise _closed(self._thread.name)
            self._jobs.append(job)
            self._changed.notify()
        return job.done

    def stop_accepting(self) -> bool:
        """Refuse new work; what is queued is still served, then the thread closes its connection and ends.

        Returns whether the thread was ever started, that is, whether ``closed`` will be set.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
        return self._thread.ident is not None

    def abandon(self) -> int:
        """Interrupt the running statement and refuse what is queued; returns how many jobs that were."""
        with self._changed:
            self._closing = True
            left = list(self._jobs)
            self._jobs.clear()
            self._changed.notify()
            connection = self._connection
            if connection is not None:
                connection.interrupt()
        refused = [job for job in left if job.starts()]
        _refuse(refused, self._thread.name)
        return len(refused)

    def _run(self) -> None:
        try:
            connection = self._open_connection()
        except BaseException as error:  # noqa: BLE001  # delivered to whoever waits for the opening
            self.stop_accepting()
            self.opened.set_exception(error)
            self.closed.set_result(None)
            return
        self._connection = connection
        self.opened.set_result(None)
        try:
            while jobs := self._take():
                try:
                    connection = self._serve(connection, jobs)
                finally:  # nobody may wait for ever, should serving itself have failed
                    _refuse([job for job in jobs if not job.done.done()], self._thread.name)
                self._connection = connection
        finally:
            with self._changed:  # interrupting a closed connection would crash
                self._connection = None
            connection.close()
            self.abandon()
            self.closed.set_result(None)

    def _take(self) -> list[Job]:
        """Wait for work and take what has gathered; empty means closing."""
        with self._changed:
            while not self._jobs and not self._closing:
                self._changed.wait()
            n_taken = min(len(self._jobs), self._jobs_max)
            return [self._jobs.popleft() for _ in range(n_taken)]


def _refuse(jobs: list[Job], name: str) -> None:
    for job in jobs:
        job.done.set_exception(_closed(name))


def _closed(name: str) -> Unavailable:
    return Unavailable(f"{name} is closing and takes no more work.", hint="Open the home again.", code="ledger.closed")
