"""The database in PostgreSQL: a pool of connections, one transaction that writes at a time, the same statements as for SQLite.

Everything lies in one schema of its own. Writers take turns by a row of the database, so that no two ever see half of each other,
from whichever process they come: what SQLite gives by itself. Text sorts by its bytes, as in SQLite.
"""

import asyncio
import contextlib
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar

import asyncpg  # type: ignore[import-untyped]  # it has no types

from sync_server.errors import Refused
from sync_server.storage.database import Reading, Row
from sync_server.storage.failures import Violated, cannot_open, cannot_store
from sync_server.storage.migrations import LIST, NOTE, TABLE, Applied, Migration, missing_steps

T = TypeVar("T")

SCHEMA: Final = "trii"
CONNECTIONS: Final = 8
COMMAND_S: Final = 30.0
CONNECT_S: Final = 5.0
OUTCOME_S: Final = 10.0
OUTCOME_STEP_S: Final = 0.05
_BEGIN_WRITE: Final = "BEGIN"
_BEGIN_STEPS: Final = "BEGIN; SELECT pg_advisory_xact_lock(8317986120415)"
# One row, which every transaction that writes changes first: it keeps writers apart, and tells what became of the last one. The
# number that PostgreSQL itself gives a transaction would not do: after a crash it may be given to another.
_TURNS: Final = "CREATE TABLE IF NOT EXISTS turns (id BIGINT PRIMARY KEY, token TEXT NOT NULL)"
_FIRST_TURN: Final = "INSERT INTO turns (id, token) VALUES (1, '') ON CONFLICT (id) DO NOTHING"
_TURN: Final = "UPDATE turns SET token = $1 WHERE id = 1"
_OUTCOME: Final = "SELECT token FROM turns WHERE id = 1 FOR UPDATE"  # waits for a transaction that is still ending
_BEGIN_READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_VACUUM: Final = "SELECT format('VACUUM %s %I.%I', $2::text, schemaname, tablename) FROM pg_tables WHERE schemaname = $1"
_ANALYZE: Final = "SELECT format('ANALYZE %s %I.%I', $2::text, schemaname, tablename) FROM pg_tables WHERE schemaname = $1"
# Classes of SQLSTATE that say nothing against the statement: connection, rollback by concurrency, resources, operator, system.
_OUTSIDE: Final = ("08", "40", "53", "55", "57", "58", "25006", "XX")
_TEXT: Final = re.compile(r"(?<!AS )\bTEXT\b")


