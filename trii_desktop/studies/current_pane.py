"""What can be done by keys alone with the current pane of the active chart."""

from backend.charts.study_edits import without_pane
from trii_desktop.charts.glyphs import Glyph
from trii_desktop.charts.pane_actions import PaneActions
from trii_desktop.desk import Desk
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.studies.making import change_chart


class CurrentPane:
    """Methods and flags that the action table names."""

    def __init__(self, desk: Desk, active: ActiveChart) -> None:
        self._desk = desk
        self._active = active

    @property
    def are_several(self) -> bool:
        """Whether the chart has more panes than that of the prices."""
        return len(self._active.current.state.panes) > 1

    def choose_next(self) -> None:
        """Go to the pane below."""
        self._panes.choose(1)

    def choose_previous(self) -> None:
        """Go to the pane above."""
        self._panes.choose(-1)

    def move_up(self) -> None:
        """Change places with the pane above."""
        self._panes.press_current(Glyph.UP)

    def move_down(self) -> None:
        """Change places with the pane below."""
        self._panes.press_current(Glyph.DOWN)

    def fold(self) -> None:
        """Show its legend alone, or open it again."""
        self._panes.press_current(Glyph.FOLD, Glyph.OPEN)

    def maximise(self) -> None:
        """Show it alone, or all panes again."""
        self._panes.press_current(Glyph.MAXIMISE, Glyph.RESTORE)

    def close(self) -> None:
        """Remove its indicators, and the pane with them; the prices stay."""
        panes, chart = self._panes, self._active.current
        pane = panes.current
        if pane.is_main:
            panes.mark_current("The prices cannot be closed")
        elif change_chart(self._desk, chart, lambda state: without_pane(state, pane.id), "A pane was closed"):
            panes.mark_current("The pane was closed")

    @property
    def _panes(self) -> PaneActions:
        return self._active.current.view.panes
