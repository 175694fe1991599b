"""An engine in this process that does what its requests say, one step at a time, and counts what it was asked to do.

The last message of a request is its script: ``say WORDS`` · ``loop WORDS`` says them without end · ``hold`` writes one word
and waits until it is cancelled or ``let_go`` · ``fail`` · ``break``, after which the engine stands as broken. A model named
``refused`` does not load, and while ``holds_loading`` is set loading waits, in steps, for ``let_go``. A model named
``thinker`` thinks from its first word on.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

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
    Text,
)
from backend.errors import InvalidInput, Unavailable


class ScriptedEngine:
    """One model at a time, in no thread and no process."""

    def __init__(self, place: str = "this process") -> None:
        self.place = place
        self.done: list[str] = []
        self.holds_loading = False
        self.fails_on_gpu = False
        self.n_running_max = 0
        self.finish = Finish.STOP
        self.n_looped = 0
        self._n_running = 0
        self._free = asyncio.Event()
        self._cancelled: dict[str, asyncio.Event] = {}
        self._stats = EngineStats()

    def let_go(self) -> None:
        self._free.set()

    async def load(self, path: Path, options: LoadOptions, on_progress: Progress | None = None) -> Loaded:
        self.done.append(f"load {path.stem}")
        share = 0.0
        while self.holds_loading and not self._free.is_set():
            share = min(share + 0.1, 0.9)
            if on_progress is not None and on_progress(share) is False:
                raise Unavailable("The loading was ended.", code="engine.cancelled")
            await asyncio.sleep(0.005)
        if self.fails_on_gpu and options.n_gpu_layers != 0:
            raise Unavailable("Loading it ended its process.", code="engine.load_crashed")
        if path.stem.startswith("refused"):
            raise InvalidInput("It is no model.", code="models.file")
        name, n_gpu = path.stem, options.n_gpu_layers or 0
        loaded = Loaded(name, str(path), name, options.n_ctx, 4, n_gpu, 1, 1000, has_template=True, place=self.place, load_s=0.1)
        if path.stem.startswith("thinker"):
            loaded = replace(loaded, thinks=True, begins_in="<think>")
        self._stats = replace(self._stats, state=EngineState.READY, loaded=loaded)
        return loaded

    async def unload(self) -> None:
        self.done.append("unload")
        for event in self._cancelled.values():
            event.set()
        self._stats = replace(self._stats, state=EngineState.EMPTY, loaded=None)

    async def warm(self, prefix: Sequence[Message], mode: str) -> None:
        self.done.append(f"warm {mode}")

    async def generate(self, request: Request) -> AsyncIterator[Piece]:
        script = request.messages[-1].text
        self.done.append(f"{request.id}: {script}")
        cancelled = self._cancelled[request.id] = asyncio.Event()
        self._n_running += 1
        self.n_running_max = max(self.n_running_max, self._n_running)
        word, _, rest = script.partition(" ")
        try:
            async for text in self._texts(word, rest, cancelled):
                yield Text(text)
            finish = Finish.CANCELLED if cancelled.is_set() else self.finish
            yield Done(finish, 1, 0, 1, 1.0, 2.0, 10.0, "m", self.place)
        finally:
            self._n_running -= 1
            del self._cancelled[request.id]

    async def _texts(self, word: str, rest: str, cancelled: asyncio.Event) -> AsyncIterator[str]:
        if word == "fail":
            raise Unavailable("The engine ended while it worked.", code="engine.restarted")
        if word == "break":
            self._stats = replace(self._stats, state=EngineState.BROKEN)
            raise Unavailable("The engine broke.", code="engine.decode")
        while word == "loop" and not cancelled.is_set():
            self.n_looped += 1
            yield rest
            await asyncio.sleep(0)
        yield rest or "held"
        waits = [asyncio.ensure_future(event.wait()) for event in (cancelled, self._free)] if word == "hold" else []
        try:
            if waits:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in waits:
                waiting.cancel()

    async def cancel(self, request_id: str) -> None:
        if request_id in self._cancelled:
            self._cancelled[request_id].set()

    async def use_threads(self, n_threads: int) -> None:
        self.done.append(f"threads {n_threads}")

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[1.0] for _ in texts]

    async def count(self, messages: Sequence[Message]) -> int:
        return len(messages)

    def stats(self) -> EngineStats:
        return self._stats

    async def close(self) -> None:
        self.done.append("close")
        for event in self._cancelled.values():
            event.set()
        self._stats = EngineStats()
