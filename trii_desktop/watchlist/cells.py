"""How the cells of a watchlist are painted: code and venue, the trend as a line, headings over the whole row."""

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from backend.domain.instruments import InstrumentId
from backend.watchlists.board import QuoteRow
from backend.watchlists.watchlist import Section
from trii_desktop.look import Look
from trii_desktop.palettes import Palette
from trii_desktop.sight.freshness import Freshness, Standing
from trii_desktop.watchlist.model import ENTRY_ROLE, ROW_ROLE, STANDING_ROLE

Index = QModelIndex | QPersistentModelIndex
_LEFT: Final = 10
_SMALL_PX: Final = 11
_DOT_PX: Final = 5
_DOT_ROOM: Final = 14
_MIDDLE: Final = int(Qt.AlignmentFlag.AlignVCenter)


class FigureDelegate(QStyledItemDelegate):
    """Keeps a figure's colour in the selected row."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """As usual, with the cell's own colour."""
        super().initStyleOption(option, index)
        color = index.data(Qt.ItemDataRole.ForegroundRole)
        if color is not None:
            option.palette.setColor(QPalette.ColorRole.HighlightedText, color)


class SymbolDelegate(QStyledItemDelegate):
    """Paints a code with its venue small beside it, as far as there is room; or a section's heading."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Background as usual, then our words."""
        entry: InstrumentId | Section = index.data(ENTRY_ROLE)
        option = QStyleOptionViewItem(option)
        super().paint(painter, option, index)
        if isinstance(entry, Section):
            self._paint_heading(painter, option, entry)
        else:
            self._paint_instrument(painter, option, entry, index.data(STANDING_ROLE))

    def _paint_instrument(
        self, painter: QPainter, option: QStyleOptionViewItem, instrument: InstrumentId, standing: Standing
    ) -> None:
        strong, small = QFont(option.font), QFont(option.font)
        strong.setWeight(QFont.Weight.DemiBold)
        small.setPixelSize(_SMALL_PX)
        area: QRect = option.rect.adjusted(_LEFT, 0, -4 if standing.freshness is Freshness.NONE else -_DOT_ROOM, 0)
        taken = QFontMetrics(strong).horizontalAdvance(instrument.code) + 6
        palette = self._look.palette
        for font, color, text, left in (
            (strong, palette.text, instrument.code, 0),
            (small, palette.muted, instrument.venue, taken),
        ):
            room = area.adjusted(left, 0, 0, 0)
            if room.width() > 16:
                _write(painter, font, color, room, text)
        _paint_dot(painter, option.rect, standing, palette)

    def _paint_heading(self, painter: QPainter, option: QStyleOptionViewItem, section: Section) -> None:
        palette = self._look.palette
        rect: QRect = option.rect
        font = QFont(option.font)
        font.setPixelSize(_SMALL_PX)
        font.setWeight(QFont.Weight.DemiBold)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(palette.border))
        _paint_arrow(painter, rect, palette.muted, is_collapsed=section.is_collapsed)
        _write(painter, font, palette.muted, rect.adjusted(_LEFT + 16, 0, -8, 0), section.name)

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Without words: they are painted here."""
        super().initStyleOption(option, index)
        option.text = ""


class TrendDelegate(QStyledItemDelegate):
    """Paints the newest closes as a line, in the colour of what they gained."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Background as usual, then the line."""
        super().paint(painter, option, index)
        row: QuoteRow | None = index.data(ROW_ROLE)
        if row is None or len(row.trend) < 2:
            return
        palette = self._look.palette
        ink = palette.up if row.trend[-1] > row.trend[0] else palette.down if row.trend[-1] < row.trend[0] else palette.muted
        area: QRect = option.rect.adjusted(6, 6, -6, -6)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(palette.border_strong), 1, Qt.PenStyle.DotLine))
        points = trend_points(row.trend, QRectF(area))
        painter.drawLine(QPointF(area.left(), points[0].y()), QPointF(area.right(), points[0].y()))
        painter.setPen(QPen(QColor(ink), 1.4))
        painter.drawPolyline(QPolygonF(points))
        painter.restore()


def trend_points(values: tuple[float, ...], area: QRectF) -> list[QPointF]:
    """Closes as points over ``area``: the lowest at its foot, the highest at its top, a flat line in its middle."""
    low, high = min(values), max(values)
    step = area.width() / (len(values) - 1)

    def height(value: float) -> float:
        return area.bottom() - (value - low) / (high - low) * area.height() if high > low else area.center().y()

    return [QPointF(area.left() + n * step, height(value)) for n, value in enumerate(values)]


def _paint_dot(painter: QPainter, rect: QRect, standing: Standing, palette: Palette) -> None:
    """Full where the price is live, in the warning's colour where it may not be the newest; a ring where it is late or at rest."""
    inks = {Freshness.LIVE: palette.up, Freshness.STALE: palette.warning, Freshness.CONNECTING: palette.warning}
    ink = QColor(inks.get(standing.freshness, palette.muted))
    if standing.freshness is Freshness.NONE:
        return
    is_full = standing.freshness in (Freshness.LIVE, Freshness.STALE)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, 1.2))
    painter.setBrush(ink if is_full else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(rect.right() - _DOT_ROOM / 2, rect.center().y() + 0.5), _DOT_PX / 2, _DOT_PX / 2)
    painter.restore()


def _paint_arrow(painter: QPainter, rect: QRect, color: str, *, is_collapsed: bool) -> None:
    x, y = rect.left() + _LEFT + 4, rect.center().y() + 0.5
    corners = [(-2, -4), (3, 0), (-2, 4)] if is_collapsed else [(-4, -2), (4, -2), (0, 3)]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawPolygon(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners]))
    painter.restore()


def _write(painter: QPainter, font: QFont, color: str, room: QRect, text: str) -> None:
    painter.setFont(font)
    painter.setPen(QColor(color))
    painter.drawText(room, _MIDDLE, QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width()))
