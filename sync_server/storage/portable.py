"""Rows of either database in one form, table by table in the order of their keys: what backups hold and restores put back."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from sync_server.storage.database import Reading, Row, Writing
from sync_server.storage.failures import cannot_open

PAGE: Final = 500
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
_TYPES: Final = frozenset({"BIGINT", "INTEGER", "TEXT", "BYTEA", "BOOLEAN"})
_SQLITE: Final = "SELECT name, upper(type), pk FROM pragma_table_xinfo($1) WHERE hidden = 0 ORDER BY cid"
_POSTGRES: Final = """
SELECT a.attname::text, upper(format_type(a.atttypid, NULL)), coalesce(array_position(i.indkey::int2[], a.attnum), -1) + 1
FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum
"""


class Shape(msgspec.Struct, frozen=True):
    """A table: its columns in order, and those of its key. Columns that one database has for itself are left out."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


async def find_shape(view: Reading, kind: str, table: str) -> Shape:
    """The shape of a table in an open database. Raises Refused for one that has no key, and so no order."""
    rows = await view.rows(_SQLITE if kind == "sqlite" else _POSTGRES, table)
    columns = [(name, position) for name, kind_, position in rows if kind_ in _TYPES]
    key = tuple(name for name, position in sorted(columns, key=lambda column: column[1]) if position)
    if not key:
        raise cannot_open(f"The table {table} is not there or has no primary key; it cannot be backed up.")
    return _checked(Shape(table, tuple(name for name, _ in columns), key))


async def read_pages(view: Reading, shape: Shape) -> AsyncIterator[list[Row]]:
    """All rows in the order of the key, some at a time."""
    _checked(shape)
    places = [shape.columns.index(name) for name in shape.key]
    select = f"SELECT {', '.join(shape.columns)} FROM {shape.table}"  # noqa: S608  # names are checked
    order = f"ORDER BY {', '.join(shape.key)} LIMIT {PAGE}"
    after = f"WHERE ({', '.join(shape.key)}) > ({_marks(len(shape.key))})"
    page = list(await view.rows(f"{select} {order}"))
    while page:
        yield page
        page = list(await view.rows(f"{select} {after} {order}", *(page[-1][place] for place in places)))


async def write_rows(tx: Writing, shape: Shape, rows: Sequence[Row]) -> None:
    """Put rows into a table. Raises Violated for values that are not of its columns."""
    _checked(shape)
    await tx.run_many(
        f"INSERT INTO {shape.table} ({', '.join(shape.columns)}) VALUES ({_marks(len(shape.columns))})",  # noqa: S608  # as above
        rows,
    )


def _marks(n: int) -> str:
    return ", ".join(f"${number}" for number in range(1, n + 1))


def _checked(shape: Shape) -> Shape:
    """Names come from a catalogue or a verified backup; all the same none goes into a statement that is no plain word."""
    for name in (shape.table, *shape.columns, *shape.key):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a table or column.")
    if not set(shape.key) <= set(shape.columns):
        raise ValueError(f"The key of {shape.table} is not among its columns.")
    return shape
