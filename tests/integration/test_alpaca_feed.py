"""Alpaca's client against a simulated Alpaca, and against what only a script can say: refusals, corrections, broken messages."""

import asyncio
import random
from contextlib import asynccontextmanager

import msgspec
import numpy as np
import pytest

from backend.clock import SystemClock
from backend.domain.bars import MINUTE_NS, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound, Unavailable
from backend.market.feeds.alpaca import AlpacaFeed, check_options
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import FeedState, Gap, Wants
from backend.simulator.answers import Answer
from backend.simulator.listed import ALPACA_LISTED
from tests.fakes.collected import collecting
from tests.fakes.rest_source import open_rest_source
from tests.fakes.stream_venue import open_stream_venue
from tests.fakes.venue_truth import is_unbroken, small_venue, true_trades
from tests.fakes.waiting import until

AAPL, MSFT, SPY = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS"), InstrumentId("SPY", "ARCX")
KEYS = {"key": "demo-key", "secret": "demo-secret"}
TRADE = b'"T":"t"'


def feed_at(stream_url, rest_url, clock, *, plan="sip", keys=KEYS):
    config = FeedConfig("alpaca", "alpaca", stream_url, rest_url, {"plan": plan})
    return AlpacaFeed(config, clock, keys.get)


@asynccontextmanager
async def simulated(*, plan="sip", keys=KEYS, rate=200.0):
    clock = SystemClock()
    async with small_venue(clock, rate=rate, alpaca=ALPACA_LISTED) as venue:
        yield venue, feed_at(venue.alpaca.stream_url, venue.alpaca.rest_url, clock, plan=plan, keys=keys)


@asynccontextmanager
async def followed(*instruments, plan="sip", rate=200.0):
    async with simulated(plan=plan, rate=rate) as (venue, feed):
        feed.want(dict.fromkeys(instruments, Wants()))
        async with collecting(feed) as collected:
            for one in instruments:
                await collected.has_trades(one, 5)
            yield venue, feed, collected


def given(collected, instrument):
    return [(price, quantity) for _, price, quantity in collected.trades(instrument)]


async def more(collected, instrument, n=20):
    await collected.has_trades(instrument, len(collected.trades(instrument)) + n)


def is_whole(venue, collected, instrument):
    return is_unbroken(given(collected, instrument), price_making(venue, instrument.code))


def price_making(venue, code):
    """The true trades without those whose conditions keep them out of bars, as the venue's own REST service tells them."""
    rows = venue.alpaca.rest._words[code].trades(venue.market.listings[code].tape.between(0, 10**12))
    told = msgspec.json.decode("[" + ",".join("{" + row + "}" for row in rows) + "]")
    assert len(told) == len(true_trades(venue, code))
    return [(row["p"], row["s"]) for row in told if not {"I", "B", "W", "C", "4", "7"} & set(row["c"])]


async def test_every_trade_that_makes_a_price_comes_once_and_quotes_are_the_newest():
    async with followed(AAPL, SPY) as (venue, feed, collected):
        for one in (AAPL, SPY):
            await more(collected, one, 50)
            assert is_whole(venue, collected, one)
            assert collected.quotes(one)[-1].bid <= collected.quotes(one)[-1].ask
        assert feed.status.state is FeedState.LIVE
        assert (feed.status.n_bad, feed.status.n_gaps, feed.status.words) == (0, 0, "")
        assert not collected.gaps()


async def test_a_broken_connection_is_made_anew_and_what_was_missed_comes_late():
    async with followed(AAPL, SPY) as (venue, feed, collected):
        for n in range(1, 3):
            await venue.alpaca.faults.disconnect()
            await until(lambda n=n: feed.status.n_reconnects >= n and feed.status.state is FeedState.LIVE)
            for one in (AAPL, SPY):
                await more(collected, one, 60)
        for one in (AAPL, SPY):
            assert collected.trades(one, is_late=True)
            assert is_whole(venue, collected, one)
        assert not collected.gaps()


async def test_trades_that_are_told_twice_are_given_once():
    async with followed(SPY) as (venue, _, collected):
        venue.alpaca.faults.repeat_next(5, containing=TRADE)
        await until(lambda: venue.alpaca.faults.counts["sent twice"] >= 5)
        await more(collected, SPY, 30)
        assert is_whole(venue, collected, SPY)


