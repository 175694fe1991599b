"""Wall-clock times into instants: IANA zones and fixed offsets over whole arrays, with repeated and skipped hours."""

import re
import zoneinfo
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, Int64s
from backend.errors import InvalidInput

Flags: TypeAlias = npt.NDArray[np.bool_]

_OFFSET: Final = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_SCAN_DAYS: Final = 7
ABBREVIATIONS: Final = {
    "Z": 0,
    "UTC": 0,
    "GMT": 0,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "BST": 1,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "JST": 9,
    "HKT": 8,
}
"""Hours from UTC of the few short names that files use without ambiguity among markets."""


def parse_offset_s(text: str) -> int | None:
    """Seconds east of UTC of ``Z``, ``+02:00``, ``+0200``, ``UTC+2`` or a short name such as ``EST``; None for others."""
    cell = text.strip()
    hours = ABBREVIATIONS.get(cell.upper())
    if hours is not None:
        return hours * 3600
    match = _OFFSET.fullmatch(cell)
    if match is None:
        return None
    sign, whole, part = match.groups()
    seconds = int(whole) * 3600 + int(part or 0) * 60
    if seconds > 15 * 3600 or int(part or 0) > 59:
        return None
    return -seconds if sign == "-" else seconds


def check_timezone(name: str) -> str:
    """The name as used from here on. Raises InvalidInput for what is neither a zone nor an offset."""
    if parse_offset_s(name) is None:
        _zone(name)
    return name.strip()


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    seconds = parse_offset_s(name)
    if seconds is not None:
        return timezone(timedelta(seconds=seconds))
    try:
        return zoneinfo.ZoneInfo(name.strip())
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise InvalidInput(
            f"{name!r} is not a time zone.",
            hint="Write an IANA name such as America/New_York or Europe/Berlin, or an offset such as +02:00.",
            code="import.timezone",
        ) from e


@dataclass(slots=True)
class ZoneClock:
    """Turns wall-clock times of one zone into UTC and back, in the order of a file.

    A repeated hour (clocks set back) is read as the earlier one first; once times jump back inside it, as the later.
    The last instant is remembered between calls, so a file may come in pieces.
    """

    name: str
    is_descending: bool = False
    _last: int | None = None
    _from_ns: int = 0
    _to_ns: int = 0
    _starts: Int64s = field(default_factory=lambda: np.empty(0, np.int64))
    _offsets: Int64s = field(default_factory=lambda: np.empty(0, np.int64))

    def to_utc(self, wall_ns: Int64s) -> tuple[Int64s, Flags]:
        """UTC ns of wall-clock ns, and whether each wall-clock time ever was (False for the hour skipped in spring)."""
        exists = np.ones(len(wall_ns), np.bool_)
        if not len(wall_ns):
            return wall_ns, exists
        seconds = parse_offset_s(self.name)
        if seconds is not None:
            return wall_ns - seconds * SECOND_NS, exists
        self._cover(int(wall_ns.min()) - 2 * DAY_NS, int(wall_ns.max()) + 2 * DAY_NS)
        local_starts = self._starts + self._offsets
        period = np.maximum(np.searchsorted(local_starts, wall_ns, side="right") - 1, 0)
        utc = wall_ns - self._offsets[period]
        ends = np.append(self._starts[1:], np.iinfo(np.int64).max)
        exists = utc < ends[period]
        previous = np.maximum(period - 1, 0)
        earlier = wall_ns - self._offsets[previous]
        repeated = np.flatnonzero((period > 0) & (earlier < self._starts[period]))
        for row in repeated.tolist():
            self._resolve(utc, row, int(earlier[row]))
        self._last = int(utc[-1])
        return utc, exists

    def _resolve(self, utc: Int64s, row: int, earlier: int) -> None:
        """Choose between both readings of a repeated hour by the row before it."""
        later = int(utc[row])
        before = int(utc[row - 1]) if row else self._last
        if before is None:
            utc[row] = later if self.is_descending else earlier
        elif self.is_descending:
            utc[row] = later if later < before else earlier
        else:
            utc[row] = earlier if earlier > before else later

    def to_wall(self, utc_ns: Int64s) -> Int64s:
        """Wall-clock ns of UTC ns."""
        if not len(utc_ns):
            return utc_ns
        seconds = parse_offset_s(self.name)
        if seconds is not None:
            return utc_ns + seconds * SECOND_NS
        self._cover(int(utc_ns.min()) - DAY_NS, int(utc_ns.max()) + DAY_NS)
        period = np.maximum(np.searchsorted(self._starts, utc_ns, side="right") - 1, 0)
        return utc_ns + self._offsets[period]

    def _cover(self, from_ns: int, to_ns: int) -> None:
        if len(self._starts) and self._from_ns <= from_ns and to_ns <= self._to_ns:
            return
        if len(self._starts):
            from_ns, to_ns = min(from_ns, self._from_ns), max(to_ns, self._to_ns)
        # A year more than needed, so that blocks in order of time do not each find the table too short.
        self._from_ns, self._to_ns = from_ns - 366 * DAY_NS, to_ns + 366 * DAY_NS
        self._starts, self._offsets = _periods(self.name, self._from_ns // SECOND_NS, self._to_ns // SECOND_NS)


@lru_cache(maxsize=32)
def _periods(name: str, from_s: int, to_s: int) -> tuple[Int64s, Int64s]:
    """First instants of the periods of constant offset between two instants, and their offsets, ns."""
    zone = _zone(name)
    starts, offsets = [from_s], [_offset_s(zone, from_s)]
    step = _SCAN_DAYS * 86_400
    for left in range(from_s, to_s, step):
        right = min(left + step, to_s)
        if _offset_s(zone, right) != offsets[-1]:
            starts.append(_bisect(zone, left, right))
            offsets.append(_offset_s(zone, right))
    return np.array(starts, np.int64) * SECOND_NS, np.array(offsets, np.int64) * SECOND_NS


def _bisect(zone: tzinfo, left: int, right: int) -> int:
    """The first second in (left, right] with the offset of ``right``."""
    offset = _offset_s(zone, right)
    while right - left > 1:
        middle = (left + right) // 2
        if _offset_s(zone, middle) == offset:
            right = middle
        else:
            left = middle
    return right


def _offset_s(zone: tzinfo, instant_s: int) -> int:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=instant_s)
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def clock_words(ns_in_day: int) -> str:
    """A time of day in words, ``09:30``."""
    return f"{ns_in_day // HOUR_NS:02d}:{ns_in_day % HOUR_NS // MINUTE_NS:02d}"
