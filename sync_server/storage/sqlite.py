"""The database in one SQLite file: one thread writes, a few read, short reads are answered at once, and the event loop never waits.

Write-ahead log with full sync: a transaction whose block has ended is on the disk. What is deleted is overwritten with zeros.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, LiteralString, TypeVar

from sync_server.errors import Refused
from sync_server.storage.database import Reading, Row
from sync_server.storage.failures import Violated, cannot_open, cannot_store
from sync_server.storage.migrations import LIST, NOTE, TABLE, Applied, Migration, missing_steps, split_statements
from sync_server.storage.sqlite_lines import BUSY_TIMEOUT, AtOnce, NotAtOnce, Threaded, numbered, roll_back, told

T = TypeVar("T")

READERS: Final = 4
_SCRUB_WAIT: Final[LiteralString] = "PRAGMA busy_timeout = 20"  # ms: writers wait no longer than that for readers to end


class SqliteDatabase:
    """An open file; made by ``open_database``. Belongs to one event loop."""

    kind = "sqlite"

    def __init__(self, path: Path, n_readers: int = READERS) -> None:
        self.path = path
        self._writer = Threaded(path, "writer", is_reader=False)
        self._readers = [Threaded(path, f"reader-{n}", is_reader=True) for n in range(n_readers)]
        self._own = AtOnce(path)
        self._turn = asyncio.Lock()
        self._free: asyncio.LifoQueue[Threaded] = asyncio.LifoQueue()
        self._is_closed = False

    async def open(self, steps: Sequence[Migration], now_ms: int) -> None:
        """Open the file, make it where there is none, and bring its tables to ``steps``. Raises Refused."""
        try:
            await self._writer.open()
            await self._writer.call(_migrate, steps, now_ms)
            for reader in self._readers:
                await reader.open()
                self._free.put_nowait(reader)
            self._own.open()
        except BaseException:
            await self.close()
            raise

    @asynccontextmanager
    async def write(self) -> AsyncIterator["SqliteWriting"]:
        """See ``Database``. Transactions come one after another."""
        async with self._turn:
            transaction = SqliteWriting(self._line(self._writer))
            try:
                yield transaction
            except BaseException:
                await transaction.end(is_kept=False)
                raise
            await transaction.end(is_kept=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator["SqliteReading"]:
        """See ``Database``. Waits only where all reading threads are taken."""
        line = await self._free.get()
        view = SqliteReading(self._line(line))
        try:
            yield view
        finally:
            line.post(roll_back)  # after what is still queued
            self._free.put_nowait(line)

    async def glance(self, look: Callable[[Reading], Awaitable[T]]) -> T:
        """See ``Database``. Where it cannot be done at once, on a reading thread, from the beginning."""
        if self._own.take():
            try:
                return await look(self._own)
            except NotAtOnce:
                pass
            finally:
                self._own.give_back()
        async with self.read() as view:
            return await look(view)

    async def close(self) -> None:
        """Finish the transaction under way, fold the log into the file and end the threads."""
        if self._is_closed:
            return
        self._is_closed = True
        self._own.close()
        async with self._turn:
            for line in (*self._readers, self._writer):  # the writer last: the last connection folds the log in
                await line.close()

    async def scrub(self, *, may_block: bool = True) -> None:
        """Leave nothing of deleted rows in the file or its log. Raises Refused while a reader holds the log."""
        async with self._turn:
            if await self._line(self._writer).call(_empty_log, BUSY_TIMEOUT if may_block else _SCRUB_WAIT):
                raise cannot_store("a reader holds the log of the database")

    async def analyze(self) -> None:
        """Nothing: every statement goes by a key or by the index made for it, with statistics or without."""

    def _line(self, line: Threaded) -> Threaded:
        if self._is_closed:
            raise cannot_store("the database is closed")
        return line


class SqliteReading:
    """See ``Reading``: begun by the first statement, on one connection."""

    _begin: LiteralString = "BEGIN"

    def __init__(self, line: Threaded) -> None:
        self._line = line
        self._has_begun = False
        self._why_failed = ""

    async def rows(self, sql: str, *args: object) -> Sequence[Row]:
        """See ``Reading``."""
        return await self._line.call(self._rows, sql, args)

    async def row(self, sql: str, *args: object) -> Row | None:
        """See ``Reading``."""
        found = await self._line.call(self._rows, sql, args)
        return found[0] if found else None

    def _rows(self, connection: sqlite3.Connection, sql: str, args: tuple[object, ...]) -> list[Row]:
        return self._do(connection, connection.execute, sql, args).fetchall()

    def _do(self, connection: sqlite3.Connection, act: Callable[..., sqlite3.Cursor], sql: str, args: Any) -> sqlite3.Cursor:
        """Begin where nothing has begun. After a failure nothing more is done: SQLite may have undone what came before."""
        if self._why_failed:
            raise Violated(f"An earlier statement of this transaction failed: {self._why_failed}")
        try:
            if not self._has_begun:
                connection.execute(self._begin)
                self._has_begun = True
            return act(numbered(sql), args)
        except BaseException as error:
            self._why_failed = str(error) or type(error).__name__
            raise


class SqliteWriting(SqliteReading):
    """See ``Writing``."""

    _begin: LiteralString = "BEGIN IMMEDIATE"

    async def run(self, sql: str, *args: object) -> int:
        """See ``Writing``."""
        return await self._line.call(self._run, sql, args)

    async def run_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """See ``Writing``."""
        if rows:
            await self._line.call(self._run_many, sql, rows)

    async def end(self, *, is_kept: bool) -> None:
        """Commit or roll back, to its end even where the caller is cancelled meanwhile."""
        ending = asyncio.ensure_future(self._line.call(self._commit if is_kept else roll_back))
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await asyncio.wait([ending])
            if not ending.cancelled():
                ending.exception()  # looked at: the caller is told of the cancellation
            raise

    def _run(self, connection: sqlite3.Connection, sql: str, args: tuple[object, ...]) -> int:
        return max(self._do(connection, connection.execute, sql, args).rowcount, 0)

    def _run_many(self, connection: sqlite3.Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._do(connection, connection.executemany, sql, rows)

    def _commit(self, connection: sqlite3.Connection) -> None:
        if self._why_failed:
            roll_back(connection)
            raise Violated(f"A statement of this transaction failed, so nothing of it was stored: {self._why_failed}")
        if not self._has_begun:
            return
        try:
            connection.execute("COMMIT")
        except sqlite3.Error:
            roll_back(connection)
            raise


def _empty_log(connection: sqlite3.Connection, wait: LiteralString) -> bool:
    """Fold the log into the file and cut it to nothing; whether a reader was in the way. ``wait``: how long for readers."""
    try:
        connection.execute(wait)
        (is_busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return bool(is_busy)
    finally:
        connection.execute(BUSY_TIMEOUT)


def _migrate(connection: sqlite3.Connection, steps: Sequence[Migration], now_ms: int) -> None:
    """Apply what is missing in one transaction. Raises Refused; then the file is as it was."""
    connection.execute("BEGIN IMMEDIATE")
    step = None
    try:
        connection.execute(TABLE)
        have = [Applied(*row) for row in connection.execute(LIST)]
        for position, step in enumerate(missing_steps(have, steps, "The database"), len(have) + 1):
            for statement in split_statements(step.sql + step.sqlite):
                connection.execute(statement)
            connection.execute(numbered(NOTE), (position, step.name, step.checksum(), now_ms))
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        roll_back(connection)
        if isinstance(refused := told(error), Refused):
            raise refused from error
        name = step.name if step else "the list of steps"
        raise cannot_open(f"The database could not be brought to this version: {name} failed ({error}).") from error
    except BaseException:
        roll_back(connection)
        raise
