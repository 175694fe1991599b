"""Alpaca's REST service: bars and prints of a stock, page by page."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from backend.clock import Clock
from backend.domain.bars import DAY_NS, HOUR_NS, SECOND_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound, Unavailable
from backend.market.feeds.alpaca_wire import BarPage, PastTrade, TradePage, WireBar, makes_price, trade_key
from backend.market.feeds.rest import Query, RestClient
from backend.market.feeds.tick_queue import Print
from backend.market.feeds.wire_times import format_rfc3339, parse_rfc3339

# Hours are left out: Alpaca's begin on the clock's hour, ours with the session, at half past nine.
TIMEFRAMES: Final[Mapping[BarSpec, str]] = MappingProxyType(
    {BarSpec.parse(spec): text for spec, text in {"1m": "1Min", "5m": "5Min", "15m": "15Min", "30m": "30Min", "1d": "1Day"}.items()}
)
PAGE_ROWS: Final = 10_000
PAGES_MAX: Final = 50
_SETTLED_NS: Final = SECOND_NS  # a minute's bar is cut a second after its end
_DAY_IS_OVER_NS: Final = 20 * HOUR_NS  # after the extended hours
_NEW_YORK: Final = "America/New_York"

Page = TypeVar("Page", BarPage, TradePage)


class AlpacaRest:
    """Asks ``rest``; feed : whose prints: "iex" or "sip"."""

    def __init__(self, rest: RestClient, clock: Clock, feed: str) -> None:
        self._rest = rest
        self._clock = clock
        self._feed = feed

    async def fetch_bars(self, series: Series, from_ns: int, to_ns: int, lag_ns: int) -> BarArrays:
        """Complete bars with ``from_ns`` ≤ event_ns < ``to_ns``. Raises Unavailable, NotFound, InvalidInput."""
        timeframe = TIMEFRAMES.get(series.spec)
        if timeframe is None:
            raise NotFound(f"Alpaca has no bars of {series.spec}.", hint="Build them from minutes.", code="feed.no_bars")
        code = series.instrument.code
        is_daily = series.spec.is_dated
        # A day's label is midnight UTC of its date; Alpaca's day begins at midnight in New York.
        asked = self._asked(code, from_ns, min(to_ns, self._clock.now_ns()) + (DAY_NS if is_daily else 0))
        found: list[WireBar] = []
        async for page in self._pages("bars", {**asked, "timeframe": timeframe, "adjustment": "raw"}, BarPage):
            found += (page.bars or {}).get(code, [])
        step_ns = series.spec.duration_ns or 0
        known_ns = self._clock.now_ns() - lag_ns - _SETTLED_NS
        labelled = [(_label_ns(bar, is_daily=is_daily), bar) for bar in found]
        complete = {
            at_ns: bar
            for at_ns, bar in labelled
            if from_ns <= at_ns < to_ns and (_is_day_over(at_ns, known_ns) if is_daily else at_ns + step_ns <= known_ns)
        }
        return _to_bars(complete)

    async def fetch_prints(self, instrument: InstrumentId, from_ns: int, to_ns: int) -> list[Print]:
        """The prints that make prices, oldest first. Raises Unavailable, NotFound, InvalidInput."""
        prints: list[Print] = []
        async for page in self._pages("trades", self._asked(instrument.code, from_ns, to_ns), TradePage):
            prints += [one for row in (page.trades or {}).get(instrument.code, []) if (one := to_print(row)) is not None]
        return [one for one in prints if from_ns <= one.event_ns < to_ns]

    def _asked(self, code: str, from_ns: int, to_ns: int) -> dict[str, str]:
        return {
            "symbols": code,
            "start": format_rfc3339(max(from_ns, 0)),
            "end": format_rfc3339(max(to_ns, 0)),
            "limit": str(PAGE_ROWS),
            "feed": self._feed,
            "sort": "asc",
        }

    async def _pages(self, what: str, asked: Mapping[str, str], kind: type[Page]) -> AsyncIterator[Page]:
        """Raises Unavailable where there are more than ``PAGES_MAX``: less must be asked for at once."""
        token: str | None = None
        for _ in range(PAGES_MAX):
            query: Query = {**asked, **({"page_token": token} if token else {})}
            async with self._rest:
                content = await self._rest.fetch(f"/v2/stocks/{what}", query)
            try:
                page = msgspec.json.decode(content, type=kind)
            except (msgspec.MsgspecError, UnicodeError) as error:
                raise Unavailable(f"Alpaca's {what} cannot be read.", hint="Try again later.", code="feed.answer") from error
            yield page
            token = page.next_page_token
            if not token:
                return
        raise Unavailable(f"Alpaca has more {what} than can be asked for at once.", hint="Ask for less time.", code="feed.too_much")


def to_print(row: PastTrade) -> Print | None:
    """A print of an answer; None where it makes no price. Raises Unavailable for an impossible time."""
    if not makes_price(row.c):
        return None
    try:
        key = trade_key(row)
    except InvalidInput as error:
        raise Unavailable("Alpaca's trades cannot be read.", hint="Try again later.", code="feed.answer") from error
    return Print(key, key[0], row.p, row.s)


def _label_ns(bar: WireBar, *, is_daily: bool) -> int:
    """When a bar opens; midnight UTC of its date for one of days. Raises Unavailable."""
    try:
        at_ns = parse_rfc3339(bar.t)
    except InvalidInput as error:
        raise Unavailable("Alpaca's bars cannot be read.", hint="Try again later.", code="feed.answer") from error
    return _date_ns(at_ns) if is_daily else at_ns


def _date_ns(at_ns: int) -> int:
    """Midnight UTC of the date in New York."""
    local = datetime.fromtimestamp(at_ns // SECOND_NS, ZoneInfo(_NEW_YORK))
    return int(datetime(local.year, local.month, local.day, tzinfo=UTC).timestamp()) * SECOND_NS


def _is_day_over(label_ns: int, now_ns: int) -> bool:
    today_ns = _date_ns(now_ns)
    return label_ns < today_ns or (label_ns == today_ns and _date_ns(now_ns + DAY_NS - _DAY_IS_OVER_NS) > today_ns)


def _to_bars(bars: Mapping[int, WireBar]) -> BarArrays:
    """Columns by time. Raises Unavailable for a bar whose low is above its high."""
    times = sorted(bars)
    rows = np.array([(b.o, b.h, b.l, b.c, b.v) for b in map(bars.__getitem__, times)], np.float64).reshape(len(times), 5)
    if np.any(rows[:, 1] < rows[:, :4].max(axis=1, initial=0.0)) or np.any(rows[:, 2] > rows[:, :4].min(axis=1, initial=np.inf)):
        raise Unavailable("A bar of Alpaca's is impossible.", hint="Try again later.", code="feed.answer")
    return BarArrays(np.array(times, np.int64), *(rows[:, column].copy() for column in range(5)))
