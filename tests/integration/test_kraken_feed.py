"""Kraken's client against a simulated Kraken: every trade once, whatever breaks; books that are proved; bars and pairs."""

import asyncio
import random
from contextlib import asynccontextmanager
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from backend.clock import SystemClock
from backend.domain.bars import MINUTE_NS, BarSpec, Series
from backend.domain.instruments import InstrumentId, InstrumentKind
from backend.errors import InvalidInput, NotFound
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import FeedState, Wants
from backend.market.feeds.kraken import KrakenFeed, check_options
from backend.simulator.answers import Answer
from backend.simulator.listed import KRAKEN_LISTED
from tests.fakes.collected import collecting
from tests.fakes.rest_source import open_rest_source
from tests.fakes.stream_venue import open_stream_venue
from tests.fakes.venue_truth import is_unbroken, small_venue, true_trades
from tests.fakes.waiting import until

BTC, ETH = InstrumentId("BTCUSD", "KRAKEN"), InstrumentId("ETHUSD", "KRAKEN")
CODES = {BTC: "XBTUSD", ETH: "ETHUSD"}
TRADE = b'"channel":"trade"'


def feed_at(stream_url, rest_url, clock):
    return KrakenFeed(FeedConfig("kraken", "kraken", stream_url, rest_url), clock, lambda _name: None)


@asynccontextmanager
async def followed(*instruments, depth=False, rate=200.0):
    clock = SystemClock()
    async with small_venue(clock, rate=rate, kraken=KRAKEN_LISTED[:2]) as venue:
        feed = feed_at(venue.kraken.stream_url, venue.kraken.rest_url, clock)
        feed.want(dict.fromkeys(instruments, Wants(depth=depth)))
        async with collecting(feed) as collected:
            for one in instruments:
                await collected.has_trades(one, 5)
            yield venue, feed, collected


def given(collected, instrument):
    return [(price, quantity) for _, price, quantity in collected.trades(instrument)]


async def more(collected, instrument, n=20):
    await collected.has_trades(instrument, len(collected.trades(instrument)) + n)


async def test_every_trade_comes_once_and_quotes_are_the_newest():
    async with followed(BTC, ETH) as (venue, feed, collected):
        for one in (BTC, ETH):
            await more(collected, one, 50)
            assert is_unbroken(given(collected, one), true_trades(venue, CODES[one]))
            assert collected.quotes(one)[-1].bid < collected.quotes(one)[-1].ask
        assert not collected.gaps()
        assert feed.status.state is FeedState.LIVE
        assert feed.status.n_trades == len(collected.trades(BTC)) + len(collected.trades(ETH))
        assert abs(feed.status.skew_ns) < 1_000_000_000
        assert (feed.status.n_bad, feed.status.n_gaps, feed.status.words) == (0, 0, "")
    assert feed.status.state is FeedState.OFF


async def test_a_broken_connection_is_made_anew_and_what_was_missed_comes_late():
    async with followed(BTC, ETH) as (venue, feed, collected):
        for n in range(1, 3):
            await venue.kraken.faults.disconnect()
            await until(lambda n=n: feed.status.n_reconnects == n and feed.status.state is FeedState.LIVE)
            for one in (BTC, ETH):
                await more(collected, one, 60)
        for one in (BTC, ETH):
            assert collected.trades(one, is_late=True)
            assert is_unbroken(given(collected, one), true_trades(venue, CODES[one]))
        assert not collected.gaps()
        assert feed.status.n_gaps == 4


async def test_a_long_break_is_healed_page_by_page():
    async with followed(BTC, rate=4000.0) as (venue, feed, collected):
        venue.kraken.faults.refuse_handshakes(503, 2)
        n_before = len(true_trades(venue, "XBTUSD"))
        await venue.kraken.faults.disconnect()
        await until(lambda: feed.status.n_reconnects >= 3 and feed.status.state is FeedState.LIVE)
        await until(lambda: len(collected.trades(BTC, is_late=True)) > 1000)
        await more(collected, BTC)
        assert len(true_trades(venue, "XBTUSD")) - n_before > 1000
        assert is_unbroken(given(collected, BTC), true_trades(venue, "XBTUSD"))
        assert not collected.gaps()


@pytest.mark.parametrize("fault", ["drop_next", "repeat_next", "swap_next"])
async def test_messages_that_are_lost_doubled_or_late_change_nothing(fault):
    async with followed(BTC) as (venue, feed, collected):
        getattr(venue.kraken.faults, fault)(4, containing=TRADE)
        await until(lambda: sum(venue.kraken.faults.counts.values()) >= 4)
        await more(collected, BTC, 50)
        await until(lambda: not feed._healing)
        assert is_unbroken(given(collected, BTC), true_trades(venue, "XBTUSD"))
        assert not collected.gaps()
        assert fault == "swap_next" or (feed.status.n_gaps > 0) is (fault == "drop_next")  # it may swap with another channel


