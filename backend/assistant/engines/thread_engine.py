"""The engine in this process: one thread loads, reads and writes; the loop only waits, and never for a token each."""

import asyncio
import contextlib
import logging
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from backend.assistant.engines.engine import (
    Done,
    EngineState,
    EngineStats,
    Finish,
    Loaded,
    LoadOptions,
    Message,
    Piece,
    Progress,
    Request,
)
from backend.assistant.engines.model_thread import Job, ModelThread
from backend.assistant.engines.piece_stream import PERIOD_S, PieceStream
from backend.assistant.engines.session import Session
from backend.assistant.engines.wording import load_cancelled, unloaded
from backend.errors import TriiError, Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
OpenSession = Callable[[Path, LoadOptions, Path, Progress | None], Session]

CLOSE_TIMEOUT_S = 5.0
PRESS_AGAIN_S = 0.1
BROKE_OFF = "engine.decode"


class ThreadEngine:
    """Drives a session on a thread of its own. Calls may come in any order; they are served one after the other.

    prefixes : the folder in which states of prompt beginnings are kept
    close_timeout_s : how long closing waits for work that does not end
    """

    def __init__(self, open_session: OpenSession, prefixes: Path, *, close_timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        self._open_session = open_session
        self._prefixes = prefixes
        self._close_timeout_s = close_timeout_s
        self._thread = ModelThread()
        self._session: Session | None = None  # the thread's own, but for ``abort`` and ``use_threads``
        self._lock = threading.Lock()
        self._stats = EngineStats()

    async def load(self, path: Path, options: LoadOptions, on_progress: Progress | None = None) -> Loaded:
        """Load a model in place of the one loaded. ``on_progress`` is called on the loop, thirty times a second at most.

        Raises InvalidInput for a file that is no model, Unavailable without memory and where the loading was ended.
        """
        progress = _ProgressOnLoop(on_progress)
        job = Job(lambda job: self._load(job, path, options, progress))
        progress.stop = lambda: self._thread.cancel(job)
        return await self._await(job)

    async def unload(self) -> None:
        """Give the memory back, after what was asked before; does nothing without a model."""
        if not self._thread.is_closing:
            await self._await(Job(lambda _job: self._unload()))

    async def warm(self, prefix: Sequence[Message], mode: str) -> None:
        """Process a mode's unchanging prefix now and keep its state. Raises Unavailable where nothing is loaded."""
        await self._await(Job(lambda _job: self._opened().warm(prefix, mode), self._abort))

    async def generate(self, request: Request) -> AsyncIterator[Piece]:
        """Text pieces, then one Done; closing the iterator cancels. Raises Unavailable where nothing is loaded or it broke off."""
        stream = PieceStream()
        job = Job(lambda job: self._write(job, request, stream), self._abort, request_id=request.id)
        job.done.add_done_callback(lambda done: _end(stream, done))
        self._thread.submit(job)
        try:
            async for piece in stream.pieces():
                yield piece
        finally:
            self._thread.cancel(job)

    async def cancel(self, request_id: str) -> None:
        """End a generation, also while it waits or reads its prompt; does nothing where it is over."""
        job = self._thread.find(request_id)
        if job is not None:
            self._thread.cancel(job)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector a text. Raises InvalidInput for a text longer than the context, Unavailable where the model cannot."""
        return await self._await(Job(lambda _job: self._opened().embed(texts), self._abort))

    async def count(self, messages: Sequence[Message]) -> int:
        """How many tokens these messages are in the model's own template."""
        return await self._await(Job(lambda _job: self._opened().count(messages)))

    async def use_threads(self, n_threads: int) -> None:
        """Compute on so many threads from the next batch on, also in the middle of an answer; without a model nothing."""
        session = self._session
        if session is not None:
            session.use_threads(n_threads)

    def stats(self) -> EngineStats:
        """How it stands; from any thread."""
        with self._lock:
            return replace(self._stats, n_waiting=self._thread.n_waiting)

    async def close(self) -> None:
        """Stop what runs, refuse what waits, unload and end the thread; within a few seconds in any case."""
        if self._thread.is_closing:
            return
        last = Job(lambda _job: self._unload())
        self._thread.close(last)
        ended = asyncio.wrap_future(last.done)
        for _ in range(math.ceil(self._close_timeout_s / PRESS_AGAIN_S)):
            done, _waiting = await asyncio.wait({ended}, timeout=PRESS_AGAIN_S)
            if done:
                return
            self._thread.press()  # work that was just about to begin may have missed it
        log.warning("The model's thread did not end within %s s and is left alone.", self._close_timeout_s)

    async def _await(self, job: Job[T]) -> T:
        """The job's result; giving up waiting takes it back or stops it."""
        self._thread.submit(job)
        try:
            return await asyncio.wrap_future(job.done)
        except asyncio.CancelledError:
            self._thread.cancel(job)
            raise

    def _opened(self) -> Session:
        if self._session is None:
            raise unloaded()
        return self._session

    def _abort(self) -> None:
        session = self._session
        if session is not None:
            session.abort()

    def _load(self, job: Job[Loaded], path: Path, options: LoadOptions, progress: "_ProgressOnLoop") -> Loaded:
        self._unload()
        self._note(state=EngineState.LOADING, words=f"Loading {path.name}")
        try:
            session = self._open_wanted(job, path, options, progress)
        except BaseException as error:
            self._note(state=EngineState.EMPTY, words=error.message if isinstance(error, TriiError) else "")
            raise
        self._session = session
        self._note(state=EngineState.READY, loaded=session.loaded, words="")
        return session.loaded

    def _open_wanted(self, job: Job[Loaded], path: Path, options: LoadOptions, progress: "_ProgressOnLoop") -> Session:
        session = self._open_session(
            path, options, self._prefixes, lambda done: progress.tell(done, is_wanted=not job.is_cancelled)
        )
        if job.is_cancelled:
            session.close()
            raise load_cancelled(path.name)
        return session

    def _unload(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()
        self._note(state=EngineState.EMPTY, loaded=None, words="")

    def _write(self, job: Job[Done], request: Request, stream: PieceStream) -> Done:
        session = self._opened()
        self._note(state=EngineState.BUSY)
        try:
            end = self._forward(job, session, request, stream)
        except BaseException as error:
            is_broken = not isinstance(error, TriiError) or error.code == BROKE_OFF
            self._note(state=EngineState.BROKEN if is_broken else EngineState.READY, words=str(error) if is_broken else "")
            raise
        self._note(state=EngineState.READY, words="", last=end, n_requests=self._stats.n_requests + 1)
        return end

    @staticmethod
    def _forward(job: Job[Done], session: Session, request: Request, stream: PieceStream) -> Done:
        """Send the session's texts on, none once cancelled, up to its end."""
        pieces = session.generate(request)
        if job.is_cancelled:  # it came while the session made ready, and was forgotten there
            session.abort()
        for piece in pieces:
            if isinstance(piece, Done):
                return piece
            if job.is_cancelled:
                session.abort()
            else:
                stream.put(piece)
        raise Unavailable("The answer broke off without an end.", hint="Ask again.", code=BROKE_OFF)

    def _note(self, **changes: Any) -> None:
        with self._lock:
            self._stats = replace(self._stats, **changes)


class _ProgressOnLoop:
    """Brings progress from the thread that loads to the loop, thirty times a second at most. Made on the loop."""

    def __init__(self, on_progress: Progress | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_progress = on_progress
        self._told_s = 0.0
        self.stop: Callable[[], None] = lambda: None

    def tell(self, done: float, *, is_wanted: bool) -> bool:
        """Say how far it is; whether to go on."""
        now_s = time.perf_counter()
        if is_wanted and self._on_progress is not None and (done >= 1 or now_s - self._told_s >= PERIOD_S):
            self._told_s = now_s
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._show, done)
        return is_wanted

    def _show(self, done: float) -> None:
        if self._on_progress is not None and self._on_progress(done) is False:
            self.stop()


def _end(stream: PieceStream, done: "Future[Done]") -> None:
    """Tell the stream how it ended; what was taken back before it began has counted nothing."""
    if done.cancelled():
        stream.put(Done(Finish.CANCELLED, 0, 0, 0, 0.0, 0.0, 0.0))
    elif isinstance(error := done.exception(), Exception):
        stream.fail(error)
    else:
        stream.put(done.result())
