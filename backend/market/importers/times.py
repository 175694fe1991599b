"""Times as files write them: dates in many orders and languages, clocks, zones, and counts since 1970."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from backend.market.importers.plan import DateOrder, TimeForm
from backend.market.importers.zones import parse_offset_s

EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
EXCEL_EPOCH_DAY: Final = date(1899, 12, 30).toordinal() - EPOCH_DAY
UNIT_NS: Final = {
    TimeForm.EPOCH_S: SECOND_NS,
    TimeForm.EPOCH_MS: 1_000_000,
    TimeForm.EPOCH_US: 1_000,
    TimeForm.EPOCH_NS: 1,
}
_INT64_MAX: Final = 2**63 - 1
_CACHE_MAX: Final = 200_000

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar jänner enero janvier janv gennaio gen janeiro januari styczeń ocak ene",
            "feb february februar febrero février févr fév febbraio fevereiro februari luty şubat fev",
            "mar march märz mrz marzo mars março maart marzec mart mär maa",
            "apr april abril avril avr aprile kwiecień nisan abr",
            "may mai mayo maggio mag maio mei maj mayıs",  # noqa: RUF001 - Turkish is written so
            "jun june juni junio juin giugno giu junho czerwiec haziran",
            "jul july juli julio juillet juil luglio lug julho lipiec temmuz",
            "aug august agosto août aoû ago augustus sierpień ağustos aou",
            "sep sept september septiembre septembre settembre set setembro wrzesień eylül",
            "oct october oktober okt octubre octobre ottobre ott outubro out październik ekim",
            "nov november noviembre novembre novembro listopad kasım",  # noqa: RUF001 - Turkish is written so
            "dec december dezember dez diciembre dic décembre déc dicembre dezembro grudzień aralık",  # noqa: RUF001 - Turkish is written so
        ),
        start=1,
    )
    for name in names.split()
}

_ISO: Final = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_NUMERIC: Final = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_MONTH_ONLY: Final = re.compile(r"(\d{4})[-/.](\d{1,2})()", re.ASCII)
_QUARTER: Final = re.compile(r"(\d{4})[-/ ]?Q([1-4])", re.ASCII)
_WORDS: Final = re.compile(r"[^\W\d_]+|\d+")
_CLOCK: Final = re.compile(r"(\d{1,2})(?:[:hH.](\d{2})(?:[:mM.](\d{2})(?:[.,](\d{1,9}))?s?)?)?\s*([aApP]\.?[mM]\.?)?", re.ASCII)
_CLOCK_COMPACT: Final = re.compile(r"(\d{1,2})(\d{2})(\d{2})?(?:[.,](\d{1,9}))?", re.ASCII)
_SPLITS: Final = (
    re.compile(r"(.*?\d)(?:[T,\s]+|:)(\d{1,2}[:hH]\d{2}.*)", re.ASCII),
    re.compile(r"(\d{8}|\d{4}-\d{2}-\d{2})[T,\s:]+((?:\d{2}|\d{4}|\d{6})(?!\d).*)", re.ASCII),
    re.compile(r"(.*?\d),?\s+(\d{1,2}\s*[aApP]\.?[mM].*)", re.ASCII),
)
_ZONE_TAIL: Final = re.compile(
    r"(.*?\d(?:\s*[aApP]\.?[mM]\.?)?)\s*((?:(?:GMT|UTC)\s*)?[+-]\d{1,2}(?::?\d{2})?|[A-Z]{1,4})", re.ASCII
)
ISO_TEXT: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(\.\d{1,9})?)?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_PIVOT: Final = 70
_CELL_MAX: Final = 64
_YEAR_MIN: Final = 1678  # what int64 nanoseconds can hold
_YEAR_MAX: Final = 2261


class NotATime(ValueError):
    """A cell that should be a time and is not; its words say why."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One written time: wall-clock ns since 1970 (UTC where ``offset_s`` says so), and its offset if it carries one."""

    wall_ns: int
    offset_s: int | None
    has_clock: bool


