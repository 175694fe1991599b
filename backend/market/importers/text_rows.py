"""Delimited text into rows: blocks by the columnar parser, and exactly line by line where that refuses one."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from backend.domain.bars import Int64s
from backend.market.importers.arrow_rows import NotVectorised, block_of_columns
from backend.market.importers.cell_rows import block_of_cells
from backend.market.importers.containers import ByteSource
from backend.market.importers.limits import BLOCK_BYTES, LINE_BYTES_MAX, MIB, ROW_TEXT_MAX
from backend.market.importers.line_blocks import LineBlock, read_blocks
from backend.market.importers.numbers import MISSING_WORDS
from backend.market.importers.plan import Role, TimeForm
from backend.market.importers.row_blocks import Reading, RowBlock

_CHUNK_BYTES: Final = 2 * MIB
_SLOW_LINES: Final = 256
_SPLIT_WAYS: Final = 8
_BLANKS: Final = re.compile(rb"[ \t]+")
_EDGES: Final = re.compile(rb"^[ \t]+|[ \t\r]+$", re.MULTILINE)


class Stopped(Exception):
    """The import was cancelled."""


@dataclass(slots=True)
class TextReader:
    """Reads the rows of a delimited text table.

    stop : asked between pieces of work; True ends the reading with `Stopped`
    is_exact_only : read every line one by one, as the columnar path must agree with it
    first_line : of the source's first byte; above 1 when only a grown file's tail is read
    """

    source: ByteSource
    reading: Reading
    stop: Callable[[], bool]
    block_bytes: int = BLOCK_BYTES
    is_exact_only: bool = False
    first_line: int = 1

    def blocks(self) -> Iterator[RowBlock]:
        """Every row, in file order."""
        dialect = self.reading.dialect
        for block in read_blocks(self.source, dialect.encoding, dialect.newline, block_bytes=self.block_bytes):
            placed = LineBlock(block.content, block.first_line + self.first_line - 1, block.n_lines)
            rest = _after(placed, dialect.first_row)
            if rest is None:
                continue
            for rows in self._rows(rest):
                rows.done_bytes = self.source.done_bytes
                yield rows

    def _rows(self, block: LineBlock) -> Iterator[RowBlock]:
        """The rows of a block; where the columnar parser balks, ever smaller parts are tried, the last exactly."""
        if self.stop():
            raise Stopped
        if not self.is_exact_only:
            try:
                yield read_columnar(block, self.reading)
            except NotVectorised:
                pass
            else:
                return
        if block.n_lines <= _SLOW_LINES:
            yield read_exactly(block, self.reading)
            return
        for part in _parts(block):
            yield from self._rows(part)


def _after(block: LineBlock, first_row: int) -> LineBlock | None:
    """The block without lines before ``first_row``; None where nothing is left."""
    n_skipped = first_row - block.first_line
    if n_skipped <= 0:
        return block
    if n_skipped >= block.n_lines:
        return None
    start = 0
    for _ in range(n_skipped):
        start = block.content.find(b"\n", start) + 1
    return LineBlock(block.content[start:], first_row, block.n_lines - n_skipped)


def _parts(block: LineBlock) -> Iterator[LineBlock]:
    content, line = block.content, block.first_line
    size = max(len(content) // _SPLIT_WAYS, 1)
    start = 0
    while start < len(content):
        end = content.find(b"\n", min(start + size, len(content) - 1)) + 1 or len(content)
        part = LineBlock.of(content[start:end], line)
        line += part.n_lines
        start = end
        yield part


def read_columnar(block: LineBlock, reading: Reading) -> RowBlock:
    """Read a block with the columnar parser. Raises NotVectorised where any line needs a closer look."""
    content = block.content
    if b"\r" in content and content.count(b"\r") != content.count(b"\r\n"):
        raise NotVectorised("a carriage return inside a line")
    if content.startswith(codecs.BOM_UTF8):
        raise NotVectorised("a byte order mark inside the file, which the parser would drop")
    if reading.dialect.time_form is not TimeForm.TEXT and (b"0x" in content or b"0X" in content):
        raise NotVectorised("hexadecimal numbers, which the parser would take")
    if reading.dialect.delimiter == " ":
        content = _BLANKS.sub(b" ", _EDGES.sub(b"", content))
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(content),
            read_options=pa_csv.ReadOptions(
                column_names=[f"c{i}" for i in range(reading.n_columns)], block_size=_CHUNK_BYTES, encoding="utf8"
            ),
            parse_options=pa_csv.ParseOptions(delimiter=reading.dialect.delimiter, quote_char='"', newlines_in_values=False),
            convert_options=_convert_options(reading),
        )
    except (pa.ArrowException, OverflowError, UnicodeDecodeError) as e:
        raise NotVectorised(str(e)) from e
    lines = _Lines(block)
    if table.num_rows == block.n_lines:
        numbers = np.arange(block.first_line, block.first_line + table.num_rows, dtype=np.int64)
    else:
        numbers = lines.filled
        if len(numbers) != table.num_rows:
            raise NotVectorised("rows that span lines")
    columns = {role: table.column(f"c{place}") for role, place in reading.places.items() if role in _wanted(reading)}
    return block_of_columns(columns, numbers, reading, lambda row: lines.text(int(numbers[row])))


def _wanted(reading: Reading) -> set[Role]:
    wanted = {Role.TIME, Role.CLOCK, *reading.value_places}
    return wanted | {Role.SYMBOL} if reading.symbol else wanted


def _convert_options(reading: Reading) -> pa_csv.ConvertOptions:
    types: dict[str, Any] = {}
    wanted = _wanted(reading)
    for role, place in reading.places.items():
        if role in wanted:
            types[f"c{place}"] = _type_of(role, reading)
    return pa_csv.ConvertOptions(
        column_types=types,
        include_columns=list(types),
        null_values=list(MISSING_WORDS),
        strings_can_be_null=False,
        decimal_point=reading.dialect.decimal,
        check_utf8=True,
    )


def _type_of(role: Role, reading: Reading) -> Any:
    dialect = reading.dialect
    if role in reading.value_places:
        return pa.string() if dialect.thousands else pa.float64()
    if role is not Role.TIME:
        return pa.string()
    if dialect.time_form is TimeForm.TEXT:
        if not dialect.is_iso:
            return pa.string()
        return pa.timestamp("ns" if dialect.has_fraction else "s", "UTC" if dialect.has_zone else None)
    is_whole = dialect.time_form is not TimeForm.EXCEL and not dialect.has_fraction
    return pa.int64() if is_whole else pa.float64()


@dataclass(slots=True)
class _Lines:
    """Finds lines of a block by number, indexing it when first asked."""

    block: LineBlock
    _starts: Int64s = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def starts(self) -> Int64s:
        """Byte offset of each line, and the end of the block."""
        if not len(self._starts):
            content = self.block.content
            ends = np.flatnonzero(np.frombuffer(content, np.uint8) == 10) + 1
            tail = [] if content.endswith(b"\n") else [len(content)]
            self._starts = np.concatenate(([0], ends, tail)).astype(np.int64)
        return self._starts

    @property
    def filled(self) -> Int64s:
        """Numbers of the lines that are not empty; one with only blanks counts as filled, as the parser has it."""
        lengths = np.diff(self.starts)
        content = self.block.content
        is_empty = lengths <= 1
        for i in np.flatnonzero(lengths == 2).tolist():
            is_empty[i] = content[int(self.starts[i])] == 13
        return (np.flatnonzero(~is_empty) + self.block.first_line).astype(np.int64)

    def text(self, line: int) -> str:
        """The words of a line, shortened."""
        i = line - self.block.first_line
        raw = self.block.content[int(self.starts[i]) : int(self.starts[i + 1])]
        return raw[: 4 * ROW_TEXT_MAX].decode("utf-8", "replace").rstrip("\r\n")[:ROW_TEXT_MAX]


def read_exactly(block: LineBlock, reading: Reading) -> RowBlock:
    """Read a block line by line."""
    rows: list[list[str]] = []
    numbers: list[int] = []
    texts: list[str] = []
    for line, raw in enumerate(block.content.split(b"\n"), start=block.first_line):
        words = raw.decode("utf-8", "replace").rstrip("\r")
        if not words.strip(" " if reading.dialect.delimiter == "\t" else None):
            continue
        rows.append(split_line(words, reading.dialect.delimiter) if len(raw) <= LINE_BYTES_MAX else [])
        numbers.append(line)
        texts.append(words[:ROW_TEXT_MAX])
    block_rows = block_of_cells(rows, np.array(numbers, np.int64), reading, texts.__getitem__)
    for i, text in enumerate(rows):
        if not text and i in block_rows.reasons:
            block_rows.reasons[i] = f"longer than {LINE_BYTES_MAX:,} bytes"
    return block_rows


def split_line(line: str, delimiter: str) -> list[str]:
    """The cells of one line; quotes may enclose a delimiter, and a quote that does not end is part of its cell."""
    if delimiter == " ":
        line = " ".join(line.split())
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)
