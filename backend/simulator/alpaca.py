"""Alpaca's market data streams for stocks over the simulated market: keys, subscriptions, trades, quotes and bars."""

import asyncio
import collections
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from backend.domain.bars import MINUTE_NS
from backend.simulator.alpaca_rest import AlpacaRest, Keys, QuoteRow
from backend.simulator.alpaca_text import Words, cut_of
from backend.simulator.answers import Answer, Call
from backend.simulator.bad_frames import FieldNames
from backend.simulator.faults import Faults
from backend.simulator.market import Listing, Market, Movement, prints_of
from backend.simulator.serving import Client, VenueServer

FIELDS: Final = FieldNames(
    prices=frozenset({"p", "bp", "o"}),
    sizes=frozenset({"s", "bs", "v"}),
    pairs=(("bp", "ap"),),
    unknown=b'[{"T":"zz","S":"AAPL","what":[1,2,3]}]',
)
TEST_CODE: Final = "FAKEPACA"
FEEDS: Final = ("iex", "sip", "test")
_CHANNELS: Final = ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds", "corrections", "cancelErrors")
_WORDS: Final = {
    400: "invalid syntax",
    401: "not authenticated",
    402: "auth failed",
    403: "already authenticated",
    404: "auth timeout",
    405: "symbol limit exceeded",
    406: "connection limit exceeded",
    409: "insufficient subscription",
    410: "invalid subscribe action for this feed",
}
_N_QUOTES_KEPT: Final = 50_000
_DAY: Final = cut_of("1Day")


@dataclass(frozen=True, slots=True)
class AlpacaConfig:
    """What the simulated account may do.

    feeds : it has; n_codes_max : trades and quotes it may follow on "iex"; n_connections_max : at a time on each feed
    auth_s : how long a conversation may stay without a key
    """

    key: str = "demo-key"
    secret: str = "demo-secret"  # noqa: S105 - opens nothing but this simulation
    feeds: tuple[str, ...] = FEEDS
    n_codes_max: int = 30
    n_connections_max: int = 1
    auth_s: float = 10.0


@dataclass(slots=True)
class _Talk:
    """What is known of one conversation; ``topics`` holds (channel, code) with "*" for every code."""

    feed: str
    deadline: asyncio.TimerHandle | None = None
    is_known: bool = False
    topics: dict[str, list[str]] = field(default_factory=lambda: {channel: [] for channel in _CHANNELS})


