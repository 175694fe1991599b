"""How an alert stands, and why it is blind."""

import math

import numpy as np
import pytest

from backend.alerts.alert import Alert, Operator, PercentCondition, PriceCondition, TimeCondition
from backend.alerts.firing import Standing
from backend.alerts.standing import Sight, row_of, standing_of
from backend.alerts.store import StoredAlert
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.market.feeds.feed import FeedState, FeedStatus
from backend.market.feeds.live_row import LiveRow, LiveSnapshot

SECOND_NS = 10**9
NOW = 1_000 * SECOND_NS
AAPL = InstrumentId("AAPL", "XNAS")
SHUT = SessionTable("T", np.array([0, 5_000 * SECOND_NS]), np.array([0, 5_000 * SECOND_NS]), np.array([500, 6_000]) * SECOND_NS)


def stored(condition=None, **changes):
    kept = {name: changes.pop(name) for name in ("is_resting", "last_fired_ns") if name in changes}
    made = Alert("one", str(AAPL), condition or PriceCondition(Operator.ABOVE, 100.0), **changes)
    return StoredAlert(made, **kept)


def live(state=FeedState.LIVE, heard_s=0.0, words=""):
    status = FeedStatus(state, words=words, received_ns=NOW - round(heard_s * SECOND_NS))
    return LiveSnapshot(1, {"f": status}, {AAPL: LiveRow("f", 101.0, 1, status.received_ns)})


def blind(words):
    return Standing.BLIND, words


@pytest.mark.parametrize(
    ("given", "snapshot", "sight", "expected"),
    [
        (stored(), live(), Sight(), (Standing.ARMED, "")),
        (stored(is_enabled=False), live(), Sight(), (Standing.OFF, "")),
        (stored(expires_ns=NOW), live(), Sight(), (Standing.EXPIRED, "")),
        (stored(is_resting=True), live(FeedState.WAITING), Sight(), (Standing.FIRED, "")),
        (stored(cooldown_s=10.0, last_fired_ns=NOW - 9 * SECOND_NS), live(), Sight(), (Standing.COOLING, "")),
        (stored(cooldown_s=10.0, last_fired_ns=NOW - 10 * SECOND_NS), live(), Sight(), (Standing.ARMED, "")),
        (stored(), LiveSnapshot(), Sight(), blind("No feed serves AAPL.XNAS.")),
        (
            stored(),
            live(FeedState.REFUSED, words="Bad key."),
            Sight(),
            blind("The feed f was refused by its venue: Bad key."),
        ),
        (stored(), live(heard_s=60), Sight(), blind("Nothing has come from the feed f for 60 s.")),
        (stored(), live(heard_s=60), Sight(sessions=SHUT), (Standing.ARMED, "")),
        (stored(), live(FeedState.WAITING), Sight(sessions=SHUT), blind("The feed f is down.")),
        (stored(), live(), Sight("Its drawing is gone."), blind("Its drawing is gone.")),
        (stored(TimeCondition(NOW + 1)), LiveSnapshot(), Sight(), (Standing.ARMED, "")),
        (stored(), None, Sight("There are no bars."), (Standing.ARMED, "")),
    ],
)
def test_standing_and_its_reason(given, snapshot, sight, expected):
    assert standing_of(given, snapshot, sight, NOW) == expected


def test_a_row_tells_how_far_the_price_is_from_its_level():
    row = row_of(stored(), (Standing.ARMED, ""), "Price above 100.00", (80.0, 100.0))
    assert (row.value, row.level, row.distance_pct, row.is_price_level) == (80.0, 100.0, 25.0, True)


def test_a_row_of_a_move_tells_percents_and_the_way_in_prices():
    row = row_of(stored(PercentCondition(Operator.AT_LEAST, 5.0)), (Standing.ARMED, ""), "", (102.0, 105.0))
    assert (row.value, row.level) == (pytest.approx(2.0), 5.0)
    assert row.distance_pct == pytest.approx(100 * 3 / 102)
    assert not row.is_price_level
    assert math.isnan(row_of(stored(), (Standing.ARMED, ""), "", (math.nan, 1.0)).distance_pct)
