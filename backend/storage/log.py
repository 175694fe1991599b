"""The append log: closed bars and trades as they come, durable by group commit, replayed at the next start.

A log is a row of files, one a generation (``log-<generation>.trl``). A file starts with ``TRIILOG1`` and the
generation (uint64), then records, little-endian:

    length uint32 · CRC-32 of the payload uint32 · payload
    payload: kind uint8, key id uint32, then
        1 key     instrument, spec and source as UTF-8 separated by NUL
        2 bars    n uint32 · event_ns int64[n] · open, high, low, close, volume float64[n]
        3 trades  n uint32 · event_ns int64[n] · price, quantity float64[n] · aggressor int8[n]

Key ids count from 0 in each file. A record cut short at the end of a file (a kill while writing) is dropped and
counted; a record damaged in the middle is skipped, and the file is kept for inspection.
"""

import os
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from backend.domain.bars import BarArrays
from backend.domain.ticks import TradeArrays
from backend.errors import CorruptData, Unavailable
from backend.storage.durable import explain_os_error, sync_folder
from backend.storage.faults import reach
from backend.storage.segments import Rows, SeriesKey, concat_rows

MAGIC: Final = b"TRIILOG1"
SUFFIX: Final = ".trl"
_HEADER = struct.Struct("<8sQ")
_FRAME = struct.Struct("<II")
_HEAD = struct.Struct("<BI")
_COUNT = struct.Struct("<I")
_KEY, _BARS, _TRADES = 1, 2, 3
_BAR_BYTES, _TRADE_BYTES = 48, 25
RECORD_ROWS: Final = 65_536


@dataclass(slots=True)
class Replayed:
    """What one file of the log held.

    torn_bytes : dropped at the end, a record that was being written when the process ended
    n_damaged : records in the middle whose checksum failed
    is_odd : more is wrong than a kill while writing explains, so the file is worth keeping
    """

    generation: int
    rows: list[tuple[SeriesKey, Rows]] = field(default_factory=list)
    whole_bytes: int = 0
    torn_bytes: int = 0
    n_damaged: int = 0
    is_odd: bool = False


