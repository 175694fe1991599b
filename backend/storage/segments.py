"""Segments: immutable Parquet files of bars or trades, written whole or not at all.

A segment holds rows of one or more series, sorted by (instrument, spec, source) and then by time. Its columns tell
everything, so any Parquet reader can use it without us:

    instrument, spec, source : dictionary strings      spec is "trade" for trades
    event_ns : int64                                   as in Bar and TradeArrays
    open, high, low, close, volume : float64           bars
    price, quantity : float64, aggressor : int8        trades

No name from outside ever becomes part of a path: files are named by kind, time and a random number.
"""

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from backend.clock import SystemClock
from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import CorruptData, Unavailable
from backend.storage.arrow_columns import column, text_column, values_of
from backend.storage.durable import explain_os_error, sync_folder
from backend.storage.faults import reach

SEGMENT_ROWS: Final = 262_144
"""Rows a segment may hold; measured in tests/benchmarks/bench_layout.py."""
ROW_GROUP_ROWS: Final = 32_768
TRADE_SPEC: Final = "trade"
SUFFIX: Final = ".parquet"
TEMPORARY_SUFFIX: Final = ".new"

BAR_COLUMNS: Final = ("open", "high", "low", "close", "volume")
TRADE_COLUMNS: Final = ("price", "quantity", "aggressor")

Rows: TypeAlias = BarArrays | TradeArrays


class SeriesKey(NamedTuple):
    """What rows of one kind belong together: an instrument's id, a spec's text and a source."""

    instrument: str
    spec: str
    source: str

    @classmethod
    def of(cls, series: Series, source: str) -> "SeriesKey":
        """The key of ``series`` as told by ``source``."""
        return cls(str(series.instrument), str(series.spec), source)

    @property
    def series(self) -> Series:
        """The series, for keys of bars."""
        return _series(self.instrument, self.spec)

    @property
    def is_trades(self) -> bool:
        """Whether the rows are trades rather than bars."""
        return self.spec == TRADE_SPEC


@lru_cache(maxsize=65_536)
def _series(instrument: str, spec: str) -> Series:
    return Series(InstrumentId.parse(instrument), BarSpec.parse(spec))


