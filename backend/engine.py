"""The engine thread: a plain asyncio loop of its own, which opens the backend, serves calls and closes with a deadline."""

import asyncio
import concurrent.futures
import logging
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Generic, TypeVar

from backend.errors import Unavailable

log = logging.getLogger(__name__)

THREAD_NAME: Final = "trii-engine"
SWITCH_INTERVAL_S: Final = 0.001
SLOW_CALLBACK_S: Final = 0.05

BackendT = TypeVar("BackendT")
T = TypeVar("T")


class EngineThread(Generic[BackendT]):
    """Runs ``opener()`` on a thread named "trii-engine" from ``start`` until ``stop``.

    opener : makes the async context manager that opens the backend, and closes it when the engine stops
    is_debug : asyncio's debug mode, which logs callbacks that hold the loop for more than 50 ms
    """

    def __init__(self, opener: Callable[[], AbstractAsyncContextManager[BackendT]], *, is_debug: bool = False) -> None:
        self.opened: concurrent.futures.Future[BackendT] = concurrent.futures.Future()
        self.ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._opener = opener
        self._is_debug = is_debug
        self._loop: asyncio.AbstractEventLoop | None = None
        self._has_loop = threading.Event()
        self._main: asyncio.Task[None]  # set, with the two below, by the thread before ``start`` returns
        self._stopping: asyncio.Event
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)

    def start(self) -> None:
        """Start the thread and return when its loop runs; the backend opens meanwhile, see ``opened``."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        for future in (self.opened, self.ended):
            future.set_running_or_notify_cancel()  # so that no reader can cancel them
        self._thread.start()
        self._has_loop.wait()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The engine's loop; only after ``start``."""
        assert self._loop is not None, "The engine has not been started."
        return self._loop

    @property
    def is_running(self) -> bool:
        """Whether the thread lives and takes calls."""
        return self._thread.is_alive() and self._loop is not None and not self._loop.is_closed()

    def submit(self, coro: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run ``coro`` on the engine; cancelling the future cancels the task. Raises Unavailable once stopped."""
        if not self.is_running:
            coro.close()
            raise Unavailable("The engine is not running.", hint="Start the program again.", code="engine.stopped")
        return asyncio.run_coroutine_threadsafe(coro, self.loop)

    def stop(self, deadline_s: float = 10.0) -> bool:
        """Close the backend and end the thread; whether it ended within ``deadline_s``."""
        if self._thread.ident is None:
            return True
        if self.is_running:
            try:
                self.loop.call_soon_threadsafe(self._ask_to_stop)
            except RuntimeError:  # the loop closed between the question and the call: that is what we want
                log.debug("The engine had just ended by itself.")
        self._thread.join(deadline_s)
        if self._thread.is_alive():
            log.error("The engine did not end within %s s; running tasks: %s", deadline_s, ", ".join(self._task_names()))
            return False
        return True

    def _ask_to_stop(self) -> None:
        if self.opened.done():
            self._stopping.set()
        else:
            self._main.cancel("the engine was stopped while it opened")

    def _task_names(self) -> list[str]:
        return sorted(task.get_name() for task in asyncio.all_tasks(self.loop))

    def _run(self) -> None:
        try:
            with asyncio.Runner(debug=self._is_debug) as runner:
                runner.run(self._serve())
        except BaseException as e:
            # What fails or is cancelled while opening is told through ``opened``; what fails later reaches
            # threading.excepthook, which writes the crash report.
            if self.opened.done():
                raise
            self.opened.set_exception(_told(e))
        finally:
            self._has_loop.set()
            self.ended.set_result(None)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        loop.slow_callback_duration = SLOW_CALLBACK_S
        main = asyncio.current_task()
        assert main is not None
        self._main, self._stopping, self._loop = main, asyncio.Event(), loop
        self._has_loop.set()
        async with self._opener() as backend:
            self.opened.set_result(backend)
            await self._stopping.wait()


def _told(error: BaseException) -> BaseException:
    if isinstance(error, asyncio.CancelledError):
        return Unavailable("The engine was stopped while it opened.", hint="Start the program again.", code="engine.stopped")
    return error
