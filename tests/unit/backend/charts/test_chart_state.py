"""Saved charts: what is written is read again, what differs can be applied, and nothing else is taken."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.charts.chart_state import (
    ChartState,
    ChartType,
    Comparison,
    LineStyle,
    Pane,
    PriceRange,
    ScaleKind,
    Study,
    StudySource,
    VisibleBars,
    check_state,
    load_state,
    save_state,
)
from backend.charts.state_diff import apply, diff, joined, reversed_changes
from backend.errors import InvalidInput

ranges = st.builds(lambda low, span: PriceRange(low, low + span), st.floats(-1e6, 1e6), st.floats(0.01, 1e6))
looks = st.builds(LineStyle, colour=st.sampled_from(["", "#a0b1c2", "study_7"]), width=st.integers(1, 6), is_shown=st.booleans())
values = st.integers(1, 500) | st.floats(0.1, 10) | st.sampled_from(["simple", "close"])


@st.composite
def states(draw):
    pane_ids = draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=3))
    panes = tuple(
        draw(st.builds(Pane, id=st.just(i), share=st.floats(0.05, 3), scale=st.sampled_from(ScaleKind), range=st.none() | ranges))
        for i in draw(st.permutations(["main", *pane_ids]))
    )
    study_ids = draw(st.lists(st.sampled_from("uvwxyz"), unique=True, max_size=4))
    studies = tuple(
        Study(
            id=i,
            indicator=draw(st.sampled_from(["sma", "rsi"])),
            params=tuple(sorted(draw(st.dictionaries(st.sampled_from(["period", "kind"]), values)).items())),
            source=StudySource(study=draw(st.sampled_from(["", *study_ids[:n]]))),
            pane=draw(st.sampled_from([p.id for p in panes])),
            styles=tuple(sorted(draw(st.dictionaries(st.sampled_from(["value", "upper"]), looks)).items())),
            is_shown=draw(st.booleans()),
        )
        for n, i in enumerate(study_ids)
    )
    compared = draw(st.lists(st.sampled_from(["MSFT.XNAS", "SPX.INDEX"]), unique=True))
    return ChartState(
        instrument=draw(st.sampled_from(["", "AAPL.XNAS"])),
        interval=draw(st.sampled_from(["", "1d", "500t"])),
        chart_type=draw(st.sampled_from(ChartType)),
        is_adjusted=draw(st.booleans()),
        zone=draw(st.sampled_from(["exchange", "local", "Europe/Berlin"])),
        visible=draw(st.builds(VisibleBars, st.floats(0, 1e9), st.none() | st.integers(0, 2**62), st.floats(-1e9, 1e9))),
        panes=panes,
        studies=studies,
        comparisons=tuple(Comparison(f"c{name}", name, draw(looks)) for name in compared),
    )


@given(states())
def test_reading_what_was_saved_gives_the_same_state(state):
    assert load_state(save_state(state)) == state


@given(states(), states())
def test_applying_what_differs_gives_the_other_state_and_taking_it_back_the_first(old, new):
    changes = diff(old, new)

    assert apply(old, changes) == new
    assert apply(new, reversed_changes(changes)) == old
    assert diff(old, old) == ()


@given(states(), states(), states())
def test_two_changes_joined_do_what_they_do_one_after_the_other(first, second, third):
    changes = joined(diff(first, second), diff(second, third))

    assert apply(first, changes) == third
    assert apply(third, reversed_changes(changes)) == first
    assert joined(diff(first, second), diff(second, first)) == ()


def test_looks_and_panes_make_no_difference_to_what_is_computed():
    plain = ChartState(comparisons=(Comparison("c", "MSFT.XNAS"),)).with_study(Study("a", "rsi", (("period", 7),)))
    look = LineStyle("#a0b1c2", 3)
    dressed = plain.with_study(Study("a", "rsi", (("period", 7),), pane="p", styles=(("value", look),), is_shown=False))
    dressed = msgspec.structs.replace(dressed, comparisons=(Comparison("c", "MSFT.XNAS", look, is_shown=False),))

    assert (dressed.computed, dressed.compared) == (plain.computed, plain.compared)
    assert plain.computed == plain.studies


def test_two_hands_that_change_different_things_both_keep_their_change():
    start = ChartState(studies=(Study("a", "sma"), Study("b", "ema")))
    mine = diff(start, msgspec.structs.replace(start, chart_type=ChartType.LINE))
    theirs = diff(start, start.with_study(Study("a", "sma", params=(("period", 50),))))

    both = apply(apply(start, theirs), mine)

    assert both.chart_type is ChartType.LINE
    assert both.study("a") == Study("a", "sma", params=(("period", 50),))


def test_a_change_of_what_is_gone_meanwhile_leaves_it_gone():
    start = ChartState(studies=(Study("a", "sma"),))
    change = diff(start, start.with_study(Study("a", "sma", is_shown=False)))

    assert apply(start.without_study("a"), change) == start.without_study("a")


def test_removing_a_study_removes_what_reads_it_and_the_pane_it_leaves_empty():
    state = ChartState().with_study(Study("rsi", "rsi", pane="p1"))
    state = state.with_study(Study("mean", "sma", source=StudySource("value", "rsi"), pane="p1"))

    assert [pane.id for pane in state.panes] == ["main", "p1"]
    assert state.without_study("rsi") == ChartState()
    assert state.without_study("mean").studies == (Study("rsi", "rsi", pane="p1"),)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"colour": "red"}',
        b'{"version": 1}',
        b'{"chart_type": "renko"}',
        b'{"visible": {"n_bars": -1}}',
        b'{"visible": {"n_bars": 1e12}}',
        b'{"panes": []}',
        b'{"panes": [{"id": "main"}, {"id": "main"}]}',
        b'{"panes": [{"share": 0}]}',
        b'{"panes": [{"range": {"low": 2, "high": 1}}]}',
        b'{"panes": [{"range": {"low": 1, "high": 1}}]}',
        b'{"studies": [{"id": "", "indicator": "sma"}]}',
        b'{"studies": [{"id": "a", "indicator": "sma", "pane": "nowhere"}]}',
        b'{"studies": [{"id": "a", "indicator": "sma", "source": {"study": "a"}}]}',
        b'{"studies": [{"id": "a", "indicator": "sma", "styles": [["value", {"colour": "red"}]]}]}',
        b'{"comparisons": [{"id": "a", "instrument": "X.Y", "style": {"width": 99}}]}',
        b'{"comparisons": [{"id": "a", "instrument": "X.Y", "style": {"colour": "study_8"}}]}',
    ],
)
def test_anything_else_is_refused_with_a_way_out(text):
    with pytest.raises(InvalidInput) as caught:
        load_state(text)
    assert caught.value.hint
    assert caught.value.code == "chart.state"


@given(st.sampled_from([math.nan, math.inf, -math.inf]))
def test_numbers_that_are_none_are_refused(value):
    with pytest.raises(InvalidInput):
        check_state(ChartState(visible=VisibleBars(beyond=value)))
    with pytest.raises(InvalidInput):
        check_state(ChartState(studies=(Study("a", "sma", params=(("period", value),)),)))
    with pytest.raises(InvalidInput):
        check_state(ChartState(panes=(Pane(share=value),)))


@pytest.mark.parametrize("path", ["colour", "version", "studies/a/b/c", "panes/main/nothing"])
def test_a_change_of_something_unknown_is_refused(path):
    changes = diff(ChartState(), ChartState(interval="1h"))
    with pytest.raises(InvalidInput) as caught:
        apply(ChartState(), tuple(msgspec.structs.replace(change, path=path) for change in changes))
    assert caught.value.code == "chart.change"
