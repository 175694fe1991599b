"""The price scale, its round ticks and how many digits they show."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.charts.chart_state import ScaleKind
from trii_desktop.charts.price_scale import PriceScale, usable_kind
from trii_desktop.charts.price_ticks import nice_step, price_ticks, step_decimals

prices = st.floats(-1e6, 1e6)


def test_edges_stand_at_the_edges():
    scale = PriceScale(100.0, 200.0, 0, 400)
    assert scale.y_at(100.0) == 400
    assert scale.y_at(200.0) == 0
    assert scale.y_of(np.array([150.0, 200.0])).tolist() == [200, 0]
    assert scale.price_at(100) == 175.0


@given(prices, st.floats(1e-3, 1e6), st.integers(2, 4000), st.floats(-0.5, 1.5))
def test_a_height_and_its_price_lead_back_to_each_other(low, span, height, share):
    scale = PriceScale(low, low + span, 0, height)
    y = share * height
    assert scale.y_at(scale.price_at(y)) == pytest.approx(y, abs=1e-4 * height)


@given(prices, st.floats(0, 1e6), st.integers(10, 4000), st.floats(0, 0.4), st.floats(0, 0.4))
def test_margins_stay_free(low, span, height, top, bottom):
    scale = PriceScale.with_margins(low, low + span, height, top=top, bottom=bottom)
    assert (scale.top_px, scale.bottom_px) == (0, height)
    slack = 1.5 + 1e-6 * height
    assert height * top - slack <= scale.y_at(low + span) <= scale.y_at(low) <= height * (1 - bottom) + slack


def test_a_single_price_stands_in_the_middle():
    scale = PriceScale.around(50.0, 50.0, 0, 100)
    assert scale.y_at(50.0) == 50
    assert PriceScale.around(0.0, 0.0, 0, 100).y_at(0.0) == 50


def test_stretching_keeps_the_middle_and_halves_the_range():
    scale = PriceScale(100.0, 200.0, 0, 400).stretched(2.0)
    assert (scale.low, scale.high) == (125.0, 175.0)


def test_prices_follow_a_drag():
    scale = PriceScale(100.0, 200.0, 0, 400)
    assert scale.shifted(40).y_at(150.0) == scale.y_at(150.0) + 40


@given(st.floats(1e-9, 1e9), st.lists(st.floats(0.125, 8), max_size=400))
def test_a_scale_stays_drawable_however_it_is_stretched(price, factors):
    scale = PriceScale.around(price, price, 0, 500)
    for factor in factors:
        scale = scale.stretched(factor)
        assert scale.low < scale.high
        assert np.isfinite(scale.px_per_unit)


def test_unknown_and_far_values_stay_within_what_painters_take():
    scale = PriceScale(100.0, 101.0, 0, 400)
    y = scale.y_of(np.array([np.nan, 1e300, -1e300]))
    assert np.all(np.abs(y) <= 1_000_000)


@pytest.mark.parametrize(
    ("at_least", "step"), [(0.7, 1.0), (1.0, 1.0), (1.1, 2.0), (2.2, 2.5), (2.6, 5.0), (7, 10.0), (0.0003, 0.0005), (12345, 20000)]
)
def test_steps_are_round(at_least, step):
    assert nice_step(at_least) == pytest.approx(step)


@pytest.mark.parametrize(("step", "decimals"), [(1.0, 0), (50.0, 0), (2.5, 1), (0.25, 2), (0.1, 1), (0.00005, 5), (2.5e-8, 9)])
def test_labels_show_the_digits_their_step_needs(step, decimals):
    assert step_decimals(step) == decimals


@given(prices, st.floats(1e-6, 1e6), st.integers(50, 3000), st.floats(20, 80))
def test_ticks_lie_in_range_evenly_and_far_enough_apart(low, span, height, gap):
    scale = PriceScale(low, low + span, 0, height)
    ticks = price_ticks(scale, gap)
    slack = 1e-6 * ticks.step
    assert np.all(ticks.values >= low - slack)
    assert np.all(ticks.values <= low + span + slack)
    assert ticks.step * scale.px_per_unit >= min(gap, height) * 0.999
    assert len(ticks.values) <= height / gap + 2
    if span > 2.6 * gap / height * span:
        assert len(ticks.values) >= 1


kinds = st.sampled_from(list(ScaleKind))
positive = st.floats(1e-4, 1e6)


@given(positive, st.floats(1e-3, 1e4), st.integers(20, 3000), kinds, st.booleans(), st.floats(0.01, 0.99))
def test_every_scale_leads_from_a_height_to_its_price_and_back(low, span, height, kind, is_inverted, share):
    scale = PriceScale(low, low + span, 0, height, kind, is_inverted, reference=low)
    y = share * height
    assert scale.y_at(scale.price_at(y)) == pytest.approx(y, abs=1e-3 * height)


@given(positive, st.floats(1e-2, 1e4), st.integers(20, 3000), kinds, st.booleans())
def test_higher_prices_stand_higher_unless_inverted(low, span, height, kind, is_inverted):
    scale = PriceScale(low, low + span, 0, height, kind, is_inverted, reference=low)
    heights = np.diff(scale.y_of(np.linspace(low, low + span, 50)))
    assert (heights >= 0).all() if is_inverted else (heights <= 0).all()
    assert {round(scale.y_at(low)), round(scale.y_at(low + span))} == {0, height}


@given(positive, st.floats(1e-2, 1e5), st.integers(60, 3000), kinds)
def test_ticks_are_ordered_inside_and_keep_their_distance(low, span, height, kind):
    scale = PriceScale(low, low + span, 0, height, kind, reference=low + span / 3)
    ticks = price_ticks(scale, 40.0)
    values = ticks.values
    assert (np.diff(values) > 0).all()
    within = 1e-6 * (low + span)  # far less than a pixel
    assert ((values >= low - within) & (values <= low + span + within)).all()
    y = np.array([scale.y_at(value) for value in values])
    assert (np.abs(np.diff(y)) >= 0.85 * 40.0).all()


def test_percents_count_from_the_reference():
    scale = PriceScale(80.0, 120.0, 0, 400, ScaleKind.PERCENT, reference=100.0)
    ticks = price_ticks(scale, 50.0)
    assert ticks.percents.tolist() == [-20.0, -15.0, -10.0, -5.0, 0.0, 5.0, 10.0, 15.0, 20.0]
    assert ticks.values.tolist() == pytest.approx([100 + p for p in ticks.percents])


def test_prices_without_a_logarithm_are_shown_evenly():
    assert usable_kind(ScaleKind.LOG, 0.0) is ScaleKind.LINEAR
    assert usable_kind(ScaleKind.LOG, -5.0) is ScaleKind.LINEAR
    assert usable_kind(ScaleKind.LOG, 0.01) is ScaleKind.LOG
    assert usable_kind(ScaleKind.PERCENT, -5.0) is ScaleKind.PERCENT


def test_decades_are_labelled_by_round_prices():
    ticks = price_ticks(PriceScale(0.9, 1100.0, 0, 600, ScaleKind.LOG), 50.0)
    assert ticks.values.tolist() == pytest.approx([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])


@given(positive, st.lists(st.tuples(st.sampled_from(["stretch", "shift"]), st.floats(0.2, 5)), max_size=100), kinds, st.booleans())
def test_every_scale_stays_drawable_however_it_is_moved(price, moves, kind, is_inverted):
    scale = PriceScale.around(price, price * 1.5, 0, 500, kind=kind)
    scale = scale.inverted() if is_inverted else scale
    for move, by in moves:
        scale = scale.stretched(by) if move == "stretch" else scale.shifted((by - 2) * 50)
        assert scale.low < scale.high
        assert np.isfinite(scale.px_per_unit)
