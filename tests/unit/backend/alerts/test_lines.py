"""Lines of drawings lie where a chart draws them, bar by bar, also across gaps and splits."""

import math

import numpy as np
import pytest

from backend.alerts.lines import BarRows, has_line, level_of, lines_of, name_of, place_line
from backend.charts.anchor_map import AnchorMap
from backend.charts.drawings import Anchor, Drawing, DrawingKind, DrawingStyle
from backend.domain.bars import MINUTE_NS, BarSpec
from backend.domain.sessions import SessionTable
from backend.market.history import PriceFactors

MINUTE = BarSpec.parse("1m")
# Ten minutes, then a gap of an hour, then ten more.
TIMES = (28_333_333 + np.concatenate([np.arange(10), np.arange(70, 80)]).astype(np.int64)) * MINUTE_NS


def rows(factors=None):
    anchor_map = AnchorMap(MINUTE) if factors is None else AnchorMap(MINUTE, factors=factors)
    return BarRows.of(anchor_map, TIMES)


def drawn(kind, *points, **style):
    anchors = tuple(Anchor(int(TIMES[row]), price) for row, price in points)
    return Drawing("d", kind, anchors, DrawingStyle(**style))


def at(drawing, line, row):
    placed = rows()
    return level_of(place_line(drawing, line, placed), placed, None).at(int(TIMES[row]) + 30_000_000_000)


def test_a_trend_line_rises_by_the_same_each_bar_and_not_while_nothing_traded():
    line = drawn(DrawingKind.TREND_LINE, (5, 100.0), (15, 110.0))
    assert [at(line, "line", row) for row in (5, 9, 10, 15)] == pytest.approx([100, 104, 105, 110])
    placed = rows()
    in_the_gap = int(TIMES[9]) + 30 * MINUTE_NS
    assert level_of(place_line(line, "line", placed), placed, None).at(in_the_gap) == pytest.approx(104)


def test_a_trend_line_ends_at_its_anchors_unless_it_goes_on():
    ends = drawn(DrawingKind.TREND_LINE, (5, 100.0), (15, 110.0))
    on = drawn(DrawingKind.TREND_LINE, (5, 100.0), (15, 110.0), is_extended=True)
    both = drawn(DrawingKind.TREND_LINE, (5, 100.0), (15, 110.0), is_extended=True, is_extended_back=True)
    assert math.isnan(at(ends, "line", 4))
    assert math.isnan(at(ends, "line", 16))
    assert at(on, "line", 19) == pytest.approx(114)
    assert math.isnan(at(on, "line", 4))
    assert at(both, "line", 0) == pytest.approx(95)


def test_a_ray_drawn_backwards_goes_on_to_the_left_alone():
    ray = drawn(DrawingKind.RAY, (15, 110.0), (5, 100.0))
    assert at(ray, "line", 0) == pytest.approx(95)
    assert math.isnan(at(ray, "line", 16))


def test_a_horizontal_line_is_a_level_for_ever():
    line = drawn(DrawingKind.HORIZONTAL, (5, 100.0))
    placed = rows()
    level = level_of(place_line(line, "line", placed), placed)
    assert level.is_constant
    assert level.at(0) == level.at(2**62) == 100.0


def test_an_upright_line_has_no_level():
    assert math.isnan(at(drawn(DrawingKind.TREND_LINE, (5, 100.0), (5, 110.0)), "line", 5))


def test_the_edges_of_a_channel_are_told_apart_whichever_was_drawn_first():
    below = drawn(DrawingKind.CHANNEL, (0, 100.0), (10, 110.0), (5, 95.0))
    above = drawn(DrawingKind.CHANNEL, (0, 90.0), (10, 100.0), (5, 105.0))
    for channel in (below, above):
        assert (at(channel, "upper", 5), at(channel, "lower", 5)) == pytest.approx((105, 95))


def test_a_rectangle_has_two_levels_between_its_sides():
    box = drawn(DrawingKind.RECTANGLE, (8, 100.0), (4, 90.0))
    assert (at(box, "upper", 6), at(box, "lower", 6)) == (100, 90)
    assert math.isnan(at(box, "upper", 9))
    assert at(drawn(DrawingKind.RECTANGLE, (8, 100.0), (4, 90.0), is_extended=True), "upper", 19) == 100


def test_the_levels_of_a_retracement_count_from_its_second_anchor():
    move = drawn(DrawingKind.FIBONACCI, (0, 100.0), (10, 200.0), levels=(0.0, 0.25, 1.0))
    assert lines_of(move) == ("level:0", "level:0.25", "level:1")
    assert at(move, "level:0.25", 5) == 175.0
    assert not has_line(move, "level:0.618")
    assert place_line(move, "level:0.618", rows()) is None


def test_a_split_between_the_anchors_bends_no_line():
    split = PriceFactors(TIMES[10:11], TIMES[10:11], np.array([0.5]))
    line = drawn(DrawingKind.RAY, (5, 200.0), (15, 100.0))
    placed = rows(split)
    level = level_of(place_line(line, "line", placed), placed, None)
    assert [level.at(int(TIMES[row])) for row in (5, 10, 19)] == [100.0, 100.0, 100.0]


def test_a_level_reaches_into_the_bars_to_come_as_the_calendar_tells_them(sessions):
    anchor_map = AnchorMap(MINUTE, sessions)
    times = sessions.close_ns[0] + np.arange(-5, 0, dtype=np.int64) * MINUTE_NS
    line = Drawing("d", DrawingKind.RAY, (Anchor(int(times[0]), 100.0), Anchor(int(times[4]), 104.0)))
    placed = BarRows.of(anchor_map, times)
    level = level_of(place_line(line, "line", placed), placed)
    assert level.at(int(sessions.open_ns[1])) == pytest.approx(105)
    assert level.at(int(sessions.open_ns[1]) - 1) == pytest.approx(104)


@pytest.fixture
def sessions():
    opens = np.array([14, 38], np.int64) * 3_600_000_000_000
    return SessionTable("TEST", np.array([0, 24], np.int64) * 3_600_000_000_000, opens, opens + 6 * 3_600_000_000_000)


def test_a_drawing_is_called_by_its_kind_and_its_words():
    assert name_of(drawn(DrawingKind.RAY, (0, 1.0), (1, 2.0))) == "ray"
    named = Drawing("d", DrawingKind.HORIZONTAL, (Anchor(0, 1.0),), text="Old\nhigh")
    assert name_of(named) == "horizontal line “Old high”"
    assert lines_of(Drawing("d", DrawingKind.TEXT, (Anchor(0, 1.0),))) == ()
