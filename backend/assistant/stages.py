"""The stages of an answer against one budget of time: what is late is cut and never waited for; how long each took is kept."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from backend.clock import Clock
from backend.errors import Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
Sleep: TypeAlias = Callable[[float], Awaitable[None]]

INPUTS_S: Final = 1.0
CARD_S: Final = 2.0
WORDING_S: Final = 2.8
"""Deadlines within the 3 s of an analysis, see docs/decisions/0207-stages-within-three-seconds.md."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage that is over; times count from the beginning of the whole.

    due_ms : its deadline, 0 where it had none
    is_cut : it was not there by then, and what it would have given is not used
    by : the model at work, empty where code was
    """

    name: str
    took_ms: float
    ended_ms: float
    due_ms: float = 0.0
    is_cut: bool = False
    by: str = ""

    @property
    def is_late(self) -> bool:
        """Whether it missed its deadline; one that nothing could be shown without was waited for all the same."""
        return self.is_cut or 0 < self.due_ms < self.ended_ms


class Stages:
    """The stages of one answer. Lives on the engine loop; every deadline counts from when this was made."""

    def __init__(self, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._began_ns = clock.monotonic_ns()
        self._over: list[Stage] = []

    @property
    def over(self) -> tuple[Stage, ...]:
        """Those that are over, in the order in which they ended."""
        return tuple(self._over)

    @contextmanager
    def timed(self, name: str, due_s: float) -> Iterator[None]:
        """A stage that is waited for also when it is late, because nothing could be shown without it."""
        began_ms = self._now_ms()
        yield
        self._note(name, began_ms, due_s)

    async def within(self, name: str, due_s: float | None, work: Coroutine[Any, Any, T], *, late: str, by: str = "") -> T:
        """What ``work`` gives; None as deadline waits as long as it takes.

        Raises Unavailable with the words ``late`` where it is not there in time: it is cancelled, and nobody waits for its end.
        """
        began_ms = self._now_ms()
        task = asyncio.ensure_future(work)
        timers = () if due_s is None else (asyncio.ensure_future(self._sleep(max(0.0, due_s - began_ms / 1e3))),)
        try:
            await asyncio.wait((task, *timers), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await _end(task, *timers)
            raise
        await _end(*timers)
        is_cut = not task.done()
        self._note(name, began_ms, due_s or 0.0, is_cut=is_cut, by=by)
        if not is_cut:
            return task.result()
        task.add_done_callback(_look)
        task.cancel()
        raise Unavailable(late, hint="Ask again.", code="assistant.late")

    def _note(self, name: str, began_ms: float, due_s: float, *, is_cut: bool = False, by: str = "") -> None:
        now_ms = self._now_ms()
        self._over.append(Stage(name, now_ms - began_ms, now_ms, 1e3 * due_s, is_cut, by))

    def _now_ms(self) -> float:
        return (self._clock.monotonic_ns() - self._began_ns) / 1e6


async def _end(*tasks: "asyncio.Future[Any]") -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _look(task: "asyncio.Future[Any]") -> None:
    """What becomes of late work concerns nobody any more; a failure is logged."""
    if not task.cancelled() and task.exception() is not None:
        log.info("What came too late failed as well.", exc_info=task.exception())
