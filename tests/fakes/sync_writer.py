"""A process that writes to a server's database and says which rows it was told are durable; to be killed at any moment.

python -m tests.fakes.sync_writer URL
"""

import asyncio
import sys

from sync_server.clock import SystemClock
from sync_server.errors import Refused
from sync_server.storage.migrations import Migration
from sync_server.storage.opening import open_database

TABLES = (Migration("written_0001", "CREATE TABLE written (id BIGINT PRIMARY KEY, twin BIGINT NOT NULL, words TEXT NOT NULL);"),)
INSERT = "INSERT INTO written (id, twin, words) VALUES ($1, $2, $3)"


async def write(url: str) -> None:
    """Write pairs of rows, a pair a transaction, until the end of time."""
    database = await open_database(url, TABLES, SystemClock())
    async with database.read() as view:
        (last,) = await view.row("SELECT coalesce(max(id), 0) FROM written") or (0,)
    while True:
        try:
            async with database.write() as tx:
                await tx.run(INSERT, last + 1, last + 2, "words " * 20)
                await tx.run(INSERT, last + 2, last + 1, "words " * 20)
        except Refused as refused:
            print(f"refused {refused.code}", flush=True)
            await asyncio.sleep(0.02)
            continue
        last += 2
        print(last, flush=True)


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
