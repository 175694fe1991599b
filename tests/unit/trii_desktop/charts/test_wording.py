"""What the chart says: digits, times and the legend."""

import re
from datetime import UTC
from decimal import Decimal

import numpy as np
import pytest

from backend.domain.bars import BarArrays, BarSpec
from backend.domain.instruments import Instrument, InstrumentId, PriceStep
from backend.market.growing_bars import snapshot_of
from tests.fakes.bars import DAYS, INSTRUMENT, MINUTES, START_NS, make_bars, make_days, make_line
from trii_desktop.charts.wording import Told, legend_words, price_decimals, time_words, zone_of

NO_STEPS = Instrument(InstrumentId("X", "FX"), "X", timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("closes", "decimals"),
    [
        ([1.0716, 1.07222, 1.07083], 5),
        ([430.47, 431.0], 2),
        ([1228.099976, 1244.780029], 2),
        ([0.00001234, 0.00001301], 8),
        ([25.56, 26.0], 2),
        ([0.125, 0.25], 3),
        ([9.379e-9, 9.4e-9], 12),
        ([0.0, 0.0], 2),
    ],
)
def test_prices_show_the_digits_they_have_within_reason(closes, decimals):
    assert price_decimals(NO_STEPS, snapshot_of(make_line(closes))) == decimals


def test_a_price_step_says_how_many_digits_there_are():
    futures = Instrument(InstrumentId("ZB", "XCBT"), "Bond", price_steps=(PriceStep(Decimal(0), Decimal("0.03125")),))
    assert price_decimals(futures, snapshot_of(make_line([120.5]))) == 5
    assert price_decimals(INSTRUMENT, snapshot_of(make_line([120.123456]))) == 2
    assert price_decimals(None, snapshot_of(BarArrays.empty())) == 2


def test_dates_are_said_as_session_dates_and_instants_in_the_instrument_s_zone():
    assert time_words(START_NS, DAYS, UTC) == "Mon 8 Jan 2024"
    assert time_words(START_NS, MINUTES, zone_of(INSTRUMENT, MINUTES)) == "Mon 8 Jan 2024  09:30"
    assert time_words(START_NS + 5 * 10**9, MINUTES, zone_of(NO_STEPS, MINUTES)) == "Mon 8 Jan 2024  15:30:05"
    assert time_words(-86_400 * 10**9, DAYS, UTC) == "Wed 31 Dec 1969"


def test_a_zone_nobody_knows_is_read_as_utc():
    assert zone_of(Instrument(InstrumentId("X", "FX"), "X", timezone="Mars/Base"), MINUTES) is UTC


def test_the_legend_tells_prices_change_and_volume():
    bars = BarArrays(
        make_days(2).event_ns, *(np.array(v) for v in ([10.0, 11.0], [12.0, 13.5], [9.5, 10.5], [11.0, 12.5], [1e6, 19.7e6]))
    )
    words = legend_words(INSTRUMENT, DAYS, snapshot_of(bars), 1, Told(2, is_adjusted=True))
    assert words.title == "AAPL.XNAS"
    assert words.details == "Apple Inc. · 1d · adjusted"
    said = [f"{value.name} {value.text}".strip() for value in words.values]
    assert said[:4] == ["O 11.00", "H 13.50", "L 10.50", "C 12.50"]
    assert re.fullmatch(r"\+1\.50 \(\+13\.64\s%\)", said[4])
    assert said[5] == "Vol 19.7M"
    assert words.is_up
    assert words.spoken.startswith("AAPL.XNAS, 1 day bars, Tue 9 Jan 2024: open 11.00, high 13.50, low 10.50, close 12.50, change")


def test_the_first_bar_has_no_change():
    words = legend_words(INSTRUMENT, DAYS, snapshot_of(make_days(3)), 0, Told(2))
    assert [value.name for value in words.values] == ["O", "H", "L", "C", "Vol"]


def test_a_series_of_single_values_tells_the_value_and_its_change():
    words = legend_words(INSTRUMENT, DAYS, snapshot_of(make_line([10.0, 9.0])), 1, Told(2))
    assert [value.name for value in words.values] == ["C", ""]
    assert not words.is_up


@pytest.mark.parametrize("row", [-1, 0, 5])
def test_a_bar_that_is_not_there_leaves_the_instrument_alone(row):
    words = legend_words(INSTRUMENT, BarSpec.parse("500t"), snapshot_of(make_bars(0)), row, Told(2))
    assert words.values == ()
    assert "no bars" in words.spoken


def test_a_change_from_zero_has_no_percentage():
    words = legend_words(NO_STEPS, DAYS, snapshot_of(make_line([0.0, 1.5])), 1, Told(2))
    assert words.values[1].text == "+1.50 (\u2013)"
