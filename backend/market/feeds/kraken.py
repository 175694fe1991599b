"""Kraken: trades, quotes, books and bars of its spot market over its stream (version 2) and REST service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from backend.clock import Clock
from backend.domain.bars import BarArrays, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.ticks import Aggressor, Quote, TradeArrays
from backend.errors import InvalidInput, TriiError
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.connection import Link
from backend.market.feeds.feed import Abilities, Wants
from backend.market.feeds.kraken_book import KrakenBook
from backend.market.feeds.kraken_rest import MINUTES, SIDES, VENUE, KrakenRest
from backend.market.feeds.kraken_wire import (
    Envelope,
    WireBook,
    WireSystem,
    WireTicker,
    WireTrade,
    parse_envelope,
    parse_rows,
)
from backend.market.feeds.line_failures import plain_text
from backend.market.feeds.line_watch import ConnectionRules
from backend.market.feeds.polling_plan import check_address
from backend.market.feeds.rest import RestClient, RestRules
from backend.market.feeds.tick_queue import Print, to_arrays
from backend.market.feeds.trade_line import TradeLine
from backend.market.feeds.venue_stream import VenueStream
from backend.market.feeds.wire_times import parse_rfc3339

DEFAULT_STREAM_URL: Final = "wss://ws.kraken.com/v2"
DEFAULT_REST_URL: Final = "https://api.kraken.com"
DEPTH: Final = 25
# A heartbeat comes every second.
_RULES: Final = ConnectionRules(ping_s=5.0, idle_s=15.0)
_REST_RULES: Final = RestRules(weight_max=50)  # about one question a second
_EXTRAS: Final[Mapping[str, dict[str, Any]]] = {
    "trade": {"snapshot": True},
    "ticker": {"event_trigger": "bbo"},
    "book": {"depth": DEPTH},
}
_Topic = tuple[str, str]


def check_options(options: Mapping[str, str]) -> None:
    """Refuse options: there are none. Raises InvalidInput."""
    if options:
        raise InvalidInput(f"Kraken has no option {next(iter(options))[:40]!r}.", hint="Leave it out.", code="feed.option")


class KrakenFeed(VenueStream):
    """Trades are numbered for each pair: a number that is left out is fetched, and is a gap where it cannot be had."""

    def __init__(self, config: FeedConfig, clock: Clock, secret: Callable[[str], str | None]) -> None:
        del secret  # public data
        rest = RestClient(config.rest_url or DEFAULT_REST_URL, clock, _REST_RULES)
        super().__init__(config.name, clock, rest, self._address, _RULES)
        self._config = config
        self._past = KrakenRest(rest, clock)
        self._ids: dict[str, InstrumentId] = {}
        self._topics: set[_Topic] = set()
        self._books: dict[InstrumentId, KrakenBook] = {}
        self._last_numbers: dict[InstrumentId, int] = {}
        self._skipping: set[InstrumentId] = set()

    @property
    def abilities(self) -> Abilities:
        """Quotes, books, bars, and the list of what trades."""
        return Abilities(depth=True, bar_specs=tuple(MINUTES), can_list=True)

    def serves(self, instrument: InstrumentId) -> bool:
        """Everything of the venue."""
        return instrument.venue == VENUE

    def want(self, wanted: Mapping[InstrumentId, Wants]) -> None:
        """Give exactly these from now on."""
        super().want(wanted)
        for gone in self._last_numbers.keys() - self._wanted.keys():
            del self._last_numbers[gone]

    async def fetch_bars(self, series: Series, from_ns: int, to_ns: int) -> BarArrays:
        """Kraken's own complete bars, of the newest 720."""
        return await self._past.fetch_bars(series, from_ns, to_ns)

    async def fetch_trades(self, instrument: InstrumentId, from_ns: int, to_ns: int) -> TradeArrays | None:
        """Trades, oldest first."""
        return to_arrays(await self._past.fetch_prints(instrument, from_ns, to_ns))

    async def fetch_instruments(self) -> tuple[Instrument, ...]:
        """Every pair that trades."""
        return await self._past.fetch_instruments()

    # --- the connection -----------------------------------------------------------------------------------------------

    async def opened(self, link: Link) -> None:
        """Subscribe what is wanted."""
        self._link = link
        self._topics, self._books = set(), {}
        self._say("")
        try:
            await self._past.load_pairs()
        except TriiError as error:  # the names are guessed
            self._say(plain_text(f"The list of pairs cannot be had: {error.message}"))
        await self._tell_wants()

    async def _tell_wants(self) -> None:
        if self._link is None:
            return
        self._ids = {name: one for one in self._wanted if (name := self._past.stream_name_of(one.code)) is not None}
        unknown = [one for one in self._wanted if one not in set(self._ids.values())]
        if unknown:
            self._say(f"Kraken does not trade {', '.join(map(str, unknown[:5]))}.")
        wanted = {(channel, name) for name, one in self._ids.items() for channel in _channels(self._wanted[one])}
        gone, new = self._topics - wanted, wanted - self._topics
        self._topics = wanted
        for method, topics in (("unsubscribe", gone), ("subscribe", new)):
            for channel in _EXTRAS:
                names = sorted(name for topic, name in topics if topic == channel)
                if names:
                    await self._send(method, channel, names)

    async def _send(self, method: str, channel: str, names: Sequence[str]) -> None:
        assert self._link is not None, "Requests are sent over an open connection."
        params = {"channel": channel, "symbol": list(names), **_EXTRAS[channel]}
        await self._link.send(msgspec.json.encode({"method": method, "params": params}))

    async def _hear(self, frame: bytes, received_ns: int) -> None:
        message = parse_envelope(frame)
        if message is None:
            self._count(n_bad=1)
            return
        match message.channel:
            case "trade":
                self._hear_trades(message)
            case "ticker":
                self._hear_tickers(message, received_ns)
            case "book":
                await self._hear_books(message, received_ns)
            case "status":
                for row in self._read(message, WireSystem):
                    self._say("" if row.system == "online" else plain_text(f"Kraken says that it is in {row.system}."))
            case "":
                self._hear_answer(message, received_ns)

    def _hear_answer(self, message: Envelope, received_ns: int) -> None:
        if message.success is False and message.error != "Already subscribed":
            self._say(plain_text(f"Kraken refuses: {message.error or 'it does not say why'}."))
        try:
            self._said = replace(self._said, skew_ns=parse_rfc3339(message.time_out) - received_ns)
        except InvalidInput:
            return  # not every answer says a time

    def _read(self, message: Envelope, kind: type[Any]) -> list[Any]:
        rows, n_bad = parse_rows(message.data, kind)
        self._count(n_bad=n_bad)
        return rows

    def _hear_tickers(self, message: Envelope, received_ns: int) -> None:
        for row in self._read(message, WireTicker):
            instrument = self._wanted_as(row.pair)
            if instrument is None or row.bid > row.ask:
                continue
            event_ns = self._time_of(row.timestamp) or received_ns
            self._queue.put_quote(Quote(instrument, event_ns, received_ns, row.bid, row.ask, row.bid_qty, row.ask_qty))
            self._count(n_quotes=1)

    async def _hear_books(self, message: Envelope, received_ns: int) -> None:
        for row in self._read(message, WireBook):
            instrument = self._wanted_as(row.pair)
            if instrument is None or not self._wanted[instrument].depth:
                continue
            book = self._books.setdefault(instrument, KrakenBook(DEPTH))
            if not book.apply(row, is_snapshot=message.type == "snapshot"):
                self._count(n_bad=1)
                await self._send("unsubscribe", "book", [row.pair])
                await self._send("subscribe", "book", [row.pair])
            elif (depth := book.depth(instrument, self._time_of(row.timestamp), received_ns)) is not None:
                self._queue.put_depth(depth)

    def _wanted_as(self, pair: str) -> InstrumentId | None:
        """The instrument of a pair; None where it is not wanted any more and its last messages are under way."""
        instrument = self._ids.get(pair)
        return instrument if instrument in self._wanted else None

    def _time_of(self, text: str) -> int:
        try:
            return parse_rfc3339(text) if text else 0
        except InvalidInput:
            self._count(n_bad=1)
            return 0

    def lost(self, words: str) -> None:
        """The connection has ended; numbers go on after the newest trade that was handed on."""
        super().lost(words)
        for instrument, line in self._lines.items():
            if isinstance(line.newest_key, int):
                self._last_numbers[instrument] = line.newest_key

    # --- trades -------------------------------------------------------------------------------------------------------

    def _hear_trades(self, message: Envelope) -> None:
        heard: dict[InstrumentId, list[Print]] = {}
        for row in self._read(message, WireTrade):
            instrument = self._wanted_as(row.pair)
            if instrument is None:
                continue
            try:
                at_ns = parse_rfc3339(row.timestamp)
            except InvalidInput:
                self._count(n_bad=1)
                continue
            side = SIDES.get(row.side, Aggressor.UNKNOWN)
            heard.setdefault(instrument, []).append(Print(row.trade_id, at_ns, row.price, row.qty, side))
        for instrument, prints in heard.items():
            prints.sort(key=_number)
            if message.type == "snapshot":
                self._hear_snapshot(self._line(instrument), prints)
            else:
                self._hear_update(self._line(instrument), prints)
            self._last_numbers[instrument] = max(self._last_numbers.get(instrument, 0), _number(prints[-1]))

    def _hear_snapshot(self, line: TradeLine, prints: list[Print]) -> None:
        """The newest fifty trades: at the first connection history, afterwards what was missed or a part of it."""
        last = self._last_numbers.get(line.instrument)
        if last is None:
            line.skip(prints)
        elif line.first_held is not None or _number(prints[0]) > last + 1:
            self._begin_healing(line)
            line.hear(prints)
        else:
            self._count(n_gaps=int(line.is_healing), n_trades=line.heal([one for one in prints if _number(one) > last]))
            self._count(n_trades=line.release())

    def _hear_update(self, line: TradeLine, prints: list[Print]) -> None:
        last = self._last_numbers.get(line.instrument)
        is_missing = last is not None and _number(prints[0]) > last + 1 and line.instrument not in self._skipping
        if is_missing:
            if line.is_healing:
                line.hold_anew()
            self._begin_healing(line)
        elif line.is_healing and line.instrument not in self._healing:
            self._begin_healing(line)  # the connection is new, and its snapshot did not come
        self._count(n_trades=line.hear(prints))

    async def _fetch_missed(self, instrument: InstrumentId, from_ns: int) -> list[Print]:
        missed = await self._past.fetch_prints(instrument, from_ns, self._clock.now_ns() + 1)
        line = self._lines.get(instrument)
        first = line.first_held if line is not None else None
        if line is not None and first is not None and any(one.key == first.key for one in missed):
            between = [one for one in missed if self._is_before(one, first) and not line.is_known(one)]
            if not between:
                self._skipping.add(instrument)  # this pair's numbers are not in a row
        return missed

    def _is_before(self, one: Print, other: Print) -> bool:
        return _number(one) < _number(other)  # many trades have one time

    def _is_joined(self, line: TradeLine, missed: Sequence[Print]) -> bool:
        first = line.first_held
        is_next = first is not None and any(_number(one) == _number(first) - 1 for one in missed)
        return is_next or super()._is_joined(line, missed)

    def _address(self) -> str:
        address = self._config.stream_url or DEFAULT_STREAM_URL
        check_address(address.replace("ws", "http", 1))
        return address


def _channels(wants: Wants) -> list[str]:
    return ["trade", *(["ticker"] if wants.quotes else []), *(["book"] if wants.depth else [])]


def _number(one: Print) -> int:
    assert isinstance(one.key, int), "Kraken numbers its trades."
    return one.key
