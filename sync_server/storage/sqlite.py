"""The database in one SQLite file: one thread writes, a few read, and the event loop never waits for the disk.

Write-ahead log with full sync: a transaction whose block has ended is on the disk. What is deleted is overwritten with zeros.
"""

import asyncio
import contextlib
import functools
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, LiteralString, TypeVar

from sync_server.errors import Refused
from sync_server.storage.database import Row
from sync_server.storage.failures import Violated, cannot_open, cannot_store
from sync_server.storage.migrations import LIST, NOTE, TABLE, Applied, Migration, missing_steps, split_statements

T = TypeVar("T")

READERS: Final = 4
_SCRUB_WAIT_MS: Final = 20  # writers wait no longer than that for readers to end
_PRAGMAS: Final[tuple[LiteralString, ...]] = (
    "PRAGMA busy_timeout = 2000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA journal_size_limit = 67108864",  # a long read lets the log grow; it shrinks again after
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA case_sensitive_like = ON",  # as in PostgreSQL
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",
)
# Not the tables' fault and not the statement's: the disk, the file or another process.
_OUTSIDE: Final = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
}
sqlite3.register_converter("BOOLEAN", lambda stored: stored != b"0")  # columns of this type; SQLite itself has numbers only

_LITERAL_OR_PARAMETER: Final = re.compile(r"'(?:[^']|'')*'|\$(\d+)")


@functools.lru_cache(maxsize=2048)
def numbered(sql: str) -> str:
    """A statement with ``?1`` for ``$1``: SQLite takes ``$1`` for a name and would bind by order of appearance."""
    return _LITERAL_OR_PARAMETER.sub(lambda found: f"?{found[1]}" if found[1] else found[0], sql)


class SqliteDatabase:
    """An open file; made by ``open_database``. Belongs to one event loop."""

    kind = "sqlite"

    def __init__(self, path: Path, n_readers: int = READERS) -> None:
        self.path = path
        self._writer = _Line(path, "writer", is_reader=False)
        self._readers = [_Line(path, f"reader-{n}", is_reader=True) for n in range(n_readers)]
        self._turn = asyncio.Lock()
        self._free: asyncio.LifoQueue[_Line] = asyncio.LifoQueue()
        self._is_closed = False

    async def open(self, steps: Sequence[Migration], now_ms: int) -> None:
        """Open the file, make it where there is none, and bring its tables to ``steps``. Raises Refused."""
        try:
            await self._writer.open()
            await self._writer.call(_migrate, steps, now_ms)
            for reader in self._readers:
                await reader.open()
                self._free.put_nowait(reader)
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
            view.leave()
            self._free.put_nowait(line)

    async def close(self) -> None:
        """Finish the transaction under way, fold the log into the file and end the threads."""
        if self._is_closed:
            return
        self._is_closed = True
        async with self._turn:
            for line in (*self._readers, self._writer):  # the writer last: the last connection folds the log in
                await line.close()

    async def scrub(self, *, may_block: bool = True) -> None:
        """Leave nothing of deleted rows in the file or its log. Raises Refused while a reader holds the log."""
        async with self._turn:
            if await self._line(self._writer).call(_empty_log, None if may_block else _SCRUB_WAIT_MS):
                raise cannot_store("a reader holds the log of the database")

    async def analyze(self) -> None:
        """Nothing: every statement goes by a key or by the index made for it, with statistics or without."""

    def _line(self, line: "_Line") -> "_Line":
        if self._is_closed:
            raise cannot_store("the database is closed")
        return line


