"""A job as a value: what is to be done, how it stands, and when it is tried again."""

import enum
from dataclasses import dataclass
from typing import Final

SECOND_NS: Final = 1_000_000_000


class JobState(enum.StrEnum):
    """Where a job stands. FAILED ones are kept as dead letters until somebody retries them."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobStopped(Exception):
    """Raised by a handler that was cancelled, with words for what it has done so far; the job ends as cancelled."""


class Priority(enum.IntEnum):
    """Which of the jobs that are due begins first. One that waits gains a step every minute, so that none starves."""

    URGENT = 0
    NORMAL = 1
    LOW = 2


OVER: Final = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a job is tried that failed for a passing reason, and how long it waits before each further attempt."""

    attempts_max: int = 5
    first_s: float = 10.0
    factor: float = 3.0
    longest_s: float = 3_600.0

    def delay_ns(self, n_attempts: int, asked_s: float | None = None) -> int:
        """Wait after ``n_attempts`` failed ones, at least what the failing side asked for."""
        delay_s = min(self.first_s * self.factor ** max(n_attempts - 1, 0), self.longest_s)
        return round(max(delay_s, asked_s or 0.0) * SECOND_NS)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work.

    kind : names its handler; payload : JSON text that the handler understands
    key : while a job of one kind and key waits or runs, another is not made
    due_ns : not before this instant; created_ns, started_ns, finished_ns : 0 where it has not come to that
    progress : 0 to 1; words : what it is doing, or what it came to
    error : why the last attempt failed
    """

    id: int
    kind: str
    payload: bytes
    key: str
    priority: Priority
    state: JobState
    n_attempts: int
    created_ns: int
    due_ns: int
    started_ns: int = 0
    finished_ns: int = 0
    progress: float = 0.0
    words: str = ""
    error: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it neither waits nor runs."""
        return self.state in OVER
