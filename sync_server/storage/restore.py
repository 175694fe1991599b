"""Bring a server back from a backup: everything is put beside what is there, verified, and only then takes its place.

A backup of SQLite restores into PostgreSQL and the other way round. A restored server has forgotten what was said since: its rooms
begin a new epoch at the next start (:func:`waiting_restore`), and desktops bring back what they still have.
"""

import asyncio
import hashlib
import os
import secrets
import shutil
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, cast

import asyncpg  # type: ignore[import-untyped]  # it has no types
import msgspec

from sync_server.clock import Clock
from sync_server.storage.archive import FORMAT, Begin, Piece, Rows, Sum, Sums, pack, unpack
from sync_server.storage.backup import PARTS, opened_backup
from sync_server.storage.database import Database, Row, Writing
from sync_server.storage.durable import sync_folder
from sync_server.storage.failures import Violated, cannot_open, cannot_store
from sync_server.storage.keys import NAME as KEYS
from sync_server.storage.keys import ServerKeys, check_keys, load_keys
from sync_server.storage.migrations import Migration, missing_steps
from sync_server.storage.opening import is_sqlite, open_database, sqlite_path
from sync_server.storage.ownership import owned
from sync_server.storage.portable import Shape, read_pages, write_rows
from sync_server.storage.swapping import PLAN, STAGE, STAGED_SCHEMA, Move, SwapPlan, decide, drop_staged_schema, finish_restore
from sync_server.storage.unlocking import Secret

_NOTHING: Final = hashlib.sha256().digest()


class Staged(msgspec.Struct, frozen=True):
    """What a check looks at before it takes the place of anything: the whole server, restored beside the old one."""

    database: Database
    keys: ServerKeys
    data: Path


# Looks at a restored server and says in words what is wrong with it; nothing for all is well.
Check = Callable[[Staged], Awaitable[Sequence[str]]]


class Place(msgspec.Struct, frozen=True):
    """Where a server lives: its folder, and the address of its database."""

    data: Path
    url: str


class Restored(msgspec.Struct, frozen=True):
    """A restore that happened: the backup's id and time, when it was restored (UTC ms), what it held, where the old things are."""

    id: str
    made_ms: int
    restored_ms: int
    n_rows: int = 0
    n_files: int = 0
    aside: str = ""


async def restore_backup(  # what, where to, and what it is verified with
    backup: Path, secret: Secret, place: Place, tables: Sequence[Migration], clock: Clock, *, checks: Sequence[Check]
) -> Restored:
    """Restore ``backup`` to ``place``, whose server must not run; what was there is moved aside.

    Refuses, with nothing changed: a damaged backup, the wrong secret, one of a newer server, one in which a check finds anything.
    """
    with owned(place.data):
        await finish_restore(place.data, place.url)
        stage = _Stage(place)
        try:
            await stage.make()
            restored = await _restore(backup, secret, stage, tables, clock, checks)
        except Violated as error:
            raise cannot_open(f"{backup} does not fit the tables of this server: {error}.") from error
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise cannot_store(f"the backup cannot be unpacked: {error}") from error
        finally:
            stage.clear()
        await finish_restore(place.data, place.url)
    return restored


async def waiting_restore(database: Database) -> Restored | None:
    """The restore after which rooms have yet to begin a new epoch, if there is one: asked when a server starts."""
    async with database.read() as view:
        row = await view.row(
            "SELECT id, made_ms, restored_ms FROM restores WHERE NOT is_settled ORDER BY restored_ms DESC, id LIMIT 1"
        )
    return Restored(*row) if row else None


async def settle_restore(tx: Writing) -> None:
    """Every room has begun a new epoch: said in the transaction that saw to it, or after."""
    await tx.run("UPDATE restores SET is_settled = TRUE WHERE NOT is_settled")


