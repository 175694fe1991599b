"""Bring a ledger's tables to this version, in order, all or nothing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import LiteralString

from sqlcipher3 import dbapi2

from backend import __version__
from backend.errors import CorruptData, InvalidInput
from backend.storage.connection import Connection, DatabaseError, error_code
from backend.storage.faults import reach

_TABLE: LiteralString = """
CREATE TABLE IF NOT EXISTS migrations (
    position INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    app_version TEXT NOT NULL,
    applied_ns INTEGER NOT NULL
) STRICT
"""
_SQL_ERROR = 1


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a ledger's tables: a name that never changes, as "0002_market", and statements ended by semicolons.

    A step that has been released is never edited; the next step changes what it made.
    """

    name: str
    sql: LiteralString


def applied_names(connection: Connection) -> tuple[str, ...]:
    """Names of the migrations a file has, in the order they were applied; empty for a new file."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'").fetchone()
    if found is None:
        return ()
    return tuple(name for (name,) in connection.execute("SELECT name FROM migrations ORDER BY position"))


def pending(connection: Connection, migrations: tuple[Migration, ...], file_name: str) -> tuple[Migration, ...]:
    """Return the migrations a file still needs. Raises InvalidInput when a newer version of the app wrote it."""
    applied = applied_names(connection)
    known = {migration.name for migration in migrations}
    unknown = [name for name in applied if name not in known]
    if unknown:
        row = connection.execute("SELECT app_version FROM migrations ORDER BY position DESC LIMIT 1").fetchone()
        writer = row[0] if row else "unknown"
        raise InvalidInput(
            f"{file_name} was written by TRII {writer}, a later build than this TRII {__version__}: "
            f"it has {', '.join(unknown)}, unknown here.",
            hint=f"Install TRII {writer} or later, or restore a backup made by this version with `trii restore`.",
            code="ledger.downgrade",
        )
    have = set(applied)
    return tuple(migration for migration in migrations if migration.name not in have)


def migrate(
    connection: Connection,
    migrations: tuple[Migration, ...],
    file_name: str,
    *,
    before: Callable[[Migration], None],
    now_ns: Callable[[], int] = time.time_ns,
) -> tuple[str, ...]:
    """Apply what is missing in one transaction, and return the names applied.

    ``before`` is called with the first missing step, outside any transaction, only when the file already has some:
    it makes the copy to go back to. Raises InvalidInput for a file of a newer version and CorruptData when a step
    fails; then the file is as it was.
    """
    missing = pending(connection, migrations, file_name)
    if not missing:
        return ()
    if applied_names(connection):
        before(missing[0])
    # Off while tables are rebuilt (https://www.sqlite.org/lang_altertable.html#otheralter); checked before the commit.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    step = missing[0]
    try:
        connection.execute(_TABLE)
        for step in missing:
            for statement in split_statements(step.sql):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO migrations (name, app_version, applied_ns) VALUES (?, ?, ?)", (step.name, __version__, now_ns())
            )
        _check_foreign_keys(connection, file_name)
        reach("migration.committing")
        connection.execute("COMMIT")
        reach("migration.committed")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if isinstance(error, DatabaseError) and error_code(error) in {_SQL_ERROR, 19}:
            raise CorruptData(
                f"{file_name} could not be brought to TRII {__version__}: step {step.name} failed ({error}).",
                hint="The file is unchanged. Keep using the earlier version, and report this step's name.",
                code="ledger.migration",
            ) from error
        raise
    finally:
        connection.execute("PRAGMA foreign_keys = ON")
    return tuple(migration.name for migration in missing)


def split_statements(sql: LiteralString) -> Iterator[LiteralString]:
    """Cut a script into its statements; triggers stay whole. ``executescript`` would commit in between."""
    text: LiteralString = ""
    for piece in sql.split(";"):
        text += piece + ";"
        if dbapi2.complete_statement(text):
            if text.strip(" \n\t;"):
                yield text.strip()
            text = ""


def _check_foreign_keys(connection: Connection, file_name: str) -> None:
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        table, row, parent, _ = broken[0]
        raise CorruptData(
            f"{file_name} could not be brought to TRII {__version__}: row {row} of {table} points to a missing row "
            f"of {parent} ({len(broken)} such rows).",
            hint="The file is unchanged. Keep using the earlier version, and report this.",
            code="ledger.migration",
        )
