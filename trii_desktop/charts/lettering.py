"""The chart's letters: fonts in device pixels, and texts laid out once."""

from typing import Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QStaticText, QTransform

AXIS_PX: Final = 12
LEGEND_PX: Final = 13
TITLE_PX: Final = 15
_KEPT_MAX: Final = 400  # texts since the last sweep; a chart shows some 60


class Lettering:
    """One font; the texts it draws are laid out once and kept, so that an axis costs 3 µs a label.

    Prices of a live chart are written once and never again: texts that were not asked for since the last sweep but one go,
    those in use stay, so no frame has to lay out all of them again.
    """

    def __init__(self, family: str, size_px: int, weight: QFont.Weight, pixel_ratio: float) -> None:
        self.font = QFont(family)
        self.font.setPixelSize(max(round(size_px * pixel_ratio), 1))
        self.font.setWeight(weight)
        self.font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
        metrics = QFontMetricsF(self.font)
        self._metrics = metrics
        self.height = metrics.height()
        self.ascent = metrics.ascent()
        self.cap_height = metrics.capHeight()
        self._kept: dict[str, tuple[QStaticText, float]] = {}
        self._before: dict[str, tuple[QStaticText, float]] = {}  # kept until the last sweep

    def width(self, text: str) -> float:
        """Device pixels that ``text`` takes."""
        return self._laid_out(text)[1]

    def draw(self, painter: QPainter, x: float, middle_y: float, text: str, color: QColor) -> None:
        """Write ``text`` from ``x`` on, its capitals centred on ``middle_y``."""
        painter.setFont(self.font)
        painter.setPen(color)
        top = round(middle_y + self.cap_height / 2) - self.ascent
        painter.drawStaticText(QPointF(round(x), round(top)), self._laid_out(text)[0])

    def _laid_out(self, text: str) -> tuple[QStaticText, float]:
        known = self._kept.get(text)
        if known is None:
            known = self._before.get(text) or self._lay_out(text)
            if len(self._kept) >= _KEPT_MAX:
                self._before, self._kept = self._kept, {}
            self._kept[text] = known
        return known

    def _lay_out(self, text: str) -> tuple[QStaticText, float]:
        static = QStaticText(text)
        static.setTextFormat(Qt.TextFormat.PlainText)
        static.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
        static.prepare(QTransform(), self.font)
        return static, self._metrics.horizontalAdvance(text)


class Letterings:
    """The fonts of one chart at one pixel ratio."""

    def __init__(self, family: str, pixel_ratio: float) -> None:
        weight = QFont.Weight
        self.family = family
        self.pixel_ratio = pixel_ratio
        self.axis = Lettering(family, AXIS_PX, weight.Normal, pixel_ratio)
        self.axis_bold = Lettering(family, AXIS_PX, weight.DemiBold, pixel_ratio)
        self.legend = Lettering(family, LEGEND_PX, weight.Normal, pixel_ratio)
        self.legend_bold = Lettering(family, LEGEND_PX, weight.DemiBold, pixel_ratio)
        self.title = Lettering(family, TITLE_PX, weight.DemiBold, pixel_ratio)
