"""JSON into rows: records, arrays, columns and the shapes of common services, element by element where it can be."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from backend.errors import InvalidInput
from backend.market.importers.cell_rows import Cell, block_of_cells
from backend.market.importers.columns import known_name
from backend.market.importers.containers import ByteSource
from backend.market.importers.limits import COLUMNS_MAX, JSON_WHOLE_BYTES_MAX, MIB, ROW_TEXT_MAX, SYMBOLS_MAX
from backend.market.importers.line_blocks import read_blocks, utf8_pieces
from backend.market.importers.row_blocks import Reading, RowBlock
from backend.market.importers.text_rows import Stopped

PIECE_BYTES: Final = 2 * MIB
_ELEMENT_BYTES_MAX: Final = 32 * MIB
_BOUNDARY: Final = re.compile(rb"[}\]]\s*(,)\s*[{\[]")
_TAIL_BYTES: Final = 64 * 1024
_TRIES: Final = 16
_DEPTH_MAX: Final = 8
_DECODER: Final = msgspec.json.Decoder()
_WORDS: Final = re.compile(rb"(?<=[\[,:\s])(-?(?:NaN|Infinity))(?=[\s,\]}])")
_BROKEN: Final = (msgspec.DecodeError, RecursionError, MemoryError, UnicodeDecodeError, OverflowError)


def _decode(text: bytes) -> Any:
    """Decode JSON; the words NaN and Infinity, which JSON has not, become strings, to be refused row by row."""
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        quoted = _WORDS.sub(rb'"\1"', text)
        if quoted == text:
            raise
        return _DECODER.decode(quoted)


@dataclass(frozen=True, slots=True)
class JsonTable:
    """A table found in a JSON document: the keys that lead to it, its column names (None for bare arrays), its rows."""

    keys: tuple[str, ...]
    columns: tuple[str, ...] | None
    rows: list[list[Cell]]


@dataclass(frozen=True, slots=True)
class JsonShape:
    """How a document is read: "lines", "array" (element by element) or "whole"; the columns of streamed elements."""

    way: str
    columns: tuple[str, ...] | None = None


def find_shape(head: bytes) -> JsonShape:
    """Tell from the beginning of a document how to read it. Raises InvalidInput for what is no JSON."""
    start = head.lstrip()
    if start.startswith(b"["):
        first = next(_elements_of_head(start), None)
        if isinstance(first, dict | list):
            return JsonShape("array", _columns_of(first, start))
        return JsonShape("whole")
    if start.startswith(b"{"):
        line, newline, rest = start.partition(b"\n")
        if newline and rest.lstrip().startswith(b"{"):
            try:
                record = _decode(line)
            except _BROKEN:
                return JsonShape("whole")
            return JsonShape("lines", tuple(_flat(record)))
        return JsonShape("whole")
    raise InvalidInput("This is not a JSON table: it begins with neither [ nor {.", code="import.not_json")


def _elements_of_head(start: bytes) -> Iterator[Any]:
    """Elements that are complete in the sample."""
    cuts = [match.start(1) for match in _BOUNDARY.finditer(start)]
    for cut in cuts[:_TRIES]:
        try:
            yield from _decode(start[:cut] + b"]")
        except _BROKEN:
            continue
        return
    try:
        yield from _decode(start)
    except _BROKEN:
        return


def _columns_of(first: Any, start: bytes) -> tuple[str, ...] | None:
    """Names of all columns that the first elements have; a later one may have more than the first."""
    if not isinstance(first, dict):
        return None
    names = dict.fromkeys(_flat(first))
    cut = start.rfind(b"},", 0, _TAIL_BYTES)
    try:
        records = _decode(start[: cut + 1] + b"]") if cut > 0 else []
    except _BROKEN:
        records = []
    for record in records:
        if isinstance(record, dict):
            names |= dict.fromkeys(_flat(record))
    return tuple(names)


def _flat(record: Any) -> dict[str, Any]:
    """A record with the fields of records inside it as "outer.inner"."""
    if not isinstance(record, dict):
        return {}
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": cell for inner, cell in value.items()}
        else:
            flat[str(key)] = value
    return flat


def _cells(element: Any, columns: tuple[str, ...] | None) -> list[Cell]:
    if columns is None:
        return [_cell(value) for value in element] if isinstance(element, list) else []
    record = _flat(element)
    return [_cell(record.get(name)) for name in columns]


def _cell(value: Any) -> Cell:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)[:ROW_TEXT_MAX]


def stream_elements(source: ByteSource, shape: JsonShape, encoding: str) -> Iterator[tuple[int, list[Any]]]:
    """Elements of an array or of lines, some at a time, with the number of the first. Raises InvalidInput."""
    try:
        yield from _stream_lines(source, encoding) if shape.way == "lines" else _stream_array(source, encoding)
    except _BROKEN as e:
        raise _damaged(e) from e


def _damaged(error: BaseException) -> InvalidInput:
    return InvalidInput(
        f"The JSON is damaged: {str(error) or type(error).__name__}.",
        hint="Write the file again and import that one.",
        code="import.damaged",
    )


def _stream_lines(source: ByteSource, encoding: str) -> Iterator[tuple[int, list[Any]]]:
    for block in read_blocks(source, encoding, "\n", block_bytes=PIECE_BYTES):
        try:
            yield block.first_line, _DECODER.decode_lines(block.content)
        except _BROKEN:
            yield block.first_line, [_decoded_or_text(line) for line in block.content.split(b"\n") if line.strip()]


def _decoded_or_text(line: bytes) -> Any:
    try:
        return _decode(line)
    except _BROKEN:
        return line.decode("utf-8", "replace")


def _stream_array(source: ByteSource, encoding: str) -> Iterator[tuple[int, list[Any]]]:
    pieces = utf8_pieces(source, encoding, "\n", PIECE_BYTES)
    rest = next(pieces, b"").lstrip()[1:]
    n_read = 0
    for piece in pieces:
        rest += piece
        elements, rest = _take_elements(rest)
        if elements:
            yield n_read + 1, elements
            n_read += len(elements)
        elif len(rest) > _ELEMENT_BYTES_MAX:
            raise msgspec.DecodeError(f"an element is longer than {_ELEMENT_BYTES_MAX:,} bytes")
    last = _decode(b"[" + rest)
    if last:
        yield n_read + 1, last


def _take_elements(text: bytes) -> tuple[list[Any], bytes]:
    """Whole elements from the front of ``text`` and what follows them; none when no boundary is certain."""
    window = _TAIL_BYTES
    cuts: list[int] = []
    while not cuts and window < 2 * len(text):
        cuts = [match.start(1) for match in _BOUNDARY.finditer(text, max(0, len(text) - window))]
        window *= 8
    for cut in reversed(cuts[-_TRIES:]):
        try:
            return _decode(b"[" + text[:cut] + b"]"), text[cut + 1 :]
        except _BROKEN:
            continue  # the boundary lies inside a string or a nested array
    return [], text


def sample_elements(source: ByteSource, shape: JsonShape, encoding: str, n_rows: int) -> list[list[str]]:
    """The first rows of a streamed document as text. Raises InvalidInput."""
    rows: list[list[str]] = []
    for _, elements in stream_elements(source, shape, encoding):
        cells = [_cells(element, shape.columns) for element in elements[: n_rows - len(rows)]]
        rows.extend(["" if cell is None else str(cell) for cell in row] for row in cells)
        if len(rows) >= n_rows:
            break
    return rows


def load_tables(source: ByteSource, encoding: str) -> list[JsonTable]:
    """Every table in a document that is read whole. Raises InvalidInput."""
    pieces: list[bytes] = []
    n_bytes = 0
    for piece in utf8_pieces(source, encoding, "\n", PIECE_BYTES):
        n_bytes += len(piece)
        if n_bytes > JSON_WHOLE_BYTES_MAX:
            raise InvalidInput(
                f"The JSON document is longer than {JSON_WHOLE_BYTES_MAX:,} bytes and no plain list of rows.",
                hint="Write it as a list of records, as one record a line, or as CSV or Parquet.",
                code="import.too_large",
            )
        pieces.append(piece)
    try:
        document = _decode(b"".join(pieces))
        return list(_tables_in(document, (), 0))[:SYMBOLS_MAX]
    except _BROKEN as e:
        raise _damaged(e) from e


def _tables_in(value: Any, keys: tuple[str, ...], depth: int) -> Iterator[JsonTable]:
    if depth > _DEPTH_MAX:
        return
    table = _as_table(value, keys)
    if table is not None:
        yield table
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _tables_in(inner, (*keys, str(key)), depth + 1)
    elif isinstance(value, list):
        for i, inner in enumerate(value[:COLUMNS_MAX]):
            yield from _tables_in(inner, (*keys, str(i)), depth + 1)


def _as_table(value: Any, keys: tuple[str, ...]) -> JsonTable | None:
    if isinstance(value, list) and value:
        return _as_records(value, keys)
    if not isinstance(value, dict) or not value:
        return None
    return _as_split(value, keys) or _as_quotes(value, keys) or _as_columns(value, keys) or _as_index(value, keys)


def _as_records(value: list[Any], keys: tuple[str, ...]) -> JsonTable | None:
    if all(isinstance(element, dict) for element in value):
        names: dict[str, None] = {}
        for element in value[:1_000]:
            names |= dict.fromkeys(_flat(element))
        if sum(known_name(name) for name in names) < 2:
            return None
        return JsonTable(keys, tuple(names), [_cells(element, tuple(names)) for element in value])
    if all(isinstance(element, list) and 2 <= len(element) <= COLUMNS_MAX for element in value):
        return JsonTable(keys, None, [_cells(element, None) for element in value])
    return None


def _as_columns(value: dict[str, Any], keys: tuple[str, ...]) -> JsonTable | None:
    """{"t": [...], "o": [...]} and {"open": {"<time>": 1.0, ...}, ...}."""
    lists = {name: cells for name, cells in value.items() if isinstance(cells, list)}
    if sum(known_name(name) for name in lists) >= 2:
        length = max(len(cells) for cells in lists.values())
        even = {name: cells for name, cells in lists.items() if len(cells) == length}
        return JsonTable(keys, tuple(even), [[_cell(c) for c in row] for row in zip(*even.values(), strict=True)])
    maps = {name: cells for name, cells in value.items() if isinstance(cells, dict)}
    if len(maps) < 2 or sum(known_name(name) for name in maps) < 2:
        return None
    times = dict.fromkeys(time for cells in maps.values() for time in cells)
    has_time = any(known_name(name) and name.lower() in {"date", "time", "timestamp", "datetime"} for name in maps)
    names = tuple(maps) if has_time else ("time", *maps)
    rows = [[*([] if has_time else [time]), *(_cell(cells.get(time)) for cells in maps.values())] for time in times]
    return JsonTable(keys, names, rows)


def _as_split(value: dict[str, Any], keys: tuple[str, ...]) -> JsonTable | None:
    """{"columns": [...], "index": [...], "data": [[...], ...]}."""
    columns, index, data = value.get("columns"), value.get("index"), value.get("data")
    if not (isinstance(columns, list) and isinstance(data, list) and all(isinstance(row, list) for row in data)):
        return None
    names = tuple(str(name) for name in columns)
    if isinstance(index, list) and len(index) == len(data):
        return JsonTable(keys, ("time", *names), [[_cell(i), *map(_cell, row)] for i, row in zip(index, data, strict=True)])
    return JsonTable(keys, names, [[_cell(cell) for cell in row] for row in data])


def _as_quotes(value: dict[str, Any], keys: tuple[str, ...]) -> JsonTable | None:
    """Yahoo's chart: {"timestamp": [...], "indicators": {"quote": [{"open": [...]}], "adjclose": [{...}]}}."""
    times, indicators = value.get("timestamp"), value.get("indicators")
    if not (isinstance(times, list) and isinstance(indicators, dict)):
        return None
    columns: dict[str, list[Any]] = {"timestamp": times}
    for groups in indicators.values():
        for group in groups if isinstance(groups, list) else ():
            if isinstance(group, dict):
                columns |= {name: c for name, c in group.items() if isinstance(c, list) and len(c) == len(times)}
    return _as_columns(columns, keys)


