"""Kraken's messages: bytes of its stream (version 2) and answers of its REST service into values, every one checked."""

import math
from decimal import Decimal
from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from backend.errors import NotFound, TriiError, Unavailable

T = TypeVar("T")

_Price = Annotated[float, Meta(gt=0)]
_Size = Annotated[float, Meta(ge=0)]
_Pair = Annotated[str, Meta(min_length=3, max_length=32)]


class Envelope(Struct, frozen=True):
    """What every message has some of; ``data`` is read by its channel."""

    channel: str = ""
    type: str = ""
    method: str = ""
    data: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"[]"))
    success: bool | None = None
    error: str | None = None
    pair: str | None = field(name="symbol", default=None)
    time_out: str = ""


class WireTrade(Struct, frozen=True):
    """A print; ``trade_id`` counts those of its pair."""

    pair: _Pair = field(name="symbol")
    price: _Price
    qty: _Size
    trade_id: Annotated[int, Meta(ge=0)]
    timestamp: str
    side: str = ""


class WireTicker(Struct, frozen=True):
    """Best bid and ask."""

    pair: _Pair = field(name="symbol")
    bid: _Price
    ask: _Price
    bid_qty: _Size = 0.0
    ask_qty: _Size = 0.0
    timestamp: str = ""


class WireLevel(Struct, frozen=True):
    """A price and what stands there; decimals keep the digits that the checksum is made of."""

    price: Decimal
    qty: Decimal


class WireBook(Struct, frozen=True):
    """A book, or what changed of it."""

    pair: _Pair = field(name="symbol")
    bids: list[WireLevel] = []
    asks: list[WireLevel] = []
    checksum: int = 0
    timestamp: str = ""


class WireSystem(Struct, frozen=True):
    """Whether the venue trades: "online", "maintenance", "cancel_only", "post_only"."""

    system: str = ""


_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_ROWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_BAD: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)


def parse_envelope(content: str | bytes) -> Envelope | None:
    """A message, or None where it is none."""
    try:
        return _ENVELOPE.decode(content)
    except _BAD:
        return None


def parse_rows(data: msgspec.Raw, kind: type[T]) -> tuple[list[T], int]:
    """The rows of a message that can be read, in order, and how many were refused."""
    try:
        return msgspec.json.decode(data, type=list[kind]), 0  # type: ignore[valid-type]  # a type given at run time
    except _BAD:
        pass
    try:
        raw = _ROWS.decode(data)
    except _BAD:
        return [], 1
    rows: list[T] = []
    for one in raw:
        try:
            rows.append(msgspec.json.decode(one, type=kind))
        except _BAD:
            continue
    return rows, len(raw) - len(rows)


class _Answer(Struct, frozen=True):
    error: list[str] = []
    result: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"{}"))


class WirePair(Struct, frozen=True):
    """One pair as ``AssetPairs`` lists it."""

    altname: str
    wsname: str = ""
    status: str = "online"
    pair_decimals: int = 8
    lot_decimals: int = 8
    tick_size: Decimal | None = None


def parse_answer(content: bytes, kind: type[T], what: str) -> T:
    """The result of an answer. Raises NotFound for an unknown pair, Unavailable for a busy venue or a broken answer."""
    try:
        answer = msgspec.json.decode(content, type=_Answer)
        if answer.error:
            raise _explain(answer.error[0], what)
        return msgspec.json.decode(answer.result, type=kind)
    except _BAD as error:
        raise Unavailable(f"Kraken's answer about {what} cannot be read.", hint="Try again later.", code="feed.answer") from error


def parse_past_trades(rows: msgspec.Raw) -> list[tuple[int, str, float, float, str]]:
    """Of each row of ``Trades``: number, time in seconds as written, price, quantity, side ("b", "s"). Raises Unavailable."""
    try:
        return [_past_trade(row) for row in msgspec.json.decode(rows, type=list[_PastTrade])]
    except (*_BAD, ValueError) as error:
        raise Unavailable("Kraken's trades cannot be read.", hint="Try again later.", code="feed.answer") from error


_PastTrade: TypeAlias = tuple[str, str, Decimal, str, str, str, int]


def _past_trade(row: _PastTrade) -> tuple[int, str, float, float, str]:
    price, quantity = float(row[0]), float(row[1])
    if not (0 < price < math.inf and 0 <= quantity < math.inf):
        raise ValueError(row)
    return row[6], str(row[2]), price, quantity, row[3]


def parse_past_bars(rows: msgspec.Raw) -> list[tuple[int, tuple[float, float, float, float, float]]]:
    """Of each row of ``OHLC``: its second, and open, high, low, close, volume. Raises Unavailable."""
    try:
        read = msgspec.json.decode(rows, type=list[tuple[int, str, str, str, str, str, str, int]])
        return [(row[0], (float(row[1]), float(row[2]), float(row[3]), float(row[4]), float(row[6]))) for row in read]
    except (*_BAD, ValueError) as error:
        raise Unavailable("Kraken's bars cannot be read.", hint="Try again later.", code="feed.answer") from error


def stream_name(wsname: str) -> str:
    """What the stream calls a pair that REST calls ``XBT/USD``: version 2 writes BTC and DOGE."""
    return "/".join(_RENAMED.get(half, half) for half in wsname.split("/"))


_RENAMED: Final = {"XBT": "BTC", "XDG": "DOGE"}


def _explain(words: str, what: str) -> TriiError:
    if "Unknown asset pair" in words or "Invalid asset pair" in words:
        return NotFound(f"Kraken does not trade {what}.", hint="Look for it in its list of pairs.", code="feed.unknown")
    if "Rate limit" in words or "Too many requests" in words or "Throttled" in words:
        return Unavailable(f"Kraken wants fewer questions ({words[:80]}).", hint="It is asked again later.", retry_after_s=5.0)
    return Unavailable(f"Kraken does not tell about {what}: {words[:80]}.", hint="Try again later.", code="feed.answer")
