"""Which pixels bars cover."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.bars import BarArrays
from backend.market.growing_bars import snapshot_of
from tests.fakes.bars import make_bars, make_line
from trii_desktop.charts.geometry import body_width, candles, line_columns, line_segments, visible_bars, volumes, wick_width
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.time_scale import TimeScale


def one_bar(open_, high, low, close, volume=1.0):
    return snapshot_of(BarArrays(np.array([0]), *(np.array([v]) for v in (open_, high, low, close, volume))))


def test_a_rising_bar_is_a_wick_and_a_body_around_it():
    time = TimeScale(100, 10.0, 5.0, 1)
    prices = PriceScale(0.0, 100.0, 0, 100)
    up, down = candles(visible_bars(one_bar(20.0, 90.0, 10.0, 60.0), time), prices, time.spacing_px)
    x = time.x_at(0)
    assert down.tolist() == []
    assert up.tolist() == [[x, 10, x, 90], [x - 3, 40, x + 3, 80]]


def test_a_falling_bar_takes_the_other_colour_and_an_unchanged_one_still_shows():
    time, prices = TimeScale(100, 10.0, 5.0, 1), PriceScale(0.0, 100.0, 0, 100)
    up, down = candles(visible_bars(one_bar(60.0, 90.0, 10.0, 20.0), time), prices, time.spacing_px)
    assert (len(up), len(down)) == (0, 2)
    up, _ = candles(visible_bars(one_bar(50.0, 50.0, 50.0, 50.0), time), prices, time.spacing_px)
    assert up[1].tolist() == [time.x_at(0) - 3, 50, time.x_at(0) + 3, 50]  # one pixel high


@given(st.floats(0.01, 400), st.sampled_from([1.0, 1.25, 1.5, 2.0, 3.0]))
def test_bodies_are_odd_and_leave_a_gap_wherever_one_fits(spacing, ratio):
    width = body_width(spacing, ratio)
    assert width % 2 == 1
    if spacing >= 3 * ratio + 1:
        assert width <= spacing - 1
        assert width >= wick_width(ratio)
    if spacing >= 6:
        assert width >= 0.45 * spacing


@given(st.integers(1, 300), st.floats(2.0, 40.0))
def test_neighbouring_bodies_never_touch(n_bars, spacing):
    snapshot = snapshot_of(make_bars(n_bars))
    time = TimeScale(2_000, spacing, n_bars + 2.0, n_bars)
    shown = visible_bars(snapshot, time)
    up, down = candles(shown, PriceScale(0.0, 300.0, 0, 900), spacing)
    rects = np.concatenate((up, down))
    bodies = rects[rects[:, 2] - rects[:, 0] == body_width(spacing) - 1]
    edges = bodies[np.argsort(bodies[:, 0])]
    lefts = np.unique(edges[:, 0])
    assert np.all(np.diff(lefts) >= body_width(spacing))
    if spacing >= 4:
        assert np.all(np.diff(lefts) > body_width(spacing))


@settings(max_examples=60)
@given(st.integers(2, 30_000), st.integers(50, 1_500), st.floats(0.1, 1), st.integers(0, 9))
def test_the_highest_and_the_lowest_price_in_view_are_always_painted(n_bars, width, share, seed):
    bars = make_bars(n_bars, seed=seed)
    snapshot = snapshot_of(bars)
    time = TimeScale(width, 1.0, 0.0, n_bars).spanning(max(share * n_bars, 6)).at_newest()
    shown = visible_bars(snapshot, time)
    rows = slice(shown.first_row, shown.stop_row)
    low, high = bars.low[rows].min(), bars.high[rows].max()
    prices = PriceScale.around(low, high, 0, 800)
    up, down = candles(shown, prices, time.spacing_px)
    rects = np.concatenate((up, down))
    assert rects[:, 1].min() <= prices.y_of(np.array([high]))[0]
    assert rects[:, 3].max() >= prices.y_of(np.array([low]))[0]
    first, stop = time.visible()
    assert shown.first_row <= first + 2 / time.spacing_px + 1
    assert shown.stop_row >= stop - 2 / time.spacing_px - 2


def test_volume_stands_on_the_floor_and_the_largest_reaches_the_top():
    snapshot = snapshot_of(make_bars(20))
    time = TimeScale.opened(300, 20)
    up, down = volumes(visible_bars(snapshot, time), time.spacing_px, 400, 500)
    rects = np.concatenate((up, down))
    assert len(rects) == 20
    assert np.all(rects[:, 3] == 499)
    assert rects[:, 1].min() == 400


@pytest.mark.parametrize("volume", [np.nan, 0.0])
def test_unknown_volume_draws_nothing(volume):
    bars = make_bars(5)
    none = BarArrays(bars.event_ns, *bars.columns()[:4], np.full(5, volume))
    time = TimeScale.opened(300, 5)
    up, down = volumes(visible_bars(snapshot_of(none), time), time.spacing_px, 400, 500)
    assert (len(up), len(down)) == (0, 0)


def test_dense_volume_is_the_average_so_that_columns_of_two_and_three_bars_match():
    bars = make_bars(2_500)
    level = BarArrays(bars.event_ns, *bars.columns()[:4], np.full(2_500, 7.0))
    time = TimeScale(1_000, 0.4, 2_499.0, 2_500)
    shown = visible_bars(snapshot_of(level), time)
    np.testing.assert_allclose(shown.volume, 7.0)


def test_a_line_joins_neighbouring_closes_in_the_middle_of_their_pixels():
    time, prices = TimeScale(100, 10.0, 5.0, 3), PriceScale(0.0, 10.0, 0, 100)
    pieces = line_segments(visible_bars(snapshot_of(make_line([1.0, 5.0, 2.0])), time), prices)
    xs = [time.x_at(row) + 0.5 for row in range(3)]
    assert pieces.tolist() == [[xs[0], 90.5, xs[1], 50.5], [xs[1], 50.5, xs[2], 80.5]]


def test_a_dense_line_has_no_holes():
    values = np.cumsum(np.random.default_rng(3).normal(0, 1, 20_000))
    snapshot = snapshot_of(make_line(values))
    time = TimeScale(500, 1.0, 0.0, 20_000).fitted()
    shown = visible_bars(snapshot, time)
    rects = line_columns(shown, PriceScale.around(values.min(), values.max(), 0, 600))
    assert np.all(np.diff(rects[:, 0]) == 1)
    assert np.all(rects[1:, 1] <= rects[:-1, 3] + 1)
    assert np.all(rects[1:, 3] >= rects[:-1, 1] - 1)
