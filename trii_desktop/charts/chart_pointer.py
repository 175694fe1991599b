"""What the pointer does on a chart: a tool is asked first, then buttons, rows and edges, then the view pans and scales."""

import math
from typing import Final

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from trii_desktop.charts.canvas import ChartCanvas
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.chart_picture import ChartPicture, Hit
from trii_desktop.charts.gestures import Gestures, Zone
from trii_desktop.charts.glyphs import Glyph
from trii_desktop.charts.tool_pointer import ToolPointer

_CURSORS: Final = {
    Zone.PLOT: Qt.CursorShape.CrossCursor,
    Zone.PRICE_AXIS: Qt.CursorShape.SizeVerCursor,
    Zone.TIME_AXIS: Qt.CursorShape.SizeHorCursor,
}
_STILL_PX: Final = 3  # logical pixels that the pointer may move and still have clicked


class ChartPointer(QObject):
    """Hears the canvas. Ids are of studies and comparisons.

    changed : the view or the panes moved; moved : the pointer did, or something that it shows
    pane_asked : a pane's button, with the pane's id; pane_opened : a double click in a pane, with its id
    selected : an id, or nothing where beside all lines was clicked
    """

    changed = Signal()
    moved = Signal()
    hide_asked = Signal(str)
    settings_asked = Signal(str)
    remove_asked = Signal(str)
    selected = Signal(str)
    pane_asked = Signal(str, object)
    pane_opened = Signal(str)
    edge_dragged = Signal()

    def __init__(self, canvas: ChartCanvas, model: ChartModel, picture: ChartPicture, chart: QWidget) -> None:
        super().__init__(chart)
        self._chart = chart
        self._canvas = canvas
        self._model = model
        self._picture = picture
        self.gestures = Gestures(model)
        self.tool = ToolPointer(picture)
        self._edge: tuple[str, float] | None = None  # the pane whose upper edge is dragged, and the height the pointer was at
        self._is_taken = False  # whether a button or a row took the press
        self._pressed_at: QPointF | None = None
        canvas.pointer_moved.connect(self._on_moved)
        canvas.pointer_left.connect(self._on_left)
        canvas.pressed.connect(self._on_pressed)
        canvas.released.connect(self._on_released)
        canvas.double_clicked.connect(self._on_double_click)
        canvas.wheeled.connect(self._on_wheel)
        canvas.pinched.connect(self._on_pinch)

    def release(self) -> None:
        """Let go of whatever is dragged: the window swallowed the button."""
        self.gestures.release()
        self.tool.leave()
        self._edge = self._pressed_at = None
        self._is_taken = False

    # --- moving -------------------------------------------------------------------------------------------------------

    def _on_moved(self, event: QMouseEvent) -> None:
        at = self._at(event)
        if self._edge is not None:
            self._drag_edge(at.y())
        elif not self.tool.move(at, event) and self.gestures.move(at.x(), at.y()):
            self.changed.emit()
        if not self.gestures.is_dragging and self._edge is None:
            self._point(at)
        self._picture.point_at(at.x(), at.y())
        self.moved.emit()

    def _point(self, at: QPointF) -> None:
        # How the pointer looks, and what a button below it says.
        zone, hit = self._picture.zone_at(at.x(), at.y()), self._picture.hit_at(at.x(), at.y())
        if hit is not None and hit.is_edge:
            cursor = Qt.CursorShape.SplitVCursor
        elif hit is not None or (zone is Zone.PLOT and self._picture.study_at(at.x(), at.y())):
            cursor = self.tool.cursor(zone) or Qt.CursorShape.PointingHandCursor
        else:
            cursor = self.tool.cursor(zone) or _CURSORS[zone]
        viewport = self._canvas.viewport()
        viewport.setCursor(cursor)
        viewport.setToolTip(self._tip(hit, at) if hit is not None and hit.glyph is not None else "")

    def _tip(self, hit: Hit, at: QPointF) -> str:
        assert hit.glyph is not None, "It is about a button."
        return self._picture.part_at(at.y()).legend.told if hit.glyph is Glyph.MORE else hit.glyph.value

    def _drag_edge(self, y: float) -> None:
        assert self._edge is not None, "An edge is held."
        pane_id, was = self._edge
        panes = self._model.panes
        if all(pane.id != pane_id for pane in panes):
            self._edge = None
            return
        before = panes.pane(pane_id).top_px
        panes.drag_edge(pane_id, y - was)
        self._edge = (pane_id, was + panes.pane(pane_id).top_px - before)
        self.changed.emit()

    def _on_left(self) -> None:
        self.tool.leave()
        self._picture.forget_pointer()
        self.moved.emit()

    # --- pressing -----------------------------------------------------------------------------------------------------

    def _on_pressed(self, event: QMouseEvent) -> None:
        self._chart.setFocus(Qt.FocusReason.MouseFocusReason)
        at = self._at(event)
        self._pressed_at = None
        hit = self._picture.hit_at(at.x(), at.y())
        if hit is not None and event.button() is Qt.MouseButton.LeftButton:
            self._is_taken = True
            self._press(hit, at)
        elif not self.tool.press(at, event):
            self._pressed_at = at
            self.gestures.press(self._picture.zone_at(at.x(), at.y()), at.x(), at.y(), self._pane_at(at))

    def _press(self, hit: Hit, at: QPointF) -> None:
        if hit.is_edge:
            self._edge = (hit.pane_id, at.y())
        elif hit.study_id and hit.glyph is None:
            self.selected.emit(hit.study_id)
        elif hit.study_id:
            asked = {Glyph.SETTINGS: self.settings_asked, Glyph.REMOVE: self.remove_asked}
            asked.get(hit.glyph, self.hide_asked).emit(hit.study_id)  # type: ignore[arg-type]  # it is one of the row's
        else:
            self.pane_asked.emit(hit.pane_id, hit.glyph)

    def _on_released(self, event: QMouseEvent) -> None:
        at, began = self._at(event), self._pressed_at
        if self._is_taken:
            self._is_taken = False
            if self._edge is not None:
                self._edge = None
                self.edge_dragged.emit()
            return
        self._pressed_at = None
        if self.tool.release(at, event):
            return
        self.gestures.release()
        is_still = began is not None and (at - began).manhattanLength() <= _STILL_PX * self._model.pixel_ratio
        if is_still and event.button() is Qt.MouseButton.LeftButton and self._zone(at) is Zone.PLOT:
            self.selected.emit(self._picture.study_at(at.x(), at.y()))

    def _on_double_click(self, event: QMouseEvent) -> None:
        at = self._at(event)
        hit = self._picture.hit_at(at.x(), at.y())
        if hit is not None:
            self._is_taken = True
            if hit.study_id and hit.glyph is None:
                self.settings_asked.emit(hit.study_id)
            return
        if self.tool.double_click(at, event):
            return
        zone = self._zone(at)
        study = self._picture.study_at(at.x(), at.y())
        if study:
            self.settings_asked.emit(study)
        elif zone is Zone.PLOT:
            self.pane_opened.emit(self._pane_at(at))
        else:
            self.gestures.double_click(zone, self._pane_at(at))
        self.changed.emit()

    def _on_wheel(self, event: QWheelEvent) -> None:
        at = self._canvas.device_point(event.position())
        zone = self._zone(at)
        pixels, angle = event.pixelDelta(), event.angleDelta()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if not pixels.isNull() and event.phase() is not Qt.ScrollPhase.NoScrollPhase and not shift and zone is not Zone.PRICE_AXIS:
            self.gestures.scroll(at.x(), pixels.x(), pixels.y())
        else:
            # Qt turns a wheel with Alt sideways; here it stays what it is.
            self.gestures.wheel(zone, at.x(), angle.x(), angle.y(), pans=shift, pane=self._pane_at(at))
        self.changed.emit()

    def _on_pinch(self, at: QPointF, factor: float) -> None:
        self.gestures.pinch(at.x(), factor if math.isfinite(factor) and factor > 0 else 1.0)
        self.changed.emit()

    def _at(self, event: QMouseEvent) -> QPointF:
        return self._canvas.device_point(event.position())

    def _zone(self, at: QPointF) -> Zone:
        return self._picture.zone_at(at.x(), at.y())

    def _pane_at(self, at: QPointF) -> str:
        return self._picture.part_at(at.y()).pane.id
