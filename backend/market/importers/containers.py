"""Files, folders and archives: find the tables inside, and read one as a stream that cannot swell without bound.

Names inside an archive are shown and compared, never used as paths; nothing is unpacked to a place an archive names.
"""

import bz2
import gzip
import io
import lzma
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Final, Protocol, cast

from backend.errors import InvalidInput, NotFound
from backend.market.importers.limits import (
    DEPTH_MAX,
    MEMBERS_MAX,
    MIB,
    UNPACK_FREE_BYTES,
    UNPACK_RATIO_MAX,
    UNPACKED_BYTES_MAX,
)
from backend.storage.durable import explain_os_error

_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
_BZIP: Final = b"BZh"
_XZ: Final = b"\xfd7zXZ\x00"
_HEAD_BYTES: Final = 8
_SHEET_PARTS: Final = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
_IGNORED: Final = (".", "~$")
_UNPACK_ERRORS: Final = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    UnicodeDecodeError,
    KeyError,
)


class ByteSource(Protocol):
    """Bytes of one table, read once from front to back."""

    def read(self, n_bytes: int) -> bytes:
        """Up to ``n_bytes``; empty at the end. Raises InvalidInput for a broken or swollen archive."""
        ...

    @property
    def done_bytes(self) -> int:
        """How far reading has come in the file on disk."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table lies: a file on disk, the names that lead to it inside, and its size as stored."""

    path: Path
    inside: tuple[str, ...]
    size_bytes: int

    @property
    def file_name(self) -> str:
        """The innermost name that says something: of the member, or of the file without its packing suffix."""
        name = self.inside[-1].replace("\\", "/").rpartition("/")[2] if self.inside else self.path.name
        stem, dot, suffix = name.rpartition(".")
        return stem if dot and suffix.lower() in {"gz", "bz2", "xz"} else name

    def __str__(self) -> str:
        return " / ".join((str(self.path), *self.inside))


def find_places(path: Path) -> list[Place]:
    """Every file below ``path`` that may hold tables, archives opened up, in order of name.

    Raises NotFound, Unavailable, InvalidInput for a broken archive or one with too many members.
    """
    if not path.exists():
        raise NotFound(f"{path} does not exist.", hint="Check the path.", code="import.no_file")
    if not path.is_dir():
        return list(_places_in(path))
    found: list[Place] = []
    for file in _files_below(path):
        found.extend(_places_in(file))
        if len(found) > MEMBERS_MAX:
            raise _too_many(path)
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith(_IGNORED))
        for name in sorted(files):
            if not name.startswith(_IGNORED):
                yield Path(root) / name


def _places_in(path: Path) -> Iterator[Place]:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            yield from _expand(Place(path, (), size), file, 0)
    except OSError as e:
        raise explain_os_error(e, "read the file", path) from e


def _expand(place: Place, file: IO[bytes], depth: int) -> Iterator[Place]:
    """The place itself, or those inside it where it is a zip archive that is no workbook."""
    head = file.read(_HEAD_BYTES)
    if not head.startswith(_ZIP):
        yield place
        return
    if depth >= DEPTH_MAX:
        raise InvalidInput(
            f"{place} holds archives more than {DEPTH_MAX} deep.", hint="Unpack the outer archives first.", code="import.depth"
        )
    file.seek(0)
    with _translated(place), zipfile.ZipFile(file) as archive:
        members = [m for m in archive.infolist() if m.filename and not m.is_dir()]
        if len(members) > MEMBERS_MAX:
            raise _too_many(place.path)
        if any(m.filename in _SHEET_PARTS for m in members):
            yield place
            return
        for member in members:
            if member.filename.rpartition("/")[2].startswith(_IGNORED) or member.filename.startswith("__MACOSX"):
                continue
            inner = Place(place.path, (*place.inside, member.filename), member.compress_size)
            if not member.filename.lower().endswith(".zip"):
                yield inner
                continue
            with _open_member(archive, member, place) as stream:
                spooled = _spool(_Bounded(stream, partial(max, 1, member.compress_size), inner))
            with spooled:
                yield from _expand(inner, spooled, depth + 1)


@contextmanager
def open_place(place: Place) -> Iterator[ByteSource]:
    """Read a table's bytes, unpacked on the way. Raises NotFound, Unavailable, InvalidInput."""
    with ExitStack() as stack:
        with _translated(place):
            source = _open_source(place, stack)
        yield source


def _open_source(place: Place, stack: ExitStack) -> "_Plain | _Bounded":
    raw = _open_file(place.path, stack)
    stream: IO[bytes] = raw
    for i, name in enumerate(place.inside):
        if i:
            stream = stack.enter_context(_spool(_Bounded(stream, raw.tell, place)))
        archive = stack.enter_context(zipfile.ZipFile(stream))
        stream = stack.enter_context(_open_member(archive, _member(archive, name, place), place))
    unpacked, is_packed = _unpack(stream, stack)
    return _Bounded(unpacked, raw.tell, place) if is_packed or place.inside else _Plain(raw, place)


