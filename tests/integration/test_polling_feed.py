"""A feed that looks at a real web service now and then: quotes, sampled trades, failures, pauses."""

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest

from backend.clock import SystemClock
from backend.domain.bars import SECOND_NS
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound, Unavailable
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import FeedState, Wants
from backend.market.feeds.polling import PollingFeed
from backend.market.feeds.polling_http import BUSY, REFUSED, parse_retry_after
from tests.fakes.collected import collecting
from tests.fakes.rest_source import open_rest_source
from tests.fakes.waiting import until

AAPL, MSFT, SPY = (InstrumentId(code, "XNAS") for code in ("AAPL", "MSFT", "SPY"))
OPTIONS = {
    "url": "/q/{symbol}",
    "price": "last",
    "bid": "bid",
    "ask": "ask",
    "volume": "volume",
    "interval_s": "1",
    "instruments": "AAPL.XNAS, MSFT.XNAS, SPY.XNAS",
}


def feed_of(source, clock, secret=lambda _name: None, **changes):
    options = {**OPTIONS, **changes}
    return PollingFeed(FeedConfig("poll", "polling", options={**options, "url": source.url + options["url"]}), clock, secret)


@asynccontextmanager
async def looked_at(answer, clock, *wanted, **changes):
    async with open_rest_source(answer) as source:
        feed = feed_of(source, clock, **changes)
        feed.want(dict.fromkeys(wanted or (AAPL,), Wants()))
        async with collecting(feed) as collected:
            yield source, feed, collected


def asked_for(source, code):
    return sum(asked.path == f"/q/{code}" for asked in source.asked)


async def look_again(clock, source, code="AAPL"):
    """Let the interval pass and wait until the source was asked again."""
    before = asked_for(source, code)
    clock.advance(SECOND_NS)
    await until(lambda: asked_for(source, code) > before)


async def test_looks_give_quotes_and_a_trade_where_something_changed(clock):
    now = {"last": 10.0, "bid": 9.9, "ask": 10.1, "volume": 100}
    async with looked_at(lambda _: now, clock) as (source, feed, collected):
        await collected.has_trades(AAPL, 1)
        await look_again(clock, source)
        await until(lambda: len(collected.quotes(AAPL)) == 2)
        now = {**now, "last": 10.5, "volume": 130}
        await look_again(clock, source)
        await collected.has_trades(AAPL, 2)
        now = {**now, "volume": 5}
        await look_again(clock, source)
        await collected.has_trades(AAPL, 3)
        assert [(price, quantity) for _, price, quantity in collected.trades(AAPL)] == [(10, 0), (10.5, 30), (10.5, 0)]
        assert (collected.quotes(AAPL)[0].bid, collected.quotes(AAPL)[0].ask) == (9.9, 10.1)
        assert feed.abilities.is_sampled
        assert feed.status.state is FeedState.LIVE
        assert feed.status.delay_s == 1
    assert feed.status.state is FeedState.OFF


async def test_a_source_that_goes_back_in_time_is_not_followed_there(clock):
    at_s = clock.now_ns() // SECOND_NS
    now = {"last": 1.0, "at": at_s}
    async with looked_at(lambda _: now, clock, time="at", time_unit="s", bid="", ask="") as (source, feed, collected):
        await collected.has_trades(AAPL, 1)
        now = {"last": 2.0, "at": at_s - 5}
        await look_again(clock, source)
        await until(lambda: feed.status.n_bad == 1)
        now = {"last": 3.0, "at": at_s + 1}
        await look_again(clock, source)
        await collected.has_trades(AAPL, 2)
        assert collected.trades(AAPL) == [(at_s * SECOND_NS, 1.0, 0.0), ((at_s + 1) * SECOND_NS, 3.0, 0.0)]


