"""The chart without its window: opening, following, gestures, saving and restoring."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.charts.chart_state import ChartState, ChartType, Pane, ScaleKind, Study, VisibleBars, load_state, save_state
from backend.charts.study_snapshot import fixed_snapshot
from backend.domain.bars import MINUTE_NS, BarArrays, BarSpec
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import InvalidInput
from backend.market.growing_bars import GrowingBars, snapshot_of
from tests.fakes.bars import DAYS, INSTRUMENT, MINUTES, START_NS, make_bars, make_days, make_line
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.gestures import KEY_COMMANDS, Gestures, KeyCommand, Zone

OTHER = Instrument(InstrumentId("MSFT", "XNAS"), "Microsoft")


def opened(bars=None, *, width=1000, height=600, spec=MINUTES):
    model = ChartModel()
    model.open(INSTRUMENT, spec, snapshot_of(make_bars(2_000) if bars is None else bars))
    model.lay_out(width, height, 1.0, 50.0)
    return model


def time_at(model, x):
    return model.snapshot.event_ns_at(model.time.bar_at(x))


def test_a_chart_opens_at_its_newest_bars_at_the_usual_spacing_whatever_comes_first():
    early, late = opened(), ChartModel()
    late.lay_out(1000, 600, 1.0, 50.0)
    late.open(INSTRUMENT, MINUTES, snapshot_of(make_bars(2_000)))
    late.lay_out(1000, 600, 1.0, 50.0)
    assert early.time == late.time
    assert early.time.spacing_px == 7.0
    assert early.time.is_at_newest


def test_the_scale_covers_every_high_and_low_in_view_below_the_legend_and_above_the_volume():
    model = opened()
    scale, bars = model.price_scale(), model.bars()
    assert scale.y_at(bars.high.max()) >= 50 - 1e-6
    assert scale.y_at(bars.low.min()) <= model.volume_top_px


def test_upside_down_prices_stay_below_the_legend_and_above_the_volume_too():
    model = opened()
    model.panes.main.is_inverted = True
    scale, bars = model.price_scale(), model.bars()
    assert scale.y_at(bars.low.min()) >= 50 - 1e-6
    assert scale.y_at(bars.high.max()) <= model.volume_top_px


def test_new_bars_move_the_chart_along_only_where_the_newest_was_in_view():
    growing = GrowingBars(make_bars(2_000))
    model = ChartModel()
    model.open(INSTRUMENT, MINUTES, growing.snapshot(1))
    model.lay_out(1000, 600, 1.0, 50.0)
    x = model.time.x_at(1_999)
    growing.replace_from(make_bars(3, start_ns=START_NS + 2_000 * MINUTE_NS))
    model.adopt(growing.snapshot(2))
    assert model.time.x_at(2_002) == x
    model.pan(800)
    seen = time_at(model, 500)
    growing.replace_from(make_bars(3, start_ns=START_NS + 2_003 * MINUTE_NS))
    model.adopt(growing.snapshot(3))
    assert time_at(model, 500) == seen


def test_older_bars_that_come_later_do_not_move_what_is_seen():
    bars = make_bars(3_000)
    model = opened(bars[1_000:])
    model.pan(3_000)
    seen = time_at(model, 500)
    model.adopt(GrowingBars(bars, lineage=1).snapshot(2))
    assert time_at(model, 500) == seen


def test_another_interval_stays_at_its_time_and_another_instrument_starts_at_its_newest_bar():
    days = make_days(1_000)
    model = opened(days, spec=DAYS)
    model.pan(2_000)
    right = model.visible().right_ns
    model.open(INSTRUMENT, BarSpec.parse("2d"), snapshot_of(days[::2]))
    model.lay_out(1000, 600, 1.0, 50.0)
    assert abs(model.visible().right_ns - right) <= 2 * 86_400 * 10**9
    model.open(OTHER, DAYS, snapshot_of(make_days(400)))
    model.lay_out(1000, 600, 1.0, 50.0)
    assert model.time.is_at_newest


def test_prices_set_by_hand_end_with_the_series():
    model = opened()
    model.stretch_price(2.0)
    assert model.price is not None
    model.open(OTHER, MINUTES, snapshot_of(make_bars(50)))
    assert model.price is None


def test_dragging_moves_prices_only_where_their_scale_was_set_by_hand():
    model = opened()
    model.pan(-3, 40)
    assert model.price is None
    model.stretch_price(1.5)
    before = model.price_scale()
    model.pan(0, 40)
    assert model.price_scale().y_at(100.0) == pytest.approx(before.y_at(100.0) + 40)
    model.reset()
    assert model.price is None


def test_a_line_is_drawn_for_single_values_and_by_choice():
    model = opened(make_line([1, 2, 3]))
    assert model.is_line
    model.chart_type = ChartType.CANDLES
    assert not model.is_line
    model = opened()
    assert not model.is_line
    model.chart_type = ChartType.LINE
    assert model.is_line


def test_volume_takes_no_room_where_there_is_none():
    assert not opened(make_line([1, 2, 3])).is_volume_shown
    assert opened().is_volume_shown


def test_prices_below_zero_get_labels_only_where_prices_are():
    assert opened().lowest_tick == 0.0
    assert opened(make_line([-2.0, 3.0])).lowest_tick == -np.inf


@pytest.mark.parametrize("n_bars", [0, 1])
def test_hardly_any_bars_take_every_gesture(n_bars):
    model = opened(make_bars(n_bars))
    for command in KEY_COMMANDS.values():
        command(model)
        assert model.price_scale().low < model.price_scale().high
    model.show_all()
    assert model.bars().stop_row == n_bars


def test_a_restored_chart_shows_the_same_bars():
    model = opened()
    model.pan(1_500)
    model.zoom(0.5, 300)
    model.stretch_price(1.3)
    again = ChartModel()
    again.restore(load_state(save_state(model.state())))
    again.open(INSTRUMENT, MINUTES, model.snapshot)
    again.lay_out(1000, 600, 1.0, 50.0)
    assert again.state().visible == model.state().visible
    assert again.price_scale().y_at(100.0) == pytest.approx(model.price_scale().y_at(100.0))


def test_a_chart_saved_at_its_newest_bar_follows_when_restored():
    state = opened(make_bars(100)).state()
    assert state.visible.right_ns is None
    again = ChartModel()
    again.restore(state)
    again.open(INSTRUMENT, MINUTES, snapshot_of(make_bars(900)))
    again.lay_out(1000, 600, 1.0, 50.0)
    assert again.time.is_at_newest


def test_a_state_no_chart_can_show_changes_nothing():
    model = opened()
    before = model.state()
    with pytest.raises(InvalidInput):
        model.restore(ChartState(visible=VisibleBars(n_bars=-1)))
    assert model.state() == before


def test_twice_the_pixels_show_the_same_bars():
    model = opened()
    rows = (model.bars().first_row, model.bars().stop_row)
    model.lay_out(2000, 1200, 2.0, 100.0)
    assert (model.bars().first_row, model.bars().stop_row) == rows


def test_bars_in_view_are_computed_once_a_view():
    model = opened()
    assert model.bars() is model.bars()
    before = model.bars()
    model.pan(5)
    assert model.bars() is not before


points = st.tuples(st.floats(-50, 1_100), st.floats(-50, 700))
zones = st.sampled_from(Zone)
angles = st.floats(-5_000, 5_000)
actions = st.one_of(
    st.tuples(st.just("press"), zones, points),
    st.tuples(st.just("move"), zones, points),
    st.tuples(st.just("release"), zones, points),
    st.tuples(st.just("double"), zones, points),
    st.tuples(st.just("wheel"), zones, st.tuples(angles, angles)),
    st.tuples(st.just("scroll"), zones, points),
    st.tuples(st.just("pinch"), zones, st.tuples(st.floats(0.01, 50), angles)),
    st.tuples(st.just("key"), st.sampled_from(KeyCommand), points),
    st.tuples(st.just("grow"), zones, st.tuples(st.integers(0, 400), st.integers(1, 40))),
    st.tuples(st.just("size"), zones, st.tuples(st.integers(40, 3_000), st.integers(1, 2_000))),
)


def act(model, gestures, growing, action):
    kind, zone, (x, y) = action
    if kind == "press":
        gestures.press(zone, x, y)
    elif kind == "move":
        gestures.move(x, y)
    elif kind == "release":
        gestures.release()
    elif kind == "double":
        gestures.double_click(zone)
    elif kind == "wheel":
        gestures.wheel(zone, 500.0, x, y, pans=x > 0)
    elif kind == "scroll":
        gestures.scroll(500.0, x, y)
    elif kind == "pinch":
        gestures.pinch(y, x)
    elif kind == "key":
        KEY_COMMANDS[zone](model)
    elif kind == "size":
        model.lay_out(x, y, 1.0, 50.0)
    else:
        from_row = max(len(growing) - x, 0)
        growing.replace_from(make_bars(y, seed=x, start_ns=START_NS + from_row * MINUTE_NS))
        model.adopt(growing.snapshot(model.snapshot.version + 1))


@settings(max_examples=80)
@given(st.integers(0, 3_000), st.lists(actions, max_size=40))
def test_any_gestures_leave_a_chart_that_can_be_drawn_and_saved(n_bars, done):
    growing = GrowingBars(make_bars(n_bars))
    model = ChartModel()
    model.open(INSTRUMENT, MINUTES, growing.snapshot(1))
    model.lay_out(1000, 600, 1.0, 50.0)
    gestures = Gestures(model)
    for action in done:
        act(model, gestures, growing, action)
        bars, scale = model.bars(), model.price_scale()
        assert scale.low < scale.high
        assert np.isfinite(scale.px_per_unit)
        assert (len(bars.x) > 0) == (len(model.snapshot) > 0)
        assert len(bars.x) <= model.time.width_px + 5
        assert load_state(save_state(model.state())) == model.state()


def test_a_close_only_series_scales_to_its_values():
    model = opened(make_line([5.0, 5.0, 5.0]))
    scale = model.price_scale()
    assert scale.low < 5.0 < scale.high
    empty = opened(BarArrays.empty()).price_scale()
    assert empty.low < empty.high


def test_a_band_below_zero_takes_no_logarithm_from_prices_above_it():
    bars = make_bars(300)
    low, high = float(bars.low.min()), float(bars.high.max())
    band = {("bands", name): np.full(300, value) for name, value in (("lower", -high), ("middle", high), ("upper", 2 * high))}
    state = ChartState(panes=(Pane(scale=ScaleKind.LOG),), studies=(Study("bands", "bollinger"),))
    model = ChartModel()
    model.restore(state)
    model.open(INSTRUMENT, MINUTES, fixed_snapshot(bars, band), is_adjusted=False)
    model.lay_out(1000, 600, 1.0, 60)
    model.show_all()
    scale = model.price_scale()
    assert scale.kind is ScaleKind.LOG
    assert 0 < scale.low <= low
    assert scale.high >= 2 * high
