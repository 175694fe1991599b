"""What cannot be watched is refused in plain words, before anything is stored."""

import math

import msgspec
import pytest

from backend.alerts.alert import (
    Alert,
    AllOf,
    AnyOf,
    DrawingCondition,
    IndicatorCondition,
    IndicatorRef,
    Operator,
    PercentCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from backend.alerts.checks import check_alert, check_is_ahead
from backend.errors import InvalidInput

ABOVE = Operator.ABOVE
PRICE = PriceCondition(ABOVE, 1.0)
NESTED = AllOf((AllOf((AllOf((AllOf((AllOf((PRICE,)),)),)),)),))


def alert(condition=PRICE, **changes):
    return Alert(**{"id": "one", "instrument": "AAPL.XNAS", "condition": condition, **changes})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (alert(PriceCondition(ABOVE, math.nan)), "price of an alert cannot be nan"),
        (alert(PriceCondition(ABOVE, math.inf)), "cannot be inf"),
        (alert(PercentCondition(ABOVE, 5, "yesterday")), "since 'yesterday'"),
        (alert(PercentCondition(ABOVE, 5, "bars", 0)), "over 0 bars"),
        (alert(PercentCondition(ABOVE, 5, "price")), "from a price of 0"),
        (alert(IndicatorCondition(IndicatorRef("rsy"), ABOVE, 1)), "There is no indicator 'rsy'"),
        (alert(IndicatorCondition(IndicatorRef("rsi", {"length": 3}), ABOVE, 1)), "no parameter 'length'"),
        (alert(IndicatorCondition(IndicatorRef("rsi", {"period": 0}), ABOVE, 1)), "cannot be 0"),
        (alert(IndicatorCondition(IndicatorRef("rsi", {}, "", "upper"), ABOVE, 1)), "no output 'upper'"),
        (alert(IndicatorCondition(IndicatorRef("rsi", {}, "volumes"), ABOVE, 1)), "cannot read 'volumes'"),
        (alert(IndicatorCondition(IndicatorRef("rsi"), ABOVE, 0, IndicatorRef("rsi"), is_price=True)), "at once"),
        (alert(DrawingCondition("d", ABOVE, "level:x")), "no line 'level:x'"),
        (alert(DrawingCondition("", ABOVE)), "not the id of a drawing"),
        (alert(VolumeCondition(ABOVE, -1)), "volume cannot be -1"),
        (alert(VolumeCondition(ABOVE, 1, -1)), "averaged over -1"),
        (alert(TimeCondition(0)), "not a time"),
        (alert(AllOf(())), "group of conditions is empty"),
        (alert(AnyOf((PRICE,) * 17)), "has 17 conditions"),
        (alert(NESTED), "5 deep"),
        (alert(spec="7x"), "'7x' is not a bar interval"),
        (alert(instrument="AAPL"), "'AAPL' is not an instrument id"),
        (alert(name="x" * 256), "256 characters"),
        (alert(name="a\x1b[31m"), "cannot be shown"),
        (alert(sound="../x"), "no sound"),
        (alert(channels=("a", "a")), "2 channels"),
        (alert(channels=(" ",)), "no name"),
        (alert(cooldown_s=-1.0), "rest for -1"),
        (alert(cooldown_s=math.nan), "rest for nan"),
        (alert(rearm=51.0), "51"),
        (alert(id=""), "has the id"),
        (alert(version=2), "version 2"),
    ],
)
def test_what_cannot_be_is_refused_with_its_values(given, said):
    with pytest.raises(InvalidInput) as caught:
        check_alert(given)
    assert said in caught.value.message
    assert caught.value.hint


def test_names_numbers_and_intervals_are_kept_in_one_form():
    bands = IndicatorCondition(IndicatorRef("BBANDS", {"timeperiod": 20}), ABOVE, 1)
    given = alert(bands, instrument="aapl.xnas", spec="60m", rearm=1)
    made = check_alert(given)
    assert (made.instrument, made.spec) == ("AAPL.XNAS", "1h")
    assert made.condition.left.indicator == "bollinger"
    assert made.condition.left.params["period"] == 20
    assert isinstance(made.rearm, float)
    assert isinstance(made.condition.value, float)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Alert) == made


@pytest.mark.parametrize("given", [alert(expires_ns=10), alert(TimeCondition(10))])
def test_what_is_over_already_is_refused_and_what_lies_ahead_is_not(given):
    check_is_ahead(given, 9)
    with pytest.raises(InvalidInput):
        check_is_ahead(given, 10)
