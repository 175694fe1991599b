"""How a column's times are written: counts or text, order of day and month, zone, fractions; with the evidence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np

from backend.domain.bars import DAY_NS
from backend.market.importers.plan import DateOrder, TimeForm
from backend.market.importers.times import EPOCH_DAY, ISO_TEXT, NotATime, TimeReader, parse_clock, split_time

_TRIPLE: Final = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?!\d)", re.ASCII)
_DIGITS: Final = re.compile(r"-?\d{9,19}(?:\.\d+)?", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?\d*[.,]?\d*", re.ASCII)
_COMPACT_DAY: Final = re.compile(r"(?:19|20)\d{6}(?:\d{4}|\d{6})?", re.ASCII)
_CLOCK: Final = re.compile(
    r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[aApP][mM])?(?:\s*(?:[+-]\d{1,2}(?::?\d{2})?|[A-Z]{1,4}))?|\d{6}|\d{4}", re.ASCII
)
_EPOCH_FORMS: Final = (
    (1e8, 1e11, TimeForm.EPOCH_S),
    (1e11, 1e14, TimeForm.EPOCH_MS),
    (1e14, 1e17, TimeForm.EPOCH_US),
    (1e17, 9.2e18, TimeForm.EPOCH_NS),
)
_UNIT_WORDS: Final = {
    TimeForm.EPOCH_S: "seconds",
    TimeForm.EPOCH_MS: "milliseconds",
    TimeForm.EPOCH_US: "microseconds",
    TimeForm.EPOCH_NS: "nanoseconds",
    TimeForm.EXCEL: "days as Excel counts them",
}
_EVENNESS_GAP: Final = 2.0
_ZONE_ROWS: Final = 200


def looks_like_time(cell: str) -> bool:
    """Whether a cell is a date, a date with a clock, or a clock."""
    return is_dated(cell) or looks_like_clock(cell)


@lru_cache(maxsize=16_384)  # one cell is asked about by several steps of recognition
def looks_like_clock(cell: str) -> bool:
    """Whether a cell is a time of day, also as ``093000`` or ``0930``."""
    text = cell.strip()
    if not _CLOCK.fullmatch(text):
        return False
    try:
        parse_clock(text)
    except NotATime:
        return False
    return True


@lru_cache(maxsize=16_384)
def is_dated(cell: str) -> bool:
    """Whether a cell tells a day: a written date in any order, or a count since 1970 of this or the last century."""
    text = cell.strip()
    if not text or len(text) < 6:
        return False
    if _NUMBER.fullmatch(text) and not _COMPACT_DAY.fullmatch(text):
        return _DIGITS.fullmatch(text) is not None and epoch_form(float(text)) is not None
    return any(_can_read(text, order) for order in (("ymd", "dmy", "mdy") if _TRIPLE.match(text) else ("ymd",)))


def _can_read(text: str, order: DateOrder) -> bool:
    try:
        TimeReader(order=order).read(text)
    except NotATime:
        return False
    return True


def epoch_form(value: float) -> TimeForm | None:
    """The unit in which ``value`` lies between 1973 and 2100 or so; None for other numbers."""
    return next((form for low, high, form in _EPOCH_FORMS if low <= value < high), None)


@dataclass(frozen=True, slots=True)
class TimeShape:
    """How times are written, what says so, and what the user must decide where nothing does."""

    form: TimeForm
    order: DateOrder
    is_iso: bool
    has_zone: bool
    has_fraction: bool
    words: str
    reason: str
    is_sure: bool = True
    question: str = ""


def find_shape(cells: Sequence[str], clocks: Sequence[str] | None, *, is_european: bool = False) -> TimeShape:
    """Recognise the times of a sample, in file order; ``is_european`` (decimal commas) hints that the day comes first."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    numbers = [float(cell) for cell in filled if _DIGITS.fullmatch(cell) and not _COMPACT_DAY.fullmatch(cell)]
    if len(numbers) > len(filled) / 2:
        return _counted(filled, numbers)
    if filled and sum(_is_excel_day(cell) for cell in filled) > len(filled) / 2:
        return TimeShape(
            TimeForm.EXCEL,
            "ymd",
            False,
            False,
            True,
            "days as Excel counts them",
            f"{filled[0]} is a day of this century",
            is_sure=False,
        )
    order, reason, is_sure, question = _find_order(filled, is_european=is_european)
    beside: Sequence[str | None] = clocks if clocks is not None else [None] * len(cells)
    zones = [_has_zone(cell, clock) for cell, clock in zip(cells[:_ZONE_ROWS], beside[:_ZONE_ROWS], strict=False) if cell.strip()]
    has_zone = sum(zones) > len(zones) / 2
    matches = [ISO_TEXT.fullmatch(cell) for cell in filled]
    is_iso = clocks is None and bool(filled) and all(m is not None and bool(m[2]) == has_zone for m in matches)
    has_fraction = any(m is not None and m[1] for m in matches)
    words = {"ymd": "year, month, day", "dmy": "day, month, year", "mdy": "month, day, year"}[order]
    return TimeShape(TimeForm.TEXT, order, is_iso, has_zone, has_fraction, words, reason, is_sure, question)


