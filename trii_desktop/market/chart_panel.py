"""The chart in the middle of the window: opens series, switches intervals, and hears letters and digits typed on it."""

import msgspec
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QStackedLayout, QWidget

from backend.charts.chart_state import VisibleBars
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from backend.market.bar_store import OpenSeries
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.colors import PRESETS, ChartColors, with_directions
from trii_desktop.charts.gestures import KeyCommand
from trii_desktop.desk import Desk
from trii_desktop.engine_side import Shown
from trii_desktop.widgets.empty import EmptyState


class ChartPanel(QWidget):
    """The central chart. ``typed`` carries letters or digits; ``bar_menu_wanted`` an event time and a place on screen."""

    shown_changed = Signal()
    typed = Signal(str)
    bar_menu_wanted = Signal(object, QPoint)
    wants_import = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.shown: Shown | None = None
        self._source: OpenSeries | None = None
        self._n_asked = 0
        self.view = ChartView(chart_colors(desk), request_frame=desk.frames.request)
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
        self._listener = desk.frames.listen(self.view.refresh, is_visible=self.view.isVisible)
        desk.look.changed.connect(self.wear)
        self.wear()

    def show_welcome(self) -> None:
        """Say what to do while there is nothing to show."""
        self._stack.setCurrentIndex(1)

    @property
    def is_asked(self) -> bool:
        """Whether anything was asked for yet, shown or still on its way."""
        return self._n_asked > 0

    async def open(self, instrument: InstrumentId, spec: BarSpec | None = None, *, adjusted: bool | None = None) -> None:
        """Show ``instrument``; without ``spec`` in the interval in use if it has it, else daily, else its coarsest.

        Raises NotFound where it has no bars, InvalidInput where ``spec`` cannot be made; the chart stays as it was.
        """
        self._n_asked += 1
        turn = self._n_asked
        is_adjusted = (self.shown.is_adjusted if self.shown else False) if adjusted is None else adjusted
        wanted = spec or (self.shown.spec if self.shown else None)
        opened = await self._desk.bridge.call(
            self._desk.engine.open_series(instrument, wanted, "adjusted" if is_adjusted else "raw", is_needed=spec is not None)
        )
        if turn != self._n_asked:
            opened.source.close()  # something else was asked for meanwhile
            return
        before, self._source = self._source, opened.source
        is_other = self.shown is None or self.shown.series != opened.shown.series
        self.shown = opened.shown
        self._stack.setCurrentIndex(0)
        self.view.show_series(opened.source, opened.shown.instrument, opened.shown.spec, adjusted=is_adjusted)
        if is_other:
            n_bars = float(self._desk.backend.settings.current.chart.visible_bars)
            self.view.restore(msgspec.structs.replace(self.view.state, visible=VisibleBars(n_bars=n_bars)))
        if before is not None:
            before.close()
        self.shown_changed.emit()
        self._desk.frames.request()

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

    def wear(self) -> None:
        """Follow the theme and the settings: colours, and whether volumes are drawn."""
        self.view.set_colors(chart_colors(self._desk))
        is_wanted = self._desk.backend.settings.current.chart.show_volume
        if self.view.state.is_volume_shown != is_wanted:
            self.view.restore(msgspec.structs.replace(self.view.state, is_volume_shown=is_wanted))

    def close_panel(self) -> None:
        """Let the series go and look no more."""
        self._n_asked += 1
        self._listener.close()
        self.view.show_message("")
        if self._source is not None:
            self._source.close()
            self._source = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters open the search, digits the interval entry; they come here when the chart has no use for them."""
        text = event.text()
        held = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if text and text.isprintable() and not text.isspace() and held == Qt.KeyboardModifier.NoModifier:
            self.typed.emit(text)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with the bar below the pointer."""
        model = self.view.model
        at = self.view.mapFromGlobal(event.globalPos())
        n_bars = len(model.snapshot)
        if self.shown is None or not n_bars:
            return
        place = min(max(model.time.bar_at(at.x() * model.pixel_ratio), 0), n_bars - 1)
        self.bar_menu_wanted.emit(model.snapshot.event_ns_at(place), event.globalPos())


def chart_colors(desk: Desk) -> ChartColors:
    """The chart's colours of the theme in force, with the rising and falling colours and the grid of the settings."""
    settings = desk.backend.settings.current
    appearance = settings.appearance
    made = with_directions(PRESETS[str(desk.look.palette.name)], appearance.up_colour, appearance.down_colour)
    return made if settings.chart.show_grid else msgspec.structs.replace(made, grid=made.background)
