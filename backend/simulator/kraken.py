"""Kraken's WebSocket v2 over the simulated market: subscriptions, trades, books with checksums, bars, heartbeats."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from backend.domain.bars import DAY_NS, SECOND_NS
from backend.simulator.answers import Answer, Call
from backend.simulator.bad_frames import FieldNames
from backend.simulator.faults import Faults
from backend.simulator.kraken_rest import KrakenRest
from backend.simulator.kraken_text import CUTS, DEPTHS, Levels, Words, render_instruments
from backend.simulator.market import Market, Movement, prints_of
from backend.simulator.serving import Client, VenueServer
from backend.simulator.stamps import rfc3339

FIELDS: Final = FieldNames(
    prices=frozenset({"price", "bid", "open", "last"}),
    sizes=frozenset({"qty", "bid_qty", "volume"}),
    pairs=(("bid", "ask"), ("bids", "asks")),
    unknown=b'{"channel":"unheard-of","type":"update","data":[{"symbol":"BTC/USD","what":[1,2,3]}]}',
)
_N_SNAPSHOT_TRADES: Final = 50
_N_SNAPSHOT_BARS: Final = 100
_HEARTBEAT: Final = b'{"channel":"heartbeat"}'


class _Topic(NamedTuple):
    """What is subscribed: ``detail`` is a book's depth, bars' minutes, or what triggers a ticker."""

    channel: str
    code: str
    detail: int | str = 0


@dataclass(slots=True)
class _Talk:
    """What is known of one conversation; ``n_sent`` as of the last heartbeat."""

    topics: set[_Topic] = field(default_factory=set)
    n_sent: int = 0


class _Refused(Exception):
    """A subscription that Kraken refuses, in its words."""


class KrakenVenue(VenueServer):
    """Kraken at ``stream_url`` and ``rest_url``; ``publish`` tells it what happened in the market."""

    def __init__(self, market: Market, codes: tuple[str, ...], faults: Faults, *, ping_s: float, session_s: float) -> None:
        super().__init__("kraken", faults, ping_s, session_s)
        self._market = market
        self._listings = {code: market.listings[code] for code in codes}
        self._words = {code: Words(listing.listed) for code, listing in self._listings.items()}
        self._codes = {words.pair: code for code, words in self._words.items()}
        self._talks: dict[Client, _Talk] = {}
        self._followers: dict[_Topic, set[Client]] = {}
        self._views: dict[_Topic, tuple[Levels, Levels]] = {}
        self._heartbeat_ns = 0
        self.rest = KrakenRest(market.clock, self._listings, self._words)

    @property
    def stream_url(self) -> str:
        """As wss://ws.kraken.com/v2."""
        return f"{self.ws_url}/v2"

    @property
    def rest_url(self) -> str:
        """As https://api.kraken.com; /0/public/... follows it."""
        return self.http_url

    def refusal(self, status: int, retry_after_s: int) -> Answer:
        """Over the limit."""
        return self.rest.too_many(status, retry_after_s)

    def accepts(self, path: str) -> bool:
        """``/v2``."""
        return path.rstrip("/") == "/v2"

    def answer(self, call: Call) -> Answer:
        """What the REST API answers."""
        return self.rest.answer(call)

    def greet(self, client: Client) -> None:
        """Say that the system is online."""
        self._talks[client] = _Talk()
        about = {"version": "2.0.10", "system": "online", "api_version": "v2", "connection_id": 12834925911407330479}
        client.send(msgspec.json.encode({"channel": "status", "type": "update", "data": [about]}))

    def forget(self, client: Client) -> None:
        """Send it nothing more."""
        for topic in self._talks.pop(client).topics:
            self._followers[topic].discard(client)

    def hear(self, client: Client, message: str | bytes) -> None:
        """Answer one request of the conversation."""
        time_in = rfc3339(self._market.clock.now_ns(), 6)
        try:
            request = msgspec.json.decode(message)
        except msgspec.DecodeError:
            request = None
        if not isinstance(request, dict):
            client.send(_encode({"error": "Malformed request", "success": False, **self._times(time_in)}))
            return
        method, number = request.get("method"), {"req_id": request["req_id"]} if "req_id" in request else {}
        if method == "ping":
            client.send(_encode({"method": "pong", **number, **self._times(time_in)}))
        elif method in ("subscribe", "unsubscribe"):
            self._change(client, method, request.get("params"), number | {"time_in": time_in})
        else:
            client.send(
                _encode({"error": "Method not found", "method": method, "success": False, **number, **self._times(time_in)})
            )

    def _times(self, time_in: str) -> dict[str, str]:
        return {"time_in": time_in, "time_out": rfc3339(self._market.clock.now_ns(), 6)}

    # --- subscriptions ----------------------------------------------------------------------------------------------

    def _change(self, client: Client, method: str, params: Any, about: dict[str, Any]) -> None:
        params = params if isinstance(params, dict) else {}
        pairs = [""] if params.get("channel") == "instrument" else params.get("symbol")
        act = self._follow if method == "subscribe" else self._unfollow
        for pair in pairs if isinstance(pairs, list) and pairs else [None]:
            named = {"symbol": pair} if pair else {}
            times = self._times(about["time_in"])
            try:
                topic, result = self._topic(params, pair)
                snapshot = act(client, topic, params)
            except _Refused as e:
                client.send(_encode({"error": str(e), "method": method, "success": False, **named, **about, **times}))
                continue
            client.send(_encode({"method": method, "result": result | named, "success": True, **about, **times}))
            if snapshot is not None:
                client.send_data([snapshot])

    def _topic(self, params: dict[str, Any], pair: Any) -> tuple[_Topic, dict[str, Any]]:
        channel = params.get("channel")
        if channel not in ("trade", "book", "ticker", "ohlc", "instrument"):
            raise _Refused("Channel not found" if channel else "Channel field must be a string")
        result = {"channel": channel, "snapshot": params.get("snapshot", channel != "trade")}
        if channel == "instrument":
            return _Topic(channel, ""), result
        if pair not in self._codes:
            raise _Refused(f"Currency pair not supported {pair}" if pair else "Symbol(s) not found")
        details: dict[str, tuple[str, Any, Any]] = {
            "book": ("depth", 10, DEPTHS),
            "ohlc": ("interval", 1, CUTS),
            "ticker": ("event_trigger", "trades", ("trades", "bbo")),
        }
        if channel not in details:
            return _Topic(channel, self._codes[pair]), result
        name, usual, allowed = details[channel]
        detail = params.get(name, usual)
        if isinstance(detail, list | dict) or detail not in allowed:
            raise _Refused(f"Subscription {name} not supported")
        return _Topic(channel, self._codes[pair], detail), result | {name: detail}

    def _follow(self, client: Client, topic: _Topic, params: dict[str, Any]) -> bytes | None:
        talk = self._talks[client]
        if any(each[:2] == topic[:2] for each in talk.topics if topic.channel != "ohlc" or each == topic):
            raise _Refused("Already subscribed")
        talk.topics.add(topic)
        self._followers.setdefault(topic, set()).add(client)
        is_wanted = params.get("snapshot", topic.channel != "trade")
        return self._snapshot(topic) if is_wanted else None

    def _unfollow(self, client: Client, topic: _Topic, _params: dict[str, Any]) -> None:
        if topic not in self._talks[client].topics:
            raise _Refused("Subscription Not Found")
        self._talks[client].topics.discard(topic)
        self._followers[topic].discard(client)

    def _snapshot(self, topic: _Topic) -> bytes:
        if topic.channel == "instrument":
            return render_instruments(self._words.values())
        listing, words, now_ns = self._listings[topic.code], self._words[topic.code], self._market.at_ns
        if topic.channel == "trade":
            tape = listing.tape
            return words.trades(tape.between(tape.next_id - _N_SNAPSHOT_TRADES, tape.next_id), "snapshot")
        if topic.channel == "book":
            view = self._views[topic] = listing.book.levels(int(topic.detail))
            return words.book("snapshot", view, view, now_ns)
        if topic.channel == "ticker":
            return words.day("snapshot", listing.book.best, listing.minutes.span(now_ns - DAY_NS, now_ns))
        cut = CUTS[int(topic.detail)]
        bars = listing.bars(cut, now_ns - _N_SNAPSHOT_BARS * cut.period_ns, now_ns)
        return words.bars("snapshot", bars, int(topic.detail), now_ns)

    # --- what happens in the market ---------------------------------------------------------------------------------

    def publish(self, movement: Movement) -> None:
        """Send what one step of the market means to each topic that somebody follows."""
        code = movement.listing.listed.code
        if code in self._words:
            words, has_traded = self._words[code], movement.next_id > movement.first_id
            for depth in DEPTHS if movement.changes else ():
                self._publish_book(movement, words, _Topic("book", code, depth))
            if movement.is_best_new:
                self._send(_Topic("ticker", code, "bbo"), lambda: _day(words, movement))
            if has_traded:
                self._send(_Topic("trade", code), lambda: words.trades(prints_of(movement), "update"))
                self._send(_Topic("ticker", code, "trades"), lambda: _day(words, movement))
                for minutes in CUTS:
                    self._publish_bar(movement, words, minutes)
        if movement.end_ns - self._heartbeat_ns >= SECOND_NS:
            self._heartbeat_ns = movement.end_ns
            self._beat()

    def _publish_book(self, movement: Movement, words: Words, topic: _Topic) -> None:
        if not self._followers.get(topic):
            return
        old, new = self._views.get(topic, ([], [])), movement.listing.book.levels(int(topic.detail))
        self._views[topic] = new
        book = movement.listing.book
        sides = (_differences(old[0], new[0], book.bids), _differences(old[1], new[1], book.asks))
        if sides[0] or sides[1]:
            self._send(topic, lambda: words.book("update", sides, new, movement.end_ns))

    def _publish_bar(self, movement: Movement, words: Words, minutes: int) -> None:
        self._send(_Topic("ohlc", words.listed.code, minutes), lambda: _bar(words, movement, minutes))

    def _beat(self) -> None:
        """A heartbeat to each conversation that has subscribed and has heard nothing for a second."""
        for client, talk in tuple(self._talks.items()):
            if talk.topics and client.n_sent == talk.n_sent:
                client.send_data([_HEARTBEAT])
            talk.n_sent = client.n_sent

    def _send(self, topic: _Topic, render: Callable[[], bytes]) -> None:
        clients = self._followers.get(topic)
        if clients:
            messages = [render()]
            for client in tuple(clients):
                client.send_data(messages)


def _differences(old: Levels, new: Levels, side: dict[int, int]) -> Levels:
    """Levels of a view that are new or have changed, and those that have gone from the book with quantity 0."""
    before, after = dict(old), dict(new)
    gone = [(price, 0) for price in before if price not in after and price not in side]
    return gone + [(price, lots) for price, lots in new if before.get(price) != lots]


def _day(words: Words, movement: Movement) -> bytes:
    return words.day("update", movement.best, movement.listing.minutes.span(movement.end_ns - DAY_NS, movement.end_ns))


def _bar(words: Words, movement: Movement, minutes: int) -> bytes:
    start_ns = CUTS[minutes].start_of(movement.end_ns - 1)
    return words.bars("update", movement.listing.bars(CUTS[minutes], start_ns, movement.end_ns), minutes, movement.end_ns)


def _encode(message: dict[str, Any]) -> bytes:
    return msgspec.json.encode(message)
