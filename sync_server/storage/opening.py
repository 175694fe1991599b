"""Open the database that an address names, with its tables brought to this version."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sync_server.clock import Clock
from sync_server.storage.database import Database
from sync_server.storage.failures import cannot_open
from sync_server.storage.migrations import Migration
from sync_server.storage.postgres import SCHEMA, PostgresDatabase
from sync_server.storage.sqlite import SqliteDatabase

_SQLITE: Final = re.compile(r"sqlite://(?:/(?=[A-Za-z]:)|/*(?=/))(.+)")  # a drive of Windows, or the root
_POSTGRES: Final = ("postgresql://", "postgres://")


async def open_database(url: str, tables: Sequence[Migration], clock: Clock, *, schema: str = SCHEMA) -> Database:
    """Open ``sqlite:///absolute/path`` or ``postgresql://…``; close it with ``close``.

    ``tables`` are all capabilities' migrations in order. ``schema`` is where tables lie in PostgreSQL. Raises Refused for an
    address that is neither, a database that cannot be opened, and one that a newer server wrote: then nothing of it was changed.
    """
    if not is_sqlite(url):
        postgres = PostgresDatabase(url, schema)
        await postgres.open(tables, clock.now_ms())
        return postgres
    sqlite = SqliteDatabase(make_file(sqlite_path(url)))
    await sqlite.open(tables, clock.now_ms())
    return sqlite


def is_sqlite(url: str) -> bool:
    """Whether an address names a file of SQLite, and not PostgreSQL."""
    return not url.startswith(_POSTGRES)


def sqlite_path(url: str) -> Path:
    """The file that an address of SQLite names. Raises Refused for any other address."""
    found = _SQLITE.fullmatch(url)
    path = Path(found[1] if found else "")
    if not path.is_absolute():
        raise cannot_open(
            f"{url.partition('://')[0]}://… is no address of a database.",
            "Say sqlite:///folder/server.db or postgresql://user@host/name.",
        )
    return path


def make_file(path: Path) -> Path:
    """Make the file and its folder where they are missing, for this user alone: the database's other files take over its mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise cannot_open(f"{path} cannot be opened: {error.strerror}.") from error
    return path
