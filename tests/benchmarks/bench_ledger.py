"""The ledger beside plain sqlcipher3: what queue, thread and group commit cost and save.

Run as ``python dev.py bench bench_ledger``. All sides write the same rows durably (WAL, synchronous=FULL) with the same
cipher. Compared, never asserted on time.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from backend.storage.ledger import Ledger, open_ledger
from backend.storage.migrations import Migration

KEY = bytes(range(32))
TABLE = "CREATE TABLE rows (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"
MIGRATIONS = (Migration("0001_rows", TABLE + ";"),)
INSERT = "INSERT INTO rows (text) VALUES (?)"
ROW = ("x" * 200,)
CALLERS = (1, 4, 16, 64)


def work(connection: Any) -> int:
    """Insert one row."""
    return int(connection.execute(INSERT, ROW).lastrowid)


@contextmanager
def plain(folder: Path) -> Iterator[Any]:
    """A bare connection with the pragmas of the ledger."""
    connection = dbapi2.connect(str(folder / "plain.db"), isolation_level=None, check_same_thread=False)
    connection.set_key(f"x'{KEY.hex()}'")
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", TABLE):
        connection.execute(statement)
    yield connection
    connection.close()


def time_plain(folder: Path, n_rows: int) -> list[float]:
    """Seconds of each commit, called straight from one thread."""
    with plain(folder) as connection:
        return [_timed(lambda: _commit(connection)) for _ in range(n_rows)]


async def time_plain_in_threads(folder: Path, n_rows: int) -> tuple[list[float], float]:
    """Seconds of each commit and in all, as the usual way to call sqlite from asyncio: a thread a call, one lock."""
    lock = asyncio.Lock()
    with plain(folder) as connection:

        async def commit() -> None:
            async with lock:
                await asyncio.to_thread(_commit, connection)

        return await _spread(commit, n_rows, 16)


async def time_ledger(folder: Path, n_rows: int, n_callers: int) -> tuple[list[float], float]:
    """Seconds of each acknowledged write and in all, from ``n_callers`` tasks."""
    async with open_ledger(folder / "ledger.db", KEY, MIGRATIONS, backups=folder, quarantine=folder) as ledger:
        return await _spread(lambda: ledger.write(work), n_rows, n_callers)


async def time_reads_beside_writes(folder: Path, n_rows: int) -> list[float]:
    """Seconds of single-row reads while 16 tasks write."""
    async with open_ledger(folder / "reads.db", KEY, MIGRATIONS, backups=folder, quarantine=folder) as ledger:
        await ledger.write(work)
        writing = asyncio.create_task(_spread(lambda: ledger.write(work), n_rows, 16))
        seconds = []
        while not writing.done():
            started = time.perf_counter()
            await ledger.read(lambda connection: connection.execute("SELECT text FROM rows WHERE n = 1").fetchone())
            seconds.append(time.perf_counter() - started)
        await writing
        return seconds


async def time_opening(folder: Path, n_rows: int) -> list[float]:
    """Seconds from nothing to a first read of an existing ledger."""
    await time_ledger(folder, n_rows, 16)
    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        async with open_ledger(folder / "ledger.db", KEY, MIGRATIONS, backups=folder, quarantine=folder) as ledger:
            await _count(ledger)
            seconds.append(time.perf_counter() - started)
    return seconds


async def _count(ledger: Ledger) -> None:
    await ledger.read(lambda connection: connection.execute("SELECT n FROM rows LIMIT 1").fetchone())


async def _spread(call: Any, n_rows: int, n_callers: int) -> tuple[list[float], float]:
    seconds: list[float] = []

    async def caller() -> None:
        for _ in range(n_rows // n_callers):
            started = time.perf_counter()
            await call()
            seconds.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(n_callers)))
    return seconds, time.perf_counter() - started


def _commit(connection: Any) -> None:
    connection.execute("BEGIN IMMEDIATE")
    work(connection)
    connection.execute("COMMIT")


def _timed(call: Any) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def show(name: str, seconds: list[float], total_s: float) -> None:
    """Print one line: median, p99 and throughput."""
    ordered = sorted(seconds)
    p99 = ordered[int(len(ordered) * 0.99)]
    rate = len(seconds) / total_s
    print(f"{name:<44} median {statistics.median(seconds) * 1e3:7.3f} ms   p99 {p99 * 1e3:7.3f} ms   {rate:9,.0f} / s")


def main() -> None:
    """Run all sides on a fresh folder; an argument sets the number of rows (default 3,200)."""
    n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else 3_200
    print(f"{n_rows:,} transactions of one 200-byte row, each on the disk before it is acknowledged")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:  # a real disk; the system's folder may be memory
        folder = Path(name)
        seconds = time_plain(folder, n_rows)
        show("sqlcipher3, straight", seconds, sum(seconds))
        (folder / "threads").mkdir()
        show("sqlcipher3, to_thread, 16 callers", *asyncio.run(time_plain_in_threads(folder / "threads", n_rows)))
        for n_callers in CALLERS:
            (folder / str(n_callers)).mkdir()
            show(f"ledger, {n_callers} callers", *asyncio.run(time_ledger(folder / str(n_callers), n_rows, n_callers)))
        reads = asyncio.run(time_reads_beside_writes(folder, n_rows))
        show("ledger, reads beside 16 writers", reads, sum(reads))
        (folder / "open").mkdir()
        opening = asyncio.run(time_opening(folder / "open", n_rows))
        show("ledger, open and first read", opening, sum(opening))


if __name__ == "__main__":
    main()
