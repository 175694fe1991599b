"""What a person does to studies: every change leaves a chart that can be shown, saved and taken back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.charts import study_edits
from backend.charts.chart_state import (
    MAIN_PANE,
    ChartState,
    Comparison,
    Study,
    StudySource,
    check_state,
    load_state,
    save_state,
)
from backend.charts.state_diff import apply, diff, reversed_changes
from backend.errors import InvalidInput, NotFound


def _chart() -> ChartState:
    state = ChartState()
    for study in (
        Study("sma", "sma"),
        Study("rsi", "rsi", pane="p1"),
        Study("mean", "sma", source=StudySource("value", "rsi"), pane="p1"),
        Study("mean of mean", "ema", source=StudySource("value", "mean"), pane="p1"),
        Study("macd", "macd", pane="p2"),
    ):
        state = state.with_study(study)
    return study_edits.with_comparison(state, Comparison("c", "MSFT.XNAS"))


def _ids(state: ChartState) -> list[str]:
    return [study.id for study in state.studies]


def test_an_overlay_stands_where_what_it_reads_stands_and_anything_else_in_a_new_pane():
    state = _chart()

    assert study_edits.pane_for(state, StudySource("close"), is_overlay=True) == MAIN_PANE
    assert study_edits.pane_for(state, StudySource("value", "rsi"), is_overlay=True) == "p1"
    assert study_edits.pane_for(state, StudySource("value", "rsi"), is_overlay=False) == study_edits.NEW_PANE
    made = study_edits.added(state, Study("new", "rsi", pane=study_edits.NEW_PANE))
    assert made.studies[-1].pane == made.panes[-1].id not in {pane.id for pane in state.panes}


def test_a_study_that_reads_a_later_one_comes_behind_it():
    state = study_edits.edited(_chart(), Study("sma", "sma", source=StudySource("line", "macd")))

    check_state(state)
    assert _ids(state) == ["rsi", "mean", "mean of mean", "macd", "sma"]


def test_studies_that_would_read_each_other_are_refused_in_words():
    with pytest.raises(InvalidInput, match="read each other"):
        study_edits.edited(_chart(), Study("rsi", "rsi", source=StudySource("value", "mean of mean"), pane="p1"))
    assert [study.id for study in study_edits.possible_sources(_chart(), "rsi")] == ["sma", "macd"]


def test_a_copy_stands_behind_the_original_in_its_pane_and_reads_the_same():
    state = study_edits.duplicated(_chart(), "mean", "copy")

    assert _ids(state)[2:4] == ["mean", "copy"]
    assert (state.study("copy").source, state.study("copy").pane) == (StudySource("value", "rsi"), "p1")


def test_a_study_alone_in_its_pane_stays_when_a_new_one_is_asked_for():
    state = _chart()

    assert study_edits.moved_to_pane(state, "macd", study_edits.NEW_PANE) == state
    moved = study_edits.moved_to_pane(state, "macd", "p1")
    assert [pane.id for pane in moved.panes] == [MAIN_PANE, "p1"]


def test_a_study_never_moves_in_front_of_what_it_reads():
    state = _chart()

    assert study_edits.moved_study(state, "mean", -1) == state
    assert study_edits.moved_study(state, "rsi", 1) == state
    assert study_edits.moved_study(state, "sma", 1) == state  # alone among the prices


def test_removing_what_others_read_removes_them_too():
    assert _ids(_chart().without_study("rsi")) == ["sma", "macd"]
    assert study_edits.readers(_chart(), "rsi") == {"mean", "mean of mean"}


def test_a_pane_goes_with_its_studies_and_with_what_reads_them_elsewhere():
    state = _chart().with_study(Study("far", "sma", source=StudySource("value", "rsi"), pane="p2"))
    made = study_edits.without_pane(state, "p1")
    assert _ids(made) == ["sma", "macd"]
    assert [pane.id for pane in made.panes] == [MAIN_PANE, "p2"]
    with pytest.raises(NotFound):
        study_edits.without_pane(made, "p1")


def test_what_is_gone_is_said_to_be_gone():
    for ask in (study_edits.study_of, study_edits.pane_of, study_edits.comparison_of):
        with pytest.raises(NotFound, match="not on the chart any more"):
            ask(ChartState(), "gone")


IDS = ("sma", "rsi", "mean", "mean of mean", "macd")
ids, panes, by = st.sampled_from(IDS), st.sampled_from([MAIN_PANE, "p1", "p2", "p9", study_edits.NEW_PANE]), st.integers(-2, 2)
EDITS = st.one_of(
    st.tuples(st.just("duplicated"), ids, st.sampled_from(["n1", "n2"])),
    st.tuples(st.just("moved_to_pane"), ids, panes),
    st.tuples(st.just("moved_study"), ids, by),
    st.tuples(st.just("moved_pane"), panes, by),
    st.tuples(
        st.just("edited"), st.builds(Study, ids, st.just("ema"), source=st.builds(StudySource, st.just("value"), ids), pane=panes)
    ),
    st.tuples(st.just("without_comparison"), st.just("c")),
    st.tuples(st.just("without_studies")),
)


@given(st.lists(EDITS, max_size=8))
def test_any_edits_leave_a_chart_that_can_be_shown_saved_and_taken_back(edits):
    state = _chart()
    for name, *arguments in edits:
        before = state
        try:
            state = getattr(study_edits, name)(state, *arguments)
            check_state(state)
        except (InvalidInput, NotFound):  # ids taken twice, circles, what is gone
            state = before
            continue
        assert load_state(save_state(state)) == state
        assert apply(state, reversed_changes(diff(before, state))) == before