class LogFile:
    """One generation open for appending; used by the log's thread alone."""

    def __init__(self, folder: Path, generation: int) -> None:
        self.generation = generation
        self.path = log_path(folder, generation)
        self.n_bytes = 0
        self._keys: dict[SeriesKey, int] = {}
        self._descriptor = -1

    def create(self) -> None:
        """Make the file and its name durable. Raises Unavailable."""
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
            self._write_all(_HEADER.pack(MAGIC, self.generation))
            os.fsync(self._descriptor)
            sync_folder(self.path.parent)
        except OSError as e:
            self.close()
            raise explain_os_error(e, "open the log of live bars", self.path) from e
        self.n_bytes = _HEADER.size
        reach("log.created")

    def append(self, entries: Iterable[tuple[SeriesKey, Rows]]) -> None:
        """Write rows and make them durable. On Unavailable the file is as before and the same entries may be given again."""
        keys_before = dict(self._keys)
        written = 0
        try:
            for chunk in self._encode(entries):
                self._write_all(chunk)
                written += len(chunk)
                reach("log.written")
            os.fsync(self._descriptor)
        except OSError as e:
            self._keys = keys_before
            self._go_back()
            raise explain_os_error(e, "save live bars", self.path) from e
        self.n_bytes += written
        reach("log.synced")

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _go_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self.n_bytes)
            os.lseek(self._descriptor, self.n_bytes, os.SEEK_SET)
        except OSError as e:
            raise Unavailable(
                f"{self.path} can be neither written nor shortened: {e.strerror or e}.",
                hint="Check the disk; live bars stay in memory until then.",
                code="log.broken",
            ) from e

    def _write_all(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def _encode(self, entries: Iterable[tuple[SeriesKey, Rows]]) -> Iterable[bytes]:
        """Records of about a megabyte at a time."""
        chunk: list[bytes] = []
        n_bytes = 0
        for key, rows in _together(entries):
            key_id = self._keys.get(key)
            if key_id is None:
                key_id = self._keys[key] = len(self._keys)
                chunk.append(_framed(_HEAD.pack(_KEY, key_id) + "\0".join(key).encode()))
            for start in range(0, len(rows), RECORD_ROWS):
                record = _framed(_payload(key_id, rows[start : start + RECORD_ROWS]))
                chunk.append(record)
                n_bytes += len(record)
            if n_bytes > 1 << 20:
                yield b"".join(chunk)
                chunk, n_bytes = [], 0
        if chunk:
            yield b"".join(chunk)


def _together(entries: Iterable[tuple[SeriesKey, Rows]]) -> Iterable[tuple[SeriesKey, Rows]]:
    """Small pieces of one key as one: a record costs as much as a hundred rows, and a feed brings a few rows at a time."""
    pieces: dict[SeriesKey, list[Rows]] = {}
    n_rows: dict[SeriesKey, int] = {}
    for key, rows in entries:
        pieces.setdefault(key, []).append(rows)
        n_rows[key] = n_rows.get(key, 0) + len(rows)
        if n_rows[key] >= RECORD_ROWS:
            del n_rows[key]
            yield key, concat_rows(pieces.pop(key))
    for key, rest in pieces.items():
        yield key, concat_rows(rest)


def log_path(folder: Path, generation: int) -> Path:
    """Where a generation of the log lies."""
    return folder / f"log-{generation:012d}{SUFFIX}"


def list_logs(folder: Path) -> list[tuple[int, Path]]:
    """Generations on disk with their files, oldest first."""
    found = []
    for path in folder.glob(f"log-*{SUFFIX}"):
        number = path.stem.removeprefix("log-")
        if number.isdigit():
            found.append((int(number), path))
    return sorted(found)


def replay(path: Path, generation: int) -> Replayed:
    """Read a file of the log up to its last whole record. Raises CorruptData when its head is not ours, Unavailable."""
    try:
        content = path.read_bytes()
    except OSError as e:
        raise explain_os_error(e, "read the log of live bars", path) from e
    found = Replayed(generation)
    if len(content) < _HEADER.size:  # killed while the file was being made
        found.torn_bytes = len(content)
        return found
    magic, number = _HEADER.unpack_from(content)
    if magic != MAGIC or number != generation:
        raise CorruptData(f"{path} does not begin like a log of live bars of generation {generation}.", code="log.head")
    keys: dict[int, SeriesKey] = {}
    at = _HEADER.size
    while at < len(content):
        length = _whole_record(content, at)
        if length is not None:
            _decode(memoryview(content)[at + _FRAME.size : at + _FRAME.size + length], keys, found)
        else:
            length = _skippable_record(content, at)
            if length is None:
                break
            found.n_damaged += 1
        at += _FRAME.size + length
    found.whole_bytes = at
    found.torn_bytes = len(content) - at
    found.is_odd = found.n_damaged > 0 or _is_whole_but_wrong(content, at)
    return found


def truncate(path: Path, n_bytes: int) -> None:
    """Drop a torn end, durably. Raises Unavailable."""
    try:
        with path.open("r+b") as file:
            file.truncate(n_bytes)
            os.fsync(file.fileno())
    except OSError as e:
        raise explain_os_error(e, "shorten the log of live bars", path) from e


def _framed(payload: bytes) -> bytes:
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def _payload(key_id: int, rows: Rows) -> bytes:
    columns: list[npt.NDArray[Any]]
    if isinstance(rows, TradeArrays):
        kind, columns = _TRADES, [rows.event_ns, rows.price, rows.quantity, rows.aggressor]
    else:
        kind, columns = _BARS, [rows.event_ns, *rows.columns()]
    little = [np.ascontiguousarray(c, c.dtype.newbyteorder("<")).tobytes() for c in columns]
    return b"".join((_HEAD.pack(kind, key_id), _COUNT.pack(len(rows)), *little))


def _whole_record(content: bytes, at: int) -> int | None:
    """Length of the payload at ``at`` when it is whole and its checksum holds."""
    if at + _FRAME.size > len(content):
        return None
    length, crc = _FRAME.unpack_from(content, at)
    start = at + _FRAME.size
    if length < _HEAD.size or start + length > len(content):
        return None
    return length if zlib.crc32(memoryview(content)[start : start + length]) == crc else None


def _skippable_record(content: bytes, at: int) -> int | None:
    """Length of a damaged payload that is followed by a whole record, else None: then it is the torn end."""
    if at + _FRAME.size > len(content):
        return None
    length, _ = _FRAME.unpack_from(content, at)
    after = at + _FRAME.size + length
    return length if after < len(content) and _whole_record(content, after) is not None else None


def _is_whole_but_wrong(content: bytes, at: int) -> bool:
    """Whether the record at ``at`` has all its bytes, so that being cut short is not what is wrong with it."""
    if at + _FRAME.size > len(content):
        return False
    return at + _FRAME.size + int(_FRAME.unpack_from(content, at)[0]) <= len(content)


def _decode(payload: memoryview, keys: dict[int, SeriesKey], found: Replayed) -> None:
    kind, key_id = _HEAD.unpack_from(payload)
    body = payload[_HEAD.size :]
    if kind == _KEY:
        instrument, spec, source = bytes(body).decode().split("\0")
        keys[key_id] = SeriesKey(instrument, spec, source)
        return
    (n_rows,) = _COUNT.unpack_from(body)
    width = _BAR_BYTES if kind == _BARS else _TRADE_BYTES
    if kind not in {_BARS, _TRADES} or key_id not in keys or len(body) != _COUNT.size + n_rows * width:
        found.n_damaged += 1
        return
    found.rows.append((keys[key_id], _rows(body[_COUNT.size :], n_rows, is_trades=kind == _TRADES)))


def _rows(body: memoryview, n_rows: int, *, is_trades: bool) -> Rows:
    n_floats = 2 if is_trades else 5
    event_ns = np.frombuffer(body, "<i8", n_rows).astype(np.int64)
    floats = np.frombuffer(body, "<f8", n_rows * n_floats, 8 * n_rows).astype(np.float64).reshape(n_floats, n_rows)
    if is_trades:
        return TradeArrays(event_ns, floats[0], floats[1], np.frombuffer(body, np.int8, n_rows, 24 * n_rows).copy())
    return BarArrays(event_ns, floats[0], floats[1], floats[2], floats[3], floats[4])
