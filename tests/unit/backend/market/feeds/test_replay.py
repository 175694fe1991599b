"""The replayed feed by itself: its clock plays, stands, steps and is set; and it answers like every feed."""

import asyncio
from contextlib import aclosing, asynccontextmanager

import numpy as np
import pytest

from backend.clock import ManualClock
from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.sessions import SessionTable
from backend.errors import InvalidInput
from backend.market.feeds.feed import FeedState, Wants
from backend.market.feeds.past_ticks import PastTicks
from backend.market.feeds.replay import BATCH_MAX, ReplayFeed, ReplayParts
from backend.market.history import History
from backend.market.past_time import after_open_time
from backend.storage.segments import SeriesKey
from tests.fakes.memory_market import MemoryMarket
from tests.fakes.waiting import until

ACME = InstrumentId("ACME", "XNAS")
MINUTE = Series(ACME, BarSpec.parse("1m"))
HOUR = Series(ACME, BarSpec.parse("1h"))
DAYS = np.arange(19_700, 19_740, dtype=np.int64) * DAY_NS
SESSIONS = SessionTable("test", DAYS, DAYS + 9 * HOUR_NS, DAYS + 17 * HOUR_NS)
OPEN_NS = int(SESSIONS.open_ns[3])
PRESENT_NS = OPEN_NS + 20 * DAY_NS


class StoredMarket(MemoryMarket):
    """Bars alone: nobody recorded trades."""

    def series_keys(self, instrument=None):
        return {SeriesKey.of(series, "import") for series in self.stored if series.instrument == instrument}

    async def all(self):
        return (Instrument(ACME, "Acme"), Instrument(InstrumentId("NONE", "XNAS"), "None"))


def bars_of(times, close):
    return BarArrays(times, close - 0.5, close + 1.0, close - 1.0, close, np.full(len(times), 8.0))


@pytest.fixture
def market():
    times = OPEN_NS + np.concatenate([np.arange(480), 1_440 + np.arange(480)]).astype(np.int64) * MINUTE_NS
    stored = {MINUTE: bars_of(times, 100.0 + np.arange(len(times)))}
    return StoredMarket(SESSIONS, stored)


@pytest.fixture
def clock():
    return ManualClock(PRESENT_NS)


def open_feed(market, clock, at_ns):
    history = History(market, market, market, market, clock)
    feed = ReplayFeed(ReplayParts(market, history, market, market, clock), at_ns)
    feed.want({ACME: Wants()})
    return feed


@asynccontextmanager
async def listening(feed):
    """Collect what comes out of ``batches`` while the block runs."""
    found = []

    async def listen():
        async with aclosing(feed.batches()) as batches:
            async for batch in batches:
                found.append(batch)  # noqa: PERF401 - a list that is read while it grows

    task = asyncio.create_task(listen())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.wait([task])


def prices(batches):
    return [price for batch in batches for trades in batch.trades.values() for price in trades.price.tolist()]


async def advance(feed, to_ns):
    return [batch async for batch in feed.advance(to_ns)]


async def test_a_bar_gives_open_nearer_extreme_other_extreme_and_close_once_it_is_complete(market, clock):
    feed = open_feed(market, clock, OPEN_NS)
    assert prices(await advance(feed, OPEN_NS + MINUTE_NS - 1)) == []
    (batch,) = await advance(feed, OPEN_NS + MINUTE_NS)
    trades = batch.trades[ACME]
    assert trades.price.tolist() == [99.5, 99.0, 101.0, 100.0]
    assert trades.quantity.tolist() == [0.0, 0.0, 0.0, 8.0]
    third_ns = MINUTE_NS // 3
    assert (trades.event_ns - OPEN_NS).tolist() == [0, third_ns, 2 * third_ns, MINUTE_NS - 1]
    assert batch.received_ns == feed.now_ns == OPEN_NS + MINUTE_NS
    assert await advance(feed, OPEN_NS) == []


async def test_a_long_way_comes_in_batches_that_are_no_longer_than_they_may(market, clock):
    feed = open_feed(market, clock, OPEN_NS)
    batches = await advance(feed, OPEN_NS + 3 * DAY_NS)
    assert len(prices(batches)) == 960 * 4
    assert max(len(prices([batch])) for batch in batches) <= BATCH_MAX
    received = [batch.received_ns for batch in batches]
    assert received == sorted(set(received))
    assert feed.status.n_trades == 960 * 4


