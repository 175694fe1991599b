"""The way to servers and chat: their modules are loaded when they are first wanted, which no first chart waits for."""

import asyncio
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backend.bus import Bus
from backend.clock import Clock
from backend.settings_store import SettingsStore
from backend.storage.credentials import Credentials
from backend.storage.ledger import Ledger
from backend.storage.master_key import MasterKey
from backend.storage.paths import Home
from backend.tasks import TaskOwner

if TYPE_CHECKING:
    from backend.chat.chat import Chat
    from backend.sync.team import Team


@dataclass(frozen=True, slots=True)
class ChatNeeds:
    """What of a home servers and chat stand on. ``words`` is the ledger of messages, ``key`` what its files are sealed with."""

    home: Home
    words: Ledger
    key: MasterKey
    credentials: Credentials
    settings: SettingsStore
    bus: Bus
    clock: Clock
    tasks: TaskOwner


class ChatDoor:
    """Lives on the engine loop; ``team`` and ``chat`` may be read from any thread, and are there once ``open`` has returned."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, needs: ChatNeeds) -> None:
        self._needs = needs
        self._opening = asyncio.Lock()
        self.team: Team | None = None
        self.chat: Chat | None = None

    async def open(self) -> "tuple[Team, Chat]":
        """Both facades, made at the first call; nothing is connected yet."""
        async with self._opening:
            if self.team is None:
                composing = await asyncio.to_thread(importlib.import_module, "backend.chat.composing")
                team, chat = composing.make_chat(self._needs)
                await team.open()
                self.team, self.chat = team, chat
        assert self.team is not None
        assert self.chat is not None
        return self.team, self.chat

    async def begin(self) -> None:
        """Open them and connect: what a program that stays does once its first chart is there."""
        _, chat = await self.open()
        await chat.begin()

    async def close(self) -> None:
        """Close them where they were opened."""
        if self.chat is not None:
            await self.chat.close()
