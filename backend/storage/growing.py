"""An encrypted file that grows piece by piece: what came before a connection broke is kept, and nobody can take it for whole.

It is a row of records: the length of a sealed piece (4 bytes, big-endian), its nonce, the piece under AES-256-GCM. Each is bound to
the file's name and to its place, so that none can be dropped, swapped or brought from another file.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from backend.storage.durable import explain_os_error
from backend.storage.key_derivation import derive

PIECE_BYTES_MAX: Final = 1 << 20
_LENGTH: Final = 4
_NONCE: Final = 12
_TAG: Final = 16


class GrowingFile:
    """What has come of one content so far. Blocking, for one thread at a time; all raise Unavailable where the disk refuses.

    name : what the content is known by; another name reads nothing of it
    """

    def __init__(self, path: Path, key: bytes, name: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - not on the way to the first chart

        self.path = path
        self.n_bytes = 0
        self.name = name
        self._cipher = AESGCM(derive(key, "growing"))
        self._digest = hashlib.sha256()
        self._end = 0

    @property
    def sha256(self) -> str:
        """SHA-256 of what has come, in hexadecimal."""
        return self._digest.hexdigest()

    def open(self) -> int:
        """Take up what is there; half a piece at its end, which a crash left, is cut off. How many bytes have come."""
        self.n_bytes, self._end, self._digest = 0, 0, hashlib.sha256()
        with self._explained("look at"), contextlib.suppress(FileNotFoundError), self.path.open("r+b") as file:
            for piece in self._records(file):
                self._digest.update(piece)
                self.n_bytes += len(piece)
                self._end = file.tell()
            file.truncate(self._end)
        return self.n_bytes

    def add(self, content: bytes) -> None:
        """Put the next piece behind the others; at most 1 MiB."""
        assert 0 < len(content) <= PIECE_BYTES_MAX
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, content, self._bound(self.n_bytes))
        with self._explained("store a part of"):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            with open(descriptor, "r+b") as file:  # noqa: PTH123  # wraps the descriptor that carries the mode
                file.truncate(self._end)
                file.seek(self._end)
                file.write(len(sealed).to_bytes(_LENGTH, "big") + nonce + sealed)
                self._end = file.tell()
        self._digest.update(content)
        self.n_bytes += len(content)

    def pieces(self) -> Iterator[bytes]:
        """All that has come, piece by piece."""
        with self._explained("read a part of"), contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            yield from self._records(file)

    def drop(self) -> None:
        """Forget it all."""
        with self._explained("remove a part of"):
            self.path.unlink(missing_ok=True)
        self.n_bytes, self._end, self._digest = 0, 0, hashlib.sha256()

    def _records(self, file: BinaryIO) -> Iterator[bytes]:
        """Pieces up to the first that is not whole or not of this file."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above

        at = 0
        while len(head := file.read(_LENGTH + _NONCE)) == _LENGTH + _NONCE:
            n_sealed = int.from_bytes(head[:_LENGTH], "big")
            if not _TAG < n_sealed <= PIECE_BYTES_MAX + _TAG:
                return
            try:
                piece = self._cipher.decrypt(head[_LENGTH:], file.read(n_sealed), self._bound(at))
            except (InvalidTag, ValueError):
                return
            yield piece
            at += len(piece)

    def _bound(self, at: int) -> bytes:
        return f"{self.name}/{at}".encode()

    @contextlib.contextmanager
    def _explained(self, deed: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise explain_os_error(error, f"{deed} a download", self.path) from error


class WholeFile:
    """A growing file that has come to its end, as a source that is read up to its end."""

    def __init__(self, grown: GrowingFile) -> None:
        self._pieces: Any = grown.pieces()

    def read(self, _n_bytes: int, /) -> bytes:
        """The next piece; none at the end."""
        return next(self._pieces, b"")
