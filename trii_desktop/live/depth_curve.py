"""The depth curve: how much could be sold or bought until a price is reached, read off by pointer or keys."""

import math
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF

from trii_desktop.charts.speech import announce
from trii_desktop.live.book_rows import Book, BookSide
from trii_desktop.live.painted import CENTRE, LEFT, PAD, RIGHT, PaintedRows
from trii_desktop.look import Look
from trii_desktop.widgets.numbers import format_compact, format_price

_KEY_STEPS: Final = 40  # presses from the middle to an edge
_N_MARKS: Final = 4
_MARK_GAP: Final = 6  # beside the middle, where the curves are low


class DepthCurve(PaintedRows):
    """Left and Right move the reading, Home ends it; the pointer does the same."""

    def __init__(self, look: Look) -> None:
        self.book: Book | None = None
        self.last = math.nan
        self.read_at: float | None = None  # -1 at the left edge to 1 at the right one
        super().__init__(look)
        self.setAccessibleName("Depth curve")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)

    def show_book(self, book: Book | None, last: float) -> None:
        """Show this book."""
        self.book, self.last = book, last
        self.viewport().update()

    @property
    def reach(self) -> float:
        """How far from the middle both sides are known; 0 for an empty book."""
        book = self.book
        if book is None or not (len(book.bids) and len(book.asks)):
            return 0.0
        spans = [abs(float(side.price[-1]) - book.middle) for side in (book.bids, book.asks)]
        return max(min(spans), max(spans) / 4)  # a side of a few levels does not hide the other

    @property
    def reading(self) -> str:
        """What is read where the reading stands; empty where it stands nowhere."""
        book, reach = self.book, self.reach
        if self.read_at is None or book is None or not reach:
            return ""
        price = book.middle + self.read_at * reach
        side = book.bids if self.read_at < 0 else book.asks
        verb = "Bids down to" if self.read_at < 0 else "Asks up to"
        percent = (price / book.middle - 1) * 100 if book.middle else 0.0
        total = total_at(side, price, is_bid=self.read_at < 0)
        return f"{verb} {format_price(price, book.decimals)} ({percent:+.2f} %): {format_compact(total)}".replace("-", "\u2212")

    # --- painting -----------------------------------------------------------------------------------------------------

    def paint_rows(self, painter: QPainter) -> None:
        """Both curves, the middle, the last price, and the reading."""
        book, reach = self.book, self.reach
        area = QRectF(0, self.head_px, self.viewport().width(), self.viewport().height() - self.head_px - self.row_px)
        self.paint_head(painter, ())
        painter.setFont(self.small)
        painter.setPen(self.inks.head)
        words = self.reading or "Total size by price"
        painter.drawText(QRectF(PAD, 0, area.width() - 2 * PAD, self.head_px), LEFT, words)
        if book is None or not reach or area.height() < self.row_px:
            return
        tallest = max(total_at(book.bids, book.middle - reach, is_bid=True), total_at(book.asks, book.middle + reach, is_bid=False))
        self._paint_marks(painter, area, tallest)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for side, is_bid in ((book.bids, True), (book.asks, False)):
            ink, ground = (self.inks.up, self.inks.up_bar) if is_bid else (self.inks.down, self.inks.down_bar)
            self._paint_curve(painter, curve_points(side, book.middle, (reach, tallest * 1.06), area, is_bid=is_bid), ink, ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        self._paint_prices(painter, book, reach, area)
        if self.read_at is not None:
            x = area.center().x() + self.read_at * area.width() / 2
            painter.setPen(QPen(self.inks.muted, 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _paint_curve(self, painter: QPainter, points: list[QPointF], ink: QColor, ground: QColor) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawPolygon(QPolygonF(points))
        painter.setPen(QPen(ink, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points[1:-1]))

    def _paint_marks(self, painter: QPainter, area: QRectF, tallest: float) -> None:
        painter.setFont(self.small)
        for n in range(1, _N_MARKS):
            y = round(area.bottom() - area.height() * n / _N_MARKS)
            painter.fillRect(QRectF(area.left(), y, area.width(), 1), self.inks.border)
            painter.setPen(self.inks.muted)
            text = format_compact(float(f"{tallest * 1.06 * n / _N_MARKS:.3g}"))
            painter.drawText(QRectF(area.center().x() + _MARK_GAP, y - self.row_px, area.width() / 2, self.row_px), LEFT, text)

    def _paint_prices(self, painter: QPainter, book: Book, reach: float, area: QRectF) -> None:
        below = QRectF(PAD, area.bottom(), area.width() - 2 * PAD, self.row_px)
        painter.fillRect(QRectF(area.left(), area.bottom(), area.width(), 1), self.inks.border)
        painter.setFont(self.small)
        painter.setPen(self.inks.muted)
        for price, side in ((book.middle - reach, LEFT), (book.middle + reach, RIGHT)):
            painter.drawText(below, side, format_price(price, book.decimals))
        painter.setPen(self.inks.text)
        painter.drawText(below, CENTRE, format_price(book.middle, book.decimals))
        if math.isfinite(self.last) and abs(self.last - book.middle) <= reach:
            x = area.center().x() + (self.last - book.middle) / reach * area.width() / 2
            painter.setPen(QPen(self.inks.text, 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    # --- what a person does -------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys named above."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            by = 1 / _KEY_STEPS if key is Qt.Key.Key_Right else -1 / _KEY_STEPS
            self._read(min(max((self.read_at or 0.0) + by, -1.0), 1.0))
            announce(self, self.reading)
        elif key is Qt.Key.Key_Home or (key is Qt.Key.Key_Escape and self.read_at is not None):
            self._read(None)
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read where the pointer is."""
        half = max(self.viewport().width() / 2, 1)
        self._read(min(max(event.position().x() / half - 1, -1.0), 1.0))

    def viewportEvent(self, event: QEvent) -> bool:
        """Read no more when the pointer leaves."""
        if event.type() is QEvent.Type.Leave:
            self._read(None)
        return super().viewportEvent(event)

    def _read(self, at: float | None) -> None:
        self.read_at = at
        self.viewport().update()


def total_at(side: BookSide, price: float, *, is_bid: bool) -> float:
    """What a side holds from its best level to ``price``."""
    n_levels = int(np.count_nonzero(side.price >= price if is_bid else side.price <= price))
    return float(side.total[n_levels - 1]) if n_levels else 0.0


def curve_points(side: BookSide, middle: float, scale: tuple[float, float], area: QRectF, *, is_bid: bool) -> list[QPointF]:
    """A side as steps over ``area``, from the foot at its best price outward and back to the foot at the edge.

    scale : price and quantity that half the width and the whole height stand for
    """
    reach, tallest = scale
    half = area.width() / 2
    edge = middle - reach if is_bid else middle + reach
    inside = side.price >= edge if is_bid else side.price <= edge
    xs = area.center().x() + (side.price[inside] - middle) / reach * half
    ys = area.bottom() - side.total[inside] / tallest * area.height() if tallest else np.full(len(xs), area.bottom())
    edge_x = area.left() if is_bid else area.right()
    # Of levels in one column of pixels only the outermost can be seen, and steps cost by their number.
    outermost = np.append(np.diff(np.floor(xs)) != 0, [True] * min(len(xs), 1)).astype(np.bool_)
    xs, ys = xs[outermost], ys[outermost]
    if not len(xs):
        return [QPointF(edge_x, area.bottom())] * 3
    points = [QPointF(float(xs[0]), area.bottom()), QPointF(float(xs[0]), area.bottom())]
    for n, (x, y) in enumerate(zip(xs.tolist(), ys.tolist(), strict=True)):
        if n:
            points.append(QPointF(x, float(ys[n - 1])))
        points.append(QPointF(x, y))
    return [*points, QPointF(edge_x, float(ys[-1])), QPointF(edge_x, area.bottom())]