class Part(NamedTuple):
    """The rows of one key inside a segment: ``n_rows`` from ``first_row``, from ``first_ns`` to ``last_ns`` inclusive."""

    key: SeriesKey
    first_row: int
    n_rows: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One file and what it holds. ``id`` is its row in the manifest, 0 before it is listed there.

    kind : "bar", "trade" or "revision" (replaced bars, kept so that they can be restored)
    """

    name: str
    kind: str
    n_rows: int
    n_bytes: int
    sha256: bytes
    parts: tuple[Part, ...]
    id: int = 0


def write_segment(folder: Path, kind: str, rows: Sequence[tuple[SeriesKey, Rows]]) -> Segment:
    """Write ``rows``, each key once and none empty, as one durable file. Raises Unavailable when the disk is full."""
    ordered = sorted(rows, key=lambda keyed: keyed[0])
    sink = pa.BufferOutputStream()
    table = _table_of(ordered)
    columns = TRADE_COLUMNS if kind == "trade" else BAR_COLUMNS
    pq.write_table(
        table,
        sink,
        row_group_size=ROW_GROUP_ROWS,
        compression="lz4",
        use_dictionary=["instrument", "spec", "source"],
        column_encoding={"event_ns": "DELTA_BINARY_PACKED"} | {c: "BYTE_STREAM_SPLIT" for c in columns if c != "aggressor"},
        write_page_checksum=True,
        store_schema=False,
    )
    content = sink.getvalue()
    name = f"{kind}-{SystemClock().now_ns():016x}-{secrets.token_hex(4)}{SUFFIX}"
    _write_file(folder / name, memoryview(content))
    return Segment(name, kind, table.num_rows, len(content), hashlib.sha256(content).digest(), _parts_of(ordered))


def read_part(folder: Path, segment: Segment, part: Part) -> Rows:
    """The rows of one part. Raises CorruptData for a missing, short or damaged file."""
    first = part.first_row // ROW_GROUP_ROWS
    last = (part.first_row + part.n_rows - 1) // ROW_GROUP_ROWS
    columns = ["event_ns", *(TRADE_COLUMNS if part.key.is_trades else BAR_COLUMNS)]
    table = _read(folder / segment.name, list(range(first, last + 1)), columns)
    if table.num_rows < part.first_row - first * ROW_GROUP_ROWS + part.n_rows:
        raise CorruptData(f"{segment.name} has fewer rows than the manifest says.", code="segment.short")
    rows = rows_of(table.slice(part.first_row - first * ROW_GROUP_ROWS, part.n_rows), is_trades=part.key.is_trades)
    if rows.event_ns[0] != part.first_ns or rows.event_ns[-1] != part.last_ns:
        raise CorruptData(f"{segment.name} holds other times than the manifest says.", code="segment.times")
    return rows


def read_all(folder: Path, segment: Segment) -> list[tuple[SeriesKey, Rows]]:
    """Every part of a segment with its key, in file order. Raises CorruptData."""
    is_trades = segment.kind == "trade"
    columns = ["event_ns", *(TRADE_COLUMNS if is_trades else BAR_COLUMNS)]
    table = _read(folder / segment.name, None, columns)
    if table.num_rows != segment.n_rows:
        raise CorruptData(f"{segment.name} has {table.num_rows} rows, not {segment.n_rows}.", code="segment.short")
    return [(p.key, rows_of(table.slice(p.first_row, p.n_rows), is_trades=is_trades)) for p in segment.parts]


def check_segment(folder: Path, segment: Segment) -> None:
    """Compare a file with the hash it was written under. Raises CorruptData."""
    path = folder / segment.name
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").digest()
    except OSError as e:
        raise CorruptData(f"{path} cannot be read: {e.strerror or e}.", code="segment.unreadable") from e
    if found != segment.sha256:
        raise CorruptData(f"{path} is not the file that was written: its hash differs.", code="segment.hash")


def describe_file(path: Path) -> Segment:
    """Read back what a file of unknown content holds, to list it in a manifest anew. Raises CorruptData."""
    kind = path.name.partition("-")[0]
    table = _read(path, None, ["instrument", "spec", "source", "event_ns"])
    starts, keys = _key_runs(table)
    event_ns = values_of(table, "event_ns", np.int64)
    ends = [*starts[1:], table.num_rows]
    parts = tuple(
        Part(key, start, end - start, int(event_ns[start]), int(event_ns[end - 1]))
        for key, start, end in zip(keys, starts, ends, strict=True)
    )
    content = path.read_bytes()
    return Segment(path.name, kind, table.num_rows, len(content), hashlib.sha256(content).digest(), parts)


def rows_of(table: pa.Table, *, is_trades: bool) -> Rows:
    """Columns of a table as arrays."""
    event_ns = values_of(table, "event_ns", np.int64)
    if is_trades:
        price, quantity = (values_of(table, name, np.float64) for name in ("price", "quantity"))
        return TradeArrays(event_ns, price, quantity, values_of(table, "aggressor", np.int8))
    return BarArrays(event_ns, *(values_of(table, name, np.float64) for name in BAR_COLUMNS))


def columns_of(rows: Rows) -> dict[str, Any]:
    """Arrays by column name, event_ns first."""
    names = TRADE_COLUMNS if isinstance(rows, TradeArrays) else BAR_COLUMNS
    return {"event_ns": rows.event_ns} | {name: getattr(rows, name) for name in names}


def concat_rows(pieces: Sequence[Rows]) -> Rows:
    """Pieces of one kind, at least one, one after the other."""
    if len(pieces) == 1:
        return pieces[0]
    columns = [columns_of(piece) for piece in pieces]
    joined = {name: np.concatenate([c[name] for c in columns]) for name in columns[0]}
    return TradeArrays(**joined) if isinstance(pieces[0], TradeArrays) else BarArrays(**joined)


def in_order(rows: Rows) -> Rows:
    """Trades by time, equal times as they came; bars are in order wherever they are kept."""
    if isinstance(rows, BarArrays) or bool(np.all(rows.event_ns[1:] >= rows.event_ns[:-1])):
        return rows
    order = np.argsort(rows.event_ns, kind="stable")
    return TradeArrays(rows.event_ns[order], rows.price[order], rows.quantity[order], rows.aggressor[order])


def _read(path: Path, row_groups: list[int] | None, columns: list[str]) -> pa.Table:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if row_groups is None:
                return file.read(columns=columns)
            if row_groups[-1] >= file.num_row_groups:
                raise CorruptData(f"{path} has fewer rows than the manifest says.", code="segment.short")
            return file.read_row_groups(row_groups, columns=columns)
    except FileNotFoundError as e:
        raise CorruptData(f"{path} is missing.", code="segment.missing") from e
    except PermissionError as e:
        raise Unavailable(f"{path} may not be read.", hint="Check the permissions of the folder.", code="segment.denied") from e
    except (OSError, pa.ArrowException, KeyError, ValueError) as e:
        raise CorruptData(f"{path} is damaged: {e}.", code="segment.damaged") from e


def _write_file(path: Path, content: memoryview) -> None:
    temporary = path.with_suffix(TEMPORARY_SUFFIX)
    try:
        with temporary.open("xb") as file:
            file.write(content)
            reach("segment.written")
            file.flush()
            os.fsync(file.fileno())
        reach("segment.synced")
        temporary.replace(path)
        reach("segment.renamed")
        sync_folder(path.parent)
    except OSError as e:
        temporary.unlink(missing_ok=True)
        raise explain_os_error(e, "write a segment of market data", path) from e


def _table_of(ordered: Sequence[tuple[SeriesKey, Rows]]) -> pa.Table:
    counts = [len(rows) for _, rows in ordered]
    columns = {name: text_column([key[place] for key, _ in ordered], counts) for place, name in enumerate(SeriesKey._fields)}
    joined = columns_of(concat_rows([rows for _, rows in ordered]))
    columns |= {name: column(values) for name, values in joined.items()}
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def _parts_of(ordered: Sequence[tuple[SeriesKey, Rows]]) -> tuple[Part, ...]:
    parts, row = [], 0
    for key, rows in ordered:
        parts.append(Part(key, row, len(rows), int(rows.event_ns[0]), int(rows.event_ns[-1])))
        row += len(rows)
    return tuple(parts)


def _key_runs(table: pa.Table) -> tuple[list[int], list[SeriesKey]]:
    columns = [table[name].to_pylist() for name in SeriesKey._fields]
    starts: list[int] = []
    keys: list[SeriesKey] = []
    for row, key in enumerate(zip(*columns, strict=True)):
        if not keys or keys[-1] != key:
            starts.append(row)
            keys.append(SeriesKey(*key))
    return starts, keys
