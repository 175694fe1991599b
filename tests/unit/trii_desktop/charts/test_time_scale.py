"""The time scale: bars and pixels, panning by whole pixels, zooming around the pointer, limits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trii_desktop.charts.time_scale import BARS_AHEAD, SPACING_PX, TimeScale

scales = st.builds(
    lambda width, spacing, n_bars, back: TimeScale(width, spacing, n_bars - 1 - back * n_bars, n_bars).limited(),
    st.integers(40, 4_000),
    st.floats(1e-4, 300),
    st.integers(1, 5_000_000),
    st.floats(-0.1, 1.1),
)


def test_a_chart_opens_at_the_newest_bar_with_eight_bars_of_room():
    scale = TimeScale.opened(1400, 3270)
    assert scale.spacing_px == SPACING_PX
    assert scale.right == 3269 + BARS_AHEAD
    assert scale.x_at(3269) == 1400 - 56
    assert scale.is_at_newest


def test_room_beside_the_newest_bar_never_takes_more_than_an_eighth():
    scale = TimeScale(1400, 200.0, 0.0, 100).at_newest()
    assert 1400 * 0.87 <= scale.x_at(99) <= 1400 * 0.9


@given(scales, st.integers(-3_000, 3_000))
def test_panning_by_whole_pixels_moves_every_bar_by_just_as_many(scale, by_px):
    moved = scale.panned(by_px)
    rows = np.arange(max(scale.n_bars - 500, 0), scale.n_bars)
    shifts = np.unique(moved.x_of(rows) - scale.x_of(rows))
    assert len(shifts) == 1  # one shift for all: bodies and columns keep their shapes
    if moved == scale.panned(by_px) and abs(moved.right - (scale.right - by_px / scale.spacing_px)) < 1e-9:
        assert abs(shifts[0] - by_px) <= 1


@given(scales, st.floats(0.2, 5), st.floats(0, 1))
def test_zooming_keeps_what_is_under_the_pointer(scale, factor, share):
    at_px = share * scale.width_px
    zoomed = scale.zoomed(factor, at_px)
    nudged = [replace(zoomed, right=zoomed.right + by) for by in (-0.001, 0.001)]
    if all(scale.limited() == scale for scale in nudged):  # not held back by a limit
        row = scale.right - (scale.width_px - at_px) / scale.spacing_px
        again = zoomed.right - (zoomed.width_px - at_px) / zoomed.spacing_px
        assert again == pytest.approx(row, abs=1e-6 * max(1, abs(row)))


@given(scales)
def test_some_bars_stay_in_view_whatever_is_asked(scale):
    for moved in (scale.panned(1e9), scale.panned(-1e9), scale.zoomed(1e9, 0), scale.zoomed(1e-9, 0), scale.panned_bars(1e12)):
        first, stop = moved.visible()
        assert 0 <= first < stop <= moved.n_bars
        assert moved.spacing_px > 0


@given(scales.filter(lambda s: s.is_dense))
def test_columns_hold_every_bar_in_view_once(scale):
    xs, cut = scale.columns()
    starts, stop = cut.first_row, cut.stop
    assert len(starts) == 0 or (starts[0] >= 0 and stop <= scale.n_bars)
    assert np.all(np.diff(starts) > 0)
    assert np.all(np.diff(xs) > 0)
    if len(starts):
        assert xs[0] >= 0
        assert xs[-1] < scale.width_px
        last_rows = cut.last_row
        rounding = 1e-6 * (1 + abs(scale.origin_px))
        for rows in (starts, last_rows):
            middles = rows * scale.spacing_px - scale.origin_px
            assert np.all(np.abs(middles - xs) <= 0.5 + rounding)


@given(scales.filter(lambda s: s.is_dense), st.integers(-200, 200))
def test_panning_moves_no_bar_to_another_column(scale, by_px):
    moved = scale.panned(by_px)
    starts, stop = scale.columns().cut.first_row, scale.columns().cut.stop
    again = moved.columns().cut.first_row
    both = (starts > again[0]) & (starts <= again[-1]) if len(again) else np.zeros(len(starts), bool)
    assert np.isin(starts[both], again).all()
    assert stop <= scale.n_bars


def test_following_moves_by_as_many_bars_as_came():
    scale = TimeScale.opened(1000, 500)
    assert scale.with_bars(503, follow=True).x_at(502) == scale.x_at(499)
    assert scale.with_bars(503, follow=False).x_at(499) == scale.x_at(499)


def test_everything_fits_with_room_at_the_right():
    scale = TimeScale.opened(1400, 3270).fitted()
    assert scale.x_at(0) >= 0
    assert 1400 - 60 <= scale.x_at(3269) <= 1400 - 20
    few = TimeScale.opened(1400, 60).fitted()
    assert few.x_at(0) >= few.spacing_px / 2 - 1  # not even half a body is cut off
    assert few.x_at(59) <= 1400 - few.spacing_px / 2 - 20


def test_the_oldest_bar_comes_to_the_left_edge():
    scale = TimeScale.opened(1400, 3270).at_oldest()
    assert 0 <= scale.x_at(0) <= 2 * scale.spacing_px


def test_the_bar_nearest_a_pixel_is_found_and_stays_among_those_that_exist():
    scale = TimeScale.opened(1400, 3270)
    assert scale.bar_at(scale.x_at(3000)) == 3000
    assert scale.bar_at(scale.x_at(3000) + 3) == 3000
    assert scale.bar_at(scale.x_at(3000) + 4) == 3001
    assert scale.bar_at(1e9) == 3269
    assert scale.bar_at(-1e9) == 0


def test_twice_the_pixels_show_the_same_bars():
    scale = TimeScale.opened(1400, 3270)
    sharp = scale.rescaled(2.0)
    assert sharp.width_px == 2800
    assert sharp.n_shown == scale.n_shown
    assert sharp.right == scale.right


@pytest.mark.parametrize("n_bars", [0, 1, 2])
def test_hardly_any_bars_are_no_trouble(n_bars):
    scale = TimeScale.opened(1400, n_bars)
    for moved in (scale, scale.fitted(), scale.panned(5000), scale.zoomed(0.01, 3), scale.at_oldest(), scale.at_newest()):
        assert moved.visible() == (0, n_bars)
        assert all(0 <= moved.x_at(row) < 1400 for row in range(n_bars))