async def test_what_cannot_be_fetched_is_a_gap_and_live_trades_go_on():
    async with followed(BTC) as (venue, feed, collected):
        venue.kraken.faults.refuse_calls(Answer(b"", 500, "text/plain"), 4)
        newest_ns = collected.trades(BTC)[-1][0]
        venue.kraken.faults.drop_next(2, containing=TRADE)
        await until(collected.gaps)
        await more(collected, BTC)
        (gap,) = collected.gaps()
        assert gap.instrument == BTC
        assert newest_ns < gap.from_ns < gap.to_ns
        assert not [at for at, _, _ in collected.trades(BTC) if gap.from_ns <= at < gap.to_ns]
        assert feed.status.n_gaps == 1


async def test_a_book_is_the_venues_and_is_begun_anew_when_it_is_not():
    async with followed(BTC, depth=True) as (venue, feed, collected):
        await until(lambda: len(collected.depths(BTC)) > 10)
        n_bad = feed.status.n_bad
        venue.kraken.faults.drop_next(6, containing=b'"channel":"book","type":"update"')
        await until(lambda: feed.status.n_bad > n_bad)
        n_depths = len(collected.depths(BTC))
        await until(lambda: len(collected.depths(BTC)) > n_depths + 10)
        venue.kraken.faults.stall()
        await until(lambda: feed._queue._is_filled.is_set() is False)
        depth = collected.depths(BTC)[-1]
        assert len(depth.bid_price) == len(depth.ask_price) == 25
        assert depth.bid_price[0] < depth.ask_price[0]
        assert depth.event_ns > 0


async def test_wants_change_while_it_runs_and_an_unknown_pair_is_said():
    nothing = InstrumentId("ABCXYZ", "KRAKEN")
    async with followed(BTC) as (_, feed, collected):
        feed.want({ETH: Wants(quotes=False), nothing: Wants()})
        await collected.has_trades(ETH, 5)
        n_before = len(collected.trades(BTC))
        await more(collected, ETH, 30)
        assert len(collected.trades(BTC)) - n_before <= 5
        assert not collected.quotes(ETH)
        assert feed.status.words == "Kraken does not trade ABCXYZ.KRAKEN."
        assert not feed.serves(InstrumentId("BTCUSD", "BINANCE"))
        feed.want({BTC: Wants()})
        await more(collected, BTC)
        assert not collected.gaps()


async def test_krakens_older_codes_are_understood():
    old = InstrumentId("XBTUSD", "KRAKEN")
    async with followed(old) as (venue, _, collected):
        assert is_unbroken(given(collected, old), true_trades(venue, "XBTUSD"))


async def test_bars_are_complete_and_the_venues_own():
    async with followed(BTC) as (venue, feed, _):
        now_ns = venue.market.clock.now_ns()
        from_ns = now_ns - now_ns % MINUTE_NS - 100 * MINUTE_NS
        bars = await feed.fetch_bars(Series(BTC, BarSpec.parse("1m")), from_ns, now_ns)
        assert bars.event_ns[0] == from_ns
        assert bars.event_ns[-1] + MINUTE_NS <= venue.market.clock.now_ns()
        assert np.all(np.diff(bars.event_ns) == MINUTE_NS)
        true = venue.market.listings["XBTUSD"].minutes.span(from_ns, from_ns + MINUTE_NS)
        assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0]) == tuple(
            value / 10 for value in (true.open, true.high, true.low, true.close)
        )
        assert bars.volume[0] == pytest.approx(true.lots / 1e8)
        days = await feed.fetch_bars(Series(BTC, BarSpec.parse("1d")), 0, now_ns)
        assert len(days) >= 1
        with pytest.raises(NotFound, match="no bars of 3m"):
            await feed.fetch_bars(Series(BTC, BarSpec.parse("3m")), 0, now_ns)
        with pytest.raises(NotFound, match=r"does not trade NONE\.KRAKEN"):
            await feed.fetch_bars(Series(InstrumentId("NONE", "KRAKEN"), BarSpec.parse("1m")), 0, now_ns)


