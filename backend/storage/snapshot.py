"""Copy a ledger while it is in use: one consistent moment, still encrypted under its own key."""

import contextlib
import os
from pathlib import Path

from backend.clock import utc_now
from backend.storage.connection import Connection, DatabaseError, translate
from backend.storage.durable import explain_os_error, sync_folder

COPIES_KEPT = 5


def save_snapshot(connection: Connection, target: Path) -> int:
    """Write a compact copy of the ledger to ``target``, which must not exist; returns its bytes.

    The copy shows the last committed state and carries no log beside it. Raises Unavailable and leaves nothing.
    """
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        connection.execute("VACUUM INTO ?", (str(partial),))
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.rename(target)
        sync_folder(target.parent)
        return target.stat().st_size
    except DatabaseError as error:
        _forget(partial)
        raise translate(error, target) from error
    except OSError as error:
        _forget(partial)
        raise explain_os_error(error, "copy a ledger", target) from error


def save_before_migration(connection: Connection, path: Path, backups: Path, step: str) -> Path:
    """Copy a ledger before ``step`` changes its tables, and keep only the last copies of it."""
    backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = utc_now().strftime("%Y%m%dT%H%M%S%fZ")
    target = backups / f"{path.stem}-{stamp}-before-{step}{path.suffix}"
    save_snapshot(connection, target)
    copies = sorted(backups.glob(f"{path.stem}-*-before-*{path.suffix}"))
    for old in copies[:-COPIES_KEPT]:
        old.unlink(missing_ok=True)
    return target


def _forget(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
