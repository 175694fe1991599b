"""Files of erased messages go too: which they are is looked up while the bodies are there, and done once the erasing is durable."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from sync_server.edge.tasks import Tasks
from sync_server.errors import Refused
from sync_server.files.sweeping import Sweeper
from sync_server.protocol.events import Kind
from sync_server.rooms.rooms import Committed
from sync_server.rooms.shared_files import files_of
from sync_server.storage.database import Writing

log = logging.getLogger(__name__)

AGAIN_S: Final = 5.0
TRIES: Final = 12


class Purging:
    """Hands files of erased messages to the sweeper, and says when they are gone. What a crash leaves the hourly sweep finds."""

    def __init__(self, sweeper: Sweeper, tasks: Tasks, purged: Callable[[], None]) -> None:
        self._sweeper = sweeper
        self._purged = purged
        self._tasks = tasks
        self._noted: dict[str, dict[str, None]] = {}

    async def note(self, tx: Writing, room: str, messages: Sequence[str]) -> None:
        """Called before the bodies of these messages go, in the same transaction."""
        found = await files_of(tx, room, messages)
        if found:
            self._noted.setdefault(room, {}).update(dict.fromkeys(found))

    def entered(self, batch: Committed) -> None:
        """Called when an erasing is durable."""
        if any(event.k == Kind.ERASE for event in batch.ev.ev):
            files = self._noted.pop(batch.ev.r, {})
            if files:
                self._tasks.start("purge", self._purge(batch.org, batch.ev.r, tuple(files)))

    async def _purge(self, org: str, room: str, files: Sequence[str]) -> None:
        for _ in range(TRIES):
            try:
                await self._sweeper.purge(org, room, files)
            except Refused as refused:
                log.info("Files of erased messages wait for the database: %s", refused)
                await asyncio.sleep(AGAIN_S)
            else:
                self._purged()
                return
