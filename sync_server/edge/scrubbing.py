"""What was erased leaves the database's files too: off the way of commits, once for all erasures of a while, told in figures."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from sync_server.errors import Refused
from sync_server.protocol.events import Kind
from sync_server.rooms.rooms import Committed
from sync_server.storage.database import Database

log = logging.getLogger(__name__)

GATHER_S: Final = 1.0  # erasures of one moment share a run
REST_S: Final = 30.0  # between two runs
AGAIN_S: Final = 5.0


class Scrubbing:
    """Scrubs the database some time after erasures. ``settled`` waits until the index of words has heard of them.

    SQLite leaves no byte behind; PostgreSQL lets go of the rows, whose bytes lie in its pages until they are written over or
    ``trii-sync scrub`` rewrites the tables. What a crash left is scrubbed at the next start.
    """

    def __init__(self, database: Database, settled: Callable[[], Awaitable[None]]) -> None:
        self._database = database
        self._settled = settled
        self._asked = asyncio.Event()
        self._told: Callable[[int, bool], None] | None = None
        self._n_waiting = 0
        if database.kind == "sqlite":
            self._asked.set()

    def tell(self, told: Callable[[int, bool], None]) -> None:
        """``told(n, is_done)``: so many erasures wait to be scrubbed; whether a run has just ended."""
        self._told = told

    def entered(self, batch: Committed) -> None:
        """Called when events are durable."""
        n = sum(event.k == Kind.ERASE for event in batch.ev.ev)
        if n:
            self.ask(n)

    def ask(self, n: int = 1) -> None:
        """Something was erased."""
        self._n_waiting += n
        self._tell(is_done=False)
        self._asked.set()

    async def run(self) -> None:
        """Scrub whenever it is asked for, and again where something stood in the way."""
        while True:
            await self._asked.wait()
            await asyncio.sleep(GATHER_S)
            self._asked.clear()
            n = self._n_waiting
            try:
                await self._settled()
                await self._database.scrub(may_block=False)
            except Refused as refused:
                log.info("What was erased is not scrubbed yet: %s", refused)
                self._asked.set()
                await asyncio.sleep(AGAIN_S)
                continue
            self._n_waiting -= n
            self._tell(is_done=True)
            if n:
                await asyncio.sleep(REST_S)

    def _tell(self, *, is_done: bool) -> None:
        if self._told is not None:
            self._told(self._n_waiting, is_done)
