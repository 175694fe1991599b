"""The chart widget: shows a series, follows it once a frame, and answers pointer and keys."""

import math
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QVBoxLayout, QWidget

from backend.charts.chart_state import ChartState
from backend.domain.bars import BarSpec
from backend.domain.instruments import Instrument
from trii_desktop.charts.canvas import ChartCanvas
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.chart_picture import ChartPicture
from trii_desktop.charts.chart_source import SeriesSource
from trii_desktop.charts.colors import ChartColors
from trii_desktop.charts.gestures import KEY_COMMANDS, Gestures, KeyCommand, Zone
from trii_desktop.charts.keys import commands_by_key
from trii_desktop.charts.layers import ChartLayer, PointerTool
from trii_desktop.charts.tool_pointer import ToolPointer

_KEYS: Final = commands_by_key()
_BY_KEYBOARD: Final = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
_CURSORS: Final = {
    Zone.PLOT: Qt.CursorShape.CrossCursor,
    Zone.PRICE_AXIS: Qt.CursorShape.SizeVerCursor,
    Zone.TIME_AXIS: Qt.CursorShape.SizeHorCursor,
}


class _Waker(QObject):
    """Carries the news that bars changed from the engine thread to the UI thread: at most once a look, never once a tick."""

    woken = Signal()