async def test_what_cannot_be_fetched_is_a_gap_and_live_trades_go_on():
    async with followed(SPY) as (venue, feed, collected):
        venue.alpaca.faults.refuse_calls(Answer(b"", 500, "text/plain"), 4)
        newest_ns = collected.trades(SPY)[-1][0]
        await venue.alpaca.faults.disconnect()
        await until(collected.gaps)
        await more(collected, SPY)
        (gap,) = collected.gaps()
        assert gap.instrument == SPY
        assert newest_ns < gap.from_ns < gap.to_ns
        assert not [at for at, _, _ in collected.trades(SPY) if gap.from_ns <= at < gap.to_ns]
        assert feed.status.n_gaps == 1


async def test_wants_change_while_it_runs():
    async with followed(AAPL) as (venue, feed, collected):
        feed.want({SPY: Wants(quotes=False)})
        await collected.has_trades(SPY, 5)
        n_before = len(collected.trades(AAPL))
        await more(collected, SPY, 30)
        assert len(collected.trades(AAPL)) == n_before
        assert not collected.quotes(SPY)
        assert is_whole(venue, collected, SPY)
        assert feed.serves(InstrumentId("BRK.B", "XNYS"))
        assert not feed.serves(InstrumentId("AAPL", "XLON"))


async def test_a_code_goes_to_everyone_who_wants_it():
    other = InstrumentId("AAPL", "BATS")
    async with followed(AAPL, other) as (_, _, collected):
        assert given(collected, AAPL)[:5] == given(collected, other)[:5]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"key": "demo-key", "secret": "marker-S9"}, "the key or the secret is wrong (402)"),
        ({"key": "demo-key"}, "needs a key and a secret"),
    ],
)
async def test_a_wrong_or_missing_key_is_refused_in_words_without_it(keys, words):
    async with simulated(keys=keys) as (_, feed):
        feed.want({AAPL: Wants()})
        async with collecting(feed):
            await until(lambda: feed.status.state is FeedState.REFUSED)
            assert words in feed.status.words
            assert "marker" not in feed.status.words
            with pytest.raises(InvalidInput) as caught:
                await feed.fetch_bars(Series(AAPL, BarSpec.parse("1m")), 0, 1)
            assert "marker" not in str(caught.value)


async def test_a_second_connection_with_the_key_is_refused():
    async with followed(AAPL) as (venue, _, _):
        second = feed_at(venue.alpaca.stream_url, venue.alpaca.rest_url, SystemClock())
        second.want({AAPL: Wants()})
        async with collecting(second):
            await until(lambda: second.status.state is FeedState.REFUSED)
            assert "there is another with this key (406)" in second.status.words


async def test_a_plan_that_allows_fewer_gives_those_it_allows():
    many = [InstrumentId(f"A{n:02d}", "XNYS") for n in range(40)]
    async with simulated(plan="iex") as (_, feed):
        feed.want(dict.fromkeys([*many, AAPL], Wants()))
        async with collecting(feed) as collected:
            await until(lambda: "the plan allows fewer instruments at once (405)" in feed.status.words)
            await until(lambda: len(feed._subscribed["trades"]) == 30)
            assert feed.status.state is FeedState.LIVE
            feed.want({AAPL: Wants()})
            await collected.has_trades(AAPL, 3)


async def test_bars_are_complete_and_the_venues_own():
    async with followed(AAPL) as (venue, feed, _):
        now_ns = venue.market.clock.now_ns()
        from_ns = now_ns - now_ns % MINUTE_NS - 100 * MINUTE_NS
        bars = await feed.fetch_bars(Series(AAPL, BarSpec.parse("1m")), from_ns, now_ns)
        assert from_ns <= bars.event_ns[0] < bars.event_ns[-1] < now_ns
        assert bars.event_ns[-1] + MINUTE_NS <= venue.market.clock.now_ns()
        at_ns = int(bars.event_ns[3])
        true = venue.market.listings["AAPL"].minutes.span(at_ns, at_ns + MINUTE_NS)
        assert (bars.open[3], bars.high[3], bars.low[3], bars.close[3], bars.volume[3]) == (
            *(value / 100 for value in (true.open, true.high, true.low, true.close)),
            true.lots,
        )
        days = await feed.fetch_bars(Series(AAPL, BarSpec.parse("1d")), 0, now_ns)
        assert np.all(days.event_ns % (24 * 60 * MINUTE_NS) == 0)
        with pytest.raises(NotFound, match="no bars of 1h"):
            await feed.fetch_bars(Series(AAPL, BarSpec.parse("1h")), 0, now_ns)


