"""What a person does with the panes of a chart, from their buttons, edges and the keyboard."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from backend.charts.chart_state import MAIN_PANE
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.chart_picture import ChartPicture
from trii_desktop.charts.glyphs import Glyph
from trii_desktop.charts.pane_buttons import glyphs_for
from trii_desktop.charts.pane_model import PaneModel
from trii_desktop.charts.speech import announce


class PaneActions(QObject):
    """Every change is made at once; ``changed`` says so, ``rearranged`` carries the panes as they are now and words for undo.

    One pane is the current one, on which keys act: the one that was chosen by keys or pointed at last. After keys it is
    marked, with its buttons, until the pointer moves.
    """

    changed = Signal()
    rearranged = Signal(object, str)

    def __init__(self, model: ChartModel, picture: ChartPicture, chart: QWidget) -> None:
        super().__init__(chart)
        self._model = model
        self._picture = picture
        self._chart = chart
        self._current = MAIN_PANE

    def maximise(self, pane_id: str) -> None:
        """Show one pane alone, or all of them again."""
        self._model.panes.maximise(pane_id)
        self.changed.emit()

    def fold(self, pane_id: str) -> None:
        """Show a pane's legend alone, or open it again."""
        self._tell(self._model.panes.fold(pane_id))

    def move(self, pane_id: str, by: int) -> None:
        """Move a pane ``by`` places down, up where negative."""
        self._model.panes.move(pane_id, by)
        self._tell("A pane was moved")

    def drag_ended(self) -> None:
        """An edge was let go."""
        self._tell("Panes were resized")

    def press(self, pane_id: str, glyph: Glyph) -> None:
        """Do what a button of a pane says."""
        if glyph in (Glyph.UP, Glyph.DOWN):
            self.move(pane_id, 1 if glyph is Glyph.DOWN else -1)
        elif glyph in (Glyph.FOLD, Glyph.OPEN):
            self.fold(pane_id)
        elif glyph in (Glyph.MORE, Glyph.FEWER):
            self._fold_legend(pane_id)
        else:
            self.maximise(pane_id)

    def _fold_legend(self, pane_id: str) -> None:
        for part in self._picture.parts:
            if part.pane.id == pane_id:
                part.legend.is_open = not part.legend.is_open
        self.changed.emit()

    # --- by keys ------------------------------------------------------------------------------------------------------

    @property
    def current(self) -> PaneModel:
        """The pane on which keys act; the main one where it has gone."""
        return self._model.panes.pane(self._current)

    def follow_pointer(self) -> None:
        """The pointer moved: the pane below it is the current one, and no other is marked."""
        for part in self._picture.parts:
            part.buttons.is_marked = False
            if part.is_pointed:
                self._current = part.pane.id

    def choose(self, by: int) -> None:
        """Go ``by`` panes down, up where negative, round the end."""
        panes = list(self._model.panes)
        self._current = panes[(panes.index(self.current) + by) % len(panes)].id
        if self._model.panes.maximised:
            self._model.panes.maximise(self._current)
        self.mark_current()

    def press_current(self, *wanted: Glyph) -> None:
        """Press the first of these buttons that the current pane has now, and say what came of it."""
        glyph = next((one for one in wanted if one in glyphs_for(self._model.panes, self.current)), None)
        if glyph is not None:
            self.press(self._current, glyph)
        self.mark_current("" if glyph is not None else f"{wanted[0].value}: not possible")

    def mark_current(self, before: str = "") -> None:
        """Mark the current pane and say which one it is, after the words ``before``."""
        for part in self._picture.parts:
            part.is_pointed = part.buttons.is_marked = part.pane is self.current
        self.changed.emit()
        announce(self._chart, ". ".join(words for words in (before, self._described(self.current)) if words))

    def _described(self, pane: PaneModel) -> str:
        panes = self._model.panes
        titles = [look.title for look in self._model.looks if look.pane == pane.id]
        parts = ["Prices" if pane.is_main else "", *titles, f"pane {panes.place(pane) + 1} of {len(panes)}"]
        how = "maximised" if panes.maximised == pane.id else "collapsed" if panes.is_folded(pane) else ""
        return ", ".join(part for part in (*parts, how) if part)

    def _tell(self, title: str) -> None:
        self.changed.emit()
        self.rearranged.emit(self._model.panes.states, title)
