"""What may wait until the first chart is there: phases one after the other, each failing alone."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

PATIENCE_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One piece of work and its name, as a notice would tell it."""

    name: str
    work: Callable[[], Coroutine[Any, Any, None]]


class Background:
    """Runs phases in order once somebody says ``begin``, or after ``patience_s`` where nobody does."""

    def __init__(self, phases: tuple[Phase, ...], *, patience_s: float = PATIENCE_S) -> None:
        self._phases = phases
        self._patience_s = patience_s
        self._may_begin = asyncio.Event()
        self._done = asyncio.Event()

    def start(self, tasks: TaskOwner) -> None:
        """Wait for ``begin`` in the background, owned by ``tasks``, as are the phases."""
        tasks.start("background work", self._run(tasks))

    def begin(self) -> None:
        """The first chart is there; beginning twice does nothing."""
        self._may_begin.set()

    async def done(self) -> None:
        """Return once every phase has ended or failed."""
        await self._done.wait()

    async def _run(self, tasks: TaskOwner) -> None:
        try:
            await asyncio.wait_for(self._may_begin.wait(), self._patience_s)
        except TimeoutError:
            log.debug("Nobody said that a first chart was there within %s s.", self._patience_s)
        for phase in self._phases:
            await asyncio.wait({tasks.start(phase.name, phase.work())})  # the owner reports a failure
        self._done.set()
