"""What a person does to the studies, panes and comparisons of a chart, each as a function from one state to the next."""

import uuid
from typing import Final

from msgspec.structs import replace

from backend.charts.chart_state import MAIN_PANE, ChartState, Comparison, Pane, Study, StudySource
from backend.errors import InvalidInput, NotFound

NEW_PANE: Final = ""  # in the place of a pane's id: one of its own
PANE_SHARE: Final = 0.3


def fresh_id() -> str:
    """An id for a study, a pane or a comparison."""
    return uuid.uuid4().hex[:12]


def pane_for(state: ChartState, source: StudySource, *, is_overlay: bool) -> str:
    """Where a new study is drawn: an overlay in the pane of what it reads, anything else in a pane of its own."""
    if not is_overlay:
        return NEW_PANE
    read = state.study(source.study)
    return MAIN_PANE if read is None else read.pane


def added(state: ChartState, study: Study) -> ChartState:
    """With ``study`` behind all others; in a pane of its own where it names ``NEW_PANE``."""
    return state.with_study(replace(study, pane=study.pane or fresh_id()))


def duplicated(state: ChartState, study_id: str, new_id: str) -> ChartState:
    """With a copy of a study, called ``new_id``, right behind it in the same pane. Raises NotFound."""
    study = study_of(state, study_id)
    place = state.studies.index(study) + 1
    return replace(state, studies=(*state.studies[:place], replace(study, id=new_id), *state.studies[place:]))


def moved_to_pane(state: ChartState, study_id: str, pane: str) -> ChartState:
    """With a study drawn in ``pane``, or in one of its own for ``NEW_PANE``; panes that are then empty go. Raises NotFound."""
    study = study_of(state, study_id)
    if pane == NEW_PANE and is_alone(state, study):
        return state
    return state.with_study(replace(study, pane=pane or fresh_id()))


def is_alone(state: ChartState, study: Study) -> bool:
    """Whether a study has a pane of its own already."""
    return study.pane != MAIN_PANE and all(other.pane != study.pane for other in state.studies if other.id != study.id)


def edited(state: ChartState, study: Study) -> ChartState:
    """With ``study`` in the place of the one that has its id, behind what it reads. Raises InvalidInput for a circle."""
    study_of(state, study.id)
    return in_order(state.with_study(replace(study, pane=study.pane or fresh_id())))


def in_order(state: ChartState) -> ChartState:
    """With every study behind the one it reads, otherwise in the order they have. Raises InvalidInput for a circle."""
    waiting, placed = list(state.studies), dict[str, Study]()
    while waiting:
        ready = next((study for study in waiting if not study.source.study or study.source.study in placed), None)
        if ready is None:
            names = ", ".join(study.indicator for study in waiting)
            raise InvalidInput(
                f"These indicators would read each other or one that is gone: {names}.",
                hint="Choose another source.",
                code="chart.circle",
            )
        placed[ready.id] = ready
        waiting.remove(ready)
    return replace(state, studies=tuple(placed.values()))


def readers(state: ChartState, study_id: str) -> frozenset[str]:
    """Ids of the studies that read ``study_id``, also by way of others."""
    found = {study_id}
    while more := {study.id for study in state.studies if study.source.study in found} - found:
        found |= more
    return frozenset(found - {study_id})


def possible_sources(state: ChartState, study_id: str) -> tuple[Study, ...]:
    """The studies that ``study_id`` may read: all but itself and its readers."""
    barred = {study_id, *readers(state, study_id)}
    return tuple(study for study in state.studies if study.id not in barred)


def moved_study(state: ChartState, study_id: str, by: int) -> ChartState:
    """With a study ``by`` places further back in its pane's order (in front where negative), as far as what it reads allows."""
    study = study_of(state, study_id)
    companions = [other for other in state.studies if other.pane == study.pane]
    to = companions.index(study) + by
    if not by or not 0 <= to < len(companions):
        return state
    others = [other for other in state.studies if other.id != study_id]
    place = others.index(companions[to]) + (by > 0)
    try:
        wanted = replace(state, studies=(*others[:place], study, *others[place:]))
        made = in_order(wanted)
    except InvalidInput:  # a circle that was there before
        return state
    return made if made == wanted else state


def moved_pane(state: ChartState, pane_id: str, by: int) -> ChartState:
    """With a pane ``by`` places further down, further up where negative; at the ends it stays. Raises NotFound."""
    pane = pane_of(state, pane_id)
    place = state.panes.index(pane)
    to = min(max(place + by, 0), len(state.panes) - 1)
    others = [other for other in state.panes if other.id != pane_id]
    return replace(state, panes=(*others[:to], pane, *others[to:]))


def with_pane_collapsed(state: ChartState, pane_id: str, *, collapsed: bool) -> ChartState:
    """With a pane folded to its title, or open again; the main pane stays open. Raises NotFound."""
    pane = pane_of(state, pane_id)
    return state if pane_id == MAIN_PANE else state.with_pane(replace(pane, is_collapsed=collapsed))


def with_study_shown(state: ChartState, study_id: str, *, shown: bool) -> ChartState:
    """With a study drawn, or hidden. Raises NotFound."""
    return state.with_study(replace(study_of(state, study_id), is_shown=shown))


def with_all_shown(state: ChartState, *, shown: bool) -> ChartState:
    """With every study and comparison drawn, or hidden."""
    return replace(
        state,
        studies=tuple(replace(study, is_shown=shown) for study in state.studies),
        comparisons=tuple(replace(comparison, is_shown=shown) for comparison in state.comparisons),
    )


def without_studies(state: ChartState) -> ChartState:
    """Without any study."""
    return replace(state, studies=()).tidied()


def without_pane(state: ChartState, pane_id: str) -> ChartState:
    """Without the studies of a pane and what reads them. Raises NotFound."""
    pane_of(state, pane_id)
    while (study := next((one for one in state.studies if one.pane == pane_id), None)) is not None:
        state = state.without_study(study.id)
    return state


def with_comparison(state: ChartState, comparison: Comparison) -> ChartState:
    """With ``comparison`` in the place of the one that has its id, else behind the others."""
    known = any(old.id == comparison.id for old in state.comparisons)
    made = tuple(comparison if old.id == comparison.id else old for old in state.comparisons)
    return replace(state, comparisons=made if known else (*made, comparison))


def without_comparison(state: ChartState, comparison_id: str) -> ChartState:
    """Without a comparison."""
    return replace(state, comparisons=tuple(c for c in state.comparisons if c.id != comparison_id))


def study_of(state: ChartState, study_id: str) -> Study:
    """The study ``study_id``; raises NotFound."""
    study = state.study(study_id)
    if study is None:
        raise NotFound("This indicator is not on the chart any more.", hint="Add it again.", code="chart.no_study")
    return study


def pane_of(state: ChartState, pane_id: str) -> Pane:
    """The pane ``pane_id``; raises NotFound."""
    pane = state.pane(pane_id)
    if pane is None:
        raise NotFound("This pane is not on the chart any more.", code="chart.no_pane")
    return pane


def comparison_of(state: ChartState, comparison_id: str) -> Comparison:
    """The comparison ``comparison_id``; raises NotFound."""
    found = next((c for c in state.comparisons if c.id == comparison_id), None)
    if found is None:
        raise NotFound("This comparison is not on the chart any more.", code="chart.no_comparison")
    return found