async def test_past_trades_are_those_of_the_stretch_asked_for():
    async with followed(BTC, rate=1000.0) as (venue, feed, _):
        tape = venue.market.listings["XBTUSD"].tape
        prints = tape.between(tape.next_id - 3000, tape.next_id)
        from_ns, to_ns = int(prints.event_ns[0]), int(prints.event_ns[-1])
        found = await feed.fetch_trades(BTC, from_ns, to_ns)
        assert len(found) >= len(prints) - 3 > 1500
        assert from_ns <= found.event_ns[0] <= found.event_ns[-1] < to_ns
        assert np.all(np.diff(found.event_ns) >= 0)
        assert np.all(found.event_ns % 1_000 == 0)  # as exactly as the stream tells them, so that both sort alike
        assert is_unbroken(list(zip(found.price.tolist(), found.quantity.tolist(), strict=True)), true_trades(venue, "XBTUSD"))


async def test_pairs_are_listed_with_their_steps():
    async with small_venue(SystemClock(), kraken=KRAKEN_LISTED) as venue:
        feed = feed_at(venue.kraken.stream_url, venue.kraken.rest_url, SystemClock())
        listed = {one.id: one for one in await feed.fetch_instruments()}
    assert set(listed) == {BTC, ETH, InstrumentId("BTCEUR", "KRAKEN")}
    assert listed[BTC].name == "BTC/USD"
    assert listed[BTC].kind is InstrumentKind.CRYPTO
    assert (listed[BTC].price_steps[0].step, listed[BTC].lot) == (Decimal("0.1"), Decimal("1E-8"))


PAIRS = {"XXBTZUSD": {"altname": "XBTUSD", "wsname": "XBT/USD", "pair_decimals": 1, "lot_decimals": 8, "tick_size": "0.1"}}


def _past(*numbers):
    """An answer to AssetPairs, or to Trades with these numbers."""
    rows = [["7.50000", "1.00000000", 1_704_724_200 + number, "b", "m", "", number] for number in numbers]
    return lambda asked: {
        "error": [],
        "result": PAIRS if asked.path.endswith("AssetPairs") else {"XXBTZUSD": rows, "last": str(1_704_724_300_000_000_000)},
    }


async def _tell(socket, *numbers, kind="update"):
    rows = [{**_trade(number), "timestamp": f"2024-01-08T14:30:{number:02d}.000000Z"} for number in numbers]
    await socket.send(msgspec.json.encode({"channel": "trade", "type": kind, "data": rows}).decode())


