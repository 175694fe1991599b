"""An answer on its way to a script: under way only while the script is there, and told no faster than it is read."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from backend.assistant.answers import Answer
from backend.errors import TriiError, Unavailable
from backend.loopback.failures import defect
from backend.loopback.gate import Receive
from backend.tasks import TaskOwner

N_AT_ONCE_MAX: Final = 8  # a model writes one after the other; more would only wait

Tell: TypeAlias = Callable[[Answer], None]
Answerer: TypeAlias = Callable[[Tell], Coroutine[Any, Any, Answer]]


@dataclass(slots=True)
class AnswerRoom:
    """Where answers for scripts are under way. ``closing`` is set when the API closes: all of them end."""

    tasks: TaskOwner
    closing: asyncio.Event
    n_inside: int = 0

    def enter(self) -> None:
        """Raises Unavailable where there are N_AT_ONCE_MAX already."""
        if self.n_inside >= N_AT_ONCE_MAX:
            hint = "Wait for one of them, or hang up on it."
            raise Unavailable(f"{N_AT_ONCE_MAX} answers are under way already.", hint=hint, code="api.busy")
        self.n_inside += 1


class Answering:
    """``async with`` begins an answer; leaving ends what is still under way.

    receive : hears the script hang up; its request has been read
    newest : the answer as far as it is, None before its first word; versions between two looks are passed over
    failure : why there will be none
    """

    def __init__(self, answerer: Answerer, room: AnswerRoom, receive: Receive) -> None:
        self._answerer = answerer
        self._room = room
        self._receive = receive
        self._running: tuple[asyncio.Task[None], ...] = ()
        self._moved = asyncio.Event()
        self.newest: Answer | None = None
        self.failure: TriiError | None = None
        self.is_over = False
        self.is_wanted = True

    async def __aenter__(self) -> Self:
        self._room.enter()
        start = self._room.tasks.start
        self._running = (
            start("answering a script", self._answer()),
            start("hearing a script hang up", self._hear_end()),
            start("hearing the API close", self._hear_closing()),
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._room.n_inside -= 1
        for task in self._running:
            task.cancel()
        await asyncio.wait(self._running)

    async def moved(self, timeout_s: float) -> bool:
        """Return once there is something to look at, True, or after ``timeout_s``, False."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._moved.wait()
        except TimeoutError:
            return False
        self._moved.clear()
        return True

    def _take(self, answer: Answer) -> None:
        self.newest = answer
        self._moved.set()

    def _end(self, failure: TriiError | None = None) -> None:
        self.failure, self.is_over = self.failure or failure, True
        self._moved.set()

    async def _answer(self) -> None:
        try:
            self._take(await self._answerer(self._take))
        except TriiError as error:
            self._end(error)
        except Exception as error:
            self._end(defect(error))
            raise  # who owns the task logs and tells it
        else:
            self._end()

    async def _hear_end(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_wanted = False
        self._moved.set()

    async def _hear_closing(self) -> None:
        await self._room.closing.wait()
        self._end(Unavailable("The API is being turned off.", hint="Ask again once it is on.", code="api.closing"))
