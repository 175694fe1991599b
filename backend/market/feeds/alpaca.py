"""Alpaca: trades, quotes and bars of US stocks over its market data stream (version 2) and REST service."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import msgspec

from backend.clock import Clock
from backend.domain.bars import MINUTE_NS, SECOND_NS, BarArrays, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.ticks import Quote, TradeArrays
from backend.errors import InvalidInput, Unavailable
from backend.market.feeds.alpaca_rest import TIMEFRAMES, AlpacaRest
from backend.market.feeds.alpaca_wire import (
    REFUSING,
    WORDS,
    Wire,
    WireCancel,
    WireCorrection,
    WireError,
    WireQuote,
    WireSubscription,
    WireSuccess,
    WireTrade,
    makes_price,
    parse_frame,
    trade_key,
)
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.connection import Link
from backend.market.feeds.feed import Abilities, Wants
from backend.market.feeds.line_watch import ConnectionRules
from backend.market.feeds.polling_plan import check_address
from backend.market.feeds.rest import RestClient, RestRules
from backend.market.feeds.tick_queue import Print, to_arrays
from backend.market.feeds.venue_stream import VenueStream
from backend.market.feeds.wire_times import parse_rfc3339

DEFAULT_STREAM_URL: Final = "wss://stream.data.alpaca.markets"
DEFAULT_REST_URL: Final = "https://data.alpaca.markets"
VENUES: Final = frozenset({"XNAS", "XNYS", "ARCX", "BATS", "XASE"})
PLANS: Final = ("iex", "sip", "delayed_sip", "test")
DELAY_S: Final = 900.0
# Exchanges report a print up to ten seconds after it happened, so that many may be older than the newest one heard.
_REPORTED_LATE_NS: Final = 15 * SECOND_NS
_RULES: Final = ConnectionRules(ping_s=10.0, idle_s=30.0)
_REST_RULES: Final = RestRules(weight_max=180)  # of 200 a minute
_TAKEN_OVER: Final = 406
_N_TAKEN_OVER_MAX: Final = 3


def check_options(options: Mapping[str, str]) -> None:
    """Refuse options that cannot be. Raises InvalidInput."""
    plan = options.get("plan", PLANS[0])
    if plan not in PLANS:
        raise InvalidInput(f"Alpaca has no data plan {plan[:40]!r}.", hint=f"Use one of {', '.join(PLANS)}.", code="feed.option")


class AlpacaFeed(VenueStream):
    """One connection, which is all that most plans allow. The stream says no venue: a code is looked up in what is wanted."""

    def __init__(self, config: FeedConfig, clock: Clock, secret: Callable[[str], str | None]) -> None:
        rest = RestClient(config.rest_url or DEFAULT_REST_URL, clock, _REST_RULES, headers=self._headers)
        super().__init__(config.name, clock, rest, self._address, _RULES)
        self._config = config
        self._secret = secret
        self._plan = config.options.get("plan", PLANS[0])
        feed = "iex" if self._plan == "iex" else "sip"
        self._past = AlpacaRest(rest, clock, feed)
        self._said = replace(self._said, delay_s=DELAY_S if self._plan == "delayed_sip" else 0.0)
        self._ids: dict[str, list[InstrumentId]] = {}
        self._subscribed: dict[str, frozenset[str]] = {"trades": frozenset(), "quotes": frozenset()}
        self._is_authenticated = False
        self._is_one_by_one = False
        self._n_taken_over = 0
        self._n_taken_back = 0

    @property
    def abilities(self) -> Abilities:
        """Quotes, and bars that begin as ours do."""
        return Abilities(bar_specs=tuple(TIMEFRAMES))

    @property
    def n_taken_back(self) -> int:
        """Prints that were corrected or cancelled after they had been told."""
        return self._n_taken_back

    def serves(self, instrument: InstrumentId) -> bool:
        """Stocks and funds of the exchanges in the United States."""
        return instrument.venue in VENUES

    def want(self, wanted: Mapping[InstrumentId, Wants]) -> None:
        """Give exactly these from now on."""
        self._ids = {}
        for one in filter(self.serves, wanted):
            self._ids.setdefault(one.code, []).append(one)
        super().want(wanted)

    async def fetch_bars(self, series: Series, from_ns: int, to_ns: int) -> BarArrays:
        """Alpaca's own complete bars, unadjusted."""
        return await self._past.fetch_bars(series, from_ns, to_ns, round(self._said.delay_s * SECOND_NS))

    async def fetch_trades(self, instrument: InstrumentId, from_ns: int, to_ns: int) -> TradeArrays | None:
        """The prints that make prices, oldest first."""
        return to_arrays(await self._past.fetch_prints(instrument, from_ns, to_ns))

    async def fetch_instruments(self) -> tuple[Instrument, ...]:
        """Nothing: market data keys cannot ask for the list of assets."""
        return ()

    # --- the connection -----------------------------------------------------------------------------------------------

    async def opened(self, link: Link) -> None:
        """Send the key at once: the venue waits for it for ten seconds."""
        self._is_authenticated = False
        self._subscribed = {"trades": frozenset(), "quotes": frozenset()}
        key, secret = self._key()
        self._link = link
        await link.send(msgspec.json.encode({"action": "auth", "key": key, "secret": secret}))

    async def _hear(self, frame: bytes, received_ns: int) -> None:
        messages, n_bad = parse_frame(frame)
        self._count(n_bad=n_bad)
        prints: dict[str, list[Print]] = {}
        for message in messages:
            if isinstance(message, WireTrade):
                self._hear_trade(message, prints)
            elif isinstance(message, WireQuote):
                self._hear_quote(message, received_ns)
            else:
                await self._hear_word(message)
        for code, heard in prints.items():
            for instrument in self._ids.get(code, ()):
                self._count(n_trades=self._line(instrument).hear(heard))

    @property
    def _is_ready(self) -> bool:
        return self._is_authenticated

    def _hear_trade(self, trade: WireTrade, prints: dict[str, list[Print]]) -> None:
        if trade.code not in self._ids or not makes_price(trade.c):
            return
        try:
            key = trade_key(trade)
        except InvalidInput:
            self._count(n_bad=1)
            return
        prints.setdefault(trade.code, []).append(Print(key, key[0], trade.p, trade.s))

    def _hear_quote(self, quote: WireQuote, received_ns: int) -> None:
        if quote.bp == 0 or quote.ap == 0 or quote.bp > quote.ap:
            return  # one side is empty, or the exchanges have crossed for a moment
        try:
            event_ns = parse_rfc3339(quote.t)
        except InvalidInput:
            self._count(n_bad=1)
            return
        for instrument in self._ids.get(quote.code, ()):
            if self._wanted[instrument].quotes:
                self._queue.put_quote(Quote(instrument, event_ns, received_ns, quote.bp, quote.ap, quote.bs, quote.as_))
                self._count(n_quotes=1)

    async def _hear_word(self, message: Wire) -> None:
        match message:
            case WireSuccess(msg="authenticated"):
                self._is_authenticated, self._n_taken_over = True, 0
                await self._tell_wants()
            case WireSubscription():
                self._note_subscription(message)
                if not self._subscribed["trades"] <= self._ids.keys():
                    await self._tell_wants()  # it was not wanted any more before the venue had answered
            case WireCorrection() | WireCancel():
                self._take_back(message)
            case WireError():
                await self._hear_error(message)

    async def _hear_error(self, error: WireError) -> None:
        words = f"Alpaca refuses: {WORDS.get(error.code, 'for a reason of its own')} ({error.code})."
        if error.code == _TAKEN_OVER and self.status.n_reconnects and self._n_taken_over < _N_TAKEN_OVER_MAX:
            # The connection that broke may live on at the venue for some seconds.
            self._n_taken_over += 1
            raise Unavailable(words, hint="It is tried again.", code="feed.refused", retry_after_s=5.0)
        if error.code in REFUSING:
            raise InvalidInput(words, hint="Look at the key and the plan.", code="feed.refused")
        if error.code == 405 and not self._is_one_by_one:
            self._is_one_by_one = True
            await self._tell_wants()
        elif error.code in (405, 410):
            self._say(words)
        else:
            raise Unavailable(words, hint="It is tried again.", code="feed.failed")

    async def _tell_wants(self) -> None:
        """Subscribe what is new, unsubscribe what is not wanted any more."""
        if self._link is None or not self._is_authenticated:
            return
        wanted = {
            "trades": frozenset(self._ids),
            "quotes": frozenset(one.code for one, wants in self._wanted.items() if wants.quotes),
        }
        for action, change in (
            ("unsubscribe", {name: self._subscribed[name] - wanted[name] for name in wanted}),
            ("subscribe", {name: wanted[name] - self._subscribed[name] for name in wanted}),
        ):
            for message in self._requests(change):
                await self._link.send(msgspec.json.encode({"action": action, **message}))

    def _requests(self, change: Mapping[str, frozenset[str]]) -> list[dict[str, list[str]]]:
        """One message; one for each code where the plan does not allow all, so that those it does allow are given."""
        everything = {name: sorted(codes) for name, codes in change.items() if codes}
        if not self._is_one_by_one or not everything:
            return [everything] if everything else []
        codes = sorted(set().union(*change.values()))
        return [{name: [code] for name in change if code in change[name]} for code in codes]

    def _note_subscription(self, message: WireSubscription) -> None:
        """What is subscribed now; where trades begin again, what was missed is fetched."""
        trades = frozenset(message.trades or ())
        begun = trades - self._subscribed["trades"]
        self._subscribed = {"trades": trades, "quotes": frozenset(message.quotes or ())}
        for code in sorted(begun):
            for instrument in self._ids.get(code, ()):
                line = self._line(instrument)
                if line.is_healing:
                    self._begin_healing(line)

    def _take_back(self, message: WireCorrection | WireCancel) -> None:
        """A print that was told was wrong. A bar cannot give it back, so the bars of its minute are fetched anew."""
        try:
            minute_ns = parse_rfc3339(message.t) // MINUTE_NS * MINUTE_NS
        except InvalidInput:
            self._count(n_bad=1)
            return
        self._n_taken_back += 1
        for instrument in self._ids.get(message.code, ()):
            self._put_gap(instrument, minute_ns, minute_ns + MINUTE_NS)
        was = "corrected" if isinstance(message, WireCorrection) else "cancelled"
        self._say(f"{self._n_taken_back} trades were taken back, the last {was} in {message.code[:32]}; bars are fetched anew.")

    async def _fetch_missed(self, instrument: InstrumentId, from_ns: int) -> list[Print]:
        if self._plan == "test":
            raise InvalidInput("The test stream has no history.", hint="Use another plan.", code="feed.no_history")
        lag_ns = round(self._said.delay_s * SECOND_NS)
        return await self._past.fetch_prints(instrument, from_ns - _REPORTED_LATE_NS, self._clock.now_ns() - lag_ns)

    # --- addresses and keys -------------------------------------------------------------------------------------------

    def _key(self) -> tuple[str, str]:
        key, secret = self._secret("key"), self._secret("secret")
        if not key or not secret:
            raise InvalidInput("Alpaca needs a key and a secret.", hint="Enter both in the feed's settings.", code="feed.no_key")
        return key, secret

    def _headers(self) -> dict[str, str]:
        check_address(self._config.rest_url or DEFAULT_REST_URL)  # before the key is sent there
        key, secret = self._key()
        return {"APCA-API-KEY-ID": key, "APCA-API-SECRET-KEY": secret}

    def _address(self) -> str:
        address = self._config.stream_url or DEFAULT_STREAM_URL
        # The key is the first thing that is sent.
        check_address(address.replace("ws", "http", 1))
        return f"{address.rstrip('/')}/v2/{self._plan}"
