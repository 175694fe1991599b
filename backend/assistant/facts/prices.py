"""Facts of the price: where it is, how far it came, and where it stands in its ranges."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from backend.assistant.facts.draft import Draft, Term, lacking, percent, price
from backend.assistant.facts.fact import BarRange, Unit
from backend.assistant.facts.settings import MONTH, QUARTER, WEEK, WEEKS, YEAR
from backend.assistant.facts.view import ADJUSTED_FOR, Seen, View
from backend.domain.bars import DAY_NS, SECOND_NS

LAST: Final = price("price.last", "Last price", "close of the newest complete bar")
NOW: Final = price("price.now", "Newest price", "close of the newest complete bar of the shortest interval")
CHANGE_NOW: Final = percent(
    "price.change_now", "Change since the last bar", "newest price / last - 1", ("@price.now", "@price.last")
)
DATE: Final = Term(
    "price.date", "Date of the last price", Unit.DATE, "date of the newest complete bar of the series or of its days"
)
PREVIOUS: Final = price("price.previous_close", "Previous close", "close of the session before")
CHANGE: Final = price(
    "price.change", "Change in price on the session before", "last - previous close", ("@price.last", "@price.previous_close")
)
CHANGE_BAR: Final = percent("price.change_bar", "Change on the bar before", "close[n] / close[n-1] - 1")
SESSIONS: Final = (
    (percent("price.change_1", "Change on the session before", "last / close 1 session ago - 1", ("@price.last",)), 1),
    (percent("price.change_5", "Change over a week", f"last / close {WEEK} sessions ago - 1", ("@price.last",)), WEEK),
    (percent("price.change_21", "Change over a month", f"last / close {MONTH} sessions ago - 1", ("@price.last",)), MONTH),
    (percent("price.change_63", "Change over a quarter", f"last / close {QUARTER} sessions ago - 1", ("@price.last",)), QUARTER),
    (percent("price.change_252", "Change over a year", f"last / close {YEAR} sessions ago - 1", ("@price.last",)), YEAR),
)
YEAR_TO_DATE: Final = percent("price.change_ytd", "Change this year", "last / last close of the year before - 1", ("@price.last",))
HIGH: Final = price("price.high_52w", "Highest high of a year", f"highest high of {WEEKS} weeks")
LOW: Final = price("price.low_52w", "Lowest low of a year", f"lowest low of {WEEKS} weeks")
POSITION: Final = percent(
    "price.position_52w",
    "Place in the range of a year",
    "(last - low) / (high - low)",
    ("@price.last", "@price.low_52w", "@price.high_52w"),
)
HIGHEST: Final = price("price.highest", "Highest high stored", "highest high of all stored bars")
HIGHEST_TRADED: Final = price("price.highest_traded", "That high as it was traded", "high of that bar, raw", ("@price.highest",))
FROM_HIGHEST: Final = percent(
    "price.from_highest", "Distance from the highest high", "last / highest - 1", ("@price.last", "@price.highest")
)
NO_PERCENT: Final = "Percent of a price at or below zero says nothing."
NO_DAYS: Final = "It takes daily bars, and none can be made of what is stored."
COUNT: Final = Term("bars.count", "Complete bars", Unit.COUNT, "count of complete bars", decimals=0)
FIRST: Final = Term("bars.first", "Oldest bar", Unit.DATE, "date of the oldest complete bar")
NEWEST: Final = Term("bars.last", "Newest bar", Unit.DATE, "date of the newest complete bar")
ADJUSTED: Final = Term("bars.adjusted", "Adjusted prices", Unit.FLAG, "whether earlier prices are changed for splits and dividends")
_STALE_DAYS: Final = 31


def bar_facts(view: View) -> Iterator[Draft]:
    """What the rest rests on: how many bars, from when to when."""
    main = view.main
    yield main.draft(COUNT, len(main), len(main))
    yield main.draft(FIRST, _date(main, 0, view), len(main))
    yield main.draft(NEWEST, _date(main, -1, view))
    yield main.draft(ADJUSTED, main.is_adjusted, len(main))


def price_facts(view: View) -> Iterator[Draft]:
    """Last price, changes over bars and sessions, and ranges."""
    latest, last = view.latest, float(view.latest.bars.close[-1])
    yield latest.draft(LAST, last)
    yield latest.draft(DATE, _today(view).isoformat())
    yield from _now(view, last)
    yield from _previous(view, last)
    closes = view.main.bars.close
    yield view.main.draft(
        CHANGE_BAR, _percent(float(closes[-1]), float(closes[-2])) if len(closes) > 1 else None, 2, _why(closes[-2:])
    )
    for term, n_sessions in SESSIONS:
        yield _change(view, term, last, n_sessions)
    yield _year_to_date(view, last)
    yield from _year_range(view, last)
    yield from _highest(view, last)


def _now(view: View, last: float) -> Iterator[Draft]:
    now = view.now
    if now is None:
        yield from lacking((NOW, CHANGE_NOW), "No shorter bars tell of a later price.", view.latest.source)
        return
    price_now = float(now.bars.close[-1])
    yield now.draft(NOW, price_now)
    yield now.draft(CHANGE_NOW, _percent(price_now, last), 1, NO_PERCENT)


def _previous(view: View, last: float) -> Iterator[Draft]:
    days, n_past = view.days, view.past_days
    if days is None or n_past < 1:
        yield from lacking((PREVIOUS, CHANGE), NO_DAYS if days is None else days.too_short(2), view.main.source)
        return
    previous = float(days.bars.close[n_past - 1])
    yield _of_days(view, PREVIOUS, previous, n_past - 1)
    yield _of_days(view, CHANGE, last - previous, n_past - 1)


def _change(view: View, term: Term, last: float, n_sessions: int) -> Draft:
    days, n_past = view.days, view.past_days
    if days is None:
        return Draft(term=term, why_not=NO_DAYS, source=view.main.source)
    row = n_past - n_sessions
    if row < 0:
        return Draft(term=term, why_not=f"It takes {n_sessions} sessions before, and there are {n_past}.", source=days.source)
    return _percent_draft(view, term, last, row)


def _year_to_date(view: View, last: float) -> Draft:
    days, n_past = view.days, view.past_days
    if days is None:
        return Draft(term=YEAR_TO_DATE, why_not=NO_DAYS, source=view.main.source)
    start_ns = _label_ns(dt.date(_today(view).year, 1, 1))
    row = int(np.searchsorted(days.bars.event_ns[:n_past], start_ns)) - 1
    if row < 0 or days.bars.event_ns[row] < start_ns - _STALE_DAYS * DAY_NS:
        return Draft(term=YEAR_TO_DATE, why_not="There is no close of the last December.", source=days.source)
    return _percent_draft(view, YEAR_TO_DATE, last, row)


def _percent_draft(view: View, term: Term, last: float, row: int) -> Draft:
    assert view.days is not None
    value = _percent(last, float(view.days.bars.close[row]))
    if value is None:
        return Draft(term=term, why_not=NO_PERCENT, source=view.days.source)
    return _of_days(view, term, value, row)


def _year_range(view: View, last: float) -> Iterator[Draft]:
    days = view.days
    if days is None:
        yield from lacking((HIGH, LOW, POSITION), NO_DAYS, view.main.source)
        return
    first_ns = _label_ns(_today(view)) - WEEKS * 7 * DAY_NS
    if not len(days) or days.bars.event_ns[0] > first_ns:
        yield from lacking((HIGH, LOW, POSITION), f"It takes {WEEKS} weeks of daily bars.", days.source)
        return
    row = int(np.searchsorted(days.bars.event_ns, first_ns, side="right"))
    if row == len(days):
        yield from lacking((HIGH, LOW, POSITION), f"The newest daily bar is more than {WEEKS} weeks old.", days.source)
        return
    high, low = _extreme(days, HIGH, row), _extreme(days, LOW, row)
    yield high
    yield low
    top, bottom = max(high.points[0][1], last), min(low.points[0][1], last)
    position = 100 * (last - bottom) / (top - bottom) if top > bottom else None
    yield days.draft(POSITION, position, len(days) - row, "" if top > bottom else "The range of the year is empty.")


def _highest(view: View, last: float) -> Iterator[Draft]:
    # The longest record: days where there are any, since a series of minutes may begin later.
    seen = view.main if view.days is None or not len(view.days) else view.days
    draft, of = max(((_extreme(one, HIGHEST, 0), one) for one in (seen, view.main)), key=lambda one: one[0].points[0][1])
    yield draft
    yield _as_traded(draft, of)
    value = _percent(last, draft.points[0][1])
    yield seen.draft(FROM_HIGHEST, value, len(seen), "" if value is not None else NO_PERCENT)


def _as_traded(highest: Draft, seen: Seen) -> Draft:
    """The highest high on the scale of its own day, as a chart of raw prices shows it."""
    if seen.traded is None:
        return Draft(term=HIGHEST_TRADED, why_not="No price is adjusted.", source=seen.source)
    at_ns = highest.points[0][0]
    row = int(np.searchsorted(seen.traded.event_ns, at_ns))
    source = f"{seen.source.removesuffix(ADJUSTED_FOR)}, as traded"
    made = seen.draft(HIGHEST_TRADED, float(seen.traded.high[row]))
    return replace(made, source=source, known_ns=highest.known_ns, bars=BarRange(seen.series, at_ns, at_ns))


def _extreme(seen: Seen, term: Term, first: int) -> Draft:
    column = seen.bars.low if term is LOW else seen.bars.high
    row = first + int(np.argmin(column[first:]) if term is LOW else np.argmax(column[first:]))
    at = (int(seen.bars.event_ns[row]), float(column[row]))
    made = seen.draft(term, at[1], len(seen) - first)
    return replace(made, known_ns=int(seen.known_ns[row]), points=(at,))


def _of_days(view: View, term: Term, value: float, row: int) -> Draft:
    """A fact that sets the newest price against the daily bar at ``row``."""
    days = view.days
    assert days is not None
    reach = BarRange(days.series, int(days.bars.event_ns[row]), int(days.bars.event_ns[-1]))
    return Draft(term=term, value=value, source=days.source, as_of_ns=int(view.latest.known_ns[-1]), bars=reach)


def _percent(new: float, old: float) -> float | None:
    return 100 * (new / old - 1) if new > 0 and old > 0 else None


def _why(closes: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> str:
    return "" if len(closes) < 2 or np.all(closes > 0) else NO_PERCENT


def _today(view: View) -> dt.date:
    """The date of the newest price, in the instrument's zone."""
    latest = view.latest
    event_ns = int(latest.bars.event_ns[-1])
    zone = dt.UTC if latest.series.spec.is_dated else ZoneInfo(view.instrument.timezone)
    return dt.datetime.fromtimestamp(event_ns // SECOND_NS, zone).date()


def _date(seen: Seen, row: int, view: View) -> str:
    zone = dt.UTC if seen.series.spec.is_dated else ZoneInfo(view.instrument.timezone)
    return dt.datetime.fromtimestamp(int(seen.bars.event_ns[row]) // SECOND_NS, zone).date().isoformat()


def _label_ns(day: dt.date) -> int:
    return (day - dt.date(1970, 1, 1)).days * DAY_NS
