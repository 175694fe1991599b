"""Bars as text, in pieces of bounded size: CSV, JSON and aligned tables."""

from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Final

from backend.commands.bar_query import BarQuery
from backend.commands.json_text import dump_json, encode
from backend.commands.numbers import format_floats
from backend.commands.tables import GAP
from backend.commands.times import find_zone, format_instant, format_time_column
from backend.domain.bars import BarArrays

COLUMNS: Final = ("time", "open", "high", "low", "close", "volume")
ROWS_PER_PIECE: Final = 1_000


def csv_pieces(query: BarQuery, bars: BarArrays) -> Iterator[bytes]:
    """A heading and one line a bar; an unknown volume is empty."""
    yield encode(",".join(COLUMNS) + "\n")
    for rows in _text_rows(query, bars):
        yield encode("".join(",".join(row) + "\n" for row in rows))


def json_pieces(query: BarQuery, bars: BarArrays) -> Iterator[bytes]:
    """One object: what was asked, then ``bars`` as objects; an unknown volume is null."""
    zone = find_zone(query.instrument.timezone)
    asked = {
        "instrument": query.instrument.id,
        "interval": query.spec,
        "timezone": query.instrument.timezone,
        "adjusted": query.adjusted,
        "as_of": None if query.as_of_ns is None else format_instant(query.as_of_ns, zone),
        "n_bars": len(bars),
    }
    yield dump_json(asked)[:-1] + b', "bars": ['
    mark = ""
    for rows in _text_rows(query, bars):
        yield encode(mark + ",\n".join(_json_bar(row) for row in rows))
        mark = ",\n"
    yield b"]}\n"


def table_pieces(query: BarQuery, bars: BarArrays) -> Iterator[bytes]:
    """Aligned columns; their widths are found in a first pass, so that no more than a piece is ever held."""
    widths = [len(name) for name in COLUMNS]
    for rows in _text_rows(query, bars):
        for i, cells in enumerate(zip(*rows, strict=True)):
            widths[i] = max(widths[i], *map(len, cells))
    first, *rest = widths
    line = GAP.join((f"%-{first}s", *(f"%{width}s" for width in rest)))
    yield encode((line % COLUMNS).rstrip() + "\n")
    for rows in _text_rows(query, bars):
        yield encode("".join([f"{(line % row).rstrip()}\n" for row in rows]))


def _json_bar(row: tuple[str, ...]) -> str:
    time, open_, high, low, close, volume = row
    return f'{{"time": "{time}", "open": {open_}, "high": {high}, "low": {low}, "close": {close}, "volume": {volume or "null"}}}'


def _text_rows(query: BarQuery, bars: BarArrays) -> Iterator[list[tuple[str, ...]]]:
    """All bars as text, ROWS_PER_PIECE at a time."""
    zone = find_zone(query.instrument.timezone)
    has_volume = not bool((bars.volume != bars.volume).all())
    for start in range(0, len(bars), ROWS_PER_PIECE):
        piece = bars[start : start + ROWS_PER_PIECE]
        times = format_time_column(piece.event_ns, zone, is_dated=query.spec.is_dated)
        numbers = [format_floats(column.tolist()) for column in piece.columns()[:4]]
        volume = format_floats(piece.volume.tolist()) if has_volume else repeat("", len(piece))
        yield list(zip(times, *numbers, volume, strict=True))


PIECES: Final[dict[str, Callable[[BarQuery, BarArrays], Iterator[bytes]]]] = {".csv": csv_pieces, ".json": json_pieces}
