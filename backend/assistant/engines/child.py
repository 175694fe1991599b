"""The child's end of an engine in a process of its own: one session, one model in its life, ended by the end of its input.

Run as ``python -m backend.assistant.engines.child PREFIXES [--session module:function] [--memory-bytes N]``. The main
thread drives the session; one thread reads the pipe, so that a cancel crosses while the model works; one sends a beat
each second. The process ends at the end of its input, whatever it does then; a library that holds the interpreter
longer than a deadline is ended by a watchdog that needs no interpreter.
"""

import argparse
import contextlib
import faulthandler
import importlib
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import psutil

from backend.assistant.engines import wire
from backend.assistant.engines.coalescing import Coalescer
from backend.assistant.engines.engine import Done, Finish, LoadOptions, Progress, Text
from backend.assistant.engines.session import Session
from backend.errors import InvalidInput, TriiError, Unavailable

BEAT_S: Final = 1.0
STUCK_S: Final = 30.0
_NICENESS: Final = 5
_ABORT_EVERY_S: Final = 0.02
_OPENER: Final = "backend.assistant.engines.sessions:open_session"
_CANCELLED: Final = Done(Finish.CANCELLED, 0, 0, 0, 0.0, 0.0, 0.0)


class OpenSession(Protocol):
    """How a session is opened; see sessions.open_session."""

    def __call__(self, path: Path, options: LoadOptions, prefixes: Path, on_progress: Progress | None = None, /) -> Session:
        """Load the model; raises InvalidInput and Unavailable."""
        ...


class Child:
    """Serves one parent over two pipes until its input ends."""

    def __init__(self, open_session: OpenSession, prefixes: Path, source: BinaryIO, target: BinaryIO) -> None:
        self._open_session = open_session
        self._prefixes = prefixes
        self._source = source
        self._target = target
        self._sending = threading.Lock()
        self._work: queue.SimpleQueue[wire.FromParent] = queue.SimpleQueue()
        self._session: Session | None = None
        self._doing = ""
        self._moved_s = time.perf_counter()
        self._gate = threading.Lock()  # over the three below
        self._open: set[int] = set()  # generations asked for and not over
        self._cancelled: set[int] = set()
        self._running = 0
        self._stops_loading = False
        self._own = psutil.Process()

    def run(self) -> None:
        """Serve; never returns but by the end of the process."""
        for name, work in (("pipe", self._read), ("beat", self._beat)):
            threading.Thread(target=work, name=name, daemon=True).start()
        self._send(wire.Hello(pid=os.getpid()))
        while True:
            self._serve(self._work.get())

    # The main thread.

    def _serve(self, message: wire.FromParent) -> None:
        self._doing = type(message).__name__
        self._move()
        try:
            self._answer(message)
        except TriiError as e:
            self._send(wire.failed(message.number, e))
        except BaseException as e:
            # What a library raises unforeseen leaves it in a state nobody knows: say so and end; the parent starts anew.
            self._send(wire.failed(message.number, _unforeseen(e)))
            raise
        finally:
            self._doing = ""

    def _answer(self, message: wire.FromParent) -> None:
        match message:
            case wire.Load():
                self._load(message)
            case wire.Generate():
                self._generate(message)
            case wire.Warm():
                self._loaded_session().warm(message.prefix, message.mode)
                self._send(wire.Fine(message.number))
            case wire.Embed():
                self._send(wire.Vectors(message.number, vectors=self._loaded_session().embed(message.texts)))
            case wire.Count():
                self._send(wire.Counted(message.number, n=self._loaded_session().count(message.messages)))
            case wire.Cancel() | wire.UseThreads() | wire.StopLoading() | wire.Ping():
                raise AssertionError("The reading thread answers these.")

    def _load(self, message: wire.Load) -> None:
        if self._session is not None:
            raise InvalidInput("A child loads one model in its life.", code="engine.second_load")
        told = -1.0

        def on_progress(share: float) -> bool:
            nonlocal told
            self._move()
            if share - told >= 0.01 or share >= 1.0:
                told = share
                self._send(wire.Progressed(message.number, share=min(max(share, 0.0), 1.0)))
            return not self._stops_loading

        self._session = self._open_session(Path(message.path), message.options, self._prefixes, on_progress)
        self._send(wire.LoadedNow(message.number, loaded=self._session.loaded))

    def _generate(self, message: wire.Generate) -> None:
        number = message.number
        with self._gate:
            is_cancelled = number in self._cancelled
            self._running = 0 if is_cancelled else number
        try:
            done = _CANCELLED if is_cancelled else self._stream(message)
        finally:
            with self._gate:
                self._running = 0
                self._open.discard(number)
                self._cancelled.discard(number)
        self._send(wire.Ended(number, done=done))

    def _stream(self, message: wire.Generate) -> Done:
        session, number = self._loaded_session(), message.number
        batch = Coalescer(lambda text, n_tokens: self._send(wire.Pieces(number, text=text, n_tokens=n_tokens)))
        done: Done | None = None
        try:
            for piece in session.generate(message.request):
                self._move()
                if isinstance(piece, Text):
                    batch.add(piece.text, piece.n_tokens)
                else:
                    done = piece
        finally:
            batch.close()
        if done is None:
            raise Unavailable("The engine ended an answer without saying why.", code="engine.no_end")
        return done

    def _loaded_session(self) -> Session:
        if self._session is None:
            raise Unavailable("No model is loaded.", hint="Choose one in Models.", code="engine.empty")
        return self._session

    # The thread that reads.

    def _read(self) -> None:
        """Take messages until the input ends or is broken; then the process ends at once."""
        with contextlib.suppress(OSError, TriiError):
            while len(head := self._source.read(wire.HEAD.size)) == wire.HEAD.size:
                self._take(wire.parse_from_parent(self._source.read(wire.size_of(head))))
        os._exit(0)

    def _take(self, message: wire.FromParent) -> None:
        match message:
            case wire.Cancel():
                self._cancel(message.number)
            case wire.UseThreads():
                with contextlib.suppress(TriiError):  # an engine that cannot goes on as it was
                    self._loaded_session().use_threads(message.n_threads)
            case wire.StopLoading():
                self._stops_loading = True
            case wire.Ping():
                self._send(self._heartbeat())
            case _:
                with self._gate:
                    self._open |= {message.number} if isinstance(message, wire.Generate) else set()
                self._work.put(message)

    def _cancel(self, number: int) -> None:
        with self._gate:
            if number not in self._open or number in self._cancelled:
                return
            self._cancelled.add(number)
        threading.Thread(target=self._abort, args=(number,), name="abort", daemon=True).start()

    def _abort(self, number: int) -> None:
        """Abort again and again until it is over: an abort that comes before the work begins would be lost."""
        pause = threading.Event()
        while True:
            with self._gate:
                if number not in self._cancelled:
                    return
                if self._session is not None and self._running == number:
                    self._session.abort()
            pause.wait(_ABORT_EVERY_S)

    # The thread that beats.

    def _beat(self) -> None:
        pause = threading.Event()
        while True:
            faulthandler.dump_traceback_later(STUCK_S, exit=True)
            self._send(self._heartbeat())
            pause.wait(BEAT_S)

    def _heartbeat(self) -> wire.Beat:
        quiet_ms = int((time.perf_counter() - self._moved_s) * 1000) if self._doing else 0
        return wire.Beat(doing=self._doing, quiet_ms=quiet_ms, rss_bytes=self._own.memory_info().rss)

    def _move(self) -> None:
        self._moved_s = time.perf_counter()

    def _send(self, message: wire.FromChild) -> None:
        framed = wire.frame(message)
        try:
            with self._sending:
                self._target.write(framed)
                self._target.flush()
        except OSError:
            os._exit(0)  # nobody reads any more


