"""Any gestures on a chart with panes: it can always be drawn and saved, and what is saved draws the same picture."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QImage, QPainter

from backend.charts.chart_state import MAIN_PANE, ScaleKind, load_state, save_state
from tests.fakes.bars import INSTRUMENT, MINUTES
from tests.fakes.studied import PEER, studied, studied_state
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.chart_picture import ChartPicture
from trii_desktop.charts.colors import DARK
from trii_desktop.charts.gestures import KEY_COMMANDS, Gestures, KeyCommand, Zone
from trii_desktop.theme import load_fonts

WIDTH, HEIGHT = 500, 400
SNAPSHOTS = {n_bars: studied(n_bars) for n_bars in (0, 1, 40, 3_000)}

panes = st.sampled_from([MAIN_PANE, "p1", "p2"])
pixels = st.floats(-600, 600)
gestures = st.one_of(
    st.tuples(st.just("drag"), panes, st.tuples(st.sampled_from([Zone.PLOT, Zone.PRICE_AXIS, Zone.TIME_AXIS]), pixels, pixels)),
    st.tuples(st.just("double"), panes, st.sampled_from(Zone)),
    st.tuples(st.just("wheel"), panes, st.tuples(st.sampled_from(Zone), st.floats(-3_000, 3_000))),
    st.tuples(st.just("key"), panes, st.sampled_from(KeyCommand)),
    st.tuples(st.just("edge"), panes, pixels),
    st.tuples(st.just("fold"), panes, st.none()),
    st.tuples(st.just("maximise"), panes, st.none()),
    st.tuples(st.just("move"), panes, st.integers(-2, 2)),
    st.tuples(st.just("scale"), panes, st.tuples(st.sampled_from(ScaleKind), st.booleans())),
    st.tuples(st.just("all"), panes, st.none()),
)


@pytest.fixture(scope="module")
def family(qapp):
    return load_fonts()


def opened(n_bars, state, family):
    model = ChartModel()
    picture = ChartPicture(model, DARK, family)
    model.restore(state)
    model.open(INSTRUMENT, MINUTES, SNAPSHOTS[n_bars])
    model.restore(state)
    picture.message = ("", "") if n_bars else ("No bars", "")
    picture.start_series()
    return model, picture


def painted(picture) -> QImage:
    picture.is_stale = True
    picture.prepare(WIDTH, HEIGHT, 1.0)
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    picture.paint(painter)
    painter.end()
    return image


def act(model, hand, kind, pane, how):
    if kind == "drag":
        zone, dx, dy = how
        hand.press(zone, 100, 100, pane)
        hand.move(100 + dx, 100 + dy)
        hand.release()
    elif kind == "double":
        hand.double_click(how, pane)
    elif kind == "wheel":
        hand.wheel(how[0], 200.0, 0.0, how[1], pans=False, pane=pane)
    elif kind == "key":
        KEY_COMMANDS[how](model)
    elif kind == "edge":
        model.panes.drag_edge(pane, how)
    elif kind == "fold":
        model.panes.fold(pane)
    elif kind == "maximise":
        model.panes.maximise(pane)
    elif kind == "move":
        model.panes.move(pane, how)
    elif kind == "scale":
        model.panes.pane(pane).kind, model.panes.pane(pane).is_inverted = how
    else:
        model.show_all()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(n_bars=st.sampled_from(list(SNAPSHOTS)), done=st.lists(gestures, max_size=12))
def test_what_gestures_leave_is_drawn_saved_and_drawn_alike(family, n_bars, done):
    model, picture = opened(n_bars, studied_state(comparisons=(PEER,)), family)
    painted(picture)
    hand = Gestures(model)
    for kind, pane, how in done:
        act(model, hand, kind, pane, how)
        for one in model.panes:
            scale = model.price_scale(one.id)
            assert scale.low < scale.high
            assert np.isfinite(scale.px_per_unit)
        assert sum(one.height_px for one in model.panes) == model.panes.height_px
    picture.start_series()  # an axis grows with its labels and does not shrink while a series is shown
    before = painted(picture)
    saved = load_state(save_state(model.state()))
    _, again = opened(n_bars, saved, family)
    painted(again)
    assert np.array_equal(words(painted(again)), words(before))


def words(image: QImage) -> np.ndarray:
    return np.frombuffer(image.constBits(), np.uint32).copy()
