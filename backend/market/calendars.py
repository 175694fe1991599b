"""Trading sessions of each venue, kept as small files so that a second start needs no calendar library."""

import asyncio
import datetime as dt
import importlib.metadata
import io
import logging
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from backend.clock import Clock
from backend.domain.bars import DAY_NS, Int64s
from backend.domain.instruments import Venue
from backend.domain.sessions import SessionTable
from backend.errors import NotFound, Unavailable
from backend.storage.durable import write_durably

ALWAYS: Final = "24/7"
FOREX: Final = "FX"
FIRST_DATE: Final = dt.date(1970, 1, 1)
LIBRARY_FIRST_DATES: Final = {"XTAE": dt.date(2026, 1, 5)}  # 4.13 takes Tel Aviv's former short Sundays for an error
PROBE: Final = (dt.date(2026, 1, 5), dt.date(2026, 6, 30))  # within every calendar of the library
NEW_YORK: Final = ZoneInfo("America/New_York")
FOREX_DAY_STARTS: Final = dt.time(17)
_FILE_NAME: Final = re.compile(r"[^A-Z0-9]")

log = logging.getLogger(__name__)

VENUES: Final = {
    venue.code: venue
    for venue in (
        Venue("XNAS", "Nasdaq", "XNYS", "America/New_York"),
        Venue("XNYS", "New York Stock Exchange", "XNYS", "America/New_York"),
        Venue("ARCX", "NYSE Arca", "XNYS", "America/New_York"),
        Venue("XASE", "NYSE American", "XNYS", "America/New_York"),
        Venue("BATS", "Cboe BZX", "XNYS", "America/New_York"),
        Venue("IEXG", "IEX", "XNYS", "America/New_York"),
        Venue("OTCM", "OTC Markets", "XNYS", "America/New_York"),
        Venue("XCBO", "Cboe Options", "XNYS", "America/New_York"),
        Venue("XCME", "CME", "CMES", "America/Chicago"),
        Venue("XCBT", "CBOT", "CMES", "America/Chicago"),
        Venue("XNYM", "NYMEX", "CMES", "America/New_York"),
        Venue("XCEC", "COMEX", "CMES", "America/New_York"),
        Venue("XTSE", "Toronto Stock Exchange", "XTSE", "America/Toronto"),
        Venue("XMEX", "Mexican Stock Exchange", "XMEX", "America/Mexico_City"),
        Venue("BVMF", "B3", "BVMF", "America/Sao_Paulo"),
        Venue("XLON", "London Stock Exchange", "XLON", "Europe/London"),
        Venue("XDUB", "Euronext Dublin", "XDUB", "Europe/Dublin"),
        Venue("XPAR", "Euronext Paris", "XPAR", "Europe/Paris"),
        Venue("XAMS", "Euronext Amsterdam", "XAMS", "Europe/Amsterdam"),
        Venue("XBRU", "Euronext Brussels", "XBRU", "Europe/Brussels"),
        Venue("XLIS", "Euronext Lisbon", "XLIS", "Europe/Lisbon"),
        Venue("XMIL", "Borsa Italiana", "XMIL", "Europe/Rome"),
        Venue("XMAD", "Bolsa de Madrid", "XMAD", "Europe/Madrid"),
        Venue("XETR", "Xetra", "XETR", "Europe/Berlin"),
        Venue("XFRA", "Frankfurt", "XFRA", "Europe/Berlin"),
        Venue("XEUR", "Eurex", "XEUR", "Europe/Berlin"),
        Venue("XSWX", "SIX Swiss Exchange", "XSWX", "Europe/Zurich"),
        Venue("XWBO", "Vienna", "XWBO", "Europe/Vienna"),
        Venue("XSTO", "Nasdaq Stockholm", "XSTO", "Europe/Stockholm"),
        Venue("XHEL", "Nasdaq Helsinki", "XHEL", "Europe/Helsinki"),
        Venue("XCSE", "Nasdaq Copenhagen", "XCSE", "Europe/Copenhagen"),
        Venue("XOSL", "Oslo", "XOSL", "Europe/Oslo"),
        Venue("XWAR", "Warsaw", "XWAR", "Europe/Warsaw"),
        Venue("XIST", "Istanbul", "XIST", "Europe/Istanbul"),
        Venue("XTAE", "Tel Aviv", "XTAE", "Asia/Jerusalem"),
        Venue("XSAU", "Saudi Exchange", "XSAU", "Asia/Riyadh"),
        Venue("XJSE", "Johannesburg", "XJSE", "Africa/Johannesburg"),
        Venue("XBOM", "BSE", "XBOM", "Asia/Kolkata"),
        Venue("XNSE", "National Stock Exchange of India", "XBOM", "Asia/Kolkata"),
        Venue("XSES", "Singapore", "XSES", "Asia/Singapore"),
        Venue("XKLS", "Bursa Malaysia", "XKLS", "Asia/Kuala_Lumpur"),
        Venue("XBKK", "Thailand", "XBKK", "Asia/Bangkok"),
        Venue("XIDX", "Indonesia", "XIDX", "Asia/Jakarta"),
        Venue("XHKG", "Hong Kong", "XHKG", "Asia/Hong_Kong"),
        Venue("XSHG", "Shanghai", "XSHG", "Asia/Shanghai"),
        Venue("XSHE", "Shenzhen", "XSHG", "Asia/Shanghai"),
        Venue("XTAI", "Taiwan", "XTAI", "Asia/Taipei"),
        Venue("XKRX", "Korea Exchange", "XKRX", "Asia/Seoul"),
        Venue("XTKS", "Tokyo", "XTKS", "Asia/Tokyo"),
        Venue("XASX", "Australian Securities Exchange", "XASX", "Australia/Sydney"),
        Venue("XNZE", "New Zealand", "XNZE", "Pacific/Auckland"),
        Venue("FX", "Foreign exchange", FOREX, "America/New_York"),
        Venue("INDEX", "Index", "XNYS", "America/New_York"),
        Venue("FRED", "Federal Reserve Economic Data", ALWAYS, "America/New_York"),
        Venue("BINANCE", "Binance"),
        Venue("COINBASE", "Coinbase"),
        Venue("KRAKEN", "Kraken"),
    )
}