class ChartView(QWidget):
    """A chart of one series.

    ``refresh`` is its one look a frame: it takes a newer snapshot where there is one. Painting happens when Qt asks, at
    most once a frame; what is painted is prepared only when the view, the bars or the size have changed.
    Keys: arrows pan, with Ctrl faster; + and - zoom; Home, End; Alt+R as just opened; Shift with arrows reads bar by bar.
    """

    def __init__(
        self, colors: ChartColors, *, request_frame: Callable[[], None] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.model = ChartModel()
        self._source: SeriesSource | None = None
        self._version = -1
        self._request_frame = request_frame
        self._waker = _Waker()
        self._waker.woken.connect(self._on_woken)
        self._gestures = Gestures(self.model)
        self._picture = ChartPicture(self.model, colors, self.font().family())
        self._pointer = ToolPointer(self._picture)
        self._canvas = ChartCanvas(self._prepare, self._picture.paint, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._canvas)
        self._connect()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(QSize(160, 120))
        self.show_message("No chart yet", "Type an instrument's name to open one, or import a file of bars.")

    # --- what is shown ------------------------------------------------------------------------------------------------

    def show_series(self, source: SeriesSource, instrument: Instrument, spec: BarSpec, *, adjusted: bool = False) -> None:
        """Show ``source`` from now on. Whoever opened it closes it after another one is shown."""
        self._stop_watching()
        self._source = source
        watch = getattr(source, "watch", None)
        if watch is not None:
            watch(self._waker.woken.emit)
        self._version = source.version
        self._picture.forget_pointer()
        self.model.open(instrument, spec, source.snapshot(), is_adjusted=adjusted)
        self._picture.start_series()
        self.setAccessibleName(f"Chart of {instrument.id}, {spec}")
        self._say_no_bars()
        self._changed()

    def show_message(self, title: str, hint: str = "") -> None:
        """Show words instead of bars: what is missing, and what to do about it."""
        self._stop_watching()
        self._source = None
        self.setAccessibleName("Chart")
        self._picture.message = (title, hint)
        self._changed()

    def show_loading(self, what: str) -> None:
        """Show that ``what`` is on its way."""
        self.show_message(f"Loading {what} …")

    def refresh(self) -> None:
        """Take what is new; nothing while hidden. Called once a frame."""
        source = self._source
        if source is None or not self.isVisible() or source.version == self._version:
            return
        self._version = source.version
        had_bars = len(self.model.snapshot) > 0
        self.model.adopt(source.snapshot())
        if not had_bars:
            self._picture.start_series()
        self._say_no_bars()
        self._changed()

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

    # --- drawing over it ----------------------------------------------------------------------------------------------

    def add_layer(self, layer: ChartLayer) -> None:
        """Paint ``layer`` over the series of every pane from now on."""
        self._picture.layers.append(layer)
        self._changed()

    def set_tool(self, tool: PointerTool | None) -> None:
        """Ask ``tool`` first what the pointer and keys do; None leaves them to the chart."""
        self._pointer.tool = tool

    def repaint_layers(self) -> None:
        """What layers draw has changed."""
        self._changed()

    # --- what a person does -------------------------------------------------------------------------------------------

    def do(self, command: KeyCommand) -> None:
        """Pan, zoom or jump as a key does; for the window's action table."""
        KEY_COMMANDS[command](self.model)
        self._changed()

    def reset(self) -> None:
        """As a chart just opened."""
        self.do(KeyCommand.RESET)

    def show_all(self) -> None:
        """Every bar in view."""
        self.model.show_all()
        self._changed()

    @property
    def legend_text(self) -> str:
        """What the legend says, as a sentence."""
        return self._picture.spoken

    def read_bar(self, step: int) -> str:
        """Move the data-point cursor by ``step`` bars, starting at the newest in view, and say that bar."""
        self._picture.move_reader(step)
        self._changed()
        self._prepare()
        said = self.legend_text
        self.setAccessibleDescription(said)
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, said))
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        return said

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pan, zoom, jump or read; every other key is the window's, which opens its search as one types."""
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = Qt.Key(event.key())
        if self._pointer.key(key, modifiers):
            return
        control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        if modifiers == Qt.KeyboardModifier.ShiftModifier and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.read_bar(-1 if key is Qt.Key.Key_Left else 1)
        elif key is Qt.Key.Key_Escape and self._picture.has_pointer:
            self._picture.forget_pointer()
            self._changed()
        elif not modifiers & Qt.KeyboardModifier.AltModifier and (key, control) in _KEYS and self._takes(key, modifiers):
            self.do(_KEYS[key, control])
        else:
            event.ignore()

    @staticmethod
    def _takes(key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        # Shift belongs to the data-point cursor, except that many keyboards need it to write a plus.
        return not modifiers & Qt.KeyboardModifier.ShiftModifier or key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal)

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

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of a drag that the window swallowed."""
        self._gestures.release()
        self._pointer.leave()
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
        canvas = self._canvas
        canvas.pointer_moved.connect(self._on_pointer)
        canvas.pointer_left.connect(self._on_left)
        canvas.pressed.connect(self._on_pressed)
        canvas.released.connect(self._on_released)
        canvas.double_clicked.connect(self._on_double_click)
        canvas.wheeled.connect(self._on_wheel)
        canvas.pinched.connect(self._on_pinch)

    def _prepare(self) -> None:
        width, height = self._canvas.size_px
        self._picture.prepare(width, height, self._canvas.devicePixelRatioF())

    def _changed(self) -> None:
        self._picture.is_stale = True
        self._canvas.repaint_soon()

    def _say_no_bars(self) -> None:
        instrument, spec = self.model.instrument, self.model.spec
        is_empty = not len(self.model.snapshot)
        hint = "Import a file that has them, or choose another interval or instrument."
        self._picture.message = (f"No bars of {instrument.id if instrument else ''}, {spec}", hint) if is_empty else ("", "")

    def _stop_watching(self) -> None:
        watch = getattr(self._source, "watch", None)
        if watch is not None:
            watch(None)

    def _on_woken(self) -> None:
        if self._request_frame is not None:
            self._request_frame()
        else:
            self.refresh()

    def _on_pointer(self, event: QMouseEvent) -> None:
        at = self._canvas.device_point(event.position())
        if not self._pointer.move(at, event) and self._gestures.move(at.x(), at.y()):
            self._changed()
        zone = self._picture.zone_at(at.x(), at.y())
        if not self._gestures.is_dragging:
            self._canvas.viewport().setCursor(self._pointer.cursor(zone) or _CURSORS[zone])
        self._picture.point_at(at.x(), at.y())
        self._canvas.repaint_soon()

    def _on_left(self) -> None:
        self._pointer.leave()
        self._picture.forget_pointer()
        self._canvas.repaint_soon()

    def _on_pressed(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        at = self._canvas.device_point(event.position())
        if not self._pointer.press(at, event):
            pane = self._picture.part_at(at.y()).pane.id
            self._gestures.press(self._picture.zone_at(at.x(), at.y()), at.x(), at.y(), pane)

    def _on_released(self, event: QMouseEvent) -> None:
        if not self._pointer.release(self._canvas.device_point(event.position()), event):
            self._gestures.release()

    def _on_double_click(self, event: QMouseEvent) -> None:
        at = self._canvas.device_point(event.position())
        if not self._pointer.double_click(at, event):
            self._gestures.double_click(self._picture.zone_at(at.x(), at.y()), self._picture.part_at(at.y()).pane.id)
            self._changed()

    def _on_wheel(self, event: QWheelEvent) -> None:
        at = self._canvas.device_point(event.position())
        zone = self._picture.zone_at(at.x(), at.y())
        pixels, angle = event.pixelDelta(), event.angleDelta()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if not pixels.isNull() and event.phase() is not Qt.ScrollPhase.NoScrollPhase and not shift and zone is not Zone.PRICE_AXIS:
            self._gestures.scroll(at.x(), pixels.x(), pixels.y())
        else:
            # Qt turns a wheel with Alt sideways; here it stays what it is.
            pane = self._picture.part_at(at.y()).pane.id
            self._gestures.wheel(zone, at.x(), angle.x(), angle.y(), pans=shift, pane=pane)
        self._changed()

    def _on_pinch(self, at: QPointF, factor: float) -> None:
        self._gestures.pinch(at.x(), factor if math.isfinite(factor) and factor > 0 else 1.0)
        self._changed()
