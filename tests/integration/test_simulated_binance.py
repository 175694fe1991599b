"""The simulated Binance as an outside client reads it: python-binance on its REST API and its streams."""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
import websockets
from websockets.frames import Frame, Opcode

from backend.clock import ManualClock, SystemClock
from backend.simulator.market import MarketConfig
from backend.simulator.venue import SimulatedVenue, VenueConfig
from tests.conftest import START_NS
from tests.fakes.outside_binance import (
    AsyncClient,
    BinanceAPIException,
    BinanceSocketManager,
    DepthCacheManager,
    ThreadedWebsocketManager,
    outside_client,
)
from tests.fakes.venue_reader import fetch, pass_time, reading
from tests.fakes.waiting import until

MINUTE_MS = 60_000


def only_binance(**market: Any) -> VenueConfig:
    return VenueConfig(MarketConfig(**market), kraken=(), alpaca=())


def outside(venue: SimulatedVenue) -> Any:
    return outside_client(venue.binance.rest_url, venue.binance.stream_url)


@contextlib.contextmanager
def pointed_at(venue: SimulatedVenue) -> Iterator[None]:
    """python-binance's own defaults led to the venue: its threaded streams make their client by themselves."""
    before = AsyncClient.API_URL, BinanceSocketManager.STREAM_URL
    AsyncClient.API_URL, BinanceSocketManager.STREAM_URL = f"{venue.binance.rest_url}/api", f"{venue.binance.stream_url}/"
    try:
        yield
    finally:
        AsyncClient.API_URL, BinanceSocketManager.STREAM_URL = before


# --- an outside client ------------------------------------------------------------------------------------------------


async def test_an_outside_client_reads_every_trade_of_a_stream_and_rest_gives_the_same_ones():
    async with SimulatedVenue(only_binance(seed=7, rate=2000), SystemClock()) as venue, outside(venue) as (client, sockets):
        async with sockets.trade_socket("BTCUSDT") as stream:
            streamed = [await stream.recv() for _ in range(1500)]
        ids = [each["t"] for each in streamed]
        again: list[dict[str, Any]] = []
        while len(again) < len(ids):
            again += await client.get_historical_trades(symbol="BTCUSDT", fromId=ids[0] + len(again), limit=1000)

    assert ids == list(range(ids[0], ids[0] + len(ids)))
    assert [(e["t"], e["p"], e["q"], e["T"], e["m"]) for e in streamed] == [
        (e["id"], e["price"], e["qty"], e["time"], e["isBuyerMaker"]) for e in again[: len(ids)]
    ]


async def test_an_outside_client_keeps_the_same_book_as_the_venue(clock: ManualClock):
    async with SimulatedVenue(only_binance(seed=3, rate=500), clock) as venue, outside(venue) as (client, sockets):
        manager = DepthCacheManager(client, "BTCUSDT", bm=sockets, limit=5000, ws_interval=100)
        async with manager:
            manager._socket.TIMEOUT = 0.2
            await until(lambda: venue.binance.clients, what="the stream's conversation")
            await pass_time(clock, 3_000_000_000)
            listing = venue.market.listings["BTCUSDT"]
            cache = await manager.recv()
            while manager._last_update_id < listing.book.update:
                cache = await manager.recv()
            ours = await client.get_order_book(symbol="BTCUSDT", limit=5000)

    assert len(ours["bids"]) >= 50 <= len(ours["asks"])
    assert cache.get_bids() == [[float(price), float(quantity)] for price, quantity in ours["bids"]]
    assert cache.get_asks() == [[float(price), float(quantity)] for price, quantity in ours["asks"]]


