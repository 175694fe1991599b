"""What can be done with alerts: adding, changing, switching and removing them, the dock and the channels; on the active chart."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from backend.alerts.alert import Alert
from backend.alerts.firing import AlertRow, Firing, Standing
from backend.charts.chart_state import Study
from backend.domain.instruments import InstrumentId
from trii_desktop.alerts.channel_book import ChannelBook
from trii_desktop.alerts.channel_list import ChannelList
from trii_desktop.alerts.editor import AlertEditor
from trii_desktop.alerts.edits import AlertEdits, said
from trii_desktop.alerts.log import FiringLog
from trii_desktop.alerts.making import price_alert, study_alert
from trii_desktop.alerts.on_chart import ChartAlerts
from trii_desktop.alerts.panel import AlertPanel
from trii_desktop.alerts.sounds import SoundPlayer
from trii_desktop.desk import Desk
from trii_desktop.drawings.controller import DrawingController
from trii_desktop.drawings.drawing_actions import DrawingActions
from trii_desktop.grid.chart_grid import ChartGrid
from trii_desktop.main_window import MainWindow
from trii_desktop.market.chart_panel import ChartPanel


class AlertActions(QObject):
    """Methods and flags that the action table names. Every chart of the grid shows its alerts; the active one is acted on.

    changed : a flag may be another one; chart_wanted : an InstrumentId that is to be shown, and a moment (UTC ns) or None
    """

    changed = Signal()
    chart_wanted = Signal(object, object)

    def __init__(self, window: MainWindow, desk: Desk, grid: ChartGrid, drawings: DrawingActions) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._grid = grid
        self._drawings = drawings
        self.edits = AlertEdits(desk)
        self.log = FiringLog(desk)
        self.player = SoundPlayer(desk.backend.home.cache / "sounds", self)
        self.panel: AlertPanel | None = None  # by the workbench, when the docks are there
        self.channels = ChannelBook(desk)
        self._channel_list: ChannelList | None = None
        self._on_charts: dict[ChartPanel, ChartAlerts] = {}
        self._selects = ""  # id of the alert that is to be selected once its chart is there
        self._editors: dict[str, AlertEditor] = {}
        for chart in grid.charts:
            self._attach(chart)
        grid.chart_added.connect(self._attach)
        grid.chart_removed.connect(self._detach)
        grid.active.shown_changed.connect(self._select_wanted)
        self.log.changed.connect(self.changed)
        self.channels.changed.connect(self._channels_changed)

    # --- the active chart ---------------------------------------------------------------------------------------------

    @property
    def chart(self) -> ChartPanel:
        """The active chart."""
        return self._grid.active.current

    @property
    def current(self) -> ChartAlerts:
        """The alerts of the active chart."""
        if self.chart not in self._on_charts:
            self._attach(self.chart)
        return self._on_charts[self.chart]

    @property
    def drawings(self) -> DrawingController:
        """The drawings of the active chart."""
        return self._drawings.current

    @property
    def now_ns(self) -> int:
        """The moment at which something is chosen."""
        return self._desk.backend.clock.now_ns()

    @property
    def last(self) -> float:
        """The newest price on the active chart, raw; NaN without one."""
        snapshot = self.chart.view.model.snapshot
        return self.current.layer.raw_price(snapshot.bar(len(snapshot) - 1).close) if len(snapshot) else float("nan")

    @property
    def shown(self) -> tuple[str, float]:
        """Id and newest price of the instrument on the active chart; an empty id without one."""
        shown = self.chart.shown
        return (str(shown.instrument.id), self.last) if shown is not None else ("", float("nan"))

    # --- flags --------------------------------------------------------------------------------------------------------

    @property
    def has_selected(self) -> bool:
        """Whether an alert of the active chart is selected."""
        return self.current.selected is not None

    @property
    def has_unread(self) -> bool:
        """Whether anything fired that nobody has looked at."""
        return self.log.n_unread > 0

    @property
    def shows_panel(self) -> bool:
        """Whether the list of alerts is shown."""
        return self._window.is_dock_shown("alerts")

    # --- making and changing ------------------------------------------------------------------------------------------

    def open_new(self) -> None:
        """Open the editor for an alert at the crosshair's price, else at the last one."""
        shown = self.chart.shown
        if shown is not None:
            pointed = self.chart.view.spots.pointed_price
            price = self.last if pointed is None else self.current.traded(shown.instrument, pointed)
            self.edit(price_alert(str(shown.instrument.id), price, last=self.last, now_ns=self.now_ns))

    def add(self, alert: Alert) -> None:
        """Keep an alert as it is proposed, and select it where it is seen."""
        self._desk.start("Adding the alert", self._add(alert))

    def edit(self, alert: Alert) -> None:
        """Open the editor of an alert, or bring it up."""
        known = self._editors.get(alert.id)
        if known is None:
            known = self._editors[alert.id] = AlertEditor(self._window, self._desk, self.edits, alert, self.play)
            known.wants_channels.connect(self.open_channels)
            known.finished.connect(partial(self._edited, alert.id))
            self._desk.start("Reading the channels", self._offer_channels())
        known.show()
        known.raise_()
        known.activateWindow()

    def edit_row(self, row: AlertRow) -> None:
        """Open the editor of an alert that is there."""
        self.edit(row.alert)

    def edit_study(self, study: Study) -> None:
        """Open the editor for an alert on an indicator of the active chart."""
        shown, view = self.chart.shown, self.chart.view
        line = next((line for key, line in view.model.shown.lines.items() if key[0] == study.id and len(line)), None)
        value = line.value(len(line) - 1) if line is not None else float("nan")
        alert = study_alert(shown, study, value, now_ns=self.now_ns) if shown is not None else None
        if alert is not None:
            self.edit(alert)

    def edit_selected(self) -> None:
        """Change the selected alert."""
        if self.current.selected is not None:
            self.edit(self.current.selected.alert)

    def toggle_selected(self) -> None:
        """Switch the selected alert off, or on again."""
        row = self.current.selected
        if row is not None:
            is_off = row.standing in (Standing.OFF, Standing.FIRED, Standing.EXPIRED)
            self.edits.enable((row.alert.id,), is_enabled=is_off)

    def remove_selected(self) -> None:
        """Remove the selected alert."""
        self.current.remove_selected()

    def play(self, sound: str) -> None:
        """Play a sound as loud as the settings say."""
        self.player.play(sound, self._desk.backend.settings.current.alerts.volume)

    def open_channels(self) -> None:
        """Show the channels, or bring them up."""
        if self._channel_list is None:
            self._channel_list = ChannelList(self._window, self._desk, self.channels)
            self._channel_list.destroyed.connect(self._list_gone)
        self._channel_list.show()
        self._channel_list.raise_()
        self._channel_list.activateWindow()

    # --- the dock -----------------------------------------------------------------------------------------------------

    def toggle_panel(self) -> None:
        """Show or hide the list of alerts."""
        if self._window.toggle_dock("alerts"):
            self._desk.frames.request()
            if self.panel is not None:
                self.panel.show_alerts()

    def show_history(self) -> None:
        """Show what fired."""
        if self.panel is not None:
            self._window.docks["alerts"].show()
            self._show_dock()
            self.panel.show_history()

    def mark_read(self) -> None:
        """All firings were looked at."""
        self._desk.start("Marking firings as read", self.log.mark_read())

    def show_firing(self, firing: Firing) -> None:
        """Show the bar at which something fired."""
        self.chart_wanted.emit(InstrumentId.parse(firing.instrument), firing.event_ns)

    def show_row(self, row: AlertRow) -> None:
        """Show the chart of an alert with it selected."""
        self._selects = row.alert.id
        self.chart_wanted.emit(InstrumentId.parse(row.alert.instrument), None)
        self._select_wanted()

    def close(self) -> None:
        """Let go of every chart."""
        for editor in tuple(self._editors.values()):
            editor.close()
        for on_chart in self._on_charts.values():
            on_chart.close()
        self._on_charts.clear()
        if self._channel_list is not None:
            self._channel_list.close()
        self.channels.close()
        self.log.close()
        self.player.close()

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _add(self, alert: Alert) -> None:
        await self.drawings.book.settled()  # it may be on a line that was drawn just now
        row = await self.edits.add(alert)
        self.current.refresh()
        self.current.select(row.alert.id)
        self._window.status.say(f"Alert added: {said(row)}")

    def _select_wanted(self) -> None:
        # What was asked for is selected as soon as its chart is there.
        self.current.refresh()
        if any(row.alert.id == self._selects for row in self.current.layer.rows):
            self.current.select(self._selects)
            self._selects = ""

    def _edited(self, alert_id: str, _result: int) -> None:
        self._editors.pop(alert_id, None)

    async def _offer_channels(self) -> None:
        names = await self.channels.names()
        for editor in self._editors.values():
            editor.show_channels(names)

    def _channels_changed(self) -> None:
        if self._editors:
            self._desk.start("Reading the channels", self._offer_channels())

    def _list_gone(self) -> None:
        self._channel_list = None

    def _show_dock(self) -> None:
        self._window.raise_dock("alerts")
        self._desk.frames.request()

    def _attach(self, chart: ChartPanel) -> None:
        if chart not in self._on_charts:
            controller = self._drawings.of(chart)
            made = ChartAlerts(self._desk, controller, self.edits, self.log)
            made.selection_changed.connect(self.changed)
            made.edit_wanted.connect(self.edit_row)
            made.firing_wanted.connect(self._firing_clicked)
            self._on_charts[chart] = made

    def _detach(self, chart: ChartPanel) -> None:
        if (on_chart := self._on_charts.pop(chart, None)) is not None:
            on_chart.close()

    def _firing_clicked(self, firing: Firing) -> None:
        self.show_history()
        if self.panel is not None:
            self.panel.history.select(firing.id)
