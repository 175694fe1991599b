"""Labels beside an axis: whatever their values, none covers another, their order stays, and the first keeps its place."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trii_desktop.charts.labels import AxisLabel, arranged, placed

wanted = st.lists(st.integers(-50, 850), min_size=1, max_size=12).map(sorted)


@given(wanted, st.integers(5, 40), st.integers(600, 900))
def test_labels_touch_at_most_stay_in_order_and_inside(middles, height, room):
    places = placed(middles, [height] * len(middles), [1.0] * len(middles), 0, room)
    assert all(b - a >= height - 1e-6 for a, b in itertools.pairwise(places))
    assert places[0] >= height / 2 - 1e-6
    assert places[-1] <= room - height / 2 + 1e-6


@given(wanted, st.integers(5, 40))
def test_labels_with_room_stand_at_their_values(middles, height):
    apart = [n * 45 + middle % 5 + height for n, middle in enumerate(middles)]
    assert placed(apart, [height] * len(apart), [1.0] * len(apart), 0, 2_000) == [float(y) for y in apart]


@given(st.lists(st.floats(0, 300), min_size=2, max_size=6).map(sorted), st.lists(st.floats(-30, 30), min_size=6, max_size=6))
def test_no_other_arrangement_is_nearer_to_the_values(middles, moves):
    heights = [20.0] * len(middles)
    best = placed(middles, heights, [1.0] * len(middles), 0, 400)
    other = np.sort(np.array(best) + np.array(moves[: len(best)]))
    fits = all(b - a >= 20 for a, b in itertools.pairwise(other)) and other[0] >= 10 and other[-1] <= 390
    if fits:
        assert np.sum((np.array(best) - middles) ** 2) <= np.sum((other - middles) ** 2) + 1e-6


@given(st.lists(st.tuples(st.integers(0, 399), st.integers(12, 40)), max_size=30), st.integers(0, 400))
def test_arranged_labels_cover_each_other_nowhere_and_the_price_keeps_its_place(others, price):
    labels = [AxisLabel(price, "p", "up", "on_up", is_first=True), *(AxisLabel(y, "s", "line", "on_line") for y, _ in others)]
    made = arranged(labels, [20, *(height for _, height in others)], 400)
    rows = sorted((label.top, label.top + label.height) for label in made)
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(rows))
    assert not rows or (rows[0][0] >= 0 and rows[-1][1] <= 400)
    assert [one.label.y for one in made] == sorted(one.label.y for one in made)
    first = next(one for one in made if one.label.is_first)
    crowd = sum(height for y, height in others)
    if crowd <= min(price, 400 - price) - 20:
        assert abs(first.top + 10 - price) <= 1
