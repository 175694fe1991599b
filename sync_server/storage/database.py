"""A database of the server, whichever it is: transactions that write, reads beside them, one dialect of SQL for both.

Statements are written once, in what SQLite (3.40 and newer) and PostgreSQL both understand: parameters ``$1``, ``$2``…;
types BIGINT, TEXT, BYTEA, BOOLEAN; ``INSERT … ON CONFLICT … DO NOTHING|UPDATE``, ``RETURNING``. Times are integer milliseconds,
ids are TEXT. Nothing from outside is ever put into the text of a statement. A parameter has its column's type exactly; ``sum`` is
cast to BIGINT; text sorts by its bytes. After a statement failed (``failures.Violated``) nothing more is done in its transaction.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Row = tuple[Any, ...]


class Reading(Protocol):
    """One consistent view of what is committed."""

    async def rows(self, sql: str, *args: object) -> Sequence[Row]:
        """All rows of a statement."""
        ...

    async def row(self, sql: str, *args: object) -> Row | None:
        """The first row, or None."""
        ...


class Writing(Reading, Protocol):
    """One transaction: all of it or nothing; sees its own writes."""

    async def run(self, sql: str, *args: object) -> int:
        """Run a statement; how many rows it changed."""
        ...

    async def run_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement once for each row of arguments."""
        ...


class Database(Protocol):
    """An open database. ``kind`` is "sqlite" or "postgresql"."""

    kind: str

    def write(self) -> AbstractAsyncContextManager[Writing]:
        """A transaction: committed and durable when the block ends, rolled back when it raises.

        Raises Refused (code ``busy``) where it cannot be stored: disk full, database gone.
        """
        ...

    def read(self) -> AbstractAsyncContextManager[Reading]:
        """A view that does not wait for writers."""
        ...

    async def glance(self, look: Callable[[Reading], Awaitable[T]]) -> T:
        """What ``look`` finds in one view by a few rows of known keys: as cheap as can be, and asked again where that fails.

        ``look`` reads and nothing else. SQLite answers on the loop itself; what turns out long goes to a thread all the same.
        A BOOLEAN may come as 0 or 1.
        """
        ...

    async def scrub(self, *, may_block: bool = True) -> None:
        """Leave no bytes of deleted or replaced rows in the database's files. Raises Refused.

        Where it may not block writers, PostgreSQL only lets go of the rows: their bytes lie there until they are written over.
        """
        ...

    async def analyze(self) -> None:
        """Let the database look at its tables anew, so that it plans by what is in them. Raises Refused."""
        ...

    async def close(self) -> None:
        """Finish what runs and let go."""
        ...
