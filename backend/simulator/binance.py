"""Binance's spot streams over the simulated market: raw and combined conversations, subscriptions, every market stream."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from backend.domain.bars import DAY_NS, SECOND_NS
from backend.simulator.answers import Answer, Call
from backend.simulator.bad_frames import FieldNames
from backend.simulator.binance_rest import BinanceRest
from backend.simulator.binance_text import CUTS, MS_NS, Words
from backend.simulator.book import Change
from backend.simulator.faults import Faults
from backend.simulator.market import Listing, Market, Movement, prints_of
from backend.simulator.serving import Client, VenueServer

FIELDS: Final = FieldNames(
    prices=frozenset({"p", "c", "b"}),
    sizes=frozenset({"q", "B", "v"}),
    pairs=(("b", "a"), ("bids", "asks")),
    unknown=b'{"e":"unheardOf","E":1,"s":"BTCUSDT","x":[1,2,3]}',
)
STREAMS_MAX: Final = 1024
_REQUESTS_MAX: Final = 5  # a second; more, and the venue hangs up
_TENTH_NS: Final = SECOND_NS // 10
_STREAM: Final = re.compile(
    r"(?P<code>[a-z0-9]{2,20})@(?:(?P<kind>trade|aggTrade|bookTicker|miniTicker)|kline_(?P<interval>\w{2,3})"
    r"|depth(?P<levels>5|10|20)?(?:@(?P<period>100|1000)ms)?)"
)
_METHODS: Final = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"


@dataclass(slots=True)
class _Talk:
    """What is known of one conversation."""

    streams: dict[str, None]
    is_combined: bool
    requests_s: list[float]


class _Diff:
    """Changes of a book since they were last sent, for one period."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def take(self) -> list[Change]:
        """The changes so far, forgotten here."""
        changes, self.changes = self.changes, []
        return changes


