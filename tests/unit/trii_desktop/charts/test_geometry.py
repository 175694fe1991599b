"""Which pixels bars cover."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.charts.chart_state import SHAPE, ChartType, ScaleKind
from backend.charts.study_snapshot import fixed_snapshot
from backend.domain.bars import BarArrays
from backend.market.growing_bars import snapshot_of
from tests.fakes.bars import make_bars, make_line
from trii_desktop.charts.geometry import (
    body_width,
    candles,
    hollow_candles,
    line_columns,
    line_segments,
    open_close_bars,
    visible_bars,
    volumes,
    wick_width,
)
from trii_desktop.charts.painters import PaneFrame, averaged
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


def drawn(kind: ChartType, frame: PaneFrame) -> np.ndarray:
    """int32[n, 4]: the rectangles that a chart type draws for its prices."""
    spacing, ratio = frame.time.spacing_px, frame.pixel_ratio
    match kind:
        case ChartType.HOLLOW:
            return np.concatenate(hollow_candles(frame.bars, math.nan, frame.prices, spacing, ratio))
        case ChartType.BARS:
            return np.concatenate(open_close_bars(frame.bars, frame.prices, spacing, ratio))
        case ChartType.LINE | ChartType.AREA:
            return line_columns(frame.bars, frame.prices, ratio)
        case ChartType.HEIKIN_ASHI:
            return np.concatenate(candles(averaged(frame), frame.prices, spacing, ratio))
    return np.concatenate(candles(frame.bars, frame.prices, spacing, ratio))


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([kind for kind in ChartType if kind is not ChartType.AUTO]),
    st.sampled_from(list(ScaleKind)),
    st.booleans(),
    st.integers(400, 6_000),
    st.integers(40, 300),
    st.integers(0, 99),
)
def test_every_type_on_every_scale_paints_the_extremes_of_each_dense_column(kind, scale, is_inverted, n_bars, width, seed):
    calm, spike = make_bars(n_bars, seed=seed), seed * n_bars // 100
    high, low = calm.high.copy(), calm.low.copy()
    high[spike], low[spike] = high.max() + 40, low.min() / 2
    bars = BarArrays(calm.event_ns, calm.open, high, low, calm.close, calm.volume)
    values = np.stack([bars.open, bars.high, bars.low, bars.close])[:, ::-1].copy()  # any bars will do for the averaged ones
    names = ("open", "high", "low", "close")
    shown = fixed_snapshot(bars, {(SHAPE, name): row for name, row in zip(names, values, strict=True)})
    time = TimeScale(width, 1.0, 0.0, n_bars).fitted()
    assert time.is_dense
    seen = visible_bars(shown.bars, time)
    lows, highs = (values[2], values[1]) if kind is ChartType.HEIKIN_ASHI else (bars.low, bars.high)
    prices = PriceScale.with_margins(lows.min(), highs.max(), 500, top=0.1, bottom=0.1, kind=scale)
    prices = replace(prices, reference=bars.close[0], is_inverted=is_inverted)
    frame = PaneFrame(shown.bars, seen, time, prices, width, 500, 400, 1.0, shown=shown)
    rects = drawn(kind, frame)
    xs, cut = time.columns()
    starts, stop = cut.first_row, cut.stop
    top, bottom = np.full(width, 10**6), np.full(width, -(10**6))
    np.minimum.at(top, rects[:, 0], rects[:, 1])
    np.maximum.at(bottom, rects[:, 0], rects[:, 3])
    # Pyramids may take a bar for its column's neighbour, never for one further away.
    ends = np.append(starts[1:], stop)
    for place in (0, len(xs) // 2, len(xs) - 1, int(np.searchsorted(starts, n_bars - 1 - spike, side="right")) - 1):
        own = slice(starts[place], ends[place])
        beside = slice(max(place - 1, 0), place + 2)
        for price in (highs[own].max(), lows[own].min()):
            y = prices.y_of(np.array([price]))[0]
            assert top[xs[beside]].min() <= y <= bottom[xs[beside]].max()
    found = prices.y_of(np.array([highs.max(), lows.min()]))
    assert rects[:, 1].min() <= found.min()
    assert rects[:, 3].max() >= found.max()
