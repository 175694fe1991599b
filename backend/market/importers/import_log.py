"""The log of imports in the money ledger: what came from where, for good."""

import hashlib
from dataclasses import fields
from pathlib import Path
from typing import Final

import msgspec

from backend.market.importers.limits import MIB
from backend.market.importers.plan import ImportPlan
from backend.market.importers.report import ImportRecord
from backend.storage.connection import Connection
from backend.storage.durable import explain_os_error

_COLUMNS: Final = tuple(field.name for field in fields(ImportRecord))
_NAMES: Final = ", ".join(_COLUMNS)
_INSERT: Final = f"INSERT INTO imports ({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - names of our own fields
_SELECT: Final = f"""
    SELECT {_NAMES} FROM imports WHERE ? IS NULL OR source = ? ORDER BY started_ns DESC, import_id DESC LIMIT ?
"""  # noqa: S608 - same
_WHOLE_BYTES: Final = 64 * MIB


def save_record(connection: Connection, record: ImportRecord) -> None:
    """Add a line to the log inside the running transaction."""
    connection.execute(_INSERT, tuple(getattr(record, name) for name in _COLUMNS))


def load_records(connection: Connection, limit: int, source: str | None = None) -> list[ImportRecord]:
    """The newest lines of the log, of one source or of all, newest first."""
    return [ImportRecord(*row) for row in connection.execute(_SELECT, (source, source, limit))]


def load_record(connection: Connection, import_id: str) -> ImportRecord | None:
    """The line of one import; None where it was never published."""
    row = connection.execute(f"SELECT {_NAMES} FROM imports WHERE import_id = ?", (import_id,)).fetchone()  # noqa: S608 - names of our own fields
    return None if row is None else ImportRecord(*row)


def last_import_of(connection: Connection, fingerprint: str, series: str) -> int | None:
    """When the same file last went into the same series, UTC ns; None for never."""
    row = connection.execute(
        "SELECT max(started_ns) FROM imports WHERE fingerprint = ? AND series = ?", (fingerprint, series)
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def fingerprint(path: Path) -> str:
    """A hash that tells files apart: of all bytes, or for large files of the size and both ends. Raises Unavailable.

    It only serves the log; whether rows are new is decided by the rows.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if size <= _WHOLE_BYTES:
                return hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(size.to_bytes(8, "little"))
            for start in (0, size - _WHOLE_BYTES // 2):
                file.seek(start)
                digest.update(file.read(_WHOLE_BYTES // 2))
    except OSError as e:
        raise explain_os_error(e, "read the file", path) from e
    return f"ends-{digest.hexdigest()}"


def plan_as_json(plan: ImportPlan) -> str:
    """How a table was read, as kept in the log."""
    told = {
        "format": plan.format,
        "layout": plan.layout,
        "dialect": plan.dialect,
        "columns": {column.role: column.name for column in plan.columns if column.role},
        "timezone": plan.timezone,
        "stamp": plan.stamp,
        "symbol": plan.symbol,
        "newest_first": plan.is_descending,
    }
    return msgspec.json.encode(told).decode()
