"""The look every five seconds: it finds what the engine missed, and doubts nothing that the engine did."""

from types import SimpleNamespace

import numpy as np
import pytest

from backend.alerts.alert import Alert, Operator, PriceCondition, Repeat
from backend.alerts.store import StoredAlert
from backend.alerts.sweep import Fires, Sweep
from backend.domain.instruments import InstrumentId

SECOND_NS = 1_000_000_000


class OneLevel:
    """A watch of one alert on a price of 100."""

    def levels_at(self, _alert_id, _at_ns):
        return {0: 100.0}


def looked(sweep, price, price_ns, fires):
    """One look, with the price that was shown then."""
    alert = Alert("a", "BTCUSDT.BINANCE", PriceCondition(Operator.CROSSES, 100.0), repeat=Repeat.EVERY_TIME)
    row = SimpleNamespace(last=price, last_ns=price_ns)
    live = SimpleNamespace(rows={InstrumentId("BTCUSDT", "BINANCE"): row})
    return list(sweep.look([StoredAlert(alert)], live, price_ns + SECOND_NS, {"a": fires}))


def test_a_crossing_that_did_not_fire_is_missed():
    sweep = Sweep(OneLevel())
    assert not looked(sweep, 99.0, 10 * SECOND_NS, Fires(2, 4 * SECOND_NS))
    (missed,) = looked(sweep, 101.0, 15 * SECOND_NS, Fires(2, 4 * SECOND_NS))
    assert missed.turned.alert_id == "a"
    assert np.isclose(missed.turned.price, 101.0)


@pytest.mark.parametrize("newest_s", [11, 15])
def test_a_crossing_that_the_engine_had_seen_before_it_was_shown_is_not_missed(newest_s):
    sweep = Sweep(OneLevel())
    fires = Fires(3, newest_s * SECOND_NS)  # counted at the first look already, of a trade that is shown at the second
    assert not looked(sweep, 99.0, 10 * SECOND_NS, fires)
    assert not looked(sweep, 101.0, 15 * SECOND_NS, fires)
    # From then on it is doubted again.
    assert looked(sweep, 99.0, 20 * SECOND_NS, fires)


def test_who_stood_at_the_level_at_the_first_look_has_crossed_nothing_by_leaving_it():
    sweep, fires = Sweep(OneLevel()), Fires()
    assert not looked(sweep, 100.0, 10 * SECOND_NS, fires)
    assert not looked(sweep, 101.0, 15 * SECOND_NS, fires)  # the engine may have seen it come from there
    assert not looked(sweep, 100.0, 20 * SECOND_NS, fires)
    assert looked(sweep, 101.0, 25 * SECOND_NS, fires)
