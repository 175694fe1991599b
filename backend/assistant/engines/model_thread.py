"""The one thread that uses a model: work waits its turn, can be taken back, and what runs can be stopped."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from backend.errors import TriiError, Unavailable

log = logging.getLogger(__name__)

NAME = "model"

T = TypeVar("T")


def _nothing() -> None:
    """Some work ends soon by itself."""


class Job(Generic[T]):
    """Work for the thread. ``stop`` is called, from any thread, where it is to end while it runs."""

    def __init__(self, work: "Callable[[Job[T]], T]", stop: Callable[[], None] = _nothing, *, request_id: str = "") -> None:
        self._work = work
        self.stop = stop
        self.request_id = request_id
        self.is_cancelled = False
        self.done: Future[T] = Future()

    def run(self) -> None:
        """Do the work and settle; whatever goes wrong is handed to whoever waits."""
        try:
            self.done.set_result(self._work(self))
        except TriiError as error:
            self.done.set_exception(error)
        except BaseException as error:
            log.exception("The model's thread failed.")
            failed = Unavailable(f"The engine failed: {error!r}.", hint="Load the model again.", code="engine.failed")
            failed.__cause__ = error
            self.done.set_exception(failed)


class ModelThread:
    """Runs jobs one after the other on a daemon thread that starts with the first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: deque[Job[Any]] = deque()
        self._running: Job[Any] | None = None
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def submit(self, job: Job[Any]) -> None:
        """Queue a job. Raises Unavailable once closing."""
        with self._changed:
            if self._is_closing:
                raise _closed()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)
                self._thread.start()
            self._jobs.append(job)
            self._changed.notify()

    def cancel(self, job: Job[Any]) -> None:
        """Take a job back before it begins, or stop it while it runs; nothing where it is over."""
        with self._changed:
            if job in self._jobs:
                self._jobs.remove(job)
                job.is_cancelled = True
            else:
                self._stop(job)
                return
        job.done.cancel()

    def find(self, request_id: str) -> Job[Any] | None:
        """The job of this request, waiting or running."""
        with self._changed:
            return next((job for job in (*self._jobs, self._running) if job is not None and job.request_id == request_id), None)

    @property
    def n_waiting(self) -> int:
        """Jobs that have not begun."""
        with self._changed:
            return len(self._jobs)

    @property
    def is_closing(self) -> bool:
        """Whether nothing is taken any more."""
        return self._is_closing

    def close(self, last: Job[Any]) -> None:
        """Refuse what waits and what comes, stop what runs, and end after ``last``."""
        with self._changed:
            self._is_closing = True
            refused = list(self._jobs)
            self._jobs.clear()
            if self._thread is None:
                last.done.set_result(None)
                return
            self._jobs.append(last)
            self._changed.notify()
        self.press()
        for job in refused:
            job.is_cancelled = True
            job.done.set_exception(_closed())

    def press(self) -> None:
        """Stop what runs."""
        with self._changed:
            if self._running is not None:
                self._stop(self._running)

    def _stop(self, job: Job[Any]) -> None:
        """With the lock held: the job cannot end and another begin meanwhile."""
        if job is self._running:
            job.is_cancelled = True
            job.stop()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            if job.done.set_running_or_notify_cancel():
                job.run()
            with self._changed:
                self._running = None

    def _next(self) -> Job[Any] | None:
        with self._changed:
            while not self._jobs and not self._is_closing:
                self._changed.wait()
            self._running = self._jobs.popleft() if self._jobs else None
            return self._running


def _closed() -> Unavailable:
    return Unavailable("The engine is closed.", code="engine.closed")
