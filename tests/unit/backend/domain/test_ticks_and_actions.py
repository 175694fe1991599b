"""Quotes, trades, splits and dividends refuse what cannot be."""

from decimal import Decimal

import pytest

from backend.domain.actions import Dividend, Split
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import Quote, Trade
from backend.errors import InvalidInput

AAPL = InstrumentId("AAPL", "XNAS")
NAN = float("nan")


def test_a_quote_may_be_locked_but_not_crossed_and_never_nan():
    assert Quote(AAPL, 1, 2, 10.0, 10.0).bid == 10.0
    for bid, ask in ((10.1, 10.0), (NAN, 10.0), (10.0, NAN)):
        with pytest.raises(InvalidInput, match="crossed"):
            Quote(AAPL, 1, 2, bid, ask)


def test_a_trade_needs_a_price_and_a_quantity_of_at_least_zero():
    assert Trade(AAPL, 1, 2, -37.63, 0.0).price == -37.63
    for price, quantity in ((NAN, 1.0), (1.0, -1.0), (1.0, NAN)):
        with pytest.raises(InvalidInput):
            Trade(AAPL, 1, 2, price, quantity)


def test_actions_of_nothing_are_refused():
    with pytest.raises(InvalidInput):
        Split(AAPL, 0, Decimal(0))
    with pytest.raises(InvalidInput):
        Dividend(AAPL, 0, Decimal("-0.1"))
