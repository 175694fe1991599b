"""The dialog by which one comes into a room: a new one, a direct message, or an open room of the organisation."""

from typing import Final, Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTabWidget,
    QWidget,
)

from backend.chat.message import MemberRow, RoomRow
from backend.sync.server import ServerRow
from trii_desktop.chat.people_picker import PeoplePicker
from trii_desktop.team.letters import shown_line, shown_name
from trii_desktop.team.words import server_name
from trii_desktop.widgets.layout import button, column, holding, label, row

N_NAME_MAX: Final = 80
N_TOPIC_MAX: Final = 240
_DIRECT, _ROOM, _OPEN = 0, 1, 2
_DEEDS: Final = ("Write", "Make the room", "Join")


class NewRoomDeeds(Protocol):
    """What the dialog can have done."""

    def make_room(self, server: str, name: str, topic: str, people: tuple[str, ...], is_open: bool, shows_history: bool) -> None:  # noqa: FBT001 - what a person ticked
        """Make a room and show it."""
        ...

    def write_to(self, server: str, user: str) -> None:
        """Show the room of two."""
        ...

    def join(self, room: RoomRow) -> None:
        """Join an open room and show it."""
        ...

    def read_people(self, server: str) -> None:
        """Have people and open rooms of a server shown in the dialog."""
        ...


class NewRoomDialog(QDialog):
    """Rooms can be made and people written to without a connection; joining an open room needs one."""

    def __init__(self, parent: QWidget, servers: tuple[ServerRow, ...], deeds: NewRoomDeeds) -> None:
        super().__init__(parent)
        self._deeds = deeds
        self.setWindowTitle("New room or message")
        self.setAccessibleName("New room or message")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(460, 520)
        self.server = QComboBox()
        self.server.setAccessibleName("Server")
        for one in servers:
            self.server.addItem(server_name(one), one.id)
        self.server.setVisible(len(servers) > 1)
        self.person = PeoplePicker("People to write to")
        self.person.activated.connect(self._activate_person)
        self.name, self.topic = QLineEdit(), QLineEdit()
        self.name.setAccessibleName("Name")
        self.name.setMaxLength(N_NAME_MAX)
        self.topic.setAccessibleName("Topic")
        self.topic.setMaxLength(N_TOPIC_MAX)
        self.topic.setPlaceholderText("What it is about (optional)")
        self.is_open = QCheckBox("Everybody of the organisation may join")
        self.shows_history = QCheckBox("Who joins later sees what was said before")
        self.shows_history.setChecked(True)
        self.people = PeoplePicker("People of the room")
        self.open_rooms = QListWidget()
        self.open_rooms.setAccessibleName("Open rooms")
        self.open_rooms.setProperty("framed", True)
        self.open_rooms.itemActivated.connect(self.accept)
        self.open_words = label("", "muted", wraps=True)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("What to begin")
        self.tabs.addTab(holding(column(self.person, margins=(0, 10, 0, 0))), "Direct message")
        self.tabs.addTab(self._room_page(), "New room")
        self.tabs.addTab(holding(column(self.open_words, self.open_rooms, margins=(0, 10, 0, 0))), "Open rooms")
        self.done_button, cancel = button("Write", primary=True), button("Cancel")
        self.done_button.setDefault(True)
        self.done_button.clicked.connect(self.accept)
        cancel.clicked.connect(self.reject)
        self.setLayout(column(self.server, self.tabs, row(None, cancel, self.done_button), margins=(16, 14, 16, 14), gap=10))
        self.tabs.currentChanged.connect(self._check)
        self.name.textChanged.connect(self._check)
        self.person.list.currentRowChanged.connect(self._check)
        self.person.search.textChanged.connect(self._check)
        self.open_rooms.currentRowChanged.connect(self._check)
        self.server.currentIndexChanged.connect(self._read)
        self._check()
        self._read()
        self.person.search.setFocus()

    @property
    def server_id(self) -> str:
        """The chosen server."""
        return str(self.server.currentData() or "")

    def show_page(self, page: int) -> None:
        """Turn to a direct message (0), a new room (1) or open rooms (2)."""
        self.tabs.setCurrentIndex(page)
        (self.person.search, self.name, self.open_rooms)[page].setFocus()

    def show_people(self, server: str, people: tuple[MemberRow, ...]) -> None:
        """Offer these people."""
        if server == self.server_id:
            self.person.show_people(people, can_tick=False)
            self.people.show_people(people)
            self._check()

    def show_open_rooms(self, server: str, rooms: tuple[RoomRow, ...], why_not: str = "") -> None:
        """Offer these rooms, or say why none can be offered."""
        if server != self.server_id:
            return
        self.open_rooms.clear()
        for room in rooms:
            item = QListWidgetItem(" · ".join(part for part in (shown_name(room.name), shown_line(room.topic)) if part))
            item.setData(Qt.ItemDataRole.UserRole, room)
            self.open_rooms.addItem(item)
        said = why_not or ("" if rooms else "There is no open room that you are not in.")
        self.open_words.setText(said)
        self.open_words.setVisible(bool(said))
        if rooms:
            self.open_rooms.setCurrentRow(0)
        self._check()

    def accept(self) -> None:
        """Do what the page that is shown says."""
        if not self.done_button.isEnabled():
            return
        super().accept()
        match self.tabs.currentIndex():
            case 0:
                self._deeds.write_to(self.server_id, str(self.person.list.currentItem().data(Qt.ItemDataRole.UserRole)))
            case 1:
                name, topic, people = self.name.text().strip(), self.topic.text().strip(), self.people.picked
                self._deeds.make_room(self.server_id, name, topic, people, self.is_open.isChecked(), self.shows_history.isChecked())
            case _:
                self._deeds.join(self.open_rooms.currentItem().data(Qt.ItemDataRole.UserRole))

    # --- inside -------------------------------------------------------------------------------------------------------

    def _room_page(self) -> QWidget:
        form = QFormLayout()
        form.setContentsMargins(0, 10, 0, 0)
        form.addRow("Name", self.name)
        form.addRow("Topic", self.topic)
        return holding(column(form, self.is_open, self.shows_history, self.people, gap=8))

    def _read(self) -> None:
        if self.server_id:
            self._deeds.read_people(self.server_id)

    def _activate_person(self, _user: str) -> None:
        self.accept()

    def _check(self) -> None:
        page = self.tabs.currentIndex()
        chosen: QListWidgetItem | None = self.person.list.currentItem()  # none at first, whatever the stubs say
        can = (
            chosen is not None and not chosen.isHidden(),
            bool(self.name.text().strip()),
            self.open_rooms.currentRow() >= 0,
        )[page]
        self.done_button.setText(_DEEDS[page])
        self.done_button.setEnabled(bool(can and self.server_id))
