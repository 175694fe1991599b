"""Bar specs, single bars and columns of them."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, Bar, BarArrays, BarSpec, BarUnit
from backend.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "step", "unit"),
    [
        ("1m", 1, BarUnit.MINUTE),
        ("1M", 1, BarUnit.MONTH),
        ("3mo", 3, BarUnit.MONTH),
        ("4H", 4, BarUnit.HOUR),
        ("1d", 1, BarUnit.DAY),
        ("500t", 500, BarUnit.TICK),
        ("1000v", 1000, BarUnit.VOLUME),
        ("0.25r", "0.25", BarUnit.RANGE),
    ],
)
def test_an_interval_is_read_as_traders_write_it(text, step, unit):
    assert BarSpec.parse(text) == BarSpec(Decimal(step), unit)


@pytest.mark.parametrize(
    "text", ["", "m", "0m", "-5m", "1.5m", "5 minutes", "1e3t", "1x", "NaNm", "0r", "1" * 40 + "m", "36601d", "1201mo"]
)
def test_what_is_not_an_interval_is_refused_with_examples(text):
    with pytest.raises(InvalidInput) as caught:
        BarSpec.parse(text)
    assert caught.value.hint


@given(st.sampled_from(BarUnit), st.integers(1, 1200), st.integers(0, 12))
def test_reading_what_was_written_gives_the_same_spec(unit, step, decimals):
    spec = BarSpec(Decimal(step).scaleb(-decimals) if unit in {BarUnit.RANGE, BarUnit.VOLUME} else Decimal(step), unit)
    assert BarSpec.parse(str(spec)) == spec


def test_the_longest_bars_still_have_a_length_in_nanoseconds():
    for text in ("36600d", "5228w", "52704000m"):
        assert np.int64(BarSpec.parse(text).duration_ns) > 99 * 365 * DAY_NS


def test_only_months_and_event_bars_have_no_fixed_length():
    lengths = {text: BarSpec.parse(text).duration_ns for text in ("1m", "4h", "1d", "1w", "1mo", "100t", "5r", "9v")}
    expected = {
        "1m": MINUTE_NS,
        "4h": 4 * HOUR_NS,
        "1d": DAY_NS,
        "1w": 7 * DAY_NS,
        "1mo": None,
        "100t": None,
        "5r": None,
        "9v": None,
    }
    assert lengths == expected


def test_every_spec_is_dated_or_intraday_or_cut_by_events():
    kinds = {unit: (BarSpec(Decimal(1), unit).is_dated, BarSpec(Decimal(1), unit).is_intraday) for unit in BarUnit}
    assert {u for u, k in kinds.items() if k == (True, False)} == {BarUnit.DAY, BarUnit.WEEK, BarUnit.MONTH}
    assert {u for u, k in kinds.items() if k == (False, True)} == {BarUnit.SECOND, BarUnit.MINUTE, BarUnit.HOUR}
    assert not any(k == (True, True) for k in kinds.values())


@pytest.mark.parametrize(
    "prices",
    [
        (1, 2, 3, 1),
        (5, 4, 1, 2),
        (1, 2, 0, 3),
        (float("nan"), 2, 1, 1),
        (1, float("nan"), 1, 1),
        (3, 2, 2, 2),
        (1, float("inf"), 1, 1),
    ],
)
def test_a_bar_whose_high_or_low_is_not_the_extreme_is_refused(prices):
    with pytest.raises(InvalidInput):
        Bar(0, *prices)


def test_an_unknown_volume_is_allowed_and_a_negative_one_is_not():
    assert np.isnan(Bar(0, 1, 1, 1, 1).volume)
    with pytest.raises(InvalidInput, match="volume"):
        Bar(0, 1, 1, 1, 1, -1)
    with pytest.raises(InvalidInput, match="volume"):
        Bar(0, 1, 1, 1, 1, float("inf"))


def columns(n_bars):
    close = np.arange(1.0, n_bars + 1)
    return BarArrays(np.arange(n_bars, dtype=np.int64), close, close + 1, close - 1, close, np.full(n_bars, np.nan))


def test_columns_give_back_single_bars_and_slices():
    bars = columns(5)
    assert bars.bar(-1).close == 5.0
    assert len(bars[1:3]) == 2
    assert bars[1:3].bar(0) == bars.bar(1) or np.isnan(bars.bar(1).volume)


def test_columns_cannot_be_written_through():
    with pytest.raises(ValueError, match="read-only"):
        columns(3).close[0] = 9


def test_columns_of_unequal_length_or_type_are_refused():
    good = columns(3)
    with pytest.raises(InvalidInput):
        BarArrays(good.event_ns[:2], *good.columns())
    with pytest.raises(InvalidInput):
        BarArrays(good.event_ns.astype(float), *good.columns())


def test_columns_from_bars_hold_the_same_values():
    bars = [Bar(i, 1.0 + i, 3.0 + i, 0.5, 2.0 + i, 10.0) for i in range(4)]
    arrays = BarArrays.of(bars)
    assert [arrays.bar(i) for i in range(4)] == bars
    assert len(BarArrays.of([])) == len(BarArrays.empty()) == 0


def test_a_series_of_single_values_is_close_only_and_a_real_one_is_not():
    value = np.array([1.0, 2.0])
    assert BarArrays(np.arange(2), value, value, value, value, value).is_close_only
    assert not columns(2).is_close_only
    assert not BarArrays.empty().is_close_only


@pytest.mark.parametrize(
    ("one", "other"), [("60m", "1h"), ("3600s", "1h"), ("90s", "90s"), ("240m", "4h"), ("0.50r", "0.5r"), ("100.0v", "100v")]
)
def test_one_way_of_cutting_has_one_spec(one, other):
    assert BarSpec.parse(one) == BarSpec.parse(other)
    assert str(BarSpec.parse(one)) == str(BarSpec.parse(other))
    assert BarSpec.parse(str(BarSpec.parse(one))) == BarSpec.parse(one)


@pytest.mark.parametrize(("one", "other"), [("24h", "1d"), ("7d", "1w"), ("4w", "1mo")])
def test_spans_that_follow_sessions_are_not_equal_to_spans_of_time(one, other):
    assert BarSpec.parse(one) != BarSpec.parse(other)
