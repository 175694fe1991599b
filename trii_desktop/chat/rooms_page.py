"""The list of rooms with its search field: opened, starred, muted and left by keys and by its menu."""

from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListView, QMenu, QStackedWidget, QToolButton, QWidget

from backend.chat.message import Notify, RoomRow
from backend.sync.server import ServerRow
from trii_desktop.chat.room_delegate import RoomDelegate
from trii_desktop.chat.room_model import RoomRows, lines_of
from trii_desktop.desk import Desk
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column, frame, row
from trii_desktop.widgets.steering import ListSteering

NOTIFY_WORDS = {Notify.ALL: "Everything", Notify.MENTIONS: "Mentions alone", Notify.NOTHING: "Nothing"}


class RoomsPage(QWidget):
    """The list, found in by typing.

    chosen, star_wanted, details_wanted, leave_wanted : a RoomRow; notify_wanted : a RoomRow and a Notify

    new_wanted : a room is to be made or joined; join_wanted : a server is to be joined; left : Escape was pressed
    """

    chosen = Signal(object)
    star_wanted = Signal(object)
    details_wanted = Signal(object)
    leave_wanted = Signal(object)
    notify_wanted = Signal(object, object)
    new_wanted = Signal()
    join_wanted = Signal()
    left = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._rooms: tuple[RoomRow, ...] = ()
        self._servers: tuple[ServerRow, ...] = ()
        self._shown = ""
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a room")
        self.search.setAccessibleName("Find a room")
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(120)
        self.new_button = QToolButton()
        self.new_button.setAccessibleName("New room or direct message")
        self.new_button.setToolTip("New room or direct message")
        self.new_button.clicked.connect(self.new_wanted)
        self.model = RoomRows(self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(RoomDelegate(desk, self.view))
        self.view.setAccessibleName("Rooms")
        self.view.setMouseTracking(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.clicked.connect(self._choose)
        self.view.activated.connect(self._choose)
        self._steering = ListSteering(self.search, self.view, self._choose_or_first)
        self._nothing = EmptyState("No room is called that", "Look for other words, or make a room.", desk.look, "search")
        self._alone = EmptyState(
            "No rooms yet",
            "Make a room for a desk or a strategy, join an open one, or write to somebody.",
            desk.look,
            "chat",
            (("New room", self.new_wanted.emit),),
        )
        self._stack = QStackedWidget()
        for page in (self.view, self._nothing, self._alone):
            self._stack.addWidget(page)
        head = row(self.search, self.new_button, margins=(8, 6, 6, 6), gap=4)
        self.setLayout(column(frame("panelHead", head), self._stack, gap=0))
        self.search.textChanged.connect(self._show)
        desk.look.changed.connect(self.wear)
        self.wear()

    @property
    def current(self) -> RoomRow | None:
        """The chosen room."""
        index = self.view.currentIndex()
        return self.model.rows[index.row()].room if index.isValid() else None

    def show_rooms(self, rooms: tuple[RoomRow, ...], servers: tuple[ServerRow, ...]) -> None:
        """Show these; the choice stays where its room is still there."""
        self._rooms, self._servers = rooms, servers
        self._show()

    def show_current(self, room: str) -> None:
        """The room that is open."""
        self._shown = room
        place = self.model.place_of(room)
        if place >= 0:
            self.view.setCurrentIndex(self.model.index(place, 0))

    def take_keyboard(self) -> None:
        """Look for a room."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def wear(self) -> None:
        """Follow the theme."""
        self.new_button.setIcon(self._desk.look.icon("plus"))
        self.view.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """S stars, Escape goes back; in the search field they are letters."""
        if event.key() == Qt.Key.Key_Escape:
            if self.search.text():
                self.search.clear()
            else:
                self.left.emit()
        elif event.key() == Qt.Key.Key_S and not event.modifiers() and self.current is not None:
            self.star_wanted.emit(self.current)
        else:
            super().keyPressEvent(event)

    def fill_menu(self, menu: QMenu, room: RoomRow) -> None:
        """What can be done with a room."""
        menu.addAction("Open", partial(self.chosen.emit, room))
        menu.addAction("Take the star off" if room.is_starred else "Star", partial(self.star_wanted.emit, room))
        inside = menu.addMenu("Notify about")
        inside.setAccessibleName("Notify about")
        for notify, words in NOTIFY_WORDS.items():
            act = inside.addAction(words, partial(self.notify_wanted.emit, room, notify))
            act.setCheckable(True)
            act.setChecked(room.notify is notify)
        menu.addSeparator()
        menu.addAction("People and settings\u2026", partial(self.details_wanted.emit, room))
        if room.kind != "direct" and not room.is_left:
            menu.addAction("Leave\u2026", partial(self.leave_wanted.emit, room))

    # --- inside -------------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        query = self.search.text().strip()
        chosen = self.current
        self.model.show_rows(lines_of(self._rooms, self._servers, query))
        has_rooms = any(line.room is not None for line in self.model.rows)
        self._stack.setCurrentIndex(0 if has_rooms else 1 if query else 2)
        wanted = chosen.id if chosen is not None else self._shown
        place = self.model.place_of(wanted)
        if place < 0 and query:
            place = next((n for n, line in enumerate(self.model.rows) if line.room is not None), -1)
        if place >= 0:
            self.view.setCurrentIndex(self.model.index(place, 0))

    def _choose_or_first(self, index: QModelIndex) -> None:
        self._choose(index)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid() and (room := self.model.rows[index.row()].room) is not None:
            if self.search.text():
                self.search.clear()
            self.chosen.emit(room)

    def _open_menu(self, place: QPoint) -> None:
        if self.current is not None:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.setAccessibleName("This room")
            self.fill_menu(menu, self.current)
            menu.popup(self.view.viewport().mapToGlobal(place))
