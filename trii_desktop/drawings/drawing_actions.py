"""What can be done with drawings: the tools, the selection, the magnet, hiding, the list; for the active chart."""

from functools import partial

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from backend.charts.drawings import POSITIONS, Drawing, DrawingKind
from backend.errors import InvalidInput
from backend.events import Level, notice_of
from trii_desktop.desk import Desk
from trii_desktop.drawings.choices import DrawingChoices
from trii_desktop.drawings.controller import DrawingController
from trii_desktop.drawings.drawing_list import DrawingList
from trii_desktop.drawings.magnet import Magnet
from trii_desktop.drawings.properties import DrawingProperties
from trii_desktop.drawings.words import WordsDialog
from trii_desktop.grid.chart_grid import ChartGrid
from trii_desktop.market.chart_panel import ChartPanel, chart_colors


class DrawingActions(QObject):
    """Methods and flags that the action table names. Every chart of the grid has a controller; the active one is acted on."""

    selection_changed = Signal()

    def __init__(self, window: QWidget, desk: Desk, grid: ChartGrid) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._grid = grid
        self.choices = DrawingChoices(desk)
        desk.start("Reading the looks of drawings", self.choices.load())
        self._controllers: dict[ChartPanel, DrawingController] = {}
        self._list: DrawingList | None = None
        for chart in grid.charts:
            self._attach(chart)
        grid.chart_added.connect(self._attach)
        grid.chart_removed.connect(self._detach)

    @property
    def current(self) -> DrawingController:
        """The drawings of the active chart."""
        return self.of(self._grid.active.current)

    def of(self, chart: ChartPanel) -> DrawingController:
        """The drawings of one chart of the grid."""
        if chart not in self._controllers:
            self._attach(chart)
        return self._controllers[chart]

    # --- flags --------------------------------------------------------------------------------------------------------

    @property
    def is_selecting(self) -> bool:
        """Whether no tool is in hand."""
        return self.choices.tool is None

    @property
    def has_selected(self) -> bool:
        """Whether a drawing is selected."""
        return bool(self.current.layer.selected)

    @property
    def has_drawings(self) -> bool:
        """Whether the chart has any drawings."""
        return bool(self.current.book.drawings)

    @property
    def is_magnetic(self) -> bool:
        """Whether the magnet draws."""
        return self.choices.magnet is not Magnet.OFF

    @property
    def magnet_words(self) -> str:
        """How strongly the magnet draws."""
        return self.choices.magnet.value

    @property
    def is_kept(self) -> bool:
        """Whether the tool stays in hand."""
        return self.choices.is_kept

    @property
    def is_hidden(self) -> bool:
        """Whether the drawings of the active chart are hidden."""
        return not self._grid.active.current.state.are_drawings_shown

    @property
    def is_trend_line(self) -> bool:
        """Whether this tool is in hand."""
        return self.choices.tool is DrawingKind.TREND_LINE

    @property
    def is_ray(self) -> bool:
        """Whether this tool is in hand."""
        return self.choices.tool is DrawingKind.RAY

    @property
    def is_horizontal(self) -> bool:
        """Whether this tool is in hand."""
        return self.choices.tool is DrawingKind.HORIZONTAL

    @property
    def is_vertical(self) -> bool:
        """Whether this tool is in hand."""
        return self.choices.tool is DrawingKind.VERTICAL

    @property
    def is_channel(self) -> bool:
        """Whether this tool is in hand."""
        return self.choices.tool is DrawingKind.CHANNEL

    @property
    def is_rectangle(self) -> bool:
        """Whether this tool is in hand."""
        return self.choices.tool is DrawingKind.RECTANGLE

    @property
    def is_fibonacci(self) -> bool:
        """Whether this tool is in hand."""
        return self.choices.tool is DrawingKind.FIBONACCI

    @property
    def is_measure(self) -> bool:
        """Whether this tool is in hand."""
        return self.choices.tool is DrawingKind.MEASURE

    @property
    def is_long(self) -> bool:
        """Whether this tool is in hand."""
        return self.choices.tool is DrawingKind.LONG

    @property
    def is_short(self) -> bool:
        """Whether this tool is in hand."""
        return self.choices.tool is DrawingKind.SHORT

    @property
    def is_text(self) -> bool:
        """Whether this tool is in hand."""
        return self.choices.tool is DrawingKind.TEXT

    # --- tools --------------------------------------------------------------------------------------------------------

    def point(self) -> None:
        """Put the tool down."""
        self._take(None)

    def trend_line(self) -> None:
        """Draw a trend line."""
        self._take(DrawingKind.TREND_LINE)

    def ray(self) -> None:
        """Draw a ray."""
        self._take(DrawingKind.RAY)

    def horizontal(self) -> None:
        """Draw a horizontal line."""
        self._take(DrawingKind.HORIZONTAL)

    def vertical(self) -> None:
        """Draw a vertical line."""
        self._take(DrawingKind.VERTICAL)

    def channel(self) -> None:
        """Draw a parallel channel."""
        self._take(DrawingKind.CHANNEL)

    def rectangle(self) -> None:
        """Draw a rectangle."""
        self._take(DrawingKind.RECTANGLE)

    def fibonacci(self) -> None:
        """Draw a Fibonacci retracement."""
        self._take(DrawingKind.FIBONACCI)

    def measure(self) -> None:
        """Measure a stretch of prices and time."""
        self._take(DrawingKind.MEASURE)

    def long(self) -> None:
        """Draw a long position."""
        self._take(DrawingKind.LONG)

    def short(self) -> None:
        """Draw a short position."""
        self._take(DrawingKind.SHORT)

    def text(self) -> None:
        """Write on the chart."""
        self._take(DrawingKind.TEXT)

    def turn_magnet(self) -> None:
        """Off, weak, strong, and off again."""
        self.choices.turn_magnet()
        self._desk.notices.say(f"The magnet is {self.choices.magnet.value}.")

    def keep_tool(self) -> None:
        """Keep the tool after a drawing is made, or not."""
        self.choices.keep_tool()

    def hide(self) -> None:
        """Hide all drawings of the active chart, or show them."""
        chart = self._grid.active.current
        are_shown = not chart.state.are_drawings_shown
        chart.change_now(replace(chart.state, are_drawings_shown=are_shown), f"{'Show' if are_shown else 'Hide'} drawings")

    # --- what is selected ---------------------------------------------------------------------------------------------

    def remove(self) -> None:
        """Remove what is selected."""
        self.current.edits.remove()

    def remove_all(self) -> None:
        """Remove every drawing that is not locked."""
        self.current.edits.remove_all()

    def clone(self) -> None:
        """Copy what is selected beside itself."""
        self.current.edits.clone()

    def copy(self) -> None:
        """Remember what is selected."""
        self.current.edits.copy()

    def paste(self) -> None:
        """Put what was copied on the active chart."""
        try:
            if not self.current.edits.paste():
                self._desk.notices.say("There are no drawings to paste.", "Copy some first, with Ctrl+C on a chart.")
        except InvalidInput as error:
            self._desk.notices.add(notice_of(error, "Pasting was not possible.", level=Level.WARNING))

    def lock(self) -> None:
        """Lock or free what is selected."""
        self.current.edits.lock()

    def select_all(self) -> None:
        """Select every drawing of the chart."""
        self.current.select(frozenset(drawing.id for drawing in self.current.book.drawings))

    def open_properties(self) -> None:
        """Change how what is selected looks."""
        if self.current.selected:
            DrawingProperties(self._window, self.current, chart_colors(self._desk)).show()

    def open_list(self) -> None:
        """List the drawings of the active chart."""
        if self._list is None:
            self._list = DrawingList(self._window, self._desk.look)
            self._list.destroyed.connect(self._list_gone)
        self._list.follow(self.current)
        self._list.show()
        self._list.raise_()

    def close(self) -> None:
        """Let go of every chart."""
        for controller in self._controllers.values():
            controller.close()
        self._controllers.clear()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _attach(self, chart: ChartPanel) -> None:
        if chart in self._controllers:
            return
        controller = DrawingController(self._desk, chart, self.choices)
        controller.selection_changed.connect(self.selection_changed)
        controller.text_wanted.connect(partial(self._ask_text, controller))
        self._controllers[chart] = controller

    def _detach(self, chart: ChartPanel) -> None:
        if (controller := self._controllers.pop(chart, None)) is not None:
            controller.close()

    def _take(self, kind: DrawingKind | None) -> None:
        # Choosing the tool in hand puts it down.
        self.choices.choose(None if kind is self.choices.tool else kind)
        self._grid.active.current.view.setFocus()

    def _ask_text(self, controller: DrawingController, drawing: Drawing) -> None:
        if drawing.kind in POSITIONS:
            controller.select(frozenset({drawing.id}))
            self.open_properties()
            return
        dialog = WordsDialog(self._window, drawing, partial(controller.edits.write, drawing))
        dialog.finished.connect(controller.forget_unwritten)
        dialog.open()

    def _list_gone(self) -> None:
        self._list = None
