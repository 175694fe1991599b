"""The ladder: asks above, the spread in the middle, bids below, each with its size as a bar; painted once a frame."""

import math
from typing import Final

from PySide6.QtCore import QPointF, QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPolygonF, QWheelEvent

from trii_desktop.charts.speech import announce
from trii_desktop.live.book_rows import Book, BookSide, decimals_of_step
from trii_desktop.live.painted import LEFT, PAD, RIGHT, PaintedRows
from trii_desktop.live.prints import needed_decimals
from trii_desktop.look import Look
from trii_desktop.widgets.numbers import format_compact, format_price

_PRICE_SHARE: Final = 0.38
_SIZE_SHARE: Final = 0.68
_MIDDLE_ROWS: Final = 2
_WHEEL_STEP: Final = 120
_COMPACT_FROM: Final = 100_000


class LadderView(PaintedRows):
    """Arrows and the wheel look further from the middle; Home, C or Escape centres; + and - gather by larger or smaller steps.

    ``step_wanted`` carries 1 for the next larger step, -1 for the next smaller one.
    """

    step_wanted = Signal(int)

    def __init__(self, look: Look) -> None:
        self.book: Book | None = None
        self.last = math.nan
        self.last_side = 0
        self.offset = 0  # rows that the middle stands below the middle of the view
        super().__init__(look)
        self.setAccessibleName("Order book")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_book(self, book: Book | None, last: float, last_side: int) -> None:
        """Show this book; ``last`` is the newest price traded, NaN where that is not known."""
        self.book, self.last, self.last_side = book, last, last_side
        self.offset = self._limited(self.offset)
        self.viewport().update()

    def centre(self) -> None:
        """The spread in the middle."""
        self._scroll_to(0)

    @property
    def spoken(self) -> str:
        """The best prices and the spread, as a sentence."""
        book = self.book
        if book is None or not (len(book.bids) and len(book.asks)):
            return "No book"
        decimals = decimals_of_step(book.step)
        bid, ask = (format_price(float(side.price[0]), decimals) for side in (book.bids, book.asks))
        return f"Bid {bid}, ask {ask}, spread {_spread_words(book)}"

    # --- painting -----------------------------------------------------------------------------------------------------

    def paint_rows(self, painter: QPainter) -> None:
        """Heading, spread, levels."""
        width, book = self.viewport().width(), self.book
        price_x, size_x = round(width * _PRICE_SHARE), round(width * _SIZE_SHARE)
        if book is not None:
            painter.setClipRect(0, self.head_px, width, self.viewport().height() - self.head_px)
            top = self._middle_top()
            self._paint_side(painter, book.asks, (top - self.row_px, -self.row_px), (price_x, size_x), is_bid=False)
            self._paint_side(painter, book.bids, (top + _MIDDLE_ROWS * self.row_px, self.row_px), (price_x, size_x), is_bid=True)
            self._paint_middle(painter, book, top)
            painter.setClipping(False)
        self.paint_head(
            painter,
            (
                ("Price", QRect(PAD, 0, price_x - PAD, self.head_px), LEFT),
                ("Size", QRect(price_x, 0, size_x - price_x, self.head_px), RIGHT),
                ("Total", QRect(size_x, 0, width - size_x - PAD, self.head_px), RIGHT),
            ),
        )

    def _paint_side(
        self, painter: QPainter, side: BookSide, place: tuple[int, int], columns: tuple[int, int], *, is_bid: bool
    ) -> None:
        first_top, step_px = place
        seen = self._rows_in_sight(len(side), first_top, step_px)
        if not len(seen):
            return
        assert self.book is not None
        price_x, size_x = columns
        width, inks = self.viewport().width(), self.inks
        largest = self._largest_seen()
        decimals = decimals_of_step(self.book.step)
        rows = slice(seen.start, seen.stop)
        quantity_decimals = needed_decimals(side.quantity[rows])
        ink, bar = (inks.up, inks.up_bar) if is_bid else (inks.down, inks.down_bar)
        at_last = self._row_of_last(side, is_bid=is_bid)
        painter.setFont(self.plain)
        levels = zip(side.price[rows].tolist(), side.quantity[rows].tolist(), side.total[rows].tolist(), strict=True)
        for n, (price, quantity, total) in zip(seen, levels, strict=True):
            top = first_top + n * step_px
            bar_px = round((width - price_x) * min(quantity / largest, 1.0)) if largest else 0
            painter.fillRect(width - bar_px, top + 1, bar_px, self.row_px - 2, bar)
            painter.setPen(ink)
            painter.drawText(QRect(PAD, top, price_x, self.row_px), LEFT, format_price(price, decimals))
            painter.setPen(inks.text)
            painter.drawText(QRect(price_x, top, size_x - price_x, self.row_px), RIGHT, _size(quantity, quantity_decimals))
            painter.setPen(inks.muted)
            painter.drawText(QRect(size_x, top, width - size_x - PAD, self.row_px), RIGHT, _size(total, quantity_decimals))
            if n == at_last:
                self._mark_last(painter, top, inks.of(self.last_side))

    def _paint_middle(self, painter: QPainter, book: Book, top: int) -> None:
        width, inks, decimals = self.viewport().width(), self.inks, book.decimals
        height = _MIDDLE_ROWS * self.row_px
        painter.fillRect(0, top, width, height, inks.ground)
        painter.fillRect(0, top, width, 1, inks.border)
        painter.fillRect(0, top + height - 1, width, 1, inks.border)
        painter.setFont(self.strong)
        painter.setPen(inks.of(self.last_side))
        arrow = {1: " ↑", -1: " ↓"}.get(self.last_side, "")
        painter.drawText(
            QRect(PAD, top, width, self.row_px),
            LEFT,
            f"{format_price(self.last, decimals)}{arrow}" if math.isfinite(self.last) else "No trade yet",
        )
        painter.setFont(self.plain)
        painter.setPen(inks.muted)
        lower = top + self.row_px - 2
        middle = format_price(book.middle, decimals + 1)
        painter.drawText(QRect(PAD, lower, width - 2 * PAD, self.row_px), LEFT, f"Mid {middle}")
        painter.drawText(QRect(PAD, lower, width - 2 * PAD, self.row_px), RIGHT, f"Spread {_spread_words(book)}")

    def _mark_last(self, painter: QPainter, top: int, ink: QColor) -> None:
        middle = top + self.row_px / 2
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawPolygon(QPolygonF([QPointF(1, middle - 4), QPointF(6, middle), QPointF(1, middle + 4)]))
        painter.restore()

    # --- where rows stand ---------------------------------------------------------------------------------------------

    def _middle_top(self) -> int:
        room = self.viewport().height() - self.head_px
        return self.head_px + (room - _MIDDLE_ROWS * self.row_px) // 2 + self.offset * self.row_px

    def _rows_in_sight(self, n_rows: int, first_top: int, step_px: int) -> range:
        height = self.viewport().height()
        if step_px > 0:
            first = max(math.ceil((self.head_px - self.row_px + 1 - first_top) / step_px), 0)
            last = (height - 1 - first_top) // step_px
        else:
            first = max(math.ceil((first_top - height + 1) / -step_px), 0)
            last = (first_top - self.head_px + self.row_px - 1) // -step_px
        return range(first, max(min(last + 1, n_rows), first))

    def _largest_seen(self) -> float:
        assert self.book is not None
        n = max(self.n_rows_seen // 2 + abs(self.offset), 1)
        sides = (self.book.bids.quantity[:n], self.book.asks.quantity[:n])
        return max((float(side.max()) for side in sides if len(side)), default=0.0)

    def _row_of_last(self, side: BookSide, *, is_bid: bool) -> int:
        """The level that the newest price lies in; -1 for none."""
        if math.isnan(self.last) or not len(side):
            return -1
        step = self.book.step if self.book is not None else 0.0
        for n, price in enumerate(side.price[: self.n_rows_seen].tolist()):
            inside = price <= self.last < price + step if is_bid else price - step < self.last <= price
            if inside or math.isclose(self.last, price, rel_tol=1e-12):
                return n
        return -1

    # --- what a person does -------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys named above."""
        page = max(self.n_rows_seen // 2, 1)
        key = Qt.Key(event.key())
        moves = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: page, Qt.Key.Key_PageDown: -page}
        if key in moves:
            self._scroll_to(self.offset + moves[key])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_C) or (key is Qt.Key.Key_Escape and self.offset):
            self.centre()
            announce(self, self.spoken)
        elif event.text() in ("+", "-"):
            self.step_wanted.emit(1 if event.text() == "+" else -1)
        else:
            event.ignore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Look further up or down."""
        self._scroll_to(self.offset + round(3 * event.angleDelta().y() / _WHEEL_STEP))

    def _scroll_to(self, offset: int) -> None:
        self.offset = self._limited(offset)
        self.viewport().update()

    def _limited(self, offset: int) -> int:
        book = self.book
        if book is None:
            return 0
        return min(max(offset, -len(book.bids)), len(book.asks))


def _size(quantity: float, decimals: int) -> str:
    return format_compact(quantity) if quantity >= _COMPACT_FROM else format_price(quantity, decimals)


def _spread_words(book: Book) -> str:
    if math.isnan(book.spread):
        return "unknown"
    basis = f" ({book.spread_bp:.2f} bp)" if math.isfinite(book.spread_bp) else ""
    return f"{format_price(book.spread, book.decimals)}{basis}"
