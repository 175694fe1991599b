"""The files of models: whole and under their hash, or not there at all, whatever ends the process or fills the disk."""

import contextlib
import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Self

from backend.errors import InvalidInput, NotFound, Unavailable
from backend.storage.durable import explain_os_error, is_disk_full, remove_durably, sync_folder
from backend.storage.faults import reach

SUFFIX: Final = ".gguf"
MAGIC: Final = b"GGUF"
BLOCK_BYTES: Final = 1 << 20
SYNC_BYTES: Final = 64 << 20
RESERVE_BYTES: Final = 512 << 20
"""Left free on the disk, for the ledgers that share it."""
PART_DAYS: Final = 14
_PART: Final = ".part"
_WHOLE_NAME: Final = re.compile(r"[0-9a-f]{64}\.gguf")
_PIECE_NAME: Final = re.compile(r".*-\d{5}-of-\d{5}\.gguf", re.IGNORECASE)
_DAY_NS: Final = 86_400 * 1_000_000_000

Told = Callable[[int, int], None]
"""Told how many bytes are done, and of how many; 0 where that is unknown."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole file: where it lies, what it is, and when it was last written (ns, as the file system tells)."""

    path: Path
    sha256: str
    n_bytes: int
    modified_ns: int


class Stopped(Exception):
    """Work on a thread ended because it was asked to."""