@dataclass(slots=True)
class TimeReader:
    """Reads times of one table; equal texts are looked up, so a file's many bars of a day cost little.

    form : text, or the unit of a count since 1970
    order : of day, month and year written as numbers
    """

    form: TimeForm = TimeForm.TEXT
    order: DateOrder = "ymd"
    _dates: dict[str, int] = field(default_factory=dict)
    _clocks: dict[str, tuple[int, int | None]] = field(default_factory=dict)

    def read(self, text: str, clock: str | None = None) -> Moment:
        """The moment written in ``text``, or in a date and a ``clock`` cell. Raises NotATime."""
        if self.form is not TimeForm.TEXT:
            return Moment(self.read_count(text), 0 if self.form is not TimeForm.EXCEL else None, has_clock=True)
        if clock is None:
            day, time_of_day = split_time(text)
        else:
            day, time_of_day = bare_day(text), clock
            if not clock.strip():
                day, time_of_day = split_time(text)
        days = self.day(day)
        if not time_of_day or not time_of_day.strip():
            return Moment(days * DAY_NS, None, has_clock=False)
        clock_ns, offset_s = self.clock(time_of_day)
        return Moment(days * DAY_NS + clock_ns - (offset_s or 0) * SECOND_NS, offset_s, has_clock=True)

    def read_count(self, text: str) -> int:
        """Nanoseconds of a count in this reader's unit. Raises NotATime."""
        cell = text.strip()
        try:
            return count_ns(int(cell) if cell.lstrip("-").isdigit() and cell.isascii() else _float(cell), self.form)
        except (ValueError, OverflowError) as e:
            raise NotATime(f"{cell[:40]!r} is not a count of time since 1970") from e

    def day(self, text: str) -> int:
        """Days since 1970 of a date. Raises NotATime."""
        found = self._dates.get(text)
        if found is None:
            found = parse_day(text, self.order)
            if len(self._dates) > _CACHE_MAX:
                self._dates.clear()
            self._dates[text] = found
        return found

    def clock(self, text: str) -> tuple[int, int | None]:
        """Nanoseconds since midnight, and the offset in seconds where one is written. Raises NotATime."""
        found = self._clocks.get(text)
        if found is None:
            found = parse_clock(text)
            if len(self._clocks) > _CACHE_MAX:
                self._clocks.clear()
            self._clocks[text] = found
        return found


def _float(text: str) -> float:
    if "_" in text or not text.isascii():
        raise ValueError(text)
    return float(text)


def count_ns(value: float, form: TimeForm) -> int:
    """Nanoseconds since 1970 of a count. Raises NotATime for what int64 cannot hold, ValueError for NaN."""
    if form is TimeForm.EXCEL:
        # Excel counts days; a microsecond is below its precision.
        ns = round((value + EXCEL_EPOCH_DAY) * 86_400_000_000 / 1_000) * 1_000_000
    elif isinstance(value, int):
        ns = value * UNIT_NS[form]
    else:
        ns = round(value * 1_000_000) * UNIT_NS[form] // 1_000_000
    if abs(ns) > _INT64_MAX:
        raise NotATime(f"{value} is out of range")
    return ns


def bare_day(text: str) -> str:
    """A date without a midnight that was written behind it, as in "2020-01-02 00:00:00"."""
    cell = text.strip()
    return cell[:10] if len(cell) > 10 and cell[10] in " T" and not cell[11:].strip("0:.") else cell


def split_time(text: str) -> tuple[str, str]:
    """Cut a written time into its date and its clock; the clock is "" where there is none."""
    cell = text.strip()
    if len(cell) in {12, 14} and cell.isdigit() and cell.isascii():
        return cell[:8], cell[8:]
    if len(cell) > _CELL_MAX:
        raise NotATime(f"{cell[:40]!r}… is not a time")
    for pattern in _SPLITS:
        if match := pattern.fullmatch(cell):
            return match[1], match[2]
    return cell, ""