async def test_bars_that_an_outside_client_reads_are_the_aggregation_of_the_streamed_trades(clock: ManualClock):
    async with SimulatedVenue(only_binance(seed=11, rate=100), clock) as venue, outside(venue) as (client, sockets):
        async with sockets.trade_socket("ETHUSDT") as stream:
            stream.TIMEOUT = 0.2  # it looks no earlier whether it may end
            await until(lambda: venue.binance.clients)
            await pass_time(clock, 150_000_000_000, 5_000_000_000)
            last = venue.market.listings["ETHUSDT"].tape.next_id - 1
            streamed = [await stream.recv()]
            while streamed[-1]["t"] < last:
                streamed.append(await stream.recv())
        bars = await client.get_klines(symbol="ETHUSDT", interval="1m", startTime=START_NS // 1_000_000, limit=2)

    trades = pd.DataFrame(streamed).astype({"p": float, "q": float})
    trades["value"] = trades["p"] * trades["q"]
    taken = trades[~trades["m"]]
    by_minute, taken_by_minute = (each.groupby(each["T"] // MINUTE_MS) for each in (trades, taken))
    price = by_minute["p"].ohlc()
    assert len(bars) == 2
    for bar in bars:
        minute = bar[0] // MINUTE_MS
        assert [float(each) for each in bar[1:5]] == price.loc[minute].tolist()
        assert float(bar[5]) == pytest.approx(by_minute["q"].sum()[minute], abs=1e-9)
        assert float(bar[7]) == pytest.approx(by_minute["value"].sum()[minute], rel=1e-12)
        assert bar[8] == by_minute.size()[minute] > 500
        assert float(bar[9]) == pytest.approx(taken_by_minute["q"].sum()[minute], abs=1e-9)
        assert float(bar[10]) == pytest.approx(taken_by_minute["value"].sum()[minute], rel=1e-12)


async def test_aggregated_trades_of_an_outside_client_are_those_of_the_stream_and_cover_every_trade():
    async with SimulatedVenue(only_binance(seed=2, rate=900), SystemClock()) as venue, outside(venue) as (client, sockets):
        async with sockets.aggtrade_socket("BTCUSDT") as stream:
            streamed = [await stream.recv() for _ in range(400)]
        again = await client.get_aggregate_trades(symbol="BTCUSDT", fromId=streamed[0]["a"], limit=400)
        by_time = await client.get_aggregate_trades(
            symbol="BTCUSDT", startTime=streamed[0]["T"], endTime=streamed[-1]["T"], limit=1000
        )
        newest = await client.get_aggregate_trades(symbol="BTCUSDT", limit=7)

    about = ("e", "E", "s")
    assert [{name: value for name, value in each.items() if name not in about} for each in streamed] == again
    assert all(before["l"] + 1 == after["f"] for before, after in itertools.pairwise(again))
    assert any(each["l"] > each["f"] for each in again)
    assert {each["a"] for each in again} <= {each["a"] for each in by_time}
    assert len(newest) == 7


async def test_a_history_of_bars_is_read_page_by_page(clock: ManualClock):
    async with SimulatedVenue(only_binance(bar_days=3), clock) as venue, outside(venue) as (client, _):
        from_ms = START_NS // 1_000_000 - 2 * 86_400_000
        bars = await client.get_historical_klines("BTCUSDT", "1m", from_ms, START_NS // 1_000_000)

    assert [bar[0] for bar in bars] == list(range(from_ms, START_NS // 1_000_000 + 1, MINUTE_MS))
    assert all(float(bar[3]) <= min(float(bar[1]), float(bar[4])) <= float(bar[2]) for bar in bars)


async def test_bars_of_a_stream_close_and_are_those_of_rest(clock: ManualClock):
    async with SimulatedVenue(only_binance(seed=4, rate=60), clock) as venue, outside(venue) as (client, sockets):
        async with sockets.kline_socket("BTCUSDT", interval="1m") as stream:
            stream.TIMEOUT = 0.2
            await until(lambda: venue.binance.clients)
            await pass_time(clock, 61_000_000_000, 1_000_000_000)
            events = [await stream.recv()]
            while not events[-1]["k"]["x"]:
                events.append(await stream.recv())
        (bar,) = await client.get_klines(symbol="BTCUSDT", interval="1m", startTime=START_NS // 1_000_000, limit=1)

    closed = events[-1]["k"]
    assert len(events) == 30
    assert [closed[name] for name in ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B")] == bar
    assert closed["L"] - closed["f"] + 1 == closed["n"]


async def test_a_client_of_threads_reads_several_streams_at_once():
    heard: dict[str, list[dict[str, Any]]] = {}

    def listen(message: dict[str, Any]) -> None:
        heard.setdefault(message["stream"], []).append(message["data"])

    def consume() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)  # where python-binance looks for it
        manager = ThreadedWebsocketManager(loop=loop)
        manager.start()
        manager.start_multiplex_socket(listen, ["btcusdt@trade", "ethusdt@trade", "btcusdt@bookTicker"])
        has_heard.wait(20)
        manager.stop()
        manager.join(10)
        loop.close()

    has_heard = threading.Event()
    async with SimulatedVenue(only_binance(rate=200), SystemClock()) as venue:
        with pointed_at(venue):
            consuming = asyncio.create_task(asyncio.to_thread(consume))
            await until(lambda: len(heard) == 3 and all(len(each) > 20 for each in heard.values()), 20)
            has_heard.set()
            await consuming

    for name in ("btcusdt@trade", "ethusdt@trade"):
        ids = [each["t"] for each in heard[name]]
        assert ids == list(range(ids[0], ids[0] + len(ids)))
    assert all(float(each["b"]) < float(each["a"]) for each in heard["btcusdt@bookTicker"])


async def test_what_the_venue_refuses_reaches_an_outside_client_as_binances_own_errors():
    async with SimulatedVenue(only_binance(), SystemClock()) as venue, outside(venue) as (client, _):
        for code, call in (
            (-1121, client.get_klines(symbol="NOSUCH", interval="1m")),
            (-1120, client.get_klines(symbol="BTCUSDT", interval="7m")),
            (-1100, client.get_recent_trades(symbol="BTCUSDT", limit="x")),
            (-1102, client.get_order_book()),
            (-1128, client.get_aggregate_trades(symbol="BTCUSDT", fromId=1, startTime=1)),
        ):
            with pytest.raises(BinanceAPIException) as raised:
                await call
            assert (raised.value.code, raised.value.status_code) == (code, 400)


async def test_other_figures_of_rest_agree_with_each_other(clock: ManualClock):
    async with SimulatedVenue(only_binance(), clock) as venue, outside(venue) as (client, _):
        best = await client.get_orderbook_ticker(symbol="BTCUSDT")
        book = await client.get_order_book(symbol="BTCUSDT", limit=5)
        day = await client.get_ticker(symbol="BTCUSDT")
        price = await client.get_symbol_ticker(symbol="BTCUSDT")
        (newest,) = await client.get_recent_trades(symbol="BTCUSDT", limit=1)
        about = await client.get_symbol_info("BTCUSDT")
        served = await client.get_server_time()

    assert [best["bidPrice"], best["bidQty"]] == book["bids"][0]
    assert [best["askPrice"], best["askQty"]] == book["asks"][0]
    assert day["lastPrice"] == price["price"] == newest["price"]
    assert day["lastId"] == newest["id"]
    assert about["filters"][0]["tickSize"] == "0.01000000"
    assert served["serverTime"] == START_NS // 1_000_000


# --- conversations ----------------------------------------------------------------------------------------------------


async def test_streams_are_added_taken_away_and_listed(clock: ManualClock):
    async with SimulatedVenue(only_binance(rate=300), clock) as venue, reading(f"{venue.binance.stream_url}/ws") as reader:
        await reader.ask(method="SUBSCRIBE", params=["btcusdt@trade", "ethusdt@trade"], id=1)
        assert await reader.next() == {"result": None, "id": 1}
        await pass_time(clock, 1_000_000_000)
        await reader.ask(method="UNSUBSCRIBE", params=["btcusdt@trade"], id="two")
        before = await reader.until(lambda each: each.get("id") == "two")
        await pass_time(clock, 1_000_000_000)
        await reader.ask(method="LIST_SUBSCRIPTIONS", id=3)
        after = await reader.until(lambda each: each.get("id") == 3)

    assert {each["s"] for each in before[:-1]} == {"BTCUSDT", "ETHUSDT"}
    assert {each["s"] for each in after[:-1]} == {"ETHUSDT"}
    assert after[-1] == {"result": ["ethusdt@trade"], "id": 3}


async def test_a_combined_conversation_names_the_stream_of_each_message(clock: ManualClock):
    names = [
        "btcusdt@trade",
        "btcusdt@depth5@100ms",
        "btcusdt@depth@100ms",
        "btcusdt@depth",
        "btcusdt@miniTicker",
        "btcusdt@aggTrade",
    ]
    config = only_binance(rate=300)
    async with (
        SimulatedVenue(config, clock) as venue,
        reading(f"{venue.binance.stream_url}/stream?streams={'/'.join(names)}") as reader,
    ):
        await until(lambda: venue.binance.clients)
        await pass_time(clock, 2_000_000_000)
        await reader.ask(method="LIST_SUBSCRIPTIONS", id=1)
        messages = await reader.until(lambda each: each.get("id") == 1)
        book = venue.market.listings["BTCUSDT"].book.levels(5)

    by_name: dict[str, list[Any]] = {name: [] for name in names}
    for each in messages[:-1]:
        by_name[each["stream"]].append(each["data"])
    assert all(by_name.values())
    fast, slow = by_name["btcusdt@depth@100ms"], by_name["btcusdt@depth"]
    for differences in (fast, slow):
        assert all(a["u"] + 1 == b["U"] for a, b in itertools.pairwise(differences))
    assert (len(fast), len(slow)) == (20, 2)
    best = by_name["btcusdt@depth5@100ms"][-1]
    assert [float(price) for price, _ in best["bids"]] == [price / 100 for price, _ in book[0]]
    assert [float(quantity) for _, quantity in best["asks"]] == [lots / 1e5 for _, lots in book[1]]


async def test_nonsense_is_answered_and_too_many_requests_end_the_conversation():
    async with SimulatedVenue(only_binance(rate=0), SystemClock()) as venue, reading(f"{venue.binance.stream_url}/ws") as reader:
        await reader.socket.send("{nonsense")
        assert (await reader.next())["error"]["code"] == 3
        await reader.ask(method="DANCE", id=2)
        answer = await reader.next()
        assert (answer["error"]["code"], answer["id"]) == (2, 2)
        for number in range(10):
            await reader.ask(method="LIST_SUBSCRIPTIONS", id=number)
        with pytest.raises(websockets.ConnectionClosedError) as raised:
            await reader.until(lambda _: False)
    assert raised.value.rcvd is not None
    assert raised.value.rcvd.code == 1008


async def test_requests_weigh_and_too_much_weight_is_refused_until_the_minute_is_over(clock: ManualClock):
    async with SimulatedVenue(only_binance(), clock) as venue:
        venue.binance.rest.weight_max = 100
        url = f"{venue.binance.rest_url}/api/v3/exchangeInfo"
        answers = [await fetch(url) for _ in range(6)]
        assert [each.status_code for each in answers] == [200] * 5 + [429]
        assert [each.headers["X-MBX-USED-WEIGHT-1M"] for each in answers[:5]] == ["20", "40", "60", "80", "100"]
        assert answers[5].json()["code"] == -1003
        clock.advance(int(answers[5].headers["Retry-After"]) * 1_000_000_000)
        assert (await fetch(url)).status_code == 200


class Listening(websockets.ClientConnection):
    """A conversation that counts the venue's pings."""

    n_pings = 0

    def process_event(self, event: Any) -> None:
        self.n_pings += event.opcode is Opcode.PING if isinstance(event, Frame) else 0
        super().process_event(event)


async def test_the_venue_pings_and_ends_a_session_that_has_lasted_its_time():
    config = VenueConfig(MarketConfig(rate=0), ping_s=0.05, session_s=0.6)
    async with SimulatedVenue(config, SystemClock()) as venue:
        url = f"{venue.binance.stream_url}/ws"
        async with reading(url, ping_interval=None, create_connection=Listening) as reader:
            with pytest.raises(websockets.ConnectionClosed) as raised:
                await reader.next()
            assert reader.socket.n_pings >= 3
    assert raised.value.rcvd is not None
    assert raised.value.rcvd.code == 1001
