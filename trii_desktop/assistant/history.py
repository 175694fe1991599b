"""Earlier conversations: found by what was said in them, pinned ones first; opened, renamed, pinned and removed by keys."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QMenu,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from backend.assistant.conversations.conversation import ConversationRow, Found
from trii_desktop.assistant.surface import Conversations
from trii_desktop.desk import Desk
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column, frame, row
from trii_desktop.widgets.numbers import format_moment
from trii_desktop.widgets.rows import RowsModel
from trii_desktop.widgets.steering import ListSteering

N_ROWS_MAX: Final = 300
ROW_PX: Final = 50
_START, _STOP = "\u0002", "\u0003"


@dataclass(frozen=True, slots=True)
class Line:
    """One conversation in the list, and the turn in it that a search found."""

    row: ConversationRow
    found: Found | None = None

    @property
    def excerpt(self) -> str:
        """What was found, with marks of where; empty outside a search."""
        return " ".join(self.found.words.split()) if self.found is not None else ""


class HistoryRows(RowsModel[Line]):
    """Conversations, with what was found in them for screen readers."""

    def words(self, row: Line, role: int) -> str | None:
        """The title, or all that is painted."""
        if role == Qt.ItemDataRole.DisplayRole:
            return row.row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = row.excerpt.replace(_START, "").replace(_STOP, "")
            return ", ".join(part for part in (row.row.title, "pinned" if row.row.is_pinned else "", said) if part)
        return None


class HistoryDelegate(QStyledItemDelegate):
    """Paints a conversation: title and time, below them what was found, or how long it is."""

    def __init__(self, desk: Desk, view: QListView) -> None:
        super().__init__(view)
        self._desk = desk

    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Two lines."""
        return QSize(120, max(ROW_PX, 2 * QFontMetrics(option.font).height() + 16))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Draw one conversation."""
        line: Line = index.data(Qt.ItemDataRole.UserRole)
        palette, area = self._desk.look.palette, option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(palette.selection))
        painter.fillRect(area.left(), area.bottom(), area.width(), 1, QColor(palette.border))
        inside = area.adjusted(12, 7, -12, -7)
        small = QFont(option.font)
        small.setPixelSize(max(option.font.pixelSize() - 1, 8))
        when = format_moment(line.row.changed_ns, self._desk.backend.clock.now_ns())
        wide = QFontMetrics(small).horizontalAdvance(when) + 8
        painter.setFont(small)
        painter.setPen(QColor(palette.muted))
        half = inside.height() // 2
        top, below = QRect(inside.left(), inside.top(), inside.width(), half), inside.adjusted(0, half, 0, 0)
        painter.drawText(top, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), when)
        left = top.adjusted(0, 0, -wide, 0)
        if line.row.is_pinned:
            self._desk.look.icon("pin", palette.accent_text).paint(painter, left.left() - 2, left.top() + (half - 16) // 2, 16, 16)
            left = left.adjusted(18, 0, 0, 0)
        strong = QFont(option.font)
        strong.setWeight(QFont.Weight.DemiBold)
        painter.setFont(strong)
        painter.setPen(QColor(palette.text))
        title = QFontMetrics(strong).elidedText(line.row.title, Qt.TextElideMode.ElideRight, left.width())
        painter.drawText(left, int(Qt.AlignmentFlag.AlignVCenter), title)
        painter.setFont(small)
        if line.excerpt:
            self._paint_found(painter, below, line.excerpt, small)
        else:
            n = line.row.n_turns
            said = " · ".join(part for part in (line.row.instrument, "1 turn" if n == 1 else f"{n} turns") if part)
            painter.setPen(QColor(palette.muted))
            painter.drawText(below, int(Qt.AlignmentFlag.AlignVCenter), said)

    def _paint_found(self, painter: QPainter, area: QRect, excerpt: str, font: QFont) -> None:
        palette = self._desk.look.palette
        strong = QFont(font)
        strong.setWeight(QFont.Weight.DemiBold)
        before = excerpt.find(_START)
        if before > 24:  # what was found shall be in view
            excerpt = "\u2026" + excerpt[before - 20 :]
        x, is_found = area.left(), False
        for piece in _split(excerpt):
            if piece in (_START, _STOP):
                is_found = piece == _START
                continue
            used = strong if is_found else font
            painter.setFont(used)
            painter.setPen(QColor(palette.accent_text if is_found else palette.muted))
            room = area.right() - x
            if room <= 8:
                return
            said = QFontMetrics(used).elidedText(piece, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRect(x, area.top(), room, area.height()), int(Qt.AlignmentFlag.AlignVCenter), said)
            x += QFontMetrics(used).horizontalAdvance(piece)


class HistoryPage(QWidget):
    """The list with its search field.

    chosen : ids of a conversation and of the turn that was found, which may be empty; left : Escape was pressed
    rename_wanted, pin_wanted, remove_wanted : a ConversationRow
    """

    chosen = Signal(str, str)
    left = Signal()
    rename_wanted = Signal(object)
    pin_wanted = Signal(object)
    remove_wanted = Signal(object)

    def __init__(self, desk: Desk, conversations: Conversations) -> None:
        super().__init__()
        self._desk = desk
        self._conversations = conversations
        self._n_asked = 0
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search everything that was said")
        self.search.setAccessibleName("Search conversations")
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(120)
        self.model = HistoryRows(self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(HistoryDelegate(desk, self.view))
        self.view.setAccessibleName("Conversations")
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.clicked.connect(self._choose)
        self.view.activated.connect(self._choose)
        self._steering = ListSteering(self.search, self.view, self._choose)
        self._empty = EmptyState("No conversations yet", "What you ask is kept here, on this computer.", desk.look, "list")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        self.setLayout(column(frame("panelHead", row(self.search, margins=(8, 6, 8, 6))), self._stack, gap=0))
        self.search.textChanged.connect(self.refresh)
        desk.look.changed.connect(self.view.viewport().update)

    @property
    def current(self) -> ConversationRow | None:
        """The chosen conversation."""
        index = self.view.currentIndex()
        return self.model.rows[index.row()].row if index.isValid() else None

    def refresh(self) -> None:
        """Read the list anew."""
        self._desk.start("Reading the conversations", self._read())

    def take_keyboard(self) -> None:
        """Write in the search field."""
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)
        self.search.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F2 renames, Delete removes, Escape goes back."""
        row_now = self.current
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() == Qt.Key.Key_F2 and row_now is not None:
            self.rename_wanted.emit(row_now)
        elif event.key() == Qt.Key.Key_Delete and row_now is not None:
            self.remove_wanted.emit(row_now)
        else:
            super().keyPressEvent(event)

    def fill_menu(self, menu: QMenu, chosen: ConversationRow) -> None:
        """What can be done with a conversation."""
        menu.addAction("Rename\u2026", self._rename)
        menu.addAction("Take the pin out" if chosen.is_pinned else "Pin", self._pin)
        menu.addSeparator()
        menu.addAction("Delete", self._remove)

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        self._n_asked += 1
        asked, query = self._n_asked, self.search.text().strip()
        call = self._desk.bridge.call
        rows = await call(self._conversations.rows(N_ROWS_MAX, query))
        found = await call(self._conversations.search(query, N_ROWS_MAX)) if query else ()
        if asked != self._n_asked:
            return
        current = self.current
        first: dict[str, Found] = {}
        for one in found:
            first.setdefault(one.conversation, one)
        self.model.show_rows(tuple(Line(one, first.get(one.id)) for one in rows))
        place = next((n for n, line in enumerate(self.model.rows) if current is not None and line.row.id == current.id), 0)
        self._steering.select(place)
        self._empty.say(*_nothing(query))
        self._stack.setCurrentIndex(1 if rows else 0)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            line = self.model.rows[index.row()]
            self.chosen.emit(line.row.id, line.found.turn if line.found is not None else "")

    def _open_menu(self, place: QPoint) -> None:
        if self.current is not None:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.fill_menu(menu, self.current)
            menu.popup(self.view.viewport().mapToGlobal(place))

    def _rename(self) -> None:
        if self.current is not None:
            self.rename_wanted.emit(self.current)

    def _pin(self) -> None:
        if self.current is not None:
            self.pin_wanted.emit(self.current)

    def _remove(self) -> None:
        if self.current is not None:
            self.remove_wanted.emit(self.current)


def _nothing(query: str) -> tuple[str, str]:
    if query:
        return "Nothing was found", "No title and no turn has these words."
    return "No conversations yet", "What you ask is kept here, on this computer."


def _split(text: str) -> list[str]:
    pieces: list[str] = []
    for letter in text:
        if letter in (_START, _STOP) or not pieces or pieces[-1] in (_START, _STOP):
            pieces.append(letter)
        else:
            pieces[-1] += letter
    return pieces