def venue(code: str) -> Venue:
    """What is known of a venue; one we do not know trades around the clock in UTC."""
    return VENUES.get(code) or Venue(code, code)


class Calendars:
    """Session tables from 1970 to the end of next year, as far as the calendar's dates are known.

    Tables come from `exchange_calendars`, "24/7" and "FX" from here; FX days run from 17:00 to 17:00 in New York,
    Monday's from Sunday evening. A lunch break lies inside its session. Tables are kept in ``cache``; a damaged or
    older file is built again.
    """

    def __init__(self, cache: Path, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock
        self._tables: dict[tuple[str, int], SessionTable] = {}

    def sessions(self, calendar: str) -> SessionTable:
        """Every session of ``calendar``. Raises NotFound, with near matches, for a name nobody knows."""
        held = self._held(calendar)
        if held is not None:
            return held
        until = self._until()
        table = self._load(calendar, until) or self._build(calendar, until)
        self._tables[calendar, until] = table
        return table

    async def load(self, calendar: str) -> SessionTable:
        """The same for the engine: a table that must be read or built is made on a worker thread."""
        held = self._held(calendar)
        return held if held is not None else await asyncio.to_thread(self.sessions, calendar)

    def is_at_hand(self, calendar: str) -> bool:
        """Whether its sessions need not be built first, which loads a library."""
        return calendar == ALWAYS or self._held(calendar) is not None or self._path(calendar, self._until()).exists()

    def _until(self) -> int:
        return dt.datetime.fromtimestamp(self._clock.now_ns() // 10**9, dt.UTC).year + 1

    def _held(self, calendar: str) -> SessionTable | None:
        return self._tables.get((calendar, self._until()))

    def _path(self, calendar: str, until: int) -> Path:
        # A version of the library is part of the name: corrected holidays must reach us.
        version = importlib.metadata.version("exchange-calendars")
        return self._cache / f"sessions-{_FILE_NAME.sub('_', calendar.upper())[:24]}-{until}-{version}.npy"

    def _load(self, calendar: str, until: int) -> SessionTable | None:
        path = self._path(calendar, until)
        if not path.exists():
            return None
        try:
            label_ns, open_ns, close_ns = np.load(path, allow_pickle=False).astype(np.int64, casting="safe")
            return SessionTable(calendar, label_ns, open_ns, close_ns)
        except (OSError, ValueError, TypeError, EOFError) as e:
            log.warning("The session table %s cannot be read and is built again: %s", path, e)
            return None

    def _build(self, calendar: str, until: int) -> SessionTable:
        last = dt.date(until, 12, 31)
        if calendar == ALWAYS:
            return _around_the_clock(last)  # quicker made than read
        table = _forex(last) if calendar == FOREX else _from_library(calendar, last)
        path = self._path(calendar, until)
        content = io.BytesIO()
        np.save(content, np.stack((table.label_ns, table.open_ns, table.close_ns)))
        try:
            write_durably(path, content.getvalue())
        except Unavailable as e:
            log.warning("The session table %s cannot be kept: %s", path, e)
        return table


def _labels(last: dt.date) -> Int64s:
    return np.arange((last - FIRST_DATE).days + 1, dtype=np.int64) * DAY_NS


def _around_the_clock(last: dt.date) -> SessionTable:
    label_ns = _labels(last)
    return SessionTable(ALWAYS, label_ns, label_ns, label_ns + DAY_NS)


def _forex(last: dt.date) -> SessionTable:
    label_ns = _labels(last)
    # 1970-01-01 was a Thursday, day 3 of a week that starts on Monday.
    label_ns = label_ns[(label_ns // DAY_NS + 3) % 7 < 5]
    close_ns = np.array([_five_in_new_york(int(ns) // DAY_NS) for ns in label_ns], np.int64)
    open_ns = np.array([_five_in_new_york(int(ns) // DAY_NS - 1) for ns in label_ns], np.int64)
    return SessionTable(FOREX, label_ns, open_ns, close_ns)


def _five_in_new_york(day: int) -> int:
    date = FIRST_DATE + dt.timedelta(days=day)
    return int(dt.datetime.combine(date, FOREX_DAY_STARTS, NEW_YORK).timestamp()) * 10**9


def _from_library(calendar: str, last: dt.date) -> SessionTable:
    import exchange_calendars as library  # noqa: PLC0415 - brings pandas; needed once a year and calendar

    known: list[str] = library.get_calendar_names(include_aliases=True)
    if calendar not in known:
        near = get_close_matches(calendar, [*known, ALWAYS, FOREX], 3, 0.5)
        hint = f"Did you mean {', '.join(near)}?" if near else "Use a venue's MIC, 24/7 or FX."
        raise NotFound(f"No trading calendar is called {calendar!r}.", hint=hint, code="calendar.unknown")
    first, end = _reach(library, calendar, last)
    try:
        table: Any = library.get_calendar(calendar, start=first.isoformat(), end=end.isoformat())
    except ValueError as e:
        raise Unavailable(
            f"The sessions of {calendar} from {first} to {end} cannot be computed: {e}",
            hint="Give the instrument another calendar, 24/7 for instance, and report this.",
            code="calendar.broken",
        ) from e
    label_ns = table.sessions.to_numpy().astype("datetime64[ns]").astype(np.int64)
    return SessionTable(calendar, label_ns, table.opens_nanos.astype(np.int64), table.closes_nanos.astype(np.int64))


def _reach(library: Any, calendar: str, last: dt.date) -> tuple[dt.date, dt.date]:
    """First and last date from 1970 to ``last`` that the library knows; it refuses any others."""
    some = library.get_calendar(calendar, start=PROBE[0].isoformat(), end=PROBE[1].isoformat())
    oldest, newest = some.bound_min(), some.bound_max()
    first = max(FIRST_DATE if oldest is None else oldest.date(), LIBRARY_FIRST_DATES.get(calendar, FIRST_DATE))
    return first, last if newest is None else min(newest.date(), last)
