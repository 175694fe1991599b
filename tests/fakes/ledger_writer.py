"""A process that writes to a ledger and prints each row's number once it is acknowledged; made to be killed.

Run as ``python -m tests.fakes.ledger_writer HOME N_TASKS``. Each transaction writes a row and its twin.
"""

import asyncio
import itertools
import sys
from collections.abc import Callable
from pathlib import Path

from backend.errors import TriiError
from backend.storage.connection import Connection
from backend.storage.ledger import open_ledger
from backend.storage.migrations import Migration
from backend.storage.paths import Home

KEY = bytes(range(32))
MIGRATIONS = (Migration("0001_rows", "CREATE TABLE rows (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"),)
TWIN = 1_000_000_000


def write_pair(n: int, text: str) -> Callable[[Connection], int]:
    """Return work that writes a row and its twin."""

    def work(connection: Connection) -> int:
        connection.execute("INSERT INTO rows VALUES (?, ?)", (n, text))
        connection.execute("INSERT INTO rows VALUES (?, ?)", (n + TWIN, text))
        return n

    return work


def next_number(connection: Connection) -> int:
    """Return one more than the largest number stored."""
    row = connection.execute("SELECT coalesce(max(n), 0) + 1 FROM rows WHERE n < ?", (TWIN,)).fetchone()
    assert row is not None
    return int(row[0])


async def write_for_ever(root: Path, n_tasks: int) -> None:
    """Write from several tasks until killed, or until the disk refuses, which is printed as the error's code."""
    home = Home(root)
    path = home.ledgers / "money.db"
    async with open_ledger(path, KEY, MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger:
        first = await ledger.read(next_number)
        numbers = itertools.count(first)

        async def write() -> None:
            while True:
                n = await ledger.write(write_pair(next(numbers), "x" * 500))
                print(n, flush=True)

        try:
            await asyncio.gather(*(write() for _ in range(n_tasks)))
        except TriiError as error:
            print(error.code, flush=True)


if __name__ == "__main__":
    asyncio.run(write_for_ever(Path(sys.argv[1]), int(sys.argv[2])))
