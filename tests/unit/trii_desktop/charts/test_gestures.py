"""Pointer, wheel and keys."""

import pytest

from backend.market.growing_bars import snapshot_of
from tests.fakes.bars import INSTRUMENT, MINUTES, make_bars
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.gestures import KEY_COMMANDS, Gestures, KeyCommand, Zone


@pytest.fixture
def model():
    made = ChartModel()
    made.open(INSTRUMENT, MINUTES, snapshot_of(make_bars(2_000)))
    made.lay_out(1000, 600, 1.0, 50.0)
    return made


def test_a_drag_moves_bars_with_the_pointer_until_the_button_is_up(model):
    gestures = Gestures(model)
    before = model.time.x_at(1_900)
    assert not gestures.move(100, 100)
    gestures.press(Zone.PLOT, 100, 100)
    assert gestures.move(170, 130)
    assert gestures.move(240, 100)
    gestures.release()
    assert not gestures.move(900, 900)
    assert model.time.x_at(1_900) == before + 140


def test_dragging_the_price_axis_up_stretches_prices_and_a_double_click_undoes_it(model):
    gestures = Gestures(model)
    before = model.price_scale()
    gestures.press(Zone.PRICE_AXIS, 1_010, 300)
    gestures.move(1_010, 200)
    after = model.price_scale()
    assert after.high - after.low < before.high - before.low
    gestures.double_click(Zone.PRICE_AXIS)
    assert model.price_scale() == before


def test_dragging_the_time_axis_stretches_time_around_the_right_edge(model):
    gestures = Gestures(model)
    right, spacing = model.time.right, model.time.spacing_px
    gestures.press(Zone.TIME_AXIS, 500, 610)
    gestures.move(400, 610)
    assert model.time.spacing_px > spacing
    assert model.time.right == pytest.approx(right)
    gestures.double_click(Zone.TIME_AXIS)
    assert (model.time.spacing_px, model.time.is_at_newest) == (spacing, True)


def test_the_wheel_zooms_at_the_pointer(model):
    gestures = Gestures(model)
    gestures.press(Zone.PLOT, 0, 0)
    gestures.move(900, 0)
    gestures.release()
    bar = model.time.bar_at(300)
    gestures.wheel(Zone.PLOT, 300, 0, 120, pans=False)
    assert model.time.spacing_px == pytest.approx(7.0 * 1.18)
    assert abs(model.time.x_at(bar) - 300) <= model.time.spacing_px
    gestures.wheel(Zone.PLOT, 300, 0, -120, pans=False)
    assert model.time.spacing_px == pytest.approx(7.0)


def test_the_wheel_keeps_the_right_edge_where_that_is_chosen(model):
    model.zooms_at_right = True
    right = model.time.right
    Gestures(model).wheel(Zone.PLOT, 300, 0, -120, pans=False)
    assert model.time.spacing_px == pytest.approx(7.0 / 1.18)
    assert model.time.right == pytest.approx(right)


@pytest.mark.parametrize(("dx", "dy"), [(0, 120), (120, 0)])
def test_the_wheel_with_shift_pans_whichever_way_the_system_turns_it(model, dx, dy):
    before = model.time.x_at(1_900)
    Gestures(model).wheel(Zone.PLOT, 300, dx, dy, pans=True)
    assert model.time.x_at(1_900) == before + 60
    assert model.time.spacing_px == 7.0


def test_the_wheel_over_the_price_axis_stretches_prices(model):
    before = model.price_scale()
    Gestures(model).wheel(Zone.PRICE_AXIS, 1_010, 0, 120, pans=False)
    assert model.price_scale().high - model.price_scale().low < before.high - before.low


def test_two_fingers_pan_across_and_zoom_along(model):
    before = model.time.x_at(1_900)
    gestures = Gestures(model)
    gestures.scroll(300, 25, 3)
    assert model.time.x_at(1_900) == before + 25
    gestures.scroll(300, 3, 25)
    assert model.time.spacing_px > 7.0


def test_spreading_fingers_zooms_and_nonsense_does_nothing(model):
    gestures = Gestures(model)
    gestures.pinch(300, 1.1)
    assert model.time.spacing_px == pytest.approx(7.7)
    gestures.pinch(300, float("nan"))
    assert model.time.spacing_px == pytest.approx(7.7)


@pytest.mark.parametrize(
    ("command", "bars"),
    [(KeyCommand.BACK, -1), (KeyCommand.FORWARD, 1), (KeyCommand.FAST_BACK, -10), (KeyCommand.FAST_FORWARD, 10)],
)
def test_keys_pan_by_bars(model, command, bars):
    right = model.time.right
    KEY_COMMANDS[command](model)
    assert model.time.right == right + bars


def test_keys_zoom_around_the_newest_bar_and_jump_to_the_ends(model):
    x = model.time.x_at(1_999)
    KEY_COMMANDS[KeyCommand.ZOOM_IN](model)
    assert model.time.spacing_px == 7.0 * 1.25
    assert abs(model.time.x_at(1_999) - x) <= 1
    KEY_COMMANDS[KeyCommand.OLDEST](model)
    assert model.time.visible()[0] == 0
    KEY_COMMANDS[KeyCommand.NEWEST](model)
    assert model.time.is_at_newest
    KEY_COMMANDS[KeyCommand.RESET](model)
    assert model.time.spacing_px == 7.0
