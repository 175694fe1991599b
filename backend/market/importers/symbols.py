"""Which instruments a table holds that names them in a column."""

from collections.abc import Iterable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from backend.market.importers.columnar_rows import open_columnar
from backend.market.importers.columns import role_of
from backend.market.importers.containers import open_place, open_seekable
from backend.market.importers.limits import BATCH_ROWS, BLOCK_BYTES, SYMBOL_SCAN_BYTES, SYMBOLS_MAX
from backend.market.importers.line_blocks import read_blocks
from backend.market.importers.plan import Choices, FileFormat, Role
from backend.market.importers.tables import TableHead
from backend.market.importers.text_rows import split_line

_SCAN_ROWS: Final = 2_000_000


def find_symbols(head: TableHead, choices: Choices) -> list[str]:
    """Names in the symbol column in order of appearance; empty where there is no such column.

    Looks beyond the sample, but not further than the limits say; a file whose sample is all of it costs nothing.
    """
    place = _symbol_place(head, choices)
    if place is None:
        return []
    found = dict.fromkeys(row[place].strip() for row in head.sample.all_rows if place < len(row))
    if head.format is FileFormat.TEXT and len(head.sample.tail):
        found |= dict.fromkeys(_in_text(head, place))
    elif head.format in {FileFormat.PARQUET, FileFormat.ARROW}:
        found |= dict.fromkeys(_in_columns(head, place))
    return [name for name in found if name][:SYMBOLS_MAX]


def _symbol_place(head: TableHead, choices: Choices) -> int | None:
    names = head.sample.names
    if names is None:
        return None
    wanted = (choices.columns or {}).get(Role.SYMBOL)
    if wanted is not None:
        return next((i for i, name in enumerate(names) if name == wanted or f"#{i + 1}" == wanted), None)
    return next((i for i, name in enumerate(names) if role_of(name) is Role.SYMBOL), None)


def _in_text(head: TableHead, place: int) -> Iterable[str]:
    dialect = head.dialect
    delimiter = head.sample.delimiter
    with open_place(head.place) as source:
        for block in read_blocks(source, dialect.encoding, dialect.newline):
            names: dict[str, None] = {}
            last = b""
            for line in block.content.split(b"\n"):
                cells = line.split(delimiter.encode(), place + 1)
                if len(cells) > place and cells[place] != last:
                    last = cells[place]
                    names[split_line(line.decode("utf-8", "replace"), delimiter)[place].strip()] = None
            yield from names
            if source.done_bytes > SYMBOL_SCAN_BYTES - BLOCK_BYTES:
                return


def _in_columns(head: TableHead, place: int) -> Iterable[str]:
    n_rows = 0
    with open_seekable(head.place) as file, open_columnar(file, head.format, str(head.place)) as table:
        for batch in table.read([place], BATCH_ROWS):
            column = batch.column(0)
            if pa.types.is_dictionary(column.type):
                column = column.dictionary_decode()
            yield from (str(name).strip() for name in pc.unique(column).to_pylist() if name is not None)
            n_rows += batch.num_rows
            if n_rows > _SCAN_ROWS:
                return