def _unforeseen(error: BaseException) -> TriiError:
    return Unavailable(
        f"The engine failed in a way nobody foresaw ({type(error).__name__}).",
        hint="Ask again in a moment; the engine is started again.",
        code="engine.unforeseen",
    )


def find_function(name: str) -> Callable[..., Session]:
    """The function ``module:function``. Raises InvalidInput."""
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as e:
        raise InvalidInput(f"There is no function {name}: {e}.", code="engine.session") from e
    assert callable(found)
    return found  # type: ignore[no-any-return]  # its shape is the caller's promise


def _own_output() -> BinaryIO:
    """The pipe to the parent, under a number of its own; what libraries print to standard output goes to the error stream."""
    kept = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(kept, "wb")


def _limit(memory_bytes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # the parent watches the size where the system has no limit
        import resource  # noqa: PLC0415 - Windows has no such module

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory_bytes:
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _lower_priority() -> None:
    with contextlib.suppress(psutil.Error, OSError):
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if os.name == "nt" else _NICENESS)


def main(arguments: Sequence[str]) -> None:
    """Serve the parent that started this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("prefixes", type=Path)
    parser.add_argument("--session", default=_OPENER)
    parser.add_argument("--memory-bytes", type=int, default=0)
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C in a terminal is for the parent, whose end is ours
    target = _own_output()
    _limit(given.memory_bytes)
    _lower_priority()
    Child(find_function(given.session), given.prefixes, sys.stdin.buffer, target).run()


if __name__ == "__main__":
    main(sys.argv[1:])
