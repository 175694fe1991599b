"""What Binance's spot market sends, as typed values: stream messages, REST answers, and the checks that refuse bad ones.

Source: github.com/binance/binance-spot-api-docs, web-socket-streams.md and rest-api.md. Prices and quantities are decimal
text, times are milliseconds since 1970, trade ids of one instrument count up by one.
"""

import math
from typing import Final, Generic, TypeAlias, TypeVar

import msgspec

from backend.domain.bars import DAY_NS
from backend.domain.ticks import Aggressor
from backend.errors import InvalidInput
from backend.market.feeds.trade_sequence import Print

MS_NS: Final = 1_000_000
TIME_MS_MAX: Final = 4_102_444_800_000  # the year 2100
_DAY_MS: Final = DAY_NS // MS_NS
_ID_MAX: Final = 1 << 53
T = TypeVar("T")


class Envelope(msgspec.Struct, Generic[T], gc=False):
    """A message of a combined stream."""

    data: T


class TradeMessage(msgspec.Struct, gc=False):
    """``<code>@trade``: one print. t id; p price; q quantity; T when; E when sent; m whether the buyer was the maker."""

    E: int
    t: int
    p: str
    q: str
    T: int
    m: bool


class QuoteMessage(msgspec.Struct, gc=False):
    """``<code>@bookTicker``: u number of the update; b, B best bid and its size; a, A best ask and its size."""

    u: int
    b: str
    B: str
    a: str
    A: str


class DepthMessage(msgspec.Struct, gc=False):
    """``<code>@depth@100ms``: what changed in the book from update U to u; b bids and a asks as price and quantity."""

    E: int
    U: int
    u: int
    b: list[tuple[str, str]]
    a: list[tuple[str, str]]


class AnyMessage(msgspec.Struct, gc=False):
    """Any message, to see what it is about: data of a stream, or the answer to one of our requests."""

    stream: str = ""
    id: int | str | None = None
    error: msgspec.Raw = msgspec.Raw()
    code: int | None = None
    msg: str = ""


class TradeAnswer(msgspec.Struct, gc=False, rename="camel"):
    """A row of ``historicalTrades`` and ``trades``."""

    id: int
    price: str
    qty: str
    time: int
    is_buyer_maker: bool


class AggregateAnswer(msgspec.Struct, gc=False):
    """A row of ``aggTrades``, as far as it leads to single trades: f the id of the first one, T when."""

    f: int
    T: int


class DepthAnswer(msgspec.Struct, gc=False, rename="camel"):
    """The book as ``depth`` gives it."""

    last_update_id: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class TimeAnswer(msgspec.Struct, gc=False, rename="camel"):
    """The venue's clock."""

    server_time: int


class ErrorAnswer(msgspec.Struct, gc=False):
    """Why a question was refused."""

    code: int
    msg: str = ""


class FilterAnswer(msgspec.Struct, gc=False, rename="camel"):
    """A rule for orders of one instrument."""

    filter_type: str
    tick_size: str = "0"
    step_size: str = "0"


class ListedAnswer(msgspec.Struct, gc=False, rename="camel"):
    """One instrument of ``exchangeInfo``."""

    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    filters: list[FilterAnswer] = []


class ListAnswer(msgspec.Struct, gc=False):
    """``exchangeInfo``."""

    symbols: list[ListedAnswer]


# Opens, open, high, low, close, volume, closes; then the value, how many trades, what takers bought, and one unused.
BarRow: TypeAlias = tuple[int, str, str, str, str, str, int, str, int, str, str, str]


trade_decoder: Final = msgspec.json.Decoder(Envelope[TradeMessage])
quote_decoder: Final = msgspec.json.Decoder(Envelope[QuoteMessage])
depth_decoder: Final = msgspec.json.Decoder(Envelope[DepthMessage])
any_decoder: Final = msgspec.json.Decoder(AnyMessage)

_INFINITY: Final = math.inf
_BUYER, _SELLER = int(Aggressor.BUYER), int(Aggressor.SELLER)


def print_of(message: TradeMessage) -> tuple[int, int, float, float, int]:
    """The fields of a ``Print``, from a stream message. Raises ValueError for what cannot be one."""
    price, quantity, time_ms = float(message.p), float(message.q), message.T
    # NaN fails each comparison. A day between the print and its message is a wrong number, not a delay.
    if not (0.0 < price < _INFINITY and 0.0 <= quantity < _INFINITY and 0 <= message.t < _ID_MAX):
        raise ValueError("not a trade")
    if not (0 < time_ms < TIME_MS_MAX and -_DAY_MS < message.E - time_ms < _DAY_MS):
        raise ValueError("not a time")
    return message.t, time_ms * MS_NS, price, quantity, _SELLER if message.m else _BUYER


def print_of_answer(row: TradeAnswer) -> Print:
    """The trade of a REST row. Raises ValueError for what cannot be one."""
    return Print(*print_of(TradeMessage(row.time, row.id, row.price, row.qty, row.time, row.is_buyer_maker)))


def quote_of(message: QuoteMessage) -> tuple[float, float, float, float]:
    """Bid, ask and their sizes. Raises ValueError where they are no numbers, negative or crossed."""
    bid, ask, bid_size, ask_size = float(message.b), float(message.a), float(message.B), float(message.A)
    if not (0.0 < bid <= ask < _INFINITY and 0.0 <= bid_size < _INFINITY and 0.0 <= ask_size < _INFINITY):
        raise ValueError("not a quote")
    return bid, ask, bid_size, ask_size


def levels_of(rows: list[tuple[str, str]]) -> list[tuple[float, float]]:
    """Levels of a book. Raises ValueError for what cannot be one."""
    levels = [(float(price), float(quantity)) for price, quantity in rows]
    if not all(0.0 < price < _INFINITY and 0.0 <= quantity < _INFINITY for price, quantity in levels):
        raise ValueError("not a level")
    return levels


def parse_answer(body: bytes, kind: type[T], about: str) -> T:
    """A REST answer as a value. Raises InvalidInput where it is something else."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as e:
        words = f"Binance's answer about {about} cannot be read: {e}."
        raise InvalidInput(words, hint="Its address may be another service's.", code="feed.answer") from e
