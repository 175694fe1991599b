"""The form of a backup: one sealed file of frames. A head, rows of tables, files, and an end that counts and hashes them all."""

import hashlib
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import msgspec

from sync_server.storage.database import Row
from sync_server.storage.migrations import Applied
from sync_server.storage.portable import Shape
from sync_server.storage.sealed import Damaged, SealedReader, SealedWriter, read_head
from sync_server.storage.unlocking import Facts, Secret, find_key, make_lock

PURPOSE: Final = "backup"
FORMAT: Final = 1
MAX_FRAME: Final = 64 * 1024 * 1024


class Frame(msgspec.Struct, frozen=True, tag_field="t", array_like=True):
    """What every frame is."""


class Begin(Frame, frozen=True, tag="begin", array_like=True):
    """Which database, when (UTC ms), and by which steps its tables came to be."""

    format: int
    id: str
    kind: str
    made_ms: int
    steps: tuple[Applied, ...]
    shapes: tuple[Shape, ...]


class Rows(Frame, frozen=True, tag="rows", array_like=True):
    """Some rows of a table, in MessagePack, compressed."""

    table: str
    packed: bytes


class Piece(Frame, frozen=True, tag="piece", array_like=True):
    """A piece of the file ``name``; pieces of one file follow each other."""

    name: str
    content: bytes


class Sum(msgspec.Struct, frozen=True, array_like=True):
    """How much there is of a table (rows) or a file (bytes), and the SHA-256 of it all."""

    n: int
    sha256: bytes


class End(Frame, frozen=True, tag="end", array_like=True):
    """The manifest."""

    tables: dict[str, Sum]
    files: dict[str, Sum]


class Sums:
    """Adds up what goes by."""

    def __init__(self) -> None:
        self._n: dict[str, int] = {}
        self._digests: dict[str, hashlib._Hash] = {}

    def add(self, name: str, n: int, content: bytes) -> None:
        """Count ``n`` more under ``name``."""
        self._n[name] = self._n.get(name, 0) + n
        self._digests.setdefault(name, hashlib.sha256()).update(content)

    def told(self) -> dict[str, Sum]:
        """All sums."""
        return {name: Sum(n, self._digests[name].digest()) for name, n in self._n.items()}


class ArchiveWriter:
    """Writes frames into a sealed file. Blocking."""

    def __init__(self, file: BinaryIO, secret: Secret, facts: Facts) -> None:
        key, lock = make_lock(secret)
        self._sealed = SealedWriter(file, key, PURPOSE, {**facts, **lock})
        self._tables = Sums()
        self._files = Sums()

    def begin(self, begin: Begin) -> None:
        """The first frame."""
        for shape in begin.shapes:
            self._tables.add(shape.table, 0, b"")
        self._put(begin)

    def rows(self, table: str, rows: list[Row]) -> None:
        """Rows of a table, in the order of its key."""
        content = pack(rows)
        self._tables.add(table, len(rows), content)
        self._put(Rows(table, zlib.compress(content, 1)))

    def piece(self, name: str, content: bytes) -> None:
        """A piece of a file."""
        self._files.add(name, len(content), content)
        self._put(Piece(name, content))

    def finish(self) -> End:
        """The last frame: what must be found again."""
        end = End(self._tables.told(), self._files.told())
        self._put(end)
        self._sealed.finish()
        return end

    def _put(self, frame: Frame) -> None:
        content = msgspec.msgpack.encode(frame)
        self._sealed.write(len(content).to_bytes(4) + content)


def open_archive(file: BinaryIO, secret: Secret) -> SealedReader:
    """The sealed content of a backup. Raises Damaged, and ValueError for the wrong secret."""
    head, _, _ = read_head(file)
    return SealedReader(file, find_key(secret, head.facts), PURPOSE)


def read_frames(sealed: SealedReader) -> Iterator[Begin | Rows | Piece]:
    """All frames in order but the last, which is held against what went by. Raises Damaged."""
    tables, files = Sums(), Sums()
    end = None
    for place, content in enumerate(_cut(sealed)):
        if end is not None:
            raise Damaged("Something stands behind the backup's end.")
        try:
            frame = msgspec.msgpack.decode(content, type=Begin | Rows | Piece | End)
        except msgspec.MsgspecError as error:
            raise Damaged(f"Frame {place} of the backup is none of ours; a newer server may have made it.") from error
        if isinstance(frame, Begin) is not (place == 0):
            raise Damaged("The backup does not begin as one.")
        if isinstance(frame, End):
            end = frame
            continue
        _add(frame, tables, files)
        yield frame
    if end is None or end != End(tables.told(), files.told()):
        raise Damaged("The backup does not hold what its manifest says.")


def unpack(rows: Rows) -> list[Row]:
    """The rows of a frame. Raises Damaged."""
    try:
        return msgspec.msgpack.decode(_expand(rows.packed), type=list[tuple[Any, ...]])
    except msgspec.MsgspecError as error:
        raise Damaged(f"Rows of {rows.table} in the backup cannot be read.") from error


def pack(rows: list[Row]) -> bytes:
    """Rows as the bytes that are hashed."""
    return msgspec.msgpack.encode(rows)


def _add(frame: Begin | Rows | Piece, tables: Sums, files: Sums) -> None:
    if isinstance(frame, Begin):
        for shape in frame.shapes:
            tables.add(shape.table, 0, b"")
    elif isinstance(frame, Rows):
        tables.add(frame.table, len(unpack(frame)), _expand(frame.packed))
    else:
        files.add(frame.name, len(frame.content), frame.content)


def _expand(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, MAX_FRAME)
    except zlib.error as error:
        raise Damaged("A frame of the backup cannot be unpacked.") from error
    if not unpacker.eof:
        raise Damaged("A frame of the backup is larger than any that is made.")
    return content


def _cut(sealed: SealedReader) -> Iterator[bytes]:
    """The frames' bytes."""
    waiting = bytearray()
    for piece in sealed.pieces():
        waiting += piece
        while len(waiting) >= 4 and len(waiting) >= 4 + (length := int.from_bytes(waiting[:4])):
            yield bytes(waiting[4 : 4 + length])
            del waiting[: 4 + length]
        if len(waiting) >= 4 and int.from_bytes(waiting[:4]) > MAX_FRAME:
            raise Damaged("A frame of the backup is larger than any that is made.")
    if waiting:
        raise Damaged("The backup ends within a frame.")
