"""A session that does what its requests say: for engines whose model must crash, hang, flood or count exactly.

Used in this process as ``open_scripted_session``, and in a child by its name. The model's file is any file; one named
``refused`` is no model, ``memory`` does not fit, ``aborts`` ends the process while it loads, ``hangs`` never loads,
``raises`` fails in a way that nobody foresaw, ``slow`` loads in a hundred steps. The last message of a request is its script:

``say WORDS`` word by word · ``slowly N`` numbers with a pause · ``count`` of requests · ``threads`` in use · ``abort`` ·
``exit N`` · ``hang`` deaf to aborts · ``freeze`` the same, holding the interpreter · ``flood N`` · ``endless`` ·
``garbage`` onto the pipe's old number · ``pipe`` noise onto every open pipe · ``raise`` · ``refuse`` · ``silent`` no end
"""

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from backend.assistant.engines.engine import Done, Finish, Loaded, LoadOptions, Message, Piece, Progress, Request, Role, Text
from backend.errors import InvalidInput, Unavailable

NAME = "tests.fakes.scripted_session:open_scripted_session"
PAUSE_S = 0.01
Script = Iterator[str]


class ScriptedSession:
    """Says what the last message scripts."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.n_requests = 0
        self.warmed: list[str] = []
        self.is_closed = False
        self._aborted = threading.Event()

    def generate(self, request: Request) -> Iterator[Piece]:
        self._aborted.clear()
        self.n_requests += 1
        script = request.messages[-1].text
        word, _, rest = script.partition(" ")
        n = 0
        for text in SCRIPTS[word](self, rest):
            if self._aborted.is_set() or n >= request.n_tokens_max:
                break
            n += 1
            yield Text(text)
        if word != "silent":
            finish = Finish.CANCELLED if self._aborted.is_set() else Finish.STOP
            yield Done(finish, len(request.messages), 0, n, 1.0, 2.0, 100.0, self.loaded.name, self.loaded.place)

    def warm(self, prefix: Sequence[Message], mode: str) -> None:
        self.warmed.append(mode)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if any(len(text) > 1000 for text in texts):
            raise InvalidInput("A text is longer than the context.", code="engine.too_long")
        return [[float(len(text)), 1.0] for text in texts]

    def count(self, messages: Sequence[Message]) -> int:
        return sum(len(message.text.split()) for message in messages)

    def use_threads(self, n_threads: int) -> None:
        self.loaded = replace(self.loaded, n_threads=n_threads)

    def abort(self) -> None:
        self._aborted.set()

    def close(self) -> None:
        self.is_closed = True

    def say(self, rest: str) -> Script:
        yield from (word + " " for word in rest.split())

    def slowly(self, rest: str) -> Script:
        for i in range(int(rest)):
            self._aborted.wait(PAUSE_S)
            yield f"{i} "

    def count_threads(self, rest: str) -> Script:
        yield str(self.loaded.n_threads)

    def count_requests(self, rest: str) -> Script:
        yield str(self.n_requests)

    def end_by_abort(self, rest: str) -> Script:
        yield "about to end "
        os.abort()

    def end_with_code(self, rest: str) -> Script:
        yield "about to end "
        os._exit(int(rest))

    def hang(self, rest: str) -> Script:
        yield "hanging "
        threading.Event().wait(600)

    def freeze(self, rest: str) -> Script:
        yield "freezing "
        ctypes.PyDLL(None).sleep(600)  # a PyDLL keeps the interpreter while it waits

    def flood(self, rest: str) -> Script:
        yield from ("x" * 10 for _ in range(int(rest)))

    def flood_for_ever(self, rest: str) -> Script:
        while True:
            yield "x" * 4096

    def print_garbage(self, rest: str) -> Script:
        for _ in range(100):
            os.write(1, b"llama_log: \xff\xfe\x00 a library prints to standard output\n")
        sys.stdout.flush()
        yield "printed"

    def break_pipe(self, rest: str) -> Script:
        for number in range(3, 20):
            try:
                os.write(number, b"\xff" * 64)
            except OSError:
                continue
        yield "never read"
        threading.Event().wait(600)

    def fail(self, rest: str) -> Script:
        yield "failing "
        raise RuntimeError("llama_decode returned -1")

    def refuse(self, rest: str) -> Script:
        raise InvalidInput("The prompt is longer than the context.", hint="Ask less.", code="engine.too_long")
        yield ""

    def no_end(self, rest: str) -> Script:
        yield "and then"


SCRIPTS: dict[str, Callable[[ScriptedSession, str], Script]] = {
    "say": ScriptedSession.say,
    "slowly": ScriptedSession.slowly,
    "count": ScriptedSession.count_requests,
    "threads": ScriptedSession.count_threads,
    "abort": ScriptedSession.end_by_abort,
    "exit": ScriptedSession.end_with_code,
    "hang": ScriptedSession.hang,
    "freeze": ScriptedSession.freeze,
    "flood": ScriptedSession.flood,
    "endless": ScriptedSession.flood_for_ever,
    "garbage": ScriptedSession.print_garbage,
    "pipe": ScriptedSession.break_pipe,
    "raise": ScriptedSession.fail,
    "refuse": ScriptedSession.refuse,
    "silent": ScriptedSession.no_end,
}


def open_scripted_session(path: Path, options: LoadOptions, prefixes: Path, on_progress: Progress | None = None) -> ScriptedSession:
    """Load as the file's name says."""
    if path.stem.startswith("refused"):
        raise InvalidInput(f"The file {path.name} is no model.", code="models.file")
    if path.stem.startswith("memory"):
        raise Unavailable("There is not enough memory.", code="engine.memory")
    if path.stem.startswith("aborts"):
        sys.stderr.write("GGML_ASSERT(n_dims <= 4) failed\n")
        sys.stderr.flush()
        os.abort()
    if path.stem.startswith("hangs"):
        threading.Event().wait(600)
    if path.stem.startswith("raises"):
        raise RuntimeError("nobody foresaw this")
    for step in range(101 if path.stem.startswith("slow") else 5):
        share = step / (100 if path.stem.startswith("slow") else 4)
        if on_progress is not None and on_progress(share) is False:
            raise Unavailable("The loading was ended.", code="engine.cancelled")
        if path.stem.startswith("slow"):
            threading.Event().wait(PAUSE_S)
    n_ctx = options.n_ctx or 512
    loaded = Loaded(path.stem, str(path), "0" * 64, n_ctx, 100, 0, 1, 1000, has_template=True, place="this process", load_s=0.01)
    return ScriptedSession(loaded)


