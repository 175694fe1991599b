"""The terminal of a command that runs in this process, whose loop goes on while a reader is slow."""

import asyncio
import queue
import threading
from collections.abc import Callable

from backend.commands.streams import Streams
from backend.commands.terminal import TerminalFacts


class StreamTerminal:
    """The terminal of a command that runs in this process; slow readers do not hold its loop up."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._work: queue.SimpleQueue[tuple[asyncio.Future[object], Callable[[], object]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def facts(self) -> TerminalFacts:
        """What the terminal can do."""
        return self._streams.facts

    async def write(self, data: bytes) -> None:
        """Results, to standard output."""
        await self._away(lambda: self._streams.write(data))

    async def tell(self, data: bytes) -> None:
        """Progress, warnings and errors, to standard error."""
        await self._away(lambda: self._streams.tell(data))

    async def ask(self, prompt: str) -> str | None:
        """The person's one-line answer, not shown; None where nobody can be asked."""
        return await self._away(lambda: self._streams.ask(prompt))  # type: ignore[return-value]  # ask's own type

    async def read_input(self) -> bytes:
        """All of standard input."""
        return await self._away(self._streams.read_input)  # type: ignore[return-value]  # read_input's own type

    async def _away(self, work: Callable[[], object]) -> object:
        # A daemon thread of its own: one that hangs in a full pipe must not keep an interrupted process alive.
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="trii-terminal", daemon=True)
            self._thread.start()
        done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._work.put((done, work))
        return await done

    def _serve(self) -> None:
        while True:
            done, work = self._work.get()
            result: object = None
            error: Exception | None = None
            try:
                result = work()
            except Exception as e:  # noqa: BLE001 - handed to the waiting command
                error = e
            done.get_loop().call_soon_threadsafe(_settle, done, result, error)


def _settle(done: asyncio.Future[object], result: object, error: Exception | None) -> None:
    if done.done():
        return
    if error is not None:
        done.set_exception(error)
    else:
        done.set_result(result)