@contextmanager
def open_seekable(place: Place) -> Iterator[IO[bytes]]:
    """Read a table's bytes at any position; a packed one is first unpacked into a nameless temporary file."""
    with ExitStack() as stack:
        source = stack.enter_context(open_place(place))
        if isinstance(source, _Plain):
            source.file.seek(0)
            yield source.file
        else:
            yield stack.enter_context(_spool(source))


def _open_file(path: Path, stack: ExitStack) -> IO[bytes]:
    try:
        return stack.enter_context(path.open("rb"))
    except FileNotFoundError as e:
        raise NotFound(f"{path} does not exist.", hint="Check the path.", code="import.no_file") from e


def _unpack(stream: IO[bytes], stack: ExitStack) -> tuple[IO[bytes], bool]:
    buffered = stream if stream.seekable() else cast("IO[bytes]", io.BufferedReader(cast("io.RawIOBase", stream), MIB))
    head = buffered.read(_HEAD_BYTES)
    buffered.seek(0)
    if head.startswith(_GZIP):
        return cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=buffered))), True
    if head.startswith(_BZIP):
        return cast("IO[bytes]", stack.enter_context(bz2.BZ2File(buffered))), True
    if head.startswith(_XZ):
        return cast("IO[bytes]", stack.enter_context(lzma.LZMAFile(buffered))), True
    return buffered, False


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: Place) -> IO[bytes]:
    if member.flag_bits & 1:
        raise InvalidInput(f"{member.filename} in {place.path} is encrypted.", hint="Unpack it first.", code="import.encrypted")
    return archive.open(member)


def _member(archive: zipfile.ZipFile, name: str, place: Place) -> zipfile.ZipInfo:
    try:
        return archive.getinfo(name)
    except KeyError as e:
        raise NotFound(f"{place.path} holds no member {name!r}.", hint="The file has changed; look at it again.") from e


class _Plain:
    """A file read as it is."""

    def __init__(self, file: IO[bytes], place: Place) -> None:
        self.file = file
        self._place = place

    def read(self, n_bytes: int) -> bytes:
        with _translated(self._place):
            return self.file.read(n_bytes)

    @property
    def done_bytes(self) -> int:
        return self.file.tell()


class _Bounded:
    """An unpacking stream that stops when it grows beyond reason."""

    def __init__(self, stream: IO[bytes], packed_tell: "_Tell", place: Place) -> None:
        self._stream = stream
        self._packed_tell = packed_tell
        self._place = place
        self._n_bytes = 0

    def read(self, n_bytes: int) -> bytes:
        with _translated(self._place):
            piece = self._stream.read(n_bytes)
        self._n_bytes += len(piece)
        packed = max(self._packed_tell(), 1)
        if self._n_bytes > UNPACKED_BYTES_MAX or (self._n_bytes > UNPACK_FREE_BYTES and self._n_bytes > UNPACK_RATIO_MAX * packed):
            raise InvalidInput(
                f"{self._place} has unpacked to {self._n_bytes:,} bytes from {packed:,} and is not at its end.",
                hint=f"Packed tables grow up to {UNPACK_RATIO_MAX} times; unpack it yourself if you trust it.",
                code="import.bomb",
            )
        return piece

    @property
    def done_bytes(self) -> int:
        return self._packed_tell()


class _Tell(Protocol):
    def __call__(self) -> int: ...


def _spool(source: ByteSource) -> IO[bytes]:
    """The whole of ``source`` in a temporary file without a name, rewound."""
    file = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=8 * MIB))  # noqa: SIM115 - the caller closes it
    try:
        while piece := source.read(MIB):
            file.write(piece)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


@contextmanager
def _translated(place: Place) -> Iterator[None]:
    """Tell broken archives and refused files in our words."""
    try:
        yield
    except _UNPACK_ERRORS as e:
        raise InvalidInput(
            f"{place} cannot be unpacked: {str(e) or type(e).__name__}.",
            hint="The archive is damaged or packed in an unusual way; get it again or unpack it yourself.",
            code="import.archive",
        ) from e
    except (FileNotFoundError, IsADirectoryError, PermissionError) as e:
        raise explain_os_error(e, "read the file", place.path) from e
    except OSError as e:
        if e.errno is None:  # bz2 and lzma tell broken data so
            raise InvalidInput(
                f"{place} cannot be unpacked: {e}.", hint="The file is damaged; get it again.", code="import.archive"
            ) from e
        raise explain_os_error(e, "read the file", place.path) from e


def _too_many(path: Path) -> InvalidInput:
    return InvalidInput(
        f"{path} holds more than {MEMBERS_MAX:,} files.", hint="Import parts of it one by one.", code="import.too_many_files"
    )
