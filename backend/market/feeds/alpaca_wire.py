"""Alpaca's messages: bytes of its stream and answers into values, every one checked; which prints make prices."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct, field

from backend.market.feeds.wire_times import parse_rfc3339

Code: TypeAlias = Annotated[str, Meta(min_length=1, max_length=32)]
Size: TypeAlias = Annotated[float, Meta(ge=0)]
Price: TypeAlias = Annotated[float, Meta(gt=0)]


class WireTrade(Struct, tag_field="T", tag="t", frozen=True):
    """A print; ``i`` is its number at exchange ``x``."""

    code: Code = field(name="S")
    p: Price
    s: Size
    t: str
    i: int = 0
    x: str = ""
    c: list[str] | None = None


class WireQuote(Struct, tag_field="T", tag="q", frozen=True):
    """Best bid and ask; sizes in shares, 0 and price 0 where a side is empty."""

    code: Code = field(name="S")
    t: str
    bp: Size
    ap: Size
    bs: Size = 0.0
    as_: Size = field(name="as", default=0.0)


class WireCorrection(Struct, tag_field="T", tag="c", frozen=True):
    """A print that was wrong: its number and price as told first, and as they should have been."""

    code: Code = field(name="S")
    t: str
    oi: int = 0
    op: float = 0.0
    os: float = 0.0
    cp: float = 0.0
    cs: float = 0.0
    x: str = ""


class WireCancel(Struct, tag_field="T", tag="x", frozen=True):
    """A print that never should have been."""

    code: Code = field(name="S")
    t: str
    i: int = 0
    p: float = 0.0
    s: float = 0.0
    x: str = ""
    a: str = ""


class WireSuccess(Struct, tag_field="T", tag="success", frozen=True):
    """Greets with "connected", then answers the key with "authenticated"."""

    msg: str


class WireError(Struct, tag_field="T", tag="error", frozen=True):
    """What the venue will not do, by its code."""

    code: int
    msg: str = ""


class WireSubscription(Struct, tag_field="T", tag="subscription", frozen=True):
    """What is now subscribed."""

    trades: list[str] | None = None
    quotes: list[str] | None = None


Wire: TypeAlias = WireTrade | WireQuote | WireCorrection | WireCancel | WireSuccess | WireError | WireSubscription

_FRAME: Final = msgspec.json.Decoder(list[Wire])
_ROWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ROW: Final[msgspec.json.Decoder[Wire]] = msgspec.json.Decoder(Wire)
_KIND: Final = msgspec.json.Decoder(dict[str, Any])
_KNOWN: Final = frozenset({"t", "q", "c", "x", "success", "error", "subscription"})

# Prints that are left out of bars. Alpaca cuts its own minutes from the prints whose conditions may set open, high, low
# and close, after the consumer tables of the CTS and UTP plans (https://alpaca.markets/learn/stock-minute-bars, read
# 2026-11); we follow it, so that bars we cut meet the bars we fetch, except that odd lots, average prices and the like
# add no volume here, because a trade either enters a bar whole or not at all. Extended-hours prints (T, U) are kept:
# outside the session they are what there is.
_LEFT_OUT: Final = frozenset(
    {
        "B",  # average price (CTS); bunched trade (UTP)
        "C",  # cash sale
        "G",  # bunched sold (UTP)
        "H",  # price variation
        "I",  # odd lot
        "M",  # market centre's official close
        "N",  # next day
        "P",  # prior reference price
        "Q",  # market centre's official open
        "R",  # seller
        "V",  # contingent
        "W",  # average price (UTP)
        "Z",  # sold out of sequence
        "4",  # derivatively priced
        "7",  # qualified contingent
        "9",  # corrected consolidated close
    }
)


def makes_price(conditions: Sequence[str] | None) -> bool:
    """Whether a print of these conditions enters bars."""
    return not conditions or _LEFT_OUT.isdisjoint(conditions)


def parse_frame(content: str | bytes) -> tuple[list[Wire], int]:
    """The messages of a frame in order, and how many of it were refused; kinds we do not know are passed over."""
    try:
        return _FRAME.decode(content), 0
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        pass
    try:
        rows = _ROWS.decode(content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return [], 1
    read = [_parse_row(row) for row in rows]
    return [row for row in read if isinstance(row, Struct)], sum(row is None for row in read)


def _parse_row(row: msgspec.Raw) -> Wire | bool | None:
    """A message; True for one of an unknown kind, None for a broken one."""
    try:
        return _ROW.decode(row)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        pass
    try:
        kind = _KIND.decode(row).get("T")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return True if isinstance(kind, str) and kind not in _KNOWN else None


class WireBar(Struct, frozen=True):
    """One bar of an answer."""

    t: str
    o: Price
    h: Price
    l: Price  # noqa: E741  # the venue's own name
    c: Price
    v: Size


class BarPage(Struct, frozen=True):
    """A page of bars by code; null where there are none."""

    bars: dict[str, list[WireBar]] | None = None
    next_page_token: str | None = None


class PastTrade(Struct, frozen=True):
    """A print of an answer."""

    t: str
    p: Price
    s: Size
    i: int = 0
    x: str = ""
    c: list[str] | None = None


class TradePage(Struct, frozen=True):
    """A page of prints by code; null where there are none."""

    trades: dict[str, list[PastTrade]] | None = None
    next_page_token: str | None = None


def trade_key(trade: WireTrade | PastTrade) -> tuple[int, str, int]:
    """What tells one print from every other of its instrument: its time (UTC ns), exchange and number. Raises InvalidInput."""
    return parse_rfc3339(trade.t), trade.x, trade.i


WORDS: Final = {
    400: "it did not understand what was sent",
    401: "it takes no subscription before the key",
    402: "the key or the secret is wrong",
    403: "it has taken the key before",
    404: "the key came too late",
    405: "the plan allows fewer instruments at once",
    406: "the plan allows one connection, and there is another with this key",
    407: "this program read too slowly",
    408: "the account has no such subscription",
    409: "the plan does not include this data",
    410: "what was asked for is not part of this stream",
    500: "it has an error of its own",
}
"""What an error of the stream means, https://docs.alpaca.markets/docs/streaming-market-data, by its code."""
# A person must act: another key, another plan, the other program closed.
REFUSING: Final = frozenset({402, 406, 408, 409})