async def test_past_trades_come_page_by_page():
    def answer(asked):
        token = int(asked.query.get("page_token", "0"))
        rows = [
            {"t": f"2024-01-08T14:30:{token:02d}.{n:09d}Z", "p": 1 + token, "s": n, "i": n, "x": "V", "c": ["@"]} for n in (1, 2)
        ]
        return {"trades": {"AAPL": rows} if token else None, "next_page_token": str(token + 1) if token < 3 else None}

    async with open_rest_source(answer) as source:
        feed = feed_at("", source.url, SystemClock(), plan="iex")
        found = await feed.fetch_trades(AAPL, 1_704_724_200_000_000_000, 1_704_724_300_000_000_000)
        assert found.price.tolist() == [2, 2, 3, 3, 4, 4]
        assert found.event_ns[0] == 1_704_724_201_000_000_001
        assert {asked.query["feed"] for asked in source.asked} == {"iex"}
        assert source.asked[0].query["start"] == "2024-01-08T14:30:00.000000000Z"
        assert source.asked[0].headers["apca-api-key-id"] == "demo-key"


@pytest.mark.parametrize(
    "bar", [{"o": 1, "h": 0.5, "l": 0.4, "c": 1}, {"o": 1, "h": 2, "l": 1.5, "c": 1}, {"o": 0, "h": 1, "l": 1, "c": 1}, {}]
)
async def test_an_impossible_bar_of_an_answer_is_refused(bar):
    async with open_rest_source(lambda _: {"bars": {"AAPL": [{"t": "2024-01-08T14:30:00Z", "v": 1, **bar}]}}) as source:
        feed = feed_at("", source.url, SystemClock())
        with pytest.raises(Unavailable):
            await feed.fetch_bars(Series(AAPL, BarSpec.parse("1m")), 0, SystemClock().now_ns())


# --- what a script says -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def scripted(*, plan="sip", rest_url="http://127.0.0.1:9"):
    async with open_stream_venue() as venue:
        feed = feed_at(venue.url, rest_url, SystemClock(), plan=plan)
        feed.want({AAPL: Wants()})
        async with collecting(feed) as collected:
            yield venue, feed, collected


async def let_in(venue, n=1):
    """Take the key and the subscription of the ``n``-th caller."""
    socket = await venue.caller(n)
    await say(socket, {"T": "success", "msg": "connected"})
    await say(socket, {"T": "success", "msg": "authenticated"})
    await until(lambda: sum('"subscribe"' in said for said in venue.said) >= n)
    await say(socket, {"T": "subscription", "trades": ["AAPL"], "quotes": ["AAPL"]})
    return socket


async def say(socket, *messages):
    await socket.send(msgspec.json.encode(list(messages)).decode())


def trade(number, price, *conditions, at="2024-01-08T14:30:00.208123456Z"):
    return {"T": "t", "S": "AAPL", "i": number, "x": "V", "p": price, "s": 100, "c": list(conditions or ("@",)), "t": at, "z": "C"}


async def test_the_key_is_the_first_thing_said_and_times_are_exact():
    async with scripted() as (venue, feed, collected):
        socket = await venue.caller()
        await until(lambda: venue.said)
        assert msgspec.json.decode(venue.said[0]) == {"action": "auth", **KEYS}
        assert feed.status.state is FeedState.CONNECTING
        socket = await let_in(venue)
        await until(lambda: feed.status.state is FeedState.LIVE)
        assert msgspec.json.decode(venue.said[1]) == {"action": "subscribe", "trades": ["AAPL"], "quotes": ["AAPL"]}
        await say(socket, trade(1, 190.25))
        await collected.has_trades(AAPL, 1)
        assert collected.trades(AAPL) == [(1_704_724_200_208_123_456, 190.25, 100.0)]


