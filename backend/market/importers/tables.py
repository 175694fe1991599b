"""Opens tables of every format: samples of them to recognise, readers of all their rows to import."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Final

from backend.errors import InvalidInput, NotFound
from backend.market.importers.columnar_rows import (
    FILE_MAGIC,
    PARQUET_MAGIC,
    ColumnarReader,
    head_rows,
    open_columnar,
)
from backend.market.importers.containers import Place, open_place, open_seekable
from backend.market.importers.json_rows import JsonReader, JsonTable, find_shape, load_tables, sample_elements
from backend.market.importers.limits import SAMPLE_BYTES, SAMPLE_ROWS
from backend.market.importers.line_blocks import check_encoding, decode_head, find_newline, guess_encoding
from backend.market.importers.plan import Choices, Dialect, FileFormat, ImportPlan, PlanNote
from backend.market.importers.row_blocks import Reading, RowReader
from backend.market.importers.sample import TableSample, cut_rows, cut_text
from backend.market.importers.sheet_rows import SheetReader, cells_as_text, sheet_frames
from backend.market.importers.text_rows import TextReader

_STREAM_MAGIC: Final = b"\xff\xff\xff\xff"
_OLE_MAGIC: Final = b"\xd0\xcf\x11\xe0"
_ZIP_MAGIC: Final = b"PK\x03\x04"
_KNOWN_OTHERS: Final = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "an SQLite database",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"\x89HDF": "an HDF5 file",
    b"FEA1": "a Feather file of version 1",
}


@dataclass(slots=True)
class TableHead:
    """What is seen of one table before it is read: where it lies, how it is written, its first rows."""

    place: Place
    inside: tuple[str, ...]
    format: FileFormat
    dialect: Dialect
    sample: TableSample

    @property
    def label(self) -> str:
        """The innermost name that may tell the instrument: of the sheet, the key, the member or the file."""
        return self.inside[-1] if len(self.inside) > len(self.place.inside) else self.place.file_name


def find_format(head: bytes, name: str) -> FileFormat:
    """The format by a file's first bytes. Raises InvalidInput for what is known to hold no table."""
    if head.startswith(PARQUET_MAGIC):
        return FileFormat.PARQUET
    if head.startswith((FILE_MAGIC, _STREAM_MAGIC)):
        return FileFormat.ARROW
    if head.startswith((_ZIP_MAGIC, _OLE_MAGIC)):
        return FileFormat.XLSX
    for magic, words in _KNOWN_OTHERS.items():
        if head.startswith(magic):
            raise InvalidInput(
                f"{name} is {words}.",
                hint="Import CSV, TSV, TXT, Parquet, Arrow, JSON, XLSX, or a zip or gz of them.",
                code="import.not_a_table",
            )
    text = head[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith((b"[", b"{")) or head[:64].replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n").startswith((b"[{", b"[[", b'{"')):
        return FileFormat.JSON
    return FileFormat.TEXT


def read_heads(place: Place, choices: Choices) -> list[TableHead]:
    """Every table of one file or member, by its first rows. Raises InvalidInput where there is none."""
    with open_place(place) as source:
        head = source.read(SAMPLE_BYTES)
    if not head:
        raise InvalidInput(f"{place} is empty.", hint="Choose a file that holds bars.", code="import.empty")
    format_ = find_format(head, str(place))
    if format_ in {FileFormat.PARQUET, FileFormat.ARROW}:
        return [_columnar_head(place, format_)]
    if format_ is FileFormat.XLSX:
        return _sheet_heads(place, choices)
    encoding = choices.encoding and check_encoding(choices.encoding)
    guess = guess_encoding(head)
    dialect = Dialect(encoding=encoding or guess.name)
    reason = "chosen" if encoding else guess.reason
    note = PlanNote("encoding", dialect.encoding, reason, guess.is_sure or encoding is not None)
    is_json = format_ is FileFormat.JSON
    heads = _json_heads(place, head, dialect) if is_json else [_text_head(place, head, dialect, choices)]
    for table in heads:
        table.sample.notes.insert(0, note)
    return heads


def _text_head(place: Place, head: bytes, dialect: Dialect, choices: Choices) -> TableHead:
    text = decode_head(head, dialect.encoding)
    is_whole = len(head) < SAMPLE_BYTES
    tail = "" if is_whole else decode_head(_tail_of(place, dialect), dialect.encoding)
    sample = cut_text(text.removeprefix("\ufeff"), tail, choices, is_whole=is_whole)
    return TableHead(place, place.inside, FileFormat.TEXT, replace(dialect, newline=find_newline(text)), sample)


def _tail_of(place: Place, dialect: Dialect) -> bytes:
    """The end of a plain file; nothing of a packed one, whose end costs reading it all."""
    with open_place(place) as source:
        file = getattr(source, "file", None)
        if file is None or dialect.encoding.startswith(("utf-16", "utf-32")):
            return b""
        size = file.seek(0, 2)
        file.seek(max(SAMPLE_BYTES, size - SAMPLE_BYTES // 4))
        return source.read(SAMPLE_BYTES // 4)


def _columnar_head(place: Place, format_: FileFormat) -> TableHead:
    with open_seekable(place) as file, open_columnar(file, format_, str(place)) as table:
        rows = head_rows(table, SAMPLE_ROWS)
        names = tuple(str(name) for name in table.schema.names)
    sample = TableSample(format_, names, rows)
    return TableHead(place, place.inside, format_, Dialect(header_row=0, first_row=1), sample)


def _sheet_heads(place: Place, choices: Choices) -> list[TableHead]:
    rows: dict[int, list[list[str]]] = {}
    with sheet_frames(place, sheet=None, rows_max=SAMPLE_ROWS) as (names, frames):
        for frame in frames:
            rows.setdefault(frame.sheet, []).extend(cells_as_text(frame.rows))
    heads = []
    problem: InvalidInput | None = None
    for i, name in enumerate(names):
        try:
            sample = cut_rows(rows.get(i, []), FileFormat.XLSX, choices)
        except InvalidInput as e:  # a sheet of notes beside one of bars is no reason to refuse the workbook
            problem = e
            continue
        dialect = Dialect(header_row=sample.header_row, first_row=sample.first_row)
        heads.append(TableHead(place, (*place.inside, name), FileFormat.XLSX, dialect, sample))
    if not heads:
        raise problem or InvalidInput(f"{place} has no sheets.", hint="Choose a file that holds bars.", code="import.empty")
    return heads


def _json_heads(place: Place, head: bytes, dialect: Dialect) -> list[TableHead]:
    shape = find_shape(decode_head(head, dialect.encoding).removeprefix("\ufeff").encode())
    plain = replace(dialect, header_row=0, first_row=1)
    if shape.way != "whole":
        with open_place(place) as source:
            rows = sample_elements(source, shape, dialect.encoding, SAMPLE_ROWS)
        return [TableHead(place, place.inside, FileFormat.JSON, plain, TableSample(FileFormat.JSON, shape.columns, rows))]
    with open_place(place) as source:
        tables = load_tables(source, dialect.encoding)
    if not tables:
        raise InvalidInput(
            f"{place} holds no table: no list of records, no columns of equal length were found.",
            hint='Write it as a list of records such as {"time": …, "close": …}.',
            code="import.no_columns",
        )
    return [_json_head(place, table, plain) for table in tables]


def _json_head(place: Place, table: JsonTable, dialect: Dialect) -> TableHead:
    rows = cells_as_text(table.rows[:SAMPLE_ROWS])
    tail = cells_as_text(table.rows[-100:]) if len(table.rows) > SAMPLE_ROWS else []
    sample = TableSample(FileFormat.JSON, table.columns, rows, tail)
    return TableHead(place, (*place.inside, *table.keys), FileFormat.JSON, dialect, sample)


@contextmanager
def open_rows(plan: ImportPlan, stop: Callable[[], bool]) -> Iterator[RowReader]:
    """A reader of every row of a plan's table. Raises NotFound, Unavailable, InvalidInput."""
    reading = Reading.of(plan)
    place = place_of(plan)
    with ExitStack() as stack:
        if plan.format in {FileFormat.PARQUET, FileFormat.ARROW}:
            file = stack.enter_context(open_seekable(place))
            table = stack.enter_context(open_columnar(file, plan.format, str(place)))
            yield ColumnarReader(table, file, reading, stop, plan.size_bytes)
        elif plan.format is FileFormat.XLSX:
            names, frames = stack.enter_context(sheet_frames(place, sheet=plan.inside[-1], rows_max=None))
            if plan.inside[-1] not in names:
                raise NotFound(f"{plan.path} has no sheet {plan.inside[-1]!r} any more.", hint="Look at it again.")
            yield SheetReader(frames, reading, stop, plan.size_bytes)
        elif plan.format is FileFormat.JSON:
            yield _json_reader(plan, place, reading, stop, stack)
        else:
            yield TextReader(stack.enter_context(open_place(place)), reading, stop)


def place_of(plan: ImportPlan) -> Place:
    """The file or member in which a plan's table lies."""
    n_own = plan.n_inside
    return Place(plan.path, plan.inside[: len(plan.inside) - n_own], plan.size_bytes)


def _json_reader(plan: ImportPlan, place: Place, reading: Reading, stop: Callable[[], bool], stack: ExitStack) -> JsonReader:
    with open_place(place) as source:
        head = source.read(SAMPLE_BYTES)
    shape = find_shape(decode_head(head, plan.dialect.encoding).removeprefix("\ufeff").encode())
    source = stack.enter_context(open_place(place))
    if shape.way != "whole":
        return JsonReader(source, shape, reading, plan.dialect.encoding, stop)
    keys = plan.inside[len(place.inside) :]
    table = next((found for found in load_tables(source, plan.dialect.encoding) if found.keys == keys), None)
    if table is None:
        raise NotFound(f"{plan.name} is not in the document any more.", hint="Look at it again.", code="import.changed")
    return JsonReader(source, shape, reading, plan.dialect.encoding, stop, table)