class Part:
    """A file on its way in, hashed while it grows. Used by one thread at a time; what it has is kept until ``drop``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_bytes = 0
        self._n_unsynced = 0
        self._hash = hashlib.sha256()
        self._file: BinaryIO | None = None

    @property
    def sha256(self) -> str:
        """The hash of what it has."""
        return self._hash.hexdigest()

    def open(self, n_known: int, stop: threading.Event) -> Self:
        """Take up what an earlier try left, at most ``n_known`` bytes of it. Raises Unavailable, Stopped."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
            self._file = open(os.open(self.path, flags, 0o600), "r+b")  # noqa: PTH123, SIM115 - the descriptor carries the mode
            while self.n_bytes < n_known and (block := self._file.read(min(BLOCK_BYTES, n_known - self.n_bytes))):
                _check_stop(stop)
                self._hash.update(block)
                self.n_bytes += len(block)
            self._file.truncate(self.n_bytes)
            self._file.seek(self.n_bytes)
        except OSError as e:
            self.close()
            raise explain_os_error(e, "take in a model", self.path) from e
        except Stopped:
            self.close()
            raise
        return self

    def write(self, block: bytes) -> bool:
        """Append; True where it was made durable up to here. Raises Unavailable where the disk refuses."""
        assert self._file is not None
        try:
            self._file.write(block)
            self._hash.update(block)
            self.n_bytes += len(block)
            self._n_unsynced += len(block)
            if self._n_unsynced < SYNC_BYTES:
                return False
            self.sync()
        except OSError as e:
            raise _refused(e, self.path) from e
        return True

    def restart(self) -> None:
        """Forget all of it. Raises Unavailable."""
        assert self._file is not None
        try:
            self._file.seek(0)
            self._file.truncate(0)
        except OSError as e:
            raise _refused(e, self.path) from e
        self.n_bytes, self._n_unsynced, self._hash = 0, 0, hashlib.sha256()

    def sync(self) -> None:
        """Make what it has durable. Raises Unavailable."""
        assert self._file is not None
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as e:
            raise _refused(e, self.path) from e
        self._n_unsynced = 0
        reach("model.part_synced")

    def close(self) -> None:
        """Let go of the file; it stays."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # what could not be written was told when it was
                self._file.close()
            self._file = None

    def drop(self) -> None:
        """Let go of the file and delete it. Raises Unavailable."""
        self.close()
        remove_durably(self.path)


class ModelFiles:
    """The folder of models. Every method blocks on the disk: call them on worker threads."""

    def __init__(self, folder: Path, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self.folder = folder
        self._reserve_bytes = reserve_bytes

    def path_of(self, sha256: str) -> Path:
        """Where a whole file with this hash lies, or would."""
        return self.folder / f"{sha256}{SUFFIX}"

    def part_path(self, key: str) -> Path:
        """Where a file on its way in lies; ``key`` says of what it is a part."""
        return self.folder / "parts" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}{_PART}"

    def find(self, sha256: str) -> Kept | None:
        """The whole file with this hash, by its name."""
        return look_at(self.path_of(sha256), sha256)

    def room(self) -> int:
        """Bytes that a model may still take."""
        try:
            return shutil.disk_usage(self.folder).free - self._reserve_bytes
        except OSError as e:
            raise explain_os_error(e, "look for room", self.folder) from e

    def check_room(self, n_more: int) -> None:
        """Raise Unavailable where ``n_more`` bytes would leave the disk too full."""
        room = self.room()
        if n_more > room:
            spare = gigabytes(max(room, 0))
            raise Unavailable(
                f"{gigabytes(n_more)} more are needed, and the disk that holds {self.folder} has {spare} to spare.",
                hint="Free some space, or remove a model, and do it again; what was there before is still there.",
                code="disk.full",
            )

    # --- taking in ----------------------------------------------------------------------------------------------------

    def copy_in(self, source: Path, told: Told, stop: threading.Event) -> Part | Kept:
        """A whole part with the content of ``source``, durable; or the file itself where the same is kept already.

        A copy that was cut short goes on where it was. Raises NotFound, InvalidInput for what is no model,
        Unavailable for a full disk, which deletes the part again, and Stopped.
        """
        size = check_source(source)
        if (there := self._find_same(source, size, stop)) is not None:
            return there
        try:
            with source.open("rb") as file:
                return self._copy(source, file, told, stop)
        except OSError as e:
            raise explain_os_error(e, "read the model", source) from e

    def keep(self, part: Part) -> Kept:
        """Make a whole part a file of ours in one step. Raises Unavailable."""
        sha256, target = part.sha256, self.path_of(part.sha256)
        part.sync()
        part.close()
        reach("model.whole")
        try:
            if self.find(sha256) is None:
                os.replace(part.path, target)  # noqa: PTH105 - the system call is the promise here
                sync_folder(self.folder)
                sync_folder(part.path.parent)
            else:
                remove_durably(part.path)
        except OSError as e:
            raise explain_os_error(e, "keep the model", target) from e
        reach("model.kept")
        kept = self.find(sha256)
        assert kept is not None
        return kept

    def _find_same(self, source: Path, size: int, stop: threading.Event) -> Kept | None:
        """The kept file with the same content; files of the same size are read to know."""
        if all(path.stat().st_size != size for path in self._whole()):
            return None
        return self.find(hash_file(source, stop))

    def _copy(self, source: Path, file: BinaryIO, told: Told, stop: threading.Event) -> Part:
        """Copy what is missing. What is there already is compared, for the source may be another one by now."""
        known = os.fstat(file.fileno())
        part = Part(self.part_path(f"copy {source.absolute()} {known.st_size} {known.st_mtime_ns}"))
        n_same = _count_same(part.path, file, stop)
        self.check_room(known.st_size - n_same)
        part.open(n_same, stop)
        try:
            file.seek(part.n_bytes)
            while block := file.read(BLOCK_BYTES):
                _check_stop(stop)
                if part.write(block):
                    self.check_room(0)
                told(part.n_bytes, known.st_size)
            _check_unchanged(source, known, os.fstat(file.fileno()), part.n_bytes)
        except Unavailable:
            part.drop()  # the source is still there, and the disk may be full
            raise
        except BaseException:
            part.close()
            raise
        return part

    # --- what lies there ----------------------------------------------------------------------------------------------

    def delete(self, sha256: str) -> None:
        """Delete a whole file, if it is there. Raises Unavailable."""
        remove_durably(self.path_of(sha256))

    def orphans(self, known: Collection[str]) -> tuple[Path, ...]:
        """Whole files whose hashes are not among ``known``: a process ended before they had a card."""
        return tuple(path for path in self._whole() if path.stem not in known)

    def sweep(self, now_ns: int) -> int:
        """Delete parts that nobody went on with for two weeks, and what a kill left of their records; how many went."""
        n_gone = 0
        for path in sorted((self.folder / "parts").glob("*")):
            with contextlib.suppress(OSError):  # swept the next time
                is_torn = path.suffix == ".tmp"
                if is_torn or now_ns - path.stat().st_mtime_ns > PART_DAYS * _DAY_NS:
                    path.unlink()
                    n_gone += 1
        return n_gone

    def _whole(self) -> tuple[Path, ...]:
        try:
            return tuple(sorted(p for p in self.folder.iterdir() if _WHOLE_NAME.fullmatch(p.name) and p.is_file()))
        except OSError as e:
            raise explain_os_error(e, "list the models", self.folder) from e


def check_source(source: Path) -> int:
    """The size of a file that may be a model. Raises NotFound, InvalidInput, Unavailable."""
    if _PIECE_NAME.fullmatch(source.name):
        raise InvalidInput(
            f"{source.name} is one piece of a model that was cut into several.",
            hint="Join the pieces first (llama-gguf-split --merge), then add the whole file.",
            code="model.pieces",
        )
    try:
        if not source.exists():
            raise NotFound(f"There is no file {source}.", hint="Give the path of a .gguf file.", code="model.no_file")
        if not source.is_file():
            raise InvalidInput(f"{source} is no file.", hint="Give the path of a .gguf file.", code="model.no_file")
        with source.open("rb") as file:
            check_magic(file.read(len(MAGIC)), source.name)
        return source.stat().st_size
    except OSError as e:
        raise explain_os_error(e, "read the model", source) from e


def check_magic(head: bytes, name: str) -> None:
    """Raise InvalidInput where a file that begins with ``head`` is no GGUF model."""
    if not head.startswith(MAGIC):
        raise InvalidInput(f"{name} is not a GGUF model.", hint="Models are files that end in .gguf.", code="model.not_gguf")


def hash_file(path: Path, stop: threading.Event) -> str:
    """The SHA-256 of a file. Raises Unavailable, Stopped."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                _check_stop(stop)
                digest.update(block)
    except OSError as e:
        raise explain_os_error(e, "read the model", path) from e
    return digest.hexdigest()