async def test_it_plays_on_the_programs_clock_at_its_speed_and_through_no_night(market, clock):
    feed = open_feed(market, clock, OPEN_NS)
    async with listening(feed) as batches:
        feed.play(60.0)
        clock.advance(2 * SECOND_NS)
        await until(lambda: feed.now_ns == OPEN_NS + 2 * MINUTE_NS)
        feed.pause()
        await until(lambda: len(prices(batches)) == 8)
        clock.advance(SECOND_NS)
        assert feed.now_ns == OPEN_NS + 2 * MINUTE_NS
        feed.play(10_000.0)
        clock.advance(3 * SECOND_NS)
        left_ns = 30_000 * SECOND_NS - (8 * HOUR_NS - 2 * MINUTE_NS)
        await until(lambda: feed.now_ns == OPEN_NS + DAY_NS + left_ns)
        feed.pause()
    assert len(prices(batches)) == 4 * (480 + left_ns // MINUTE_NS)


async def test_it_stops_at_the_present(market, clock):
    feed = open_feed(market, clock, PRESENT_NS - HOUR_NS)
    async with listening(feed):
        feed.play(10_000.0)
        clock.advance(SECOND_NS)
        await until(lambda: not feed.is_playing)
        assert feed.now_ns == clock.now_ns()


async def test_speeds_that_cannot_be_are_refused(market, clock):
    feed = open_feed(market, clock, OPEN_NS)
    for speed in (0.5, 10_001.0, float("nan")):
        with pytest.raises(InvalidInput, match="times as fast"):
            feed.play(speed)
    assert not feed.is_playing


async def test_a_step_goes_to_the_next_tick_or_the_next_bar_of_a_series(market, clock):
    feed = open_feed(market, clock, OPEN_NS + 30 * SECOND_NS)
    async with listening(feed) as batches:
        assert await feed.step() == OPEN_NS + MINUTE_NS
        await until(lambda: feed.now_ns == OPEN_NS + MINUTE_NS)
        assert await feed.step(HOUR) == OPEN_NS + HOUR_NS
        await until(lambda: feed.now_ns == OPEN_NS + HOUR_NS)
        assert len(prices(batches)) == 240
        feed.seek(OPEN_NS + 8 * HOUR_NS)
        assert await feed.step() == OPEN_NS + DAY_NS + MINUTE_NS
        feed.seek(OPEN_NS + 2 * DAY_NS)
        assert await feed.step() is None
        assert await feed.step(HOUR) is None


async def test_a_seek_tells_consumers_to_begin_anew_and_ends_what_was_under_way(market, clock):
    feed = open_feed(market, clock, OPEN_NS)
    told = []
    feed.moved.append(told.append)
    given = []
    async for batch in feed.advance(OPEN_NS + 3 * DAY_NS):
        given.append(batch)
        if len(given) == 1:
            feed.seek(OPEN_NS + MINUTE_NS)
    assert len(given) == 1
    assert told == [OPEN_NS + MINUTE_NS]
    assert prices(await advance(feed, OPEN_NS + 2 * MINUTE_NS)) == [100.5, 100.0, 102.0, 101.0]


async def test_what_is_wanted_no_more_comes_no_more(market, clock):
    feed = open_feed(market, clock, OPEN_NS)
    feed.want({})
    assert prices(await advance(feed, OPEN_NS + HOUR_NS)) == []
    feed.want({ACME: Wants()})
    assert len(prices(await advance(feed, OPEN_NS + HOUR_NS + MINUTE_NS))) == 4


async def test_bars_and_ticks_that_are_asked_for_end_at_its_moment(market, clock):
    feed = open_feed(market, clock, OPEN_NS + 90 * MINUTE_NS)
    assert len(await feed.fetch_bars(MINUTE, OPEN_NS, PRESENT_NS)) == 90
    assert len(await feed.fetch_bars(HOUR, OPEN_NS, PRESENT_NS)) == 1
    assert len(await feed.fetch_trades(ACME, OPEN_NS, PRESENT_NS)) == 4 * 90
    assert [one.id for one in await feed.fetch_instruments()] == [ACME]
    assert feed.serves(ACME)
    assert feed.status.state is FeedState.LIVE
    assert feed.status.received_ns == feed.now_ns


def test_nothing_can_come_any_more_of_the_time_before_the_bar_under_way(market):
    ticks = PastTicks(market, ACME, SESSIONS)
    now_ns = OPEN_NS + 90 * SECOND_NS
    assert ticks.settled_ns(now_ns, OPEN_NS + MINUTE_NS - 1) == OPEN_NS + MINUTE_NS
    assert ticks.settled_ns(now_ns, OPEN_NS + MINUTE_NS) == now_ns
    assert ticks.under_way_ns(now_ns) == OPEN_NS + MINUTE_NS


def test_time_passes_only_while_a_market_is_open():
    close_ns = int(SESSIONS.close_ns[3])
    assert after_open_time(OPEN_NS, HOUR_NS, [SESSIONS]) == OPEN_NS + HOUR_NS
    assert after_open_time(close_ns - MINUTE_NS, MINUTE_NS, [SESSIONS]) == close_ns
    assert after_open_time(close_ns - MINUTE_NS, 2 * MINUTE_NS, [SESSIONS]) == OPEN_NS + DAY_NS + MINUTE_NS
    assert after_open_time(close_ns + HOUR_NS, 1, [SESSIONS]) == OPEN_NS + DAY_NS + 1
    assert after_open_time(close_ns + HOUR_NS, 0, [SESSIONS]) == close_ns + HOUR_NS
    assert after_open_time(0, HOUR_NS, [SESSIONS]) == int(SESSIONS.open_ns[0]) + HOUR_NS
    after_ns = int(SESSIONS.close_ns[-1]) + HOUR_NS
    assert after_open_time(after_ns, HOUR_NS, [SESSIONS]) == after_ns + HOUR_NS
    assert after_open_time(5, HOUR_NS, []) == 5 + HOUR_NS
    night = SessionTable("night", DAYS, DAYS + 17 * HOUR_NS, DAYS + 23 * HOUR_NS)
    assert after_open_time(close_ns - MINUTE_NS, HOUR_NS, [SESSIONS, night]) == close_ns + 59 * MINUTE_NS
