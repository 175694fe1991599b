"""The list of prints: painted from arrays, newest on top; it stands still while one looks further down."""

from datetime import UTC, tzinfo
from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QPainter

from trii_desktop.charts.speech import announce
from trii_desktop.live.painted import LEFT, PAD, RIGHT, PaintedRows
from trii_desktop.live.prints import Reel, format_print_time, needed_decimals
from trii_desktop.look import Look
from trii_desktop.sight.freshness import Tape
from trii_desktop.widgets.numbers import format_price

_SIDE_WORDS: Final = {1: "bought", -1: "sold", 0: ""}
_LOOKED_AT: Final = 100  # newest prints whose digits are counted
_TIME_SHARE: Final = 0.36
_PRICE_SHARE: Final = 0.69


class TapeView(PaintedRows):
    """Arrows, Page Up and Page Down move a cursor and pause; Home or Escape goes back to the newest; Ctrl+C copies.

    ``paused_changed`` comes when it begins or ends to stand still, and whenever another number of prints waits.
    """

    paused_changed = Signal()

    def __init__(self, look: Look) -> None:
        self.reel = Reel()
        self.zone: tzinfo = UTC
        self.price_decimals = 2
        self.at = -1  # place from the top, -1 for none
        self._quantity_decimals = 0
        super().__init__(look)
        self.setAccessibleName("Time and sales")
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    # --- what is shown ------------------------------------------------------------------------------------------------

    def begin(self, zone: tzinfo, price_decimals: int) -> None:
        """Another instrument comes: its zone and digits."""
        self.zone, self.price_decimals, self._quantity_decimals = zone, price_decimals, 0
        self.at = -1
        self.verticalScrollBar().setValue(0)

    def look_at(self, tape: Tape | None) -> bool:
        """Take what is new, and say whether it will be painted."""
        n_new = self.reel.n_new
        if not self.reel.look(tape):
            return False
        self._shown_changed()
        if self.reel.n_new != n_new:
            self.paused_changed.emit()
        return True

    def leave_out_below(self, quantity: float) -> None:
        """Show prints of this size and larger."""
        self.reel.leave_out_below(quantity)
        self.go_newest()

    def go_newest(self) -> None:
        """Show what is new again, from the top."""
        self.at = -1
        self.reel.resume()
        self.verticalScrollBar().setValue(0)
        self._shown_changed()
        self.paused_changed.emit()

    def pause(self) -> None:
        """Stand still."""
        if not self.reel.is_paused:
            self.reel.pause()
            self.laid_out()
            self.paused_changed.emit()

    def words_of(self, place: int) -> str:
        """The print at ``place`` from the top, as a line of text; columns are parted by tabs."""
        trades, row = self.reel.trades, len(self.reel.trades) - 1 - place
        price = format_price(float(trades.price[row]), self.price_decimals)
        quantity = format_price(float(trades.quantity[row]), self._quantity_decimals)
        time = format_print_time(int(trades.event_ns[row]), self.zone)
        late = "late" if self.reel.late[row] else ""
        parts = (time, price, quantity, _SIDE_WORDS[int(self.reel.sides[row])], late)
        return "\t".join(part for part in parts if part)

    # --- painting -----------------------------------------------------------------------------------------------------

    def laid_out(self) -> None:
        """As many rows to scroll as do not fit."""
        bar, seen = self.verticalScrollBar(), self.n_rows_seen
        bar.setPageStep(max(seen, 1))
        bar.setRange(0, max(self.reel.n_rows - seen, 0))

    def paint_rows(self, painter: QPainter) -> None:
        """The heading and every print in sight."""
        width = self.viewport().width()
        time_x, price_x = round(width * _TIME_SHARE), round(width * _PRICE_SHARE)
        self.paint_head(
            painter,
            (
                ("Time", QRect(PAD, 0, time_x, self.head_px), LEFT),
                ("Price", QRect(time_x, 0, price_x - time_x, self.head_px), RIGHT),
                ("Size", QRect(price_x, 0, width - price_x - PAD, self.head_px), RIGHT),
            ),
        )
        trades, reel = self.reel.trades, self.reel
        first = self.verticalScrollBar().value()
        n_seen = min(self.n_rows_seen + 1, len(trades) - first)
        if n_seen <= 0:
            return
        stop = len(trades) - first
        rows = slice(stop - n_seen, stop)
        quantities = trades.quantity[rows]
        self._quantity_decimals = max(self._quantity_decimals, needed_decimals(quantities))
        columns = zip(
            trades.event_ns[rows].tolist(),
            trades.price[rows].tolist(),
            quantities.tolist(),
            reel.sides[rows].tolist(),
            reel.late[rows].tolist(),
            strict=True,
        )
        for place, (event_ns, price, quantity, side, is_late) in enumerate(reversed(list(columns))):
            top = self.head_px + place * self.row_px
            is_big = quantity >= reel.big_from
            if is_big:
                painter.fillRect(0, top, width, self.row_px, self.inks.big_of(side))
            if first + place == self.at:
                painter.fillRect(0, top, width, self.row_px, self.inks.selection)
            painter.setFont(self.strong if is_big else self.plain)
            painter.setPen(self.inks.faint if is_late else self.inks.muted)
            painter.drawText(QRect(PAD, top, time_x, self.row_px), LEFT, format_print_time(event_ns, self.zone))
            painter.setPen(self.inks.of(side))
            text = format_price(price, self.price_decimals)
            painter.drawText(QRect(time_x, top, price_x - time_x, self.row_px), RIGHT, text)
            painter.setPen(self.inks.text)
            text = format_price(quantity, self._quantity_decimals)
            painter.drawText(QRect(price_x, top, width - price_x - PAD, self.row_px), RIGHT, text)
            if is_late:
                self._mark_late(painter, top)

    def _mark_late(self, painter: QPainter, top: int) -> None:
        painter.fillRect(2, top + 3, 3, self.row_px - 6, self.inks.warning)

    # --- what a person does -------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys named above."""
        moves = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: max(self.n_rows_seen, 1),
            Qt.Key.Key_PageUp: -max(self.n_rows_seen, 1),
        }
        key = Qt.Key(event.key())
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        elif key in moves:
            self._move(moves[key])
        elif key is Qt.Key.Key_End:
            self._move(len(self.reel.trades))
        elif key is Qt.Key.Key_Home or (key is Qt.Key.Key_Escape and (self.at >= 0 or self.reel.is_paused)):
            self.go_newest()
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Put the cursor on a print."""
        place = self._place_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self._put_cursor(place)

    def _move(self, by: int) -> None:
        if len(self.reel.trades):
            self.pause()
            at = self.at if self.at >= 0 else self.verticalScrollBar().value() - (by > 0)
            self._put_cursor(min(max(at + by, 0), len(self.reel.trades) - 1))

    def _put_cursor(self, place: int) -> None:
        self.pause()
        self.at = place
        bar, seen = self.verticalScrollBar(), max(self.n_rows_seen, 1)
        if place < bar.value():
            bar.setValue(place)
        elif place >= bar.value() + seen:
            bar.setValue(place - seen + 1)
        announce(self, self.words_of(place).replace("\t", ", "))
        self.viewport().update()

    def _copy(self) -> None:
        n_seen = min(self.n_rows_seen, len(self.reel.trades) - self.verticalScrollBar().value())
        seen = range(self.verticalScrollBar().value(), self.verticalScrollBar().value() + n_seen)
        lines = [self.words_of(place) for place in ((self.at,) if self.at >= 0 else seen)]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _place_at(self, at: QPoint) -> int | None:
        place = (at.y() - self.head_px) // self.row_px + self.verticalScrollBar().value()
        return place if at.y() >= self.head_px and place < len(self.reel.trades) else None

    def _scrolled(self, value: int) -> None:
        if value > 0:
            self.pause()
        elif self.reel.is_paused and self.at < 0:
            self.go_newest()
        self.viewport().update()

    def _shown_changed(self) -> None:
        newest = self.reel.trades[slice(-_LOOKED_AT, None)]
        self.price_decimals = max(self.price_decimals, needed_decimals(newest.price))
        self._quantity_decimals = max(self._quantity_decimals, needed_decimals(newest.quantity))
        self.laid_out()
        self.viewport().update()
