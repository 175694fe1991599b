"""The search of messages: what is on this computer at once, then what the servers find beside it."""

from typing import Final

from PySide6.QtCore import QDate, QDateTime, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QDateEdit, QLineEdit, QListView, QStackedWidget, QWidget

from backend.chat.message import FoundMessage, RoomRow, SearchFilters
from backend.errors import TriiError
from trii_desktop.assistant.flow import FlowRow
from trii_desktop.charts.speech import announce
from trii_desktop.chat.found_model import FoundDelegate, FoundRows
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.desk import Desk
from trii_desktop.team.letters import shown_line, shown_name
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, frame, label, row
from trii_desktop.widgets.steering import ListSteering

N_FOUND_MAX: Final = 60
PAUSE_MS: Final = 160
_N_LETTERS: Final = 14
_HAS: Final = (("", "With anything"), ("file", "With a file"), ("link", "With a chart or link"), ("pin", "Pinned"))
_EMPTY: Final = ("Search what was said", "Words, @people and instruments. What is on this computer is found without a connection.")


class SearchPage(QWidget):
    """chosen : a FoundMessage; left : Escape was pressed."""

    chosen = Signal(object)
    left = Signal()

    def __init__(self, desk: Desk, chat: ChatSurface) -> None:
        super().__init__()
        self._desk = desk
        self._chat = chat
        self._n_asked = 0
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search messages")
        self.field.setAccessibleName("Search messages")
        self.field.setClearButtonEnabled(True)
        self.field.setMaxLength(200)
        self.room, self.author, self.has = _combo("Room"), _combo("Author"), _combo("What it has")
        for key, words in _HAS:
            self.has.addItem(words, key)
        self.instrument = QLineEdit()
        self.instrument.setPlaceholderText("Instrument")
        self.instrument.setAccessibleName("Instrument")
        self.instrument.setMaxLength(40)
        self.since = QDateEdit(QDate(2000, 1, 1))
        self.since.setAccessibleName("Not before")
        self.since.setToolTip("Not before")
        self.since.setCalendarPopup(True)
        self.since.setDisplayFormat("yyyy-MM-dd")
        self.since.setMinimumDate(QDate(2000, 1, 1))
        self.since.setSpecialValueText("Any day")
        self.state = label("", "caption", wraps=True)
        self.model = FoundRows(self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(FoundDelegate(desk, self.view))
        self.view.setAccessibleName("Messages that were found")
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.clicked.connect(self._choose)
        self.view.activated.connect(self._choose)
        self._steering = ListSteering(self.field, self.view, self._choose)
        self._empty = EmptyState(*_EMPTY, desk.look, "search")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        close = button("Close", quiet=True)
        close.clicked.connect(self.left)
        filters = FlowRow((self.room, self.author, self.has, self.instrument, self.since))
        head = column(row(self.field, close, gap=4), filters, self.state, margins=(8, 6, 8, 6), gap=6)
        self.setLayout(column(frame("panelHead", head), self._stack, gap=0))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.refresh)
        for changed in (self.field.textChanged, self.instrument.textChanged, self.since.dateChanged):
            changed.connect(self._timer.start)
        for box in (self.room, self.author, self.has):
            box.currentIndexChanged.connect(self._timer.start)

    # --- what is asked ------------------------------------------------------------------------------------------------

    @property
    def filters(self) -> SearchFilters:
        """What the search is limited to."""
        since = self.since.date()
        is_any = since == self.since.minimumDate()
        return SearchFilters(
            room=str(self.room.currentData() or ""),
            author=str(self.author.currentData() or ""),
            instrument=self.instrument.text().strip().upper(),
            from_ms=0 if is_any else QDateTime(since.startOfDay()).toMSecsSinceEpoch(),
            has=str(self.has.currentData() or ""),
        )

    def show_choices(self, rooms: tuple[RoomRow, ...], people: tuple[tuple[str, str], ...]) -> None:
        """Rooms and (user, name) that a search can be limited to; the choice stays."""
        _offer(self.room, "In every room", tuple((room.id, shown_name(room.name)) for room in rooms))
        _offer(self.author, "From everybody", people)

    def take_keyboard(self, room: str = "", has: str = "") -> None:
        """Write what is looked for, in one room where it is named, of what ``has`` says."""
        self.room.setCurrentIndex(max(self.room.findData(room), 0))
        self.has.setCurrentIndex(max(self.has.findData(has), 0))
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def refresh(self) -> None:
        """Search."""
        self._timer.stop()
        self._desk.start("Searching", self._search())

    def close_page(self) -> None:
        """Search no more."""
        self._timer.stop()
        self._n_asked += 1

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _search(self) -> None:
        self._n_asked += 1
        asked, text, filters = self._n_asked, self.field.text().strip(), self.filters
        if not text and filters == SearchFilters(room=filters.room):
            self._show((), "", *_EMPTY)
            return
        call = self._desk.bridge.call
        here = await call(self._chat.search(text, filters, N_FOUND_MAX))
        if asked != self._n_asked:
            return
        self._show(here, "Searching on the server\u2026", "Nothing on this computer", "The server is asked.")
        try:
            there = await call(self._chat.search_server(text, filters, N_FOUND_MAX))
        except TriiError as error:
            if asked == self._n_asked:
                self._show(here, f"Only this computer was searched: {error.message}", "Nothing was found here", error.message)
            return
        if asked == self._n_asked:
            known = {hit.message.id for hit in here}
            more = tuple(hit for hit in there if hit.message.id not in known)
            self._show((*here, *more), self._count(len(here), len(more)), "Nothing was found", "Try other words or fewer limits.")

    def _show(self, found: tuple[FoundMessage, ...], state: str, title: str, text: str) -> None:
        is_first = not self.model.rows
        self.model.show_rows(found)
        self._empty.say(title, shown_line(text))
        self._stack.setCurrentIndex(1 if found else 0)
        self.state.setText(state)
        self.state.setVisible(bool(state))
        if found and (is_first or not self.view.currentIndex().isValid()):
            self._steering.select(0)
        if state:
            announce(self.field, state)

    @staticmethod
    def _count(n_here: int, n_more: int) -> str:
        found = "1 message" if n_here + n_more == 1 else f"{n_here + n_more} messages"
        return f"{found}, {n_more} of them from the server" if n_more else found

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self.model.rows[index.row()])


def _combo(name: str) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    # As wide as so many letters, whatever it offers: two stand beside each other in a narrow dock.
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(_N_LETTERS)
    return made


def _offer(box: QComboBox, everything: str, choices: tuple[tuple[str, str], ...]) -> None:
    chosen = box.currentData()
    wanted = [("", everything), *choices]
    if [(box.itemData(place), box.itemText(place)) for place in range(box.count())] == wanted:
        return
    box.blockSignals(True)
    box.clear()
    for key, words in wanted:
        box.addItem(words, key)
    box.setCurrentIndex(max(box.findData(chosen), 0))
    box.blockSignals(False)
