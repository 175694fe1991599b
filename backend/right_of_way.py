"""The painting thread goes first: others ask before each slice of Python whether a frame is being painted.

Painting is hundreds of short calls that let go of the interpreter lock, and each may wait a switch interval to get it
back from a busy thread: one frame of six charts took 12 ms instead of 7 beside an engine that was busy half of the
time. Engine work that comes in slices therefore waits out the frame (decision 0041).
"""

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

log = logging.getLogger(__name__)

FRAME_S_MAX: Final = 0.012  # whoever waits goes on after this long, however slow the painting


class RightOfWay:
    """Says whether a frame is being painted: the painting thread takes and releases, any other asks before a slice."""

    def __init__(self) -> None:
        self._free = threading.Event()
        self._free.set()
        self._waiting: list[asyncio.Future[None]] = []
        self._lock = threading.Lock()

    @property
    def is_taken(self) -> bool:
        """Whether a frame is being painted."""
        return not self._free.is_set()

    def take(self) -> None:
        """A frame begins."""
        self._free.clear()

    def release(self) -> None:
        """The frame is painted."""
        with self._lock:
            self._free.set()
            waiting, self._waiting = self._waiting, []
        for future in waiting:
            try:
                future.get_loop().call_soon_threadsafe(_wake, future)
            except RuntimeError:  # its loop has closed meanwhile
                log.debug("Nobody waits for the frame any more.")

    @contextmanager
    def taken(self) -> Iterator[None]:
        """For paints between frames; inside a frame it stays with the frame."""
        if self.is_taken:
            yield
            return
        self.take()
        try:
            yield
        finally:
            self.release()

    async def clear(self) -> None:
        """For coroutines: return at once, or when the frame is done, or after 12 ms all the same."""
        if not self.is_taken:
            return
        loop = asyncio.get_running_loop()
        until_s = loop.time() + FRAME_S_MAX
        while (freed := self._next_release()) is not None:
            # Woken by whoever paints: to look again and again would take the interpreter lock from the frame.
            timer = loop.call_at(until_s, _wake, freed)
            try:
                await freed
            finally:
                timer.cancel()
                self._forget(freed)
            if loop.time() >= until_s:
                return

    def wait(self) -> None:
        """For worker threads: the same, holding the calling thread."""
        self._free.wait(FRAME_S_MAX)

    def _next_release(self) -> asyncio.Future[None] | None:
        with self._lock:
            if not self.is_taken:
                return None
            freed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(freed)
            return freed

    def _forget(self, freed: asyncio.Future[None]) -> None:
        with self._lock:
            if freed in self._waiting:
                self._waiting.remove(freed)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
