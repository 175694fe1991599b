"""Where the tour's card stands, and what its texts say."""

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QSize

from trii_desktop.guide.stops import STOPS, filled
from trii_desktop.guide.tour_view import card_corner

SIDE = st.integers(0, 1600)


@given(SIDE, SIDE, st.integers(1, 1600), st.integers(1, 1600), st.integers(100, 300))
def test_the_card_is_always_whole_in_the_window_and_beside_the_part_where_that_is_possible(x, y, width, height, card_px):
    room, size = QRect(0, 0, 1280, 800), QSize(340, card_px)
    hole = QRect(x, y, width, height).intersected(room)
    corner = card_corner(room, hole, size)
    card = QRect(corner, size)

    assert room.contains(card)
    sides = (
        hole.bottom() + card_px + 26 <= 800,
        hole.top() - card_px - 14 >= 12,
        hole.left() - 340 - 14 >= 12,
        hole.right() + 340 + 26 <= 1280,
    )
    if any(sides) and not hole.isEmpty():
        assert not card.intersects(hole)


def test_without_a_part_the_card_stands_in_the_middle():
    assert card_corner(QRect(0, 0, 1000, 800), None, QSize(340, 200)) == QPoint(329, 299)


def test_texts_name_the_keys_in_force_and_the_menu_where_there_are_none():
    keys = {"chart.search": "Ctrl+P"}

    assert filled("Press {chart.search} or {help.shortcuts}.", lambda name: keys.get(name, "")) == "Press Ctrl+P or the menu."


def test_every_stop_says_something_once():
    assert len({stop.title for stop in STOPS}) == len(STOPS)
    assert all(stop.text for stop in STOPS)
