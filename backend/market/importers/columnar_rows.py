"""Parquet and Arrow files into rows, batch after batch within bounded memory.

Both formats are read in this process: 25,000 mutated files of each were read without a crash, as long as every batch
of an Arrow file is validated in full before use and Parquet's metadata is bounded (docs/decisions/0031-foreign-files.md).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from backend.errors import InvalidInput
from backend.market.importers.arrow_rows import NotVectorised, block_of_columns
from backend.market.importers.cell_rows import Cell, block_of_cells
from backend.market.importers.limits import BATCH_ROWS, COLUMNS_MAX, MIB, ROW_TEXT_MAX
from backend.market.importers.plan import FileFormat, Role
from backend.market.importers.row_blocks import Reading, RowBlock
from backend.market.importers.text_rows import Stopped

FILE_MAGIC: Final = b"ARROW1"
PARQUET_MAGIC: Final = b"PAR1"
_STRINGS_MAX: Final = 16 * MIB
_CONTAINERS_MAX: Final = 1_000_000
_ERRORS: Final = (pa.ArrowException, OSError, OverflowError, UnicodeDecodeError, MemoryError, ValueError, KeyError, IndexError)

_SLOW_ROWS: Final = 256
_SPLIT_WAYS: Final = 8

ReadBatches: TypeAlias = Callable[[list[int] | None, int], Iterator[pa.RecordBatch]]


@dataclass(slots=True)
class ColumnarTable:
    """An open Parquet or Arrow file: its schema, how many rows it claims, and its batches.

    read : batches of the columns at these places (None for all), of at most so many rows
    n_rows : None where the format does not say
    """

    schema: pa.Schema
    n_rows: int | None
    read: ReadBatches


@contextmanager
def open_columnar(file: IO[bytes], format_: FileFormat, name: str) -> Iterator[ColumnarTable]:
    """Open a Parquet or Arrow file. Raises InvalidInput for what is neither, or broken."""
    with _explained(name):
        table = _open_parquet(file, name) if format_ is FileFormat.PARQUET else _open_arrow(file, name)
        if len(table.schema.names) > COLUMNS_MAX:  # names that are no text are found here
            raise InvalidInput(
                f"{name} has {len(table.schema)} columns.", hint=f"At most {COLUMNS_MAX} are read.", code="import.too_many_columns"
            )
    yield table


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except _ERRORS as e:
        words = str(e).partition("\n")[0][:200] or type(e).__name__
        raise InvalidInput(
            f"{name} is damaged: {words}.", hint="Write the file again and import that one.", code="import.damaged"
        ) from e


def _open_parquet(file: IO[bytes], name: str) -> ColumnarTable:
    parquet = pq.ParquetFile(
        file, thrift_string_size_limit=_STRINGS_MAX, thrift_container_size_limit=_CONTAINERS_MAX, page_checksum_verification=True
    )

    def read(columns: list[int] | None, batch_rows: int) -> Iterator[pa.RecordBatch]:
        schema = parquet.schema_arrow
        names = None if columns is None else [schema.names[i] for i in columns]
        with _explained(name):
            for batch in parquet.iter_batches(batch_rows, columns=names, use_threads=True):
                batch.validate(full=True)
                yield batch if columns is None else batch.select([schema.names[i] for i in columns])

    if len(set(parquet.schema_arrow.names)) != len(parquet.schema_arrow.names):
        raise ValueError("two columns have one name")
    return ColumnarTable(parquet.schema_arrow, parquet.metadata.num_rows, read)


def _open_arrow(file: IO[bytes], name: str) -> ColumnarTable:
    head = file.read(len(FILE_MAGIC))
    file.seek(0)
    if head == FILE_MAGIC:
        random = pa.ipc.open_file(file)
        return ColumnarTable(random.schema, None, _checked(lambda: map(random.get_batch, range(random.num_record_batches)), name))
    stream = pa.ipc.open_stream(file)
    return ColumnarTable(stream.schema, None, _checked(lambda: iter(stream), name))


def _checked(
    batches: Callable[[], Iterator[pa.RecordBatch]], name: str
) -> Callable[[list[int] | None, int], Iterator[pa.RecordBatch]]:
    def read(columns: list[int] | None, batch_rows: int) -> Iterator[pa.RecordBatch]:
        with _explained(name):
            for batch in batches():
                batch.validate(full=True)
                for start in range(0, batch.num_rows, batch_rows):
                    piece = batch.slice(start, batch_rows)
                    yield piece if columns is None else piece.select(columns)

    return read


@dataclass(slots=True)
class ColumnarReader:
    """Reads the rows of an open Parquet or Arrow file; ``file`` tells how far reading has come."""

    table: ColumnarTable
    file: IO[bytes]
    reading: Reading
    stop: Callable[[], bool]
    size_bytes: int

    def blocks(self) -> Iterator[RowBlock]:
        """Every row, in file order; rows are numbered from 1."""
        places = sorted(set(self.reading.places.values()))
        row = 1
        for batch in self.table.read(places, BATCH_ROWS):
            if self.stop():
                raise Stopped
            for block in self._blocks(batch, places, row):
                block.done_bytes = self._done(row + batch.num_rows)
                yield block
            row += batch.num_rows

    def _blocks(self, batch: pa.RecordBatch, places: list[int], first_row: int) -> Iterator[RowBlock]:
        """The rows of a batch; where whole columns cannot be read, ever smaller parts are tried, the last exactly."""
        lines = np.arange(first_row, first_row + batch.num_rows, dtype=np.int64)
        text = partial(_row_text, batch)
        columns = {role: pa.chunked_array([batch.column(places.index(p))]) for role, p in self.reading.places.items()}
        try:
            yield block_of_columns(columns, lines, self.reading, text)
        except NotVectorised:
            if batch.num_rows > _SLOW_ROWS:
                size = max(batch.num_rows // _SPLIT_WAYS, _SLOW_ROWS)
                for start in range(0, batch.num_rows, size):
                    yield from self._blocks(batch.slice(start, size), places, first_row + start)
                return
            rows = [[_cell(value) for value in _row(batch, i)] for i in range(batch.num_rows)]
            yield block_of_cells(rows, lines, _compact(self.reading, places), text)

    def _done(self, row: int) -> int:
        if self.table.n_rows:
            return min(self.size_bytes, self.size_bytes * (row - 1) // self.table.n_rows)
        return min(self.size_bytes, self.file.tell())


def _row_text(batch: pa.RecordBatch, i: int) -> str:
    return ", ".join(str(cell) for cell in _row(batch, i))[:ROW_TEXT_MAX]


def _compact(reading: Reading, places: list[int]) -> Reading:
    """The same reading over only the columns that were read."""
    moved: dict[Role, int] = {role: places.index(place) for role, place in reading.places.items()}
    return Reading.make(reading.dialect, moved, len(places), reading.symbol)


def _row(batch: pa.RecordBatch, i: int) -> list[Any]:
    return [_value(column, i) for column in batch.columns]


def _value(column: pa.Array, i: int) -> Any:
    if pa.types.is_timestamp(column.type):
        return _time_text(column[i])
    try:
        return column[i].as_py()
    except (ValueError, OverflowError):  # a value that Arrow can hold and Python cannot
        return f"<{column.type}>"


def _time_text(cell: Any) -> str | None:
    """A timestamp as ISO text with all its digits; the offset is UTC's where it tells an instant."""
    if not cell.is_valid:
        return None
    unit = cell.type.unit
    return f"{np.datetime64(cell.value, unit)}" + ("Z" if cell.type.tz is not None else "")


def _cell(value: Any) -> Cell:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def head_rows(table: ColumnarTable, n_rows: int) -> list[list[str]]:
    """The first rows as text, for recognising the table. Raises InvalidInput."""
    rows: list[list[str]] = []
    for batch in table.read(None, n_rows):
        piece = batch.slice(0, n_rows - len(rows))
        rows.extend(["" if cell is None else str(cell) for cell in _row(piece, i)] for i in range(piece.num_rows))
        if len(rows) >= n_rows:
            break
    return rows
