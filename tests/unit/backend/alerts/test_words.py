"""Conditions and firings read as a person would say them."""

import pytest

from backend.alerts.alert import (
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
from backend.alerts.words import Wording, quoted, tell_condition, tell_firing

WORDING = Wording("AAPL", 2, "1h", {"d": "trend line “top”"})
RSI = IndicatorRef("rsi", {"period": 14})
PRICE = PriceCondition(Operator.CROSSES_ABOVE, 180.0)
EMA = IndicatorRef("ema", {"period": 50})
SPIKE = VolumeCondition(Operator.ABOVE, 2.0, 20)
RISE = PercentCondition(Operator.AT_LEAST, 5.0)
LOW = IndicatorCondition(RSI, Operator.BELOW, 30.0)
AT = 1_700_000_000 * 10**9


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (PRICE, "Price rises above 180.00"),
        (PriceCondition(Operator.BELOW, 1_068_123.5), "Price below 1,068,123.50"),
        (PriceCondition(Operator.BELOW, -3_700.25), "Price below -3,700.25"),
        (PriceCondition(Operator.AT_MOST, 0.123456), "Price at or below 0.123456"),
        (LOW, "RSI 14 below 30 on 1h"),
        (
            IndicatorCondition(EMA, Operator.CROSSES, is_price=True),
            "EMA 50 crosses the price on 1h",
        ),
        (IndicatorCondition(IndicatorRef("ema", {"period": 9}), Operator.ABOVE, 180.0), "EMA 9 above 180.00 on 1h"),
        (DrawingCondition("d", Operator.CROSSES), "Price crosses the trend line “top”"),
        (DrawingCondition("?", Operator.BELOW, "lower"), "Price below the lower edge of the drawing"),
        (DrawingCondition("d", Operator.ABOVE, "level:0.618"), "Price above the 0.618 level of the trend line “top”"),
        (PercentCondition(Operator.AT_LEAST, 5.0), "Move since the previous close at or above +5%"),
        (PercentCondition(Operator.BELOW, -3.0, "bars", 4), "Move since 4 bars of 1h ago below -3%"),
        (VolumeCondition(Operator.ABOVE, 2.0, 20), "Volume of a 1h bar above 2 times its average of 20 bars"),
        (VolumeCondition(Operator.ABOVE, 1e6), "Volume of a 1h bar above 1,000,000"),
        (TimeCondition(AT), "Time is 2023-11-14 22:13:20 UTC"),
        (
            AllOf((PRICE, AnyOf((LOW, TimeCondition(AT))))),
            "Price rises above 180.00 and (RSI 14 below 30 on 1h or time is 2023-11-14 22:13:20 UTC)",
        ),
    ],
)
def test_a_condition_is_a_plain_sentence(condition, words):
    assert tell_condition(condition, WORDING) == words


@pytest.mark.parametrize(
    ("leaf", "sides", "words"),
    [
        (PRICE, (180.02, 180.0), "AAPL rose above 180.00 (180.02)."),
        (PRICE, (45.02, 45.0), "AAPL rose above 45.00 (45.02)."),
        (LOW, (29.4, 30.0), "AAPL: RSI 14 is below 30 (29.4) on 1h."),
        (DrawingCondition("d", Operator.CROSSES_BELOW), (99.5, 100.0), "AAPL fell below the trend line “top” at 100.00 (99.50)."),
        (
            PercentCondition(Operator.AT_LEAST, 5.0),
            (5.1, 5.0),
            "AAPL: the move since the previous close is at or above +5% (+5.10%).",
        ),
        (
            VolumeCondition(Operator.ABOVE, 2.0, 20),
            (5000.0, 2000.0),
            "AAPL: the volume of a 1h bar is above 2 times its average of 20 bars (5,000).",
        ),
        (TimeCondition(AT), (float("nan"), float("nan")), "AAPL: it is 2023-11-14 22:13:20 UTC."),
    ],
)
def test_a_firing_is_a_plain_sentence_with_what_was_seen(leaf, sides, words):
    assert tell_firing(leaf, WORDING, *sides) == words


@pytest.mark.parametrize(
    ("price", "decimals", "text"), [(180.0, 2, "180.00"), (0.5, 0, "0.5"), (1e-7, 2, "1e-07"), (-3.25, 1, "-3.25")]
)
def test_no_decimals_are_hidden_that_were_asked_for(price, decimals, text):
    assert quoted(price, decimals) == text
