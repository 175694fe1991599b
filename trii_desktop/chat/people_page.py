"""Everybody of a server with who is there now; Enter writes to somebody."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from backend.chat.message import MemberRow
from backend.sync.server import ServerRow
from trii_desktop.chat.items import moment_words
from trii_desktop.chat.message_view import paint_face
from trii_desktop.chat.room_delegate import paint_presence
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.desk import Desk
from trii_desktop.team.letters import Names, shown_line
from trii_desktop.team.words import ROLES, server_name
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, frame, row
from trii_desktop.widgets.rows import RowsModel
from trii_desktop.widgets.steering import ListSteering

ROW_PX: Final = 44
_ORDER: Final = {"online": 0, "busy": 1, "away": 2}
_PRESENCE: Final = {"online": "Here", "away": "Away", "busy": "Busy", "offline": "Not here"}


class PeopleRows(RowsModel[MemberRow]):
    """People, by the names they go by."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.names = Names()

    def show_people(self, people: Sequence[MemberRow], names: Names) -> None:
        """Replace what is shown."""
        self.names = names
        self.show_rows(tuple(people))

    def words(self, row: MemberRow, role: int) -> str | None:
        """The name, or all that is painted."""
        name = self.names.of(row.user, row.name)
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{name} (you)" if row.is_me else name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join((name, shown_line(row.handle), presence_words(row.presence), role_words(row)))
        return None


class PeopleDelegate(QStyledItemDelegate):
    """Paints a person: face with presence, name, handle and role, and when they were last here."""

    def __init__(self, desk: Desk, view: QListView) -> None:
        super().__init__(view)
        self._desk = desk

    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Two lines."""
        return QSize(120, max(ROW_PX, 2 * QFontMetrics(option.font).height() + 10))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Draw one person."""
        person: MemberRow = index.data(Qt.ItemDataRole.UserRole)
        palette, area = self._desk.look.palette, option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(palette.selection))
        face = QRect(area.left() + 12, area.center().y() - 14, 28, 28)
        paint_face(painter, face, self._desk.look, person.user, person.name)
        paint_presence(painter, QRect(face.right() - 8, face.bottom() - 8, 10, 10), palette, person.presence)
        inside = area.adjusted(50, 5, -12, -5)
        half = inside.height() // 2
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        small = QFont(option.font)
        small.setPixelSize(max(option.font.pixelSize() - 2, 8))
        painter.setFont(small)
        painter.setPen(QColor(palette.muted))
        top, below = QRect(inside.left(), inside.top(), inside.width(), half), inside.adjusted(0, half, 0, 0)
        here = self._seen_words(person)
        painter.drawText(top, middle | int(Qt.AlignmentFlag.AlignRight), here)
        about = f"@{shown_line(person.handle)} · {role_words(person)}"
        painter.drawText(below, middle, QFontMetrics(small).elidedText(about, Qt.TextElideMode.ElideRight, below.width()))
        strong = QFont(option.font)
        strong.setWeight(QFont.Weight.Medium)
        painter.setFont(strong)
        painter.setPen(QColor(palette.text))
        room = top.width() - QFontMetrics(small).horizontalAdvance(here) - 8
        name = str(index.data(Qt.ItemDataRole.DisplayRole))
        painter.drawText(top, middle, QFontMetrics(strong).elidedText(name, Qt.TextElideMode.ElideRight, room))
        painter.restore()

    def _seen_words(self, person: MemberRow) -> str:
        if person.presence != "offline" or not person.seen_ms:
            return presence_words(person.presence)
        return f"Last here {moment_words(person.seen_ms, self._desk.backend.clock.now_ns() // 1_000_000)}"


class PeoplePage(QWidget):
    """chosen : a server's id and a MemberRow to write to; left : Escape was pressed; invite_wanted : a server's id."""

    chosen = Signal(str, object)
    left = Signal()
    invite_wanted = Signal(str)

    def __init__(self, desk: Desk, chat: ChatSurface) -> None:
        super().__init__()
        self._desk = desk
        self._chat = chat
        self._all: tuple[MemberRow, ...] = ()
        self._n_asked = 0
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a person")
        self.search.setAccessibleName("Find a person")
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(120)
        self.server = QComboBox()
        self.server.setAccessibleName("Server")
        self.model = PeopleRows(self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(PeopleDelegate(desk, self.view))
        self.view.setAccessibleName("People")
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.clicked.connect(self._choose)
        self.view.activated.connect(self._choose)
        self._steering = ListSteering(self.search, self.view, self._choose)
        self._empty = EmptyState("Nobody is called that", "Look for another name or handle.", desk.look, "people")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        invite, close = button("Invite\u2026", quiet=True), button("Close", quiet=True)
        invite.clicked.connect(self._invite)
        close.clicked.connect(self.left)
        line = row(self.search, invite, close, gap=4)
        self.setLayout(column(frame("panelHead", column(line, self.server, margins=(8, 6, 8, 6), gap=6)), self._stack, gap=0))
        self.search.textChanged.connect(self._show)
        self.server.currentIndexChanged.connect(self.refresh)

    def show_servers(self, servers: tuple[ServerRow, ...]) -> None:
        """The servers whose people can be shown."""
        wanted = [(server.id, server_name(server)) for server in servers]
        if [(self.server.itemData(place), self.server.itemText(place)) for place in range(self.server.count())] != wanted:
            chosen = self.server.currentData()
            self.server.blockSignals(True)
            self.server.clear()
            for key, words in wanted:
                self.server.addItem(words, key)
            self.server.setCurrentIndex(max(self.server.findData(chosen), 0))
            self.server.blockSignals(False)
        self.server.setVisible(len(wanted) > 1)

    def refresh(self) -> None:
        """Read who there is."""
        if self.server.currentData():
            self._desk.start("Reading the people", self._read(str(self.server.currentData())))

    def take_keyboard(self) -> None:
        """Look for somebody."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    async def _read(self, server: str) -> None:
        self._n_asked += 1
        asked = self._n_asked
        found = await self._desk.bridge.call(self._chat.people(server))
        if asked == self._n_asked:
            self._all = tuple(sorted(found, key=lambda person: (_ORDER.get(person.presence, 9), person.name.casefold())))
            self._show()

    def _show(self) -> None:
        wanted = self.search.text().casefold().split()
        found = [one for one in self._all if all(word in f"{one.name} {one.handle}".casefold() for word in wanted)]
        chosen = self.model.rows[self.view.currentIndex().row()].user if self.view.currentIndex().isValid() else ""
        self.model.show_people(found, Names(self._all))
        self._stack.setCurrentIndex(1 if found else 0)
        self._steering.select(next((place for place, one in enumerate(found) if one.user == chosen), 0))

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid() and not self.model.rows[index.row()].is_me:
            self.chosen.emit(str(self.server.currentData()), self.model.rows[index.row()])

    def _invite(self) -> None:
        self.invite_wanted.emit(str(self.server.currentData() or ""))


def presence_words(presence: str) -> str:
    """Whether somebody is there."""
    return _PRESENCE.get(presence, _PRESENCE["offline"])


def role_words(person: MemberRow) -> str:
    """What somebody is: in the room where it is known, else in the organisation."""
    role = person.room_role or person.role
    return ROLES.get(role, shown_line(role))
