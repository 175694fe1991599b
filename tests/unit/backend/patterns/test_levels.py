"""Levels, pivots and volume by price: where they lie, since when they are known, and what they are worth."""

import datetime as dt
import math

import numpy as np
import pytest

from backend.domain.bars import DAY_NS, HOUR_NS, BarArrays
from backend.errors import InvalidInput
from backend.patterns import find_levels, find_period_levels, find_pivots, find_round_levels, find_volume_profile
from backend.patterns.found import LevelKind, Period, PivotFormula, Role
from backend.patterns.levels import MEMORY_BARS
from tests.fakes.indicator_bars import sample_bars
from tests.fakes.pattern_bars import drawing

RANGE = [(0, 70), *((20 * k, 60 if k % 2 else 80) for k in range(1, 9)), (200, 71)]


def dated(first, closes, high=1.0, low=1.0):
    """Daily bars from a date on, every day, each 2 high around its close."""
    close = np.array(closes, np.float64)
    start_ns = int(dt.datetime.fromisoformat(first).replace(tzinfo=dt.UTC).timestamp()) * 10**9
    times = start_ns + DAY_NS * np.arange(len(close), dtype=np.int64)
    return BarArrays(times, close.copy(), close + high, close - low, close, np.ones(len(close)))


def test_prices_that_turned_twice_at_one_price_made_a_level_there():
    bars = drawing(RANGE)
    levels = [level for level in find_levels(bars) if len(level.touches) >= 3]

    assert [round(level.price) for level in levels] == [60, 80]
    below, above = levels
    assert (below.role, above.role) == (Role.SUPPORT, Role.RESISTANCE)
    assert below.price == math.fsum(touch.price for touch in below.touches) / len(below.touches)
    assert below.low <= below.price <= below.high
    assert below.known == below.touches[1].known > below.touches[1].index
    assert below.points == tuple((touch.event_ns, touch.price) for touch in below.touches)


