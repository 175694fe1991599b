"""The chart widget: shows a series, follows it once a frame, and answers pointer and keys."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget

from backend.charts.chart_state import ChartState, VisibleBars
from backend.domain.bars import BarSpec
from backend.domain.instruments import Instrument
from trii_desktop.charts.canvas import ChartCanvas
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.chart_picture import ChartPicture
from trii_desktop.charts.chart_pointer import ChartPointer
from trii_desktop.charts.chart_source import SeriesSource
from trii_desktop.charts.colors import ChartColors
from trii_desktop.charts.countdown import Countdown
from trii_desktop.charts.gestures import KEY_COMMANDS, KeyCommand
from trii_desktop.charts.keys import command_of
from trii_desktop.charts.layers import ChartLayer, PointerTool
from trii_desktop.charts.pane_actions import PaneActions
from trii_desktop.charts.source_watch import SourceWatch
from trii_desktop.charts.speech import announce
from trii_desktop.charts.spots import Spots
from trii_desktop.charts.telling import Telling
from trii_desktop.charts.wording import no_bars_words
from trii_desktop.widgets.layout import column

_BY_KEYBOARD: Final = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class ChartView(QWidget):
    """A chart of one series.

    ``refresh`` is its one look a frame: it takes a newer snapshot where there is one. Painting happens when Qt asks, at
    most once a frame; what is painted is prepared only when the view, the bars or the size have changed.
    Signals carry ids of studies and comparisons; ``crosshair_moved`` event time and price
    below the pointer, None where there is none; ``visible_changed`` VisibleBars.
    Keys: arrows pan, with Ctrl faster; + and - zoom; Home, End; Alt+R as just opened; Shift with arrows reads bar by bar.
    """

    study_hide_asked = Signal(str)
    study_settings_asked = Signal(str)
    study_remove_asked = Signal(str)
    study_selected = Signal(str)
    crosshair_moved = Signal(object, object)
    visible_changed = Signal(object)

    def __init__(
        self,
        colors: ChartColors,
        *,
        request_frame: Callable[[], None] | None = None,
        parent: QWidget | None = None,
        now_ns: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(parent)
        self.model = ChartModel()
        self._request_frame = request_frame
        self._telling = Telling(self)
        self._watch = SourceWatch(self)
        self._countdown = Countdown(now_ns, self)
        self._picture = ChartPicture(self.model, colors, self.font().family())
        self.panes = PaneActions(self.model, self._picture, self)
        self._canvas = ChartCanvas(self._prepare, self._picture.paint, self)
        self._pointer = ChartPointer(self._canvas, self.model, self._picture, self)
        self.spots = Spots(self.model, self._picture, self._canvas)
        self.setLayout(column(self._canvas))
        self._connect()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(QSize(160, 120))
        self.show_message("No chart yet", "Type an instrument's name to open one, or import a file of bars.")

    # --- what is shown ------------------------------------------------------------------------------------------------

    def show_series(self, source: SeriesSource, instrument: Instrument, spec: BarSpec, *, adjusted: bool = False) -> None:
        """Show ``source`` from now on. Whoever opened it closes it after another one is shown."""
        snapshot = self._watch.follow(source)
        self._picture.forget_pointer()
        self.model.open(instrument, spec, snapshot, is_adjusted=adjusted)
        self._picture.start_series()
        self._count_down()
        self.setAccessibleName(f"Chart of {instrument.id}, {spec}")
        self._say_no_bars()
        self._changed()

    def show_message(self, title: str, hint: str = "") -> None:
        """Show words instead of bars: what is missing, and what to do about it."""
        self._watch.stop()
        self.setAccessibleName("Chart")
        self._picture.message = (title, hint)
        self._changed()

    def refresh(self) -> bool:
        """Take what is new, and say whether there was anything; nothing while hidden. Called once a frame."""
        snapshot = self._watch.look() if self.isVisible() else None
        if snapshot is None:
            return False
        had_bars = len(self.model.snapshot) > 0
        self.model.adopt(snapshot)
        self._count_down()
        if not had_bars:
            self._picture.start_series()
        self._say_no_bars()
        self._changed()
        return True

    def set_colors(self, colors: ChartColors) -> None:
        """Wear another theme."""
        self._picture.inks.wear(colors)
        self._changed()

    def set_font_family(self, family: str) -> None:
        """Write in another font."""
        self._picture.set_family(family)
        self._changed()

    @property
    def state(self) -> ChartState:
        """All that a person has chosen."""
        return self.model.state()

    def restore(self, state: ChartState) -> None:
        """Show what ``state`` says of the view; its series is opened by the caller. Raises InvalidInput."""
        self.model.restore(state)
        self._changed()

    # --- panes and studies --------------------------------------------------------------------------------------------

    def select_study(self, study_id: str) -> None:
        """Mark a study or comparison; nothing for an empty id."""
        self._picture.selected = study_id
        self._changed()

    @property
    def selected_study(self) -> str:
        """Id of the study or comparison that is marked; empty where none is."""
        return self._picture.selected

    # --- linked to other charts ---------------------------------------------------------------------------------------

    def show_linked_crosshair(self, event_ns: int | None) -> None:
        """Mark the bar at or before ``event_ns``, as another chart's crosshair does; None ends it."""
        if self._picture.pointed.linked_ns != event_ns:
            self._picture.pointed.linked_ns = event_ns
            self._canvas.repaint_soon()

    def show_visible(self, visible: VisibleBars) -> None:
        """Bring the same bars into view as another chart shows; says nothing of it."""
        self.model.show_visible(visible)
        self._telling.visible = self.model.visible()
        self._changed()

    # --- drawing over it ----------------------------------------------------------------------------------------------

    def add_layer(self, layer: ChartLayer) -> None:
        """Paint ``layer`` over the series of every pane from now on."""
        self._picture.layers.append(layer)
        self._changed()

    @property
    def tools(self) -> list[PointerTool]:
        """What is asked in this order, before the chart itself, what the pointer and keys do."""
        return self._pointer.tool.tools

    def repaint_layers(self) -> None:
        """What layers draw has changed."""
        self._changed()

    @property
    def size_px(self) -> tuple[int, int]:
        """Device pixels that the chart has."""
        return self._canvas.size_px

    @contextmanager
    def still(self) -> Iterator[ChartPicture]:
        """What it paints, without pointer and focus meanwhile."""
        self._prepare()
        with self._picture.untouched():
            yield self._picture

    # --- what a person does -------------------------------------------------------------------------------------------

    def do(self, command: KeyCommand) -> None:
        """Pan, zoom or jump as a key does; for the window's action table."""
        KEY_COMMANDS[command](self.model)
        self._changed()

    def show_all(self) -> None:
        """Every bar in view."""
        self.model.show_all()
        self._changed()

    @property
    def decimals(self) -> int:
        """Digits after the point of the prices shown."""
        return self._picture.decimals

    @property
    def legend_text(self) -> str:
        """What the legend says, as a sentence."""
        return self._picture.spoken

    def read_bar(self, step: int) -> str:
        """Move the data-point cursor by ``step`` bars, starting at the newest in view, and say that bar."""
        self._picture.pointed.step(step)
        self._changed()
        self._prepare()
        said = self.legend_text
        announce(self, said)
        return said

    def go_to(self, event_ns: int) -> str:
        """Bring the bar at or before ``event_ns`` into the middle, put the data-point cursor on it, and say it."""
        self._prepare()
        row = self.model.go_to(event_ns)
        self._picture.pointed.read(row if row >= 0 else None)
        return self.read_bar(0)

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pan, zoom, jump or read; every other key is the window's, which opens its search as one types."""
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = Qt.Key(event.key())
        if self._pointer.tool.key(key, modifiers):
            return
        command = command_of(key, modifiers)
        if modifiers == Qt.KeyboardModifier.ShiftModifier and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.read_bar(-1 if key is Qt.Key.Key_Left else 1)
        elif key is Qt.Key.Key_Escape and self._picture.pointed.is_anywhere:
            self._picture.forget_pointer()
            self._changed()
        elif command is not None:
            self.do(command)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that keys act here, where the keyboard brought the focus."""
        self._picture.is_ringed = event.reason() in _BY_KEYBOARD
        self._canvas.repaint_soon()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Keys act elsewhere."""
        self._picture.is_ringed = False
        self._canvas.repaint_soon()
        super().focusOutEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while hidden."""
        super().showEvent(event)
        self.refresh()
        self._count_down()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of a drag that the window swallowed."""
        self._pointer.release()
        self._countdown.run_until(None)
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out again."""
        super().resizeEvent(event)
        self._changed()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the application's font."""
        if event.type() is QEvent.Type.FontChange and hasattr(self, "_picture"):
            self.set_font_family(self.font().family())
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        """A chart is as large as it may be."""
        return QSize(960, 600)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        pointer = self._pointer
        pointer.changed.connect(self._changed)
        pointer.moved.connect(self._on_moved)
        pointer.hide_asked.connect(self.study_hide_asked)
        pointer.settings_asked.connect(self.study_settings_asked)
        pointer.remove_asked.connect(self.study_remove_asked)
        pointer.selected.connect(self._on_selected)
        pointer.pane_asked.connect(self.panes.press)
        pointer.pane_opened.connect(self.panes.maximise)
        pointer.edge_dragged.connect(self.panes.drag_ended)
        self.panes.changed.connect(self._changed)
        self._telling.crosshair_moved.connect(self.crosshair_moved)
        self._telling.visible_changed.connect(self.visible_changed)
        self._watch.woken.connect(self._on_woken)
        self._countdown.ticked.connect(self._on_second)

    def _prepare(self) -> None:
        width, height = self._canvas.size_px
        self._picture.prepare(width, height, self._canvas.devicePixelRatioF())

    def _changed(self) -> None:
        self._picture.is_stale = True
        self._canvas.repaint_soon()
        self._telling.tell_view(self.model.visible(), len(self.model.snapshot))

    def _count_down(self) -> None:
        self._picture.now_ns = self._countdown.now_ns
        self._countdown.run_until(self.model.shown.closes_ns if self.isVisible() else None)

    def _on_second(self) -> None:
        self._count_down()
        self._changed()

    def _on_moved(self) -> None:
        self.panes.follow_pointer()
        self._canvas.repaint_soon()
        self._telling.tell_pointer(self._picture.pointed.event_ns, self._picture.pointed_price)

    def _on_selected(self, study_id: str) -> None:
        if study_id != self.selected_study:
            self.select_study(study_id)
            self.study_selected.emit(study_id)

    def _say_no_bars(self) -> None:
        self._picture.message = ("", "") if len(self.model.snapshot) else no_bars_words(self.model.instrument, self.model.spec)

    def _on_woken(self) -> None:
        if self._request_frame is not None:
            self._request_frame()
        else:
            self.refresh()