async def test_what_fails_is_told_by_name_and_the_rest_goes_on(clock):
    def answer(asked):
        if asked.path == "/q/MSFT":
            return 404, {}, b"no"
        return {"last": 1} if asked.path == "/q/AAPL" else b"<html>"

    async with looked_at(answer, clock, AAPL, MSFT, SPY) as (source, feed, collected):
        await until(lambda: set(feed.failures) == {MSFT, SPY} and feed.status.state is FeedState.LIVE)
        await collected.has_trades(AAPL, 1)
        assert isinstance(feed.failures[MSFT], NotFound)
        assert isinstance(feed.failures[SPY], InvalidInput)
        assert feed.status.words.startswith("2 of 3 cannot be had: MSFT.XNAS: 127.0.0.1 does not know it (HTTP 404)")
        assert feed.status.n_bad == 1
        await look_again(clock, source)
        assert asked_for(source, "MSFT") == 1  # it backs off: 2 s after the first failure
        await look_again(clock, source, "MSFT")


async def test_a_source_that_is_down_is_waited_for_and_found_again(clock):
    down = True
    async with looked_at(lambda _: (500, {}, b"") if down else {"last": 2}, clock) as (source, feed, collected):
        await until(lambda: feed.status.state is FeedState.WAITING)
        down = False
        clock.advance(2 * SECOND_NS)
        await collected.has_trades(AAPL, 1)
        await until(lambda: feed.status.state is FeedState.LIVE)
        assert feed.status.words == ""
        assert feed.status.n_reconnects == 1
        await look_again(clock, source)  # back to its interval


async def test_a_key_that_is_not_taken_is_refused_in_words_without_the_key(clock):
    async with open_rest_source(lambda _: (401, {}, b"")) as source:
        feed = feed_of(source, clock, {"key": "marker-K7"}.get, headers="X-Api-Key: {secret:key}", url="/q/{symbol}?k={secret:key}")
        feed.want({AAPL: Wants()})
        async with collecting(feed):
            await until(lambda: feed.status.state is FeedState.REFUSED)
            assert "refuses (HTTP 401)" in feed.status.words
            assert "marker-K7" not in feed.status.words
            assert feed.failures[AAPL].code == REFUSED
        assert source.asked[0].headers["x-api-key"] == source.asked[0].query["k"] == "marker-K7"


async def test_a_missing_key_is_said_and_nothing_is_asked(clock):
    async with looked_at(lambda _: {"last": 1}, clock, headers="X-Api-Key: {secret:key}") as (source, feed, _):
        await until(lambda: feed.status.state is FeedState.WAITING)
        assert "The feed has no key." in feed.status.words
        assert source.asked == []


async def test_a_pause_that_is_asked_for_is_kept_by_every_instrument(clock):
    is_busy = True

    def answer(_):
        return (429, {"Retry-After": "30"}, b"") if is_busy else {"last": 1}

    async with looked_at(answer, clock, AAPL, MSFT, SPY) as (source, feed, collected):
        await until(lambda: len(feed.failures) == 3)
        n_asked = len(source.asked)
        is_busy = False
        clock.advance(29 * SECOND_NS)
        with pytest.raises(Unavailable) as caught:
            await feed.fetch_quote(AAPL)
        assert caught.value.code == BUSY
        await asyncio.wait_for(_rounds(feed), 5)
        assert len(source.asked) == n_asked
        clock.advance(SECOND_NS)
        await until(lambda: not feed.failures)
        await collected.has_trades(SPY, 1)


async def _rounds(feed):
    """Some turns of the loop in which the feed would have asked."""
    for _ in range(50):
        await asyncio.sleep(0.01)


async def test_no_more_than_four_are_asked_at_once_and_a_slow_one_delays_no_other(clock):
    many = tuple(InstrumentId(f"I{n}", "XNAS") for n in range(12))
    async with open_rest_source(lambda _: {"last": 1}) as source:
        feed = feed_of(source, clock, instruments=",".join(map(str, many)))
        feed.want(dict.fromkeys(many, Wants()))
        source.gate.clear()
        async with collecting(feed) as collected:
            await until(lambda: source.n_at_once == 4)
            source.gate.set()
            for one in many:
                await collected.has_trades(one, 1)
        assert source.n_at_once_max == 4


