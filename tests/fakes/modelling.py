"""Models on a real words ledger and real files, with headers, trials and engines that do as a test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from backend.assistant.engines.engine import Done, EngineStats, Finish, Loaded, LoadOptions, Request, Text
from backend.assistant.models.download import DownloadRules
from backend.assistant.models.models import Models
from backend.assistant.models.parts import ModelParts
from backend.assistant.models.starter import Starter
from backend.bus import Bus
from backend.clock import Clock
from backend.errors import InvalidInput
from backend.events import ModelsChanged, Notice
from backend.storage import words
from backend.storage.ledger import Ledger, open_ledger
from backend.storage.paths import Home
from backend.tasks import TaskOwner

KEY = b"k" * 32
N_HEAD = 1_024


def make_model(n_bytes: int = 50_000, *, seed: int = 1, **said: Any) -> bytes:
    """Content that passes for a model here: the magic, what it says of itself, and bytes of its own."""
    head = b"GGUF" + json.dumps(said).encode()
    assert len(head) < N_HEAD <= n_bytes
    block = bytes((seed * 31 + n * 7) % 251 for n in range(4_096))
    return head.ljust(N_HEAD, b"\n") + (block * (n_bytes // 4_096 + 1))[: n_bytes - N_HEAD]


def parse_fake_header(path: Path) -> Any:
    """What ``make_model`` wrote; InvalidInput for anything else, as for the real one."""
    with path.open("rb") as file:
        head = file.read(N_HEAD)
    try:
        said = json.loads(head.removeprefix(b"GGUF"))
    except ValueError as e:
        raise InvalidInput(f"{path.name} is no whole model.", code="gguf.torn") from e
    usual = {
        "name": "",
        "architecture": "llama",
        "n_parameters": 134_515_008,
        "quantisation": "Q4_1",
        "n_ctx_train": 2_048,
        "n_layers": 30,
        "n_vocab": 49_152,
        "licence": "apache-2.0",
        "template": "{{ messages }}",
        "is_embedding": False,
    }
    return SimpleNamespace(**{**usual, **said})


def loaded(path: Path) -> Loaded:
    """What an engine tells of a model here."""
    return Loaded(path.name, str(path), "", 2_048, 49_000, 0, 1, path.stat().st_size, has_template=True, place="test", load_s=0.1)


Answer = Callable[[Request], str]


@dataclass
class ScriptedEngine:
    """Answers each request with what ``answer`` says; ``fails`` is raised while it generates, ``hangs`` for ever."""

    answer: Answer = lambda _request: "The close is above its average."
    first_token_ms: float = 40.0
    tokens_per_s: float = 90.0
    finish: Finish = Finish.STOP
    fails: Exception | None = None
    refuses: Exception | None = None
    holds: asyncio.Event | None = None
    asked: list[Request] = field(default_factory=list)
    n_open: int = 0
    n_made: int = 0

    def make(self) -> "ScriptedEngine":
        """One to be closed."""
        self.n_open += 1
        self.n_made += 1
        return self

    async def load(self, path: Path, options: LoadOptions, on_progress: Any = None) -> Loaded:
        if self.refuses is not None:
            raise self.refuses
        return loaded(path)

    async def unload(self) -> None:
        """Nothing is loaded."""

    async def warm(self, prefix: Any, mode: str) -> None:
        """Always warm."""

    async def generate(self, request: Request) -> AsyncIterator[Any]:
        self.asked.append(request)
        if self.holds is not None:
            await self.holds.wait()
        if self.fails is not None:
            raise self.fails
        yield Text(self.answer(request))
        yield Done(self.finish, 40, 20, 12, self.first_token_ms, 200.0, self.tokens_per_s)

    async def cancel(self, request_id: str) -> None:
        """It is over."""

    async def embed(self, texts: Any) -> list[list[float]]:
        return [[1.0] for _ in texts]

    async def count(self, messages: Any) -> int:
        return 10

    def stats(self) -> EngineStats:
        return EngineStats()

    async def close(self) -> None:
        self.n_open -= 1


@dataclass
class Modelling:
    """What a test of models works with; ``probes`` are told in turn, the last again and again: an error, or None for a good one."""

    models: Models
    ledger: Ledger
    home: Home
    engine: ScriptedEngine
    events: list[ModelsChanged]
    tasks: TaskOwner
    probed: list[Path] = field(default_factory=list)
    probes: list[Exception | None] = field(default_factory=lambda: [None])

    async def probe(self, path: Path) -> Loaded:
        self.probed.append(path)
        error = self.probes.pop(0) if len(self.probes) > 1 else self.probes[0]
        if error is not None:
            raise error
        return loaded(path)

    async def probe_adapter(self, path: Path, adapter: Path) -> Loaded:
        return await self.probe(adapter)

    async def probe_projector(self, path: Path, projector: Path) -> Loaded:
        return await self.probe(projector)

    def files(self) -> list[str]:
        """Whole files in the folder of models."""
        return sorted(path.name for path in self.home.models.iterdir() if path.is_file())

    def parts(self) -> list[Path]:
        """What lies among the parts."""
        folder = self.home.models / "parts"
        return sorted(folder.iterdir()) if folder.exists() else []


QUICK = DownloadRules(n_tries=3, pause_s=0.0, pause_s_max=1.0, open_s=5.0, read_s=5.0)


@asynccontextmanager
async def modelling(
    home: Home,
    clock: Clock,
    *,
    starter: Callable[[], Starter | None] = lambda: None,
    rules: DownloadRules = QUICK,
    reserve_bytes: int = 0,
    undo_s: float = 600.0,
    **real: Any,
) -> AsyncIterator[Modelling]:
    """Open models on a home; ``real`` replaces parse_header, probe or make_engine by the product's own."""
    home.make()
    bus, events = Bus(clock=clock), []
    bus.subscribe(ModelsChanged, events.append)
    notices: list[Notice] = []
    bus.subscribe(Notice, notices.append)
    path = home.ledgers / "words.db"
    async with (
        open_ledger(path, KEY, words.MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger,
        TaskOwner("models", bus.publish) as tasks,
    ):
        engine = ScriptedEngine()
        made = Modelling(None, ledger, home, engine, events, tasks)  # type: ignore[arg-type]  # set in the next line
        using = {
            "parse_header": parse_fake_header,
            "probe": made.probe,
            "probe_adapter": made.probe_adapter,
            "probe_projector": made.probe_projector,
            "make_engine": engine.make,
            **real,
        }
        parts = ModelParts(
            ledger=ledger,
            folder=home.models,
            bus=bus,
            clock=clock,
            tasks=tasks,
            find_starter=starter,
            rules=rules,
            reserve_bytes=reserve_bytes,
            undo_s=undo_s,
            **using,
        )
        made.models = Models(parts)
        yield made
    assert notices == []