class PostgresDatabase:
    """An open database; made by ``open_database``. Belongs to one event loop."""

    kind = "postgresql"

    def __init__(self, url: str, schema: str = SCHEMA) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,50}", schema):
            raise ValueError(f"{schema!r} is no name for a schema.")
        self.url = url
        self.schema = schema
        self._turn = asyncio.Lock()
        self._pool: Any = None

    async def open(self, steps: Sequence[Migration], now_ms: int) -> None:
        """Connect, make the schema where there is none, and bring its tables to ``steps``. Raises Refused."""
        try:
            self._pool = await asyncpg.create_pool(
                self.url,
                min_size=0,  # asyncpg would log each failure to keep more
                max_size=CONNECTIONS,
                max_inactive_connection_lifetime=300,
                reset=_leave,
                command_timeout=COMMAND_S,
                timeout=CONNECT_S,
                statement_cache_size=512,
                max_cached_statement_lifetime=0,
                server_settings={"search_path": self.schema, "application_name": "trii-sync", "jit": "off"},
            )
            await self._pool.release(await self._pool.acquire())
        except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            await self.close()
            raise cannot_open(f"The database cannot be reached: {error}.", "Check the address and that PostgreSQL runs.") from error
        try:
            async with self._turn, self._transaction(_BEGIN_STEPS) as connection:
                await self._migrate(PostgresWriting(connection), steps, now_ms)
        except BaseException:
            await self.close()
            raise

    @asynccontextmanager
    async def write(self) -> AsyncIterator["PostgresWriting"]:
        """See ``Database``. Transactions come one after another."""
        async with self._turn, self._transaction(_BEGIN_WRITE) as connection:
            transaction = PostgresWriting(connection)
            try:
                await transaction.take_turn()
                yield transaction
            except BaseException:
                await _to_its_end(transaction.roll_back())
                raise
            await _to_its_end(self._commit(transaction))

    @asynccontextmanager
    async def read(self) -> AsyncIterator["PostgresReading"]:
        """See ``Database``. Waits only where all connections are taken."""
        async with self._transaction(_BEGIN_READ) as connection:
            view = PostgresReading(connection)
            try:
                yield view
            finally:
                await _to_its_end(view.roll_back())

    async def glance(self, look: Callable[[Reading], Awaitable[T]]) -> T:
        """See ``Database``: a view like any other."""
        async with self.read() as view:
            return await look(view)

    async def close(self) -> None:
        """Finish the transaction under way and let the connections go."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        async with self._turn:
            try:
                await asyncio.wait_for(pool.close(), COMMAND_S)
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                pool.terminate()

    async def scrub(self, *, may_block: bool = True) -> None:
        """Write every table anew without what was deleted, which blocks each; else only let go of dead rows. Raises Refused."""
        if not may_block:
            await self._run_each(_VACUUM, "")
            return
        async with self._turn:
            await self._run_each(_VACUUM, "(FULL)")

    async def analyze(self) -> None:
        """Gather statistics of every table: after a restore there are none, and plans would be blind. Raises Refused."""
        await self._run_each(_ANALYZE, "")

    async def _run_each(self, statements: str, how: str) -> None:
        """Run what a query makes for each table of the schema."""
        connection = await self._acquire()
        try:
            with _told(connection):
                for (statement,) in await connection.fetch(statements, self.schema, how):
                    await connection.execute(statement, timeout=None)
        finally:
            await self._release(connection)

    async def _migrate(self, transaction: "PostgresWriting", steps: Sequence[Migration], now_ms: int) -> None:
        try:
            await transaction.migrate(self.schema, steps, now_ms)
        except BaseException:
            await _to_its_end(transaction.roll_back())
            raise
        await _to_its_end(transaction.commit())

    async def _commit(self, transaction: "PostgresWriting") -> None:
        """Commit. Where the answer was lost with the connection, ask the database on another what became of it."""
        try:
            await transaction.commit()
        except Refused:
            if not await self._was_committed(transaction.token):
                raise

    async def _was_committed(self, token: str) -> bool:
        """The outcome of a transaction whose connection is gone; False also where the database does not come back in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OUTCOME_S):
                while True:
                    with contextlib.suppress(Refused):
                        async with self._transaction(_BEGIN_WRITE) as connection:
                            looking = PostgresReading(connection)
                            try:
                                return await looking.row(_OUTCOME) == (token,)
                            finally:
                                await looking.roll_back()
                    await asyncio.sleep(OUTCOME_STEP_S)
        return False

    @asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[Any]:
        """A connection with a transaction begun. One that went away while it waited in the pool is replaced once."""
        connection = await self._acquire()
        try:
            try:
                await _begin(connection, begin)
            except Refused:
                if not _is_gone(connection):
                    raise
                await self._release(connection)
                connection = await self._acquire()
                await _begin(connection, begin)
            yield connection
        finally:
            await self._release(connection)

    async def _acquire(self) -> Any:
        if self._pool is None:
            raise cannot_store("the database is closed")
        with _told(None):
            return await self._pool.acquire(timeout=COMMAND_S)

    async def _release(self, connection: Any) -> None:
        if self._pool is None:
            if not _is_gone(connection):
                connection.terminate()
            return
        with _told(connection):
            await self._pool.release(connection)


async def _begin(connection: Any, begin: str) -> None:
    """Begin a transaction. Where that is cut short nobody knows whether one has begun: such a connection serves nobody else."""
    try:
        with _told(connection):
            await connection.execute(begin)
    except asyncio.CancelledError:
        connection.terminate()
        raise


