"""Instruments that only a feed knows, on a real home: found, waited for, refused in plain words."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from backend.app import open_backend
from backend.clock import SystemClock
from backend.domain.bars import MINUTE_NS, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import NotFound, Unavailable
from backend.live.arrival import await_bars, find_served
from backend.market.feeds.feed import FeedState, FeedStatus
from tests.fakes.bars import make_bars
from tests.fakes.scripted_feed import ScriptedFeed
from tests.fakes.shown_market import BITCOIN, ETHER

MINUTES = BarSpec.parse("1m")


@contextlib.asynccontextmanager
async def served(home, *, has_bars=True):
    clock = SystemClock()
    async with open_backend(home, clock=clock, watch=False) as backend:
        feed = ScriptedFeed(clock, (BITCOIN, ETHER), name="binance", specs=("1m",))
        if has_bars:
            bars = make_bars(60)
            newest_ns = clock.now_ns() // MINUTE_NS * MINUTE_NS - MINUTE_NS
            feed.bars[(BITCOIN.id, "1m")] = replace(bars, event_ns=bars.event_ns + (newest_ns - int(bars.event_ns[-1])))
        await backend.jobs.begin()
        await backend.live.begin()
        backend.live.runs.run(feed)
        yield backend, feed


def arrival(backend, instrument, spec=MINUTES, **more):
    return await_bars(backend.live, backend.history, backend.bus, Series(instrument, spec), **more)


async def test_the_first_bars_of_an_instrument_are_waited_for_and_it_is_let_go_then(home):
    async with served(home) as (backend, feed):
        await asyncio.wait_for(arrival(backend, BITCOIN.id), 20)
        assert backend.history.can_make(BITCOIN.id, BarSpec.parse("15m"))
        assert (await backend.catalog.get(BITCOIN.id)).name == "Bitcoin"
        assert feed.wanted == {}


async def test_what_nothing_serves_is_not_waited_for(home):
    async with served(home) as (backend, _):
        with pytest.raises(NotFound, match="There are no bars of AAPL"):
            await arrival(backend, InstrumentId("AAPL", "XNAS"))


async def test_bars_that_do_not_come_are_given_up_with_what_the_feed_says(home):
    async with served(home, has_bars=False) as (backend, feed):
        feed.status = FeedStatus(FeedState.WAITING, "The connection was lost.")
        with pytest.raises(Unavailable, match="The connection was lost"):
            await arrival(backend, BITCOIN.id, wait_s=0.3)
        assert feed.wanted == {}


async def test_served_instruments_are_found_by_code_and_by_words_of_their_name(home):
    async with served(home) as (backend, _):
        for query, found in (("btcu", [BITCOIN.id]), ("ether", [ETHER.id]), ("usdt", []), ("", [])):
            assert [one.id for one in await find_served(backend.live, query, n_max=10)] == found
        assert await find_served(backend.live, "btc", n_max=0) == ()
