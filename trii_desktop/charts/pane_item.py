"""A pane of the chart: grid, painted series and the line of the last price."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter

from backend.charts.chart_state import MAIN_PANE
from trii_desktop.charts.geometry import NO_RECTS, Rects
from trii_desktop.charts.layers import ChartLayer
from trii_desktop.charts.lettering import Letterings
from trii_desktop.charts.painters import Inks, PaneFrame, SeriesPainter
from trii_desktop.charts.strokes import RectBatch, dashes


class ChartItem(ABC):
    """A rectangle of the chart in device pixels that paints itself; all of them are painted by one item of the scene."""

    def __init__(self, inks: Inks) -> None:
        self.inks = inks
        self.bounds = QRect()
        self.x = 0
        self.y = 0

    def place(self, x: int, y: int, width: int, height: int) -> None:
        """Stand at (x, y) of the chart."""
        self.x, self.y = x, y
        self.bounds = QRect(0, 0, width, height)

    @property
    def width_px(self) -> int:
        """Device pixels."""
        return self.bounds.width()

    @property
    def height_px(self) -> int:
        """Device pixels."""
        return self.bounds.height()

    @abstractmethod
    def paint(self, painter: QPainter) -> None:
        """Draw it; the painter counts from the item's upper left corner."""


class LastLine(NamedTuple):
    """The line of the last price: its row of pixels and its colour."""

    y: int
    ink: str


class PaneItem(ChartItem):
    """Draws what is behind the grid, the grid, its painters in order, and what lies over them; or a message instead of bars."""

    def __init__(self, inks: Inks) -> None:
        super().__init__(inks)
        self.ground: list[SeriesPainter] = []
        self.painters: list[SeriesPainter] = []
        self.layers: Sequence[ChartLayer] = ()
        self._pane_id = MAIN_PANE
        self._grid = RectBatch()
        self._last_line = RectBatch()
        self._last_ink = "line"
        self._message: tuple[str, str] = ("", "")
        self._letters: Letterings | None = None

    def prepare(self, frame: PaneFrame, price_ys: list[int], time_xs: list[int], last: LastLine | None) -> None:
        """Compute everything that ``paint`` draws."""
        self._pane_id = frame.pane_id
        for painter in (*self.ground, *self.painters):
            painter.prepare(frame)
        for layer in self.layers:
            layer.prepare(frame, frame.pane_id)
        self._grid.set(_grid(price_ys, time_xs, frame.width_px, frame.height_px))
        self._last_line.set(NO_RECTS)
        if last is not None and 0 <= last.y < frame.height_px:
            unit = max(int(frame.pixel_ratio), 1)
            self._last_ink = last.ink
            self._last_line.set(dashes(0, frame.width_px, last.y, on=2 * unit, off=2 * unit, width=unit))
        self._message = ("", "")

    def show_message(self, title: str, hint: str, letters: Letterings) -> None:
        """Say ``title`` and below it ``hint`` instead of bars."""
        self._message, self._letters = (title, hint), letters

    def paint(self, painter: QPainter) -> None:
        """Draw everything; or the message."""
        if self._letters is not None and any(self._message):
            self._paint_message(painter, self._letters)
            return
        painter.setClipRect(self.bounds)
        for series in self.ground:
            series.paint(painter, self.inks)
        self._grid.draw(painter, self.inks["grid"])
        for series in self.painters:
            series.paint(painter, self.inks)
        self._last_line.draw(painter, self.inks[self._last_ink])
        for layer in self.layers:
            painter.save()
            layer.paint(painter, self.inks, self._pane_id)
            painter.restore()

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
