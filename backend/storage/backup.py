"""Make and verify encrypted backups of a whole home, while it is in use."""

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from backend import __version__
from backend.clock import SystemClock
from backend.errors import Conflict, InvalidInput, Unavailable
from backend.storage.archive import PURPOSE, ArchiveWriter, key_fact, open_archive, read_entries
from backend.storage.connection import Connection, connect
from backend.storage.durable import explain_os_error, sync_folder
from backend.storage.ledger import Ledger
from backend.storage.market_files import list_market_files, list_market_logs
from backend.storage.master_key import KeyUse, MasterKey
from backend.storage.paths import Home
from backend.storage.restore import restore_backup
from backend.storage.sealed import SealedWriter
from backend.storage.snapshot import save_snapshot

__all__ = [
    "BackupReport",
    "Parts",
    "backup_name",
    "create_backup",
    "last_backup",
    "record_backup",
    "restore_backup",
    "verify_backup",
]

SUFFIX = ".triibackup"
LEDGERS: tuple[KeyUse, ...] = ("money", "words")
_ATTEMPTS_MAX = 3
_LEFT_OVER_NS = 86_400 * 1_000_000_000

# Files of the market store to include, or how to name them from the copy of the money ledger, whose manifest must not
# list a segment that the archive lacks.
Parts = Iterable[Path] | Callable[[Connection], Iterable[Path]]


@dataclass(frozen=True, slots=True)
class BackupReport:
    """An archive that was read back and found whole."""

    path: Path
    created_ns: int
    app_version: str
    n_files: int
    content_bytes: int
    archive_bytes: int
    write_s: float
    verify_s: float


def backup_name(now_ns: int) -> str:
    """Return a file name that sorts by time, as ``trii-20260131T093000Z.triibackup``."""
    return f"trii-{datetime.fromtimestamp(now_ns // 1_000_000_000, UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"


def create_backup(
    home: Home, key: MasterKey, target: Path, *, parts: Parts | None = None, now_ns: int | None = None
) -> BackupReport:
    """Write everything a home needs into one encrypted file, read it back, and only then give it its name.

    ``target`` is a new file or a folder. Both ledgers are copied as of one moment each, while they may be written, with
    the files of the market store that belong to that moment, unless ``parts`` names others. Blocks; call it off the
    loop. Raises Conflict when the target exists, Unavailable when the disk is full, CorruptData when it reads back
    wrong; then no archive is left.
    """
    created_ns = SystemClock().now_ns() if now_ns is None else now_ns
    if target.is_dir():
        target /= backup_name(created_ns)
    if target.exists():
        raise Conflict(f"{target} exists; a backup never overwrites.", hint="Give another name.", code="backup.exists")
    partial = target.with_name(f".{target.name}.partial")
    started = time.perf_counter()
    try:
        _write_archive(home, key, partial, parts, created_ns)
        written = time.perf_counter()
        report = verify_backup(partial, key)
        partial.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise explain_os_error(error, "write the backup", target) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
    return BackupReport(
        target,
        created_ns,
        __version__,
        report.n_files,
        report.content_bytes,
        report.archive_bytes,
        write_s=written - started,
        verify_s=report.verify_s,
    )


def verify_backup(archive: Path, key: MasterKey) -> BackupReport:
    """Read an archive from end to end; every byte is checked. Raises NotFound, InvalidInput, CorruptData, Unavailable."""
    started = time.perf_counter()
    n_files = content_bytes = 0
    with open_archive(archive, key) as sealed:
        facts = sealed.header.facts
        for entry in read_entries(sealed):
            content_bytes += sum(len(piece) for piece in entry.content)
            n_files += 1
        archive_bytes = archive.stat().st_size
    created_ns, app_version = int(facts.get("created_ns", 0)), str(facts.get("app_version", ""))
    return BackupReport(
        archive, created_ns, app_version, n_files, content_bytes, archive_bytes, write_s=0.0, verify_s=time.perf_counter() - started
    )


async def record_backup(ledger: Ledger, report: BackupReport) -> None:
    """Remember in the money ledger that a backup was made, so that its age can be told."""
    row = (report.created_ns, str(report.path), report.archive_bytes, report.n_files, report.write_s + report.verify_s)
    await ledger.write(
        lambda connection: (
            connection.execute("INSERT INTO backups (made_ns, path, bytes, n_files, seconds) VALUES (?, ?, ?, ?, ?)", row).rowcount
        )
    )


