"""Where actions, panels and events of one window meet: the object whose parts the action table names."""

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from backend.bus import Subscription
from backend.domain.instruments import InstrumentId
from backend.events import InstrumentsChanged, Level, Notice, SettingsChanged, WindowRequested
from backend.workspaces.workspace import DEFAULT_NAME
from trii_desktop.actions.action_set import ActionSet
from trii_desktop.actions.keymap import Reserved
from trii_desktop.alerts.alert_actions import AlertActions
from trii_desktop.alerts.menu import AlertMenu
from trii_desktop.alerts.telling import AlertTelling
from trii_desktop.alerts.typed import AlertSource
from trii_desktop.assistant.assistant_actions import AssistantActions
from trii_desktop.charts.gestures import Zone
from trii_desktop.charts.keys import CHART_KEYS
from trii_desktop.charts.spots import Spot
from trii_desktop.chat.chat_actions import ChatActions
from trii_desktop.desk import Desk
from trii_desktop.drawings.drawing_actions import DrawingActions
from trii_desktop.drawings.toolbar import DrawingBar
from trii_desktop.grid.grid_actions import GridActions
from trii_desktop.guide_actions import GuideActions
from trii_desktop.live.live_actions import LiveActions
from trii_desktop.main_window import MainWindow
from trii_desktop.market.chart_actions import ChartActions
from trii_desktop.market.chart_exports import ChartExports
from trii_desktop.market.import_actions import ImportActions
from trii_desktop.market.search import InstrumentSearch
from trii_desktop.notices.keeping import NoticeKeeping
from trii_desktop.notifications import Entry, Offer
from trii_desktop.palette.palette import CommandPalette
from trii_desktop.palette.sources import ActionSource, IndicatorSource, InstrumentSource, SettingSource
from trii_desktop.panels import Panels
from trii_desktop.replay.replay_actions import ReplayActions
from trii_desktop.replay.replay_bar import ReplayBar
from trii_desktop.studies.chart_menu import ChartMenu
from trii_desktop.studies.current_pane import CurrentPane
from trii_desktop.studies.looks import ChartLooks
from trii_desktop.studies.study_actions import StudyActions
from trii_desktop.studies.templates import TemplateActions
from trii_desktop.team.team_actions import TeamActions
from trii_desktop.view_actions import ViewActions
from trii_desktop.watchlist.list_actions import WatchlistActions
from trii_desktop.workspaces.dock_actions import DockActions
from trii_desktop.workspaces.workspace_actions import WorkspaceActions

TOASTS: Final = {"all": tuple(Level), "warnings": (Level.WARNING, Level.ERROR), "none": ()}

if TYPE_CHECKING:
    from trii_desktop.assistant.late import LateParts
    from trii_desktop.chat.late import LateChat


