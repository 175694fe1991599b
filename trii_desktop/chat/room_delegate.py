"""How a room looks in the list: name, when and what was said last, what is unread, who is there."""

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from backend.chat.message import RoomRow
from trii_desktop.chat.items import moment_words
from trii_desktop.chat.message_view import paint_face
from trii_desktop.chat.room_model import Line, last_words
from trii_desktop.desk import Desk
from trii_desktop.palettes import Palette
from trii_desktop.team.letters import shown_name

ROW_PX: Final = 52
HEADING_PX: Final = 30
FACE_PX: Final = 30
_EDGE_PX: Final = 12
_MIDDLE: Final = int(Qt.AlignmentFlag.AlignVCenter)
N_SHOWN_MAX: Final = 99


class RoomDelegate(QStyledItemDelegate):
    """Paints headings and rooms."""

    def __init__(self, desk: Desk, view: QListView) -> None:
        super().__init__(view)
        self._desk = desk

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Two lines for a room, one for a heading."""
        line: Line = index.data(Qt.ItemDataRole.UserRole)
        letters = QFontMetrics(option.font).height()
        return QSize(120, max(HEADING_PX, letters + 12) if line.room is None else max(ROW_PX, 2 * letters + 18))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Draw one line."""
        line: Line = index.data(Qt.ItemDataRole.UserRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if line.room is None:
            self._paint_heading(painter, option, line)
        else:
            self._paint_room(painter, option, line.room)
        painter.restore()

    def _paint_heading(self, painter: QPainter, option: QStyleOptionViewItem, line: Line) -> None:
        palette, area = self._desk.look.palette, option.rect.adjusted(_EDGE_PX, 6, -_EDGE_PX, 0)
        small = _sized(option.font, -2, QFont.Weight.DemiBold)
        painter.setFont(small)
        wide = QFontMetrics(small).horizontalAdvance(line.about) + 8 if line.about else 0
        painter.setPen(QColor(palette.muted))
        words = QFontMetrics(small).elidedText(line.words.upper(), Qt.TextElideMode.ElideRight, area.width() - wide)
        painter.drawText(area, _MIDDLE, words)
        if line.about:
            painter.setPen(QColor(palette.error if line.is_troubled else palette.warning))
            painter.drawText(area, _MIDDLE | int(Qt.AlignmentFlag.AlignRight), line.about)

    def _paint_room(self, painter: QPainter, option: QStyleOptionViewItem, room: RoomRow) -> None:
        palette, area = self._desk.look.palette, option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(palette.selection))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(palette.hover))
        name = shown_name(room.name)
        face = QRect(area.left() + _EDGE_PX, area.center().y() - FACE_PX // 2, FACE_PX, FACE_PX)
        if room.kind == "direct":
            paint_face(painter, face, self._desk.look, room.id, name)
            self._paint_presence(painter, face, room.presence)
        else:
            self._paint_sign(painter, face, room)
        inside = area.adjusted(_EDGE_PX + FACE_PX + 10, 7, -_EDGE_PX, -7)
        half = inside.height() // 2
        top, below = QRect(inside.left(), inside.top(), inside.width(), half), inside.adjusted(0, half, 0, 0)
        self._paint_top(painter, option, top, room)
        below.setRight(self._paint_badges(painter, option, below, room))
        small = _sized(option.font, -1)
        painter.setFont(small)
        painter.setPen(QColor(palette.warning if room.draft.strip() else palette.muted))
        painter.drawText(
            below, _MIDDLE, QFontMetrics(small).elidedText(last_words(room), Qt.TextElideMode.ElideRight, below.width())
        )

    def _paint_top(self, painter: QPainter, option: QStyleOptionViewItem, top: QRect, room: RoomRow) -> None:
        palette, small = self._desk.look.palette, _sized(option.font, -2)
        when = moment_words(room.last_ms, self._desk.backend.clock.now_ns() // 1_000_000) if room.last_ms else ""
        painter.setFont(small)
        painter.setPen(QColor(palette.muted))
        painter.drawText(top, _MIDDLE | int(Qt.AlignmentFlag.AlignRight), when)
        left = top.adjusted(0, 0, -QFontMetrics(small).horizontalAdvance(when) - 8, 0)
        is_loud = room.n_unread > 0 and not room.is_muted
        strong = _sized(option.font, 0, QFont.Weight.DemiBold if is_loud else QFont.Weight.Medium)
        painter.setFont(strong)
        painter.setPen(QColor(palette.faint if room.is_left else palette.text))
        name = QFontMetrics(strong).elidedText(shown_name(room.name), Qt.TextElideMode.ElideRight, left.width() - 18)
        painter.drawText(left, _MIDDLE, name)
        if room.is_muted:
            x = left.left() + QFontMetrics(strong).horizontalAdvance(name) + 4
            self._desk.look.icon("bell-off").paint(painter, x, left.center().y() - 7, 14, 14)

    def _paint_badges(self, painter: QPainter, option: QStyleOptionViewItem, area: QRect, room: RoomRow) -> int:
        """The counts at the right; where what stands left of them ends."""
        palette, right = self._desk.look.palette, area.right()
        badges: list[tuple[str, str, str]] = []
        if room.n_mentions:
            badges.append((f"@{min(room.n_mentions, N_SHOWN_MAX)}", palette.warning, palette.window))
        if room.n_unread:
            quiet = room.is_muted or room.notify == "nothing"
            count = f"{room.n_unread}" if room.n_unread <= N_SHOWN_MAX else f"{N_SHOWN_MAX}+"
            badges.append((count, palette.border_strong if quiet else palette.accent, palette.text if quiet else palette.on_accent))
        font = _sized(option.font, -2, QFont.Weight.DemiBold)
        for words, ground, ink in reversed(badges):
            wide = max(QFontMetrics(font).horizontalAdvance(words) + 12, 20)
            badge = QRect(right - wide + 1, area.center().y() - 8, wide, 17)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(ground))
            painter.drawRoundedRect(badge, 8, 8)
            painter.setFont(font)
            painter.setPen(QColor(ink))
            painter.drawText(badge, int(Qt.AlignmentFlag.AlignCenter), words)
            right = badge.left() - 6
        if room.n_waiting:
            self._desk.look.icon("send", palette.muted).paint(painter, right - 14, area.center().y() - 7, 14, 14)
            right -= 20
        return right

    def _paint_sign(self, painter: QPainter, face: QRect, room: RoomRow) -> None:
        palette = self._desk.look.palette
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.raised))
        painter.drawRoundedRect(face, 8, 8)
        icon = "lock" if not room.is_open else "chat"
        self._desk.look.icon(icon, palette.muted).paint(painter, face.adjusted(7, 7, -7, -7))

    def _paint_presence(self, painter: QPainter, face: QRect, presence: str) -> None:
        paint_presence(painter, QRect(face.right() - 8, face.bottom() - 8, 10, 10), self._desk.look.palette, presence)


def paint_presence(painter: QPainter, area: QRect, palette: Palette, presence: str) -> None:
    """A dot: filled where somebody is there, ringed where not; shape and colour both tell."""
    colors = {"online": palette.up, "away": palette.warning, "busy": palette.down}
    painter.setPen(QColor(palette.panel))
    painter.setBrush(QColor(colors.get(presence, palette.panel)))
    painter.drawEllipse(area)
    if presence not in colors:
        painter.setPen(QColor(palette.muted))
        painter.drawEllipse(area.adjusted(2, 2, -2, -2))
    elif presence == "busy":
        painter.fillRect(area.adjusted(3, 4, -3, -4), QColor(palette.panel))


def _sized(font: QFont, by_px: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    made = QFont(font)
    made.setPixelSize(max(font.pixelSize() + by_px, 8))
    made.setWeight(weight)
    return made
