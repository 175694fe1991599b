"""Files of messages: uploads that go on where they broke off, and downloads for whoever may read a room the file was given to."""

import asyncio
import hashlib
import io
import os
import re
import weakref
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

import msgspec

from sync_server.actor import Actor
from sync_server.clock import Clock
from sync_server.errors import Refused
from sync_server.files.blobs import Blobs
from sync_server.files.content import Content, check_content
from sync_server.files.names import clean_name, fit_name
from sync_server.protocol.codes import Code
from sync_server.protocol.ids import IdMaker
from sync_server.storage.database import Database, Row, Writing
from sync_server.storage.failures import cannot_store
from sync_server.storage.sealed import Damaged

T = TypeVar("T")

DAMAGED: Final = -1  # instead of the time at which a file was dropped
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_UPLOAD: Final = "SELECT id, room, sha256, size, mime, name, received, stored, is_done FROM uploads WHERE org = $1 AND owner = $2"
_RESUME: Final = _UPLOAD + " AND room = $3 AND sha256 = $4 AND size = $5"
_KNOWN: Final = "SELECT sha256, size, mime, width, height, dropped_ms FROM files WHERE org = $1 AND sha256 = $2"
_GIVE: Final = """
INSERT INTO room_files (org, room, sha256, name, owner, made_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (org, room, sha256) DO UPDATE SET made_ms = excluded.made_ms
"""
_NOTE_GIVER: Final = "INSERT INTO file_givers (room, sha256, usr, org) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
_KEEP: Final = """
INSERT INTO files (org, sha256, size, mime, width, height, owner, made_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (org, sha256) DO UPDATE SET dropped_ms = 0
"""
_BEGIN: Final = """
INSERT INTO uploads (id, org, owner, room, sha256, size, mime, name, received, stored, touched_ms, is_done)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, FALSE)
"""


class Rights(Protocol):
    """What files ask of rooms."""

    async def may_post(self, actor: Actor, room: str) -> bool:
        """Whether the actor may put a message with a file in the room."""
        ...

    async def may_read(self, actor: Actor, room: str, sha256: str) -> bool:
        """Whether the actor may read a message of the room that has this file."""
        ...


class FileLimits(msgspec.Struct, frozen=True):
    """Bounds: of a file, of one piece, of all a person and an organisation keep (bytes), and of uploads a person has under way."""

    file: int = 20 * 1024 * 1024
    piece: int = 1024 * 1024
    person: int = 2 * 1024**3
    org: int = 50 * 1024**3
    uploads: int = 20


class NewFile(msgspec.Struct, frozen=True):
    """What somebody is about to upload: SHA-256 in hexadecimal, bytes, media type and name as they say it."""

    sha256: str
    size: int
    mime: str = ""
    name: str = ""


class Upload(msgspec.Struct, frozen=True):
    """How far an upload is. ``id`` is empty and ``is_done`` true where nothing needs to be sent."""

    id: str
    sha256: str
    size: int
    offset: int
    is_done: bool = False


class StoredFile(msgspec.Struct, frozen=True):
    """A whole file: what it is by its content; ``width`` and ``height`` in pixels of pictures, else 0."""

    sha256: str
    size: int
    mime: str
    width: int
    height: int
    name: str


