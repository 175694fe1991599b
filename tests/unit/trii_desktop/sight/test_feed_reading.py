"""What the status bar says of feeds: the one that needs a look most."""

from dataclasses import replace

import pytest

from backend.events import FeedLagging
from backend.market.feeds.feed import FeedState, FeedStatus
from backend.market.feeds.live_row import LiveSnapshot
from trii_desktop.sight.feed_reading import feeds_reading

NOW_NS = 1_760_000_000 * 10**9
LIVE = FeedStatus(FeedState.LIVE, received_ns=NOW_NS - 200_000_000)


def said(*lags, **feeds):
    reading = feeds_reading(LiveSnapshot(1, feeds), NOW_NS, lags)
    return reading.brief, reading.is_warning


def test_live_feeds_tell_the_age_of_the_quietest():
    assert said(binance=LIVE) == ("Binance live, 0.2 s", False)
    quiet = replace(LIVE, received_ns=NOW_NS - 4_000_000_000)
    assert said(binance=LIVE, kraken=quiet) == ("2 feeds live, 4.0 s", False)


@pytest.mark.parametrize(
    ("status", "brief", "is_warning"),
    [
        (FeedStatus(FeedState.CONNECTING), "Kraken: connecting", False),
        (FeedStatus(FeedState.WAITING, "Lost."), "Kraken: waiting", True),
        (FeedStatus(FeedState.REFUSED, "No."), "Kraken: refused", True),
        (replace(LIVE, received_ns=NOW_NS - 42_000_000_000), "Kraken silent for 42 s", True),
        (replace(LIVE, received_ns=NOW_NS - 42_000_000_000, delay_s=900.0), "2 feeds live, 42 s", False),
        (replace(LIVE, skew_ns=-1_500_000_000), "Kraken: clock 1.5 s behind", True),
        (replace(LIVE, skew_ns=900_000_000), "2 feeds live, 0.2 s", False),
    ],
)
def test_the_feed_that_needs_a_look_is_told_before_the_others(status, brief, is_warning):
    assert said(binance=LIVE, kraken=status) == (brief, is_warning)


def test_a_refused_feed_is_told_before_one_that_waits():
    waits, refused = FeedStatus(FeedState.WAITING), FeedStatus(FeedState.REFUSED)
    assert said(alpaca=waits, kraken=refused)[0] == "Kraken: refused"


def test_the_largest_lag_is_told_and_all_of_them_are_read_out():
    lags = (FeedLagging("binance", 400.0, 900), FeedLagging("kraken", 2_500.0, 8_000))
    assert said(*lags, binance=LIVE, kraken=LIVE) == ("Kraken lags 2.5 s", True)
    value = feeds_reading(LiveSnapshot(1, {"binance": LIVE, "kraken": LIVE}), NOW_NS, lags).value
    assert "binance lags 400 ms, 900 trades wait" in value
    assert "Kraken live, heard 0.2 s ago" in value
