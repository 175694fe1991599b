"""Spreadsheets into rows: a child process parses the workbook, this one receives cells and watches it."""

import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import Any, Final

import msgspec
import numpy as np
import psutil

from backend.errors import InvalidInput, TriiError
from backend.market.importers.cell_rows import Cell, block_of_cells
from backend.market.importers.containers import Place, open_seekable
from backend.market.importers.limits import (
    MIB,
    ROW_TEXT_MAX,
    SHEET_FILE_BYTES_MAX,
    SHEET_MEMORY_BYTES,
    SHEET_SILENCE_S,
)
from backend.market.importers.row_blocks import Reading, RowBlock
from backend.market.importers.text_rows import Stopped

_CHILD: Final = Path(__file__).with_name("sheet_child.py")
_FRAME_BYTES_MAX: Final = 256 * MIB
_WATCH_EVERY_S: Final = 0.2
_END_DEADLINE_S: Final = 5.0


class SheetRows(msgspec.Struct):
    """Some rows of one sheet; ``first`` is the 1-based number of the first."""

    sheet: int
    first: int
    rows: list[list[str | float | int | bool | None]]


@contextmanager
def sheet_frames(place: Place, *, sheet: str | None, rows_max: int | None) -> Iterator[tuple[list[str], Iterator[SheetRows]]]:
    """Names of a workbook's sheets, and the rows of one or of all; the child ends with the block.

    Raises InvalidInput for a workbook that is broken, protected, or too large.
    """
    with _on_disk(place) as path:
        if path.stat().st_size > SHEET_FILE_BYTES_MAX:
            raise _refused(place, f"it is larger than {SHEET_FILE_BYTES_MAX:,} bytes")
        request = {"path": str(path), "sheet": sheet, "rows_max": rows_max, "memory_bytes": SHEET_MEMORY_BYTES}
        with _child(request) as (process, watch):
            frames = _frames(process, watch, place)
            first = next(frames)
            if "sheets" not in first:
                raise _refused(place, str(first.get("error", "it has no sheets")))
            names = [str(name) for name in first["sheets"]]
            yield names, _rows(frames, place)


@contextmanager
def _on_disk(place: Place) -> Iterator[Path]:
    """The workbook as a file; one inside an archive is first written to a temporary file of ours."""
    if not place.inside and place.path.suffix.lower() not in {".gz", ".bz2", ".xz"}:
        yield place.path
        return
    descriptor, name = mkstemp(prefix="trii-", suffix=".sheet")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as target, open_seekable(place) as source:
            while piece := source.read(MIB):
                target.write(piece)
        yield path
    finally:
        path.unlink(missing_ok=True)


class _Watch:
    """Ends the child when it grows too large or says nothing for too long."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.reason = ""
        self._process = process
        self._done = threading.Event()
        self._heard = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sheet-watch", daemon=True)
        self._thread.start()

    def hear(self) -> None:
        """The child said something."""
        self._heard.set()

    def close(self) -> None:
        """Stop watching."""
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        silent_s = 0.0
        while not self._done.wait(_WATCH_EVERY_S):
            silent_s = 0.0 if self._heard.is_set() else silent_s + _WATCH_EVERY_S
            self._heard.clear()
            with suppress(psutil.Error):
                if psutil.Process(self._process.pid).memory_info().rss > SHEET_MEMORY_BYTES:
                    self.reason = f"it needs more than {SHEET_MEMORY_BYTES:,} bytes of memory"
            if silent_s > SHEET_SILENCE_S:
                self.reason = f"reading it took more than {SHEET_SILENCE_S:g} s"
            if self.reason:
                self._process.kill()
                return


@contextmanager
def _child(request: dict[str, Any]) -> "Iterator[tuple[subprocess.Popen[bytes], _Watch]]":
    process = subprocess.Popen(  # noqa: S603 - our own script; what comes from outside is only data on its input
        [sys.executable, "-I", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    watch = _Watch(process)
    try:
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it died at once; reading tells
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        yield process, watch
    finally:
        watch.close()
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait(_END_DEADLINE_S)


def _frames(process: "subprocess.Popen[bytes]", watch: _Watch, place: Place) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    while True:
        head = process.stdout.read(4)
        size = struct.unpack("<I", head)[0] if len(head) == 4 else None
        if size is None or size > _FRAME_BYTES_MAX:
            raise _refused(place, watch.reason or "it is damaged, or made to exhaust memory")
        try:
            frame = msgspec.msgpack.decode(process.stdout.read(size))
        except (msgspec.DecodeError, UnicodeDecodeError) as e:
            raise _refused(place, watch.reason or "it is damaged") from e
        watch.hear()
        yield frame
        if "end" in frame or "error" in frame:
            return


def _rows(frames: Iterator[dict[str, Any]], place: Place) -> Iterator[SheetRows]:
    for frame in frames:
        if "error" in frame:
            raise _refused(place, str(frame["error"]))
        if "rows" in frame:
            yield msgspec.convert(frame, SheetRows)


def _refused(place: Place, why: str) -> TriiError:
    return InvalidInput(
        f"The spreadsheet {place} cannot be read: {why}.",
        hint="Save it again as XLSX or CSV and import that file.",
        code="import.sheet",
    )


@dataclass(slots=True)
class SheetReader:
    """Reads the rows of one sheet, given its frames."""

    frames: Iterator[SheetRows]
    reading: Reading
    stop: Callable[[], bool]
    size_bytes: int

    def blocks(self) -> Iterator[RowBlock]:
        """Every row, in order; rows are numbered as the sheet numbers them."""
        first_row = self.reading.dialect.first_row
        for frame in self.frames:
            if self.stop():
                raise Stopped
            lines = np.arange(frame.first, frame.first + len(frame.rows), dtype=np.int64)
            chosen = [i for i, row in enumerate(frame.rows) if frame.first + i >= first_row and not _is_blank(row)]
            yield self._block([frame.rows[i] for i in chosen], lines[chosen])

    def _block(self, rows: list[list[Cell]], lines: Any) -> RowBlock:
        return block_of_cells(rows, lines, self.reading, lambda i: ", ".join(_word(cell) for cell in rows[i])[:ROW_TEXT_MAX])


def _is_blank(row: list[Cell]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in row)


def _word(cell: Cell) -> str:
    return "" if cell is None else str(cell)


def cells_as_text(rows: list[list[Cell]]) -> list[list[str]]:
    """Cells as text, as the detection of a table looks at them."""
    return [[_word(cell) for cell in row] for row in rows]
