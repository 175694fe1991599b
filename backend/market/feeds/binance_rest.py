"""Binance's spot REST service: bars, single trades, books, what is listed, what time it is there.

Trades are healed by ``historicalTrades``, whose ids are those of the ``@trade`` stream: each print is one trade with one
number, so that what came live and what was fetched can be told apart to the last one. ``aggTrades`` joins prints and would
need both streams to be cut at the same places. Source: binance-spot-api-docs, rest-api.md.
"""

import asyncio
import logging
import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec
import numpy as np

from backend.clock import Clock
from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind, PriceStep
from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput, NotFound, TriiError, Unavailable
from backend.market.feeds.binance_messages import (
    MS_NS,
    TIME_MS_MAX,
    AggregateAnswer,
    BarRow,
    DepthAnswer,
    ErrorAnswer,
    ListAnswer,
    ListedAnswer,
    TimeAnswer,
    TradeAnswer,
    parse_answer,
    print_of_answer,
)
from backend.market.feeds.line_failures import plain_text
from backend.market.feeds.rest import Query, RestClient, RestRules
from backend.market.feeds.trade_sequence import Print

VENUE: Final = "BINANCE"
PAGE: Final = 1000
FETCHED_MAX: Final = 1_000_000
BOOK_LEVELS: Final = 1000
_RULES: Final = RestRules(weight_max=4800, used_header="x-mbx-used-weight-1m", bytes_max=64 << 20)
_UNKNOWN, _TOO_MANY = -1121, -1003
_INTERVALS: Final = {
    "1s": "1s",
    **{text: text for text in ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "1w")},
    "1mo": "1M",
}
BAR_SPECS: Final = tuple(BarSpec.parse(text) for text in _INTERVALS)
log = logging.getLogger(__name__)


