"""How far each file of a watched folder has been read, kept in the ledger."""

import hashlib
import os
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import IO, Final

from backend.storage.connection import Connection
from backend.storage.durable import explain_os_error

_PRINT_BYTES: Final = 4_096
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FileCursor:
    """Where reading of a file stands.

    size, modified_ns : of the file when it was last looked at; 0 for size when its last line still waits
    taken_bytes, taken_lines : everything before was imported; always the beginning of a line
    head_hash, tail_hash : of the first bytes, and of the last before ``taken_bytes``; they tell a file that grew from
        one that was written anew
    error : why it was not imported, or ""
    """

    path: str
    size: int
    modified_ns: int
    taken_bytes: int
    taken_lines: int
    head_hash: str
    tail_hash: str
    error: str = ""

    @classmethod
    def whole(cls, path: Path, stat: os.stat_result) -> "FileCursor":
        """The cursor of a file that is always read whole."""
        return cls(str(path), stat.st_size, stat.st_mtime_ns, 0, 0, "", "")

    @classmethod
    def failed(cls, path: Path, stat: os.stat_result, before: "FileCursor | None", error: str) -> "FileCursor":
        """The cursor of a file that was refused: as before, but not looked at again until it changes."""
        known = before or cls.whole(path, stat)
        return replace(known, size=stat.st_size, modified_ns=stat.st_mtime_ns, error=error)

    @classmethod
    def at_last_line(cls, path: Path, stat: os.stat_result, before: "FileCursor | None") -> "tuple[FileCursor, bool]":
        """The cursor behind the last complete line of a file, and whether the file only grew. Raises Unavailable.

        Only what lies behind ``before`` is read, when all up to there seems to be as it was then.
        """
        try:
            with path.open("rb") as file:
                start, lines = 0, 0
                is_continued = before is not None and _is_continued(file, before, stat.st_size)
                if before is not None and is_continued:
                    start, lines = before.taken_bytes, before.taken_lines
                end, n_lines = _last_line_end(file, start, stat.st_size)
                head, tail = _prints(file, end)
        except OSError as e:
            raise explain_os_error(e, "read the file", path) from e
        return cls(str(path), stat.st_size, stat.st_mtime_ns, end, lines + n_lines, head, tail), is_continued

    def with_rest_waiting(self) -> "FileCursor":
        """The same, to be looked at again although the file has not changed."""
        return replace(self, size=0)


def _last_line_end(file: IO[bytes], start: int, size: int) -> tuple[int, int]:
    """Where the last complete line between ``start`` and ``size`` ends, and how many lines end up to there."""
    file.seek(start)
    end, n_lines, position = start, 0, start
    while position < size and (chunk := file.read(min(_CHUNK_BYTES, size - position))):
        last = chunk.rfind(b"\n")
        if last >= 0:
            end = position + last + 1
            n_lines += chunk.count(b"\n")
        position += len(chunk)
    return end, n_lines


def _prints(file: IO[bytes], end: int) -> tuple[str, str]:
    """Hashes of the first bytes and of the last before ``end``; the first begins with one of fewer bytes."""
    file.seek(0)
    head = file.read(min(_PRINT_BYTES, end))
    file.seek(max(0, end - _PRINT_BYTES))
    tail = file.read(min(_PRINT_BYTES, end))
    return _hash(head), _hash(tail)


def _is_continued(file: IO[bytes], before: FileCursor, size: int) -> bool:
    if not before.taken_bytes or size < before.taken_bytes:
        return False
    return _prints(file, before.taken_bytes) == (before.head_hash, before.tail_hash)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


_NAMES: Final = ", ".join(field.name for field in fields(FileCursor))
_SAVE: Final = f"INSERT OR REPLACE INTO watched_files ({_NAMES}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own fields


def save_cursor(connection: Connection, cursor: FileCursor) -> None:
    """Keep a cursor inside the running transaction."""
    connection.execute(_SAVE, astuple(cursor))


def load_cursors(connection: Connection) -> dict[str, FileCursor]:
    """Every cursor by path."""
    rows = connection.execute(f"SELECT {_NAMES} FROM watched_files")  # noqa: S608 - our own fields
    return {row[0]: FileCursor(*row) for row in rows}


def drop_cursor(connection: Connection, path: str) -> None:
    """Forget how far a file was read."""
    connection.execute("DELETE FROM watched_files WHERE path = ?", (path,))
