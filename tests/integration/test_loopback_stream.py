"""The stream of quotes for scripts, over a real WebSocket: a snapshot, then what changed, once a second at most."""

import asyncio
import contextlib
import json

import pytest
import websockets
from websockets.exceptions import ConnectionClosed, InvalidStatus

from backend.clock import ManualClock
from backend.domain.bars import SECOND_NS
from backend.loopback import stream as quote_stream
from tests.fakes.api_scripts import BTC, START_NS, history_read, live_price, served, token_of, trade
from tests.fakes.waiting import until

PATHS = ["/ws/market/stream", "/api/v1/stream/quotes"]


@pytest.fixture
def clock():
    return ManualClock(START_NS)


@contextlib.asynccontextmanager
async def reader(backend, path=PATHS[0], **more):
    """A script that listens; it knows the token unless told otherwise."""
    url = backend.api.address.replace("http", "ws") + path
    more.setdefault("additional_headers", {"Authorization": f"Bearer {token_of(backend)}"})
    async with websockets.connect(url, **more) as socket:
        yield socket


async def say(socket, **message):
    await socket.send(json.dumps(message))


async def hear(socket):
    return json.loads(await asyncio.wait_for(socket.recv(), 10))


async def subscribed(backend, clock, socket):
    """Bitcoin is followed, its days are read, and its snapshot has been heard."""
    await say(socket, action="subscribe", symbols=["BTCUSDT"])
    assert await hear(socket) == {"type": "subscribed", "symbols": ["BTCUSDT.BINANCE"]}
    await history_read(backend)
    clock.advance(SECOND_NS)
    return await hear(socket)


async def hear_until(clock, socket, state, **wanted):
    """Take deltas in, one a second, until ``state`` says what is wanted; each holds changed fields only."""
    while any(state[name] != value for name, value in wanted.items()):
        clock.advance(SECOND_NS)
        delta = await hear(socket)
        assert (delta.pop("type"), delta.pop("symbol")) == ("delta", "BTCUSDT.BINANCE")
        assert delta
        assert all(state[name] != value for name, value in delta.items())
        state |= delta


@pytest.mark.parametrize("path", PATHS)
async def test_a_snapshot_comes_first_and_then_only_the_fields_that_changed(home, clock, path):
    async with served(home, clock) as (backend, feed, _), reader(backend, path) as socket:
        state = await subscribed(backend, clock, socket)
        assert state.pop("type") == "snapshot"
        assert (state["symbol"], state["price"], state["change"], state["bid"]) == ("BTCUSDT.BINANCE", 129.0, 1.0, None)

        await trade(feed, clock, 130.0, quote=(129.9, 130.1))
        await hear_until(clock, socket, state, price=130.0, bid=129.9, ask=130.1)
        await trade(feed, clock, quote=(129.8, 130.1))
        await hear_until(clock, socket, state, bid=129.8)

        assert (state["price"], state["ask"], state["is_stale"]) == (130.0, 130.1, False)


