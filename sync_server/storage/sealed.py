"""Encrypted files of any length: read from any place, and refused when a bit was changed, or a piece moved, lost or cut off.

A head in JSON (readable, and bound to every piece), then pieces of 64 KiB under AES-256-GCM. A file has a key of its own, derived
from the given one by a random salt; the nonce of a piece is its number and whether it is the last.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PIECE: Final = 64 * 1024
MAGIC: Final = b"TRIISYN1"
MAX_HEAD: Final = 4_096
_TAG: Final = 16


class Damaged(ValueError):
    """Something is not what was written, or not under this key."""


class Head(msgspec.Struct, frozen=True):
    """What the file is for, the salt of its key, and facts that may be read without the key."""

    purpose: str
    salt: bytes
    facts: dict[str, str | int] = msgspec.field(default_factory=dict)


class SealedWriter:
    """Writes one file. Without :meth:`finish` it is not whole and no reader takes it."""

    def __init__(self, file: BinaryIO, key: bytes, purpose: str, facts: dict[str, str | int] | None = None) -> None:
        head = Head(purpose, secrets.token_bytes(32), facts or {})
        text = msgspec.json.encode(head)
        if len(text) > MAX_HEAD:
            raise ValueError(f"The head of a sealed file holds {MAX_HEAD} bytes, not {len(text)}.")
        file.write(MAGIC + len(text).to_bytes(4) + text)
        self._file = file
        self._cipher = _Cipher(key, head, text)
        self._waiting = bytearray()
        self._number = 0

    def write(self, content: bytes) -> None:
        """Add bytes."""
        self._waiting += content
        # The last piece says that it is the last: a whole one is held until more has come.
        while len(self._waiting) > PIECE:
            self._put(bytes(self._waiting[:PIECE]), is_last=False)
            del self._waiting[:PIECE]

    def finish(self) -> None:
        """Write the last piece. The caller syncs the file."""
        self._put(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _put(self, piece: bytes, *, is_last: bool) -> None:
        self._file.write(self._cipher.seal(self._number, piece, is_last=is_last))
        self._number += 1


class SealedReader:
    """Reads one file; ``size`` is that of its content in bytes."""

    def __init__(self, file: BinaryIO, key: bytes, purpose: str) -> None:
        head, text, start = read_head(file)
        if head.purpose != purpose:
            raise Damaged(f"This is a file for {head.purpose!r}, not for {purpose!r}.")
        length = file.seek(0, os.SEEK_END) - start
        self._n_pieces = max(1, -(-length // (PIECE + _TAG)))
        self.size = length - self._n_pieces * _TAG
        # Only a file without content ends with an empty piece.
        if self.size < (1 if self._n_pieces > 1 else 0) + (self._n_pieces - 1) * PIECE:
            raise Damaged("The file is cut off.")
        self._file = file
        self._start = start
        self._cipher = _Cipher(key, head, text)

    def pieces(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The content from byte ``start`` up to ``end`` (None: its end), piece by piece, each verified. Raises Damaged."""
        end = self.size if end is None else min(end, self.size)
        for number in range(start // PIECE, max(start // PIECE + 1, -(-end // PIECE))):
            piece = self._piece(number)
            yield piece[max(0, start - number * PIECE) : max(0, end - number * PIECE)]

    def _piece(self, number: int) -> bytes:
        if number >= self._n_pieces:
            return b""
        self._file.seek(self._start + number * (PIECE + _TAG))
        return self._cipher.open(number, self._file.read(PIECE + _TAG), is_last=number == self._n_pieces - 1)


def read_head(file: BinaryIO) -> tuple[Head, bytes, int]:
    """The head, its text, and where the pieces start. Raises Damaged."""
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise Damaged("This is not a file that the server sealed.")
    length = int.from_bytes(file.read(4))
    text = file.read(min(length, MAX_HEAD))
    try:
        head = msgspec.json.decode(text, type=Head)
    except msgspec.MsgspecError as error:
        raise Damaged("The file's head is damaged.") from error
    return head, text, len(MAGIC) + 4 + len(text)


class _Cipher:
    def __init__(self, key: bytes, head: Head, text: bytes) -> None:
        own = HKDF(SHA256(), 32, salt=head.salt, info=b"trii-sync sealed " + head.purpose.encode("utf-8")).derive(key)
        self._cipher = AESGCM(own)
        self._bound = hashlib.sha256(text).digest()

    def seal(self, number: int, piece: bytes, *, is_last: bool) -> bytes:
        return self._cipher.encrypt(_nonce(number, is_last), piece, self._bound)

    def open(self, number: int, sealed: bytes, *, is_last: bool) -> bytes:
        try:
            return self._cipher.decrypt(_nonce(number, is_last), sealed, self._bound)
        except (InvalidTag, ValueError) as error:
            raise Damaged(f"Piece {number} is damaged, or the key is another one.") from error


def _nonce(number: int, is_last: bool) -> bytes:  # noqa: FBT001  # private, and its one caller names it
    return number.to_bytes(11) + bytes([is_last])
