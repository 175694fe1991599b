"""Columns of an Arrow table into rows of times and numbers, whole arrays at a time.

Whatever this cannot read with certainty it refuses as `NotVectorised`; the caller then reads those rows one by one.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backend.domain.bars import DAY_NS, SECOND_NS, Float64s, Int64s
from backend.market.importers.arrow_arrays import flags_of, is_valid, raw_values, texts
from backend.market.importers.numbers import MISSING, MISSING_WORDS, NumberForm
from backend.market.importers.plan import Role, TimeForm
from backend.market.importers.row_blocks import Reading, RowBlock
from backend.market.importers.times import EXCEL_EPOCH_DAY, UNIT_NS, NotATime, TimeReader, bare_day
from backend.market.importers.zones import Flags

_MISSING: Final = texts(MISSING_WORDS)
_ARROW_UNIT_NS: Final = {"s": SECOND_NS, "ms": 1_000_000, "us": 1_000, "ns": 1}
_SPLIT: Final = r"^\s*(?P<day>.*?\d)(?:[T,\s]+|:)(?P<clock>\d{1,2}[:hH]\d{2}.*?)\s*$"
_INT64: Final = np.iinfo(np.int64)
_EXCEL_DAYS_MAX: Final = 2_958_465.0


class NotVectorised(Exception):
    """Some cell of these columns needs a closer look."""


def block_of_columns(columns: dict[Role, pa.ChunkedArray], lines: Int64s, reading: Reading, text: Callable[[int], str]) -> RowBlock:
    """Read whole columns. Raises NotVectorised."""
    try:
        return _read(columns, lines, reading, text)
    except (pa.ArrowException, OverflowError, UnicodeDecodeError) as e:
        raise NotVectorised(str(e)) from e


def _read(columns: dict[Role, pa.ChunkedArray], lines: Int64s, reading: Reading, text: Callable[[int], str]) -> RowBlock:
    time_ns, no_time, is_instant = _times(columns[Role.TIME], columns.get(Role.CLOCK), reading)
    block = RowBlock(lines=lines, time_ns=time_ns, is_instant=is_instant, values={}, no_time=no_time, text=text)
    for role in reading.value_places:
        values, bad = floats(columns[role], reading.numbers)
        block.values[role] = values
        if bad is not None:
            block.bad[role] = bad
    return _only_symbol(block, columns[Role.SYMBOL], reading) if reading.symbol and Role.SYMBOL in columns else block


def floats(column: pa.ChunkedArray, form: NumberForm) -> tuple[Float64s, Flags | None]:
    """A column as float64 with NaN where it is empty, and where it holds something that is no finite number.

    Raises NotVectorised or an Arrow error.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        column = _plain_numbers(column.cast(pa.string()), form)
    elif not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind)):
        raise NotVectorised(f"{kind} is not a number")
    numbers = column.cast(pa.float64(), safe=False)
    values: Float64s = raw_values(numbers, np.float64)
    if numbers.null_count:
        given = is_valid(numbers)
        values = np.where(given, values, np.nan)
        bad: Flags = ~np.isfinite(values) & given
    else:
        bad = ~np.isfinite(values)
    return (np.where(bad, np.nan, values), bad) if bad.any() else (values, None)


def _plain_numbers(column: pa.ChunkedArray, form: NumberForm) -> pa.ChunkedArray:
    """Numbers as text with a decimal point and no other mark; words for nothing become null."""
    column = pc.utf8_trim_whitespace(column)
    column = pc.if_else(pc.is_in(column, value_set=_MISSING), pa.scalar(None, pa.string()), column)
    if form.thousands:
        mark = "[ \u00a0\u202f\u2009]" if form.thousands.isspace() else "\\" + form.thousands
        decimal = "\\" + form.decimal
        grouped = rf"^[+-]?(\d{{1,3}}({mark}\d{{2,3}})*{mark}\d{{3}}|\d+)?({decimal}\d*)?([eE][+-]?\d{{1,3}})?$"
        if not pc.all(pc.match_substring_regex(column, grouped), skip_nulls=True).as_py():
            raise NotVectorised("numbers that are not grouped alike")
        column = pc.replace_substring_regex(column, mark, "")
    if form.decimal == ",":
        if pc.any(pc.match_substring(column, "."), skip_nulls=True).as_py():
            raise NotVectorised("a point among decimal commas")
        column = pc.replace_substring(column, ",", ".")
    return column


