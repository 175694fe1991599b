"""An engine room over scripted engines, with models that are small files, and everything it published."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from backend.assistant.answers import Mode
from backend.assistant.engine_room import EngineRoom
from backend.assistant.engines.engine import Done, Loaded, Message, Priority, Request, Role, Text
from backend.assistant.engines.hardware import Hardware
from backend.assistant.model_loader import RoomParts
from backend.assistant.models.model import ModelCard, Standing
from backend.clock import ManualClock
from backend.events import EngineChanged, Event, Notice
from backend.settings_assistant import Assistant
from backend.tasks import TaskOwner
from tests.fakes.gguf_files import write_gguf
from tests.fakes.scripted_engine import ScriptedEngine

GIB = 2**30


class House:
    """What a test turns and looks at."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        self.folder = folder
        self.clock = clock
        self.cards: dict[Mode, ModelCard] = {}
        self.settings = Assistant()
        self.is_live = False
        self.is_shared = False
        self.fails_on_gpu = False
        self.opens_ns: int | None = None
        self.memory = Hardware(4, 16 * GIB, 12 * GIB)
        self.events: list[Event] = []
        self.engines: list[ScriptedEngine] = []
        self.probed: list[str] = []
        self.probe_error: Exception | None = None
        self.holds_loading = False
        self.holds_trial = False
        self.room: EngineRoom

    def add(self, mode: Mode, name: str, **changes: Any) -> ModelCard:
        """A model, chosen for a mode."""
        path = write_gguf(self.folder / f"{name}.gguf")
        card = ModelCard(name, name.title(), str(path), name, path.stat().st_size, standing=Standing.READY)
        self.cards[mode] = replace(card, **changes)
        return self.cards[mode]

    @property
    def engine(self) -> ScriptedEngine:
        return self.engines[-1]

    @property
    def states(self) -> list[str]:
        """States as they were told, each once in a row."""
        told = [event.state for event in self.events if isinstance(event, EngineChanged)]
        return [state for i, state in enumerate(told) if i == 0 or told[i - 1] != state]

    @property
    def notices(self) -> list[Notice]:
        return [event for event in self.events if isinstance(event, Notice)]

    def parts(self, tasks: TaskOwner) -> RoomParts:
        return RoomParts(
            card_for=self._card_for,
            settings=lambda: self.settings,
            publish=self.events.append,
            clock=self.clock,
            tasks=tasks,
            prefixes=self.folder / "prefixes",
            make_thread=lambda: self._make("this process"),
            make_process=lambda _ways: self._make("own process"),
            needs_isolation=lambda: self.is_live,
            is_shared=lambda: self.is_shared,
            next_open_ns=lambda: self.opens_ns,
            probe=self._probe,
            read_hardware=lambda: self.memory,
        )

    async def _card_for(self, mode: Mode) -> ModelCard | None:
        return self.cards.get(mode)

    def _make(self, place: str) -> ScriptedEngine:
        engine = ScriptedEngine(place)
        engine.holds_loading = self.holds_loading
        engine.fails_on_gpu = self.fails_on_gpu
        self.engines.append(engine)
        return engine

    async def _probe(self, path: Path) -> Loaded:
        self.probed.append(path.stem)
        if self.holds_trial:
            await asyncio.Event().wait()
        if self.probe_error is not None:
            raise self.probe_error
        return Loaded(path.stem, str(path), "", 512, 4, 0, 1, 1, has_template=True, place="trial", load_s=0.1)


@asynccontextmanager
async def open_house(folder: Path, clock: ManualClock, **given: Any) -> AsyncIterator[House]:
    """A room that is begun and at the end closed; ``given`` are attributes of the house."""
    house = House(folder, clock)
    for name, value in given.items():
        setattr(house, name, value)
    async with TaskOwner("house") as tasks:
        house.room = EngineRoom(house.parts(tasks))
        await house.room.begin()
        try:
            yield house
        finally:
            await house.room.close()


def asking(script: str, name: str = "one", priority: Priority = Priority.PERSON, mode: str = Mode.FAST) -> Request:
    return Request(name, (Message(Role.SYSTEM, "You obey."), Message(Role.USER, script)), priority=priority, mode=mode)


async def said(pieces: AsyncIterator[Text | Done]) -> tuple[str, Done]:
    """All text and the end."""
    texts, done = [], None
    async for piece in pieces:
        if isinstance(piece, Text):
            texts.append(piece.text)
        else:
            done = piece
    assert done is not None
    return "".join(texts), done
