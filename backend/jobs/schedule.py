"""Work that comes again: when it runs next, and what happens to runs that were slept through."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from backend.jobs.job_store import NewJob

HOUR_NS: Final = 3_600 * 1_000_000_000


class Misfire(enum.Enum):
    """What to do at waking up when runs were missed."""

    RUN_ONCE = "one run makes up for all that were missed"
    SKIP = "missed runs are left out"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job made every so often.

    name : never changes; the next run is remembered under it
    every_ns : asked at each look, so that it may follow the settings; 0 turns the schedule off
    late_ns : a run this late still counts as on time
    """

    name: str
    job: NewJob
    every_ns: Callable[[], int]
    misfire: Misfire = Misfire.RUN_ONCE
    late_ns: int = HOUR_NS


def next_run(planned_ns: int, every_ns: int, now_ns: int) -> int:
    """The first instant of the plan's grid after ``now_ns``: a long sleep, or a clock set back, moves no run to another hour."""
    if planned_ns > now_ns + every_ns:  # the clock was set back, or the schedule made closer
        return now_ns + every_ns
    return planned_ns + max((now_ns - planned_ns) // every_ns + 1, 0) * every_ns