def _times(column: pa.ChunkedArray, clock: pa.ChunkedArray | None, reading: Reading) -> tuple[Int64s, Flags, bool]:
    """Times in ns, rows without one, and whether they are instants rather than wall-clock times."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    no_time = ~is_valid(column)
    if pa.types.is_timestamp(kind):
        ns = _scaled(_int64(column.cast(pa.int64())), _ARROW_UNIT_NS[kind.unit])
        return ns if clock is None else ns + _clock_column(clock), no_time, kind.tz is not None
    if pa.types.is_date(kind):
        days = _int64(column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64()))
        return _scaled(days, DAY_NS) + (_clock_column(clock) if clock is not None else 0), no_time, False
    form = reading.times.form
    if form is not TimeForm.TEXT:
        return _counted(column, form, no_time), no_time, form is not TimeForm.EXCEL
    if pa.types.is_integer(kind):
        column = column.cast(pa.string())
    elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        raise NotVectorised(f"{kind} is not a time")
    return _written(column.cast(pa.string()), clock, reading)


def _int64(column: pa.ChunkedArray) -> Int64s:
    """Whole numbers, 0 where there is none."""
    values: Int64s = raw_values(column, np.int64)
    return np.where(is_valid(column), values, 0) if column.null_count else values


def _scaled(counts: Int64s, unit_ns: int) -> Int64s:
    if len(counts) and (int(counts.max()) > _INT64.max // unit_ns or int(counts.min()) < -(_INT64.max // unit_ns)):
        raise NotVectorised("a time that int64 nanoseconds cannot hold")
    return counts * unit_ns


def _counted(column: pa.ChunkedArray, form: TimeForm, no_time: Flags) -> Int64s:
    if pa.types.is_integer(column.type) and form is not TimeForm.EXCEL:
        return _scaled(_int64(column.cast(pa.int64())), UNIT_NS[form])
    values, bad = floats(column, NumberForm())
    values = np.where(no_time, 0.0, values)
    if bad is not None or np.isnan(values).any():
        raise NotVectorised("a count of time that is no number")
    if form is TimeForm.EXCEL:
        if np.abs(values).max(initial=0.0) > _EXCEL_DAYS_MAX:
            raise NotVectorised("a day that Excel does not know")
        whole = np.rint((values + EXCEL_EPOCH_DAY) * 86_400_000.0)
        return whole.astype(np.int64) * 1_000_000
    if np.abs(values).max(initial=0.0) * UNIT_NS[form] > _INT64.max / 2:
        raise NotVectorised("a time that int64 nanoseconds cannot hold")
    millionths = np.rint(values * 1_000_000).astype(np.int64)
    unit = UNIT_NS[form]
    return millionths // 1_000_000 * unit + millionths % 1_000_000 * unit // 1_000_000


def _clock_column(clock: pa.ChunkedArray) -> Int64s:
    """Nanoseconds since midnight of a typed or written clock column; an empty cell is midnight."""
    if pa.types.is_time(clock.type):
        return _int64(clock.cast(pa.time64("ns")).cast(pa.int64()))
    if not (pa.types.is_string(clock.type) or pa.types.is_large_string(clock.type)):
        raise NotVectorised(f"{clock.type} is not a clock")
    ns, offsets, _ = _looked_up_clocks(clock.cast(pa.string()), TimeReader())
    if offsets is not None:
        raise NotVectorised("a clock with a zone beside a typed date")
    return ns


def _written(column: pa.ChunkedArray, clock: pa.ChunkedArray | None, reading: Reading) -> tuple[Int64s, Flags, bool]:
    """Times written as text, each distinct date and each distinct clock read once."""
    day = pc.utf8_trim_whitespace(column)
    no_time = flags_of(pc.is_in(day, value_set=_MISSING)) | ~is_valid(day)
    if clock is None:
        parts = pc.extract_regex(day, _SPLIT)
        is_split = is_valid(parts)
        if (is_split | no_time).all() and is_split.any():
            day, clock = _field(parts, "day"), _field(parts, "clock")
        elif is_split.any():
            raise NotVectorised("times with and without a clock")
    elif not (pa.types.is_string(clock.type) or pa.types.is_large_string(clock.type)):
        raise NotVectorised(f"{clock.type} is not a clock")
    ns = _looked_up_days(day, reading.times, no_time) * DAY_NS
    if clock is None:
        if reading.gives_instants:
            raise NotVectorised("dates without a zone")
        return ns, no_time, False
    clock_ns, offsets, has_offset = _looked_up_clocks(clock.cast(pa.string()), reading.times)
    if not np.array_equal(has_offset, np.full(len(ns), reading.gives_instants) & (has_offset | ~no_time)):
        raise NotVectorised("times with and without a zone")
    return ns + clock_ns - (offsets if offsets is not None else 0), no_time, reading.gives_instants


def _field(parts: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    return pa.chunked_array([pc.struct_field(chunk, name) for chunk in parts.chunks], pa.string())


def _distinct(column: pa.ChunkedArray) -> tuple[list[str], Int64s]:
    """Distinct texts, and for each row which one it is; "" where there is none."""
    coded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    names = ["" if name is None else name for name in coded.dictionary.to_pylist()]
    return names, raw_values(pa.chunked_array([coded.indices]), np.int32).astype(np.int64)


def _looked_up_days(column: pa.ChunkedArray, times: TimeReader, no_time: Flags) -> Int64s:
    names, places = _distinct(column)
    try:
        days = [0 if name.strip() in MISSING else times.day(bare_day(name)) for name in names]
    except NotATime as e:
        raise NotVectorised(str(e)) from e
    return np.where(no_time, 0, np.array(days, np.int64)[places]) if days else np.zeros(len(column), np.int64)


def _looked_up_clocks(column: pa.ChunkedArray, times: TimeReader) -> tuple[Int64s, Int64s | None, Flags]:
    """Clock ns and offset ns by row (None where no clock carries one), and which rows carry an offset."""
    names, places = _distinct(column)
    try:
        read = [times.clock(name) if name.strip() else (0, None) for name in names]
    except NotATime as e:
        raise NotVectorised(str(e)) from e
    if not read:
        return np.zeros(len(column), np.int64), None, np.zeros(len(column), np.bool_)
    ns = np.array([clock_ns for clock_ns, _ in read], np.int64)[places]
    has_offset = np.array([offset is not None for _, offset in read], np.bool_)
    if not has_offset.any():
        return ns, None, has_offset[places]
    offsets = np.array([(offset or 0) * SECOND_NS for _, offset in read], np.int64)
    return ns, offsets[places], has_offset[places]


def _only_symbol(block: RowBlock, column: pa.ChunkedArray, reading: Reading) -> RowBlock:
    names, places = _distinct(column.cast(pa.string()))
    wanted = [i for i, name in enumerate(names) if name.strip() == reading.symbol]
    chosen = np.isin(places, wanted)
    if chosen.all():
        return block
    for i, count in enumerate(np.bincount(places[~chosen], minlength=len(names)).tolist()):
        if count:
            name = names[i].strip()
            block.others[name] = block.others.get(name, 0) + count
    return block.keep(chosen)
