"""Files of messages: kept encrypted under their SHA-256, so that each is here once however often it was sent."""

import asyncio
import hashlib
import mimetypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from backend.chat.incoming import Incoming
from backend.chat.pictures import picture_size, sniff_mime
from backend.clock import Clock
from backend.errors import CorruptData, InvalidInput, NotFound
from backend.storage.blobs import BlobId, BlobStore
from backend.storage.durable import explain_os_error
from backend.storage.growing import GrowingFile, WholeFile
from backend.storage.ledger import Ledger
from sync_server.protocol.bodies import File, MsgCreate

FILE_BYTES_MAX: Final = 20 * 1024 * 1024
NAME_CHARS_MAX: Final = 255
MS_NS: Final = 1_000_000

_UNUSED: Final = """
    SELECT f.sha256, f.blob FROM chat_files f
    WHERE NOT EXISTS (SELECT 1 FROM chat_message_files m WHERE m.sha256 = f.sha256) AND f.used_ms < ?
"""


class Contained(Protocol):
    """A file to send that is in memory, as a picture that was pasted: its bytes under a name; ``mime`` may be empty."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def mime(self) -> str:
        """Its kind."""
        ...

    @property
    def content(self) -> bytes:
        """Its bytes."""
        ...


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is in memory."""

    name: str
    mime: str
    content: bytes


class Attachments:
    """Keeps files in the blob store and remembers in the ledger which they are."""

    def __init__(self, ledger: Ledger, blobs: BlobStore, incoming: Incoming, clock: Clock) -> None:
        self._ledger = ledger
        self._blobs = blobs
        self._incoming = incoming
        self._clock = clock

    async def put_all(self, files: Sequence[Path | bytes | Contained]) -> tuple[File, ...]:
        """Keep files that are to be sent; durable on return. Raises InvalidInput (too large, no file), Unavailable."""
        return tuple([await self._put_new(file) for file in files])

    async def put(self, content: bytes, mime: str) -> str:
        """Keep a content; its SHA-256 in hexadecimal. Raises Unavailable."""
        sha256 = hashlib.sha256(content).hexdigest()
        blob = await asyncio.to_thread(self._blobs.put, content)
        await self._note(sha256, blob, len(content), mime)
        return sha256

    async def keep(self, part: GrowingFile) -> None:
        """Keep what has come whole; its part is gone afterwards. Raises CorruptData where its hash says otherwise, Unavailable."""
        if part.sha256 != part.name:
            await asyncio.to_thread(part.drop)
            raise CorruptData("The server sent another file than the message names.", code="chat.file_hash")
        blob = await asyncio.to_thread(self._blobs.put, WholeFile(part))
        await self._note(part.name, blob, part.n_bytes, "")
        await asyncio.to_thread(part.drop)

    async def copy_to(self, sha256: str, place: Path) -> None:
        """Write a plain copy of a content that is here. Raises NotFound, CorruptData, Unavailable, OSError."""
        blob = await self._used(sha256)
        await asyncio.to_thread(_copy, self._blobs, blob, place)

    async def get(self, sha256: str) -> bytes:
        """A content that is here. Raises NotFound; CorruptData where the disk damaged it."""
        return await asyncio.to_thread(self._blobs.get, await self._used(sha256))

    async def _note(self, sha256: str, blob: BlobId, n_bytes: int, mime: str) -> None:
        row = (sha256, blob.text, n_bytes, mime, self._clock.now_ns() // MS_NS)

        def work(db: Any) -> None:
            db.execute("INSERT OR REPLACE INTO chat_files (sha256, blob, n_bytes, mime, used_ms) VALUES (?, ?, ?, ?, ?)", row)

        await self._ledger.write(work)

    async def _used(self, sha256: str) -> BlobId:
        """Where a content lies that is used now. Raises NotFound."""
        now_ms = self._clock.now_ns() // MS_NS

        def work(db: Any) -> Any:
            db.execute("UPDATE chat_files SET used_ms = ? WHERE sha256 = ?", (now_ms, sha256))
            return db.execute("SELECT blob FROM chat_files WHERE sha256 = ?", (sha256,)).fetchone()

        found = await self._ledger.write(work)
        if found is None:
            raise NotFound("This file is not on this computer.", code="chat.file_missing")
        return BlobId(found[0])

    async def part(self, sha256: str) -> GrowingFile:
        """What has come of a content that is fetched. Raises Unavailable."""
        return await asyncio.to_thread(self._incoming.part, sha256)

    async def is_here(self, sha256: str) -> bool:
        """Whether a content is on this computer."""
        query = "SELECT 1 FROM chat_files WHERE sha256 = ?"
        return await self._ledger.read(lambda db: db.execute(query, (sha256,)).fetchone() is not None)

    async def used_bytes(self) -> int:
        """How much space the files of all messages take."""
        return await self._ledger.read(_sum_of)

    async def sweep(self, older_than_ms: int) -> int:
        """Remove files that no message names any more, once they were not used for a while; how many."""
        rows = await self._ledger.read(lambda db: _unused(db, older_than_ms))
        for sha256, blob in rows:
            await self._remove(sha256, blob)
        named = await self._ledger.read(_named_by_messages)
        await asyncio.to_thread(self._incoming.sweep, named, self._clock.now_ns() / 1e9)
        return len(rows)

    async def make_room(self, bytes_max: int) -> int:
        """Remove the least lately used files that are not waiting to be sent, until the rest takes at most so much; how many."""
        n, rows = 0, await self._ledger.read(_by_use)
        total = sum(n_bytes for _, _, n_bytes, _ in rows)
        for sha256, blob, n_bytes, is_waiting in rows:
            if total <= bytes_max:
                break
            if not is_waiting:
                await self._remove(sha256, blob)
                total -= n_bytes
                n += 1
        return n

    async def _remove(self, sha256: str, blob: str) -> None:
        await self._ledger.write(lambda db: db.execute("DELETE FROM chat_files WHERE sha256 = ?", (sha256,)))
        await asyncio.to_thread(self._blobs.delete, BlobId(blob))

    async def _put_new(self, file: Path | bytes | Contained) -> File:
        made = await asyncio.to_thread(_read, file) if isinstance(file, Path) else _named(file)
        if not made.content:
            raise InvalidInput(f"{made.name} is empty.", code="chat.file_empty")
        if len(made.content) > FILE_BYTES_MAX:
            raise InvalidInput(
                f"{made.name} has {len(made.content) / 2**20:.1f} MB; at most {FILE_BYTES_MAX // 2**20} are sent.",
                hint="Share it in another way.",
                code="chat.file_large",
            )
        mime = made.mime or sniff_mime(made.content) or mimetypes.guess_type(made.name)[0] or "application/octet-stream"
        width, height = picture_size(made.content)
        sha256 = await self.put(made.content, mime)
        return File(sha256, made.name, mime[:100], len(made.content), width, height)


def _copy(blobs: BlobStore, blob: BlobId, place: Path) -> None:
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123  # wraps the descriptor that carries the mode
        file.writelines(blobs.read(blob))


def _named_by_messages(db: Any) -> set[str]:
    return {sha256 for (sha256,) in db.execute("SELECT DISTINCT sha256 FROM chat_message_files").fetchall()}


def _named(file: bytes | Contained) -> NewFile:
    if not isinstance(file, bytes):
        return NewFile(_plain_name(file.name), file.mime, file.content)
    ending = mimetypes.guess_extension(sniff_mime(file)) or ".bin"
    return NewFile(f"pasted{ending}", "", file)


def _read(path: Path) -> NewFile:
    try:
        with path.open("rb") as file:
            return NewFile(_plain_name(path.name), "", file.read(FILE_BYTES_MAX + 1))
    except IsADirectoryError as error:
        raise InvalidInput(f"{path} is a folder.", hint="Attach its files.", code="chat.file_folder") from error
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}.", code="chat.file_missing") from error
    except OSError as error:
        raise explain_os_error(error, "read a file to send", path) from error


