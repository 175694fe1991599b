"""Quiet hours: when a channel is not to disturb, by the clock on the wall of one time zone."""

import enum
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from backend.errors import InvalidInput

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 24 * 60
_RANGE = re.compile(r"(?:(?P<days>[a-z,-]{3,40}) )?(?P<first>[0-2]\d:[0-5]\d)-(?P<last>[0-2]\d:[0-5]\d)", re.ASCII)
_WEEK_MINUTES: Final = 7 * DAY_MINUTES
_MINUTE: Final = timedelta(minutes=1)
_SHIFT_MAX: Final = timedelta(hours=3)  # clocks are never put forward or back by more
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Quiet(enum.StrEnum):
    """What becomes of a message in quiet hours."""

    HOLD = "hold"  # it waits until they end
    DROP = "drop"  # it is recorded, and counted in the next message, but not sent


class QuietRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A range of wall time that begins on each of ``days`` (0 is Monday).

    first, last : minutes after midnight; from ``first``, included, to ``last``, not included; where ``last`` is not after
        ``first`` the range goes on past midnight into the next day
    """

    days: tuple[Annotated[int, Meta(ge=0, le=6)], ...]
    first: Annotated[int, Meta(ge=0, lt=DAY_MINUTES)]
    last: Annotated[int, Meta(ge=0, lt=DAY_MINUTES)]

    def holds(self, wall: datetime) -> bool:
        """Whether the clock on the wall shows a time within."""
        return self.minutes_left(wall) > 0

    def minutes_left(self, wall: datetime) -> int:
        """Minutes of wall time until it ends, counted from the begun minute; 0 outside."""
        minute = wall.hour * 60 + wall.minute
        if self.first < self.last:
            return self.last - minute if wall.weekday() in self.days and self.first <= minute < self.last else 0
        if wall.weekday() in self.days and minute >= self.first:
            return DAY_MINUTES - minute + self.last
        if (wall.weekday() - 1) % 7 in self.days and minute < self.last:
            return self.last - minute
        return 0

    def minutes(self) -> Iterator[int]:
        """Every minute of the week that it holds."""
        length = (self.last - self.first) % DAY_MINUTES or DAY_MINUTES
        for day in self.days:
            yield from ((day * DAY_MINUTES + self.first + n) % _WEEK_MINUTES for n in range(length))


class QuietHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ranges of the week in which a channel keeps still; urgent alerts pass where ``urgent_pass`` says so."""

    ranges: tuple[QuietRange, ...] = ()
    then: Quiet = Quiet.HOLD
    urgent_pass: bool = True

    def check(self) -> None:
        """Raises InvalidInput where no minute of the week is left to send in, or a range names no day."""
        if any(not found.days for found in self.ranges):
            raise InvalidInput("A range of quiet hours names no day.", hint="Name at least one, as mon or mon-fri.")
        if len({minute for found in self.ranges for minute in found.minutes()}) == _WEEK_MINUTES:
            raise InvalidInput("The quiet hours leave no minute to send in.", hint="Turn the channel off instead.")

    def is_quiet(self, now_ns: int, zone: ZoneInfo) -> bool:
        """Whether this instant (UTC ns) lies within."""
        wall = _at(now_ns).astimezone(zone)
        return any(found.holds(wall) for found in self.ranges)

    def end_ns(self, now_ns: int, zone: ZoneInfo) -> int | None:
        """The first instant from ``now_ns`` on that is not quiet (UTC ns); None where it is not quiet now.

        Where clocks are put forward over the end, it ends with the change; where they are put back, its second pass is quiet too.
        """
        moment = _at(now_ns)
        while left := max((found.minutes_left(moment.astimezone(zone)) for found in self.ranges), default=0):
            whole = moment.replace(second=0, microsecond=0)
            end = whole + timedelta(minutes=left)
            if moment.astimezone(zone).utcoffset() == (end + _SHIFT_MAX).astimezone(zone).utcoffset():
                moment = end
                continue
            moment = whole + _MINUTE  # clocks change on the way: minute by minute
        found_ns = round((moment - _EPOCH) / timedelta(microseconds=1)) * 1_000
        return found_ns if found_ns > now_ns else None


def parse_range(text: str) -> QuietRange:
    """``mon-fri 22:00-07:00``, ``sat,sun 00:00-24:00``, or ``22:00-07:00`` for every day. Raises InvalidInput."""
    match = _RANGE.fullmatch(text.strip().lower())
    if match is None:
        raise _unreadable(text)
    first, last = (60 * int(hour) + int(minute) for hour, minute in (match["first"].split(":"), match["last"].split(":")))
    if first >= DAY_MINUTES or last > DAY_MINUTES or (first == last and first):
        raise _unreadable(text)
    return QuietRange(_parse_days(match["days"] or "mon-sun", text), first, last % DAY_MINUTES)


def format_range(found: QuietRange) -> str:
    """As parse_range reads it."""
    days = "" if len(found.days) == len(DAYS) else ",".join(DAYS[day] for day in found.days) + " "
    last = found.last or DAY_MINUTES
    return f"{days}{found.first // 60:02}:{found.first % 60:02}-{last // 60:02}:{last % 60:02}"


def _parse_days(text: str, whole: str) -> tuple[int, ...]:
    days: set[int] = set()
    for part in text.split(","):
        ends = part.split("-")
        if len(ends) > 2 or not set(ends) <= set(DAYS):
            raise _unreadable(whole)
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        days.update((first + n) % len(DAYS) for n in range((last - first) % len(DAYS) + 1))
    return tuple(sorted(days))


def _unreadable(text: str) -> InvalidInput:
    return InvalidInput(f"{text[:60]!r} is no range of quiet hours.", hint="Write it as 22:00-07:00 or mon-fri 22:00-07:00.")


def parse_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises InvalidInput."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise InvalidInput(f"{name!r} is not a time zone.", hint="Name one as Europe/Berlin or UTC.") from e


def _at(now_ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=now_ns // 1_000)
