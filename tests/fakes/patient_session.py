"""A session that goes only as far as its test lets it: for engines whose order of events must be exact."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from backend.assistant.engines.engine import Done, Finish, Loaded, LoadOptions, Message, Piece, Progress, Request, Text
from backend.errors import InvalidInput, Unavailable

WAIT_S = 10.0


class PatientSession:
    """Says what the last message asks: ``flood N`` at once, ``hold`` a word and then nothing until stopped, ``deaf`` the same
    but heedless of stops until released, ``raise``, ``refuse``, ``endless`` no end; anything else is said back.
    """

    def __init__(self, path: Path) -> None:
        self.loaded = Loaded(
            path.name, str(path), "0" * 64, 512, 100, 0, 1, 1000, has_template=True, place="this process", load_s=0.0
        )
        self.said: list[str] = []
        self.n_threads = 1
        self.is_closed = False
        self.released = threading.Event()
        self._aborted = threading.Event()

    def generate(self, request: Request) -> Iterator[Piece]:
        word, _, rest = request.messages[-1].text.partition(" ")
        if word == "refuse":
            raise InvalidInput("Too long.", code="engine.too_long")
        self._aborted.clear()
        self.said.append(request.id)
        return self._say(word, rest)

    def _say(self, word: str, rest: str) -> Iterator[Piece]:
        n = int(rest) if word == "flood" else 1
        for i in range(n):
            if self._aborted.is_set():
                break
            yield Text(f"{i} " if word == "flood" else word)
        if word == "raise":
            raise RuntimeError("llama_decode returned -1")
        if word == "hold":
            assert self._aborted.wait(WAIT_S)
        if word == "deaf":
            assert self.released.wait(WAIT_S)
        if word != "endless":
            finish = Finish.CANCELLED if self._aborted.is_set() else Finish.STOP
            yield Done(finish, 3, 0, n, 1.0, 2.0, 100.0, self.loaded.name, self.loaded.place)

    def warm(self, prefix: Sequence[Message], mode: str) -> None:
        self._aborted.clear()
        self.said.append(mode)
        if mode == "hold":
            assert self._aborted.wait(WAIT_S)
            raise Unavailable("Preparing was stopped.", code="engine.cancelled")

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[1.0, 0.0] for _ in texts]

    def count(self, messages: Sequence[Message]) -> int:
        return sum(len(message.text.split()) for message in messages)

    def use_threads(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def abort(self) -> None:
        self._aborted.set()

    def close(self) -> None:
        assert not self.is_closed
        self.is_closed = True


class PatientLoader:
    """Opens patient sessions. A file named ``none`` is no model, ``breaks`` fails unforeseen, ``long`` loads until stopped."""

    def __init__(self) -> None:
        self.sessions: list[PatientSession] = []
        self.threads: set[str] = set()

    def __call__(self, path: Path, options: LoadOptions, prefixes: Path, on_progress: Progress | None = None) -> PatientSession:
        self.threads.add(threading.current_thread().name)
        tell = on_progress or (lambda done: None)
        if path.stem == "none":
            raise InvalidInput(f"{path.name} is no model.", code="engine.no_model")
        if path.stem == "breaks":
            raise RuntimeError("nobody foresaw this")
        pause, n = threading.Event(), 0
        while tell(min(1.0, n / 4)) is not False:
            if path.stem != "long" and n == 4:
                self.sessions.append(PatientSession(path))
                return self.sessions[-1]
            pause.wait(0.005 if path.stem == "long" else 0)
            n = min(n + 1, 3 if path.stem == "long" else 4)
        raise Unavailable("The loading was stopped.", code="engine.cancelled")
