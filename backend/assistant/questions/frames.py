"""The bars that a question is about: complete ones from the first stored bar on, and which of them lie in its period."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from backend.assistant.questions.plan import MONTHS, WEEKDAYS, CalendarUnit, Current, Period, Previous, Recent, Span
from backend.charts.series_times import session_numbers
from backend.domain.bars import DAY_NS, SECOND_NS, BarArrays, BarUnit, Float64s, Int64s, Series
from backend.domain.instruments import Instrument
from backend.domain.sessions import SessionTable
from backend.errors import InvalidInput
from backend.market.history import History
from backend.market.resample import known_ns

Flags = npt.NDArray[np.bool_]

BARS_MAX: Final = 5_000_000
_EPOCH: Final = date(1970, 1, 1)
_LETTERS: Final = {"12mo": len("2004"), "1mo": len("2004-03"), "3mo": len("2004-03")}
THURSDAY: Final = 3  # of 1970-01-01, where Monday is 0
_WEEK: Final = 7
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Complete bars of one series up to the end of a period.

    known_ns : int64[n_bars]     when each bar was complete
    sessions : float64[n_bars]   a number that changes with each session, for indicators
    first, stop : rows [first, stop) lie in the period; earlier ones are there so that indicators are warm
    traded : the bars of an adjusted frame as they were traded; None where nobody asks for them
    levels : the same where prices are compared with numbers; None where these are compared with ``bars``
    others : the frames of other instruments that conditions look at, by their ids
    season : the weekday or month of the year whose bars alone are asked about; empty for all of them
    """

    instrument: Instrument
    series: Series
    bars: BarArrays
    known_ns: Int64s
    sessions: Float64s
    first: int
    stop: int
    is_adjusted: bool
    traded: BarArrays | None = None
    levels: BarArrays | None = None
    others: Mapping[str, "Frame"] = field(default_factory=dict)
    season: str = ""

    @property
    def n_rows(self) -> int:
        """How many bars lie in the period."""
        return self.stop - self.first

    def of(self, instrument: str) -> "Frame":
        """The frame of another instrument, this one for its own and for none."""
        return self.others.get(instrument, self)

    def day(self, row: int) -> str:
        """The date of a bar, its year or month where it is one, or its instant where bars are shorter than days; ISO 8601."""
        at_ns = int(self.bars.event_ns[row])
        if self.series.spec.is_dated:
            return (_EPOCH + timedelta(days=at_ns // DAY_NS)).isoformat()[: _LETTERS.get(str(self.series.spec))]
        return datetime.fromtimestamp(at_ns // SECOND_NS, UTC).isoformat()


def weekdays(event_ns: Int64s) -> Int64s:
    """0 for Monday, and so on, of the first session of each bar."""
    return (event_ns // DAY_NS + THURSDAY) % _WEEK


def year_months(event_ns: Int64s) -> Int64s:
    """0 for January, and so on, of the first session of each bar."""
    return month_numbers(event_ns) % 12


def week_numbers(event_ns: Int64s) -> Int64s:
    """The calendar week of each bar, from Monday, counted from that of 1970-01-01."""
    return (event_ns // DAY_NS + THURSDAY) // _WEEK


def month_numbers(event_ns: Int64s) -> Int64s:
    """The calendar month of each bar, counted from January 1970."""
    months: Int64s = event_ns.view("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    return months


def in_season(frame: Frame) -> Flags:
    """bool[n_bars]: the bars of the weekday or month that is asked about."""
    times = frame.bars.event_ns
    if not frame.season:
        return np.ones(len(times), np.bool_)
    is_weekday = frame.season in WEEKDAYS
    place = (WEEKDAYS if is_weekday else MONTHS).index(frame.season)
    is_in: Flags = (weekdays if is_weekday else year_months)(times) == place
    return is_in


def rows_beside(frame: Frame, other: Frame) -> Int64s:
    """int64[n_bars]: for each bar of ``frame`` the row of the same day, week, … in ``other``, -1 where it has none."""
    if other is frame:
        return np.arange(len(frame.bars))
    mine, theirs = _places(frame), _places(other)
    rows = np.searchsorted(theirs, mine)
    is_there = rows < len(theirs)
    is_there[is_there] = theirs[rows[is_there]] == mine[is_there]
    return np.where(is_there, rows, -1)


def shared_bars(frame: Frame) -> Flags:
    """bool[n_bars]: the bars of ``frame`` that all of its others have too."""
    is_shared = np.ones(len(frame.bars), np.bool_)
    for other in frame.others.values():
        is_shared &= rows_beside(frame, other) >= 0
    return is_shared


def _places(frame: Frame) -> Int64s:
    """A number of each bar's time that other calendars share: a week is named by its first session, which they may not."""
    times, spec = frame.bars.event_ns, frame.series.spec
    if spec.unit is BarUnit.WEEK and spec.step == 1:
        return week_numbers(times)
    if spec.unit is BarUnit.MONTH:
        return month_numbers(times) // int(spec.step)
    return times


async def load_frame(
    history: History, instrument: Instrument, series: Series, period: Period, *, now_ns: int, is_adjusted: bool
) -> Frame:
    """Load what a question needs of one series, as it was known at ``now_ns``. Raises InvalidInput where it cannot be built.

    Whatever its period, indicators start at the first stored bar, as on charts. A bar belongs to the period in which it
    begins; no later one is read. One that is made of shorter stored bars is complete where these reach its last session.
    """
    sessions = await history.sessions_of(instrument.id)
    days = period_days(period, _local_day(now_ns, instrument.timezone), sessions)
    to_ns = None if days[1] is None else _edge_ns(days[1] + timedelta(days=1), series, instrument)
    bars = await history.bars(series, to_ns=to_ns, adjusted=is_adjusted, as_of_ns=now_ns)
    if len(bars) > BARS_MAX:
        raise InvalidInput(
            f"{instrument.id} has {len(bars):,} bars of {series.spec}; at most {BARS_MAX:,} are looked through.",
            hint="Ask about longer bars.",
            code="question.too_large",
        )
    known_to_ns = min(now_ns, await _told_to_ns(history, series, bars, sessions, now_ns))
    return await asyncio.to_thread(_framed, (instrument, series, is_adjusted), bars, sessions, (period, days, known_to_ns))


async def _told_to_ns(history: History, series: Series, bars: BarArrays, sessions: SessionTable, now_ns: int) -> int:
    """Up to when the stored bars tell of the newest one of ``bars`` where days and longer ones make it, else ``now_ns``."""
    if not len(bars) or not series.spec.is_dated:
        return now_ns
    stored, _ = await history.origin(series)
    if stored == series.spec or not stored.is_dated:
        return now_ns
    begins_ns = int(bars.event_ns[-1])
    parts = await history.bars(Series(series.instrument, stored), from_ns=begins_ns, as_of_ns=now_ns)
    return int(known_ns(stored, parts.event_ns[-1:], sessions).max(initial=begins_ns))


def _framed(
    about: tuple[Instrument, Series, bool],
    bars: BarArrays,
    sessions: SessionTable,
    asked: tuple[Period, tuple[date | None, date | None], int],
) -> Frame:
    instrument, series, is_adjusted = about
    period, (first_day, _), known_to_ns = asked
    known = known_ns(series.spec, bars.event_ns, sessions)
    n_known = int(np.searchsorted(known, known_to_ns, side="right"))
    bars, known = bars[:n_known], known[:n_known]
    first = 0 if first_day is None else int(np.searchsorted(bars.event_ns, _edge_ns(first_day, series, instrument)))
    if isinstance(period, Recent) and period.unit == "bar":
        first = max(0, len(bars) - period.n)
    numbers = session_numbers(series.spec, bars.event_ns, sessions)
    return Frame(instrument, series, bars, known, numbers, min(first, len(bars)), len(bars), is_adjusted)


def spans_a_day(frame: Frame, label_ns: Int64s) -> bool:
    """Whether one of these days begins behind the beginning of the period's first bar and before the end of its last one."""
    if not frame.n_rows:
        return False
    days = [_EPOCH + timedelta(days=label // DAY_NS) for label in label_ns.tolist()]
    begins_ns, ends_ns = int(frame.bars.event_ns[frame.first]), int(frame.known_ns[frame.stop - 1])
    return any(begins_ns < _edge_ns(day, frame.series, frame.instrument) < ends_ns for day in days)


def period_days(period: Period, today: date, sessions: SessionTable) -> tuple[date | None, date | None]:
    """First and last day of a period as seen on ``today``; None where it is open.

    "The last 30 days" are today and the 29 before it; "yesterday" is the trading day before today.
    """
    match period:
        case Span(first, last):
            return (date.fromisoformat(first) if first else None), (date.fromisoformat(last) if last else None)
        case Recent(n, unit):
            return (None, None) if unit == "bar" else (_before(today, n, unit) + timedelta(days=1), today)
        case Previous("day"):
            day = _session_before(today, sessions)
            return day, day
        case Previous(piece):
            end = _start_of(today, piece) - timedelta(days=1)
            return _start_of(end, piece), end
        case Current(piece):
            return _start_of(today, piece), today
        case _:
            return None, None


def _session_before(today: date, sessions: SessionTable) -> date:
    row = int(np.searchsorted(sessions.label_ns, (today - _EPOCH).days * DAY_NS)) - 1
    return today - timedelta(days=1) if row < 0 else _EPOCH + timedelta(days=int(sessions.label_ns[row]) // DAY_NS)


def _before(day: date, n: int, unit: str) -> date:
    """The day so long before; the last one of its month where that is shorter, and the earliest possible one."""
    try:
        if unit in {"day", "week"}:
            return day - timedelta(days=n * (7 if unit == "week" else 1))
        months = day.year * 12 + day.month - 1 - n * _MONTHS[unit]
        start = date(months // 12, months % 12 + 1, 1)
        following = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
        return min(start + timedelta(days=day.day - 1), following - timedelta(days=1))
    except (OverflowError, ValueError):
        return date.min


def _start_of(day: date, unit: CalendarUnit) -> date:
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    length = _MONTHS[unit]
    return date(day.year, (day.month - 1) // length * length + 1, 1)


def _local_day(now_ns: int, timezone: str) -> date:
    return datetime.fromtimestamp(now_ns // SECOND_NS, UTC).astimezone(ZoneInfo(timezone)).date()


def _edge_ns(day: date, series: Series, instrument: Instrument) -> int:
    """Where a day begins: its label for bars of days and longer, else midnight where the instrument trades."""
    if series.spec.is_dated:
        return (day - _EPOCH).days * DAY_NS
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(instrument.timezone)).timestamp()) * SECOND_NS