class PostgresReading:
    """See ``Reading``: a transaction that has begun, on one connection of the pool."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._why_failed = ""

    async def rows(self, sql: str, *args: object) -> Sequence[Row]:
        """See ``Reading``."""
        return [tuple(row) for row in await self._ask(self._connection.fetch, sql, *args)]

    async def row(self, sql: str, *args: object) -> Row | None:
        """See ``Reading``."""
        found = await self._ask(self._connection.fetchrow, sql, *args)
        return None if found is None else tuple(found)

    async def roll_back(self) -> None:
        """Give up what was done; a connection that is gone has done so itself."""
        if _is_gone(self._connection):
            return
        try:
            with _told(self._connection):
                await self._connection.execute("ROLLBACK")
        except Refused:
            if not _is_gone(self._connection):
                self._connection.terminate()

    async def _ask(self, call: Callable[..., Coroutine[Any, Any, T]], sql: str, *args: object) -> T:
        """As in SQLite nothing more is done after a failure."""
        if self._why_failed:
            raise Violated(f"An earlier statement of this transaction failed: {self._why_failed}")
        try:
            with _told(self._connection):
                return await call(sql, *args)
        except (Refused, Violated, asyncio.CancelledError) as error:
            self._why_failed = str(error) or type(error).__name__
            raise


class PostgresWriting(PostgresReading):
    """See ``Writing``. ``token`` is what the transaction is known by."""

    token = ""

    async def take_turn(self) -> None:
        """Wait until no other transaction writes, from whichever process."""
        self.token = secrets.token_hex(8)
        await self.run(_TURN, self.token)

    async def run(self, sql: str, *args: object) -> int:
        """See ``Writing``."""
        last = (await self._ask(self._connection.execute, sql, *args)).rpartition(" ")[2]
        return int(last) if last.isdecimal() else 0

    async def run_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """See ``Writing``."""
        if rows:
            await self._ask(self._connection.executemany, sql, rows)

    async def commit(self) -> None:
        """Make it durable. Raises Violated where a statement failed before, Refused where the answer did not come."""
        if self._why_failed:
            await self.roll_back()
            raise Violated(f"A statement of this transaction failed, so nothing of it was stored: {self._why_failed}")
        if await self._ask(self._connection.execute, "COMMIT") != "COMMIT":
            raise Violated("PostgreSQL undid the transaction: a statement of it had failed.")

    async def migrate(self, schema: str, steps: Sequence[Migration], now_ms: int) -> None:
        """Make the schema and apply the steps it lacks. Raises Refused."""
        step = None
        try:
            await self._script(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            await self._script(TABLE)
            await self._script(_TURNS)
            await self.run(_FIRST_TURN)
            have = [Applied(*row) for row in await self.rows(LIST)]
            for position, step in enumerate(missing_steps(have, steps, "The database"), len(have) + 1):
                await self._script(step.sql)
                await self._script(step.postgresql, is_ours=False)
                await self.run(NOTE, position, step.name, step.checksum(), now_ms)
        except Violated as error:
            name = step.name if step else "the list of steps"
            raise cannot_open(f"The database could not be brought to this version: {name} failed ({error}).") from error

    async def _script(self, sql: str, *, is_ours: bool = True) -> None:
        """Run statements of a migration. Columns of text get the order of bytes, which SQLite's have."""
        if sql.strip():
            await self._ask(self._connection.execute, _TEXT.sub('TEXT COLLATE "C"', sql) if is_ours else sql)


async def _leave(_: Any) -> None:
    """A connection is given back as it is: every transaction here has ended by then, and no session is ever changed."""


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Await ``work`` wholly, also where the caller is cancelled meanwhile; then say so."""
    ending = asyncio.ensure_future(work)
    try:
        await asyncio.shield(ending)
    except asyncio.CancelledError:
        await asyncio.wait([ending])
        if not ending.cancelled():
            ending.exception()  # looked at: the caller is told of the cancellation
        raise


@contextmanager
def _told(connection: Any) -> Iterator[None]:
    """Translate what asyncpg raises into Refused (busy) and Violated."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if (error.sqlstate or "08000").startswith(_OUTSIDE):
            raise cannot_store(str(error)) from error
        raise Violated(str(error)) from error
    except asyncpg.InterfaceError as error:
        if isinstance(error, ValueError):  # a value that is not of its column's type
            raise Violated(str(error)) from error
        if connection is None or _is_gone(connection):
            raise cannot_store(str(error)) from error
        raise
    except asyncpg.InternalClientError as error:  # the database hung up in the middle of something
        if connection is not None and not _is_gone(connection):
            connection.terminate()
        raise cannot_store("the connection broke") from error
    except OSError as error:  # TimeoutError too
        raise cannot_store(str(error) or "the database does not answer") from error


def _is_gone(connection: Any) -> bool:
    """Whether a connection of the pool is closed; the pool takes one that broke away from whoever has it."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True