async def last_backup(ledger: Ledger) -> tuple[int, Path] | None:
    """Return when the latest backup was made (UTC nanoseconds) and where it was put, or None."""
    row = await ledger.read(
        lambda connection: connection.execute("SELECT made_ns, path FROM backups ORDER BY made_ns DESC LIMIT 1").fetchone()
    )
    return None if row is None else (int(row[0]), Path(row[1]))


def _write_archive(home: Home, key: MasterKey, partial: Path, parts: Parts | None, created_ns: int) -> None:
    """Write the archive; when a file vanishes because the store replaced it, start over with a new snapshot."""
    facts: dict[str, str | int] = {"key": key_fact(key), "created_ns": created_ns, "app_version": __version__}
    for attempt in range(1, _ATTEMPTS_MAX + 1):
        try:
            _write_once(home, key, partial, parts, facts)
        except _FileVanished as error:
            if attempt == _ATTEMPTS_MAX:
                raise Unavailable(
                    f"The backup was not made: {error} was replaced again and again while it was copied.",
                    hint="Do it again when no import is running.",
                    code="backup.changed",
                ) from error
        else:
            return


def _write_once(home: Home, key: MasterKey, partial: Path, parts: Parts | None, facts: dict[str, str | int]) -> None:
    logs = list_market_logs(home)
    with _snapshots(home, key) as copies, _open_new(partial) as file:
        market = _list_parts(home, key, copies, parts or (lambda copy: list_market_files(home, copy, logs)))
        sealed = SealedWriter(file, key.derive("backup"), PURPOSE, facts)
        _fill(ArchiveWriter(sealed), home, copies, market)
        file.flush()
        os.fsync(file.fileno())


def _fill(archive: ArchiveWriter, home: Home, copies: dict[KeyUse, Path], market: list[Path]) -> None:
    for use, copy in copies.items():
        _add(archive, f"ledger/{use}.db", copy)
    for path in (home.settings, *_files_below(home.blobs), *market):
        if path != home.settings or path.exists():
            _add(archive, path.relative_to(home.root).as_posix(), path)
    archive.finish()


def _add(archive: ArchiveWriter, name: str, path: Path) -> None:
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise _FileVanished(name) from error
    with file:
        archive.add(name, cast("BinaryIO", file), os.fstat(file.fileno()).st_size)


@contextlib.contextmanager
def _snapshots(home: Home, key: MasterKey) -> Iterator[dict[KeyUse, Path]]:
    """Copies of the ledgers for as long as they are needed; encrypted like the ledgers themselves."""
    for left_over in home.backups.glob(".snapshot-*"):  # of a backup that was killed
        if SystemClock().now_ns() - left_over.stat().st_mtime_ns > _LEFT_OVER_NS:
            shutil.rmtree(left_over, ignore_errors=True)
    folder = home.backups / f".snapshot-{secrets.token_hex(8)}"
    try:
        folder.mkdir(mode=0o700, parents=True)
        yield {use: copy for use in LEDGERS if (copy := _snapshot(home.ledgers / f"{use}.db", key.derive(use), folder))}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _snapshot(path: Path, key: bytes, folder: Path) -> Path | None:
    if not path.exists() or path.stat().st_size == 0:
        return None
    connection = connect(path, key)  # SQLite copies from writable connections only
    try:
        save_snapshot(connection, folder / path.name)
    finally:
        connection.close()
    return folder / path.name


def _list_parts(home: Home, key: MasterKey, copies: dict[KeyUse, Path], parts: Parts) -> list[Path]:
    listed: Iterable[Path]
    if not callable(parts):
        listed = parts
    elif "money" in copies:
        connection = connect(copies["money"], key.derive("money"), read_only=True)
        try:
            listed = list(parts(connection))
        finally:
            connection.close()
    else:
        listed = ()
    unique = sorted(set(listed))
    for path in unique:
        if not path.is_relative_to(home.market):
            raise InvalidInput(f"{path} lies outside {home.market} and cannot go into a backup.", code="backup.outside")
    return unique


def _files_below(folder: Path) -> list[Path]:
    """List files whose names do not start with a dot, in order; links are not followed."""
    found = (path for path in folder.rglob("*") if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def _open_new(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    return cast("BinaryIO", open(descriptor, "wb"))  # noqa: PTH123  # carries the mode; the caller closes it


class _FileVanished(Exception):
    """A file was deleted between being listed and being read."""
