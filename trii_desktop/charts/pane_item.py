"""A pane of the chart: grid, painted series and the line of the last price."""

from typing import Any, NamedTuple

import numpy as np
from pyqtgraph import GraphicsObject
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from trii_desktop.charts.geometry import Rects
from trii_desktop.charts.lettering import Letterings
from trii_desktop.charts.painters import Inks, PaneFrame, SeriesPainter
from trii_desktop.charts.strokes import RectBatch, dashes


class ChartItem(GraphicsObject):  # type: ignore[misc]  # pyqtgraph has no types
    """A rectangle of the chart in device pixels, its bounds kept: Qt asks for them a dozen times a frame."""

    def __init__(self, inks: Inks) -> None:
        super().__init__()
        self.inks = inks
        self._bounds = QRectF()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def place(self, x: int, y: int, width: int, height: int) -> None:
        """Stand at (x, y) of the scene."""
        bounds = QRectF(0, 0, width, height)
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds
        if self.pos().x() != x or self.pos().y() != y:
            self.setPos(x, y)

    def boundingRect(self) -> QRectF:
        """The kept bounds."""
        return self._bounds

    @property
    def width_px(self) -> int:
        """Device pixels."""
        return int(self._bounds.width())

    @property
    def height_px(self) -> int:
        """Device pixels."""
        return int(self._bounds.height())


class LastPrice(NamedTuple):
    """Where the line of the last price runs and which colour it takes; ``y`` is None where it is out of view."""

    y: int | None
    text: str
    ink: str


class PaneItem(ChartItem):
    """Draws its painters in order, the first at the back; the first pane also carries a message where there are no bars."""

    def __init__(self, inks: Inks) -> None:
        super().__init__(inks)
        self.painters: list[SeriesPainter] = []
        self._grid = RectBatch()
        self._last_line = RectBatch()
        self._last_ink = "line"
        self._message: tuple[str, str] = ("", "")
        self._letters: Letterings | None = None
        self.is_ringed = False

    def prepare(self, frame: PaneFrame, price_ys: list[int], time_xs: list[int], last: LastPrice) -> None:
        """Compute everything that ``paint`` draws."""
        for painter in self.painters:
            painter.prepare(frame)
        self._grid.set(_grid(price_ys, time_xs, frame.width_px, frame.height_px))
        self._last_ink = last.ink
        unit = max(int(frame.pixel_ratio), 1)
        line = dashes(0, frame.width_px, last.y, on=2 * unit, off=2 * unit, width=unit) if last.y is not None else None
        self._last_line.set(line if line is not None else np.empty((0, 4), np.int32))
        self._message = ("", "")

    def show_message(self, title: str, hint: str, letters: Letterings) -> None:
        """Say ``title`` and below it ``hint`` instead of bars."""
        self._message, self._letters = (title, hint), letters

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Draw the grid, the series and the last price's line; or the message."""
        if self._letters is not None and any(self._message):
            self._paint_message(painter, self._letters)
        else:
            painter.setClipRect(self._bounds)
            self._grid.draw(painter, self.inks["grid"])
            for series in self.painters:
                series.paint(painter, self.inks)
            self._last_line.draw(painter, self.inks[self._last_ink])
        if self.is_ringed:
            self._paint_ring(painter)

    def _paint_ring(self, painter: QPainter) -> None:
        # Says that keys act here; shown where the keyboard brought the focus.
        painter.setPen(QPen(self.inks["line"], 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self._bounds.adjusted(1, 1, -1, -1))

    def _paint_message(self, painter: QPainter, letters: Letterings) -> None:
        title, hint = self._message
        room = round(40 * letters.pixel_ratio)
        middle = self.height_px / 2
        width = max(self.width_px - 2 * room, 1)
        above = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom) | int(Qt.TextFlag.TextWordWrap)
        below = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)
        painter.setFont(letters.title.font)
        painter.setPen(self.inks["title"])
        painter.drawText(QRectF(room, 0, width, middle), above, title)
        painter.setFont(letters.legend.font)
        painter.setPen(self.inks["muted"])
        gap = round(8 * letters.pixel_ratio)
        painter.drawText(QRectF(room, middle + gap, width, middle - gap), below, hint)


def _grid(price_ys: list[int], time_xs: list[int], width: int, height: int) -> Rects:
    across = np.array([(0, y, width - 1, y) for y in price_ys], np.int32).reshape(-1, 4)
    down = np.array([(x, 0, x, height - 1) for x in time_xs], np.int32).reshape(-1, 4)
    return np.concatenate((across, down))
