"""Alerts typed into the palette in words."""

import math

import pytest

from backend.alerts.alert import AllOf, IndicatorCondition, IndicatorRef, Operator, PriceCondition
from trii_desktop.alerts.typed import Typed, parse_typed


@pytest.mark.parametrize(
    ("text", "code", "operator", "price"),
    [
        ("alert aapl > 180", "aapl", Operator.ABOVE, 180.0),
        ("alert aapl>=180.25", "aapl", Operator.AT_LEAST, 180.25),
        ("ALERT BRK.B below 1,412.50", "BRK.B", Operator.CROSSES_BELOW, 1412.5),
        ("alert AAPL.XNAS crosses 12_000", "AAPL.XNAS", Operator.CROSSES, 12_000.0),
        ("alert wti under -3.5", "wti", Operator.CROSSES_BELOW, -3.5),
        ("alert btcusdt 61000", "btcusdt", None, 61_000.0),
        ("alert > 180", "", Operator.ABOVE, 180.0),
        ("alert above 180", "", Operator.CROSSES_ABOVE, 180.0),
        ("alert 180.5", "", None, 180.5),
    ],
)
def test_a_price_and_what_it_is_compared_with_are_read(text, code, operator, price):
    assert parse_typed(text) == Typed(code, operator, price)


def test_a_code_alone_asks_for_the_editor():
    typed = parse_typed("alert aapl")
    assert typed is not None
    assert (typed.code, typed.operator) == ("aapl", None)
    assert math.isnan(typed.price)


@pytest.mark.parametrize(
    "text", ["", "alert", "alert ", "alerts", "aapl > 180", "alert aapl >", "alert aapl sideways 180", "alert above"]
)
def test_what_is_no_alert_is_left_to_the_other_sources(text):
    assert parse_typed(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [("alert aapl rsi(14) crosses below 30 and price > 180", "aapl"), ("alert rsi(14) crosses below 30 and price > 180", "")],
)
def test_whatever_the_command_line_reads_is_read_here_too(text, code):
    typed = parse_typed(text)
    assert typed is not None
    assert typed.code == code
    assert typed.condition == AllOf(
        (
            IndicatorCondition(IndicatorRef("rsi", {"period": 14}), Operator.CROSSES_BELOW, 30.0),
            PriceCondition(Operator.ABOVE, 180.0),
        )
    )
