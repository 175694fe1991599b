"""Which bars get a time label: those that begin a year, month, day, hour or minute, the larger unit in bold."""

import bisect
import enum
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

import numpy as np

from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from backend.market.bar_snapshot import BarSnapshot

_TICKS_MAX: Final = 2_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Unit(enum.IntEnum):
    """What begins at a tick; a larger one is more important."""

    SECOND = 0
    MINUTE = 1
    HOUR = 2
    DAY = 3
    MONTH = 4
    YEAR = 5


class TimeStep(NamedTuple):
    """Ticks at every ``every``-th unit; ``nominal_ns`` is their usual distance."""

    unit: Unit
    every: int
    nominal_ns: int


_MONTH_NS: Final = 30 * DAY_NS + 10 * HOUR_NS
_YEAR_NS: Final = 365 * DAY_NS + 6 * HOUR_NS
STEPS: Final = (
    *(TimeStep(Unit.SECOND, n, n * SECOND_NS) for n in (1, 5, 10, 30)),
    *(TimeStep(Unit.MINUTE, n, n * MINUTE_NS) for n in (1, 2, 5, 10, 15, 30)),
    *(TimeStep(Unit.HOUR, n, n * HOUR_NS) for n in (1, 2, 4, 6, 12)),
    *(TimeStep(Unit.DAY, n, n * DAY_NS) for n in (1, 2, 7, 15)),
    *(TimeStep(Unit.MONTH, n, n * _MONTH_NS) for n in (1, 2, 3, 6)),
    *(TimeStep(Unit.YEAR, n, n * _YEAR_NS) for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
)


@dataclass(frozen=True, slots=True)
class TimeTick:
    """A labelled bar. ``is_major``: it begins a larger unit than its neighbours do."""

    row: int
    unit: Unit
    text: str
    is_major: bool


def step_for(ns_per_px: float, gap_px: float) -> TimeStep:
    """The finest step whose ticks usually stand at least ``gap_px`` apart."""
    at = bisect.bisect_left([step.nominal_ns for step in STEPS], ns_per_px * gap_px)
    return STEPS[min(at, len(STEPS) - 1)]


def ns_per_bar(snapshot: BarSnapshot) -> float:
    """Average time from one bar to the next over the whole series, nights and weekends counted; 0 for fewer than two."""
    n_bars = len(snapshot)
    if n_bars < 2:
        return 0.0
    return (snapshot.event_ns_at(n_bars - 1) - snapshot.event_ns_at(0)) / (n_bars - 1)


def time_ticks(snapshot: BarSnapshot, rows: tuple[int, int], step: TimeStep, zone: tzinfo) -> list[TimeTick]:
    """The bars of [rows[0], rows[1]) at which a tick falls: the first at or after each boundary, said by its own time.

    zone : UTC for bars labelled by session dates, else the instrument's own
    """
    first, stop = rows
    if stop <= first:
        return []
    # The bar before tells whether the first begins anything; the very first bar of all begins nothing known.
    begin_ns = snapshot.event_ns_at(first - 1) if first else snapshot.event_ns_at(0) - 1
    end_ns = snapshot.event_ns_at(stop - 1)
    found: dict[int, Unit] = {}
    moments = list(_boundaries(step, begin_ns, end_ns, zone))
    starts = np.array([ns for ns, _ in moments], np.int64)
    for row, (_, unit) in zip(snapshot.rows_at(starts).tolist(), moments, strict=True):
        if first <= row < stop:
            found[row] = max(unit, found.get(row, unit))
    return [
        TimeTick(row, unit, label_of(unit, _moment(snapshot.event_ns_at(row), zone)), unit > step.unit and unit >= Unit.DAY)
        for row, unit in sorted(found.items())
    ]


def label_of(unit: Unit, moment: datetime) -> str:
    """What a tick says: ``2012``, ``Mar``, ``14``, ``09:30`` or ``09:30:15``."""
    if unit is Unit.YEAR:
        return f"{moment.year}"
    if unit is Unit.MONTH:
        return moment.strftime("%b")
    if unit is Unit.DAY:
        return f"{moment.day}"
    return moment.strftime("%H:%M:%S" if unit is Unit.SECOND and moment.second else "%H:%M")


def thin_out(ticks: list[TimeTick], xs: list[int], widths: list[float], gap_px: float) -> list[int]:
    """Positions in ``ticks`` whose labels fit side by side, ascending; larger units are placed first, then from left to right.

    xs : middles of the labels, ascending; widths : of the labels; both in pixels
    """
    placed: list[tuple[float, float]] = []
    kept: list[int] = []
    for i in sorted(range(len(ticks)), key=lambda i: (-ticks[i].unit, xs[i])):
        left, right = xs[i] - widths[i] / 2 - gap_px / 2, xs[i] + widths[i] / 2 + gap_px / 2
        at = bisect.bisect(placed, (left, right))
        if (at and placed[at - 1][1] > left) or (at < len(placed) and placed[at][0] < right):
            continue
        placed.insert(at, (left, right))
        kept.append(i)
    return sorted(kept)


def _moment(event_ns: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(seconds=event_ns // SECOND_NS)).astimezone(zone)


def _boundaries(step: TimeStep, begin_ns: int, end_ns: int, zone: tzinfo) -> Iterator[tuple[int, Unit]]:
    # Moments in (begin_ns, end_ns] at which a tick falls.
    moment = _floor(_moment(begin_ns, zone), step)
    following = _FOLLOWING[step.unit]
    for _ in range(_TICKS_MAX):
        moment_ns = math.floor(moment.timestamp()) * SECOND_NS
        if moment_ns > end_ns:
            return
        if moment_ns > begin_ns:
            yield moment_ns, _unit_of(moment)
        moment = following(moment, step.every)


def _unit_of(moment: datetime) -> Unit:
    if (moment.hour, moment.minute, moment.second) != (0, 0, 0):
        return Unit.HOUR if not (moment.minute or moment.second) else Unit.MINUTE if not moment.second else Unit.SECOND
    if moment.day != 1:
        return Unit.DAY
    return Unit.YEAR if moment.month == 1 else Unit.MONTH


def _floor(moment: datetime, step: TimeStep) -> datetime:
    # A moment at or before this one from which counting gives the same ticks wherever the view begins.
    if step.unit is Unit.YEAR:
        return datetime(max(moment.year // step.every * step.every, 1), 1, 1, tzinfo=moment.tzinfo)
    if step.unit is Unit.MONTH:
        return datetime(moment.year, 1, 1, tzinfo=moment.tzinfo)
    if step.unit is Unit.DAY:
        return datetime(moment.year, moment.month, 1, tzinfo=moment.tzinfo)
    midnight = datetime(moment.year, moment.month, moment.day, tzinfo=moment.tzinfo)
    seconds = step.nominal_ns // SECOND_NS
    return midnight + timedelta(seconds=(moment.hour * 3600 + moment.minute * 60 + moment.second) // seconds * seconds)


def _next_year(moment: datetime, count: int) -> datetime:
    return moment.replace(year=moment.year + count)


def _next_month(moment: datetime, count: int) -> datetime:
    months = moment.year * 12 + moment.month - 1 + count
    return moment.replace(year=months // 12, month=months % 12 + 1)


def _next_day(moment: datetime, count: int) -> datetime:
    # Counted from the first of the month; a stub shorter than a full step before the next first is left out.
    following = moment + timedelta(days=count)
    beyond = following + timedelta(days=count - 1) if count > 1 else following
    return _next_month(moment.replace(day=1), 1) if beyond.month != moment.month else following


def _by_clock(seconds: int) -> Callable[[datetime, int], datetime]:
    def following(moment: datetime, count: int) -> datetime:
        # On the wall clock, so that days of 23 and 25 hours keep their round hours.
        return moment + timedelta(seconds=seconds * count)

    return following


_FOLLOWING: Final[dict[Unit, Callable[[datetime, int], datetime]]] = {
    Unit.YEAR: _next_year,
    Unit.MONTH: _next_month,
    Unit.DAY: _next_day,
    Unit.HOUR: _by_clock(3600),
    Unit.MINUTE: _by_clock(60),
    Unit.SECOND: _by_clock(1),
}
