"""The complete list of a report's row notes, streamed to a file; the first ones also in memory."""

import gzip
from pathlib import Path
from typing import IO, Final, cast

import msgspec

from backend.errors import TriiError
from backend.market.importers.report import MAX_ROWS_IN_MEMORY, RowNote
from backend.storage.durable import explain_os_error

_ENCODER: Final = msgspec.json.Encoder()
_LEVEL: Final = 3


class NoteWriter:
    """Takes row notes one by one; the file is made with the first. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first: list[RowNote] = []
        self.n_notes = 0
        self._file: IO[bytes] | None = None

    def add(self, note: RowNote) -> None:
        """Keep a note. Raises Unavailable when the disk is full."""
        self.n_notes += 1
        if len(self.first) < MAX_ROWS_IN_MEMORY:
            self.first.append(note)
        try:
            if self._file is None:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = cast("IO[bytes]", gzip.open(self.path, "wb", _LEVEL))  # noqa: SIM115 - closed by close() and drop()
            self._file.write(_ENCODER.encode(note) + b"\n")
        except OSError as e:
            raise self._refused(e) from e

    def close(self) -> Path | None:
        """Finish the file; its path, or None where no row was noted."""
        if self._file is None:
            return None
        file, self._file = self._file, None
        try:
            file.close()
        except OSError as e:
            raise self._refused(e) from e
        return self.path

    def drop(self) -> None:
        """Forget the notes of an import that did not happen."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self.path.unlink(missing_ok=True)

    def _refused(self, error: OSError) -> TriiError:
        return explain_os_error(error, "write the list of rows that were not imported", self.path)


def load_notes(path: Path) -> list[RowNote]:
    """Every note of a report's file. Raises Unavailable where it cannot be read."""
    decoder = msgspec.json.Decoder(RowNote)
    try:
        with gzip.open(path, "rb") as file:
            return [decoder.decode(line) for line in file]
    except (OSError, EOFError, msgspec.DecodeError) as e:
        error = e if isinstance(e, OSError) else OSError(str(e))
        raise explain_os_error(error, "read the list of rows that were not imported", path) from e
