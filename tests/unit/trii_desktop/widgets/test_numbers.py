"""Numbers, sizes and times as a trader reads them."""

from zoneinfo import ZoneInfo

import pytest

from trii_desktop.widgets.numbers import (
    DASH,
    MINUS,
    decimals_of,
    format_bytes,
    format_change,
    format_compact,
    format_percent,
    format_price,
    format_seconds,
    format_time,
)

NAN = float("nan")


@pytest.mark.parametrize(
    ("price", "words"),
    [(1234.5, "1,234.50"), (1.08427, "1.0843"), (0.00001234, "0.00001234"), (-37.63, f"{MINUS}37.63"), (0.0, "0.00"), (NAN, DASH)],
)
def test_prices_keep_as_many_digits_as_their_size_needs(price, words):
    assert format_price(price) == words


def test_a_price_that_rounds_to_zero_has_no_sign():
    assert format_price(-1e-9, 4) == format_price(-0.0, 4) == "0.0000"
    assert format_price(-0.00006, 4) == "\u22120.0001"


def test_decimals_never_exceed_eight():
    assert decimals_of(1e-30) == 8


@pytest.mark.parametrize(
    ("change", "words"), [(1.2, "+1.20"), (-0.35, f"{MINUS}0.35"), (0.001, "0.00"), (-0.001, "0.00"), (NAN, DASH)]
)
def test_changes_carry_a_sign_unless_they_round_to_nothing(change, words):
    assert format_change(change) == words


def test_percents_have_a_narrow_space_before_the_sign():
    assert format_percent(-2.476) == f"{MINUS}2.48\u202f%"


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        (999, "999"),
        (999.7, "1K"),
        (19_730_300, "19.7M"),
        (3_436_480_000, "3.44B"),
        (250_000, "250K"),
        (999_950, "1M"),
        (12.345, "12.35"),
        (NAN, DASH),
    ],
)
def test_quantities_are_cut_to_three_figures(quantity, words):
    assert format_compact(quantity) == words


def test_sizes_and_durations_are_said_in_the_unit_that_fits():
    assert [format_bytes(n) for n in (12, 2_500, 231_300_000, 10e9)] == ["12 bytes", "2.5 kB", "231.3 MB", "10.0 GB"]
    assert [format_seconds(s) for s in (0.2, 59.6, 125, 3_780)] == ["0 s", "1 min 00 s", "2 min 05 s", "1 h 03 min"]


def test_labels_show_a_date_and_instants_the_time_of_their_zone():
    instant = 1_704_724_200 * 1_000_000_000
    assert format_time(instant, is_dated=True) == "2024-01-08"
    assert format_time(instant, is_dated=False, zone=ZoneInfo("America/New_York")) == "2024-01-08 09:30"
    assert format_time(instant + 5_000_000_000, is_dated=False) == "2024-01-08 14:30:05"
