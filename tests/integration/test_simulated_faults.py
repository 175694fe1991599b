"""Every fault of the simulated venue as its reader meets it on the wire."""

import asyncio
import itertools
import json
import math
from typing import Any

import pytest
import websockets

from backend.clock import ManualClock, SystemClock
from backend.errors import Unavailable
from backend.simulator.bad_frames import Harm
from backend.simulator.market import MarketConfig
from backend.simulator.venue import SimulatedVenue, VenueConfig
from tests.fakes.venue_reader import Reader, fetch, pass_time, reading
from tests.fakes.waiting import until

LIVELY = VenueConfig(MarketConfig(seed=1, rate=400))
TRADE = b'"e":"trade"'


def trades_of(venue: SimulatedVenue) -> Any:
    return reading(f"{venue.binance.stream_url}/ws/btcusdt@trade")


async def ids(reader: Reader, n: int) -> list[int]:
    return [(await reader.next())["t"] for _ in range(n)]


async def test_lost_messages_leave_a_hole_in_the_numbers(clock: ManualClock):
    async with SimulatedVenue(LIVELY, clock) as venue, trades_of(venue) as reader:
        await until(lambda: venue.binance.clients)
        await pass_time(clock, 500_000_000)
        venue.binance.faults.drop_next(7)
        before = venue.market.listings["BTCUSDT"].tape.next_id
        await pass_time(clock, 1_000_000_000)
        seen = await ids(reader, 60)

    jumps = [(a, b) for a, b in itertools.pairwise(seen) if b != a + 1]
    assert jumps == [(before - 1, before + 7)]
    assert venue.binance.faults.counts["dropped"] == 7


async def test_a_repeated_and_an_exchanged_message_come_in_wrong_order(clock: ManualClock):
    async with SimulatedVenue(LIVELY, clock) as venue, trades_of(venue) as reader:
        await until(lambda: venue.binance.clients)
        venue.binance.faults.repeat_next()
        await pass_time(clock, 500_000_000)
        twice = await ids(reader, 3)
        venue.binance.faults.swap_next()
        await pass_time(clock, 1_000_000_000)
        seen = await ids(reader, 60)

    assert twice[0] == twice[1] == twice[2] - 1
    steps = [b - a for a, b in itertools.pairwise(seen)]
    assert [step for step in steps if step != 1] == [2, -1, 2]


@pytest.mark.parametrize("harm", [Harm.TRUNCATED, Harm.WRONG_TYPE, Harm.NOT_A_NUMBER, Harm.NEGATIVE, Harm.UNKNOWN])
async def test_a_bad_message_is_bad_and_those_after_it_are_good(clock: ManualClock, harm: Harm):
    async with SimulatedVenue(LIVELY, clock) as venue, trades_of(venue) as reader:
        await until(lambda: venue.binance.clients)
        venue.binance.faults.harm_next(harm)
        await pass_time(clock, 500_000_000)
        bad, good = await reader.next_raw(), await reader.next()

    assert good["e"] == "trade"
    if harm is Harm.TRUNCATED:
        with pytest.raises(json.JSONDecodeError):
            json.loads(bad)
        return
    message = json.loads(bad)
    assert {
        Harm.WRONG_TYPE: lambda: isinstance(message["p"], dict),
        Harm.NOT_A_NUMBER: lambda: math.isnan(float(message["p"])),
        Harm.NEGATIVE: lambda: float(message["q"]) < 0,
        Harm.UNKNOWN: lambda: message["e"] != "trade",
    }[harm]()


async def test_a_crossed_quote_is_crossed_once(clock: ManualClock):
    async with SimulatedVenue(LIVELY, clock) as venue, reading(f"{venue.binance.stream_url}/ws/btcusdt@bookTicker") as reader:
        await until(lambda: venue.binance.clients)
        venue.binance.faults.harm_next(Harm.CROSSED)
        await pass_time(clock, 500_000_000)
        quotes = [await reader.next() for _ in range(5)]

    assert [float(each["b"]) > float(each["a"]) for each in quotes] == [True, False, False, False, False]


async def test_a_cut_line_ends_without_a_close_frame_and_a_closed_one_with_its_code():
    async with SimulatedVenue(LIVELY, SystemClock()) as venue:
        codes = []
        for code in (None, 1012):
            async with trades_of(venue) as reader:
                await reader.next()
                assert await venue.binance.faults.disconnect(code, "service restart" if code else "") == 1
                with pytest.raises(websockets.ConnectionClosed) as raised:
                    await reader.until(lambda _: False)
                codes.append(None if raised.value.rcvd is None else (raised.value.rcvd.code, raised.value.rcvd.reason))
            await until(lambda: not venue.binance.clients)
    assert codes == [None, (1012, "service restart")]