class Files:
    """Uploads and downloads. One object a server."""

    def __init__(self, database: Database, blobs: Blobs, clock: Clock, ids: IdMaker, rights: Rights, *, limits: FileLimits) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._ids = ids
        self._rights = rights
        self.limits = limits
        self._turns: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        # A file is put on the disk and in its table, or taken from both, by one at a time.
        self.placing = asyncio.Lock()

    async def begin(self, actor: Actor, room: str, new: NewFile) -> Upload:
        """Begin an upload, or find the one that broke off; nothing is sent twice that the actor may read already.

        Raises Refused: no such room or no right to post there, too large, no space left, too many uploads.
        """
        self._check_new(new)
        if not await self._rights.may_post(actor, room):
            raise _no_room()
        is_readable = await self._is_readable(actor, new.sha256)
        async with self._database.write() as tx:
            known = await tx.row(_KNOWN, actor.org, new.sha256)
            row = await tx.row(_RESUME, actor.org, actor.user, room, new.sha256, new.size)
            is_mine = row is not None and row[8]
            if known is not None and known[1] == new.size and known[5] != DAMAGED and (is_readable or is_mine):
                await self._give(tx, actor, room, new.sha256, fit_name(new.name, known[2]))
                return Upload("", new.sha256, new.size, new.size, is_done=True)
            if is_mine:  # it was whole once, and is gone since
                await tx.run("DELETE FROM uploads WHERE id = $1", row[0] if row else "")
            elif row is not None:
                return _upload(row)
            await self._check_space(tx, actor, new.size)
            now_ms = self._clock.now_ms()
            upload = self._ids.make(now_ms)
            await tx.run(_BEGIN, upload, actor.org, actor.user, room, new.sha256, new.size, new.mime, clean_name(new.name), now_ms)
        return Upload(upload, new.sha256, new.size, 0)

    async def progress(self, actor: Actor, upload: str) -> Upload:
        """How far an upload of the actor's is. Raises Refused where there is none."""
        async with self._database.read() as view:
            return _upload(await self._row(view.row, actor, upload))

    async def append(self, actor: Actor, upload: str, offset: int, content: bytes) -> Upload:
        """Take the next piece, which begins at ``offset``; it is durable when this returns.

        Raises Refused: another offset is expected (see :meth:`progress`), more than was announced, no space on the disk.
        """
        async with self._turn(upload):
            async with self._database.read() as view:
                row = await self._row(view.row, actor, upload)
            at = _upload(row)
            if at.is_done or offset != at.offset:
                raise Refused(Code.OUT_OF_ORDER, f"The next piece begins at byte {at.offset}, not at {offset}.", status=409)
            if len(content) > min(self.limits.piece, at.size - at.offset):
                raise Refused(Code.TOO_LARGE, f"A piece of {len(content):,} bytes is more than fits here.", status=413)
            if not content:
                return at
            stored = await self._on_disk(self._blobs.append, upload, row[7], offset, content)
            async with self._database.write() as tx:
                await tx.run(
                    "UPDATE uploads SET received = $1, stored = $2, touched_ms = $3 WHERE id = $4",
                    offset + len(content),
                    stored,
                    self._clock.now_ms(),
                    upload,
                )
            return msgspec.structs.replace(at, offset=offset + len(content))

    async def finish(self, actor: Actor, upload: str) -> StoredFile:
        """Check a whole upload and give it to its room; the same again where the answer was lost.

        Raises Refused: bytes are missing; it is not what was announced, or nothing that is taken (then the upload is gone).
        """
        async with self._turn(upload):
            async with self._database.read() as view:
                row = await self._row(view.row, actor, upload)
            at, room = _upload(row), row[1]
            if at.offset < at.size:
                raise Refused(Code.OUT_OF_ORDER, f"Bytes from {at.offset} on are missing.", status=409)
            if not await self._rights.may_post(actor, room):
                raise _no_room()
            if not at.is_done:
                try:
                    await self._settle(actor, row)
                except ValueError as error:
                    await self.cancel(actor, upload)
                    raise Refused(Code.BAD_BODY, str(error), status=422) from error
                await self._on_disk(self._blobs.drop_upload, upload)
            return await self._stored(actor, at.sha256, row[5])

    async def cancel(self, actor: Actor, upload: str) -> None:
        """Give an upload up. Raises Refused where there is none."""
        async with self._database.write() as tx:
            await self._row(tx.row, actor, upload)
            await tx.run("DELETE FROM uploads WHERE id = $1", upload)
        await self._on_disk(self._blobs.drop_upload, upload)

    async def look(self, actor: Actor, sha256: str) -> StoredFile:
        """What a file is. Raises Refused where there is none that the actor may read: both look the same."""
        room, name = await self._readable(actor, sha256)
        if not room:
            raise _no_file()
        return await self._stored(actor, sha256, name)

    async def read(self, actor: Actor, sha256: str, start: int, end: int) -> bytes:
        """Bytes ``start`` up to ``end`` of a file, at most one piece; rights are looked at each time. Raises Refused."""
        file = await self.look(actor, sha256)
        if not 0 <= start <= end <= file.size:
            raise Refused(Code.BAD_FRAME, f"The file has bytes 0 up to {file.size}, not {start} up to {end}.", status=416)
        try:
            return await self._on_disk(self._blobs.read, actor.org, sha256, start, min(end, start + self.limits.piece))
        except (Damaged, FileNotFoundError) as error:
            async with self._database.write() as tx:
                await tx.run("UPDATE files SET dropped_ms = $1 WHERE org = $2 AND sha256 = $3", DAMAGED, actor.org, sha256)
            raise _damaged() from error

    async def _settle(self, actor: Actor, row: Row) -> None:
        """Keep what an upload brought as a whole file, in its room. Raises ValueError where it is not what it should be."""
        upload, room, sha256, _, mime, name, _, stored, _ = row
        with await self._on_disk(self._blobs.received, upload, stored) as content:
            found, size = await self._on_disk(_check, content, sha256, mime)
            async with self.placing:
                await self._on_disk(self._blobs.put, actor.org, sha256, content)
                async with self._database.write() as tx:
                    now_ms = self._clock.now_ms()
                    await tx.run(_KEEP, actor.org, sha256, size, found.mime, found.width, found.height, actor.user, now_ms)
                    await self._give(tx, actor, room, sha256, fit_name(name, found.mime))
                    await tx.run("UPDATE uploads SET is_done = TRUE, touched_ms = $1 WHERE id = $2", now_ms, upload)

    async def _give(self, tx: Writing, actor: Actor, room: str, sha256: str, name: str) -> None:
        await tx.run(_GIVE, actor.org, room, sha256, name, actor.user, self._clock.now_ms())
        await tx.run(_NOTE_GIVER, room, sha256, actor.user, actor.org)
        await tx.run("UPDATE files SET dropped_ms = 0 WHERE org = $1 AND sha256 = $2", actor.org, sha256)

    async def _readable(self, actor: Actor, sha256: str) -> tuple[str, str]:
        """A room that the actor may read the file in, and its name there; both empty for none."""
        async with self._database.read() as view:
            rows = await view.rows("SELECT room, name FROM room_files WHERE org = $1 AND sha256 = $2", actor.org, sha256)
        for room, name in rows:
            if await self._rights.may_read(actor, room, sha256):
                return room, name
        return "", ""

    async def _is_readable(self, actor: Actor, sha256: str) -> bool:
        return bool((await self._readable(actor, sha256))[0])

    async def _stored(self, actor: Actor, sha256: str, name: str) -> StoredFile:
        async with self._database.read() as view:
            row = await view.row(_KNOWN, actor.org, sha256)
        if row is None:
            raise _no_file()
        if row[5] == DAMAGED:
            raise _damaged()
        return StoredFile(row[0], row[1], row[2], row[3], row[4], fit_name(name, row[2]))

    def _check_new(self, new: NewFile) -> None:
        if not _SHA256.fullmatch(new.sha256) or new.size <= 0 or len(new.name) > 1_000 or len(new.mime) > 200:
            raise Refused(
                Code.BAD_BODY, "A file is announced by its SHA-256 in hexadecimal and its size in bytes, not empty.", status=422
            )
        if new.size > self.limits.file:
            raise Refused(Code.TOO_LARGE, f"A file may have {self.limits.file:,} bytes; this one has {new.size:,}.", status=413)

    async def _check_space(self, tx: Writing, actor: Actor, size: int) -> None:
        """Bytes kept and announced, of the organisation and of the person, and how many uploads are under way."""
        open_, mine = await tx.row(
            "SELECT count(*), CAST(coalesce(sum(size), 0) AS BIGINT) FROM uploads WHERE org = $1 AND owner = $2 AND NOT is_done",
            actor.org,
            actor.user,
        ) or (0, 0)
        if open_ >= self.limits.uploads:
            raise Refused(Code.LIMITED, f"{open_} uploads are under way; finish or cancel one first.", status=429, after_ms=60_000)
        (kept,) = await tx.row(
            "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM files WHERE org = $1 AND owner = $2", actor.org, actor.user
        ) or (0,)
        (all_,) = await tx.row("SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM files WHERE org = $1", actor.org) or (0,)
        if mine + kept + size > self.limits.person or all_ + size > self.limits.org:
            raise Refused(Code.TOO_LARGE, "There is no room left for files; delete some messages with files first.", status=507)

    async def _row(self, ask: Callable[..., Any], actor: Actor, upload: str) -> Row:
        row: Row | None = await ask(_UPLOAD + " AND id = $3", actor.org, actor.user, upload)
        if row is None:
            raise Refused(Code.NO_TARGET, "There is no such upload.", hint="Begin it again.", status=404)
        return row

    def _turn(self, upload: str) -> asyncio.Lock:
        return self._turns.setdefault(upload, asyncio.Lock())

    async def _on_disk(self, work: Callable[..., T], *args: object) -> T:
        try:
            return await asyncio.to_thread(work, *args)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise cannot_store(error.strerror or str(error)) from error


def _upload(row: Row) -> Upload:
    return Upload(row[0], row[2], row[3], row[6], row[8])


def _check(content: io.BufferedReader, sha256: str, mime: str) -> tuple[Content, int]:
    """What a file is, and its bytes. Raises ValueError where it is not what was announced."""
    if hashlib.file_digest(content, "sha256").hexdigest() != sha256:
        raise ValueError("What was sent is not the file that was announced: its SHA-256 differs.")
    return check_content(content, mime), content.seek(0, os.SEEK_END)


def _no_room() -> Refused:
    return Refused(Code.NO_ROOM, "There is no such room, or no right to post in it.", status=404)


def _damaged() -> Refused:
    return Refused(Code.NO_TARGET, "The file is damaged on the server's disk; it can be sent again.", status=410)


def _no_file() -> Refused:
    return Refused(Code.NO_TARGET, "There is no such file, or no right to read it.", status=404)
