"""The parent's end of one child process: starts it, speaks to it, watches over it, and tells how it ended."""

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from backend.assistant.engines import wire
from backend.assistant.engines.engine import Done, Progress, Request, Text
from backend.errors import CorruptData, TriiError, Unavailable
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

_ROOT: Final = Path(__file__).parents[3]
_TICK_S: Final = 0.25
_LAST_WORDS_BYTES: Final = 8192
_TEXT_LENGTH_MAX: Final = 4 * 2**20
# What a child is given of the environment: no key, token or password of ours or of anyone else.
_KEPT: Final = frozenset(
    {"PATH", "HOME", "USERPROFILE", "LANG", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "WINDIR", "SYSTEMDRIVE", "COMSPEC"}
    | {"NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_PATH", "CUDA_HOME"}
    | {"CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES", "VIRTUAL_ENV"}
)
_ENDS: Final = {
    "SIGABRT": "it gave up by itself (abort)",
    "SIGKILL": "it was killed, by somebody or for lack of memory",
    "SIGSEGV": "it reached for memory that is not its own",
    "SIGBUS": "it read a part of a file that is not there any more",
    "SIGILL": "it used an instruction that this processor does not have",
    "SIGFPE": "it divided by zero",
}

Reply: TypeAlias = wire.LoadedNow | wire.Vectors | wire.Counted | wire.Fine


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a child may take, in seconds: to start, without any sign of life, without progress, and to obey a cancel."""

    start_s: float = 60.0
    beat_s: float = 8.0
    work_s: float = 300.0
    cancel_s: float = 5.0
    close_s: float = 2.0


class Stream:
    """The pieces of one generation as they come; ends with Done, or raises."""

    def __init__(self, number: int, request_id: str) -> None:
        self.number = number
        self.request_id = request_id
        self.is_over = False
        self._pieces: asyncio.Queue[Text | Done | TriiError] = asyncio.Queue()
        self._length = 0

    async def next(self) -> Text | Done:
        """The next piece. Raises Unavailable where the engine ended."""
        piece = await self._pieces.get()
        if isinstance(piece, TriiError):
            raise piece
        return piece

    def put(self, piece: Text | Done | TriiError) -> bool:
        """Take what came; False once it is more than any answer is."""
        self.is_over = not isinstance(piece, Text)
        self._length += len(piece.text) if isinstance(piece, Text) else 0
        self._pieces.put_nowait(piece)
        return self._length <= _TEXT_LENGTH_MAX


class ChildLine:
    """One child from its start to its end; all calls from the loop that started it.

    on_end : called once, with words, when the child has ended by itself or was ended for not answering
    """

    def __init__(self, tasks: TaskOwner, patience: Patience, on_end: Callable[[str], None]) -> None:
        self.rss_bytes = 0
        self.n_messages = 0
        self.end_words = ""
        self._tasks = tasks
        self._patience = patience
        self._on_end = on_end
        self._process: asyncio.subprocess.Process | None = None
        self._running: list[asyncio.Task[None]] = []
        self._numbers = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._progress: dict[int, Progress] = {}
        self._streams: dict[int, Stream] = {}
        self._obeys_within_s: dict[int, float] = {}
        self._silent_s = 0.0
        self._hello: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._last_words: deque[bytes] = deque()
        self._ended = asyncio.Event()
        self._why = ""
        self._is_closing = False

    @property
    def is_alive(self) -> bool:
        """Whether it can be spoken to."""
        return self._process is not None and not self._ended.is_set() and not self._why and not self._is_closing

    @property
    def pid(self) -> int:
        """The child's process number; 0 before its start."""
        return self._process.pid if self._process is not None else 0

    async def start(self, prefixes: Path, *, session: str = "", memory_bytes: int = 0) -> None:
        """Start the child and wait until it runs. Raises Unavailable."""
        given = ["--session", session] if session else []
        given += ["--memory-bytes", str(memory_bytes)] if memory_bytes else []
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "backend.assistant.engines.child",
                str(prefixes),
                *given,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=_ROOT,
                env=scrubbed(os.environ),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as e:
            raise Unavailable(f"A process for models cannot be started: {e.strerror}.", code="engine.start") from e
        works = {"engine_pipe": self._read(), "engine_words": self._hear(), "engine_watch": self._watch()}
        self._running = [self._tasks.start(name, work) for name, work in works.items()]
        try:
            await asyncio.wait_for(asyncio.shield(self._hello), self._patience.start_s)
        except TimeoutError:
            self.kill(f"it did not start within {self._patience.start_s:g} s")
            await self._ended.wait()
            raise self._broken() from None
        except asyncio.CancelledError:
            await self.close()
            raise

    async def call(self, make: Callable[[int], wire.FromParent], on_progress: Progress | None = None) -> Reply:
        """Ask and wait for the answer. Raises what the child failed with, Unavailable where it ended."""
        number = next(self._numbers)
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        if on_progress is not None:
            self._progress[number] = on_progress
        try:
            self._say(make(number))
            return await reply
        finally:
            self._replies.pop(number, None)
            self._progress.pop(number, None)

    def begin(self, request: Request) -> Stream:
        """Begin a generation. Raises Unavailable where the child has ended."""
        stream = Stream(next(self._numbers), request.id)
        self._say(wire.Generate(stream.number, request=request))
        self._streams[stream.number] = stream
        return stream

    def cancel(self, stream: Stream) -> None:
        """Tell the child to end it; a child that does not obey in time is ended."""
        if not stream.is_over and stream.number not in self._obeys_within_s and self.is_alive:
            self._obeys_within_s[stream.number] = self._patience.cancel_s
            self._say(wire.Cancel(stream.number))

    def cancel_by_request(self, request_id: str) -> None:
        """Cancel the generation of this request, if there is one."""
        for stream in tuple(self._streams.values()):
            if stream.request_id == request_id:
                self.cancel(stream)

    def tell(self, message: wire.FromParent) -> None:
        """Say what nothing answers; a child that has ended is told nothing."""
        if self.is_alive:
            self._say(message)

    def stop_loading(self) -> None:
        """Tell the child to end the loading at its next step."""
        self.tell(wire.StopLoading())

    def kill(self, why: str) -> None:
        """End the child at once, for this reason; on_end is told."""
        if self._process is not None and not self._ended.is_set() and not self._why:
            self._why = why
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def close(self) -> None:
        """End the child and wait for its end, bounded in time; on_end is not told."""
        self._is_closing = True
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(self._ended.wait(), self._patience.close_s)
        except TimeoutError:
            log.info("The engine's process did not end at the end of its input and was killed.")
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            for task in self._running:
                task.cancel()
        await process.wait()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._settle(self._why or "it was closed")

    # What comes.

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        source = self._process.stdout
        try:
            while True:
                head = await source.readexactly(wire.HEAD.size)
                self._take(wire.parse_from_child(await source.readexactly(wire.size_of(head))))
        except (asyncio.IncompleteReadError, OSError):
            pass  # its end; the exit status says why
        except CorruptData as e:
            self.kill("it sent what is no message")
            log.info("%s", e.message)
        await self._end()

    async def _end(self) -> None:
        assert self._process is not None
        try:
            await asyncio.wait_for(self._process.wait(), self._patience.close_s)
        except TimeoutError:  # it closed its output and lives on
            self.kill("it closed its output")
            await self._process.wait()
        why = self._why or words_of_exit(self._process.returncode or 0)
        if said := self.last_words:
            log.info("The engine's process ended: %s. Its last words: %s", why, said)
        self._settle(why)
        if not self._is_closing:
            self._on_end(self.end_words)

    def _settle(self, why: str) -> None:
        """Whoever waits is told."""
        if self._ended.is_set():
            return
        self.end_words = why
        self._ended.set()
        error = self._broken()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(error)
        if not self._hello.done():
            self._hello.set_exception(error)
            self._hello.exception()  # whoever started it may have gone
        for stream in self._streams.values():
            stream.put(error)
        self._streams.clear()

    def _broken(self) -> Unavailable:
        if self._is_closing:
            return Unavailable("The engine was closed before it had answered.", hint="Ask again.", code="engine.closed")
        return Unavailable(
            f"The engine ended while it worked: {self.end_words or self._why}. It is started again.",
            hint="Ask again in a moment.",
            code="engine.restarted",
            retry_after_s=2.0,
        )

    def _take(self, message: wire.FromChild) -> None:
        self._silent_s = 0.0
        self.n_messages += 1
        match message:
            case wire.Hello():
                if not self._hello.done():
                    self._hello.set_result(message.pid)
            case wire.Beat():
                self.rss_bytes = message.rss_bytes
                if message.quiet_ms > self._patience.work_s * 1000:
                    self.kill(f"its work ({message.doing}) showed no progress for {message.quiet_ms / 1000:.0f} s")
            case wire.Progressed():
                on_progress = self._progress.get(message.number)
                if on_progress is not None and on_progress(message.share) is False:
                    self.stop_loading()
            case wire.Pieces():
                self._give(message.number, Text(message.text, message.n_tokens))
            case wire.Ended():
                self._give(message.number, message.done)
            case wire.Failed():
                self._fail(message)
            case wire.LoadedNow() | wire.Vectors() | wire.Counted() | wire.Fine():
                reply = self._replies.get(message.number)
                if reply is not None and not reply.done():
                    reply.set_result(message)

    def _fail(self, message: wire.Failed) -> None:
        error = wire.error_of(message)
        reply = self._replies.get(message.number)
        if reply is not None and not reply.done():
            reply.set_exception(error)
        self._give(message.number, error)

    def _give(self, number: int, piece: Text | Done | TriiError) -> None:
        stream = self._streams.get(number)
        if stream is None:
            return
        if not stream.put(piece):
            self.kill("it wrote without end")
        if stream.is_over:
            self._streams.pop(number, None)
            self._obeys_within_s.pop(number, None)

    async def _hear(self) -> None:
        """Keep the end of what it writes to its error stream, and never let it wait there."""
        assert self._process is not None
        assert self._process.stderr is not None
        n_bytes = 0
        while piece := await self._process.stderr.read(4096):
            self._last_words.append(piece)
            n_bytes += len(piece)
            while n_bytes - len(self._last_words[0]) > _LAST_WORDS_BYTES:
                n_bytes -= len(self._last_words.popleft())

    @property
    def last_words(self) -> str:
        """The end of its error stream."""
        return b"".join(self._last_words).decode("utf-8", "replace").strip()[-2000:]

    async def _watch(self) -> None:
        """End a child that gives no sign of life or does not obey. A tick that comes late itself counts little."""
        loop = asyncio.get_running_loop()
        before = loop.time()
        while not self._ended.is_set():
            await asyncio.sleep(_TICK_S)
            passed_s, before = min(loop.time() - before, 2 * _TICK_S), loop.time()
            if self._hello.done():
                self._silent_s += passed_s
            if self._silent_s > self._patience.beat_s:
                self.kill(f"it gave no sign of life for {self._patience.beat_s:g} s")
            for number in self._obeys_within_s:
                self._obeys_within_s[number] -= passed_s
                if self._obeys_within_s[number] < 0:
                    self.kill(f"it went on for {self._patience.cancel_s:g} s after it was told to stop")

    def _say(self, message: wire.FromParent) -> None:
        if not self.is_alive:
            raise self._broken()
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(wire.frame(message))  # its end is told by the reader


def words_of_exit(status: int) -> str:
    """How a process ended, in words."""
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return _ENDS.get(name, f"it was ended by {name}")
    if status > 255:  # Windows tells exceptions as large numbers
        return f"it crashed (0x{status:08X})"
    return f"it ended with code {status}"


def scrubbed(environment: "os._Environ[str] | dict[str, str]") -> dict[str, str]:
    """The environment of a child: what programs need to run, and nothing that may be secret."""
    return {name: value for name, value in environment.items() if name.upper() in _KEPT or name.upper().startswith("LC_")}
