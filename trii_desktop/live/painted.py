"""An area that paints market data itself: rows of one height below a heading, scrolled by whole rows."""

from abc import abstractmethod

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea

from trii_desktop.live.inks import MarketInks, inks_of
from trii_desktop.look import Look

PAD = 10
_LEADING = 5
_HEAD_LEADING = 9
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter


class PaintedRows(QAbstractScrollArea):
    """Subclasses paint; this keeps fonts, colours and the ring around what the keyboard acts on.

    is_dim : whether what is shown is in doubt, and drawn grey
    """

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.is_dim = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        look.changed.connect(self.wear)
        self.wear()

    @abstractmethod
    def paint_rows(self, painter: QPainter) -> None:
        """Draw all that is seen."""

    def laid_out(self) -> None:
        """The size or the letters are other ones."""

    def wear(self) -> None:
        """Follow theme and letters."""
        self.inks: MarketInks = inks_of(self._look.palette, is_dim=self.is_dim)
        self.plain = QFont(self.font())
        self.strong = QFont(self.font())
        self.strong.setWeight(QFont.Weight.DemiBold)
        self.small = QFont(self.font())
        self.small.setPixelSize(max(self.small.pixelSize() - 2, 8))
        height = QFontMetrics(self.plain).height()
        self.row_px, self.head_px = height + _LEADING, height + _HEAD_LEADING
        self.laid_out()
        self.viewport().update()

    def dim(self, *, is_dim: bool) -> None:
        """Draw grey what is in doubt."""
        if is_dim != self.is_dim:
            self.is_dim = is_dim
            self.inks = inks_of(self._look.palette, is_dim=is_dim)
            self.viewport().update()

    @property
    def n_rows_seen(self) -> int:
        """Whole rows that there is room for."""
        return max((self.viewport().height() - self.head_px) // self.row_px, 0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ground, rows, ring."""
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self.inks.ground)
        self.paint_rows(painter)
        if self.hasFocus():
            painter.setPen(self.inks.focus)
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))
        painter.end()

    def paint_head(self, painter: QPainter, titles: tuple[tuple[str, QRect, Qt.AlignmentFlag], ...]) -> None:
        """Write the headings of columns, each into its part of the first line."""
        painter.setFont(self.small)
        painter.setPen(self.inks.head)
        for text, area, side in titles:
            painter.drawText(area, side, text)
        painter.fillRect(0, self.head_px - 1, self.viewport().width(), 1, self.inks.border)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out again."""
        super().resizeEvent(event)
        self.laid_out()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the application's letters."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "inks"):
            self.wear()
