"""Panes share the height, fold, move, and are dragged at their edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.charts.chart_state import MAIN_PANE, Pane
from trii_desktop.charts.pane_model import COLLAPSED_PX, HEIGHT_MIN_PX
from trii_desktop.charts.pane_stack import PaneStack


def stacked(*others: Pane, height=800, maximised=""):
    stack = PaneStack()
    stack.take((Pane(), *others), maximised)
    stack.lay_out(height, 1.0)
    return stack


def heights(stack):
    return [pane.height_px for pane in stack]


def test_open_panes_divide_the_height_by_their_shares():
    assert heights(stacked(Pane("a", share=0.3), Pane("b", share=0.3))) == [500, 150, 150]


def test_a_folded_pane_takes_a_strip_and_a_maximised_one_everything():
    assert heights(stacked(Pane("a", is_collapsed=True))) == [800 - COLLAPSED_PX, COLLAPSED_PX]
    stack = stacked(Pane("a", share=0.3), Pane("b", share=0.3))
    stack.maximise("a")
    assert heights(stack) == [0, 800, 0]
    stack.maximise("a")
    assert heights(stack) == [500, 150, 150]


def test_one_pane_is_open_where_all_are_folded():
    stack = stacked(Pane("a", is_collapsed=True))
    stack.fold(MAIN_PANE)
    assert stack.main.height_px == 800 - COLLAPSED_PX
    assert stack.fold("a") == "A pane was opened"


def test_dragging_an_edge_moves_height_between_its_neighbours_alone():
    stack = stacked(Pane("a", share=0.3), Pane("b", share=0.3))
    stack.drag_edge("b", -40)
    assert heights(stack) == [500, 110, 190]
    stack.drag_edge("a", -10_000)
    assert heights(stack) == [HEIGHT_MIN_PX, 610 - HEIGHT_MIN_PX, 190]


def test_dragging_past_a_folded_pane_moves_the_open_ones_beside_it():
    stack = stacked(Pane("a", share=0.3, is_collapsed=True), Pane("b", share=1.0))
    before = heights(stack)
    stack.drag_edge("a", 50)
    assert heights(stack) == [before[0] + 50, before[1], before[2] - 50]


def test_panes_change_their_order():
    stack = stacked(Pane("a"), Pane("b"))
    stack.move("b", -1)
    assert [pane.id for pane in stack] == [MAIN_PANE, "b", "a"]
    stack.move(MAIN_PANE, 9)
    assert [pane.id for pane in stack] == ["b", "a", MAIN_PANE]
    assert next(iter(stack)).top_px == 0


def test_what_is_saved_of_panes_makes_the_same_panes():
    stack = stacked(Pane("a", share=0.3), Pane("b", share=0.3))
    stack.drag_edge("a", 33)
    stack.fold("b")
    again = stacked(*stack.states[1:])
    again.take(stack.states, "")
    assert heights(again) == heights(stack)


def test_a_pane_that_has_gone_maximises_nothing():
    assert heights(stacked(Pane("a"), maximised="x")) == [400, 400]
    stack = stacked()
    stack.maximise(MAIN_PANE)
    assert stack.maximised == ""


panes = st.lists(st.tuples(st.floats(0.001, 900), st.booleans()), max_size=8)


@given(panes, st.integers(1, 3_000), st.sampled_from([1.0, 1.25, 2.0]), st.integers(-1, 8))
def test_panes_fill_the_height_without_gaps(made, height, ratio, maximised):
    stack = PaneStack()
    states = tuple(Pane(str(n), share=share, is_collapsed=folded) for n, (share, folded) in enumerate(made))
    stack.take((Pane(), *states), str(maximised))
    stack.lay_out(height, ratio)
    tops = [pane.top_px for pane in stack]
    assert tops == [sum(heights(stack)[:n]) for n in range(len(stack))]
    if height >= 2 * len(stack):
        assert sum(heights(stack)) == height
    assert any(pane.height_px > 0 and not stack.is_folded(pane) for pane in stack)


@given(panes.filter(bool), st.lists(st.tuples(st.integers(0, 8), st.floats(-2_000, 2_000)), max_size=10))
def test_dragging_edges_keeps_the_sum_of_shares(made, drags):
    stack = PaneStack()
    stack.take((Pane(), *(Pane(str(n), share=share, is_collapsed=folded) for n, (share, folded) in enumerate(made))), "")
    stack.lay_out(700, 1.0)
    for place, by in drags:
        ids = [pane.id for pane in stack]
        stack.drag_edge(ids[place % len(ids)], by)
        assert sum(heights(stack)) == 700
        assert all(pane.share > 0 for pane in stack)
    assert sum(pane.share for pane in stack) == pytest.approx(1 + sum(share for share, _ in made), rel=0.01, abs=0.2)