async def test_what_is_wanted_can_change_while_it_runs(clock):
    async with looked_at(lambda _: {"last": 1}, clock) as (source, feed, collected):
        await collected.has_trades(AAPL, 1)
        feed.want({MSFT: Wants()})
        await collected.has_trades(MSFT, 1)
        await look_again(clock, source, "MSFT")
        assert asked_for(source, "AAPL") == 1
        assert not feed.serves(InstrumentId("AAPL", "XNYS"))


async def test_many_askers_share_one_request_for_a_second(clock):
    async with open_rest_source(lambda asked: {"last": 1} if "AAPL" in asked.path else (404, {}, b"")) as source:
        feed = feed_of(source, clock)
        looks = await asyncio.gather(*(feed.fetch_quote(AAPL) for _ in range(50)))
        assert {id(look) for look in looks} == {id(looks[0])}
        assert asked_for(source, "AAPL") == 1
        clock.advance(SECOND_NS - 1)
        await feed.fetch_quote(AAPL)
        assert asked_for(source, "AAPL") == 1
        clock.advance(1)
        await feed.fetch_quote(AAPL)
        assert asked_for(source, "AAPL") == 2
        found = await feed.fetch_quotes([AAPL, MSFT, MSFT, InstrumentId("X", "NONE")])
        assert found[AAPL].price == 1
        assert isinstance(found[MSFT], NotFound)
        assert asked_for(source, "MSFT") == 1
        assert "does not list X.NONE" in found[InstrumentId("X", "NONE")].message


async def test_an_asker_who_gives_up_leaves_the_others_their_answer(clock):
    async with open_rest_source(lambda _: {"last": 1}) as source:
        feed = feed_of(source, clock)
        source.gate.clear()
        first, second = (asyncio.ensure_future(feed.fetch_quote(AAPL)) for _ in range(2))
        await until(lambda: source.asked)
        first.cancel()
        source.gate.set()
        assert (await second).price == 1
        await asyncio.wait({first})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"x" * (1 << 20) + b"x", "larger than 1048576 bytes"),
        ((200, {"Transfer-Encoding": "chunked"}, b"x" * (2 << 20)), "larger than 1048576 bytes"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "has moved"),
        ((418, {}, b""), "failed (HTTP 418)"),
    ],
)
async def test_strange_answers_are_refused_in_words(clock, answer, words):
    async with open_rest_source(lambda _: answer) as source:
        with pytest.raises((InvalidInput, Unavailable)) as caught:
            await feed_of(source, clock).fetch_quote(AAPL)
        assert words in caught.value.message


async def test_a_source_that_is_not_there_is_said_without_its_address(clock):
    async with open_rest_source(lambda _: {}) as source:
        feed = feed_of(source, clock, {"key": "marker-K7"}.get, url="/q?k={secret:key}")
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        await feed.fetch_quote(AAPL)
    assert "marker" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_requests_are_not_written_to_the_log(clock, caplog):
    caplog.set_level(logging.INFO)
    async with open_rest_source(lambda _: {"last": 1}) as source:
        await feed_of(source, clock, {"key": "marker-K7"}.get, url="/q?k={secret:key}").fetch_quote(AAPL)
    assert "marker-K7" not in caplog.text


@pytest.mark.parametrize(
    ("text", "pause_s"),
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("1e9", 3600.0), ("soon", None), ("", None), ("nan", None)],
)
def test_how_long_a_source_wants_to_be_left_alone(clock, text, pause_s):
    assert parse_retry_after(text, clock) == pause_s


def test_a_pause_may_be_said_as_a_date(clock):
    assert parse_retry_after("Mon, 08 Jan 2024 14:30:42 GMT", clock) == 42


async def test_a_real_clock_polls_by_itself():
    n = 0

    def answer(_):
        nonlocal n
        n += 1
        return {"last": n}

    async with looked_at(answer, SystemClock()) as (_, _, collected):
        await collected.has_trades(AAPL, 3)
        assert collected.prices(AAPL)[:3] == [1, 2, 3]
