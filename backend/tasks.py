"""Background tasks with an owner: strong references, names, reported failures, ended with a deadline."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from backend.events import Notice, notice_of

log = logging.getLogger(__name__)

T = TypeVar("T")


class TaskOwner:
    """Owns tasks of the running loop; leaving ``async with`` cancels them all and names those that will not end.

    notify : where failures are told, usually ``bus.publish``; they are logged in any case
    deadline_s : how long leaving waits for cancelled tasks
    """

    def __init__(self, name: str, notify: Callable[[Notice], None] | None = None, *, deadline_s: float = 5.0) -> None:
        self.name = name
        self._notify = notify
        self._deadline_s = deadline_s
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    def start(self, name: str, coro: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run ``coro`` as a task called ``name``; a failure is logged and told as a notice."""
        if self._is_closed:
            coro.close()
        assert not self._is_closed, f"{self.name} is closed and cannot start {name}."
        task = asyncio.get_running_loop().create_task(coro, name=f"{self.name}/{name}")
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    @property
    def is_closed(self) -> bool:
        """Whether no task can be started any more."""
        return self._is_closed

    @property
    def running(self) -> tuple[str, ...]:
        """Names of the tasks that have not ended, sorted."""
        return tuple(sorted(task.get_name() for task in self._tasks))

    async def close(self) -> tuple[str, ...]:
        """Cancel every task and wait up to the deadline; the names of those that did not end."""
        self._is_closed = True
        current = asyncio.current_task()
        tasks = {task for task in self._tasks if task is not current}
        for task in tasks:
            task.cancel(f"{self.name} closes")
        if not tasks:
            return ()
        _, stuck = await asyncio.wait(tasks, timeout=self._deadline_s)
        names = tuple(sorted(task.get_name() for task in stuck))
        if names:
            log.error("Tasks did not end within %s s of being cancelled: %s", self._deadline_s, ", ".join(names))
        return names

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        log.error("Task %s failed.", task.get_name(), exc_info=error)
        if self._notify is not None:
            self._notify(notice_of(error, f"{_sentence(task.get_name())} failed."))


def _sentence(name: str) -> str:
    words = name.rpartition("/")[2].replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]