class _Stage:
    """Where a restore is put together: a folder beside the server's things, and a database beside the server's."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.folder = place.data / STAGE
        self.data = self.folder / "data"
        self.database = sqlite_path(place.url) if is_sqlite(place.url) else None
        self.staged = self.database.with_name(f".{self.database.name}.restoring") if self.database else None
        self.url = f"sqlite://{self.staged}" if self.staged else place.url

    async def make(self) -> None:
        """Begin with nothing left over from a restore that came to nothing."""
        self.clear()
        if self.database is None:
            await drop_staged_schema(self.url)
        self.data.mkdir(mode=0o700, parents=True)

    def clear(self) -> None:
        """Delete it, unless it is decided that it takes its place."""
        if (self.folder / PLAN).exists():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.staged is not None:
            for path in (self.staged, *_beside(self.staged)):
                path.unlink(missing_ok=True)

    def decide(self, now_ms: int) -> Path:
        """From here on it happens. Returns where things go that were there."""
        stamp = f"{now_ms}_{secrets.token_hex(3)}"  # two restores of one moment keep apart
        aside = self.place.data / f"replaced-{stamp}"
        moves = []
        if self.database is not None and self.staged is not None:
            moves.append(Move(str(self.staged), str(self.database), tuple(map(str, _beside(self.database)))))
        for name in dict.fromkeys(part.partition("/")[0] for part in PARTS):
            staged = self.data / name
            if not staged.exists():  # nothing of it in the backup: nothing of it afterwards
                staged.touch(mode=0o600) if "." in name else staged.mkdir(mode=0o700)
            moves.append(Move(str(staged), str(self.place.data / name)))
        sync_folder(self.data)
        decide(self.place.data, SwapPlan(str(aside), stamp, tuple(moves), has_schema=self.database is None))
        return aside


async def _restore(  # as above
    backup: Path, secret: Secret, stage: _Stage, tables: Sequence[Migration], clock: Clock, checks: Sequence[Check]
) -> Restored:
    with opened_backup(backup, secret) as frames:
        begin = await asyncio.to_thread(next, frames)
        assert isinstance(begin, Begin)
        if begin.format != FORMAT:
            raise cannot_open(f"{backup} was made by a newer server: its form is {begin.format}, this server reads {FORMAT}.")
        missing_steps(begin.steps, tables, f"{backup}")
        known = {step.name: step for step in tables}
        steps = [known[step.name] for step in begin.steps]
        database = await open_database(stage.url, steps, clock, schema=STAGED_SCHEMA)
        try:
            n_rows, n_files = await _load(database, begin, frames, stage.data)
        finally:
            await database.close()
    restored = Restored(begin.id, begin.made_ms, clock.now_ms(), n_rows, n_files)
    database = await open_database(stage.url, tables, clock, schema=STAGED_SCHEMA)
    try:
        await database.analyze()
        await _check(Staged(database, _keys(stage.data, backup), stage.data), backup, checks)
        async with database.write() as tx:
            await tx.run(
                "INSERT INTO restores (id, made_ms, restored_ms, is_settled) VALUES ($1, $2, $3, FALSE)",
                restored.id,
                restored.made_ms,
                restored.restored_ms,
            )
    finally:
        await database.close()
    return msgspec.structs.replace(restored, aside=str(stage.decide(restored.restored_ms)))


async def _load(database: Database, begin: Begin, frames: Iterator[Begin | Rows | Piece], data: Path) -> tuple[int, int]:
    """Put everything in place and read the tables back: what is there is what was in the backup. How many rows and files."""
    shapes = {shape.table: shape for shape in begin.shapes}
    sums, files = Sums(), _Files(data)
    try:
        async with database.write() as tx:
            while (frame := await asyncio.to_thread(next, frames, None)) is not None:
                if isinstance(frame, Rows):
                    rows = unpack(frame)
                    await write_rows(tx, shapes[frame.table], rows)
                    sums.add(frame.table, len(rows), _rows_bytes(rows))
                elif isinstance(frame, Piece):
                    await asyncio.to_thread(files.add, frame)
    finally:
        files.close()
    told = sums.told()
    for shape in begin.shapes:
        if await _sum(database, shape) != told.get(shape.table, Sum(0, _NOTHING)):
            raise cannot_open(f"The table {shape.table} did not come back as it was; nothing was replaced.")
    return sum(each.n for each in told.values()), files.n


async def _sum(database: Database, shape: Shape) -> Sum:
    sums = Sums()
    sums.add(shape.table, 0, b"")
    async with database.read() as view:
        async for page in read_pages(view, shape):
            sums.add(shape.table, len(page), _rows_bytes(page))
    return sums.told()[shape.table]


async def _check(staged: Staged, backup: Path, checks: Sequence[Check]) -> None:
    await check_keys(staged.database, staged.keys)
    for check in checks:
        found = await check(staged)
        if found:
            more = f" ({len(found)} findings)" if len(found) > 1 else ""
            raise cannot_open(f"{backup} holds something that was changed: {found[0]}{more}", "Nothing was replaced; use another.")


def _keys(data: Path, backup: Path) -> ServerKeys:
    if not (data / KEYS).exists():
        raise cannot_open(f"{backup} holds no keys of a server.")
    return load_keys(data)


class _Files:
    """Writes a backup's files below a folder, one after the other. Blocking."""

    def __init__(self, data: Path) -> None:
        self.n = 0
        self._data = data
        self._name = ""
        self._file: BinaryIO | None = None

    def add(self, piece: Piece) -> None:
        """Write a piece behind the one before it, or begin the next file."""
        if piece.name != self._name:
            self.close()
            path = self._data.joinpath(*_parts(piece.name))
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            self._file = cast("BinaryIO", open(descriptor, "wb"))  # noqa: PTH123, SIM115  # carries the mode; closed below
            self._name = piece.name
            self.n += 1
        assert self._file is not None
        self._file.write(piece.content)

    def close(self) -> None:
        """Make the last file durable."""
        if self._file is not None:
            with self._file as file:
                self._file = None
                file.flush()
                os.fsync(file.fileno())


def _parts(name: str) -> list[str]:
    parts = name.split("/")
    is_known = any(name == part or name.startswith(f"{part}/") for part in PARTS)
    if not is_known or any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts):
        raise cannot_open(f"The backup holds {name!r}, which has no place in a server's folder.")
    return parts


def _rows_bytes(rows: Sequence[Row]) -> bytes:
    """Rows as bytes that do not depend on how many come at once."""
    return b"".join(pack([row]) for row in rows)


def _beside(path: Path) -> tuple[Path, Path]:
    """What SQLite keeps beside a file: it belongs to that file alone."""
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")
