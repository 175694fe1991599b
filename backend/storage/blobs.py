"""Private files by content: each is stored once, encrypted, under a name made from its content and the key."""

import contextlib
import hmac
import io
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from backend.errors import CorruptData, InvalidInput, NotFound
from backend.storage.durable import explain_os_error, sync_folder
from backend.storage.key_derivation import derive
from backend.storage.quarantine import set_aside
from backend.storage.sealed import SealedReader, SealedWriter

_PURPOSE = "blob"
_PIECE_BYTES = 1 << 20
_ID = re.compile(r"[0-9a-f]{64}")


class Source(Protocol):
    """What is read up to its end, as a binary file is."""

    def read(self, n_bytes: int, /) -> bytes:
        """The next bytes, about so many; none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class BlobId:
    """The name of a blob: HMAC-SHA256 of its content in hex, so that equal content is stored once.

    Keyed, because a plain hash would tell whoever copies the disk which well-known files are here.
    """

    text: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.text):
            raise InvalidInput(f"{self.text!r} is not the id of a stored file.", code="blob.id")

    def __str__(self) -> str:
        return self.text


class BlobStore:
    """Encrypted files in two levels of folders; blocking, and safe to call from several threads."""

    def __init__(self, folder: Path, key: bytes, *, quarantine: Path) -> None:
        self._folder = folder
        self._quarantine = quarantine
        self._sealing_key = derive(key, "blob/seal")
        self._naming_key = derive(key, "blob/name")

    def put(self, content: bytes | Source) -> BlobId:
        """Store bytes, or what a source gives up to its end, and return its id; durable on return. Raises Unavailable."""
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        incoming = self._folder / f".{secrets.token_hex(8)}.incoming"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            blob_id = self._seal(source, incoming)
            place = self._place(blob_id)
            if self._is_whole(blob_id):
                return blob_id
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            incoming.replace(place)
            sync_folder(place.parent)
            sync_folder(place.parent.parent)
            sync_folder(self._folder)
        except OSError as error:
            raise explain_os_error(error, "store a private file", self._folder) from error
        finally:
            with contextlib.suppress(FileNotFoundError):
                incoming.unlink()
        return blob_id

    def get(self, blob_id: BlobId) -> bytes:
        """Return a whole blob. Raises NotFound, CorruptData, Unavailable."""
        return b"".join(self.read(blob_id))

    def read(self, blob_id: BlobId) -> Iterator[bytes]:
        """Yield a blob's content in pieces; the last one comes only when the whole matches its id.

        Raises NotFound; CorruptData when the file is damaged, which is then set aside; Unavailable.
        """
        place = self._place(blob_id)
        digest = hmac.new(self._naming_key, digestmod="sha256")
        try:
            with place.open("rb") as file:
                sealed = SealedReader(file, self._sealing_key, _PURPOSE)
                held = sealed.read(_PIECE_BYTES)
                digest.update(held)
                while piece := sealed.read(_PIECE_BYTES):
                    yield held
                    held = piece
                    digest.update(held)
                _check_name(digest.hexdigest(), blob_id)
        except FileNotFoundError as error:
            raise NotFound(f"The private file {blob_id.text[:12]}… is not stored here.", code="blob.missing") from error
        except OSError as error:
            raise explain_os_error(error, "read a private file", place) from error
        except (CorruptData, InvalidInput) as error:
            kept = set_aside([place], self._quarantine, error.message)
            raise CorruptData(
                f"The private file {blob_id.text[:12]}… is damaged and was set aside as {kept}: {error.message}",
                hint="Restore a backup with `trii restore` to have it back.",
                code="blob.damaged",
                quarantined=kept,
            ) from error
        yield held

    def __contains__(self, blob_id: BlobId) -> bool:
        return self._place(blob_id).exists()

    def delete(self, blob_id: BlobId) -> None:
        """Remove a blob if it is there. Raises Unavailable."""
        try:
            self._place(blob_id).unlink(missing_ok=True)
        except OSError as error:
            raise explain_os_error(error, "delete a private file", self._place(blob_id)) from error

    def ids(self) -> Iterator[BlobId]:
        """Yield the ids of all blobs, in order."""
        for path in sorted(self._folder.glob("??/??/*")):
            if _ID.fullmatch(path.name):
                yield BlobId(path.name)

    def _seal(self, source: Source, incoming: Path) -> BlobId:
        digest = hmac.new(self._naming_key, digestmod="sha256")
        descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123  # wraps the descriptor that carries the mode
            sealed = SealedWriter(file, self._sealing_key, _PURPOSE)
            while piece := source.read(_PIECE_BYTES):
                digest.update(piece)
                sealed.write(piece)
            sealed.finish()
            file.flush()
            os.fsync(file.fileno())
        return BlobId(digest.hexdigest())

    def _is_whole(self, blob_id: BlobId) -> bool:
        """Whether this content lies here already; a damaged copy of it is set aside."""
        try:
            for _ in self.read(blob_id):
                pass
        except (NotFound, CorruptData):
            return False
        return True

    def _place(self, blob_id: BlobId) -> Path:
        return self._folder / blob_id.text[:2] / blob_id.text[2:4] / blob_id.text


def _check_name(found: str, blob_id: BlobId) -> None:
    if found != blob_id.text:
        raise CorruptData("it holds the content of another file", code="blob.name")
