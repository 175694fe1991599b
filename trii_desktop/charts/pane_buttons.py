"""The buttons of a pane at its upper right, shown where the pointer is: move, collapse, maximise."""

import math
from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPen

from trii_desktop.charts.glyphs import BUTTON_PX, Glyph, draw_button
from trii_desktop.charts.painters import Inks
from trii_desktop.charts.pane_item import ChartItem
from trii_desktop.charts.pane_model import PaneModel
from trii_desktop.charts.pane_stack import PaneStack

_RIGHT: Final = 6  # logical pixels
_TOP: Final = 4


def glyphs_for(panes: PaneStack, pane: PaneModel) -> tuple[Glyph, ...]:
    """The buttons of a pane; none where it is the only one."""
    if len(panes) < 2:
        return ()
    if panes.maximised == pane.id:
        return (Glyph.RESTORE,)
    place, is_folded = panes.place(pane), panes.is_folded(pane)
    moves = [Glyph.UP] * (place > 0) + [Glyph.DOWN] * (place < len(panes) - 1)
    fold = [] if pane.is_main else [Glyph.OPEN if is_folded else Glyph.FOLD]
    return (*moves, *fold, *([] if is_folded else [Glyph.MAXIMISE]))


class PaneButtonsItem(ChartItem):
    """Lies over a pane, without buttons where no pointer is. ``is_marked`` says that the pane was chosen by keys."""

    def __init__(self, inks: Inks) -> None:
        super().__init__(inks)
        self.pointed: Glyph | None = None
        self.is_marked = False
        self._glyphs: tuple[Glyph, ...] = ()
        self._ratio = 1.0

    def prepare(self, glyphs: tuple[Glyph, ...], pixel_ratio: float) -> None:
        """Show ``glyphs`` from left to right."""
        self._glyphs, self._ratio = glyphs, pixel_ratio

    def hit(self, x: float, y: float) -> Glyph | None:
        """The button at a point of the pane."""
        at = (int(x), int(y))
        return next((glyph for n, glyph in enumerate(self._glyphs) if self._place(n).contains(*at)), None)

    def paint(self, painter: QPainter) -> None:
        """Draw them, and a ring around the pane where it is marked."""
        if self.is_marked and self._glyphs:
            painter.setPen(QPen(self.inks["line"], 2 * self._ratio))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            edge = math.ceil(self._ratio)
            painter.drawRect(self.bounds.adjusted(edge, edge, -edge, -edge))
        for n, glyph in enumerate(self._glyphs):
            draw_button(painter, glyph, self._place(n), self.inks, is_hovered=glyph is self.pointed)

    def _place(self, number: int) -> QRect:
        size = round(BUTTON_PX * self._ratio)
        right = self.width_px - round(_RIGHT * self._ratio)
        return QRect(right - (len(self._glyphs) - number) * size, round(_TOP * self._ratio), size, size)
