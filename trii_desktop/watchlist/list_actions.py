"""What can be done with watchlists: add, remove, step through, make, rename and delete lists."""

from PySide6.QtWidgets import QWidget

from backend.domain.instruments import InstrumentId
from trii_desktop.desk import Desk
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.watchlist.panel import WatchlistPanel
from trii_desktop.widgets.ask import AskText


class WatchlistActions:
    """Methods and flags that the action table names; ``panel`` is there after the chart's first frame."""

    def __init__(self, window: QWidget, desk: Desk, chart: ChartPanel) -> None:
        self._window = window
        self._desk = desk
        self._chart = chart
        self.panel: WatchlistPanel | None = None

    @property
    def has_list(self) -> bool:
        """Whether a list is shown."""
        return self.panel is not None and self.panel.current is not None

    @property
    def has_rows(self) -> bool:
        """Whether the list shown has instruments."""
        return self.panel is not None and self.panel.current is not None and bool(self.panel.model.order)

    @property
    def can_add_shown(self) -> bool:
        """Whether the chart's instrument can be put on a list."""
        return self.has_list and self._chart.shown is not None

    def add(self, instrument: InstrumentId) -> None:
        """Put ``instrument`` on the list."""
        if self.panel is not None:
            self._desk.start(f"Adding {instrument}", self.panel.add(instrument))

    def add_shown(self) -> None:
        """Put the chart's instrument on the list."""
        if self._chart.shown is not None:
            self.add(self._chart.shown.instrument.id)

    def remove(self) -> None:
        """Take the row with the cursor off the list, with undo."""
        if self.panel is not None:
            self.panel.remove_selected()

    def next_instrument(self) -> None:
        """Show the next instrument."""
        self._step(1)

    def previous_instrument(self) -> None:
        """Show the previous instrument."""
        self._step(-1)

    def new_list(self) -> None:
        """Ask for a name and make a list."""
        AskText(self._window, "Create list", "Name of the new list", self._create).open()

    def rename_list(self) -> None:
        """Ask for another name."""
        if self.panel is not None and self.panel.current is not None:
            AskText(self._window, "Rename list", "New name", self._rename, text=self.panel.current.name).open()

    def delete_list(self) -> None:
        """Delete the list shown, with undo."""
        if self.panel is not None:
            self.panel.delete_list()

    def _step(self, by: int) -> None:
        if self.panel is not None:
            self.panel.step(by, self._chart.shown.instrument.id if self._chart.shown else None)

    def _create(self, name: str) -> None:
        if self.panel is not None:
            self._desk.start("Creating the list", self.panel.create_list(name))

    def _rename(self, name: str) -> None:
        if self.panel is not None:
            self._desk.start("Renaming the list", self.panel.rename_list(name))
