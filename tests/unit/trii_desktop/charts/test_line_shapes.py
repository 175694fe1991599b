"""Pixels of lines, histograms, dots, steps and bands: at their values, cut at gaps, exact where bars share columns."""

import itertools

import numpy as np
import pytest

from backend.charts.chart_state import Dash
from backend.charts.study_snapshot import line_of
from trii_desktop.charts import line_shapes
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.study_lines import DrawnLine, first_known_row, visible_line
from trii_desktop.charts.time_scale import TimeScale

PRICES = PriceScale(0.0, 100.0, 0, 1_000)  # ten pixels a unit
NAN = np.nan


def drawn(*values, gap=10):
    column = np.array(values, float)
    return DrawnLine(np.arange(len(column)) * gap, column, column, column, column, is_dense=False)


def test_a_line_is_cut_where_there_is_no_value_and_what_stands_alone_is_a_dot():
    line = drawn(10, 20, NAN, 30, NAN, 40, 50)
    assert line_shapes.segments(line, PRICES)[:, [0, 2]].tolist() == [[0.5, 10.5], [50.5, 60.5]]
    alone = line_shapes.lone_values(line)
    assert (alone.x.tolist(), alone.close.tolist()) == ([30], [30.0])
    assert line_shapes.dots(alone, PRICES, 3).tolist() == [[29, 699, 31, 701]]


def test_steps_run_level_to_the_next_bar_and_upright_between_values():
    rects = line_shapes.steps(drawn(10, 20, NAN), PRICES, 1).tolist()
    assert rects == [[0, 900, 10, 900], [10, 800, 20, 800], [10, 800, 10, 900]]


def test_a_histogram_stands_on_zero_and_tells_growing_from_shrinking():
    scale = PriceScale(-50.0, 50.0, 0, 1_000)
    groups = line_shapes.histogram(drawn(10, 20, 15, -5, -10, -4, NAN), scale, 10.0, 1.0)
    assert [rects[:, [1, 3]].tolist() for rects in groups] == [
        [[400, 500], [300, 500]],
        [[350, 500]],
        [[500, 550], [500, 600]],
        [[500, 540]],
    ]


def test_a_band_fills_every_column_between_two_lines_and_none_beside_a_gap():
    rects = line_shapes.band(drawn(30, 30, NAN, 30), drawn(10, 20, 10, 10), PRICES, 100)
    assert rects[:, 0].tolist() == [*range(11), 30]
    assert rects[0].tolist() == [0, 700, 0, 900]
    assert rects[5].tolist() == [5, 700, 5, 850]


def test_dashes_stay_with_the_bars_when_the_chart_is_panned():
    pieces = line_shapes.segments(drawn(*np.linspace(10, 40, 20)), PRICES)
    one = line_shapes.broken(pieces, Dash.DASHED, 0, 1.0)
    by = np.array([7.0, 0, 7.0, 0])
    moved = pieces + by
    other = line_shapes.broken(moved, Dash.DASHED, -7, 1.0)
    np.testing.assert_allclose(one + by, other)
    shown = (one[:, 2] - one[:, 0]).sum()
    assert shown == pytest.approx(0.6 * 190, abs=6)
    assert line_shapes.broken(pieces, Dash.SOLID, 0, 1.0) is pieces


def test_dashes_lie_on_the_line():
    pieces = line_shapes.segments(drawn(10, 90, 20), PRICES)
    for x1, y1, x2, y2 in line_shapes.broken(pieces, Dash.DOTTED, 3, 2.0).tolist():
        np.testing.assert_allclose(np.interp([x1, x2], [0.5, 10.5, 20.5], [900.5, 100.5, 800.5]), [y1, y2])


def test_dashed_columns_keep_the_columns_of_the_same_bars():
    columns = line_shapes.columns(DrawnLine(np.arange(50), *(np.full(50, 5.0) for _ in range(4)), is_dense=True), PRICES, 1)
    here = line_shapes.broken_columns(columns, Dash.DASHED, 100, 1.0)[:, 0] + 100
    there = line_shapes.broken_columns(columns, Dash.DASHED, 104, 1.0)[:, 0] + 104
    both = (here >= 104) & (here < 150)
    np.testing.assert_array_equal(here[both], there[there < 150])


def test_dense_columns_keep_the_extremes_and_join_their_neighbours():
    values = np.random.default_rng(3).normal(50, 5, 5_000)
    values[2_345], values[1_234], values[:100] = 99.0, 1.0, NAN
    scale = TimeScale(500, 0.1, 4_999.0, 5_000)
    line = visible_line(line_of(values), scale, scale.columns())
    assert line.is_dense
    assert line.extremes == (1.0, 99.0)
    assert line.x[0] >= 9
    rects = line_shapes.columns(line, PRICES, 1)
    for before, after in itertools.pairwise(rects):
        assert after[1] <= before[3] + 1
        assert after[3] >= before[1] - 1


def test_marks_stand_at_the_same_bars_wherever_the_view_begins():
    values = np.arange(400.0)
    for right in (250.0, 251.0, 260.5):
        scale = TimeScale(600, 6.0, right, 400)
        marked = line_shapes.every(visible_line(line_of(values), scale, scale.columns()), 90, scale)
        assert len(marked.x) >= 5
        assert all(value % 16 == 0 for value in marked.close)


def test_nothing_is_drawn_of_nothing():
    none = drawn()
    assert len(line_shapes.segments(none, PRICES)) == len(line_shapes.dots(none, PRICES, 3)) == 0
    assert len(line_shapes.columns(drawn(NAN, NAN), PRICES, 1)) == len(line_shapes.steps(drawn(NAN), PRICES, 1)) == 0
    assert len(line_shapes.band(drawn(1.0), drawn(2.0), PRICES, 50)) == 0
    assert none.extremes is None
    assert drawn(NAN, NAN).extremes is None


def test_the_first_value_is_found_however_late_it_comes():
    values = np.full(40_000, NAN)
    values[39_000] = 1.0
    assert first_known_row(line_of(values), 5, 40_000) == 39_000
    assert first_known_row(line_of(values), 39_001, 40_000) is None