async def test_a_symbol_is_told_once_a_second_with_the_newest_and_nothing_between(home, clock):
    async with served(home, clock) as (backend, feed, _), reader(backend) as socket:
        state = await subscribed(backend, clock, socket)
        await trade(feed, clock, 131.0)
        await hear_until(clock, socket, state, price=131.0)
        for number in range(20):
            await trade(feed, clock, 140.0 + number)
            clock.advance(SECOND_NS // 25)
        await live_price(backend, 159.0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 6 * quote_stream.LOOK_S)

        clock.advance(SECOND_NS // 5)
        delta = await hear(socket)

        assert delta["price"] == 159.0


async def test_an_instrument_is_followed_while_somebody_reads_it(home, clock):
    async with served(home, clock) as (backend, feed, _):
        async with reader(backend) as socket, reader(backend) as other:
            for one in (socket, other):
                await say(one, action="subscribe", symbols=["BTCUSDT", "BTCUSDT.BINANCE"])
                await hear(one)
            assert list(feed.wanted) == [BTC.id]

            await say(socket, action="unsubscribe", symbols=["BTCUSDT"])
            while (await hear(socket))["type"] != "unsubscribed":
                pass
            assert list(feed.wanted) == [BTC.id]
        await until(lambda: not feed.wanted)


async def test_a_reader_that_does_not_read_is_told_the_newest_and_not_what_it_missed(home, clock, monkeypatch):
    gate = asyncio.Event()
    send, sent = quote_stream.WebSocket.send_text, []

    async def slow(self, text):
        await gate.wait()
        sent.append(json.loads(text))
        await send(self, text)

    async with served(home, clock) as (backend, feed, _), reader(backend) as socket:
        gate.set()
        await subscribed(backend, clock, socket)
        monkeypatch.setattr(quote_stream.WebSocket, "send_text", slow)
        gate.clear()
        for number in range(6):
            clock.advance(SECOND_NS)
            await trade(feed, clock, 140.0 + number)
            await live_price(backend, 140.0 + number)
        gate.set()
        clock.advance(SECOND_NS)

        while (await hear(socket)).get("price") != 145.0:
            pass

        assert len(sent) <= 2  # the one that was under way, and the newest


async def test_symbols_that_cannot_be_had_are_told_and_the_others_are_served(home, clock):
    async with served(home, clock) as (backend, _, _client), reader(backend) as socket:
        await say(socket, action="subscribe", symbols=["NOTHING", "ETHUSDT"])

        refused = await hear(socket)

        assert (refused["type"], refused["symbol"], refused["error"]["code"]) == ("error", "NOTHING", "instrument.unknown")
        assert await hear(socket) == {"type": "subscribed", "symbols": ["ETHUSDT.BINANCE"]}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", b"\x00", '{"action": "sell", "symbols": ["A"]}', '{"action": "subscribe"}', '{"symbols": ["A"], "x": 1}'],
)
async def test_what_makes_no_sense_is_answered_and_the_stream_goes_on(home, clock, text):
    async with served(home, clock) as (backend, _, _client), reader(backend) as socket:
        await socket.send(text)
        assert (await hear(socket))["type"] == "error"

        await say(socket, action="subscribe", symbols=["ETHUSDT"])

        assert (await hear(socket))["type"] == "subscribed"


async def test_leaving_what_is_not_known_or_not_read_spoils_nothing(home, clock):
    async with served(home, clock) as (backend, feed, _), reader(backend) as socket:
        await say(socket, action="subscribe", symbols=["ETHUSDT"])
        await hear(socket)

        await say(socket, action="unsubscribe", symbols=["NOTHING", "BTCUSDT", "ETHUSDT", "ETHUSDT.BINANCE"])

        assert (await hear(socket))["error"]["code"] == "instrument.unknown"
        assert await hear(socket) == {"type": "unsubscribed", "symbols": ["ETHUSDT.BINANCE"]}
        assert not feed.wanted


async def test_one_connection_carries_so_many_symbols_and_no_more(home, clock, monkeypatch):
    monkeypatch.setattr(quote_stream, "SYMBOLS_MAX", 1)
    async with served(home, clock) as (backend, _, _client), reader(backend) as socket:
        await say(socket, action="subscribe", symbols=["BTCUSDT"])
        assert (await hear(socket))["symbols"] == ["BTCUSDT.BINANCE"]
        await say(socket, action="subscribe", symbols=["ETHUSDT"])

        while (heard := await hear(socket))["type"] != "error":
            pass

        assert heard["error"]["code"] == "stream.full"


async def test_the_token_may_come_in_the_first_message(home, clock):
    async with served(home, clock) as (backend, _, _client):
        async with reader(backend, additional_headers={}) as socket:
            await say(socket, action="subscribe", symbols=["ETHUSDT"], token=token_of(backend))
            assert (await hear(socket))["type"] == "subscribed"
        async with reader(backend, additional_headers={}) as socket:
            await say(socket, action="authenticate", token=token_of(backend))
            await say(socket, action="subscribe", symbols=["ETHUSDT"])
            assert (await hear(socket))["type"] == "subscribed"


@pytest.mark.parametrize("first", ['{"action": "subscribe", "symbols": ["ETHUSDT"]}', '{"token": "0"}', "what?", b"\x00"])
async def test_a_reader_that_does_not_know_the_token_is_sent_away(home, clock, first):
    async with served(home, clock) as (backend, feed, _), reader(backend, additional_headers={}) as socket:
        await socket.send(first)

        assert (await hear(socket))["error"]["code"] == "api.token"
        with pytest.raises(ConnectionClosed):
            await hear(socket)
        assert not feed.wanted


async def test_a_reader_that_says_nothing_is_sent_away(home, clock, monkeypatch):
    monkeypatch.setattr(quote_stream, "GREETING_S", 0.05)
    async with served(home, clock) as (backend, _, _client), reader(backend, additional_headers={}) as socket:
        assert (await hear(socket))["error"]["code"] == "api.token"


@pytest.mark.logs("refused")
@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"additional_headers": {"Authorization": "Bearer x"}}, 401),
        ({"origin": "https://evil.example"}, 403),
    ],
)
async def test_a_stranger_gets_no_connection(home, clock, more, status):
    async with served(home, clock) as (backend, _, _client):
        with pytest.raises(InvalidStatus) as refused:
            async with reader(backend, **more):
                raise AssertionError("The stranger was let in.")

        assert refused.value.response.status_code == status


async def test_turning_the_api_off_ends_every_stream(home, clock):
    async with served(home, clock) as (backend, feed, _), reader(backend) as socket:
        await say(socket, action="subscribe", symbols=["ETHUSDT"])
        await hear(socket)

        await backend.settings.change("api", enabled=False)

        await asyncio.wait_for(socket.wait_closed(), 10)
        await until(lambda: not feed.wanted)
