"""The legend at the upper left: instrument, interval, and the values of the bar in question."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from trii_desktop.charts.lettering import Lettering, Letterings
from trii_desktop.charts.painters import Inks
from trii_desktop.charts.pane_item import ChartItem
from trii_desktop.charts.wording import LegendValue, LegendWords

LEFT: Final = 12
TOP: Final = 10
LINE: Final = 22
GAP: Final = 10  # between values
_ELLIPSIS: Final = "…"
_SHARE_MAX: Final = 0.3  # of the chart's height; in smaller charts the least important values are left out
_LEAST_FIRST: Final = ("Vol", "O", "H", "L")


class _Run(NamedTuple):
    x: float
    line: int
    text: str
    ink: str
    letters: Lettering


class LegendItem(ChartItem):
    """Words laid out in lines that wrap at the pane's width. ``area`` is what they cover."""

    def __init__(self, inks: Inks) -> None:
        super().__init__(inks)
        self.words: LegendWords | None = None
        self._runs: list[_Run] = []
        self._letters: Letterings | None = None
        self.area = QRect()

    def prepare(self, words: LegendWords | None, letters: Letterings, size_px: tuple[int, int]) -> int:
        """Lay the words out in a chart of this width and height; the height in device pixels that they take from its top."""
        self.words, self._letters = words, letters
        ratio = letters.pixel_ratio
        if words is None:
            self._runs, self.area = [], QRect()
            return 0
        left, right = LEFT * ratio, size_px[0] - LEFT * ratio
        title_end = left + letters.title.width(words.title) + GAP * ratio
        badge, badge_ink = words.worth.badge, "doubt" if words.worth.is_doubtful else "muted"
        badge_width = letters.axis_bold.width(badge) + GAP * ratio if badge else 0
        details = _elided(words.details, letters.legend, right - title_end - badge_width)
        self._runs = [_Run(left, 0, words.title, "title", letters.title), _Run(title_end, 0, details, "muted", letters.legend)]
        if badge and title_end + badge_width <= right:
            badge_x = title_end + (letters.legend.width(details) + GAP * ratio if details else 0)
            self._runs.append(_Run(badge_x, 0, badge, badge_ink, letters.axis_bold))
        n_lines = max(int((_SHARE_MAX * size_px[1] / ratio - TOP) / LINE), 2)
        ink, values = "up_text" if words.is_up else "down_text", words.values
        runs, line = _laid_out(values, letters.legend, (left, right), ink, ratio)
        for least in _LEAST_FIRST:
            if line >= n_lines:
                values = tuple(value for value in values if value.name != least)
                runs, line = _laid_out(values, letters.legend, (left, right), ink, ratio)
        self._runs += runs
        height_px = round((TOP + LINE * (line + 1 if values else 1)) * ratio)
        ends = (run.x + run.letters.width(run.text) for run in self._runs)
        self.area = QRect(0, 0, math.ceil(max(ends)), height_px)
        return height_px

    def paint(self, painter: QPainter) -> None:
        """Write it."""
        if self._letters is None:
            return
        ratio = self._letters.pixel_ratio
        for run in self._runs:
            run.letters.draw(painter, run.x, (TOP + LINE * run.line + LINE / 2) * ratio, run.text, self.inks[run.ink])


def _laid_out(
    values: Sequence[LegendValue], letters: Lettering, edges: tuple[float, float], ink: str, ratio: float
) -> tuple[list[_Run], int]:
    """Values from the second line on, wrapped between two edges; and the number of the last line."""
    left, right = edges
    runs, x, line = [], left, 1
    for value in values:
        name_width = letters.width(value.name) + (3 * ratio if value.name else 0)
        width = name_width + letters.width(value.text)
        if x > left and x + width > right:
            x, line = left, line + 1
        if value.name:
            runs.append(_Run(x, line, value.name, "muted", letters))
        runs.append(_Run(x + name_width, line, value.text, ink, letters))
        x += width + GAP * ratio
    return runs, line


def _elided(text: str, letters: Lettering, width: float) -> str:
    if letters.width(text) <= width:
        return text
    for end in range(len(text) - 1, 0, -1):
        if letters.width(text[:end].rstrip() + _ELLIPSIS) <= width:
            return text[:end].rstrip() + _ELLIPSIS
    return ""
