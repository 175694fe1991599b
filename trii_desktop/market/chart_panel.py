"""A chart: the one place through which its state changes; opens series, and hears letters and digits typed on it."""

import asyncio
from functools import partial

import msgspec
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QStackedLayout, QWidget

from backend.charts.chart_state import ChartState, Comparison, Pane, Study, VisibleBars, check_state
from backend.charts.state_diff import StateChange, apply, diff
from backend.charts.study_store import OpenStudies
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.colors import ChartColors, colors_of
from trii_desktop.charts.gestures import KeyCommand, Zone
from trii_desktop.charts.wording import Worth
from trii_desktop.desk import Desk
from trii_desktop.engine_side import Opened, Shown
from trii_desktop.following import shown_follows
from trii_desktop.market.chart_steps import ChartSteps, GrowingStep
from trii_desktop.palettes import directions_of
from trii_desktop.sight.follows import Followed
from trii_desktop.sight.freshness import worth_of
from trii_desktop.sight.pulse import Pulse
from trii_desktop.widgets.empty import EmptyState


class ChartPanel(QWidget):
    """One chart. ``typed`` carries letters or digits; ``menu_wanted`` a Spot and a place on screen.

    ``instrument_dropped`` carries an InstrumentId and whether it shall be laid over what is shown.
    ``state`` is all that a person has chosen. It changes through ``change`` and what stands on it (``open``, ``switch``,
    ``adjust``, ``begin_edit``), each a step of undo, and through ``restore``, which is none. What gestures do to the view
    (bars in view, ranges by hand, heights of panes) is part of the state and no step.
    """

    shown_changed = Signal()
    state_changed = Signal()
    typed = Signal(str)
    menu_wanted = Signal(object, QPoint)
    instrument_dropped = Signal(object, bool)
    wants_import = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.shown: Shown | None = None
        self._source: OpenStudies | None = None
        self._computed: tuple[tuple[Study, ...], tuple[Comparison, ...]] = ((), ())  # what the source was asked for last
        self._chosen = ChartState(is_volume_shown=desk.backend.settings.current.chart.show_volume)
        self._volume_setting = self._chosen.is_volume_shown
        self._n_asked = 0
        self._is_closed = False
        self._changing = asyncio.Lock()  # changes that open a series are made one after the other, as they were asked for
        self._steps = ChartSteps(desk.undo, self)
        self.view = ChartView(chart_colors(desk), request_frame=desk.frames.request, now_ns=desk.backend.clock.now_ns)
        self.view.restore(self._chosen)
        self._welcome = EmptyState(
            "No prices yet",
            "Import a file of prices, or drop one anywhere on this window. "
            "CSV, Excel, Parquet and exports of most platforms are recognised.",
            desk.look,
            "import",
            (("Import files…", self.wants_import.emit),),
        )
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._welcome)
        self.setFocusProxy(self.view)
        self.view.panes.rearranged.connect(self._on_rearranged)
        self._listener = desk.frames.listen(self.view.refresh, is_visible=self.view.isVisible)
        self._follows = shown_follows(self.view, desk)
        self._pulse = Pulse(self.view, self.look_at_age)
        desk.look.changed.connect(self.wear)
        self.wear()

    def show_welcome(self) -> None:
        """Say what to do while there is nothing to show."""
        self._stack.setCurrentIndex(1)

    @property
    def is_asked(self) -> bool:
        """Whether anything was asked for yet, shown or still on its way."""
        return self._n_asked > 0

    @property
    def state(self) -> ChartState:
        """All that a person has chosen, with the view as gestures have left it."""
        seen = self.view.state
        panes = tuple(
            msgspec.structs.replace(pane, share=now.share, range=now.range) if (now := seen.pane(pane.id)) else pane
            for pane in self._chosen.panes
        )
        return msgspec.structs.replace(self._chosen, visible=seen.visible, maximised=seen.maximised, panes=panes)

    # --- changing it --------------------------------------------------------------------------------------------------

    async def change(self, state: ChartState, title: str) -> None:
        """Bring the chart to ``state``, opening another series if need be; undo takes it back. ``title`` says what was done.

        Raises InvalidInput or NotFound where ``state`` cannot be shown; the chart stays as it was.
        """
        check_state(state)
        await self._steps.make(state, title)

    def change_now(self, state: ChartState, title: str) -> None:
        """The same at once, for a state of the series that is shown. Raises InvalidInput."""
        check_state(state)
        self._steps.make_now(state, title)

    def begin_edit(self, title: str) -> GrowingStep:
        """For editors with a live preview: all that they show is one step, and cancelling leaves none."""
        return self._steps.begin(title)

    async def restore(self, state: ChartState) -> None:
        """Show a saved chart; no step of undo. Raises what ``change`` raises."""
        check_state(state)
        await self.take(diff(self.state, state))

    async def take(self, changes: tuple[StateChange, ...]) -> None:
        """Make ``changes`` without a step, after all that was asked for before. Raises as ``change``."""
        async with self._changing:
            wanted = apply(self.state, changes)
            if self._is_closed or not wanted.instrument or not self._is_other_series(wanted):
                self.take_now(changes)
                return
            instrument, spec = InstrumentId.parse(wanted.instrument), BarSpec.parse(wanted.interval)
            self._n_asked += 1
            self._adopt(await self._ask(instrument, spec, is_adjusted=wanted.is_adjusted, is_needed=True), changes)

    def take_now(self, changes: tuple[StateChange, ...]) -> None:
        """Make ``changes`` that need no other series, without a step. Raises InvalidInput."""
        before = self._chosen
        self._chosen = apply(self.state, changes)
        if not self._is_closed and self._chosen != before:
            self.view.restore(self._chosen)
            self._compute()
            self.state_changed.emit()
            self._desk.frames.request()

    async def open(self, instrument: InstrumentId, spec: BarSpec | None = None, *, adjusted: bool | None = None) -> None:
        """Show ``instrument``; without ``spec`` in the interval in use if it has it, else daily, else its coarsest.

        Of several that are asked for quickly, the last one is shown. Raises NotFound where it has no bars, InvalidInput
        where ``spec`` cannot be made; the chart stays as it was.
        """
        self._n_asked += 1
        turn = self._n_asked
        async with self._changing:
            if turn != self._n_asked:
                return  # something else was asked for meanwhile
            is_adjusted = self._chosen.is_adjusted if adjusted is None else adjusted
            wanted = spec or (self.shown.spec if self.shown else None)
            opened = await self._ask(instrument, wanted, is_adjusted=is_adjusted, is_needed=spec is not None)
            if turn != self._n_asked:
                opened.source.close()
                return
            is_first, before = self.shown is None, self._chosen
            made = msgspec.structs.replace(
                before,
                instrument=str(opened.shown.instrument.id),
                interval=str(opened.shown.spec),
                is_adjusted=opened.shown.is_adjusted,
            )
            changes = diff(before, made)
            self._adopt(opened, changes)
        if changes and not is_first:
            self._steps.remember(_opening_title(before, made), changes)

    async def switch(self, spec: BarSpec) -> None:
        """Show the same instrument in another interval."""
        if self.shown is not None:
            await self.open(self.shown.instrument.id, spec)

    async def adjust(self, *, adjusted: bool) -> None:
        """Show adjusted or raw prices."""
        if self.shown is not None:
            await self.open(self.shown.instrument.id, self.shown.spec, adjusted=adjusted)

    async def reread_specs(self) -> None:
        """Find out again which intervals can be shown, as after an import."""
        shown = self.shown
        if shown is None:
            return
        specs = await self._desk.bridge.call(self._desk.engine.specs(shown.instrument.id))
        if self.shown is shown and specs != shown.specs:
            self.shown = Shown(shown.instrument, shown.spec, shown.is_adjusted, specs)
            self.shown_changed.emit()

    def do(self, command: KeyCommand) -> None:
        """Pan, zoom or jump."""
        self.view.do(command)

    def look_at_age(self) -> None:
        """Say what the newest price is worth: nothing in replay, where it is not the newest, or without a feed."""
        desk, shown = self._desk, self.shown
        is_present = shown is not None and not desk.backend.replay.state.is_on
        worth = worth_of(desk.sight.standing(shown.instrument.id)) if shown is not None and is_present else Worth()
        if worth != self.view.model.worth:
            self.view.model.worth = worth
            self.view.repaint_layers()

    def wear(self) -> None:
        """Follow theme and settings: colours, the wheel, and whether volumes are drawn where that setting is another one."""
        self.view.set_colors(chart_colors(self._desk))
        chosen = self._desk.backend.settings.current.chart
        self.view.model.zooms_at_right = chosen.wheel_zooms_at == "right_edge"
        is_wanted = chosen.show_volume
        if self._volume_setting != is_wanted:
            self._volume_setting = is_wanted
            now = self.state
            self.take_now(diff(now, msgspec.structs.replace(now, is_volume_shown=is_wanted)))

    def close_panel(self) -> None:
        """Let the series go and look no more; what was changed here can no longer be taken back."""
        self._n_asked += 1
        self._is_closed = True
        self._steps.close()
        self._listener.close()
        self._pulse.stop()
        self._follows.close()
        self.view.show_message("")
        if self._source is not None:
            self._source.close()
            self._source = None

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters open the search, digits the interval entry; they come here when the chart has no use for them."""
        text = event.text()
        held = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if text and text.isprintable() and not text.isspace() and held == Qt.KeyboardModifier.NoModifier:
            self.typed.emit(text)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with what lies below the pointer; by the keyboard, with the selected study."""
        if self.shown is None:
            return
        spot, at = self.view.spots.at(self.view, self.view.mapFromGlobal(event.globalPos())), event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            spot, at = spot._replace(zone=Zone.PLOT, study_id=self.view.selected_study), self.mapToGlobal(self.rect().center())
        self.menu_wanted.emit(spot, at)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _on_rearranged(self, panes: tuple[Pane, ...], title: str) -> None:
        # The panes were folded, moved or dragged on the chart itself.
        self.change_now(msgspec.structs.replace(self.state, panes=panes), title)

    def _is_other_series(self, wanted: ChartState) -> bool:
        now = self._chosen
        return (wanted.instrument, wanted.interval, wanted.is_adjusted) != (now.instrument, now.interval, now.is_adjusted)

    async def _ask(self, instrument: InstrumentId, spec: BarSpec | None, *, is_adjusted: bool, is_needed: bool) -> Opened:
        prices = "adjusted" if is_adjusted else "raw"
        before = () if self.shown is None else (Followed(self.shown.instrument.id),)
        self._follows.show((*before, Followed(instrument)))  # already now: a feed may have to bring its first bars
        try:
            return await self._desk.bridge.call(self._desk.engine.open_series(instrument, spec, prices, is_needed=is_needed))
        except BaseException:
            self._follows.show(before)
            raise

    def _adopt(self, opened: Opened, changes: tuple[StateChange, ...]) -> None:
        """Show what was opened, and make ``changes`` on what was chosen meanwhile."""
        if self._is_closed:
            opened.source.close()
            return
        before, self._source, self._computed = self._source, opened.source, ((), ())
        is_other = self.shown is None or self.shown.series != opened.shown.series
        self.shown = opened.shown
        self._stack.setCurrentIndex(0)
        self._chosen = apply(self.state, changes)
        self.view.show_series(opened.source, opened.shown.instrument, opened.shown.spec, adjusted=opened.shown.is_adjusted)
        if is_other and not any(change.path == "visible" for change in changes):
            n_bars = float(self._desk.backend.settings.current.chart.visible_bars)
            self._chosen = msgspec.structs.replace(self._chosen, visible=VisibleBars(n_bars=n_bars))
        self.view.restore(self._chosen)
        self._compute()
        if before is not None:
            before.close()
        self._follows.show((Followed(opened.shown.instrument.id),))
        self.look_at_age()
        self.shown_changed.emit()
        self.state_changed.emit()
        self._desk.frames.request()

    def _compute(self) -> None:
        """Have everything computed that the chart now shows; what is shown already stays until the new is there."""
        source, wanted = self._source, (self._chosen.computed, self._chosen.compared)
        if source is not None and wanted != self._computed:
            self._computed = wanted
            self._desk.start("Computing the indicators", self._desk.bridge.call(partial(source.change, *wanted)))


def chart_colors(desk: Desk) -> ChartColors:
    """The chart's colours of the theme in force, with the rising and falling colours and the grid of the settings."""
    settings = desk.backend.settings.current
    return colors_of(str(desk.look.palette.name), directions_of(settings.appearance), has_grid=settings.chart.show_grid)


def _opening_title(before: ChartState, made: ChartState) -> str:
    if made.instrument != before.instrument:
        return f"{made.instrument} was opened"
    if made.interval != before.interval:
        return f"The interval {made.interval} was chosen"
    return f"{'Adjusted' if made.is_adjusted else 'Raw'} prices were chosen"
