"""Colours that tell a new study from what is in its pane already, by their places in the theme's palette."""

from typing import Final

from msgspec.structs import replace

from backend.charts.chart_state import MAIN_PANE, ChartState, Comparison, LineStyle, Study
from trii_desktop.charts.study_looks import comparison_looks, look_of

N_COLOURS: Final = 8
_PREFIX: Final = "study_"


def told_apart(state: ChartState, study: Study) -> Study:
    """``study`` in the first colours of the palette that no other line of its pane has; as it is where all are taken."""
    taken = _taken(state, study.pane, study.id)
    own = {output.key[1]: output.ink for output in look_of(study).outputs if output.ink.startswith(_PREFIX)}
    for by in range(N_COLOURS):
        moved = {name: f"{_PREFIX}{(int(ink.removeprefix(_PREFIX)) + by) % N_COLOURS}" for name, ink in own.items()}
        if not taken.intersection(moved.values()):
            return _worn(study, moved) if by else study
    return study


def comparison_told_apart(state: ChartState, comparison: Comparison) -> Comparison:
    """A new ``comparison`` in the colour it has by its place, or the first that no line over the prices has."""
    taken = _taken(state, MAIN_PANE)
    own = comparison_looks((*state.comparisons, comparison))[-1].ink
    free = [ink for ink in (own, *(f"{_PREFIX}{n}" for n in range(N_COLOURS))) if ink not in taken]
    return comparison if not free or free[0] == own else replace(comparison, style=replace(comparison.style, colour=free[0]))


def _taken(state: ChartState, pane: str, but: str = "") -> set[str]:
    looks = [look_of(other) for other in state.studies if other.pane == pane and other.id != but]
    taken = {output.ink for look in looks for output in look.outputs}
    return taken | ({look.ink for look in comparison_looks(state.comparisons)} if pane == MAIN_PANE else set())


def _worn(study: Study, inks: dict[str, str]) -> Study:
    shown = {output.key[1]: output.is_shown for output in look_of(study).outputs}
    styles = dict(study.styles)
    for name, ink in inks.items():
        styles[name] = replace(styles.get(name) or LineStyle(is_shown=shown[name]), colour=ink)
    return replace(study, styles=tuple(sorted(styles.items(), key=lambda one: one[0])))
