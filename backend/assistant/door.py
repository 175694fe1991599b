"""The way to the assistant: its hundreds of modules are loaded when it is first wanted, which no first chart waits for."""

import asyncio
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backend.bus import Bus
from backend.clock import Clock
from backend.market.catalog import Catalog
from backend.market.history import History
from backend.settings_store import SettingsStore
from backend.storage.credentials import Credentials
from backend.storage.ledger import Ledger
from backend.storage.paths import Home
from backend.tasks import TaskOwner
from backend.watchlists.store import WatchlistStore

if TYPE_CHECKING:
    from backend.assistant.assistant import Assistant


@dataclass(frozen=True, slots=True)
class AssistantNeeds:
    """What of a home the assistant stands on. ``words`` is the ledger of conversations."""

    home: Home
    words: Ledger
    history: History
    catalog: Catalog
    watchlists: WatchlistStore
    credentials: Credentials
    settings: SettingsStore
    bus: Bus
    clock: Clock
    tasks: TaskOwner


class AssistantDoor:
    """Lives on the engine loop; ``assistant`` may be read from any thread."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, base: AssistantNeeds) -> None:
        self._base = base
        self._opening = asyncio.Lock()
        self.assistant: Assistant | None = None

    async def open(self) -> "Assistant":
        """The assistant, made at the first call."""
        async with self._opening:
            if self.assistant is None:
                composing = await asyncio.to_thread(importlib.import_module, "backend.assistant.composing")
                self.assistant = composing.make_assistant(self._base)
        assert self.assistant is not None
        return self.assistant

    async def begin(self) -> None:
        """Open it and let it look at its models: what a program that stays does once its first chart is there."""
        await (await self.open()).begin()

    async def close(self) -> None:
        """Close it where it was opened."""
        if self.assistant is not None:
            await self.assistant.close()
