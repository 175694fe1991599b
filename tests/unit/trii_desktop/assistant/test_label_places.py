"""Words of sketches lie beside what they name, on none of each other, and never outside the chart."""

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, QSizeF

from trii_desktop.assistant.label_places import leader, place_above_line, place_beside

ROOM = QSizeF(800, 600)
points = st.tuples(st.floats(0, 800), st.floats(0, 600), st.floats(20, 200), st.booleans())


@given(st.lists(points, max_size=25))
def test_words_never_lie_on_each_other_nor_outside(wanted):
    taken = []
    for x, y, wide, is_level in wanted:
        size = QSizeF(wide, 16)
        box = place_above_line(y, size, ROOM, taken) if is_level else place_beside(QPointF(x, y), size, ROOM, taken)
        if box is not None:
            assert QRectF(0, 0, 800, 600).contains(box)
            assert not any(one.intersects(box) for one in taken)
            taken.append(box)


def test_marks_of_one_bar_are_named_in_rows_with_a_line_from_the_farther_ones():
    at, taken = QPointF(790, 300), []
    for _ in range(4):
        taken.append(place_beside(at, QSizeF(100, 16), ROOM, taken))
    assert [box.right() for box in taken] == [784] * 4
    assert sorted(box.center().y() for box in taken) == [266, 283, 300, 317]
    assert leader(at, taken[0]) is None
    assert leader(at, taken[1]) == (at, QPointF(784, 283))


def test_the_name_of_a_level_stays_on_its_line():
    first = place_above_line(300, QSizeF(100, 16), ROOM, [])
    second = place_above_line(300, QSizeF(100, 16), ROOM, [first])
    assert second.top() == first.top()
    assert second.right() < first.left()
    assert place_above_line(5, QSizeF(100, 16), ROOM, []) is None