def parse_day(text: str, order: DateOrder) -> int:
    """Days since 1970 of a written date. Raises NotATime, also for a date that is not in the calendar."""
    cell = text.strip().strip("'\"")
    if len(cell) > _CELL_MAX:
        raise NotATime(f"{cell[:40]!r}… is not a date")
    year, month, day = _parts(cell, order)
    if not _YEAR_MIN <= year <= _YEAR_MAX:
        raise NotATime(f"{cell!r} is not between {_YEAR_MIN} and {_YEAR_MAX}")
    try:
        return date(year, month, day).toordinal() - EPOCH_DAY
    except ValueError as e:
        raise NotATime(f"{cell[:40]!r} is not in the calendar") from e


def _parts(cell: str, order: DateOrder) -> tuple[int, int, int]:
    """Year, month and day of a date in numbers, else of one with a month's name."""
    if match := _ISO.fullmatch(cell):
        return int(match[1]), int(match[3]), int(match[4])
    if match := _COMPACT.fullmatch(cell) or _MONTH_ONLY.fullmatch(cell):
        return int(match[1]), int(match[2]), int(match[3] or 1)
    if match := _QUARTER.fullmatch(cell):
        return int(match[1]), 3 * int(match[2]) - 2, 1
    if match := _NUMERIC.fullmatch(cell):
        return _ordered_parts(cell, (match[1], match[3], match[4]), order)
    return _named_parts(cell)


def _ordered_parts(cell: str, parts: tuple[str, str, str], order: DateOrder) -> tuple[int, int, int]:
    first, second, third = parts
    if order == "mdy":
        return _full_year(third), int(first), int(second)
    if order == "dmy":
        return _full_year(third), int(second), int(first)
    if len(third) == 4:
        raise NotATime(f"{cell!r} does not begin with the year, unlike the other dates")
    return _full_year(first), int(second), int(third)


def _named_parts(cell: str) -> tuple[int, int, int]:
    """Dates with a month's name, "Jan 02, 2020", "2. Januar 2020", "Thu 02-Jan-20", "Jan 2020"."""
    words = _WORDS.findall(cell)
    months = [_MONTHS[word.lower()] for word in words if word.lower() in _MONTHS]
    digits = [word for word in words if word.isdigit() and word.isascii()]
    if len(months) != 1 or not 1 <= len(digits) <= 2 or any(len(word) > 4 for word in digits):
        raise NotATime(f"{cell!r} is not a date")
    if len(digits) == 1:
        if len(digits[0]) != 4:
            raise NotATime(f"{cell!r} has no year")
        return int(digits[0]), months[0], 1
    first, second = digits
    year, day = (first, second) if len(first) == 4 else (second, first)
    return _full_year(year), months[0], int(day)


def _full_year(text: str) -> int:
    number = int(text)
    if len(text) > 2:
        return number
    return number + (1900 if number >= _PIVOT else 2000)


def parse_clock(text: str) -> tuple[int, int | None]:
    """Nanoseconds since midnight and the written offset in seconds, if any. Raises NotATime."""
    cell = text.strip()
    offset_s = None
    zoned = _ZONE_TAIL.fullmatch(cell)
    if zoned and not re.fullmatch(r"[AP]M", zoned[2]):
        offset_s = parse_offset_s(zoned[2])
        if offset_s is None:
            raise NotATime(f"{cell[:40]!r} has an unknown time zone")
        cell = zoned[1].strip()
    match = _CLOCK_COMPACT.fullmatch(cell) if len(cell.partition(".")[0]) in {4, 5, 6} else None
    half = None
    if match is None:
        match = _CLOCK.fullmatch(cell)
        half = match[5] if match else None
    if match is None:
        raise NotATime(f"{text.strip()[:40]!r} is not a time of day")
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    if half:
        if not 1 <= hour <= 12:
            raise NotATime(f"{text.strip()[:40]!r} is not a time of day")
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise NotATime(f"{text.strip()[:40]!r} is not a time of day")
    fraction = int((match[4] or "0").ljust(9, "0"))
    return hour * HOUR_NS + minute * MINUTE_NS + second * SECOND_NS + fraction, offset_s
