"""The painted surface: a pyqtgraph view whose scene is measured in device pixels, and the pointer's events on it."""

from collections.abc import Callable
from typing import Any

from pyqtgraph import GraphicsObject, GraphicsView
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QPainter, QTransform, QWheelEvent
from PySide6.QtWidgets import QWidget


class _Surface(GraphicsObject):  # type: ignore[misc]  # pyqtgraph has no types
    """The one item of the scene: it covers the view and paints the picture."""

    def __init__(self, paint: Callable[[QPainter], None]) -> None:
        super().__init__()
        self._paint = paint
        self._bounds = QRectF()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def cover(self, bounds: QRectF) -> None:
        self.prepareGeometryChange()
        self._bounds = bounds

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, *_: Any) -> None:
        self._paint(painter)


class ChartCanvas(GraphicsView):  # type: ignore[misc]  # pyqtgraph has no types
    """Paints the whole surface at once, after ``prepare`` has brought the picture up to date, and reports the pointer.

    One scene unit is one device pixel, also where a logical pixel is 1.25 or 2 of them, so hairlines stay hairlines.
    """

    pointer_moved = Signal(QMouseEvent)
    pointer_left = Signal()
    pressed = Signal(QMouseEvent)
    released = Signal(QMouseEvent)
    double_clicked = Signal(QMouseEvent)
    wheeled = Signal(QWheelEvent)
    pinched = Signal(QPointF, float)

    def __init__(self, prepare: Callable[[], None], paint: Callable[[QPainter], None], parent: QWidget | None = None) -> None:
        self._surface = _Surface(paint)
        super().__init__(parent, useOpenGL=False, background=None)
        self.setCentralItem(None)
        self.setViewportUpdateMode(GraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setCacheMode(GraphicsView.CacheModeFlag.CacheNone)
        self.setOptimizationFlag(GraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.scene().setItemIndexMethod(self.scene().ItemIndexMethod.NoIndex)
        self.scene().sigPrepareForPaint.connect(prepare)
        self.addItem(self._surface)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # the picture covers it, background and all
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAcceptDrops(False)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        ratio = self.devicePixelRatioF()
        return round(self.viewport().width() * ratio), round(self.viewport().height() * ratio)

    def updateMatrix(self, propagate: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002 - pyqtgraph's signature
        """Let one scene unit be one device pixel; pyqtgraph calls this when the view changes size."""
        ratio = self.devicePixelRatioF()
        width, height = self.size_px
        self.setSceneRect(QRectF(0, 0, width, height))
        self._surface.cover(QRectF(0, 0, width, height))
        self.setTransform(QTransform.fromScale(1 / ratio, 1 / ratio))

    def repaint_soon(self) -> None:
        """Ask for one paint; any number of asks before it give one."""
        self.viewport().update()

    def device_point(self, position: QPointF) -> QPointF:
        """A position of an event in device pixels."""
        ratio: float = self.devicePixelRatioF()
        return position * ratio

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        """Report the left or middle button; others stay with the window."""
        if ev.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self.pressed.emit(ev)
            ev.accept()
        else:
            ev.ignore()

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        """Report where the pointer is."""
        self.pointer_moved.emit(ev)
        ev.accept()

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        """Report the end of a drag."""
        self.released.emit(ev)
        ev.accept()

    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        """Report it."""
        self.double_clicked.emit(ev)
        ev.accept()

    def leaveEvent(self, ev: QEvent) -> None:
        """Report that the pointer is elsewhere."""
        self.pointer_left.emit()
        ev.accept()

    def wheelEvent(self, ev: QWheelEvent) -> None:
        """Report it; the view itself does not scroll."""
        self.wheeled.emit(ev)
        ev.accept()

    def viewportEvent(self, ev: QEvent) -> bool:
        """Report a pinch on a touch pad."""
        if isinstance(ev, QNativeGestureEvent) and ev.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
            self.pinched.emit(self.device_point(ev.position()), 1.0 + ev.value())
            return True
        handled: Any = super().viewportEvent(ev)
        return bool(handled)
