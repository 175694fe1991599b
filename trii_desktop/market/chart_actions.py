"""What can be done with the chart: another instrument, interval or view, adjusted prices."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from trii_desktop.charts.gestures import KeyCommand
from trii_desktop.desk import Desk
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.market.go_to_date import DateEntry
from trii_desktop.market.intervals import IntervalEntry


class ChartActions:
    """Methods and flags that the action table names."""

    def __init__(self, window: QWidget, desk: Desk, active: ActiveChart) -> None:
        self._window = window
        self._desk = desk
        self._active = active
        self.interval = IntervalEntry(window)
        self.interval.chosen.connect(self.switch_interval)
        self.date = DateEntry(window)
        self.date.chosen.connect(self.show_moment)

    @property
    def _panel(self) -> ChartPanel:
        return self._active.current

    @property
    def is_shown(self) -> bool:
        """Whether a series is on the chart."""
        return self._panel.shown is not None

    @property
    def is_adjusted(self) -> bool:
        """Whether the chart shows adjusted prices."""
        shown = self._panel.shown
        return shown is not None and shown.is_adjusted

    def show_instrument(self, instrument: InstrumentId, spec: BarSpec | None = None) -> None:
        """Put ``instrument`` on the chart."""
        self._desk.start(f"Opening {instrument}", self._panel.open(instrument, spec))

    def show_at(self, instrument: InstrumentId, event_ns: int | None = None) -> None:
        """Put ``instrument`` on the chart, where it is not yet, with the bar of ``event_ns`` (UTC ns) in view."""
        self._desk.start("Showing the chart", self._open_at(instrument, event_ns))

    def show_series(self, series: Series) -> None:
        """Put ``series`` on the chart."""
        self.show_instrument(series.instrument, series.spec)

    def open_interval(self) -> None:
        """Type an interval."""
        self.enter_interval("")

    def enter_interval(self, text: str) -> None:
        """Type an interval, ``text`` being typed already."""
        self.interval.enter(text)

    def switch_interval(self, spec: BarSpec) -> None:
        """Show the chart's instrument in ``spec``."""
        self._desk.start(f"Showing {spec} bars", self._panel.switch(spec))

    def finer_interval(self) -> None:
        """The next shorter interval."""
        self._step_interval(-1)

    def coarser_interval(self) -> None:
        """The next longer interval."""
        self._step_interval(1)

    def toggle_adjusted(self) -> None:
        """Adjusted or raw prices."""
        self._desk.start("Switching the prices", self._panel.adjust(adjusted=not self.is_adjusted))

    def zoom_in(self) -> None:
        """Fewer bars."""
        self._panel.do(KeyCommand.ZOOM_IN)

    def zoom_out(self) -> None:
        """More bars."""
        self._panel.do(KeyCommand.ZOOM_OUT)

    def go_to_newest(self) -> None:
        """The newest bars."""
        self._panel.do(KeyCommand.NEWEST)

    def go_to_oldest(self) -> None:
        """The oldest bars."""
        self._panel.do(KeyCommand.OLDEST)

    def go_to_date(self) -> None:
        """Type a date to look at."""
        self.date.ask(self._panel.view.model)

    def show_moment(self, event_ns: int) -> None:
        """Look at the bar at ``event_ns``, and give the chart the keyboard."""
        self._panel.view.go_to(event_ns)
        self.focus_chart()

    def reset_view(self) -> None:
        """As just opened."""
        self._panel.do(KeyCommand.RESET)

    def focus_chart(self) -> None:
        """Give the chart the keyboard."""
        self._panel.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _step_interval(self, by: int) -> None:
        shown = self._panel.shown
        if shown is not None and shown.spec in shown.specs:
            place = shown.specs.index(shown.spec) + by
            if 0 <= place < len(shown.specs):
                self.switch_interval(shown.specs[place])

    async def _open_at(self, instrument: InstrumentId, event_ns: int | None) -> None:
        panel = self._panel
        if panel.shown is None or panel.shown.instrument.id != instrument:
            await panel.open(instrument)
        if event_ns is not None:
            panel.view.go_to(event_ns)
