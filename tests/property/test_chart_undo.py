"""Any sequence of changes, previews, undos and redos leaves exactly the chart that its history says."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backend.charts import study_edits
from backend.charts.chart_state import (
    MAIN_PANE,
    ChartState,
    ChartType,
    Comparison,
    LineStyle,
    ScaleKind,
    Study,
    StudySource,
    check_state,
    load_state,
    save_state,
)
from backend.charts.state_diff import StateChange, apply
from backend.errors import InvalidInput, NotFound
from trii_desktop.market.chart_steps import ChartSteps
from trii_desktop.undo import UndoStack

EDITS = {
    "instrument": lambda s, n: replace(s, instrument=f"C{n}.XNAS"),
    "interval": lambda s, n: replace(s, interval=f"{n + 1}d"),
    "type": lambda s, n: replace(s, chart_type=list(ChartType)[n]),
    "scale": lambda s, n: s.with_pane(replace(s.main, scale=list(ScaleKind)[n % 3], is_inverted=n > 2)),
    "zone": lambda s, n: replace(s, zone=["exchange", "local", "UTC"][n % 3]),
    "add": lambda s, n: study_edits.added(s, Study(study_edits.fresh_id(), "rsi", pane=[MAIN_PANE, ""][n % 2])),
    "add on": lambda s, n: study_edits.added(
        s, Study(study_edits.fresh_id(), "sma", source=StudySource("value", _pick(s.studies, n).id), pane=_pick(s.studies, n).pane)
    ),
    "period": lambda s, n: s.with_study(replace(_pick(s.studies, n), params=(("period", n + 2),))),
    "style": lambda s, n: s.with_study(replace(_pick(s.studies, n), styles=(("value", LineStyle(width=n % 6 + 1)),))),
    "pane": lambda s, n: study_edits.moved_to_pane(s, _pick(s.studies, n).id, _pick((*s.panes, s.main), n).id),
    "own pane": lambda s, n: study_edits.moved_to_pane(s, _pick(s.studies, n).id, study_edits.NEW_PANE),
    "order": lambda s, n: study_edits.moved_study(s, _pick(s.studies, n).id, 1),
    "pane order": lambda s, n: study_edits.moved_pane(s, _pick(s.panes, n).id, n - 3),
    "fold": lambda s, n: study_edits.with_pane_collapsed(s, _pick(s.panes, n).id, collapsed=n % 2 == 0),
    "copy": lambda s, n: study_edits.duplicated(s, _pick(s.studies, n).id, study_edits.fresh_id()),
    "hide": lambda s, n: study_edits.with_study_shown(s, _pick(s.studies, n).id, shown=n % 2 == 0),
    "remove": lambda s, n: s.without_study(_pick(s.studies, n).id),
    "remove all": lambda s, _: study_edits.without_studies(s),
    "compare": lambda s, n: study_edits.with_comparison(s, Comparison(f"c{n}", f"P{n}.XNAS")),
    "uncompare": lambda s, n: study_edits.without_comparison(s, f"c{n}"),
}
changes = st.tuples(st.sampled_from(sorted(EDITS)), st.integers(0, 6))
acts = st.one_of(
    changes.map(lambda edit: ("change", [edit])),
    st.tuples(st.sampled_from(["keep", "cancel", "undo inside"]), st.lists(changes, min_size=1, max_size=4)),
    st.just(("undo", [])),
    st.just(("redo", [])),
)


def _pick(items, n):
    if not items:
        raise NotFound("There is nothing to pick.")
    return items[n % len(items)]


def _edited(state: ChartState, edit) -> ChartState:
    """The state after one edit; the same where it cannot be made."""
    name, n = edit
    try:
        made = EDITS[name](state, n)
        check_state(made)
    except (InvalidInput, NotFound):
        return state
    return made


class _Chart:
    """A chart without a window: its state, changed as the panel changes it."""

    def __init__(self) -> None:
        self.state = ChartState(instrument="C0.XNAS", interval="1d")

    async def take(self, changes: tuple[StateChange, ...]) -> None:
        await asyncio.sleep(0)  # another series is opened
        self.take_now(changes)

    def take_now(self, changes: tuple[StateChange, ...]) -> None:
        self.state = apply(self.state, changes)


class _History:
    """What should be: every state in the order of the steps."""

    def __init__(self, state: ChartState) -> None:
        self.past, self.future = [state], []

    def push(self, state: ChartState) -> None:
        if state != self.past[-1]:
            self.past.append(state)
            self.future.clear()

    def undo(self) -> None:
        if len(self.past) > 1:
            self.future.append(self.past.pop())

    def redo(self) -> None:
        if self.future:
            self.past.append(self.future.pop())


async def _act(chart, undo, history, kind, edits) -> None:
    if kind == "undo":
        await undo.undo()
        history.undo()
    elif kind == "redo":
        await undo.redo()
        history.redo()
    elif kind == "change":
        made = _edited(chart.state, edits[0])
        await chart.steps.make(made, "A change")
        history.push(made)
    else:
        await _edit(chart, undo, history, kind, edits)


async def _edit(chart, undo, history, kind, edits) -> None:
    step = chart.steps.begin("An editor")
    for edit in edits:
        step.show(_edited(chart.state, edit))
    made = chart.state
    if kind == "cancel":
        step.cancel()
    elif kind == "undo inside" and made != history.past[-1]:
        await undo.undo()  # Ctrl+Z beside the open editor takes back all that it showed
        history.push(made)
        history.undo()
        assert chart.state == history.past[-1]
    else:
        history.push(made)


@settings(max_examples=300)
@given(st.lists(acts, max_size=14))
def test_any_changes_previews_undos_and_redos_leave_the_state_that_the_history_says(story):
    async def live():
        undo, chart = UndoStack(), _Chart()
        chart.steps = ChartSteps(undo, chart)
        history = _History(chart.state)
        for kind, edits in story:
            await _act(chart, undo, history, kind, edits)
            assert chart.state == history.past[-1], kind
            assert load_state(save_state(chart.state)) == chart.state
        while len(history.past) > 1:
            await undo.undo()
            history.undo()
            assert chart.state == history.past[-1]
        assert undo.newest is None

    asyncio.run(live())