async def test_prints_that_make_no_price_are_left_out():
    async with scripted() as (venue, _, collected):
        socket = await let_in(venue)
        for number, conditions in enumerate([("@", "I"), ("W",), (" ", "7", "V"), ("@", "4"), ("Z",), ("C",), ("M",)]):
            await say(socket, trade(number, 1.0, *conditions))
        await say(socket, trade(50, 2.0, "@", "F"), trade(51, 3.0, "@", "T"), trade(52, 4.0, " ", "O"))
        await collected.has_trades(AAPL, 3)
        assert collected.prices(AAPL) == [2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ({"T": "c", "S": "AAPL", "x": "V", "oi": 1, "op": 190.0, "os": 1, "ci": 2, "cp": 191.0, "cs": 1}, "corrected"),
        ({"T": "x", "S": "AAPL", "x": "V", "i": 1, "p": 190.0, "s": 1, "a": "C"}, "cancelled"),
    ],
)
async def test_a_trade_that_is_taken_back_makes_its_minute_a_gap(message, word):
    async with scripted() as (venue, feed, collected):
        socket = await let_in(venue)
        await say(socket, trade(1, 190.0), {**message, "t": "2024-01-08T14:31:59.999999999Z"})
        await until(collected.gaps)
        minute_ns = 1_704_724_260_000_000_000
        assert collected.gaps() == [Gap(AAPL, minute_ns, minute_ns + MINUTE_NS)]
        assert feed.n_taken_back == 1
        assert f"1 trades were taken back, the last {word} in AAPL" in feed.status.words
        assert feed.status.state is FeedState.LIVE


@pytest.mark.parametrize(
    ("code", "state"),
    [(402, "refused"), (406, "refused"), (408, "refused"), (409, "refused"), (404, "waiting"), (407, "waiting"), (500, "waiting")],
)
async def test_refusals_are_told_in_words(code, state):
    async with scripted() as (venue, feed, _):
        await say(await venue.caller(), {"T": "error", "code": code, "msg": "no"})
        await until(lambda: feed.status.state == state)
        assert feed.status.words.startswith("Alpaca refuses: ")
        assert f"({code})" in feed.status.words


async def test_a_connection_that_the_venue_still_holds_is_tried_again():
    async with scripted() as (venue, feed, _):
        socket = await let_in(venue)
        await until(lambda: feed.status.state is FeedState.LIVE)
        socket.transport.abort()
        await say(await venue.caller(2), {"T": "error", "code": 406, "msg": "connection limit exceeded"})
        await until(lambda: feed.status.state is FeedState.WAITING and "(406)" in feed.status.words)


async def test_the_delayed_stream_says_how_late_it_is_and_the_test_stream_has_no_history():
    assert feed_at("", "", SystemClock(), plan="delayed_sip").status.delay_s == 900
    async with scripted(plan="test") as (venue, _, collected):
        socket = await let_in(venue)
        await say(socket, trade(1, 1.0))
        await collected.has_trades(AAPL, 1)
        socket.transport.abort()
        socket = await let_in(venue, 2)
        await say(socket, trade(2, 2.0, at="2024-01-08T14:30:09Z"))
        await until(collected.gaps)
        await collected.has_trades(AAPL, 2)
        assert collected.gaps()[0].to_ns == 1_704_724_209_000_000_000


async def test_broken_messages_by_the_thousand_are_counted_and_end_nothing():
    chance = random.Random(12)
    good = [
        [trade(1, 7.0)],
        [{"T": "q", "S": "AAPL", "bp": 1.0, "ap": 2.0, "bs": 1, "as": 1, "t": "2024-01-08T14:30:00Z"}],
        [{"T": "c", "S": "AAPL", "oi": 1, "t": "2024-01-08T14:30:00Z"}],
        [{"T": "b", "S": "AAPL", "o": 1}],
    ]
    async with scripted() as (venue, feed, collected):
        socket = await let_in(venue)
        for _ in range(5000):
            await socket.send(_harmed(chance, msgspec.json.encode(chance.choice(good))))
        await say(socket, {"T": "q", "S": "AAPL"}, trade(9_999, 7.5), {"T": "new-kind", "S": "AAPL"})
        await until(lambda: 7.5 in collected.prices(AAPL))
        assert feed.status.n_bad > 2000
        assert feed.status.n_reconnects == 0


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
    return chance.choice(["", "null", "{}", "1", '"x"', "[" * 500, '[{"T":1}]', "[[]]", "[1,2]", '[{"T":"t"}]'])


async def test_an_address_in_the_open_is_never_told_the_key():
    feed = feed_at("ws://stream.example", "http://data.example", SystemClock())
    feed.want({AAPL: Wants()})
    async with collecting(feed):
        await until(lambda: feed.status.state is FeedState.REFUSED)
        assert "not one that may be asked" in feed.status.words
        with pytest.raises(InvalidInput, match="not one that may be asked"):
            await feed.fetch_trades(AAPL, 0, 1)
    await asyncio.sleep(0)


def test_plans_are_checked():
    check_options({})
    check_options({"plan": "delayed_sip"})
    with pytest.raises(InvalidInput, match="no data plan 'gold'"):
        check_options({"plan": "gold"})
