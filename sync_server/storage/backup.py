"""Back up a whole server into one encrypted file while it runs, and read it back before it gets its name."""

import asyncio
import contextlib
import datetime as dt
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec

from sync_server.clock import Clock
from sync_server.protocol.ids import IdMaker
from sync_server.storage.archive import FORMAT, ArchiveWriter, Begin, Piece, Rows, open_archive, read_frames, unpack
from sync_server.storage.database import Database
from sync_server.storage.durable import sync_folder
from sync_server.storage.failures import cannot_open, cannot_store
from sync_server.storage.migrations import LIST, Applied, Migration
from sync_server.storage.portable import find_shape, read_pages
from sync_server.storage.sealed import Damaged
from sync_server.storage.unlocking import Secret

SUFFIX: Final = ".triisync"
PARTS: Final = ("keys.json", "audit-roots.jsonl", "files/whole")  # of the data folder; the rest is the database or under way
_PIECE: Final = 1024 * 1024
_IGNORED: Final = frozenset({"restores"})


class BackupReport(msgspec.Struct, frozen=True):
    """A backup that was read from end to end and found whole."""

    path: str
    id: str
    kind: str
    made_ms: int
    n_rows: int
    n_files: int
    n_bytes: int


def backup_name(now_ms: int) -> str:
    """A name that sorts by time, as ``sync-20261121T200000Z.triisync``."""
    return f"sync-{dt.datetime.fromtimestamp(now_ms // 1_000, dt.UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"


async def create_backup(  # what it reads, where it writes, and what it needs for that
    database: Database, tables: Iterable[Migration], data: Path, target: Path, secret: Secret, clock: Clock
) -> BackupReport:
    """Write one moment of the database, with the keys and files that belong to it, while others go on writing.

    ``tables`` are all capabilities' migrations, ``data`` is the server's folder, ``target`` a new file or a folder. The file is
    read back before it gets its name. Raises Refused: it exists, the disk is full, the database is away; then there is none.
    """
    made_ms = clock.now_ms()
    target = _new_name(target, made_ms)
    partial = target.with_name(f".{target.name}-{secrets.token_hex(4)}.partial")
    try:
        names = [name for step in tables for name in step.tables()]
        with _new_file(partial) as file:
            archive = await asyncio.to_thread(ArchiveWriter, file, secret, {"made_ms": made_ms})
            await _write(archive, database, names, data, made_ms)
            await asyncio.to_thread(_sync, file)
        report = await asyncio.to_thread(verify_backup, partial, secret)
        partial.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise cannot_store(f"{target} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return msgspec.structs.replace(report, path=str(target))


def verify_backup(path: Path, secret: Secret) -> BackupReport:
    """Read a backup from end to end: every byte is authentic and everything counted is there. Blocking. Raises Refused."""
    n_rows = 0
    files: set[str] = set()
    begin: Begin | None = None
    with opened_backup(path, secret) as frames:
        for frame in frames:
            if isinstance(frame, Begin):
                begin = frame
            elif isinstance(frame, Rows):
                n_rows += len(unpack(frame))
            else:
                files.add(frame.name)
    assert begin is not None
    return BackupReport(str(path), begin.id, begin.kind, begin.made_ms, n_rows, len(files), path.stat().st_size)


@contextlib.contextmanager
def opened_backup(path: Path, secret: Secret) -> Iterator[Iterator[Begin | Rows | Piece]]:
    """A backup's frames in order. Raises Refused in words for whoever asked: also while the frames are read."""
    try:
        with path.open("rb") as file:
            yield read_frames(open_archive(file, secret))
    except OSError as error:
        raise cannot_open(f"{path} cannot be read: {error.strerror}.") from error
    except Damaged as error:
        raise cannot_open(f"{path} is no whole backup: {error}", "Nothing was changed; use another backup.") from error
    except ValueError as error:
        raise cannot_open(str(error)) from error


async def _write(archive: ArchiveWriter, database: Database, names: list[str], data: Path, made_ms: int) -> None:
    async with database.read() as view:
        shapes = tuple([await find_shape(view, database.kind, name) for name in names if name not in _IGNORED])
        steps = tuple(Applied(*row) for row in await view.rows(LIST))
        begin = Begin(FORMAT, IdMaker(os.urandom).make(made_ms), database.kind, made_ms, steps, shapes)
        await asyncio.to_thread(archive.begin, begin)
        for shape in shapes:
            async for page in read_pages(view, shape):
                await asyncio.to_thread(archive.rows, shape.table, page)
    # After the moment of the database: what it names is on the disk, and stays there a day longer than its row.
    for path in _list_files(data):
        await asyncio.to_thread(_copy, archive, path, path.relative_to(data).as_posix())
    await asyncio.to_thread(archive.finish)


def _new_name(target: Path, made_ms: int) -> Path:
    target = target / backup_name(made_ms) if target.is_dir() else target
    if target.exists():
        raise cannot_open(f"{target} exists; a backup never overwrites.", "Give another name.")
    return target


def _list_files(data: Path) -> Iterator[Path]:
    """Files of the parts, in order; names that begin with a dot are half written, links are not followed."""
    for part in PARTS:
        path = data / part
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in found:
            if file.is_file() and not file.is_symlink() and not file.name.startswith("."):
                yield file


def _copy(archive: ArchiveWriter, path: Path, name: str) -> None:
    try:
        with path.open("rb") as file:
            archive.piece(name, file.read(_PIECE))
            while content := file.read(_PIECE):
                archive.piece(name, content)
    except FileNotFoundError:  # erased since: it must not be in a backup either
        return


def _new_file(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    return cast("BinaryIO", open(descriptor, "wb"))  # noqa: PTH123  # carries the mode; the caller closes it


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
