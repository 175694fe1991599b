"""The engine in a process of its own: what aborts, hangs or is killed there ends one answer, not this program."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from backend.assistant.engines import wire
from backend.assistant.engines.child_line import ChildLine, Patience, Reply
from backend.assistant.engines.engine import (
    Done,
    EngineState,
    EngineStats,
    Loaded,
    LoadOptions,
    Message,
    Piece,
    Progress,
    Request,
)
from backend.clock import Clock
from backend.errors import InvalidInput, TriiError, Unavailable
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

PLACE: Final = "own process"
LOAD_CRASHED: Final = "engine.load_crashed"
_PATIENCE: Final = Patience()


@dataclass(frozen=True, slots=True)
class Ways:
    """How an engine's processes are run.

    session : ``module:function`` that opens sessions in the child; empty for the product's own
    patience : how long a child may take for what
    back_off_s : waits before each new start after one crash follows another; after the last it stays broken
    on_crash : told, in words, each time a process ended by itself
    on_state : told when a model is back after that, or is given up
    """

    session: str = ""
    patience: Patience = _PATIENCE
    back_off_s: tuple[float, ...] = (0.1, 1.0, 3.0, 10.0, 30.0)
    on_crash: Callable[[str], None] | None = None
    on_state: Callable[[EngineState, str], None] | None = None


class ProcessEngine:
    """Drives one child at a time, started for each model that is loaded, and started again when it ends by itself.

    Memory comes back whole with each unload, because the process ends. A generation that was under way ends with
    Unavailable; the next call waits until the same model is loaded again.
    """

    def __init__(self, prefixes: Path, clock: Clock, tasks: TaskOwner, ways: Ways = Ways()) -> None:
        self._prefixes = prefixes
        self._clock = clock
        self._tasks = tasks
        self._ways = ways
        self._line: ChildLine | None = None
        self._model: tuple[Path, LoadOptions] | None = None
        self._revival: asyncio.Task[None] | None = None
        self._n_crashes = 0  # one after the other, with no answer between
        self._stats = EngineStats()
        self._is_closed = False

    async def load(self, path: Path, options: LoadOptions, on_progress: Progress | None = None) -> Loaded:
        """Load a model in a fresh child, in place of the one loaded. Raises InvalidInput and Unavailable."""
        await self.unload()
        if self._is_closed:
            raise Unavailable("The engine is closed.", code="engine.closed")
        self._state(EngineState.LOADING, f"Loading {path.name}")
        self._n_crashes = 0
        try:
            return await self._begin(path, options, on_progress)
        except TriiError as e:
            self._state(EngineState.EMPTY, e.message)
            raise
        except asyncio.CancelledError:
            self._state(EngineState.EMPTY)
            raise

    async def unload(self) -> None:
        """End the child; an answer under way ends with Unavailable."""
        self._model = None
        revival, self._revival = self._revival, None
        if revival is not None:
            revival.cancel()
            await asyncio.gather(revival, return_exceptions=True)
        line, self._line = self._line, None
        if line is not None:
            await line.close()
        self._stats = replace(self._stats, state=EngineState.EMPTY, loaded=None, words="")

    async def warm(self, prefix: Sequence[Message], mode: str) -> None:
        """Have a mode's prefix at hand. Raises Unavailable."""
        await self._call(lambda number: wire.Warm(number, prefix=tuple(prefix), mode=mode))

    async def generate(self, request: Request) -> AsyncIterator[Piece]:
        """Text pieces, then one Done; closing the iterator cancels. Raises Unavailable where the child ended meanwhile."""
        line = await self._working()
        stream = line.begin(request)
        self._count(EngineState.BUSY, n_requests=1)
        try:
            while not isinstance(piece := await stream.next(), Done):
                yield piece
            yield self._finished(piece)
        finally:
            if not stream.is_over:
                with contextlib.suppress(TriiError):
                    line.cancel(stream)
            if self._line is line and self._stats.state is EngineState.BUSY:
                self._state(EngineState.READY)

    async def cancel(self, request_id: str) -> None:
        """End a generation, also while it reads its prompt; does nothing where it is over."""
        if self._line is not None and self._line.is_alive:
            self._line.cancel_by_request(request_id)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector a text. Raises InvalidInput and Unavailable."""
        vectors: list[list[float]] = []
        for first in range(0, len(texts), wire.N_TEXTS_A_MESSAGE):
            some = tuple(texts[first : first + wire.N_TEXTS_A_MESSAGE])
            reply = await self._call(_asking(some))
            assert isinstance(reply, wire.Vectors)
            vectors += reply.vectors
        return vectors

    async def count(self, messages: Sequence[Message]) -> int:
        """Tokens of these messages in the model's template. Raises Unavailable."""
        reply = await self._call(lambda number: wire.Count(number, messages=tuple(messages)))
        assert isinstance(reply, wire.Counted)
        return reply.n

    async def use_threads(self, n_threads: int) -> None:
        """Compute on so many threads from the next batch on, also in the middle of an answer; without a model nothing."""
        if self._line is not None:
            self._line.tell(wire.UseThreads(n_threads=n_threads))

    def stats(self) -> EngineStats:
        """How it stands; from any thread."""
        line = self._line
        figures = {"rss_bytes": float(line.rss_bytes), "n_messages": float(line.n_messages)} if line is not None else {}
        return replace(self._stats, figures=figures)

    @property
    def child_pid(self) -> int:
        """The child's process number; 0 where there is none."""
        return self._line.pid if self._line is not None and self._line.is_alive else 0

    async def close(self) -> None:
        """End the child, bounded in time."""
        self._is_closed = True
        await self.unload()

    # One child.

    async def _begin(self, path: Path, options: LoadOptions, on_progress: Progress | None) -> Loaded:
        """Start a child and load the model in it."""
        line = ChildLine(self._tasks, self._ways.patience, self._on_end)
        self._line = line
        began_ns = self._clock.monotonic_ns()
        try:
            await line.start(self._prefixes, session=self._ways.session)
            reply = await line.call(lambda number: wire.Load(number, path=str(path), options=options), on_progress)
            assert isinstance(reply, wire.LoadedNow)
        except BaseException as e:
            was_let_go = self._line is not line  # unloaded or closed meanwhile, which ends the child too
            self._line = None if not was_let_go else self._line
            why = line.end_words
            await line.close()
            if was_let_go and isinstance(e, Unavailable):
                raise Unavailable("The engine was closed before it had answered.", hint="Ask again.", code="engine.closed") from e
            if why and isinstance(e, Unavailable):
                raise _load_crashed(path, why) from e
            raise
        load_s = (self._clock.monotonic_ns() - began_ns) / 1e9
        loaded = replace(reply.loaded, place=PLACE, load_s=max(load_s, reply.loaded.load_s))
        self._model = (path, options)
        self._stats = replace(self._stats, state=EngineState.READY, loaded=loaded, words="")
        return loaded

    async def _working(self) -> ChildLine:
        """The child with the model in it, waiting while it is started again. Raises Unavailable where there is none."""
        revival = self._revival
        if revival is not None and not revival.done():
            await asyncio.wait({revival})
        if self._line is None or self._model is None or not self._line.is_alive:
            broken = self._stats.state is EngineState.BROKEN
            raise Unavailable(
                self._stats.words if broken else "No model is loaded.",
                hint="Load it again, or choose another in Models." if broken else "Choose one in Models.",
                code="engine.broken" if broken else "engine.empty",
            )
        return self._line

    async def _call(self, make: Callable[[int], wire.FromParent]) -> Reply:
        line = await self._working()
        return await line.call(make)

    # Its end.

    def _on_end(self, why: str) -> None:
        """The child ended by itself: say so, and start it again with the same model."""
        if self._model is None or self._is_closed or self._tasks.is_closed:
            return
        self._stats = replace(self._stats, state=EngineState.LOADING, n_restarts=self._stats.n_restarts + 1, words=why)
        self._revival = self._tasks.start("engine_restart", self._revive())
        if self._ways.on_crash is not None:
            self._ways.on_crash(why)

    async def _revive(self) -> None:
        """Start again, later each time while one crash follows another, then give up."""
        assert self._model is not None
        path, options = self._model
        old, self._line = self._line, None
        if old is not None:
            await old.close()
        while self._n_crashes < len(self._ways.back_off_s):
            await asyncio.sleep(self._ways.back_off_s[self._n_crashes])
            self._n_crashes += 1
            try:
                await self._begin(path, options, None)
            except TriiError as e:
                log.info("The engine could not be started again: %s", e.message)
                self._stats = replace(self._stats, words=e.message)
                if isinstance(e, InvalidInput):
                    break
            else:
                self._told()
                return
        self._model = None
        words = f"The engine ended {self._n_crashes} times one after the other and was not started again. {self._stats.words}"
        self._stats = replace(self._stats, state=EngineState.BROKEN, loaded=None, words=words.strip())
        self._told()

    # What stats tell.

    def _told(self) -> None:
        if self._ways.on_state is not None:
            self._ways.on_state(self._stats.state, self._stats.words)

    def _finished(self, done: Done) -> Done:
        self._n_crashes = 0
        done = replace(done, place=PLACE)
        self._stats = replace(self._stats, last=done)
        return done

    def _state(self, state: EngineState, words: str = "") -> None:
        self._stats = replace(self._stats, state=state, words=words)

    def _count(self, state: EngineState, *, n_requests: int) -> None:
        self._stats = replace(self._stats, state=state, n_requests=self._stats.n_requests + n_requests)


def _load_crashed(path: Path, why: str) -> Unavailable:
    return Unavailable(
        f"Loading {path.name} ended its process: {why}.",
        hint="Choose another model, or compute on the processor (Settings, Assistant).",
        code=LOAD_CRASHED,
    )


def _asking(texts: tuple[str, ...]) -> Callable[[int], wire.FromParent]:
    return lambda number: wire.Embed(number, texts=texts)
