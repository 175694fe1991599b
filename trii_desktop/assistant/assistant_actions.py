"""What can be done with the assistant: its dock, questions about the chart that is shown, and what it draws on charts."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMenu

from backend.assistant.analysis.card import StockAnalysis
from backend.assistant.answers import Mode
from backend.assistant.facts.fact import BarRange, Fact
from backend.assistant.sight.asking import LOOK
from backend.domain.instruments import InstrumentId
from backend.events import Level
from trii_desktop.assistant.attachment import Attachment, chart_seen
from trii_desktop.assistant.on_chart import ChartSketches
from trii_desktop.charts.gestures import Zone
from trii_desktop.charts.render import png_of
from trii_desktop.charts.spots import Spot
from trii_desktop.charts.still_picture import small_image_of
from trii_desktop.desk import Desk
from trii_desktop.drawings.drawing_actions import DrawingActions
from trii_desktop.grid.chart_grid import ChartGrid
from trii_desktop.main_window import MainWindow
from trii_desktop.market.chart_panel import ChartPanel

if TYPE_CHECKING:
    from trii_desktop.assistant.panel import AssistantPanel

DOCK = "assistant"


class AssistantActions(QObject):
    """Methods and flags that the action table names; charts are those of the grid.

    changed : a flag may be another one; models_wanted, services_wanted, instructions_wanted, health_wanted : their dialogs
    chart_wanted : an InstrumentId that is to be shown, and a moment (UTC ns) or None
    """

    changed = Signal()
    models_wanted = Signal()
    services_wanted = Signal()
    instructions_wanted = Signal()
    health_wanted = Signal()
    chart_wanted = Signal(object, object)

    def __init__(self, window: MainWindow, desk: Desk, grid: ChartGrid, drawings: DrawingActions) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._grid = grid
        self._drawings = drawings
        self.panel: AssistantPanel | None = None  # by the workbench, when the docks are there
        self._on_charts: dict[ChartPanel, ChartSketches] = {}
        self._waiting: StockAnalysis | tuple[BarRange, ...] = ()  # what is drawn once its chart is there
        grid.chart_removed.connect(self._detach)
        grid.active.shown_changed.connect(self._shown_changed)

    def adopt(self, panel: "AssistantPanel") -> None:
        """Hear the dock."""
        self.panel = panel
        panel.composer.in_view = self._in_view
        panel.analyse_wanted.connect(self.analyse)
        panel.attach_wanted.connect(self.attach_chart)
        panel.look_wanted.connect(self._look)
        panel.models_wanted.connect(self.models_wanted)
        panel.sketches_wanted.connect(self.show_sketches)
        panel.matches_wanted.connect(self.show_matches)
        panel.keep_wanted.connect(self.keep_sketches)
        panel.fact_shown.connect(self._mark_fact)
        panel.fact_left.connect(self._leave_fact)
        panel.fact_chart_wanted.connect(self._go_to_fact)
        panel.changed.connect(self.changed)

    # --- flags --------------------------------------------------------------------------------------------------------

    @property
    def shows_panel(self) -> bool:
        """Whether the dock is shown."""
        return self._window.is_dock_shown(DOCK)

    @property
    def is_answering(self) -> bool:
        """Whether an answer is being made."""
        return self.panel is not None and self.panel.is_answering

    @property
    def can_regenerate(self) -> bool:
        """Whether there is an answer that can be made once more."""
        return self.panel is not None and self.panel.talk.last_answer is not None and not self.is_answering

    @property
    def has_conversation(self) -> bool:
        """Whether the dock shows a conversation that is kept."""
        return self.panel is not None and bool(self.panel.talk.id)

    @property
    def has_sketches(self) -> bool:
        """Whether anything of an analysis is drawn."""
        return any(one.has_sketches for one in self._on_charts.values())

    # --- the dock -----------------------------------------------------------------------------------------------------

    def toggle_panel(self) -> None:
        """Show or hide the dock."""
        if self._window.toggle_dock(DOCK):
            self.focus_composer()

    def focus_composer(self) -> None:
        """Write a question, from anywhere."""
        if self.panel is not None:
            self._come_up()
            self.panel.focus_composer()

    def begin_new(self) -> None:
        """Begin another conversation."""
        if self.panel is not None:
            self._come_up()
            self.panel.begin_new()

    def show_history(self) -> None:
        """Show earlier conversations."""
        if self.panel is not None:
            self._come_up()
            self.panel.show_history()

    def analyse(self) -> None:
        """Analyse what the active chart shows."""
        seen = chart_seen(self._chart)
        if self.panel is None or seen is None:
            return
        self._come_up()
        self.panel.attach(seen)
        self.panel.composer.choose_mode(Mode.ANALYSIS)
        self.panel.ask(f"Analyse {seen.instrument}", Mode.ANALYSIS)

    def look(self) -> None:
        """Ask which patterns are seen in the active chart."""
        self._look(LOOK)

    def attach_chart(self) -> None:
        """Let the active chart go with the next questions."""
        if self.panel is not None:
            self.panel.attach(chart_seen(self._chart))

    def stop(self) -> None:
        """End the answer that is being made."""
        if self.panel is not None:
            self.panel.stop()

    def regenerate(self) -> None:
        """Answer the last question once more."""
        if self.panel is not None:
            self.panel.regenerate()

    def export(self) -> None:
        """Save the conversation."""
        if self.panel is not None:
            self.panel.export()

    def open_models(self) -> None:
        """Show the models."""
        self.models_wanted.emit()

    def open_services(self) -> None:
        """Keys of endpoints and services."""
        self.services_wanted.emit()

    def open_instructions(self) -> None:
        """What models are told."""
        self.instructions_wanted.emit()

    def open_health(self) -> None:
        """How the assistant stands."""
        self.health_wanted.emit()

    def fill_menu(self, menu: QMenu, spot: Spot) -> None:
        """What the menu on a chart offers, with a separator below it."""
        shown = self._chart.shown
        if shown is None or self.panel is None or spot.study_id or spot.zone is not Zone.PLOT:
            return
        menu.addAction(f"Analyse {shown.instrument.id}", self.analyse)
        menu.addAction("Look for patterns", self.look)
        if spot.event_ns is not None:
            menu.addAction("Ask about this bar\u2026", partial(self.ask_about_bar, spot.event_ns))
        menu.addSeparator()

    def ask_about_bar(self, event_ns: int) -> None:
        """Write a question about one bar of the active chart."""
        if self.panel is not None:
            self.panel.attach(chart_seen(self._chart, event_ns))
            self.focus_composer()

    # --- on charts ----------------------------------------------------------------------------------------------------

    def show_sketches(self, analysis: StockAnalysis) -> None:
        """Draw what an analysis found, on the chart of its instrument."""
        on_chart = self._showing(analysis.instrument)
        if on_chart is not None:
            on_chart.show_analysis(analysis)
        else:
            self._waiting = analysis
            self.chart_wanted.emit(analysis.instrument, None)

    def show_matches(self, matches: tuple[BarRange, ...]) -> None:
        """Mark the bars that an answer found, the newest of them in view, on the chart of their instrument."""
        instrument, newest_ns = matches[-1].series.instrument, max(one.to_ns for one in matches)
        on_chart = self._showing(instrument)
        if on_chart is not None:
            on_chart.show_matches(matches)
            on_chart.chart.view.go_to(newest_ns)
        else:
            self._waiting = matches
            self.chart_wanted.emit(instrument, newest_ns)

    def keep_sketches(self, analysis: StockAnalysis) -> None:
        """Make drawings of what an analysis found."""
        on_chart = self._showing(analysis.instrument)
        if on_chart is None:
            self._desk.notices.say("The chart shows another instrument.", f"Open {analysis.instrument} first.", level=Level.WARNING)
            return
        n = on_chart.keep(analysis)
        self._window.status.say(f"{n} drawings were made of the analysis." if n != 1 else "One drawing was made of the analysis.")

    def clear_sketches(self) -> None:
        """Take away what was drawn."""
        for on_chart in self._on_charts.values():
            on_chart.clear()

    def close(self) -> None:
        """Let go of every chart."""
        for on_chart in self._on_charts.values():
            on_chart.close()
        self._on_charts.clear()

    # --- pictures -----------------------------------------------------------------------------------------------------

    def _in_view(self) -> InstrumentId | None:
        seen = chart_seen(self._chart)
        return seen.instrument if seen is not None else None

    def _look(self, text: str) -> None:
        """Ask with a picture of the chart that is attached, where it is still shown, else of the active one."""
        if self.panel is None or self.is_answering:
            return
        attached = self.panel.composer.attachment
        series = attached.chart.series if attached is not None and attached.chart is not None else None
        charts = (self._chart, *self._grid.charts)
        chart = next((one for one in charts if one.shown is not None and one.shown.series == series), self._chart)
        seen = chart_seen(chart)
        if seen is not None:
            self._come_up()
            self._desk.start("Taking a picture of the chart", self._send_picture(seen, small_image_of(chart.view), text))

    async def _send_picture(self, seen: Attachment, image: QImage, text: str) -> None:
        picture = await asyncio.to_thread(png_of, image)
        if self.panel is not None:
            self.panel.look(seen, picture, text)

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _chart(self) -> ChartPanel:
        return self._grid.active.current

    def _come_up(self) -> None:
        self._window.docks[DOCK].show()
        self._window.raise_dock(DOCK)
        self._desk.frames.request()

    def _on(self, chart: ChartPanel) -> ChartSketches:
        if chart not in self._on_charts:
            made = self._on_charts[chart] = ChartSketches(self._drawings.of(chart))
            made.changed.connect(self.changed)
        return self._on_charts[chart]

    def _showing(self, instrument: InstrumentId) -> ChartSketches | None:
        charts = (self._chart, *self._grid.charts)
        return next((on for chart in charts if (on := self._on(chart)).shows(instrument)), None)

    def _shown_changed(self) -> None:
        waiting, on_chart = self._waiting, self._on(self._chart)
        if isinstance(waiting, StockAnalysis):
            if on_chart.shows(waiting.instrument):
                self._waiting = ()
                on_chart.show_analysis(waiting)
        elif waiting and on_chart.shows(waiting[0].series.instrument):
            self._waiting = ()
            on_chart.show_matches(waiting)

    def _mark_fact(self, fact: Fact) -> None:
        self._leave_fact()
        for chart in self._grid.charts:
            self._on(chart).show_fact(fact)

    def _leave_fact(self) -> None:
        for on_chart in self._on_charts.values():
            on_chart.leave_fact()

    def _go_to_fact(self, fact: Fact) -> None:
        if fact.bars is not None:
            self.chart_wanted.emit(fact.bars.series.instrument, fact.bars.to_ns)

    def _detach(self, chart: ChartPanel) -> None:
        if (on_chart := self._on_charts.pop(chart, None)) is not None:
            on_chart.close()