async def test_numbers_that_are_not_in_a_row_are_asked_about_once():
    async with open_stream_venue() as venue, open_rest_source(_past(10, 15)) as source:
        feed = feed_at(venue.url, source.url, SystemClock())
        feed.want({BTC: Wants()})
        async with collecting(feed) as collected:
            socket = await venue.caller()
            await until(lambda: any('"trade"' in said for said in venue.said))
            await _tell(socket, 9, kind="snapshot")
            await _tell(socket, 10)
            await _tell(socket, 15)
            await collected.has_trades(BTC, 2)
            await _tell(socket, 20)
            await collected.has_trades(BTC, 3)
            assert [at % 60_000_000_000 // 1_000_000_000 for at, _, _ in collected.trades(BTC)] == [10, 15, 20]
            assert sum(asked.path.endswith("Trades") for asked in source.asked) == 1
            assert not collected.gaps()


async def test_a_service_that_is_behind_the_stream_is_asked_again():
    async with open_stream_venue() as venue, open_rest_source(_past(10)) as source:
        feed = feed_at(venue.url, source.url, SystemClock())
        feed.want({BTC: Wants()})
        async with collecting(feed) as collected:
            socket = await venue.caller()
            await until(lambda: any('"trade"' in said for said in venue.said))
            await _tell(socket, 10)
            await collected.has_trades(BTC, 1)
            await _tell(socket, 13)
            await until(lambda: sum(asked.path.endswith("Trades") for asked in source.asked) == 1)
            source.answer = _past(10, 11, 12)
            await collected.has_trades(BTC, 4)
            assert [(at % 60_000_000_000) // 1_000_000_000 for at, _, _ in collected.trades(BTC)] == [10, 11, 12, 13]
            assert len(collected.trades(BTC, is_late=True)) == 2
            assert not collected.gaps()


async def test_a_hole_among_trades_that_wait_for_earlier_ones_is_fetched_too():
    async with open_stream_venue() as venue, open_rest_source(_past(10)) as source:
        feed = feed_at(venue.url, source.url, SystemClock())
        feed.want({BTC: Wants()})
        async with collecting(feed) as collected:
            socket = await venue.caller()
            await until(lambda: any('"trade"' in said for said in venue.said))
            await _tell(socket, 10)
            await collected.has_trades(BTC, 1)
            await _tell(socket, 13)  # 11 and 12 are missing
            await until(lambda: sum(asked.path.endswith("Trades") for asked in source.asked) == 1)
            await _tell(socket, 16)  # and, while they are asked for, 14 and 15
            source.answer = _past(10, 11, 12, 13, 14, 15, 16)
            await collected.has_trades(BTC, 7)
            assert [(at % 60_000_000_000) // 1_000_000_000 for at, _, _ in collected.trades(BTC)] == list(range(10, 17))
            assert not collected.gaps()


async def test_a_break_while_trades_wait_loses_none_of_those_between():
    async with open_stream_venue() as venue, open_rest_source(_past(10)) as source:
        feed = feed_at(venue.url, source.url, SystemClock())
        feed.want({BTC: Wants()})
        async with collecting(feed) as collected:
            socket = await venue.caller()
            await until(lambda: any('"trade"' in said for said in venue.said))
            await _tell(socket, 10)
            await collected.has_trades(BTC, 1)
            await _tell(socket, 13)
            await until(lambda: sum(asked.path.endswith("Trades") for asked in source.asked) == 1)
            await socket.close()
            socket = await venue.caller(2)
            source.answer = _past(*range(10, 21))
            await _tell(socket, 18, 19, kind="snapshot")
            await _tell(socket, 20)
            await collected.has_trades(BTC, 11)
            assert [(at % 60_000_000_000) // 1_000_000_000 for at, _, _ in collected.trades(BTC)] == list(range(10, 21))
            assert not collected.gaps()


async def test_what_the_venue_says_of_itself_is_told():
    async with open_stream_venue() as venue:
        feed = feed_at(venue.url, "http://127.0.0.1:9", SystemClock())
        feed.want({BTC: Wants()})
        async with collecting(feed):
            socket = await venue.caller()
            for system, words in (("maintenance", "Kraken says that it is in maintenance."), ("online", "")):
                await socket.send(msgspec.json.encode({"channel": "status", "data": [{"system": system}]}).decode())
                await until(lambda words=words: feed.status.words == words)
            await socket.send('{"method":"subscribe","success":false,"error":"Currency pair not supported BTC/USD"}')
            await until(lambda: feed.status.words == "Kraken refuses: Currency pair not supported BTC/USD.")


async def test_broken_messages_by_the_thousand_are_counted_and_end_nothing():
    chance = random.Random(11)
    good = [
        {"channel": "trade", "type": "update", "data": [_trade(1)]},
        {"channel": "ticker", "type": "update", "data": [{"symbol": "BTC/USD", "bid": 1.0, "ask": 2.0}]},
        {"channel": "book", "type": "snapshot", "data": [{"symbol": "BTC/USD", "bids": [], "asks": [], "checksum": 0}]},
        {"channel": "status", "type": "update", "data": [{"system": "maintenance"}]},
        {"method": "subscribe", "success": False, "error": "EGeneral"},
    ]
    async with open_stream_venue() as venue:
        feed = feed_at(venue.url, "http://127.0.0.1:9", SystemClock())
        feed.want({BTC: Wants(depth=True)})
        async with collecting(feed) as collected:
            socket = await venue.caller()
            for _ in range(5000):
                await socket.send(_harmed(chance, msgspec.json.encode(chance.choice(good))))
            await socket.send(msgspec.json.encode({"channel": "trade", "type": "update", "data": [_trade(9_000_000)]}))
            await until(lambda: 7.5 in collected.prices(BTC))
            assert feed.status.n_bad > 2000
            assert feed.status.n_reconnects == 0


def _trade(number):
    return {
        "symbol": "BTC/USD",
        "side": "buy",
        "price": 7.5 if number > 1 else 7.0,
        "qty": 1,
        "trade_id": number,
        "timestamp": "2024-01-08T14:30:00.123456Z",
    }


def _harmed(chance, message):
    """The message with bytes changed, cut off, or of another form; text all the same, as WebSockets want it."""
    kind = chance.randrange(4)
    if kind == 0:
        return message[: chance.randrange(len(message))].decode()
    if kind == 1:
        at = chance.randrange(len(message))
        return (message[:at] + bytes([chance.randrange(32, 127)]) + message[at + 1 :]).decode()
    if kind == 2:
        return message.decode().replace(":1", chance.choice([":-1", ":null", ":1e999", ':"x"', ":[]", ":NaN"]))
    return chance.choice(["", "[]", "null", "{}", "1", '"x"', "[" * 500, '{"channel":"trade"}', '{"channel":"trade","data":{}}'])


def test_there_are_no_options():
    check_options({})
    with pytest.raises(InvalidInput, match="no option 'colour'"):
        check_options({"colour": "red"})


async def test_an_address_in_the_open_is_refused():
    feed = feed_at("ws://stream.example/v2", "", SystemClock())
    feed.want({BTC: Wants()})
    async with collecting(feed):
        await until(lambda: feed.status.state is FeedState.REFUSED)
        assert "not one that may be asked" in feed.status.words
    await asyncio.sleep(0)
