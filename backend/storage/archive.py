"""Backup archives: named files one after the other and a list of them at the end, in one sealed file."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from backend.errors import Conflict, CorruptData, InvalidInput, NotFound
from backend.storage.durable import explain_os_error
from backend.storage.key_derivation import derive
from backend.storage.master_key import MasterKey
from backend.storage.sealed import SealedReader, SealedWriter, read_header

PURPOSE = "backup"

T = TypeVar("T")

_PIECE_BYTES = 1 << 20
_NAME_BYTES_MAX = 1024
_LIST_BYTES_MAX = 256 << 20
_PART = re.compile(r"[A-Za-z0-9_=+@%#$&~^!(){}\[\]., -]{1,200}")


class EntryHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """What stands before a file's content."""

    name: str
    n_bytes: int


class EntryRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A file in the list at the end: ``sha256`` of its content, in hex."""

    name: str
    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file being read; its content must be consumed before the next one is asked for."""

    name: str
    n_bytes: int
    content: Iterator[bytes]


class ArchiveWriter:
    """Appends files to a sealed stream."""

    def __init__(self, sealed: SealedWriter) -> None:
        self._sealed = sealed
        self._rows: list[EntryRow] = []

    def add(self, name: str, file: BinaryIO, n_bytes: int) -> None:
        """Append the first ``n_bytes`` of an open file, which may have grown since. Raises Conflict when it shrank.

        Raises InvalidInput for a name that other systems could not restore.
        """
        if not is_safe_name(name):
            raise InvalidInput(
                f"{name!r} cannot go into a backup: not every system allows this name.",
                hint="Rename the file or move it elsewhere.",
                code="backup.name",
            )
        _put(self._sealed, msgspec.json.encode(EntryHead(name, n_bytes)))
        digest = hashlib.sha256()
        left = n_bytes
        while left:
            piece = file.read(min(left, _PIECE_BYTES))
            if not piece:
                raise Conflict(
                    f"{name} became {left} bytes shorter while it was copied.", hint="Do it again.", code="backup.changed"
                )
            digest.update(piece)
            self._sealed.write(piece)
            left -= len(piece)
        self._rows.append(EntryRow(name, n_bytes, digest.hexdigest()))

    def finish(self) -> tuple[EntryRow, ...]:
        """Write the list, end the stream, and return the list."""
        _put(self._sealed, b"")
        encoded = msgspec.json.encode(self._rows)
        _put(self._sealed, encoded)
        self._sealed.finish()
        return tuple(self._rows)


def read_entries(sealed: SealedReader) -> Iterator[Entry]:
    """Yield the files of an archive in order; the end is reached only when the list at the end agrees with all of them.

    Raises CorruptData for damage, for a name that leads out of its folder or comes twice, and for a wrong list.
    """
    rows: list[EntryRow] = []
    names: set[str] = set()
    while encoded := _take(sealed, _NAME_BYTES_MAX + 64):
        head = _decode(encoded, EntryHead)
        if not is_safe_name(head.name) or head.name.lower() in names or head.n_bytes < 0:
            raise _broken(f"the entry {head.name!r} of {head.n_bytes} bytes is not allowed")
        names.add(head.name.lower())
        digest = hashlib.sha256()
        left = [head.n_bytes]
        yield Entry(head.name, head.n_bytes, _pieces(sealed, left, digest))
        assert left[0] == 0, f"{head.name} was not read to its end"
        rows.append(EntryRow(head.name, head.n_bytes, digest.hexdigest()))
    listed = _decode(_take(sealed, _LIST_BYTES_MAX), list[EntryRow])
    if listed != rows:
        raise _broken(f"its list names {len(listed)} files that are not the {len(rows)} it holds")
    if sealed.read(1):
        raise _broken("there is more after its end")


@contextmanager
def open_archive(path: Path, key: MasterKey) -> Iterator[SealedReader]:
    """Open an archive for reading with the key it was made with.

    Raises NotFound, InvalidInput for another file or another key, CorruptData, Unavailable.
    """
    try:
        with path.open("rb") as file:
            facts = read_header(file).facts
            if facts.get("key") != key_fact(key):
                raise InvalidInput(
                    f"{path} was made with another key than the one given.",
                    hint="Enter the recovery phrase of the home the backup was made from.",
                    code="backup.other_key",
                )
            file.seek(0)
            yield SealedReader(file, key.derive("backup"), PURPOSE)
    except FileNotFoundError as error:
        raise NotFound(f"There is no backup {path}.", code="backup.missing") from error
    except OSError as error:
        raise explain_os_error(error, "read the backup", path) from error


def key_fact(key: MasterKey) -> str:
    """What an archive's header says of its key: enough to recognise it, useless to find it."""
    return derive(key.derive("backup"), "check", 16).hex()


def is_safe_name(name: str) -> bool:
    """Whether a name is a relative path that stays inside its folder on every system: parts joined by slashes."""
    parts = name.split("/")
    plain = all(_PART.fullmatch(part) and not part.endswith((".", " ")) and not part.startswith(" ") for part in parts)
    return plain and len(name.encode()) <= _NAME_BYTES_MAX


def _pieces(sealed: SealedReader, left: list[int], digest: "hashlib._Hash") -> Iterator[bytes]:
    while left[0]:
        piece = sealed.read(min(left[0], _PIECE_BYTES))
        if not piece:
            raise _broken(f"it ends {left[0]} bytes before a file's end")
        digest.update(piece)
        left[0] -= len(piece)
        yield piece


def _put(sealed: SealedWriter, encoded: bytes) -> None:
    sealed.write(len(encoded).to_bytes(4, "big"))
    sealed.write(encoded)


def _take(sealed: SealedReader, n_bytes_max: int) -> bytes:
    n_bytes = int.from_bytes(sealed.read_exactly(4), "big")
    if n_bytes > n_bytes_max:
        raise _broken(f"a record of {n_bytes} bytes, where {n_bytes_max} are allowed")
    return sealed.read_exactly(n_bytes)


def _decode(encoded: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(encoded, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _broken(error) from error


def _broken(why: object) -> CorruptData:
    return CorruptData(f"The archive is not well formed: {why}.", hint="Use another copy.", code="archive.broken")
