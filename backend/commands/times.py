"""Times as commands read and write them: dates and instants in an instrument's time zone."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from backend.domain.bars import DAY_NS, SECOND_NS, Int64s
from backend.errors import InvalidInput

_WHEN: Final = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2})"
    r"(?:[T ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?"
    r"(?P<offset>Z|[+-]\d{2}:?\d{2})?)?)?)?",
    re.ASCII,
)
# Clocks have been changed and changed back within five weeks (Morocco's Ramadan), never within ten days.
ONE_OFFSET_NS: Final = 10 * DAY_NS
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HINT: Final = "Write 2024, 2024-01, 2024-01-31, 2024-01-31T15:30 or 2024-01-31T15:30:00+02:00."


@dataclass(frozen=True, slots=True)
class When:
    """What a person calls a time: a year, a month, a day, or an instant.

    start_ns, end_ns : the instant it begins and the first instant after it, UTC ns; equal for an instant
    first_label_ns, next_label_ns : midnight UTC of its first date, and of the first date that begins after it
    """

    start_ns: int
    end_ns: int
    first_label_ns: int
    next_label_ns: int

    @property
    def is_instant(self) -> bool:
        """Whether hours and minutes were given."""
        return self.start_ns == self.end_ns

    @property
    def last_ns(self) -> int:
        """The instant itself, or the last nanosecond of the day, month or year."""
        return self.start_ns if self.is_instant else self.end_ns - 1

    def from_ns(self, *, is_dated: bool) -> int:
        """Where a range that starts with it starts; ``is_dated`` bars are found by their labels."""
        return self.first_label_ns if is_dated else self.start_ns

    def to_ns(self, *, is_dated: bool) -> int:
        """The first time outside a range that ends with it."""
        return self.next_label_ns if is_dated else self.end_ns


def find_zone(name: str) -> tzinfo:
    """The time zone called ``name``. Raises InvalidInput."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise InvalidInput(
            f"There is no time zone {name!r}.", hint="Use an IANA name as Europe/Berlin, or UTC.", code="time.zone"
        ) from e


def parse_when(text: str, zone: tzinfo) -> When:
    """Read a date or an instant, in ``zone`` unless it carries an offset. Raises InvalidInput."""
    match = _WHEN.fullmatch(text.strip())
    if match is None:
        raise _unreadable(text)
    try:
        if match["hour"]:
            return _parse_instant(match, zone)
        first = date(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1))
        return _span(first, _after(first, match), zone)
    except (ValueError, OverflowError) as e:
        raise _unreadable(text) from e


def _unreadable(text: str) -> InvalidInput:
    return InvalidInput(f"{text!r} is not a date or time.", hint=_HINT, code="time.unreadable")


def _parse_instant(match: re.Match[str], zone: tzinfo) -> When:
    wall = datetime(*(int(match[k] or 0) for k in ("year", "month", "day", "hour", "minute", "second")))  # type: ignore[arg-type]  # noqa: DTZ001 - six numbers; the zone follows
    moment = wall.replace(tzinfo=_offset(match["offset"]) or zone)
    at_ns = _ns(moment) + int((match["fraction"] or "").ljust(9, "0"))
    local = moment.astimezone(zone)
    label_ns = _label_ns(local.date())
    is_midnight = local.time() == local.time().min and not match["fraction"]
    return When(at_ns, at_ns, label_ns, label_ns if is_midnight else label_ns + DAY_NS)


def _after(first: date, match: re.Match[str]) -> date:
    if match["day"]:
        return first + timedelta(days=1)
    if match["month"]:
        return date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return date(first.year + 1, 1, 1)


def _span(first: date, after: date, zone: tzinfo) -> When:
    start, end = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (first, after))
    return When(_ns(start), _ns(end), _label_ns(first), _label_ns(after))


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _ns(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 1000


def _label_ns(day: date) -> int:
    return (day - _EPOCH.date()).days * DAY_NS


def format_times(times_ns: Iterable[int], zone: tzinfo, *, is_dated: bool) -> Iterator[str]:
    """Each time as text: dates for bars of days and longer, else local time with its offset and as many digits as needed."""
    for at_ns in times_ns:
        seconds, rest_ns = divmod(at_ns, SECOND_NS)
        moment = _EPOCH + timedelta(seconds=seconds)
        if is_dated and not rest_ns:
            yield moment.date().isoformat()
            continue
        local = moment.astimezone(zone)
        fraction = f".{rest_ns:09d}".rstrip("0") if rest_ns else ""
        yield f"{local:%Y-%m-%dT%H:%M:%S}{fraction}{_format_offset(local)}"


def format_time_column(times_ns: Int64s, zone: tzinfo, *, is_dated: bool) -> list[str]:
    """``format_times`` of an ascending column, made together where one offset holds for all of it."""
    if not len(times_ns):
        return []
    first_ns, last_ns = int(times_ns[0]), int(times_ns[-1])
    if is_dated and not (times_ns % DAY_NS).any():
        return list(np.datetime_as_string((times_ns // DAY_NS).astype("datetime64[D]")).tolist())
    start, end = ((_EPOCH + timedelta(seconds=ns // SECOND_NS)).astimezone(zone) for ns in (first_ns, last_ns))
    is_one_offset = start.utcoffset() == end.utcoffset() and last_ns - first_ns < ONE_OFFSET_NS
    if is_dated or not is_one_offset or (times_ns % SECOND_NS).any():
        return list(format_times(times_ns.tolist(), zone, is_dated=is_dated))
    offset_s = int((start.utcoffset() or timedelta()).total_seconds())
    wall = np.datetime_as_string((times_ns // SECOND_NS + offset_s).astype("datetime64[s]")).tolist()
    suffix = _format_offset(start)
    return [text + suffix for text in wall]


def format_instant(at_ns: int, zone: tzinfo = UTC) -> str:
    """One instant to the second, for people."""
    return next(format_times((at_ns // SECOND_NS * SECOND_NS,), zone, is_dated=False))


def _format_offset(local: datetime) -> str:
    text = local.strftime("%z")
    return "Z" if local.tzinfo is UTC else f"{text[:3]}:{text[3:]}"
