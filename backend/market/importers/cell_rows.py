"""Cells into rows of times and numbers, one by one and exactly: what the columnar paths are measured against."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from backend.domain.bars import Int64s
from backend.market.importers.numbers import MISSING, NotANumber, NumberForm, parse_number
from backend.market.importers.plan import Role, TimeForm
from backend.market.importers.row_blocks import Reading, RowBlock
from backend.market.importers.times import Moment, NotATime, TimeReader, count_ns

Cell: TypeAlias = str | int | float | bool | None

_NAN = float("nan")


def block_of_cells(rows: Sequence[Sequence[Cell]], lines: Int64s, reading: Reading, text: Callable[[int], str]) -> RowBlock:
    """Read rows of cells; a row that cannot be read carries its reason, and an empty cell is NaN."""
    n_rows = len(rows)
    value_places = reading.value_places
    block = RowBlock(
        lines=lines,
        time_ns=np.zeros(n_rows, np.int64),
        is_instant=reading.gives_instants,
        values={role: np.full(n_rows, np.nan) for role in value_places},
        no_time=np.zeros(n_rows, np.bool_),
        text=text,
    )
    columns = {role: [_NAN] * n_rows for role in value_places}
    for i, row in enumerate(rows):
        try:
            _check_width(row, reading)
            block.time_ns[i] = _time_of(row, reading, block, i)
            for role, place in value_places.items():
                columns[role][i] = number_of(row[place] if place < len(row) else None, reading.numbers)
        except NotATime as e:
            block.reasons[i] = f"time: {e}"
        except NotANumber as e:
            block.reasons[i] = f"{role}: {e}"
        except ValueError as e:
            block.reasons[i] = str(e)
    block.values = {role: np.array(column, np.float64) for role, column in columns.items()}
    return _only_symbol(block, rows, reading) if reading.symbol else block


def _check_width(row: Sequence[Cell], reading: Reading) -> None:
    if len(row) > reading.n_columns and any(cell not in {"", None} for cell in row[reading.n_columns :]):
        raise ValueError(f"{len(row)} cells where the table has {reading.n_columns} columns")
    if len(row) < reading.n_columns and len(row) <= max(reading.places.values()):
        raise ValueError(f"{len(row)} cells where the table has {reading.n_columns} columns")


def _time_of(row: Sequence[Cell], reading: Reading, block: RowBlock, i: int) -> int:
    cell = row[reading.places[Role.TIME]]
    clock_place = reading.places.get(Role.CLOCK)
    clock = None if clock_place is None else row[clock_place]
    if cell is None or (isinstance(cell, str) and cell.strip() in MISSING):
        block.no_time[i] = True
        return 0
    moment = moment_of(cell, clock, reading.times, has_clock=clock_place is not None)
    if reading.gives_instants and moment.offset_s is None:
        raise NotATime(f"{str(cell)[:40]!r} tells no time zone, unlike the other times")
    if not reading.gives_instants and moment.offset_s is not None:
        raise NotATime(f"{str(cell)[:40]!r} tells a time zone, unlike the other times")
    return moment.wall_ns


def moment_of(cell: Cell, clock: Cell, times: TimeReader, *, has_clock: bool) -> Moment:
    """The moment that a time cell tells, with its clock cell where the table has such a column. Raises NotATime."""
    if isinstance(cell, bool):
        raise NotATime(f"{cell} is not a time")
    if times.form is not TimeForm.TEXT and isinstance(cell, int | float):
        try:
            ns = count_ns(cell, times.form)
        except (ValueError, OverflowError) as e:
            raise NotATime(f"{cell} is not a count of time since 1970") from e
        return Moment(ns, None if times.form is TimeForm.EXCEL else 0, has_clock=True)
    return times.read(_words(cell), _clock_words(clock) if has_clock else None)


def _words(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e16:
        return str(int(cell))
    return str(cell)


def _clock_words(clock: Cell) -> str:
    """A clock cell as text; numbers such as 930 or 93000 lost their leading zero on the way."""
    if clock is None:
        return ""
    words = _words(clock)
    return words.zfill(4 if len(words) <= 4 else 6) if words.isdigit() and len(words) in {1, 3, 5} else words


def number_of(cell: Cell, form: NumberForm) -> float:
    """The number in a cell, NaN where there is none. Raises NotANumber."""
    if isinstance(cell, str):
        value = parse_number(cell, form)
        return _NAN if value is None else value
    if cell is None:
        return _NAN
    if isinstance(cell, bool):
        raise NotANumber(f"{cell} is not a number")
    try:
        value = float(cell)
    except OverflowError as e:
        raise NotANumber(f"{str(cell)[:40]}… is too large") from e
    if value - value != 0:
        raise NotANumber(f"{value} is not a finite number")
    return value


def _only_symbol(block: RowBlock, rows: Sequence[Sequence[Cell]], reading: Reading) -> RowBlock:
    place = reading.places.get(Role.SYMBOL)
    if place is None:
        return block
    names = [str(row[place] or "").strip() if place < len(row) else reading.symbol for row in rows]
    for name in names:
        if name != reading.symbol:
            block.others[name] = block.others.get(name, 0) + 1
    return block.keep(np.array([name == reading.symbol for name in names], np.bool_)) if block.others else block