class BinanceRest:
    """``secret`` gives the key, where there is one; market data needs none. Enter ``client`` around requests.

    n_bad : rows refused; n_left_out : listed instruments that cannot be ours
    """

    def __init__(self, url: str, clock: Clock, secret: Callable[[str], str | None]) -> None:
        self.n_bad = 0
        self.n_left_out = 0
        self._clock = clock
        self._secret = secret
        self.client = RestClient(url, clock, _RULES, headers=self._headers, explain=_explain)

    async def fetch_skew_ns(self) -> int:
        """The venue's clock minus ours, to half the time that asking takes."""
        before_ns = self._clock.now_ns()
        body = await self.client.fetch("/api/v3/time")
        after_ns = self._clock.now_ns()
        server_ms = parse_answer(body, TimeAnswer, "its clock").server_time
        if not 0 < server_ms < TIME_MS_MAX:
            raise InvalidInput(f"Binance's clock says {server_ms} ms.", hint="Its address may be another service's.")
        return server_ms * MS_NS - (before_ns + after_ns) // 2

    async def fetch_prints(self, code: str, from_id: int) -> tuple[list[Print], bool]:
        """At most a page of trades from number ``from_id`` on, rising; and whether there may be more.

        A row that cannot be a trade ends the page: those before it are good, and asking again begins with it.
        """
        query: Query = {"symbol": code, "fromId": from_id, "limit": PAGE}
        rows = parse_answer(await self.client.fetch("/api/v3/historicalTrades", query, weight=25), list[TradeAnswer], "trades")
        prints: list[Print] = []
        for row in rows:
            try:
                made = print_of_answer(row)
            except ValueError:
                self.n_bad += 1
                break
            if made.id < from_id or (prints and made.id <= prints[-1].id):
                self.n_bad += 1
                break
            prints.append(made)
        return prints, len(rows) >= PAGE or len(prints) < len(rows)

    async def fetch_book(self, code: str) -> DepthAnswer:
        """The book now."""
        query: Query = {"symbol": code, "limit": BOOK_LEVELS}
        return parse_answer(await self.client.fetch("/api/v3/depth", query, weight=50), DepthAnswer, "the book")

    async def fetch_trades(self, code: str, from_ns: int, to_ns: int) -> TradeArrays:
        """The trades with ``from_ns`` ≤ event_ns < ``to_ns``, oldest first. Raises InvalidInput where they are too many."""
        query: Query = {"symbol": code, "startTime": max(0, -(-from_ns // MS_NS)), "limit": 1}
        body = await self.client.fetch("/api/v3/aggTrades", query, weight=4)
        first = parse_answer(body, list[AggregateAnswer], "trades")
        found: list[Print] = []
        next_id, is_more = (first[0].f, to_ns > first[0].T * MS_NS) if first else (0, False)
        while is_more:
            prints, is_more = await self.fetch_prints(code, next_id)
            if is_more and not prints:
                raise Unavailable(f"Binance's trade {next_id} of {code} cannot be read.", hint="Fetch bars instead.")
            found += [each for each in prints if from_ns <= each.event_ns < to_ns]
            if len(found) > FETCHED_MAX:
                raise InvalidInput(f"{code} has more than {FETCHED_MAX:,} trades then.", hint="Ask for a shorter time.")
            is_more = is_more and prints[-1].event_ns < to_ns
            next_id = prints[-1].id + 1 if prints else next_id
        return _columns_of(found)

    async def fetch_bars(self, series: Series, from_ns: int, to_ns: int, now_ns: int) -> BarArrays:
        """Bars that opened in [from_ns, to_ns) and were complete at ``now_ns``, the venue's time."""
        interval = _INTERVALS.get(str(series.spec))
        if interval is None:
            known = ", ".join(_INTERVALS)
            raise InvalidInput(f"Binance has no bars of {series.spec}.", hint=f"It has: {known}.", code="feed.interval")
        rows: list[tuple[int, float, float, float, float, float]] = []
        start_ms, end_ms = max(0, -(-from_ns // MS_NS)), -(-to_ns // MS_NS) - 1
        while start_ms <= end_ms:
            span = {"startTime": start_ms, "endTime": end_ms, "limit": PAGE}
            body = await self.client.fetch(
                "/api/v3/klines", {"symbol": series.instrument.code, "interval": interval, **span}, weight=2
            )
            page = parse_answer(body, list[BarRow], "bars")
            for row in page:
                self._take_bar(row, rows, now_ns, start_ms, end_ms)
            if len(page) < PAGE or page[-1][0] < start_ms:
                break
            start_ms = page[-1][0] + 1
        return _bars_of(rows)

    async def fetch_listed(self) -> tuple[Instrument, ...]:
        """Every instrument that trades; those whose names or currencies cannot be ours are left out and counted."""
        query: Query = {"symbolStatus": "TRADING", "showPermissionSets": "false"}
        body = await self.client.fetch("/api/v3/exchangeInfo", query, weight=20)
        listed = await asyncio.to_thread(parse_answer, body, ListAnswer, "what it lists")
        found, self.n_left_out = [], 0
        for row in listed.symbols:
            if row.status != "TRADING":
                continue
            try:
                found.append(_instrument_of(row))
            except (InvalidInput, InvalidOperation):
                self.n_left_out += 1
        if self.n_left_out:
            log.info("%s of %s instruments that Binance lists have no name here.", self.n_left_out, len(listed.symbols))
        return tuple(found)

    def _take_bar(
        self, row: BarRow, rows: list[tuple[int, float, float, float, float, float]], now_ns: int, start_ms: int, end_ms: int
    ) -> None:
        """Add a bar if it is asked for, complete and possible."""
        opens_ms, closes_ms = row[0], row[6]
        if not start_ms <= opens_ms <= end_ms or (closes_ms + 1) * MS_NS > now_ns:
            return
        try:
            o, h, lo, c, v = (float(text) for text in row[1:6])
        except ValueError:
            self.n_bad += 1
            return
        is_possible = 0 < lo <= min(o, c) and max(o, c) <= h < math.inf and 0 <= v < math.inf
        if not is_possible or (rows and opens_ms <= rows[-1][0]):
            self.n_bad += 1
            return
        rows.append((opens_ms, o, h, lo, c, v))

    def _headers(self) -> dict[str, str]:
        key = self._secret("key")
        return {"X-MBX-APIKEY": key} if key else {}


def _explain(status: int, body: bytes) -> TriiError | None:
    """Binance's own words for a refusal."""
    if not 400 <= status < 500 or status in (401, 403, 451):
        return None
    try:
        answer = msgspec.json.decode(body, type=ErrorAnswer)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if answer.code == _UNKNOWN:
        return NotFound("Binance does not know this instrument.", hint="Look it up among what it lists.", code="feed.unknown")
    if answer.code == _TOO_MANY:
        return Unavailable("Binance asks us to slow down.", hint="It is tried again.", code="feed.limit", retry_after_s=60.0)
    words = f"Binance refuses the question: {plain_text(answer.msg)} ({answer.code})."
    return InvalidInput(words, hint="The feed's address may be of another service.", code="feed.question")


def _bars_of(rows: list[tuple[int, float, float, float, float, float]]) -> BarArrays:
    if not rows:
        return BarArrays.empty()
    table = np.array([row[1:] for row in rows], np.float64)
    event_ns = np.array([row[0] for row in rows], np.int64) * MS_NS
    return BarArrays(event_ns, *(table[:, column].copy() for column in range(5)))


def _columns_of(prints: list[Print]) -> TradeArrays:
    if not prints:
        return TradeArrays.empty()
    event_ns = np.maximum.accumulate(np.array([each.event_ns for each in prints], np.int64))
    price, quantity = (np.array(column, np.float64) for column in ([p.price for p in prints], [p.quantity for p in prints]))
    return TradeArrays(event_ns, price, quantity, np.array([each.aggressor for each in prints], np.int8))


def _instrument_of(row: ListedAnswer) -> Instrument:
    rules = {each.filter_type: each for each in row.filters}
    step = Decimal(rules["PRICE_FILTER"].tick_size) if "PRICE_FILTER" in rules else Decimal(0)
    lot = Decimal(rules["LOT_SIZE"].step_size) if "LOT_SIZE" in rules else Decimal(0)
    if not (step.is_finite() and lot.is_finite()):
        raise InvalidInput(f"{plain_text(row.symbol)} has no sane steps.", hint="Leave it out.")
    return Instrument(
        InstrumentId(row.symbol, VENUE),
        f"{plain_text(row.base_asset)} / {plain_text(row.quote_asset)}",
        InstrumentKind.CRYPTO,
        row.quote_asset,
        price_steps=(PriceStep(Decimal(0), step.normalize()),) if step > 0 else (),
        lot=lot.normalize() if lot > 0 else Decimal(1),
    )