async def test_a_stalled_venue_sends_nothing_and_what_it_missed_is_still_at_rest(clock: ManualClock):
    async with SimulatedVenue(LIVELY, clock) as venue, trades_of(venue) as reader:
        await until(lambda: venue.binance.clients)
        await pass_time(clock, 300_000_000)
        last = venue.market.listings["BTCUSDT"].tape.next_id - 1
        venue.binance.faults.stall(2.0)
        await pass_time(clock, 1_900_000_000)
        await reader.ask(method="LIST_SUBSCRIPTIONS", id=1)
        messages = await reader.until(lambda each: each.get("id") == 1)
        assert messages[-2]["t"] == last
        await pass_time(clock, 500_000_000)
        first = (await reader.next())["t"]
        missed = (
            await fetch(f"{venue.binance.rest_url}/api/v3/historicalTrades", symbol="BTCUSDT", fromId=last + 1, limit=1000)
        ).json()

    assert first > last + 50
    assert [each["id"] for each in missed][: first - last - 1] == list(range(last + 1, first))


@pytest.mark.parametrize(("status", "after_s"), [(429, 3), (418, 120)])
async def test_a_refused_call_says_when_to_come_back_and_the_next_one_is_answered(clock: ManualClock, status: int, after_s: int):
    async with SimulatedVenue(LIVELY, clock) as venue:
        urls = (
            f"{venue.binance.rest_url}/api/v3/time",
            f"{venue.kraken.rest_url}/0/public/Time",
            f"{venue.quotes.rest_url}/quote?symbol=AAPL",
        )
        for server, url in zip((venue.binance, venue.kraken, venue.quotes), urls, strict=True):
            server.refuse_next(2, status, after_s)
            answers = [await fetch(url) for _ in range(3)]
            assert [each.status_code for each in answers] == [status, status, 200]
            assert answers[0].headers["Retry-After"] == str(after_s)
            assert answers[0].json()
            assert server.faults.counts["refused"] == 2


async def test_handshakes_are_turned_away_and_slow_ones_take_their_time():
    async with SimulatedVenue(LIVELY, SystemClock()) as venue:
        venue.kraken.faults.refuse_handshakes(503)
        with pytest.raises(websockets.InvalidStatus) as raised:
            async with reading(venue.kraken.stream_url):
                pass
        assert raised.value.response.status_code == 503
        venue.kraken.faults.handshake_delay_s = 30.0
        with pytest.raises(TimeoutError):
            async with reading(venue.kraken.stream_url, open_timeout=0.2):
                pass
        venue.kraken.faults.clear()
        async with reading(venue.kraken.stream_url) as reader:
            assert (await reader.next())["channel"] == "status"
        with pytest.raises(websockets.InvalidStatus):
            async with reading(f"{venue.kraken.ws_url}/v1"):
                pass


async def test_good_keys_are_refused_while_that_is_planned():
    async with SimulatedVenue(LIVELY, SystemClock()) as venue:
        venue.alpaca.faults.is_key_refused = True
        async with reading(f"{venue.alpaca.stream_url}/v2/iex") as reader:
            await reader.next()
            await reader.ask(action="auth", key="demo-key", secret="demo-secret")
            assert (await reader.next())[0]["code"] == 402
            venue.alpaca.faults.is_key_refused = False
            await reader.ask(action="auth", key="demo-key", secret="demo-secret")
            assert (await reader.next())[0]["msg"] == "authenticated"


async def test_a_lost_update_breaks_krakens_checksum_and_nothing_else(clock: ManualClock):
    async with SimulatedVenue(LIVELY, clock) as venue, reading(venue.kraken.stream_url) as reader:
        await reader.ask(method="subscribe", params={"channel": "book", "symbol": ["BTC/USD"]})
        await reader.until(lambda each: each.get("type") == "snapshot")
        venue.kraken.faults.drop_next(3, containing=b'"channel":"book"')
        await pass_time(clock, 1_000_000_000)
        await reader.ask(method="ping")
        messages = await reader.until(lambda each: each.get("method") == "pong")

    assert venue.kraken.faults.counts["dropped"] == 3
    assert len([each for each in messages if each.get("channel") == "book"]) > 50