def test_a_level_grows_with_its_touches_and_fades_with_time():
    bars = drawing([*RANGE, (900, 71)])
    early, grown, faded = (
        min(find_levels(bars, as_of=row), key=lambda level: abs(level.price - 60)) for row in (80, 175, 175 + MEMORY_BARS // 2)
    )

    assert len(early.touches) < len(grown.touches) == len(faded.touches)
    assert early.strength < grown.strength
    n_touches, age = len(grown.touches), 175 - grown.touches[-1].known
    assert grown.strength == pytest.approx((min(n_touches / 5, 1) + 1 - age / MEMORY_BARS) / 2)
    assert faded.strength == pytest.approx(grown.strength - 0.25)
    assert grown.is_current
    gone = min(find_levels(bars), key=lambda level: abs(level.price - 60))
    assert not gone.is_current


def test_one_turn_alone_is_no_level():
    bars = drawing([(0, 70), (20, 60), (40, 80), (80, 70)])
    assert find_levels(bars) == ()


def test_a_level_below_the_close_is_support_until_prices_fall_through_it():
    bars = drawing([*RANGE[:-1], (180, 40)])
    (before,) = [each for each in find_levels(bars, as_of=150) if abs(each.price - 60) < 1]
    (after,) = [each for each in find_levels(bars) if abs(each.price - 60) < 1]
    assert (before.role, after.role) == (Role.SUPPORT, Role.RESISTANCE)


@pytest.mark.parametrize(
    ("close", "expected"),
    [
        (187.3, (180.0, 190.0)),
        (5023.0, (5000.0, 5100.0)),
        (1.0843, (1.0, 1.1)),
        (0.3, (0.3, 0.31)),
        (180.0, (180.0, 190.0)),
        (99.99, (99.0, 100.0)),
        (63_412.5, (63_000.0, 64_000.0)),
        (0.00001234, (0.000012, 0.000013)),
    ],
)
def test_round_prices_are_those_next_to_the_close(close, expected):
    levels = find_round_levels(dated("2024-01-01", [close], high=0.0, low=0.0))

    assert tuple(level.price for level in levels) == expected
    assert [level.role for level in levels] == [Role.SUPPORT, Role.RESISTANCE]
    assert {level.strength for level in levels} == {0.0}


def test_closes_that_are_not_above_zero_have_no_round_prices():
    assert find_round_levels(dated("2020-04-20", [-37.63])) == ()


def test_pivots_are_what_their_formulas_give():
    bars = BarArrays(np.array([0, DAY_NS]), *(np.array([p, p]) for p in (100.0, 110.0, 90.0, 106.0)), np.ones(2))

    def prices(formula):
        return {name: round(price, 6) for name, price in find_pivots(bars, formula=formula, is_dated=True)[-1].prices}

    assert prices(PivotFormula.CLASSIC) == {
        "S3": 74.0, "S2": 82.0, "S1": 94.0, "P": 102.0, "R1": 114.0, "R2": 122.0, "R3": 134.0,
    }  # fmt: skip
    assert prices(PivotFormula.FIBONACCI) == {
        "S3": 82.0, "S2": 89.64, "S1": 94.36, "P": 102.0, "R1": 109.64, "R2": 114.36, "R3": 122.0,
    }  # fmt: skip
    assert prices(PivotFormula.CAMARILLA) == {
        "S4": 95.0, "S3": 100.5, "S2": 102.333333, "S1": 104.166667, "R1": 107.833333, "R2": 109.666667, "R3": 111.5, "R4": 117.0,
    }  # fmt: skip


def test_a_dated_bar_is_a_session_that_is_over_at_its_own_close():
    bars = dated("2024-01-01", [10.0, 11.0, 12.0])
    assert [(pivots.start, pivots.end, pivots.known) for pivots in find_pivots(bars, is_dated=True)] == [
        (0, 0, 0),
        (1, 1, 1),
        (2, 2, 2),
    ]


def test_weeks_months_and_years_are_over_when_the_next_one_has_begun():
    # 2023-12-25 is a Monday; 21 days reach to Sunday, 2024-01-14.
    bars = dated("2023-12-25", range(100, 121))

    def spans(period):
        return [(pivots.start, pivots.end, pivots.known) for pivots in find_pivots(bars, period=period, is_dated=True)]

    assert spans(Period.WEEK) == [(0, 6, 7), (7, 13, 14)]
    assert spans(Period.MONTH) == spans(Period.YEAR) == [(0, 6, 7)]
    (year,) = find_pivots(bars, period=Period.YEAR, is_dated=True)
    assert (year.high, year.low, year.close) == (107.0, 99.0, 106.0)


def test_only_pivots_since_a_row_are_made_where_one_is_given():
    bars = dated("2023-12-25", range(100, 121))
    assert find_pivots(bars, is_dated=True, since=19) == find_pivots(bars, is_dated=True)[-2:]


def test_sessions_that_are_given_replace_days():
    bars = dated("2024-01-01", range(10))
    hours = BarArrays(bars.event_ns[0] + HOUR_NS * np.arange(10), *(column.copy() for column in bars.columns()))
    sessions = np.array([1, 1, 1, 2, 2, 2, 2, 3, 3, 3])

    assert find_pivots(hours) == ()
    assert [(p.start, p.end, p.known) for p in find_pivots(hours, sessions=sessions)] == [(0, 2, 3), (3, 6, 7)]
    with pytest.raises(InvalidInput, match="9 sessions for 10 bars"):
        find_pivots(hours, sessions=sessions[:9])


def test_highs_and_lows_of_the_periods_before_are_told_lowest_first():
    bars = dated("2023-12-25", range(100, 121))
    levels = {level.name: level for level in find_period_levels(bars, is_dated=True)}

    assert {name: level.price for name, level in levels.items()} == {
        "High of the session before": 121.0,
        "Low of the session before": 119.0,
        "High of the week before": 114.0,
        "Low of the week before": 106.0,
        "High of the month before": 107.0,
        "Low of the month before": 99.0,
        "High of the year before": 107.0,
        "Low of the year before": 99.0,
    }
    week = levels["High of the week before"]
    assert (week.kind, week.role, week.points) == (LevelKind.PREVIOUS_HIGH, Role.SUPPORT, ((int(bars.event_ns[13]), 114.0),))
    assert [level.price for level in find_period_levels(bars, is_dated=True)] == sorted(level.price for level in levels.values())


def test_volume_by_price_names_the_fullest_price_and_the_area_around_it():
    low = np.array([0.0, 2.0, 2.0, 2.0, 4.0, 8.0])
    bars = BarArrays(
        DAY_NS * np.arange(6, dtype=np.int64), low.copy(), low + 2.0, low, low + 1.0, np.array([10.0, 30.0, 30.0, 10.0, 15.0, 5.0])
    )
    profile = find_volume_profile(bars, n_bins=5)

    assert profile.edges == (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)
    assert profile.volumes == pytest.approx((10.0, 70.0, 15.0, 0.0, 5.0))
    assert profile.poc == 3.0
    assert (profile.value_low, profile.value_high) == (2.0, 4.0)
    assert profile.strength == pytest.approx(0.8)
    assert (profile.start, profile.end, profile.known) == (0, 5, 5)


def test_the_value_area_holds_seventy_percent_of_the_volume_of_its_window():
    bars = sample_bars("AAPL")
    profile = find_volume_profile(bars, n_bars=100, n_bins=40)

    assert profile.start == len(bars) - 100
    edges, volumes = np.array(profile.edges), np.array(profile.volumes)
    inside = (edges[:-1] >= profile.value_low - 1e-9) & (edges[1:] <= profile.value_high + 1e-9)
    assert volumes.sum() == pytest.approx(bars.volume[-100:].sum())
    assert volumes[inside].sum() >= 0.7 * volumes.sum()
    assert volumes[inside].sum() - min(volumes[inside][0], volumes[inside][-1]) < 0.7 * volumes.sum() + volumes.max()
    assert profile.value_low <= profile.poc <= profile.value_high


def test_bars_without_volume_or_movement_have_no_profile():
    bars = dated("2024-01-01", [10.0, 11.0])
    silent = BarArrays(*(column.copy() for column in (bars.event_ns, *bars.columns()[:4])), np.full(2, np.nan))
    assert find_volume_profile(silent) is None
    assert find_volume_profile(dated("2024-01-01", [10.0, 10.0], high=0.0, low=0.0)) is None
    with pytest.raises(InvalidInput):
        find_volume_profile(bars, n_bins=0)


@pytest.mark.parametrize("find", [find_levels, find_round_levels, find_period_levels, find_volume_profile])
@pytest.mark.parametrize("row", [-1, 2])
def test_a_row_that_is_not_there_is_refused(find, row):
    with pytest.raises(InvalidInput, match="There is no bar"):
        find(dated("2024-01-01", [10.0, 11.0]), as_of=row)