class AlpacaVenue(VenueServer):
    """Alpaca at ``stream_url`` and ``rest_url``; ``publish`` tells it what happened in the market."""

    def __init__(
        self, market: Market, codes: tuple[str, ...], faults: Faults, account: AlpacaConfig, life: Mapping[str, float]
    ) -> None:
        super().__init__("alpaca", faults, life["ping_s"], life["session_s"])
        self.account = account
        self._listings: dict[str, Listing] = {code: market.listings[code] for code in codes}
        self._words = {code: Words(listing.listed) for code, listing in self._listings.items()}
        self._talks: dict[Client, _Talk] = {}
        self._quotes: dict[str, collections.deque[QuoteRow]] = {code: collections.deque(maxlen=_N_QUOTES_KEPT) for code in codes}
        self.rest = AlpacaRest(market.clock, self._listings, self._words, self._quotes, Keys(account.key, account.secret, faults))

    @property
    def stream_url(self) -> str:
        """As wss://stream.data.alpaca.markets; /v2/iex, /v2/sip or /v2/test follows it."""
        return self.ws_url

    @property
    def rest_url(self) -> str:
        """As https://data.alpaca.markets; /v2/stocks/... follows it."""
        return self.http_url

    def refusal(self, status: int, retry_after_s: int) -> Answer:
        """Over the limit."""
        return self.rest.too_many(status, retry_after_s)

    def accepts(self, path: str) -> bool:
        """``/v2/iex``, ``/v2/sip`` and ``/v2/test``."""
        return path.rstrip("/") in {f"/v2/{feed}" for feed in FEEDS}

    def answer(self, call: Call) -> Answer:
        """What the REST API answers."""
        return self.rest.answer(call)

    def greet(self, client: Client) -> None:
        """Say hello; keys may have come with the handshake, else they must come soon."""
        talk = self._talks[client] = _Talk(client.path.partition("?")[0].strip("/").rpartition("/")[2])
        client.send(b'[{"T":"success","msg":"connected"}]')
        loop = asyncio.get_running_loop()
        talk.deadline = loop.call_later(self.account.auth_s, self._expire, client)
        key, secret = client.headers.get("APCA-API-KEY-ID"), client.headers.get("APCA-API-SECRET-KEY")
        if key is not None and secret is not None:
            self._know(client, talk, key, secret)

    def forget(self, client: Client) -> None:
        """Send it nothing more."""
        deadline = self._talks.pop(client).deadline
        if deadline is not None:
            deadline.cancel()

    def hear(self, client: Client, message: str | bytes) -> None:
        """Answer one request of the conversation."""
        talk = self._talks[client]
        try:
            request = msgspec.json.decode(message)
        except msgspec.DecodeError:
            request = None
        action = request.get("action") if isinstance(request, dict) else None
        if not isinstance(request, dict) or action not in ("auth", "subscribe", "unsubscribe"):
            _tell(client, 400)
        elif action == "auth":
            self._know(client, talk, request.get("key"), request.get("secret"))
        elif not talk.is_known:
            _tell(client, 401)
        else:
            self._change(client, talk, request)

    def _know(self, client: Client, talk: _Talk, key: Any, secret: Any) -> None:
        n_others = sum(each.is_known and each.feed == talk.feed for each in self._talks.values())
        if talk.is_known:
            _tell(client, 403)
        elif not self.rest.keys.fit(key, secret):
            _tell(client, 402)
        elif talk.feed not in self.account.feeds:
            _tell(client, 409)
        elif n_others >= self.account.n_connections_max:
            _tell(client, 406)
            client.hang_up()
        else:
            talk.is_known = True
            client.send(b'[{"T":"success","msg":"authenticated"}]')

    def _expire(self, client: Client) -> None:
        if client in self._talks and not self._talks[client].is_known:
            _tell(client, 404)
            client.hang_up()

    def _change(self, client: Client, talk: _Talk, request: dict[str, Any]) -> None:
        asked = {channel: request[channel] for channel in _CHANNELS if channel in request}
        if not all(isinstance(codes, list) and all(isinstance(code, str) for code in codes) for codes in asked.values()):
            _tell(client, 400)
            return
        topics = {channel: list(codes) for channel, codes in talk.topics.items()}
        if "trades" in asked:  # these follow trades by themselves
            asked |= {"corrections": asked["trades"], "cancelErrors": asked["trades"]}
        for channel, codes in asked.items():
            kept = [code for code in topics[channel] if code not in codes]
            topics[channel] = kept if request["action"] == "unsubscribe" else kept + codes
        n_codes = len({*topics["trades"], *topics["quotes"]})
        if talk.feed == "iex" and request["action"] == "subscribe" and n_codes > self.account.n_codes_max:
            _tell(client, 405)
            return
        talk.topics = topics
        client.send(msgspec.json.encode([{"T": "subscription", **topics}]))

    # --- what happens in the market ---------------------------------------------------------------------------------

    def publish(self, movement: Movement) -> None:
        """Send what one step of the market means to each conversation that follows it."""
        code = movement.listing.listed.code
        if code not in self._words:
            return
        words = self._words[code]
        if movement.is_best_new:
            self._quotes[code].append(QuoteRow(movement.begin_ns, movement.best))
            self._send("quotes", "q", code, lambda: [words.quote(movement.best, movement.begin_ns)])
        if movement.next_id > movement.first_id:
            self._send("trades", "t", code, lambda: words.trades(prints_of(movement)))
        if movement.end_ns % MINUTE_NS == 0:
            self._publish_bars(movement.listing, words, movement.end_ns)

    def _publish_bars(self, listing: Listing, words: Words, now_ns: int) -> None:
        code, minute = listing.listed.code, listing.minutes.span(now_ns - MINUTE_NS, now_ns)
        if minute.n_trades:
            self._send("bars", "b", code, lambda: [words.bar(minute)])
        if _DAY is not None:
            day = listing.bars(_DAY, _DAY.start_of(now_ns - 1), now_ns)
            self._send("dailyBars", "d", code, lambda: [words.bar(each) for each in day if each.n_trades])

    def _send(self, channel: str, kind: str, code: str, render: Callable[[], list[str]]) -> None:
        followers = [client for client, talk in self._talks.items() if talk.is_known and _follows(talk, channel, code)]
        if not followers:
            return
        rows = render()
        if rows:
            message = ("[" + ",".join(f'{{"T":"{kind}","S":"{code}",{row}}}' for row in rows) + "]").encode()
            for client in followers:
                client.send_data([message])


def _follows(talk: _Talk, channel: str, code: str) -> bool:
    if (talk.feed == "test") != (code == TEST_CODE):
        return False
    return code in talk.topics[channel] or "*" in talk.topics[channel]


def _tell(client: Client, code: int) -> None:
    client.send(msgspec.json.encode([{"T": "error", "code": code, "msg": _WORDS[code]}]))
