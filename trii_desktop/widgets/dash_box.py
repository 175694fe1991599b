"""A box that chooses how a line is broken."""

from typing import Final

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox

from backend.charts.chart_state import Dash

_DASHES: Final = ((Dash.SOLID, "Solid"), (Dash.DASHED, "Dashed"), (Dash.DOTTED, "Dotted"))


class DashBox(QComboBox):
    """``chosen`` carries a Dash."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        for dash, words in _DASHES:
            self.addItem(words, dash)
        self.currentIndexChanged.connect(self._tell)

    def show_dash(self, dash: Dash) -> None:
        """Show what is chosen without telling it."""
        with QSignalBlocker(self):
            self.setCurrentIndex([known for known, _ in _DASHES].index(dash))

    def _tell(self, place: int) -> None:
        self.chosen.emit(_DASHES[place][0])