def _plain_name(name: str) -> str:
    line = "".join(c for c in name.replace("/", "_").replace("\\", "_") if c.isprintable()).strip()
    return line[-NAME_CHARS_MAX:] or "file"


def _sum_of(db: Any) -> int:
    (n_bytes,) = db.execute("SELECT coalesce(sum(n_bytes), 0) FROM chat_files").fetchone()
    return int(n_bytes)


def _waiting(db: Any) -> set[str]:
    """Files of messages that have not become history, staged ones and those of the outbox; and those to be offered again."""
    bodies = db.execute("SELECT body FROM chat_staged UNION ALL SELECT b FROM chat_outbox WHERE k = 'msg.create'").fetchall()
    offered = {sha256 for (sha256,) in db.execute("SELECT sha256 FROM chat_offers").fetchall()}
    return offered | {file.sha256 for (body,) in bodies for file in msgspec.json.decode(body, type=MsgCreate).files}


def _unused(db: Any, older_than_ms: int) -> list[tuple[str, str]]:
    kept = _waiting(db)
    return [(sha256, blob) for sha256, blob in db.execute(_UNUSED, (older_than_ms,)).fetchall() if sha256 not in kept]


def _by_use(db: Any) -> list[tuple[str, str, int, bool]]:
    kept = _waiting(db)
    found = db.execute("SELECT sha256, blob, n_bytes FROM chat_files ORDER BY used_ms").fetchall()
    return [(sha256, blob, n_bytes, sha256 in kept) for sha256, blob, n_bytes in found]