def _as_index(value: dict[str, Any], keys: tuple[str, ...]) -> JsonTable | None:
    """{"2020-01-02": {"open": 1.0, ...}, ...}."""
    if not all(isinstance(element, dict) for element in value.values()):
        return None
    names = dict.fromkeys(name for element in list(value.values())[:1_000] for name in element)
    if sum(known_name(name) for name in names) < 2 or any(known_name(key) for key in list(value)[:10]):
        return None
    rows = [[str(time), *(_cell(element.get(name)) for name in names)] for time, element in value.items()]
    return JsonTable(keys, ("time", *names), rows)


@dataclass(slots=True)
class JsonReader:
    """Reads the rows of one JSON table; ``table`` is given where the document was read whole."""

    source: ByteSource
    shape: JsonShape
    reading: Reading
    encoding: str
    stop: Callable[[], bool]
    table: JsonTable | None = None

    def blocks(self) -> Iterator[RowBlock]:
        """Every row, in file order; rows are counted from 1."""
        if self.table is not None:
            step = 50_000
            for start in range(0, len(self.table.rows), step):
                yield self._block(self.table.rows[start : start + step], start + 1)
            return
        for first, elements in stream_elements(self.source, self.shape, self.encoding):
            yield self._block([_cells(element, self.shape.columns) for element in elements], first)

    def _block(self, rows: list[list[Cell]], first: int) -> RowBlock:
        if self.stop():
            raise Stopped
        lines = np.arange(first, first + len(rows), dtype=np.int64)
        block = block_of_cells(rows, lines, self.reading, lambda i: ", ".join(str(c) for c in rows[i])[:ROW_TEXT_MAX])
        block.done_bytes = self.source.done_bytes
        return block
