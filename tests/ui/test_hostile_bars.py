"""Every kind of chart over series that strain it: nothing is raised, and what is painted is what there is to see."""

import itertools
import re

import numpy as np
import pytest
from PySide6.QtGui import QImage

from backend.charts.chart_state import MAIN_PANE, ChartType, ScaleKind
from tests.fakes.bars import MINUTES
from tests.fakes.hostile_bars import WILD, hostile_series, hostile_snapshot, hostile_state
from trii_desktop.charts.chart_source import FixedSource
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.colors import DARK
from trii_desktop.charts.gestures import KeyCommand
from trii_desktop.theme import load_fonts

WIDTH, HEIGHT = 1000, 700
SERIES = hostile_series()
LOOKS = list(itertools.product([kind for kind in ChartType if kind is not ChartType.AUTO], ScaleKind))
INKS = (DARK.up, DARK.down, DARK.line)


@pytest.fixture
def view(qtbot):
    made = ChartView(DARK)
    qtbot.addWidget(made)
    made.set_font_family(load_fonts())
    made.resize(WIDTH, HEIGHT)
    made.show()
    qtbot.waitExposed(made)
    return made


def show(view, snapshot, kind=ChartType.CANDLES, scale=ScaleKind.LINEAR) -> np.ndarray:
    view.show_series(FixedSource(snapshot), WILD, MINUTES)
    view.restore(hostile_state(kind, scale))
    return pixels(view)


def pixels(view) -> np.ndarray:
    """uint8[height, width, 3], red first."""
    picture = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.width(), 4)
    return data[:, :, 2::-1].copy()


def is_ink(data, *colors, reach=60) -> np.ndarray:
    """Where any of the colours is, or within ``reach`` its smoothed edge."""
    wanted = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in colors]
    return np.any([np.abs(data.astype(int) - one).sum(axis=2) <= reach for one in wanted], axis=0)


def part_of(view, pane_id):
    return next(part for part in view._picture.parts if part.pane.id == pane_id)


def check_newest_bar(view, data, snapshot):
    """The newest bar is painted, from its highest to its lowest price or at its close, where time and scale say."""
    main, model = part_of(view, MAIN_PANE), view.model
    bar, x = snapshot.bars.bar(len(snapshot.bars) - 1), model.time.x_at(len(snapshot.bars) - 1)
    assert 0 <= x < main.plot.width_px
    y = int(main.scale.y_at(bar.close))
    assert 0 <= y < main.plot.height_px, "the newest close is in view"
    near = is_ink(data[max(y - 2, 0) : y + 3, x - 4 : x + 5], *INKS)
    assert near.any(), "something is painted at the newest close"


def check_words(view):
    """Nothing unknown is written, no two labels of an axis say the same, and the axis leaves room for the chart."""
    assert not re.search(r"\bnan\b|\binf\b|[0-9]e[+-]?[0-9]", view.legend_text, re.IGNORECASE)
    axis = view._picture.price_axis
    assert len(axis._texts) == len(set(axis._texts))
    assert axis.width_px < WIDTH / 4


@pytest.mark.parametrize("name", [name for name in SERIES if name != "no bars"])
def test_every_type_and_scale_paints_bars_volume_and_indicators(view, name):
    bars, snapshot = SERIES[name], hostile_snapshot(SERIES[name])
    has_volume = bool(np.nansum(bars.volume) > 0)
    for kind, scale in LOOKS:
        data = show(view, snapshot, kind, scale)
        check_newest_bar(view, data, snapshot)
        check_words(view)
        main, rsi, macd = (part_of(view, pane) for pane in (MAIN_PANE, "p1", "p2"))
        volume = is_ink(data[: main.plot.height_px, : main.plot.width_px], DARK.volume_up, DARK.volume_down, reach=0)
        assert bool(volume.sum() > 20) == has_volume, f"volume, {kind}, {scale}"
        for part, inks in ((rsi, DARK.studies[3:4]), (macd, DARK.studies[:2])):
            top = part.plot.y + 30  # below the legend
            painted = is_ink(data[top : part.plot.y + part.plot.height_px, : part.plot.width_px], *inks)
            assert bool(painted.sum() > 50) == (len(bars) > 50), f"{part.pane.id}, {kind}, {scale}"


def test_no_bars_are_said_in_words_by_every_type_and_scale(view):
    snapshot = hostile_snapshot(SERIES["no bars"])
    for kind, scale in LOOKS:
        data = show(view, snapshot, kind, scale)
        assert view.legend_text.startswith("No bars of WILD.XNAS")
        assert not is_ink(data, DARK.up, DARK.down).any()
        assert (data != data[2, 2]).any()


@pytest.mark.parametrize("name", SERIES)
def test_keys_zoom_and_pan_over_any_series_and_come_back_to_the_same_picture(view, name):
    snapshot = hostile_snapshot(SERIES[name])
    before = show(view, snapshot, ChartType.CANDLES, ScaleKind.LOG)
    for command in (KeyCommand.OLDEST, KeyCommand.ZOOM_OUT, KeyCommand.FAST_BACK, KeyCommand.NEWEST, KeyCommand.ZOOM_IN):
        view.do(command)
        pixels(view)
    view.show_all()
    pixels(view)
    view.do(KeyCommand.RESET)
    view._picture.start_series()  # an axis grows with its labels and does not shrink while a series is shown
    assert (pixels(view) == before).all()


def test_a_single_bar_of_a_line_is_a_dash_at_its_close(view):
    snapshot = hostile_snapshot(SERIES["one bar"])
    data = show(view, snapshot, ChartType.LINE)
    main, x = part_of(view, MAIN_PANE), view.model.time.x_at(0)
    y = int(main.scale.y_at(snapshot.bars.bar(0).close))
    painted = np.flatnonzero(is_ink(data[: main.plot.height_px, x : x + 1], DARK.line))
    assert painted.tolist() == [y - 1, y, y + 1]


def test_the_flat_line_of_equal_prices_stands_in_the_middle_of_what_is_free(view):
    data = show(view, hostile_snapshot(SERIES["no range"]), ChartType.LINE)
    main = part_of(view, MAIN_PANE)
    assert main.plot.height_px * 0.3 < main.scale.y_at(10.0) < main.plot.height_px * 0.7
    assert main.scale.low < 10.0 < main.scale.high
    assert is_ink(data[: main.plot.height_px, : main.plot.width_px], DARK.line, *DARK.studies[:2]).sum() > 500


def test_ten_years_without_bars_take_no_room_and_both_years_are_named(view):
    bars = SERIES["ten years missing"]
    show(view, hostile_snapshot(bars))
    before, after = (view.model.time.x_at(row) for row in (len(bars) - 51, len(bars) - 50))
    assert after - before == view.model.time.x_at(len(bars) - 49) - after
    words = " ".join(tick.text for tick, _ in view._picture.time_axis._labels)
    assert "2034" in words or "2033" in words
