"""Ids, price steps and lots."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.instruments import CENT, Instrument, InstrumentId, InstrumentKind, PriceStep
from backend.errors import InvalidInput

TICKS = (PriceStep(Decimal(0), Decimal("0.0001")), PriceStep(Decimal(1), Decimal("0.01")))


@pytest.mark.parametrize(
    ("text", "code", "venue"),
    [("AAPL.XNAS", "AAPL", "XNAS"), ("brk.b.xnys", "BRK.B", "XNYS"), (" eurusd.fx ", "EURUSD", "FX"), ("^GSPC.INDEX", None, None)],
)
def test_an_id_is_split_at_its_last_dot(text, code, venue):
    if code is None:
        with pytest.raises(InvalidInput, match="instrument's code"):
            InstrumentId.parse(text)
    else:
        assert InstrumentId.parse(text) == InstrumentId(code, venue)


@pytest.mark.parametrize(
    "text", ["", "AAPL", ".XNAS", "AAPL.", "AAPL.X", "../../etc.XNAS", "A\nB.XNAS", "AAPL .XNAS", "\uff21\uff21PL.XNAS"]
)
def test_what_is_not_an_id_is_refused_with_the_text_and_a_way_out(text):
    with pytest.raises(InvalidInput) as caught:
        InstrumentId.parse(text)
    assert caught.value.hint
    assert caught.value.code.startswith("instrument.")


@given(st.from_regex(r"[A-Z0-9][A-Z0-9.]{0,9}", fullmatch=True), st.from_regex(r"[A-Z][A-Z0-9]{1,11}", fullmatch=True))
def test_reading_what_was_written_gives_the_same_id(code, venue):
    instrument = InstrumentId(code, venue)
    assert InstrumentId.parse(str(instrument)) == instrument


def test_the_price_step_depends_on_the_price():
    instrument = Instrument(InstrumentId("PENNY", "XNAS"), "Penny", price_steps=TICKS)
    assert instrument.step_at(Decimal("0.5")) == Decimal("0.0001")
    assert instrument.step_at(Decimal(1)) == Decimal("0.01")
    assert instrument.round_price(Decimal("0.12345")) == Decimal("0.1234")
    assert instrument.round_price(Decimal("12.345")) == Decimal("12.34")


def test_without_price_steps_any_price_stands():
    assert Instrument(InstrumentId("X", "FX"), "x").round_price(Decimal("1.234567")) == Decimal("1.234567")


@given(st.decimals(min_value=0, max_value=10**6, places=6))
def test_a_rounded_quantity_is_whole_lots_and_never_more_than_asked(quantity):
    instrument = Instrument(InstrumentId("BTCUSDT", "BINANCE"), "Bitcoin", lot=Decimal("0.001"))
    rounded = instrument.round_quantity_down(quantity)
    assert rounded <= quantity < rounded + instrument.lot
    assert rounded % instrument.lot == 0


def test_a_negative_quantity_is_refused():
    with pytest.raises(InvalidInput, match="below 0"):
        Instrument(InstrumentId("X", "FX"), "x").round_quantity_down(Decimal(-1))


@pytest.mark.parametrize("kind", list(InstrumentKind))
def test_only_kinds_that_can_go_below_zero_say_so(kind):
    instrument = Instrument(InstrumentId("X", "FX"), "x", kind=kind)
    expected = kind in {InstrumentKind.COMMODITY, InstrumentKind.FUTURE, InstrumentKind.RATE, InstrumentKind.SPREAD}
    assert instrument.may_be_negative is expected


@pytest.mark.parametrize(
    "fields",
    [{"currency": "usd"}, {"lot": Decimal(0)}, {"price_steps": (TICKS[1], TICKS[0])}, {"price_steps": (*CENT, *CENT)}],
)
def test_impossible_instruments_are_refused(fields):
    with pytest.raises(InvalidInput):
        Instrument(InstrumentId("X", "FX"), "x", **fields)


def test_a_price_step_of_zero_is_refused():
    with pytest.raises(InvalidInput):
        PriceStep(Decimal(0), Decimal(0))