class TriedSession(ScriptedSession):
    """Answers whatever it is asked by one script, as a model in its trial does."""

    script = "say yes"
    vectors: tuple[float, float] = (0.6, 0.8)

    def generate(self, request: Request) -> Iterator[Piece]:
        return super().generate(replace(request, messages=(Message(Role.USER, self.script),)))

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [list(self.vectors) for _ in texts]


class MuteSession(TriedSession):
    script = "say"


class CrashingSession(TriedSession):
    script = "abort"


class HungrySession(TriedSession):
    """Takes more and more memory."""

    def generate(self, request: Request) -> Iterator[Piece]:
        taken = []
        while True:
            taken.append(bytearray(os.urandom(1) * (16 * 2**20)))
            self._aborted.wait(PAUSE_S)
            if len(taken) > 10_000:
                yield Text("")


class OddVectorsSession(TriedSession):
    vectors = (float("nan"), 1.0)


def _opener(kind: type[TriedSession], **changes: object) -> Callable[..., ScriptedSession]:
    def open_session(path: Path, options: LoadOptions, prefixes: Path, on_progress: Progress | None = None) -> ScriptedSession:
        loaded = open_scripted_session(path, options, prefixes, on_progress).loaded
        return kind(replace(loaded, **changes))

    return open_session


open_greeting_session = _opener(TriedSession)
open_mute_session = _opener(MuteSession)
open_crashing_session = _opener(CrashingSession)
open_hungry_session = _opener(HungrySession)
open_odd_session = _opener(TriedSession, n_vocab=7)
open_odd_vectors_session = _opener(OddVectorsSession)