class BinanceVenue(VenueServer):
    """Binance at ``stream_url`` and ``rest_url``; ``publish`` tells it what happened in the market."""

    def __init__(self, market: Market, codes: tuple[str, ...], faults: Faults, *, ping_s: float, session_s: float) -> None:
        super().__init__("binance", faults, ping_s, session_s)
        self._market = market
        self._listings = {code: market.listings[code] for code in codes}
        self._words = {code: Words(listing.listed) for code, listing in self._listings.items()}
        self._talks: dict[Client, _Talk] = {}
        self._followers: dict[str, set[Client]] = {}
        self._diffs = {(code, period): _Diff() for code in codes for period in (100, 1000)}
        self.rest = BinanceRest(market.clock, self._listings, self._words)

    @property
    def stream_url(self) -> str:
        """As wss://stream.binance.com:9443; /ws/<stream> and /stream?streams= follow it."""
        return self.ws_url

    @property
    def rest_url(self) -> str:
        """As https://api.binance.com; /api/v3/... follows it."""
        return self.http_url

    def refusal(self, status: int, retry_after_s: int) -> Answer:
        """429 over the limit, 418 banned for not heeding that."""
        return self.rest.too_many(status, retry_after_s)

    def accepts(self, path: str) -> bool:
        """``/ws``, ``/ws/<streams>`` and ``/stream``."""
        return path in ("/ws", "/ws/", "/stream", "/stream/") or path.startswith("/ws/")

    def answer(self, call: Call) -> Answer:
        """What the REST API answers."""
        return self.rest.answer(call)

    def greet(self, client: Client) -> None:
        """Subscribe to the streams in the address."""
        parts = urlsplit(client.path)
        is_combined = parts.path.startswith("/stream")
        named = dict(parse_qsl(parts.query)).get("streams", "") if is_combined else parts.path.removeprefix("/ws")
        talk = self._talks[client] = _Talk({}, is_combined, [])
        self._follow(client, talk, [name for name in named.strip("/").split("/") if name])

    def forget(self, client: Client) -> None:
        """Send it nothing more."""
        for name in self._talks.pop(client).streams:
            self._followers[name].discard(client)

    async def hear(self, client: Client, message: str | bytes) -> None:
        """Answer one request of the conversation."""
        talk, now_s = self._talks[client], asyncio.get_running_loop().time()
        talk.requests_s = [each for each in talk.requests_s if now_s - each < 1.0]
        talk.requests_s.append(now_s)
        if len(talk.requests_s) > _REQUESTS_MAX:
            await client.close(1008, "Too many requests")
            return
        client.send(msgspec.json.encode(self._reply(client, talk, message)))

    def _reply(self, client: Client, talk: _Talk, message: str | bytes) -> dict[str, Any]:
        try:
            request = msgspec.json.decode(message)
        except msgspec.DecodeError:
            return _error(3, "Invalid JSON: expected value at line 1 column 1", None)
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            return _error(2, "Invalid request: missing field `method`", None)
        number, method, params = request.get("id"), request["method"], request.get("params", [])
        if method == "LIST_SUBSCRIPTIONS":
            return {"result": list(talk.streams), "id": number}
        if method in ("SET_PROPERTY", "GET_PROPERTY"):
            if method == "SET_PROPERTY":
                talk.is_combined = params == ["combined", True]
            return {"result": None if method == "SET_PROPERTY" else talk.is_combined, "id": number}
        return self._change(client, talk, method, params) | {"id": number}

    def _change(self, client: Client, talk: _Talk, method: str, params: Any) -> dict[str, Any]:
        if method not in ("SUBSCRIBE", "UNSUBSCRIBE"):
            return _error(2, f"Invalid request: unknown variant `{method}`, expected one of {_METHODS}", None)
        if not isinstance(params, list) or not all(isinstance(each, str) for each in params):
            return _error(2, "Invalid request: invalid type in `params`, expected a string", None)
        if method == "SUBSCRIBE":
            self._follow(client, talk, params)
        else:
            for name in params:
                talk.streams.pop(name, None)
                self._followers.get(name, set()).discard(client)
        return {"result": None}

    def _follow(self, client: Client, talk: _Talk, names: list[str]) -> None:
        for name in names[: STREAMS_MAX - len(talk.streams)]:
            talk.streams[name] = None
            self._followers.setdefault(name, set()).add(client)

    # --- what happens in the market ---------------------------------------------------------------------------------

    def publish(self, movement: Movement) -> None:
        """Send what one step of the market means to each stream that somebody follows."""
        code = movement.listing.listed.code
        if code not in self._words:
            return
        for period in (100, 1000):
            self._diffs[code, period].changes += movement.changes
        words, head, now_ms = self._words[code], f"{code.lower()}@", movement.end_ns // MS_NS
        if movement.is_best_new:
            self._send(head + "bookTicker", lambda: [_encode(words.best(movement.best))])
        if movement.next_id > movement.first_id:
            self._send(head + "trade", lambda: words.trades(prints_of(movement), now_ms))
            self._send(head + "aggTrade", lambda: _aggregates(words, movement))
        if movement.end_ns % _TENTH_NS == 0:
            self._publish_regular(movement.listing, movement.end_ns)

    def _publish_regular(self, listing: Listing, now_ns: int) -> None:
        """What is sent by the clock: books, bars and the last day."""
        code, is_second = listing.listed.code, now_ns % SECOND_NS == 0
        for period in (100, 1000) if is_second else (100,):
            changes = self._diffs[code, period].take()
            names = [f"{code.lower()}@depth@{period}ms", *([f"{code.lower()}@depth"] if period == 1000 else [])]
            for name in names if changes else ():
                self._send_difference(name, listing, changes, now_ns)
        for name in [each for each, clients in self._followers.items() if clients and each.startswith(f"{code.lower()}@")]:
            found = _STREAM.fullmatch(name)
            if found is not None:
                self._publish_one(name, found, listing, now_ns)

    def _send_difference(self, name: str, listing: Listing, changes: list[Change], now_ns: int) -> None:
        words = self._words[listing.listed.code]
        self._send(name, lambda: [_encode(words.difference(changes, listing.book.update, now_ns // MS_NS))])

    def _publish_one(self, name: str, found: re.Match[str], listing: Listing, now_ns: int) -> None:
        words, is_second = self._words[listing.listed.code], now_ns % SECOND_NS == 0
        if found["levels"] and (is_second or found["period"] == "100"):
            self._send(name, lambda: [_encode(words.depth(listing, int(found["levels"])))])
        elif found["kind"] == "miniTicker" and is_second:
            day = listing.minutes.span(now_ns - DAY_NS, now_ns)
            self._send(name, lambda: [_encode(words.day_event(day, now_ns // MS_NS))])
        elif found["interval"] in CUTS and is_second:
            start_ns = CUTS[found["interval"]].start_of(now_ns - 1)
            bar = listing.bars(CUTS[found["interval"]], start_ns, now_ns)[0]
            if now_ns >= bar.end_ns or now_ns % (2 * SECOND_NS) == 0:
                self._send(name, lambda: [_encode(words.bar_event(bar, found["interval"], listing, now_ns))])

    def _send(self, name: str, render: Callable[[], list[bytes]]) -> None:
        clients = self._followers.get(name)
        if not clients:
            return
        messages = render()
        wrapped: list[bytes] = []
        for client in tuple(clients):
            if self._talks[client].is_combined and not wrapped:
                head = f'{{"stream":"{name}","data":'.encode()
                wrapped = [head + message + b"}" for message in messages]
            client.send_data(wrapped if self._talks[client].is_combined else messages)


def _encode(event: dict[str, Any]) -> bytes:
    return msgspec.json.encode(event)


def _aggregates(words: Words, movement: Movement) -> list[bytes]:
    rows = words.aggregates(prints_of(movement))
    about = {"e": "aggTrade", "E": movement.end_ns // MS_NS, "s": words.listed.code}
    return [_encode(about | row) for row in rows]


def _error(code: int, message: str, number: Any) -> dict[str, Any]:
    return {"error": {"code": code, "msg": message}, "id": number}
