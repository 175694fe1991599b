"""Kraken's public REST service: its pairs, bars and trades."""

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np

from backend.clock import Clock
from backend.domain.bars import MINUTE_NS, SECOND_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind, PriceStep
from backend.domain.ticks import Aggressor
from backend.errors import InvalidInput, NotFound, Unavailable
from backend.market.feeds.kraken_wire import (
    WirePair,
    parse_answer,
    parse_past_bars,
    parse_past_trades,
    stream_name,
)
from backend.market.feeds.rest import Query, RestClient
from backend.market.feeds.tick_queue import Print
from backend.market.feeds.wire_times import parse_count

VENUE: Final = "KRAKEN"
MINUTES: Final[Mapping[BarSpec, int]] = MappingProxyType(
    {BarSpec.parse(spec): n for spec, n in {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "4h": 240, "1d": 1440}.items()}
)
PAGE_ROWS: Final = 1000
US_NS: Final = 1_000
PAGES_MAX: Final = 20
SIDES: Final = {"b": Aggressor.BUYER, "s": Aggressor.SELLER, "buy": Aggressor.BUYER, "sell": Aggressor.SELLER}
_FIAT: Final = frozenset({"USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD"})
_QUOTES: Final = ("USDT", "USDC", "PYUSD", "USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "BTC", "ETH")
_CURRENCY: Final = re.compile(r"[A-Z]{3,5}")


class KrakenRest:
    """Asks ``rest``; the list of pairs is asked for once."""

    def __init__(self, rest: RestClient, clock: Clock) -> None:
        self._rest = rest
        self._clock = clock
        self._pairs: dict[str, WirePair] = {}

    async def load_pairs(self) -> Mapping[str, WirePair]:
        """Every pair by our code, ``BTCUSD``, and by Kraken's older one, ``XBTUSD``. Raises Unavailable."""
        if not self._pairs:
            content = await self._fetch("AssetPairs", {})
            listed = parse_answer(content, dict[str, WirePair], "its pairs")
            for pair in listed.values():
                if "/" in pair.wsname:
                    self._pairs[pair.altname] = pair
            self._pairs.update({_code_of(pair): pair for pair in self._pairs.values()})
        return self._pairs

    def stream_name_of(self, code: str) -> str | None:
        """What the stream calls a code; guessed by its second half while the list is not there."""
        if (pair := self._pairs.get(code)) is not None:
            return stream_name(pair.wsname)
        half = next((quote for quote in _QUOTES if code.endswith(quote) and code != quote), None)
        return None if self._pairs or half is None else stream_name(f"{code.removesuffix(half)}/{half}")

    async def fetch_instruments(self) -> tuple[Instrument, ...]:
        """Every pair that trades. Raises Unavailable."""
        pairs = {_code_of(pair): pair for pair in (await self.load_pairs()).values()}
        made = (_instrument(code, pair) for code, pair in sorted(pairs.items()) if pair.status != "delisted")
        return tuple(one for one in made if one is not None)

    async def fetch_bars(self, series: Series, from_ns: int, to_ns: int) -> BarArrays:
        """Complete bars; Kraken keeps the newest 720 of each interval. Raises Unavailable, NotFound."""
        minutes = MINUTES.get(series.spec)
        if minutes is None:
            raise NotFound(f"Kraken has no bars of {series.spec}.", hint="Build them from minutes.", code="feed.no_bars")
        name = await self._name_of(series.instrument)
        step_ns = minutes * MINUTE_NS
        since_s = max(from_ns - step_ns, 0) // SECOND_NS
        content = await self._fetch("OHLC", {"pair": name, "interval": minutes, "since": since_s})
        rows = parse_past_bars(_rows_of(content, series.instrument)[0])
        end_ns = min(to_ns, self._clock.now_ns() - step_ns + 1)
        bars = {at_s * SECOND_NS: columns for at_s, columns in rows if from_ns <= at_s * SECOND_NS < end_ns}
        return _to_bars(bars)

    async def fetch_prints(self, instrument: InstrumentId, from_ns: int, to_ns: int) -> list[Print]:
        """Trades of [from_ns, to_ns), oldest first; ``key`` is their number. Raises Unavailable, NotFound."""
        name = await self._name_of(instrument)
        prints: dict[int, Print] = {}
        since = max(from_ns - 1, 0)
        for _ in range(PAGES_MAX):
            content = await self._fetch("Trades", {"pair": name, "since": since, "count": PAGE_ROWS})
            rows, last = _rows_of(content, instrument)
            page = [_print(row) for row in parse_past_trades(rows)]
            prints.update((_number(one), one) for one in page)
            is_last_page = len(page) < PAGE_ROWS // 2  # a page may end early so as not to part trades of one time
            if last is None or last <= since or is_last_page or page[-1].event_ns >= to_ns:
                ordered = [prints[number] for number in sorted(prints)]
                return [one for one in ordered if from_ns <= one.event_ns < to_ns]
            since = last
        raise Unavailable("Kraken has more trades than can be asked for at once.", hint="Ask for less time.", code="feed.too_much")

    async def _name_of(self, instrument: InstrumentId) -> str:
        pair = (await self.load_pairs()).get(instrument.code)
        if pair is None:
            raise NotFound(f"Kraken does not trade {instrument}.", hint="Look for it in its list.", code="feed.unknown")
        return pair.altname

    async def _fetch(self, what: str, query: Query) -> bytes:
        async with self._rest:
            return await self._rest.fetch(f"/0/public/{what}", query)


def _rows_of(content: bytes, instrument: InstrumentId) -> tuple[msgspec.Raw, int | None]:
    """The rows of an answer, which stand under Kraken's own name of the pair, and where the next page begins."""
    found = parse_answer(content, dict[str, msgspec.Raw], str(instrument))
    last = found.pop("last", None)
    rows = next(iter(found.values()), msgspec.Raw(b"[]"))
    try:
        return rows, None if last is None else int(msgspec.json.decode(last))
    except (msgspec.MsgspecError, ValueError, TypeError):
        return rows, None


def _print(row: tuple[int, str, float, float, str]) -> Print:
    number, at, price, quantity, side = row
    try:
        # The stream tells the same trades to the microsecond: with finer times a trade could be sorted behind its successor.
        event_ns = parse_count(at, "s") // US_NS * US_NS
        return Print(number, event_ns, price, quantity, SIDES.get(side, Aggressor.UNKNOWN))
    except InvalidInput as error:
        raise Unavailable("Kraken's trades cannot be read.", hint="Try again later.", code="feed.answer") from error


def _number(one: Print) -> int:
    assert isinstance(one.key, int), "Kraken numbers its trades."
    return one.key


def _code_of(pair: WirePair) -> str:
    return stream_name(pair.wsname).replace("/", "").upper()


def _instrument(code: str, pair: WirePair) -> Instrument | None:
    """What is fixed about a pair; None where we have no words for it."""
    base, _, quote = stream_name(pair.wsname).upper().partition("/")
    if not _CURRENCY.fullmatch(quote):
        return None
    step = pair.tick_size or Decimal(1).scaleb(-pair.pair_decimals)
    try:
        return Instrument(
            InstrumentId(code, VENUE),
            f"{base}/{quote}",
            InstrumentKind.FOREX if base in _FIAT else InstrumentKind.CRYPTO,
            quote,
            price_steps=(PriceStep(Decimal(0), step),),
            lot=Decimal(1).scaleb(-pair.lot_decimals),
        )
    except InvalidInput:
        return None


def _to_bars(bars: Mapping[int, tuple[float, float, float, float, float]]) -> BarArrays:
    """Columns by time. Raises Unavailable for an impossible bar."""
    times = sorted(bars)
    rows = np.array([bars[at_ns] for at_ns in times], np.float64).reshape(len(times), 5)
    prices = rows[:, :4]
    is_fine = np.isfinite(rows).all() and np.all(rows[:, 1:2] >= prices) and np.all(rows[:, 2:3] <= prices) and np.all(rows > -1)
    if not is_fine or np.any(rows[:, 4] < 0):
        raise Unavailable("A bar of Kraken's is impossible.", hint="Try again later.", code="feed.answer")
    return BarArrays(np.array(times, np.int64), *(rows[:, column].copy() for column in range(5)))
