"""What a search of messages found, as Qt's list, and how a hit looks."""

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from backend.chat.message import FoundMessage
from trii_desktop.chat.items import moment_words
from trii_desktop.desk import Desk
from trii_desktop.team.letters import shown_line, shown_name
from trii_desktop.widgets.rows import RowsModel

ROW_PX: Final = 52
_LEAD: Final = 24  # letters before the first hit that are shown


class FoundRows(RowsModel[FoundMessage]):
    """Hits of a search."""

    def show_rows(self, rows: tuple[FoundMessage, ...]) -> None:
        """Replace what is shown; hits that only follow keep the choice."""
        n = len(self.rows)
        if not n or rows[:n] != self.rows:
            super().show_rows(rows)
        elif len(rows) > n:
            self.beginInsertRows(QModelIndex(), n, len(rows) - 1)
            self.rows = rows
            self.endInsertRows()

    def words(self, row: FoundMessage, role: int) -> str | None:
        """What was found, or all that is painted."""
        if role == Qt.ItemDataRole.DisplayRole:
            return shown_line(row.snippet)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            place = "" if row.is_local else ", on the server"
            return f"{shown_name(row.message.author_name)} in {shown_name(row.room_name)}{place}: {shown_line(row.snippet)}"
        return None


class FoundDelegate(QStyledItemDelegate):
    """Paints a hit: who, where and when, below it the words with what was looked for."""

    def __init__(self, desk: Desk, view: QListView) -> None:
        super().__init__(view)
        self._desk = desk

    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Two lines."""
        return QSize(120, max(ROW_PX, 2 * QFontMetrics(option.font).height() + 16))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Draw one hit."""
        hit: FoundMessage = index.data(Qt.ItemDataRole.UserRole)
        palette, area = self._desk.look.palette, option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(palette.selection))
        painter.fillRect(area.left(), area.bottom(), area.width(), 1, QColor(palette.border))
        inside = area.adjusted(12, 7, -12, -7)
        half = inside.height() // 2
        small = QFont(option.font)
        small.setPixelSize(max(option.font.pixelSize() - 2, 8))
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        top, below = QRect(inside.left(), inside.top(), inside.width(), half), inside.adjusted(0, half, 0, 0)
        when = moment_words(hit.message.at_ms, self._desk.backend.clock.now_ns() // 1_000_000)
        if not hit.is_local:
            when = f"on the server · {when}"
        painter.setFont(small)
        painter.setPen(QColor(palette.muted))
        painter.drawText(top, middle | int(Qt.AlignmentFlag.AlignRight), when)
        left = top.adjusted(0, 0, -QFontMetrics(small).horizontalAdvance(when) - 8, 0)
        strong = QFont(option.font)
        strong.setWeight(QFont.Weight.DemiBold)
        painter.setFont(strong)
        painter.setPen(QColor(palette.text))
        title = f"{shown_name(hit.message.author_name)} · {shown_name(hit.room_name)}"
        painter.drawText(left, middle, QFontMetrics(strong).elidedText(title, Qt.TextElideMode.ElideRight, left.width()))
        self._paint_words(painter, below, hit, option.font)

    def _paint_words(self, painter: QPainter, area: QRect, hit: FoundMessage, font: QFont) -> None:
        palette, x = self._desk.look.palette, area.left()
        strong = QFont(font)
        strong.setWeight(QFont.Weight.DemiBold)
        for text, is_hit in pieces(hit):
            used = strong if is_hit else font
            painter.setFont(used)
            painter.setPen(QColor(palette.accent_text if is_hit else palette.muted))
            room = area.right() - x
            if room <= 8:
                return
            said = QFontMetrics(used).elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRect(x, area.top(), room, area.height()), int(Qt.AlignmentFlag.AlignVCenter), said)
            x += QFontMetrics(used).horizontalAdvance(text)


def pieces(hit: FoundMessage) -> list[tuple[str, bool]]:
    """The snippet cut at its hits, in one line, from shortly before the first one on."""
    start = max(hit.hits[0][0] - _LEAD, 0) if hit.hits else 0
    made: list[tuple[str, bool]] = [("\u2026", False)] if start else []
    for begin, end in hit.hits:
        if begin < start or end > len(hit.snippet) or end <= begin:
            continue
        made += [(_flat(hit.snippet[start:begin]), False), (_flat(hit.snippet[begin:end]), True)]
        start = end
    made.append((_flat(hit.snippet[start:]), False))
    return [(text, is_hit) for text, is_hit in made if text]


def _flat(text: str) -> str:
    """In one line, with the spaces at its ends, which stand between pieces."""
    inside = shown_line(text)
    if not inside:
        return " " if text else ""
    return f"{' ' if text[:1].isspace() else ''}{inside}{' ' if text[-1:].isspace() else ''}"