class Workbench:
    """``chart``, ``grid``, ``watchlist``, ``data``, ``view`` and itself answer the action table's calls and flags."""

    def __init__(self, window: MainWindow, desk: Desk, panels: Panels) -> None:
        self._window = window
        self._desk = desk
        self._panels = panels
        self._adds_to_watchlist = False
        self.chart = ChartActions(window, desk, panels.active)
        self.export = ChartExports(window, desk, panels.active)
        self.watchlist = WatchlistActions(window, desk, panels.active)
        self.grid = GridActions(desk, panels.grid)
        self.workspaces = WorkspaceActions(window, desk, panels.grid)
        self.docks = DockActions(window, desk, self.chart.focus_chart)
        self.drawings = DrawingActions(window, desk, panels.grid)
        self.alerts = AlertActions(window, desk, panels.grid, self.drawings)
        self.assistant = AssistantActions(window, desk, panels.grid, self.drawings)
        self._late: list[LateParts | LateChat] = []
        self.chat, self.team = ChatActions(window, desk, panels.grid), TeamActions(window)
        self.replay = ReplayActions(desk, panels.active)
        self.studies = StudyActions(window, desk, panels.grid)
        self.panes = CurrentPane(desk, panels.active)
        self.templates = TemplateActions(window, desk, panels.active)
        self.looks = ChartLooks(window, desk, panels.active)
        self.data = ImportActions(window, desk, self.chart)
        self.view = ViewActions(window, desk)
        self.guide = GuideActions(window, desk, panels)
        self.live = LiveActions(window, desk, panels.show_live)
        self.search = InstrumentSearch(window, desk)
        self.search.chosen.connect(self._instrument_chosen)
        self.actions = ActionSet(window, self, reserved=tuple(Reserved(k, own.words) for own in CHART_KEYS for k in own.keys))
        self.actions.serve(panels.chart)
        panels.grid.chart_added.connect(self.actions.serve)
        self.alert_menu = AlertMenu(self.actions, self.alerts)
        self.telling = AlertTelling(window, desk, self.alerts)
        self.chart_menu = ChartMenu(self.actions, self.studies, panels.active)
        self._bind_keys()
        self.view.actions = self.guide.actions = self.workspaces.actions = self.actions
        self.drawings.choices.changed.connect(self.actions.refresh)
        self.drawings.selection_changed.connect(self.actions.refresh)
        self.studies.selection_changed.connect(self.actions.refresh)
        window.show_drawing_tools(DrawingBar(self.actions, desk.look))
        self.replay_bar = ReplayBar(self.actions, desk.look)
        self._connect_replay(self.replay_bar)
        self.palette = CommandPalette(window, desk)
        self.palette.sources = [
            ActionSource(self.actions, "view.palette"),
            IndicatorSource(self.studies.add, lambda: self.chart.is_shown),
            SettingSource(desk, self.view.open_setting),
        ]
        typed = AlertSource(desk, self.alerts.add, self.alerts.edit, lambda: self.alerts.shown)
        self.palette.asked = [typed, InstrumentSource(desk, self.chart.show_instrument)]
        window.show_actions(self.actions)
        self._subscriptions: list[Subscription[Any]] = [
            desk.bridge.subscribe(WindowRequested, self._window_requested),
            desk.bridge.subscribe(SettingsChanged, self._settings_changed),
            desk.bridge.subscribe(InstrumentsChanged, self._instruments_changed),
            desk.bridge.subscribe(Notice, desk.notices.add),
        ]
        self._keeping = NoticeKeeping(desk, self._offer_of)
        self._connect()
        self.actions.refresh()

    def open_palette(self) -> None:
        """Find anything that can be done."""
        self.palette.open_palette()

    def open_search(self) -> None:
        """Find an instrument for the chart."""
        self.find("")

    def find(self, text: str) -> None:
        """Find an instrument for the chart, ``text`` being typed already."""
        self._adds_to_watchlist = False
        self.search.search(text)

    @property
    def can_delete(self) -> bool:
        """Whether anything on the chart is selected."""
        return self.alerts.has_selected or self.drawings.has_selected or self.studies.has_selected

    def delete_selected(self) -> None:
        """Delete the selected alert, else the selected drawings, else the selected indicator."""
        if self.alerts.has_selected:
            self.alerts.remove_selected()
        elif self.drawings.has_selected:
            self.drawings.remove()
        else:
            self.studies.remove_selected()

    def add_to_watchlist(self) -> None:
        """Find an instrument for the watchlist."""
        self._adds_to_watchlist = True
        self.search.search(purpose="Add to the watchlist")

    def connect_docks(self) -> None:
        """Hear the docks too, which come after the chart."""
        panel = self._panels.watchlist
        self.watchlist.panel = panel
        panel.chosen.connect(self.chart.show_instrument)
        panel.wants_instrument.connect(self.add_to_watchlist)
        panel.wants_new_list.connect(self.watchlist.new_list)
        panel.wants_rename.connect(self.watchlist.rename_list)
        panel.wants_section.connect(self.watchlist.add_section)
        panel.wants_section_rename.connect(self.watchlist.ask_section_name)
        panel.wants_import.connect(self.watchlist.import_list)
        panel.wants_export.connect(self.watchlist.export_list)
        self._panels.market.wants_feed.connect(self.live.open_feeds)
        panel.changed.connect(self.actions.refresh)
        alerts = self.alerts.panel = self._panels.alerts
        alerts.row_wanted.connect(self.alerts.show_row)
        alerts.edit_wanted.connect(self.alerts.edit_row)
        alerts.add_wanted.connect(self.alerts.open_new)
        alerts.history.firing_wanted.connect(self.alerts.show_firing)
        self._desk.start("Reading what fired", self.alerts.log.load())
        self._desk.start("Reading earlier notices", self._keeping.load())
        for dock in self._window.docks.values():
            dock.visibilityChanged.connect(self.actions.refresh)
        self.actions.refresh()

    def adopt_assistant(self, late: "LateParts") -> None:
        """Hear the assistant's dock, which comes last of all."""
        self._late.append(late)
        late.join(self.assistant)
        self.assistant.changed.connect(self.actions.refresh)
        self.assistant.chart_wanted.connect(self.chart.show_at)
        late.found.lead(self.chart.show_at, self.actions.trigger, self.studies.add_named, self.view.open_setting)
        self.actions.refresh()

    def adopt_chat(self, late: "LateChat") -> None:
        """Hear the chat's dock, which comes last of all too."""
        self._late.append(late)
        late.join(self.chat, self.team, self._offer_of)
        for part in (self.chat, self.team):
            part.changed.connect(self.actions.refresh)
        self.actions.refresh()

    def close(self) -> None:
        """Close what is open and hear no more."""
        self._keeping.close()
        self.assistant.close()
        for late in self._late:
            late.close()
        self.workspaces.close()
        self.data.close()
        self.telling.close()
        self.alerts.close()
        self.drawings.close()
        self.replay.close()
        self.view.close()
        self.live.close()
        if self.watchlist.panel is not None:
            for dock in self._window.docks.values():
                dock.visibilityChanged.disconnect(self.actions.refresh)
        for subscription in self._subscriptions:
            subscription.close()

    def _connect(self) -> None:
        chart, notices, window = self._panels.active, self._desk.notices, self._window
        chart.typed.connect(self._typed)
        self._panels.grid.changed.connect(self.actions.refresh)
        self.workspaces.keeper.switched.connect(self._workspace_switched)
        chart.shown_changed.connect(self._shown_changed)
        chart.menu_wanted.connect(self._open_chart_menu)
        chart.instrument_dropped.connect(self._instrument_dropped)
        chart.wants_import.connect(self.data.files)
        window.top_bar.intervals.chosen.connect(self.chart.switch_interval)
        window.files_dropped.connect(self.data.open_dialog)
        window.banner.wants_recovery.connect(self.view.open_recovery)
        window.status.wants_passphrase.connect(self.view.open_passphrase)
        window.status.wants_firings.connect(self.alerts.show_history)
        self.alerts.changed.connect(self.actions.refresh)
        self.alerts.chart_wanted.connect(self.chart.show_at)
        window.status.wants_health.connect(self.view.open_health)
        window.status.wants_feeds.connect(self.live.open_feeds)
        self.view.keys.confirmed.connect(self._phrase_confirmed)
        self.view.keys.custody_changed.connect(window.status.show_custody)
        self._desk.undo.changed.connect(self.actions.refresh)
        self._desk.undo.changed.connect(notices.offers_changed)
        notices.changed.connect(self._unread_changed)
        notices.added.connect(self._show_toast)

    def _connect_replay(self, bar: ReplayBar) -> None:
        self._window.show_below(bar)
        self.replay.changed.connect(bar.show_state)
        self.replay.changed.connect(self.actions.refresh)
        bar.sought.connect(self.replay.seek)
        bar.pace_chosen.connect(self.replay.set_pace)

    def _typed(self, text: str) -> None:
        if text[0].isalpha():
            self.find(text)
        elif text[0].isdigit() or text[0] == ",":
            self.chart.enter_interval(text.lstrip(","))
        elif text == "?":  # on keyboards where it or the slash needs Shift, the shortcut alone would not match
            self.view.open_shortcuts()
        elif text == "/" and self.chart.is_shown:
            self.studies.open_search()

    def _instrument_chosen(self, instrument: InstrumentId) -> None:
        if self._adds_to_watchlist:
            self.watchlist.add(instrument)
        else:
            self.chart.show_instrument(instrument)

    def _instrument_dropped(self, instrument: InstrumentId, compares: bool) -> None:  # noqa: FBT001 - a signal's
        if compares:
            self.studies.compare_with(instrument)
        else:
            self.chart.show_instrument(instrument)

    def _shown_changed(self) -> None:
        shown = self._panels.chart.shown
        self._window.top_bar.show_shown(shown)
        if shown is not None:
            self._say_title()
            if self.watchlist.panel is not None:
                self.watchlist.panel.select(shown.instrument.id)
        self.actions.refresh()

    def _workspace_switched(self) -> None:
        self._say_title()
        self.actions.refresh()

    def _say_title(self) -> None:
        shown, name = self._panels.chart.shown, self.workspaces.current_name
        series = f"{shown.instrument.id} {shown.spec}" if shown is not None else ""
        mode = "safe mode" if self._desk.is_safe else name if name != DEFAULT_NAME else ""
        self._window.setWindowTitle(" · ".join(part for part in (series, mode, "TRII Desktop") if part))

    def _open_chart_menu(self, spot: Spot, place: QPoint) -> None:
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        event_ns = spot.event_ns
        is_bar = spot.zone is Zone.PLOT and not spot.study_id and event_ns is not None
        if is_bar and event_ns is not None and self.watchlist.panel is not None:  # the docks are there
            bars = self._panels.bars
            menu.addAction("Show this bar in the table", lambda: self._show_bar(event_ns))
            menu.addAction("Replay from this bar", lambda: self.replay.start_at(event_ns))
            menu.addAction("Delete this bar", lambda: bars.delete(event_ns)).setEnabled(bars.may_edit_shown())
            menu.addSeparator()
        self.alert_menu.fill(menu, spot)
        self.assistant.fill_menu(menu, spot)
        self.chat.fill_menu(menu, spot)
        self.chart_menu.fill(menu, spot, has_drawing=self.drawings.has_selected)
        menu.popup(place)

    def _show_bar(self, event_ns: int) -> None:
        self._window.docks["bars"].show()
        self._panels.bars.refresh()
        self._panels.bars.select(event_ns)
        self._panels.bars.table.setFocus()

    def _settings_changed(self, event: SettingsChanged) -> None:
        settings = self._desk.backend.settings.current
        if event.section == "appearance":
            self._desk.look.wear(settings.appearance)
            self._panels.grid.wear()
        elif event.section == "chart":
            self._panels.grid.wear()
        elif event.section == "shortcuts":
            self._bind_keys()
        elif event.section == "performance":
            self._desk.frames.frame_ms = settings.performance.frame_ms
        self.actions.refresh()

    def _bind_keys(self) -> None:
        bindings = self._desk.backend.settings.current.shortcuts.bindings
        self.actions.bind({binding.action: binding.keys for binding in bindings})

    def _instruments_changed(self, event: InstrumentsChanged) -> None:
        for chart in self._panels.grid.charts:
            if chart.shown is not None and chart.shown.instrument.id in event.ids:
                self._desk.start("Reading the intervals", chart.reread_specs())

    def _window_requested(self, event: WindowRequested) -> None:
        self._window.come_up()
        if event.what:
            self.chart.show_instrument(InstrumentId.parse(event.what))

    def _phrase_confirmed(self) -> None:
        self._window.banner.hide()
        self._desk.notices.say("The recovery phrase is confirmed.", "Keep the paper in a safe place.", level=Level.SUCCESS)

    def _offer_of(self, action_id: str) -> Offer | None:
        action = self.actions.by_id.get(action_id)
        return Offer(self.actions.title(action_id).rstrip("…"), action.trigger, action_id) if action is not None else None

    def _show_toast(self, entry: Entry) -> None:
        if entry.notice.level not in TOASTS[self._desk.backend.settings.current.notices.toasts]:
            return
        toast = self._window.toasts.show(entry.notice.level, entry.notice.title, f"{entry.notice.text} {entry.notice.hint}".strip())
        if entry.offer is not None:
            toast.offer(entry.offer.title, entry.offer.accept)
            self._window.toasts.place()

    def _unread_changed(self) -> None:
        if self.view.shows_notices and self._desk.notices.n_unread:
            self._desk.notices.mark_read()
        self._window.top_bar.show_unread(self._desk.notices)
