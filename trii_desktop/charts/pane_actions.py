"""What a person does with the panes of a chart, from their buttons, edges and the keyboard."""

from PySide6.QtCore import QObject, Signal

from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.glyphs import Glyph


class PaneActions(QObject):
    """Every change is made at once; ``changed`` says so, ``rearranged`` carries the panes as they are now and words for undo."""

    changed = Signal()
    rearranged = Signal(object, str)

    def __init__(self, model: ChartModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model

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
        else:
            self.maximise(pane_id)

    def _tell(self, title: str) -> None:
        self.changed.emit()
        self.rearranged.emit(self._model.panes.states, title)
