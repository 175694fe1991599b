"""Where files lie on the disk: uploads under way and whole files, all encrypted, under names that tell nothing. Blocking.

A whole file's name is a keyed hash of organisation and content; an upload is a row of sealed pieces, each bound to its place.
"""

import bisect
import contextlib
import errno
import hashlib
import hmac
import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync_server.protocol.ids import is_id
from sync_server.storage.durable import sync_folder
from sync_server.storage.keys import ServerKeys
from sync_server.storage.sealed import PIECE, Damaged, SealedReader, SealedWriter

PURPOSE: Final = "file"
_NONCE: Final = 12
_HEAD: Final = 4 + _NONCE
_TAG: Final = 16


class Blobs:
    """The folder ``files`` of the server's data. All raise OSError where the disk refuses."""

    def __init__(self, folder: Path, keys: ServerKeys) -> None:
        self._whole = folder / "whole"
        self._uploads = folder / "uploads"
        self._key = keys.derive("files")
        self._naming = keys.derive("files/name")
        self._cipher = AESGCM(keys.derive("files/upload"))

    def append(self, upload: str, stored: int, offset: int, content: bytes) -> int:
        """Put ``content``, which belongs at ``offset``, behind the first ``stored`` bytes of an upload's file.

        Durable when it returns; the new length of the file. What a crash left behind ``stored`` is overwritten.
        """
        path = self._upload(upload)
        self._uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._cipher.encrypt(nonce, content, _bound(upload, offset))
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        with open(descriptor, "r+b") as file:  # noqa: PTH123  # wraps the descriptor that carries the mode
            file.truncate(stored)
            file.seek(stored)
            try:
                file.write(len(sealed).to_bytes(4) + nonce + sealed)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, stored)
                raise
        if stored == 0:
            sync_folder(self._uploads)
        return stored + _HEAD + len(sealed)

    def received(self, upload: str, stored: int) -> io.BufferedReader:
        """All that an upload has brought, to be read and sought in, a piece at a time in memory. It raises Damaged."""
        path = self._upload(upload)
        if not path.exists():
            raise Damaged(f"The upload {upload} is gone from the server's disk.")
        return io.BufferedReader(_Received(path.open("rb"), self._cipher, upload, stored))

    def drop_upload(self, upload: str) -> None:
        """Delete an upload's file, if there is one."""
        self._upload(upload).unlink(missing_ok=True)

    def uploads(self) -> Iterator[str]:
        """Ids of all uploads that have a file."""
        for path in self._uploads.glob("*.part"):
            if is_id(path.stem):
                yield path.stem

    def put(self, org: str, sha256: str, content: BinaryIO) -> None:
        """Keep a whole file, read from its beginning; durable when it returns. One that is there and whole stays."""
        path = self._place(self.name(org, sha256))
        if path.exists() and self._is_whole(path, sha256):
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        incoming = path.with_name(f".{secrets.token_hex(8)}")
        try:
            descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with open(descriptor, "wb") as file:  # noqa: PTH123  # as above
                writer = SealedWriter(file, self._key, PURPOSE)
                content.seek(0)
                while part := content.read(PIECE):
                    writer.write(part)
                writer.finish()
                file.flush()
                os.fsync(file.fileno())
            incoming.replace(path)
        finally:
            incoming.unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent, self._whole.parent):
            sync_folder(folder)

    def read(self, org: str, sha256: str, start: int, end: int) -> bytes:
        """Bytes ``start`` up to ``end`` of a whole file. Raises Damaged, FileNotFoundError."""
        with self._place(self.name(org, sha256)).open("rb") as file:
            return b"".join(SealedReader(file, self._key, PURPOSE).pieces(start, end))

    def drop(self, name: str) -> None:
        """Delete a whole file, if it is there."""
        self._place(name).unlink(missing_ok=True)

    def name(self, org: str, sha256: str) -> str:
        """The name of a whole file on the disk."""
        return hmac.new(self._naming, f"{org}/{sha256}".encode(), "sha256").hexdigest()

    def sweep(self, names: frozenset[str]) -> int:
        """Delete all whole files but those with ``names``; how many there were."""
        n_dropped = 0
        for path in list(self._whole.glob("??/*")):  # with what a crash left half written
            if path.name not in names:
                path.unlink(missing_ok=True)
                n_dropped += 1
        return n_dropped

    def _is_whole(self, path: Path, sha256: str) -> bool:
        found = hashlib.sha256()
        try:
            with path.open("rb") as file:
                for piece in SealedReader(file, self._key, PURPOSE).pieces():
                    found.update(piece)
        except Damaged:
            return False
        return found.hexdigest() == sha256

    def _upload(self, upload: str) -> Path:
        if not is_id(upload):
            raise ValueError(f"{upload!r} is no id of an upload.")
        return self._uploads / f"{upload}.part"

    def _place(self, name: str) -> Path:
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise ValueError(f"{name!r} is no name of a file.")
        return self._whole / name[:2] / name


class _Received(io.RawIOBase):
    """The pieces of an upload as one file; the piece that was read last stays in memory."""

    def __init__(self, file: BinaryIO, cipher: AESGCM, upload: str, stored: int) -> None:
        super().__init__()
        self._file = file
        self._cipher = cipher
        self._upload = upload
        self._starts = [0]  # of each piece in the content, and its end
        self._places: list[int] = []  # of each piece in the file
        self._place = 0
        self._number, self._piece = -1, b""
        try:
            self._index(stored)
        except BaseException:
            file.close()
            raise

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place of the content. Raises OSError for one before it."""
        begins = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._starts[-1]}[whence]
        if begins + place < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._place = begins + place
        return self._place

    def tell(self) -> int:
        """Where it is read next."""
        return self._place

    def readinto(self, room: Any) -> int:
        """Read from one piece. Raises Damaged."""
        if self._place >= self._starts[-1]:
            return 0
        number = bisect.bisect_right(self._starts, self._place) - 1
        if number != self._number:
            self._piece, self._number = self._open(number), number
        start = self._place - self._starts[number]
        part = self._piece[start : start + len(room)]
        room[: len(part)] = part
        self._place += len(part)
        return len(part)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        super().close()

    def _index(self, stored: int) -> None:
        place = 0
        while place < stored:
            self._file.seek(place)
            length = int.from_bytes(self._file.read(4))
            if length <= _TAG:
                raise self._damaged()
            self._places.append(place)
            self._starts.append(self._starts[-1] + length - _TAG)
            place += _HEAD + length

    def _open(self, number: int) -> bytes:
        start = self._starts[number]
        self._file.seek(self._places[number])
        head = self._file.read(_HEAD)
        sealed = self._file.read(self._starts[number + 1] - start + _TAG)
        try:
            return self._cipher.decrypt(head[4:], sealed, _bound(self._upload, start))
        except (InvalidTag, ValueError) as error:
            raise self._damaged() from error

    def _damaged(self) -> Damaged:
        return Damaged(f"The upload {self._upload} is damaged on the server's disk.")


def _bound(upload: str, offset: int) -> bytes:
    return f"{upload}/{offset}".encode()
