"""One call on its way over the bridge: a task on the engine's loop and a future on the caller's."""

import asyncio
import logging
from asyncio import AbstractEventLoop
from collections.abc import Coroutine
from typing import Any, Final, Generic, TypeVar

from backend.errors import Unavailable

log = logging.getLogger(__name__)

CANCEL_DEADLINE_S: Final = 5.0

T = TypeVar("T")


def engine_stopped() -> Unavailable:
    """The error of calls that the engine cannot answer any more."""
    return Unavailable("The engine has stopped.", hint="Start the program again; what is saved is safe.", code="engine.stopped")


class Crossing(Generic[T]):
    """Runs ``coro`` on ``engine_loop`` and settles ``done`` on ``caller_loop``; made on the caller's thread."""

    def __init__(
        self, engine_loop: AbstractEventLoop, caller_loop: AbstractEventLoop, coro: Coroutine[Any, Any, T], name: str
    ) -> None:
        self.name = name
        self.done: asyncio.Future[T] = caller_loop.create_future()
        self._engine_loop = engine_loop
        self._caller_loop = caller_loop
        self._coro = coro
        self._task: asyncio.Task[T] | None = None
        self._engine_loop.call_soon_threadsafe(self._begin)

    async def result(self) -> T:
        """What the task returns or raises; being cancelled cancels the task and waits for its clean-up."""
        try:
            return await asyncio.shield(self.done)
        except asyncio.CancelledError:
            await self._cancel()
            raise

    async def _cancel(self) -> None:
        try:
            self._engine_loop.call_soon_threadsafe(self._cancel_task)
        except RuntimeError:  # the engine's loop is closed, so its tasks have ended
            log.debug("%s was cancelled after the engine had closed.", self.name)
            return
        await asyncio.wait({self.done}, timeout=CANCEL_DEADLINE_S)
        if not self.done.done():
            log.error("%s did not end within %s s of being cancelled.", self.name, CANCEL_DEADLINE_S)
        elif (error := self.done.exception()) is not None and not self._was_cancelled():
            log.warning("%s failed while it was being cancelled.", self.name, exc_info=error)

    def _was_cancelled(self) -> bool:
        return self._task is not None and self._task.cancelled()

    # --- on the engine thread ---

    def _begin(self) -> None:
        self._task = self._engine_loop.create_task(self._coro, name=self.name)
        self._task.add_done_callback(self._finished)

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _finished(self, task: asyncio.Task[T]) -> None:
        error = None if task.cancelled() else task.exception()
        try:
            self._caller_loop.call_soon_threadsafe(self._settle, task, error)
        except RuntimeError:  # the caller's loop has closed: nobody waits for the answer
            log.debug("%s ended after its caller's loop had closed.", self.name)

    # --- on the caller's thread ---

    def _settle(self, task: asyncio.Task[T], error: BaseException | None) -> None:
        if self.done.done():
            return
        if error is not None:
            self.done.set_exception(error)
        elif task.cancelled():
            self.done.set_exception(engine_stopped())
        else:
            self.done.set_result(task.result())
