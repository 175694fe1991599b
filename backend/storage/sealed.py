"""Encrypted files of any size: AES-256-GCM in chunks that cannot be cut, swapped, dropped or added unseen.

A file is: 8 bytes of magic, the header's length (4 bytes, big-endian), the header (JSON, in the open, but signed with
every chunk), then chunks of ``chunk_bytes``, the last one as long as what is left, each followed by its 16-byte tag.
The nonce of a chunk is its number and whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway
and Vizár, CRYPTO 2015), under a key derived for this file alone from a random salt.
"""

import base64
import hashlib
import os
from typing import BinaryIO

import msgspec

from backend.errors import CorruptData, InvalidInput
from backend.storage.key_derivation import derive

MAGIC = b"TRIISEAL"
CHUNK_BYTES = 1 << 20
TAG_BYTES = 16
_VERSION = 1
_SALT_BYTES = 32
_HEADER_BYTES_MAX = 64 << 10
_CHUNK_BYTES_MAX = 16 << 20


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is readable without the key; ``facts`` are the caller's."""

    version: int
    purpose: str
    salt: str
    chunk_bytes: int
    facts: dict[str, str | int] = {}


class SealedWriter:
    """Encrypts what is written into a binary file; call ``finish`` or the file is not readable."""

    def __init__(self, file: BinaryIO, key: bytes, purpose: str, facts: dict[str, str | int] | None = None) -> None:
        salt = os.urandom(_SALT_BYTES)
        header = Header(_VERSION, purpose, base64.b64encode(salt).decode(), CHUNK_BYTES, facts or {})
        encoded = msgspec.json.encode(header)
        opening = MAGIC + len(encoded).to_bytes(4, "big") + encoded
        file.write(opening)
        self._file = file
        self._chunks = _Chunks(key, purpose, salt, opening)
        self._buffer = bytearray()

    def write(self, content: bytes | bytearray | memoryview) -> None:
        """Append; up to one chunk is held back, because only the last one may be short."""
        view = memoryview(content)
        while len(view) > 0:
            if len(self._buffer) == CHUNK_BYTES:
                self._flush(is_last=False)
            taken = view[: CHUNK_BYTES - len(self._buffer)]
            self._buffer += taken
            view = view[len(taken) :]

    def finish(self) -> None:
        """Write the last chunk, which ends the file."""
        self._flush(is_last=True)

    def _flush(self, *, is_last: bool) -> None:
        self._file.write(self._chunks.seal(bytes(self._buffer), is_last=is_last))
        self._buffer.clear()


class SealedReader:
    """Decrypts a sealed file; nothing is returned that was not signed, and the end only when it is the true end."""

    def __init__(self, file: BinaryIO, key: bytes, purpose: str) -> None:
        self.header, opening = _read_opening(file)
        if self.header.purpose != purpose:
            raise InvalidInput(f"This file holds a {self.header.purpose}, not a {purpose}.", code="sealed.purpose")
        self._file = file
        self._chunks = _Chunks(key, purpose, _parse_salt(self.header), opening)
        self._sealed_bytes = self.header.chunk_bytes + TAG_BYTES
        self._ahead = file.read(self._sealed_bytes)
        self._buffer = b""
        self._at = 0
        self._is_finished = False

    def read(self, n_bytes: int) -> bytes:
        """Return up to ``n_bytes``; empty only at the end. Raises CorruptData."""
        if self._at == len(self._buffer):
            self._advance()
        piece = self._buffer[self._at : self._at + n_bytes]
        self._at += len(piece)
        return piece

    def read_exactly(self, n_bytes: int) -> bytes:
        """Return ``n_bytes``; raises CorruptData when the content ends before."""
        pieces = bytearray()
        while len(pieces) < n_bytes:
            piece = self.read(n_bytes - len(pieces))
            if not piece:
                raise CorruptData(f"The content ends {n_bytes - len(pieces)} bytes early.", code="sealed.short")
            pieces += piece
        return bytes(pieces)

    def _advance(self) -> None:
        """Open the next chunk that is not empty, or leave the buffer empty at the end."""
        self._buffer, self._at = b"", 0
        if self._is_finished:
            return
        sealed, self._ahead = self._ahead, self._file.read(self._sealed_bytes)
        self._is_finished = not self._ahead
        self._buffer = self._chunks.open(sealed, is_last=self._is_finished)


class _Chunks:
    """The cipher of one file and the number of its next chunk."""

    def __init__(self, key: bytes, purpose: str, salt: bytes, opening: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  # not on the way to the first chart

        self._cipher = AESGCM(derive(key, f"sealed/{purpose}", salt=salt))
        self._signed_with = hashlib.sha256(opening).digest()
        self._number = 0

    def seal(self, content: bytes, *, is_last: bool) -> bytes:
        return self._cipher.encrypt(self._next_nonce(is_last=is_last), content, self._signed_with)

    def open(self, sealed: bytes, *, is_last: bool) -> bytes:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - not for every start

        number = self._number
        nonce = self._next_nonce(is_last=is_last)
        try:
            # Shorter than a tag is not even a chunk; the cipher raises ValueError or InvalidTag for it by version.
            return self._cipher.decrypt(nonce, sealed.ljust(TAG_BYTES, b"\0"), self._signed_with)
        except InvalidTag as error:
            raise CorruptData(
                f"The encrypted content is damaged, cut short or was changed (chunk {number}).",
                hint="Use another copy of the file.",
                code="sealed.damaged",
            ) from error

    def _next_nonce(self, *, is_last: bool) -> bytes:
        nonce = self._number.to_bytes(11, "big") + bytes([is_last])
        self._number += 1
        return nonce


def read_header(file: BinaryIO) -> Header:
    """Read what a sealed file says of itself, unproven until it is opened with the key. Raises CorruptData, InvalidInput."""
    return _read_opening(file)[0]


def _read_opening(file: BinaryIO) -> tuple[Header, bytes]:
    start = file.read(len(MAGIC) + 4)
    if start[: len(MAGIC)] != MAGIC or len(start) < len(MAGIC) + 4:
        raise InvalidInput("This is not an encrypted file of TRII.", code="sealed.magic")
    n_bytes = int.from_bytes(start[len(MAGIC) :], "big")
    encoded = file.read(min(n_bytes, _HEADER_BYTES_MAX))
    if len(encoded) != n_bytes:
        raise _bad_header(f"{n_bytes} bytes announced, {len(encoded)} read")
    try:
        version = msgspec.json.decode(encoded, type=_Versioned).version
        if version > _VERSION:
            raise InvalidInput(
                f"This encrypted file has version {version}; this program reads version {_VERSION}.",
                hint="Install the version of TRII that wrote it.",
                code="sealed.version",
            )
        header = msgspec.json.decode(encoded, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad_header(error) from error
    if not 0 < header.chunk_bytes <= _CHUNK_BYTES_MAX:
        raise _bad_header(f"chunks of {header.chunk_bytes} bytes")
    return header, start + encoded


class _Versioned(msgspec.Struct):
    version: int


def _parse_salt(header: Header) -> bytes:
    try:
        salt = base64.b64decode(header.salt, validate=True)
    except ValueError as error:
        raise _bad_header(error) from error
    if len(salt) != _SALT_BYTES:
        raise _bad_header(f"a salt of {len(salt)} bytes")
    return salt


def _bad_header(why: object) -> CorruptData:
    return CorruptData(f"The header of the encrypted file is damaged ({why}).", hint="Use another copy.", code="sealed.header")