def _counted(filled: Sequence[str], numbers: Sequence[float]) -> TimeShape:
    form = epoch_form(float(np.median(np.array(numbers)))) or TimeForm.EPOCH_S
    has_fraction = any("." in cell for cell in filled)
    return TimeShape(
        form,
        "ymd",
        is_iso=False,
        has_zone=True,
        has_fraction=has_fraction,
        words=f"{_UNIT_WORDS[form]} since 1970",
        reason=f"{filled[0]} lies in our time in this unit",
    )


def _is_excel_day(cell: str) -> bool:
    try:
        return 10_000 < float(cell) < 80_000
    except ValueError:
        return False


def _has_zone(cell: str, clock: str | None) -> bool:
    try:
        return TimeReader(order="dmy").read(cell, clock).offset_s is not None
    except NotATime:
        pass
    try:
        return TimeReader(order="mdy").read(cell, clock).offset_s is not None
    except NotATime:
        return False


def _find_order(cells: Sequence[str], *, is_european: bool) -> tuple[DateOrder, str, bool, str]:
    """Order of day, month and year; the evidence; whether it is certain; the question where there is none."""
    triples = [match for cell in cells if (match := _TRIPLE.match(cell))]
    if len(triples) <= len(cells) / 2:
        example = cells[0] if cells else ""
        return "ymd", f"as in {example}", True, ""
    certain = next((found for match in triples if (found := _certain_order(match))), None)
    if certain is not None:
        return (*certain, True, "")
    evenness = {order: _unevenness([m[0] for m in triples], order) for order in ("dmy", "mdy")}
    best, other = sorted(evenness, key=lambda order: evenness[order])
    if evenness[other] > _EVENNESS_GAP * evenness[best]:
        order: DateOrder = "dmy" if best == "dmy" else "mdy"
        return order, f"so read, the rows are evenly spaced; {triples[0][0]} alone could be either", True, ""
    mark = triples[0][2]
    if mark == "." or is_european:
        return "dmy", f"{triples[0][0]} is written with {'points' if mark == '.' else 'decimal commas beside it'}", False, ""
    question = f"Does {triples[0][0]} begin with the day or the month? Nothing in the file tells."
    return "mdy", "a guess: nothing in the file tells day from month", False, question


def _certain_order(triple: re.Match[str]) -> tuple[DateOrder, str] | None:
    """What a date such as 31/12/2020 proves about the order."""
    first, second = int(triple[1]), int(triple[3])
    if len(triple[4]) == 2 and (first > 31 or first == 0):
        return "ymd", f"{triple[0]} can only begin with the year"
    if first > 12:
        return "dmy", f"{triple[0]} can only begin with the day"
    if second > 12:
        return "mdy", f"{triple[0]} can only begin with the month"
    return None


def _unevenness(cells: Sequence[str], order: DateOrder) -> float:
    """Largest gap between rows in the median gap's units; infinite where rows do not run one way."""
    reader = TimeReader(order=order)
    days: list[int] = []
    for cell in cells:
        try:
            days.append(reader.read(split_time(cell)[0]).wall_ns // DAY_NS)
        except NotATime:
            return float("inf")
    steps = np.diff(np.array(days, np.float64))
    steps = steps[steps != 0]
    if len(steps) < 2:
        return 1.0
    if not ((steps > 0).all() or (steps < 0).all()):
        return float("inf")
    sizes = np.abs(steps)
    median = float(np.median(sizes))
    unevenness = float(sizes.max()) / median
    # Monthly rows have no holes, and stand on the first or last day; else days were taken for months.
    in_month = {cell_day(day) for day in days}
    is_doubtful = 27 <= median <= 32 and (unevenness > 1.5 or (len(in_month) == 1 and in_month != {1}))
    return unevenness * (10.0 if is_doubtful else 1.0)


def cell_day(days: int) -> int:
    """Day of the month of a day counted from 1970."""
    return date.fromordinal(days + EPOCH_DAY).day