class SqliteReading:
    """See ``Reading``: begun by the first statement, on one thread."""

    _begin: LiteralString = "BEGIN"

    def __init__(self, line: "_Line") -> None:
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

    def leave(self) -> None:
        """End the view, after what is still queued."""
        self._line.post(_roll_back)

    def _rows(self, connection: sqlite3.Connection, sql: str, args: tuple[object, ...]) -> list[Row]:
        return self._execute(connection, sql, args).fetchall()

    def _execute(self, connection: sqlite3.Connection, sql: str, args: tuple[object, ...]) -> sqlite3.Cursor:
        with self._in_transaction(connection):
            return connection.execute(numbered(sql), args)

    @contextlib.contextmanager
    def _in_transaction(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Begin where nothing has begun. After a failure nothing more is done: SQLite may have undone what came before."""
        if self._why_failed:
            raise Violated(f"An earlier statement of this transaction failed: {self._why_failed}")
        try:
            if not self._has_begun:
                connection.execute(self._begin)
                self._has_begun = True
            yield
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
        ending = asyncio.ensure_future(self._line.call(self._commit if is_kept else _roll_back))
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await asyncio.wait([ending])
            if not ending.cancelled():
                ending.exception()  # looked at: the caller is told of the cancellation
            raise

    def _run(self, connection: sqlite3.Connection, sql: str, args: tuple[object, ...]) -> int:
        return max(self._execute(connection, sql, args).rowcount, 0)

    def _run_many(self, connection: sqlite3.Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._in_transaction(connection):
            connection.executemany(numbered(sql), rows)

    def _commit(self, connection: sqlite3.Connection) -> None:
        if self._why_failed:
            _roll_back(connection)
            raise Violated(f"A statement of this transaction failed, so nothing of it was stored: {self._why_failed}")
        if not self._has_begun:
            return
        try:
            connection.execute("COMMIT")
        except sqlite3.Error:
            _roll_back(connection)
            raise


class _Line:
    """A connection and the one thread that uses it; work is done in the order it was given."""

    def __init__(self, path: Path, name: str, *, is_reader: bool) -> None:
        self._path = path
        self._is_reader = is_reader
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"{path.stem}-{name}")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        await self._run(self._connect)

    async def call(self, work: Callable[..., T], *args: Any) -> T:
        """The result of ``work(connection, *args)``, run on the thread. Raises Refused (busy) and Violated."""
        self._check_open()
        return await self._run(self._work, work, args)

    def post(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Like ``call`` for work that cannot fail and that nobody waits for."""
        if self._connection is not None:
            self._thread.submit(self._work, work, ())

    async def close(self) -> None:
        await self._run(self._disconnect)
        self._thread.shutdown()

    async def _run(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    def _work(self, work: Callable[..., T], args: tuple[Any, ...]) -> T:
        connection = self._check_open()
        try:
            return work(connection, *args)
        except sqlite3.Error as error:
            raise _told(error) from error
        except OverflowError as error:
            raise Violated(str(error)) from error

    def _check_open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise cannot_store("the database is closed")
        return self._connection

    def _connect(self) -> None:
        try:
            self._connection = sqlite3.connect(
                self._path, isolation_level=None, cached_statements=512, detect_types=sqlite3.PARSE_DECLTYPES
            )
            for pragma in _PRAGMAS:
                self._connection.execute(pragma)
            if self._is_reader:
                self._connection.execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            self._disconnect()
            raise cannot_open(f"{self._path} cannot be opened: {error}.") from error

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _empty_log(connection: sqlite3.Connection, wait_ms: int | None) -> bool:
    """Fold the log into the file and cut it to nothing; whether a reader was in the way. ``wait_ms`` for readers, None as usual."""
    try:
        if wait_ms is not None:
            connection.execute(f"PRAGMA busy_timeout = {wait_ms:d}")
        (is_busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return bool(is_busy)
    finally:
        connection.execute(_PRAGMAS[0])


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _told(error: sqlite3.Error) -> Exception:
    """What the caller is told of an error of SQLite's."""
    code = getattr(error, "sqlite_errorcode", None)  # absent where Python's own wrapper complains
    if code is not None and code & 0xFF in _OUTSIDE:
        return cannot_store(str(error))
    return Violated(str(error)) if isinstance(error, sqlite3.DatabaseError) else error


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
        _roll_back(connection)
        if isinstance(told := _told(error), Refused):
            raise told from error
        name = step.name if step else "the list of steps"
        raise cannot_open(f"The database could not be brought to this version: {name} failed ({error}).") from error
    except BaseException:
        _roll_back(connection)
        raise
