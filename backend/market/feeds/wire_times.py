"""Times as venues write them, read to the nanosecond: RFC 3339 text and counts since 1970."""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from backend.domain.bars import MINUTE_NS, SECOND_NS
from backend.errors import InvalidInput

# Seconds that int64 nanoseconds can hold, and that a market can mean.
_FIRST_S: Final = -9_000_000_000
_END_S: Final = 9_000_000_000
UNITS: Final = {"s": SECOND_NS, "ms": 1_000_000, "us": 1_000, "ns": 1}
_TEXT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt _](\d{2}:\d{2}):(\d{2})(?:[.,](\d{1,18}))?\s*(?:[Zz]|([+-])(\d{2}):?(\d{2}))?", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def parse_rfc3339(text: str) -> int:
    """UTC ns of ``2021-02-22T15:51:44.208123456Z``, exact; digits below the nanosecond are cut off.

    An offset may stand instead of ``Z``; without either it is UTC. A leap second is the first one of the next minute.
    Raises InvalidInput.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise _refused(text)
    day, clock, second, fraction, sign, hours, minutes = match.groups()
    if second > "60" or (hours is not None and (hours > "23" or minutes > "59")):
        raise _refused(text)
    at_ns = _minute_ns(day, clock) + int(second) * SECOND_NS
    if fraction is not None:
        at_ns += int(fraction[:9].ljust(9, "0"))
    if sign is not None:
        offset_ns = (int(hours) * 60 + int(minutes)) * MINUTE_NS
        at_ns += -offset_ns if sign == "+" else offset_ns
    return _in_range(at_ns, text)


def parse_count(value: object, unit: str) -> int:
    """UTC ns of a count of ``unit`` ("s", "ms", "us", "ns") since 1970, a number or its text; exact as written.

    Raises InvalidInput.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise _refused(value)
    try:
        at = Decimal(str(value)) * UNITS[unit]
        if not at.is_finite() or not _FIRST_S * SECOND_NS < at < _END_S * SECOND_NS:
            raise _refused(value)
        return int(at)
    except (InvalidOperation, ValueError) as error:
        raise _refused(value) from error


def parse_time(value: object, unit: str) -> int:
    """UTC ns of ``value`` in ``unit``: one of ``parse_count``, or "iso" for text and whole days. Raises InvalidInput."""
    if unit != "iso":
        return parse_count(value, unit)
    if not isinstance(value, str):
        raise _refused(value)
    text = value.strip()
    return parse_rfc3339(f"{text}T00:00:00Z" if _DATE.fullmatch(text) else text)


def format_rfc3339(at_ns: int) -> str:
    """``2021-02-22T15:51:44.208123456Z`` of UTC ns."""
    seconds, rest = divmod(at_ns, SECOND_NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


@lru_cache(maxsize=64)
def _minute_ns(day: str, clock: str) -> int:
    """Ticks come in the same minutes over and over."""
    try:
        return int(datetime.fromisoformat(f"{day}T{clock}:00+00:00").timestamp()) * SECOND_NS
    except ValueError as error:
        raise _refused(f"{day}T{clock}") from error


def _in_range(at_ns: int, text: str) -> int:
    if not _FIRST_S * SECOND_NS < at_ns < _END_S * SECOND_NS:
        raise _refused(text)
    return at_ns


def _refused(value: object) -> InvalidInput:
    return InvalidInput(f"{str(value)[:60]!r} is not a time.", hint="Look at what unit the times are in.", code="feed.time")
