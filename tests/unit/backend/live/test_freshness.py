"""Up to when all has come: never further than the trades themselves say, however wrong this machine's clock is."""

import numpy as np
import pytest

from backend.bus import Bus
from backend.clock import ManualClock
from backend.domain.bars import MINUTE_NS, SECOND_NS
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.live.freshness import GRACE_NS, Freshness
from backend.market.feeds.feed import FeedState, FeedStatus, TickBatch
from tests.fakes.scripted_feed import ScriptedFeed

BTC = InstrumentId("BTCUSDT", "BINANCE")
NOW_NS = 1_000 * MINUTE_NS


@pytest.fixture
def freshness():
    return Freshness(ManualClock(NOW_NS), Bus())


@pytest.fixture
def feed():
    return ScriptedFeed(ManualClock(NOW_NS))


def trade_at(event_ns, received_ns):
    return TickBatch(received_ns, {BTC: TradeArrays(np.array([event_ns]), np.ones(1), np.ones(1), np.zeros(1, np.int8))})


def test_nothing_is_over_before_a_trade_has_told_the_venues_time(freshness, feed):
    freshness.took(feed, TickBatch(NOW_NS))

    assert freshness.over_ns(feed) is None


def test_all_has_come_up_to_shortly_before_the_newest_sign_of_life(freshness, feed):
    freshness.took(feed, trade_at(NOW_NS - 20_000_000, NOW_NS))
    freshness.took(feed, TickBatch(NOW_NS + 40 * SECOND_NS))

    assert freshness.over_ns(feed) == NOW_NS + 40 * SECOND_NS - 20_000_000 - GRACE_NS


def test_a_clock_of_this_machine_that_is_fast_closes_no_bar_early(freshness, feed):
    freshness.took(feed, trade_at(NOW_NS - 90 * SECOND_NS, NOW_NS))

    assert freshness.over_ns(feed) == NOW_NS - 90 * SECOND_NS - GRACE_NS


def test_a_clock_that_was_set_forward_is_seen_within_two_minutes(freshness, feed):
    freshness.took(feed, trade_at(NOW_NS, NOW_NS))
    for minute in (60, 61):
        received_ns = NOW_NS + minute * MINUTE_NS
        freshness.took(feed, trade_at(received_ns - 59 * MINUTE_NS, received_ns))

    assert freshness.over_ns(feed) == NOW_NS + 2 * MINUTE_NS - GRACE_NS


def test_a_delayed_feed_is_waited_for(freshness, feed):
    feed.status = FeedStatus(FeedState.LIVE, received_ns=NOW_NS, delay_s=900.0)
    freshness.took(feed, trade_at(NOW_NS, NOW_NS))

    assert freshness.over_ns(feed) == NOW_NS - 900 * SECOND_NS - GRACE_NS


def test_a_feed_that_is_down_says_nothing(freshness, feed):
    freshness.took(feed, trade_at(NOW_NS, NOW_NS))
    feed.status = FeedStatus(FeedState.WAITING)

    assert freshness.over_ns(feed) is None
