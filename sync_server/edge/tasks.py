"""Tasks of the server's edge with one owner: strong references, reported failures, an end with a deadline."""

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """Owns what runs beside the requests; ``close`` ends all of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._running: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._running)

    def start(self, name: str, coro: Coroutine[Any, Any, Any], failed: Callable[[], None] | None = None) -> None:
        """Run ``coro``; a failure is logged, and told to ``failed``. Nothing starts any more once it is closed."""
        if self._is_closed:
            coro.close()
            return
        task = asyncio.get_running_loop().create_task(coro, name=f"{self.name}/{name}")
        self._running.add(task)
        task.add_done_callback(functools.partial(self._finished, failed=failed))

    async def finish(self, deadline_s: float) -> None:
        """Wait until what runs has ended by itself, up to the deadline."""
        current = asyncio.current_task()
        running = {task for task in self._running if task is not current}
        if running:
            await asyncio.wait(running, timeout=deadline_s)

    async def close(self, deadline_s: float = 5.0) -> None:
        """End everything that still runs."""
        self._is_closed = True
        current = asyncio.current_task()
        running = {task for task in self._running if task is not current}
        for task in running:
            task.cancel(f"{self.name} closes")
        if running:
            _, stuck = await asyncio.wait(running, timeout=deadline_s)
            if stuck:
                log.error("Tasks did not end within %s s: %s", deadline_s, ", ".join(sorted(task.get_name() for task in stuck)))

    def _finished(self, task: asyncio.Task[Any], failed: Callable[[], None] | None) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("Task %s failed.", task.get_name(), exc_info=error)
            if failed is not None:
                failed()
