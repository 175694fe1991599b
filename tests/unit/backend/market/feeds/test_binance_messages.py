"""Binance's messages: good ones become ticks to the digit, bad ones are refused whatever is wrong with them."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.clock import ManualClock
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import Aggressor
from backend.market.feeds.binance import BinanceFeed
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import Wants

NOW_NS = 1_700_000_000_500_000_000
TRADE = {"e": "trade", "E": 1700000000123, "s": "BTCUSDT", "t": 7, "p": "60000.01", "q": "0.5", "T": 1700000000122, "m": True}
QUOTE = {"u": 4, "s": "BTCUSDT", "b": "60000.00", "B": "1.5", "a": "60000.01", "A": "0"}
BTC = InstrumentId("BTCUSDT", "BINANCE")


def made() -> BinanceFeed:
    feed = BinanceFeed(FeedConfig("binance", "binance"), ManualClock(NOW_NS), lambda _name: None)
    feed.want({BTC: Wants(depth=True)})
    return feed


async def hear(feed: BinanceFeed, *frames: bytes):
    await feed.heard(frames, NOW_NS)
    return feed._waiting.take()


def frame(stream: str, data) -> bytes:
    return json.dumps({"stream": f"btcusdt@{stream}", "data": data}, separators=(",", ":")).encode()


async def test_a_trade_is_taken_to_the_digit_and_the_makers_side_becomes_the_takers():
    batch = await hear(made(), frame("trade", TRADE), frame("trade", TRADE | {"t": 8, "m": False}))
    trades = batch.trades[BTC]

    assert trades.event_ns.tolist() == [1700000000122000000] * 2
    assert trades.price.tolist() == [60000.01, 60000.01]
    assert trades.quantity.tolist() == [0.5, 0.5]
    assert trades.aggressor.tolist() == [Aggressor.SELLER, Aggressor.BUYER]
    assert batch.received_ns == NOW_NS


async def test_of_the_quotes_of_a_batch_the_newest_remains_and_an_older_one_changes_nothing():
    frames = [frame("bookTicker", QUOTE | {"u": u, "b": str(60000 - u)}) for u in (4, 9, 6)]
    feed = made()
    batch = await hear(feed, *frames)

    assert batch.quotes[BTC].bid == 59991
    assert batch.quotes[BTC].ask_size == 0.0
    assert feed.status.n_quotes == 2
    assert feed.status.n_bad == 0


async def test_a_message_written_in_another_order_or_with_spaces_counts_as_well():
    text = json.dumps({"data": TRADE, "stream": "btcusdt@trade"}).encode()

    assert (await hear(made(), text)).trades[BTC].price.tolist() == [60000.01]


@pytest.mark.parametrize(
    "change",
    [
        {"p": "nan"}, {"p": "-1"}, {"p": "0"}, {"p": "inf"}, {"p": 60000.01}, {"p": None}, {"p": "sixty"}, {"q": "-0.1"},
        {"q": "NaN"}, {"t": "7"}, {"t": -1}, {"t": 1 << 60}, {"t": 7.5}, {"T": 0}, {"T": 10**17}, {"T": 1600000000000},
        {"T": True}, {"m": 1}, {"m": "true"}, {"E": None},
    ],
)  # fmt: skip
async def test_a_bad_trade_is_counted_and_left_out(change):
    feed = made()

    assert await hear(feed, frame("trade", TRADE | change)) is None
    assert feed.status.n_bad == 1


@pytest.mark.parametrize(
    "change", [{"b": "60000.02"}, {"b": "nan"}, {"a": "-1"}, {"B": "-1"}, {"A": []}, {"u": None}, {"a": "0", "b": "0"}]
)
async def test_a_bad_or_crossed_quote_is_counted_and_left_out(change):
    feed = made()

    assert await hear(feed, frame("bookTicker", QUOTE | change)) is None
    assert feed.status.n_bad == 1


@pytest.mark.parametrize(
    "rubbish",
    [
        b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"stream":"btcusdt@trade"', b'{"stream":"btcusdt@trade"}', b"[" * 5000,
        b'{"stream":"', b'{"stream":5,"data":{}}', b'{"a":' * 3000, b'{"stream":"btcusdt@trade","data":null}',
    ],
)  # fmt: skip
async def test_rubbish_is_counted_and_nothing_more(rubbish):
    feed = made()

    assert await hear(feed, rubbish) is None
    assert feed.status.n_bad == 1


async def test_messages_of_streams_just_left_are_no_errors():
    feed = made()
    feed.want({})

    assert await hear(feed, frame("trade", TRADE)) is None
    assert feed.status.n_bad == 0


@given(
    st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5).map(msgspec.json.encode)
)
def test_no_frame_whatever_raises(text):
    import asyncio

    feed = made()
    head = b'{"stream":"btcusdt@%s","data":'
    frames = [text, *(head % stream + text + b"}" for stream in (b"trade", b"bookTicker", b"depth@100ms"))]

    assert asyncio.run(hear(feed, *frames)) is None
    assert feed.status.n_bad >= 3
