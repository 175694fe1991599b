"""Where the charts of a grid stand."""

import itertools

import pytest
from PySide6.QtCore import QRect, QSize

from backend.workspaces.chart_grid import SHARE_MIN, GridShape
from trii_desktop.grid.places import EDGE_PX, lay_out, share_at


@pytest.mark.parametrize("shape", GridShape)
@pytest.mark.parametrize("size", [QSize(1600, 900), QSize(701, 333)])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.83])
def test_charts_and_edges_cover_the_room_and_never_each_other(shape, size, share):
    places = lay_out(shape, size, share, 1 - share)
    parts = [*places.charts, *(edge for edge in (places.upright, places.level) if edge is not None)]

    assert len(places.charts) == shape.n_charts
    assert all(QRect(0, 0, size.width(), size.height()).contains(part) for part in parts)
    assert not any(a.intersects(b) for a, b in itertools.combinations(places.charts, 2))
    covered = sum(part.width() * part.height() for part in parts)
    crossing = EDGE_PX * EDGE_PX if shape is GridShape.FOUR else 0
    assert covered - crossing == size.width() * size.height()


def test_an_edge_is_where_it_was_dropped_and_leaves_both_sides_room():
    for position in range(0, 1000, 7):
        share = share_at(position, 1000)
        placed = lay_out(GridShape.COLUMNS, QSize(1000, 500), share, 0.5).upright.x()
        assert SHARE_MIN <= share <= 1 - SHARE_MIN
        assert placed == min(max(position, 100), 896)  # to the pixel, but for a tenth of the room at either side


def test_no_room_at_all_is_no_error():
    for shape in GridShape:
        assert len(lay_out(shape, QSize(0, 0), 0.5, 0.5).charts) == shape.n_charts
