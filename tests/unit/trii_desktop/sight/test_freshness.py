"""What a shown price is worth, in words."""

import math
from dataclasses import replace

import pytest

from backend.market.feeds.feed import FeedState, FeedStatus
from tests.fakes.shown_market import BITCOIN, ETHER, FakeMarket
from trii_desktop.sight.freshness import Freshness, Sight, format_age

ID = BITCOIN.id


@pytest.fixture
def market():
    made = FakeMarket()
    made.serve(ID)
    return made


def standing(market, *, is_open=None):
    return Sight(market, market.clock_ns, lambda _instrument: is_open).standing(ID)


def test_a_price_that_was_just_heard_is_live_and_says_how_old_it_is(market):
    market.pass_s(0.2)
    found = standing(market)
    assert (found.freshness, found.badge, found.tip) == (Freshness.LIVE, "LIVE 0.2 s", "Binance, 0.2 s ago")
    assert not found.is_doubtful


def test_a_feed_that_is_silent_for_too_long_makes_its_prices_stale(market):
    market.set_status("binance", words="The connection was lost.")
    market.pass_s(42)
    found = standing(market)
    assert (found.badge, found.tip) == ("STALE 42 s", "Binance: stale for 42 s. The connection was lost.")
    assert found.is_doubtful


def test_a_feed_that_went_down_makes_its_prices_stale_at_once(market):
    market.set_status("binance", state=FeedState.WAITING)
    market.pass_s(1)
    assert standing(market).badge == "STALE 1.0 s"


def test_a_sign_of_life_of_the_feed_keeps_a_quiet_instrument_live(market):
    market.pass_s(600)
    market.set_status("binance", received_ns=market.now_ns)
    assert standing(market).freshness is Freshness.LIVE


def test_a_market_that_is_shut_is_closed_and_not_stale(market):
    market.pass_s(3_600)
    found = standing(market, is_open=False)
    assert (found.badge, found.tip) == ("CLOSED", "The market is closed, Binance heard 1 h 00 min ago")
    assert not found.is_doubtful


def test_what_trades_outside_the_hours_of_its_calendar_is_live(market):
    market.pass_s(5)
    assert standing(market, is_open=False).freshness is Freshness.LIVE


def test_a_delayed_source_says_by_how_much_and_is_stale_only_after_that(market):
    market.set_status("binance", delay_s=900.0)
    market.pass_s(600)
    found = standing(market, is_open=True)
    assert (found.badge, found.tip) == ("DELAYED 15 min", "Binance, delayed by 15 min, heard 10 min 00 s ago")
    market.pass_s(600)
    assert standing(market).freshness is Freshness.STALE


def test_a_feed_that_connects_for_the_first_time_is_connecting_and_not_stale():
    market = FakeMarket()
    market.serve(ID, status=FeedStatus(FeedState.CONNECTING))
    row = market.snapshot().rows[ID]
    market._snapshot = replace(market.snapshot(), rows={ID: replace(row, received_ns=0, last_ns=0)})
    found = standing(market)
    assert (found.badge, found.tip, found.is_doubtful) == ("CONNECTING", "Binance is connecting", True)


def test_a_feed_that_never_brought_a_price_says_so():
    market = FakeMarket()
    market.serve(ID, status=FeedStatus(FeedState.REFUSED, words="The key is wrong."))
    market._snapshot = replace(market.snapshot(), rows={ID: replace(market.snapshot().rows[ID], received_ns=0)})
    found = standing(market)
    assert (found.badge, found.tip) == ("NO PRICE YET", "Binance: no price yet. The key is wrong.")


def test_an_instrument_without_feed_has_no_badge_and_no_words(market):
    found = Sight(market, market.clock_ns).standing(ETHER.id)
    assert (found.freshness, found.badge, found.tip, found.is_doubtful) == (Freshness.NONE, "", "", False)


@pytest.mark.parametrize(
    ("age_s", "words"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (125, "2 min 05 s"), (math.inf, "never")]
)
def test_ages_are_told_as_exactly_as_they_matter(age_s, words):
    assert format_age(age_s) == words