async def test_a_venue_whose_clock_is_off_says_so_everywhere():
    config = VenueConfig(MarketConfig(rate=400, skew_ns=-3_600_000_000_000))
    clock = SystemClock()
    async with SimulatedVenue(config, clock) as venue, trades_of(venue) as reader:
        served = (await fetch(f"{venue.binance.rest_url}/api/v3/time")).json()["serverTime"]
        streamed = (await reader.next())["T"]
        kraken = (await fetch(f"{venue.kraken.rest_url}/0/public/Time")).json()["result"]["unixtime"]
    ours_ms = clock.now_ns() // 1_000_000
    assert all(abs(ours_ms - 3_600_000 - theirs) < 60_000 for theirs in (served, streamed, kraken * 1000))


async def test_a_reader_that_does_not_read_is_cut_off():
    async with SimulatedVenue(VenueConfig(MarketConfig(rate=100_000), kraken=(), alpaca=()), SystemClock()) as venue:
        venue.binance.waiting_bytes_max = 1 << 20
        async with trades_of(venue):
            await until(lambda: venue.binance.clients)
            await until(lambda: not venue.binance.clients, 20, what="the slow reader's end")


async def test_mishaps_happen_by_themselves_and_are_told():
    heard: list[str] = []
    async with SimulatedVenue(VenueConfig(MarketConfig(rate=10), mishaps_per_minute=600), SystemClock()) as venue:
        venue.listeners.append(heard.append)
        await until(lambda: heard)
    assert heard[0].partition(":")[0] in ("binance", "kraken", "alpaca", "quotes")


async def test_a_port_that_is_taken_is_named():
    async with SimulatedVenue(LIVELY, SystemClock()) as venue:
        taken = VenueConfig(MarketConfig(rate=1), ports={"kraken": venue.binance.port})
        second = SimulatedVenue(taken, SystemClock())
        with pytest.raises(Unavailable, match=str(venue.binance.port)):
            await second.__aenter__()
        with pytest.raises(OSError, match=r".*"):
            await asyncio.open_connection("127.0.0.1", second.binance.port)


async def test_quotes_are_served_in_every_shape(clock: ManualClock):
    async with SimulatedVenue(LIVELY, clock) as venue:
        url = f"{venue.quotes.rest_url}/quote"
        nested, flat, listed = [(await fetch(url, symbol="AAPL", shape=shape)).json() for shape in ("nested", "flat", "list")]
        table = (await fetch(f"{venue.quotes.rest_url}/quotes.csv", symbols="AAPL,NOSUCH,BTCUSDT")).text.splitlines()
        missing = await fetch(url, symbol="NOSUCH")

    last = nested["data"]["quote"]["price"]["last"]
    assert last == flat["last"] == float(listed["result"][0]["p"]) == float(table[1].split(",")[1])
    assert flat["bid"] < flat["ask"]
    assert [line.split(",")[0] for line in table] == ["symbol", "AAPL", "BTCUSDT"]
    assert missing.status_code == 404


async def test_twenty_thousand_trades_a_second_reach_a_reader_and_none_is_missing(clock: ManualClock):
    config = VenueConfig(MarketConfig(seed=1, rate=40_000), kraken=(), alpaca=())
    async with SimulatedVenue(config, clock) as venue, trades_of(venue) as reader:
        await until(lambda: venue.binance.clients)
        await pass_time(clock, 1_000_000_000)
        last = venue.market.listings["BTCUSDT"].tape.next_id - 1
        seen = [(await reader.next())["t"]]
        while seen[-1] < last:
            seen.append((await reader.next())["t"])

    assert 19_000 < len(seen) < 21_500
    assert seen == list(range(last - len(seen) + 1, last + 1))


async def test_a_burst_reaches_its_reader_whole(clock: ManualClock):
    async with SimulatedVenue(VenueConfig(MarketConfig(seed=1, rate=10)), clock) as venue, trades_of(venue) as reader:
        await until(lambda: venue.binance.clients)
        venue.market.burst(30_000, 1.0)
        await pass_time(clock, 2_000_000_000)
        last = venue.market.listings["BTCUSDT"].tape.next_id - 1
        messages = await reader.until(lambda each: each["t"] == last)

    assert [each["t"] for each in messages] == list(range(last - len(messages) + 1, last + 1))
    assert len(messages) > 3_000
