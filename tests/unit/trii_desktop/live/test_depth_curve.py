"""The depth curve as points: a stair that never falls outward, with no more steps than there are columns of pixels."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QRectF

from tests.fakes.shown_market import make_depth
from trii_desktop.live.book_rows import book_of
from trii_desktop.live.depth_curve import curve_points, total_at

AREA = QRectF(0, 20, 300, 200)


def points_of(book, side, *, is_bid, reach=200.0, tallest=5_000.0):
    return curve_points(side, book.middle, (reach, tallest), AREA, is_bid=is_bid)


@pytest.mark.parametrize("is_bid", [True, False])
@pytest.mark.parametrize("n_levels", [1, 5, 2_000])
def test_a_side_is_a_stair_from_its_best_price_to_the_edge(n_levels, is_bid):
    book = book_of(make_depth(65_000.0, n=n_levels), 0.0, 2)
    points = points_of(book, book.bids if is_bid else book.asks, is_bid=is_bid)
    outward = [abs(p.x() - AREA.center().x()) for p in points]
    assert outward == sorted(outward)
    heights = [p.y() for p in points[1:-1]]
    assert heights == sorted(heights, reverse=True)
    assert points[0].y() == points[-1].y() == AREA.bottom()
    assert points[-1].x() == (AREA.left() if is_bid else AREA.right())
    assert all(a.x() == b.x() or a.y() == b.y() for a, b in pairwise(points))


def test_many_levels_cost_no_more_steps_than_there_are_columns():
    book = book_of(make_depth(65_000.0, n=2_000), 0.0, 2)
    points = points_of(book, book.asks, is_bid=False)
    assert len(points) <= 2 * AREA.width() / 2 + 6
    reached = total_at(book.asks, book.middle + 200.0, is_bid=False)
    assert points[-2].y() == pytest.approx(AREA.bottom() - reached / 5_000.0 * AREA.height())


def test_a_side_out_of_reach_is_nothing_but_its_foot():
    book = book_of(make_depth(65_000.0, n=3), 0.0, 2)
    points = points_of(book, book.asks, is_bid=False, reach=1e-6)
    assert {(p.x(), p.y()) for p in points} == {(AREA.right(), AREA.bottom())}
