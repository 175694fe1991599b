"""One task that runs from the beginning of a capability to its end, and is waited for there."""

import asyncio
from collections.abc import Coroutine


class Worker:
    """Owns its task; what the task raises is raised to who waits for its end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        return self._task is not None and not self._task.done()

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Begin; once."""
        assert self._task is None, f"{self._name} has begun already."
        task = asyncio.get_running_loop().create_task(work, name=self._name)
        self._task = task

    async def ended(self) -> None:
        """Wait until the work, which was told to stop, has come to its end."""
        if self._task is not None:
            await self._task


async def outcome(work: Coroutine[None, None, None], name: str) -> BaseException | None:
    """What ``work`` raised, None for nothing: for a worker that goes on whatever one piece of its work does."""
    task = asyncio.get_running_loop().create_task(work, name=name)
    await asyncio.wait([task])
    return task.exception()