def gigabytes(n_bytes: int) -> str:
    """A size as people say it, as 4.7 GB or 93 MB, in powers of 1,000."""
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:,.0f} MB"


def look_at(path: Path, sha256: str) -> Kept | None:
    """A file that should have this hash, as the file system tells; None where it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Kept(path, sha256, found.st_size, found.st_mtime_ns)


def _count_same(path: Path, source: BinaryIO, stop: threading.Event) -> int:
    """How many bytes of a part are those of the source, from its start."""
    n_same = 0
    try:
        with path.open("rb") as part:
            while (ours := part.read(BLOCK_BYTES)) and ours == source.read(len(ours)):
                _check_stop(stop)
                n_same += len(ours)
    except FileNotFoundError:
        return 0
    return n_same


def _check_unchanged(source: Path, before: os.stat_result, after: os.stat_result, n_bytes: int) -> None:
    if n_bytes != before.st_size or after.st_mtime_ns != before.st_mtime_ns:
        raise Unavailable(f"{source.name} was changed while it was read.", hint="Add it again.", code="model.changing")


def _refused(error: OSError, path: Path) -> Unavailable:
    told = explain_os_error(error, "take in a model", path)
    return Unavailable(told.message, hint=told.hint, code="disk.full" if is_disk_full(error) else told.code)


def _check_stop(stop: threading.Event) -> None:
    if stop.is_set():
        raise Stopped
