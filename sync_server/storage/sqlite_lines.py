"""Connections to one SQLite file: one on a thread of its own, or one that the event loop itself reads by, for what is short."""

import asyncio
import functools
import re
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, LiteralString, TypeVar

from sync_server.storage.database import Row
from sync_server.storage.failures import Violated, cannot_open, cannot_store

T = TypeVar("T")

STEPS: Final = 1_000  # of SQLite's machine, between two looks at how many were taken
STEPS_MAX: Final = 20_000  # of one short read: about a millisecond
SLOW_S: Final = 0.005  # a short read that took longer and read the disk waited for it
REST_S: Final = 1.0  # for which such reads then go to threads
BUSY_TIMEOUT: Final[LiteralString] = "PRAGMA busy_timeout = 2000"
_PRAGMAS: Final[tuple[LiteralString, ...]] = (
    BUSY_TIMEOUT,
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA journal_size_limit = 67108864",  # a long read lets the log grow; it shrinks again after
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA case_sensitive_like = ON",  # as in PostgreSQL
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -2048",  # KiB, of the writer; what is asked for often lies in the system's cache as well
)
_READING: Final[tuple[LiteralString, ...]] = ("PRAGMA query_only = ON", "PRAGMA cache_size = -512")  # there are several
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


class _Connected:
    """A connection, opened and closed, and its errors told."""

    def __init__(self, path: Path, *, is_reader: bool) -> None:
        self._path = path
        self._is_reader = is_reader
        self._connection: sqlite3.Connection | None = None

    def _work(self, work: Callable[..., T], args: tuple[Any, ...]) -> T:
        connection = self._check_open()
        try:
            return work(connection, *args)
        except sqlite3.Error as error:
            raise told(error) from error
        except OverflowError as error:
            raise Violated(str(error)) from error

    def _check_open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise cannot_store("the database is closed")
        return self._connection

    def _connect(self, detect_types: int = sqlite3.PARSE_DECLTYPES) -> None:
        try:
            self._connection = sqlite3.connect(self._path, isolation_level=None, cached_statements=512, detect_types=detect_types)
            for pragma in (*_PRAGMAS, *(_READING if self._is_reader else ())):
                self._connection.execute(pragma)
        except sqlite3.Error as error:
            self._disconnect()
            raise cannot_open(f"{self._path} cannot be opened: {error}.") from error

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Threaded(_Connected):
    """A connection and the one thread that uses it; work is done in the order it was given."""

    def __init__(self, path: Path, name: str, *, is_reader: bool) -> None:
        super().__init__(path, is_reader=is_reader)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"{path.stem}-{name}")

    async def open(self) -> None:
        """Connect. Raises Refused."""
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
        """Finish what was given, and end."""
        await self._run(self._disconnect)
        self._thread.shutdown()

    async def _run(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)


if sys.platform == "linux":
    import resource

    def n_blocks_read() -> int:
        """How many blocks this thread has had to wait for, from whichever disk."""
        return resource.getrusage(resource.RUSAGE_THREAD).ru_inblock
else:

    def n_blocks_read() -> int:
        """Not told here: no disk counts as slow."""
        return 0


class NotAtOnce(Exception):
    """A read cannot be done at once: too long, the file is locked for a moment, or a mistake, which a thread tells better."""


class AtOnce(_Connected):
    """One view at a time that the event loop reads by itself: a few rows by key cost less than waking a thread for them.

    In write-ahead mode it never waits for the writer, and it sees every transaction whose commit has ended. See ``Reading``.

    After a view that waited for the disk nobody is let in for a second: of a slow disk the loop feels one read a second at most.
    ``n_blocks_read``: how much the disk was read so far on this thread · ``slow_s``: how long a view may take in spite of it.
    """

    def __init__(self, path: Path, n_blocks_read: Callable[[], int] = n_blocks_read, slow_s: float = SLOW_S) -> None:
        super().__init__(path, is_reader=True)
        self._n_blocks_read = n_blocks_read
        self._n_blocks = 0
        self._slow_s = slow_s
        self._began_s = 0.0
        self._rests_until_s = 0.0
        self._is_taken = False
        self._has_begun = False
        self._n_looks = 0

    def open(self) -> None:
        """Connect. Raises Refused."""
        self._n_blocks = self._n_blocks_read()
        self._connect(detect_types=0)  # to look at the type of every column takes a quarter of the time of a read
        connection = self._check_open()
        connection.execute("PRAGMA busy_timeout = 0")
        connection.set_progress_handler(self._is_enough, STEPS)

    def close(self) -> None:
        """Let go of the file."""
        self._disconnect()

    def take(self) -> bool:
        """Begin a view, where one may begin now."""
        now_s = time.perf_counter()
        if self._is_taken or self._connection is None or now_s < self._rests_until_s:
            return False
        self._is_taken, self._n_looks, self._began_s = True, 0, now_s
        return True

    def give_back(self) -> None:
        """The view is over, however it went."""
        if self._has_begun and self._connection is not None:
            roll_back(self._connection)
        self._is_taken = self._has_begun = False
        now_s = time.perf_counter()
        if now_s - self._began_s > self._slow_s:  # or only interrupted by other programs
            before, self._n_blocks = self._n_blocks, self._n_blocks_read()
            if self._n_blocks > before:
                self._rests_until_s = now_s + REST_S

    async def rows(self, sql: str, *args: object) -> Sequence[Row]:
        """See ``Reading``. Raises NotAtOnce too, and does so for whatever a thread may better tell."""
        return self._rows(sql, args)

    async def row(self, sql: str, *args: object) -> Row | None:
        """See ``Reading``; as ``rows``."""
        found = self._rows(sql, args)
        return found[0] if found else None

    def _rows(self, sql: str, args: tuple[Any, ...]) -> list[Row]:
        connection = self._check_open()
        try:
            if not self._has_begun:
                connection.execute("BEGIN")
                self._has_begun = True
            return connection.execute(numbered(sql), args).fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise NotAtOnce(str(error)) from error

    def _is_enough(self) -> bool:
        self._n_looks += 1
        return self._n_looks > STEPS_MAX // STEPS


def roll_back(connection: sqlite3.Connection) -> None:
    """Undo what was begun, where anything was."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def told(error: sqlite3.Error) -> Exception:
    """What the caller is told of an error of SQLite's."""
    code = getattr(error, "sqlite_errorcode", None)  # absent where Python's own wrapper complains
    if code is not None and code & 0xFF in _OUTSIDE:
        return cannot_store(str(error))
    return Violated(str(error)) if isinstance(error, sqlite3.DatabaseError) else error
