"""The legend of a small chart: it folds instead of covering the bars, and tells everything all the same."""

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from backend.charts.chart_state import MAIN_PANE
from backend.charts.study_snapshot import fixed_snapshot
from tests.fakes.bars import INSTRUMENT, MINUTES, make_bars
from tests.fakes.studied import SMA, studied_state
from trii_desktop.charts.chart_source import FixedSource
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.colors import DARK
from trii_desktop.theme import load_fonts

SIX = tuple(msgspec.structs.replace(SMA, id=f"a{n}", params=(("period", n),)) for n in range(1, 7))
TITLES = [f"SMA {n}" for n in range(1, 7)]


@pytest.fixture
def view(qtbot):
    view = ChartView(DARK)
    qtbot.addWidget(view)
    view.set_font_family(load_fonts())
    view.show()
    bars = make_bars(500)
    snapshot = fixed_snapshot(bars, {(study.id, "value"): bars.close for study in SIX})
    view.show_series(FixedSource(snapshot), INSTRUMENT, MINUTES)
    view.restore(studied_state(*SIX))
    return view


def legend(view, width, height, pane_id=MAIN_PANE):
    view.resize(width, height)
    view.grab()
    return next(part for part in view._picture.parts if part.pane.id == pane_id).legend


def titles(item):
    return [laid.row.title for laid in item._laid]


def lowest(item):
    return max(laid.place.bottom() for laid in item._laid)


def point(view, item):
    """Hover over the button that folds and unfolds; its place."""
    place = item._fold.place.center() + QPoint(item.x, item.y)
    QTest.mouseMove(view._canvas.viewport(), place)
    view.grab()
    return place


def test_a_large_chart_shows_every_row_and_no_button(view):
    item = legend(view, 1000, 800)
    assert titles(item) == TITLES
    assert item._fold is None


@pytest.mark.parametrize("height", [400, 300, 200])
def test_rows_leave_most_of_a_small_pane_to_the_bars_and_the_others_are_counted(view, height):
    item = legend(view, 360, height)
    n_shown = len(titles(item))
    assert 1 <= n_shown < 6
    assert titles(item) == TITLES[:n_shown]
    assert item._fold.words == f"+{6 - n_shown} more"
    assert n_shown == 1 or lowest(item) < 0.4 * item.height_px


def test_the_button_tells_all_values_and_unfolds_and_folds_the_legend(view):
    item = legend(view, 400, 400)
    place = point(view, item)
    told = view._canvas.viewport().toolTip().split("\n")
    assert [line.rsplit(" ", 1)[0] for line in told] == TITLES
    assert view.legend_text.count("SMA") == 6
    QTest.mouseClick(view._canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    view.grab()
    assert titles(item) == TITLES
    assert item._fold.words == "fewer"
    place = point(view, item)
    assert view._canvas.viewport().toolTip() == "Fold the legend"
    QTest.mouseClick(view._canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    view.grab()
    assert len(titles(item)) < 6


def test_a_pane_without_room_for_any_row_has_the_button_and_unfolds_over_the_prices_legend(view):
    item = legend(view, 160, 120)
    assert titles(item) == []
    assert item._fold.words == "+6 more"
    place = point(view, item)
    assert len(view._canvas.viewport().toolTip().split("\n")) == 6
    QTest.mouseClick(view._canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    view.grab()
    assert titles(item) == TITLES[: item.height_px // 21]
    assert 0 <= item._laid[0].place.top() < lowest(item) < item.height_px
    QTest.mouseClick(view._canvas.viewport(), Qt.MouseButton.LeftButton, pos=point(view, item))
    view.grab()
    assert titles(item) == []


def test_the_button_stays_where_it_is_while_its_row_is_pointed_at(view):
    item = legend(view, 400, 400)
    before = item._fold.place
    QTest.mouseMove(view._canvas.viewport(), item._laid[-1].place.center() + QPoint(item.x, item.y))
    view.grab()
    assert item._laid[-1].buttons
    assert item._fold.place == before


@pytest.mark.parametrize("width", [160, 220])
def test_the_button_is_inside_a_narrow_chart(view, width):
    item = legend(view, width, 400)
    assert 0 <= item._fold.place.left() < item._fold.place.right() < item.width_px
