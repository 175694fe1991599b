"""The crosshair: two dashed lines, the price beside the axis and the time below."""

from typing import Final, NamedTuple

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from trii_desktop.charts.axis_items import LABEL_HEIGHT, PAD
from trii_desktop.charts.lettering import Letterings
from trii_desktop.charts.painters import Inks
from trii_desktop.charts.pane_item import ChartItem
from trii_desktop.charts.strokes import RectBatch, dashes, upright

_ON: Final = 4
_OFF: Final = 4


class Crosshair(NamedTuple):
    """Where the lines cross, in device pixels from the view's upper left corner, and what the labels say; may be empty.

    y : None for an upright line alone, as another chart asks for
    """

    x: int
    y: int | None
    price: str
    time: str


class CrosshairItem(ChartItem):
    """Lies over the whole view."""

    def __init__(self, inks: Inks) -> None:
        super().__init__(inks)
        self.shown: Crosshair | None = None
        self._lines = RectBatch()
        self._plot = (0, 0)
        self._letters: Letterings | None = None

    def prepare(self, shown: Crosshair | None, plot: tuple[int, int], letters: Letterings) -> None:
        """Cross at ``shown`` over a plot of ``plot`` = (width, height) pixels; None hides it."""
        self.shown, self._plot, self._letters = shown, plot, letters
        if shown is None:
            return
        unit = max(int(letters.pixel_ratio), 1)
        on, off = _ON * unit, _OFF * unit
        lines = [upright(dashes(0, plot[1], shown.x, on=on, off=off, width=unit))]
        if shown.y is not None:
            lines.append(dashes(0, plot[0], shown.y, on=on, off=off, width=unit))
        self._lines.set(np.concatenate(lines))

    def paint(self, painter: QPainter) -> None:
        """Draw lines and labels."""
        if self.shown is None or self._letters is None:
            return
        self._lines.draw(painter, self.inks["crosshair"])
        self._paint_labels(painter, self.shown, self._letters)

    def _paint_labels(self, painter: QPainter, shown: Crosshair, letters: Letterings) -> None:
        width, height = self._plot
        pad, tall = round(PAD * letters.pixel_ratio), round(LABEL_HEIGHT * letters.pixel_ratio)
        if shown.price and shown.y is not None:
            painter.fillRect(QRect(width, shown.y - tall // 2, self.width_px - width, tall), self.inks["label"])
            x = self.width_px - pad - letters.axis.width(shown.price)
            letters.axis.draw(painter, x, shown.y + 0.5, shown.price, self.inks["label_text"])
        if shown.time:
            wide = round(letters.axis.width(shown.time)) + 2 * pad
            left = min(max(shown.x - wide // 2, 0), max(width - wide, 0))
            top = height + max(int(letters.pixel_ratio), 1)
            tall = self.height_px - top
            painter.fillRect(QRect(left, top, wide, min(tall, round((LABEL_HEIGHT + 4) * letters.pixel_ratio))), self.inks["label"])
            middle = top + min(tall, round((LABEL_HEIGHT + 4) * letters.pixel_ratio)) / 2
            letters.axis.draw(painter, left + pad, middle, shown.time, self.inks["label_text"])
