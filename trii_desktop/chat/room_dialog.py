"""The dialog of one room: what it is called, who is in it and as what, and what it may interrupt for."""

from typing import Final, Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QLineEdit,
    QTableWidgetItem,
    QWidget,
)

from backend.chat.message import MemberRow, Notify, RoomRow
from trii_desktop.chat.message_deeds import MODERATORS
from trii_desktop.chat.people_page import presence_words
from trii_desktop.chat.rooms_page import NOTIFY_WORDS
from trii_desktop.team.letters import Names, shown_line, shown_name
from trii_desktop.team.words import ROLES
from trii_desktop.widgets.layout import button, column, label, row
from trii_desktop.widgets.table import RowTable

SEATS: Final = ("owner", "moderator", "member", "reader")
OUT: Final = "none"


class RoomDeeds(Protocol):
    """What the dialog can have done."""

    def rename(self, room: RoomRow, name: str, topic: str) -> None:
        """Call it something else."""
        ...

    def set_seat(self, room: RoomRow, user: str, role: str) -> None:
        """Let a person be in it as something, or be out of it."""
        ...

    def set_notify(self, room: RoomRow, notify: Notify) -> None:
        """What it may interrupt for."""
        ...

    def ask_leave(self, room: RoomRow) -> None:
        """Leave after a yes."""
        ...


class RoomDialog(QDialog):
    """What a person may not do is shown and cannot be pressed."""

    def __init__(self, parent: QWidget, room: RoomRow, deeds: RoomDeeds) -> None:
        super().__init__(parent)
        self._deeds = deeds
        self.room = room
        self._others: tuple[MemberRow, ...] = ()
        self._members: tuple[MemberRow, ...] = ()
        self.setWindowTitle(f"Room {shown_name(room.name)}")
        self.setAccessibleName(self.windowTitle())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(520, 520)
        self.name, self.topic = QLineEdit(room.name), QLineEdit(room.topic)
        self.name.setAccessibleName("Name")
        self.topic.setAccessibleName("Topic")
        self.notify = QComboBox()
        self.notify.setAccessibleName("Notify about")
        for notify, words in NOTIFY_WORDS.items():
            self.notify.addItem(words, notify)
        self.notify.setCurrentIndex(self.notify.findData(room.notify))
        self.notify.currentIndexChanged.connect(self._notify_chosen)
        form = QFormLayout()
        form.addRow("Name", self.name)
        form.addRow("Topic", self.topic)
        form.addRow("Notify about", self.notify)
        self.table = self._make_table()
        self.added = QComboBox()
        self.added.setAccessibleName("Person to add")
        self.add_button, self.role, self.remove_button = button("Add"), QComboBox(), button("Remove")
        self.role.setAccessibleName("Role of the chosen person")
        for seat in SEATS:
            self.role.addItem(ROLES[seat], seat)
        self.role.activated.connect(self._role_chosen)
        self.add_button.clicked.connect(self._add)
        self.remove_button.clicked.connect(self._remove)
        leave, close = button("Leave\u2026"), button("Close", primary=True)
        leave.clicked.connect(self._leave)
        leave.setEnabled(room.kind != "direct" and not room.is_left)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        people = row(self.added, self.add_button, None, self.role, self.remove_button)
        people.setStretch(0, 2)
        self.said = label("", "muted", wraps=True)
        self.setLayout(column(form, self.table, people, self.said, row(leave, None, close), margins=(16, 14, 16, 14), gap=10))
        for field in (self.name, self.topic):
            field.setReadOnly(not self._may_lead)
            field.editingFinished.connect(self._renamed)
        self._check()

    def show_members(self, members: tuple[MemberRow, ...], everybody: tuple[MemberRow, ...]) -> None:
        """Show who is in the room, and who could be added."""
        chosen = self._chosen.user if self._chosen is not None else ""
        self._members = tuple(
            sorted(members, key=lambda one: (SEATS.index(one.room_role) if one.room_role in SEATS else 9, one.name))
        )
        inside = {one.user for one in members}
        self._others = tuple(one for one in everybody if one.user not in inside)
        names = Names(everybody or members)
        self.table.setRowCount(len(self._members))
        for place, one in enumerate(self._members):
            name = names.of(one.user, one.name) + (" (you)" if one.is_me else "")
            for at, words in enumerate((name, presence_words(one.presence), ROLES.get(one.room_role, shown_line(one.room_role)))):
                self.table.setItem(place, at, QTableWidgetItem(words))
        place = next((n for n, one in enumerate(self._members) if one.user == chosen), 0)
        self.table.setCurrentCell(place if self._members else -1, 0)
        self.added.clear()
        for one in self._others:
            self.added.addItem(names.of(one.user, one.name), one.user)
        self.added.setPlaceholderText("" if self._others else "Nobody else to add")
        self._check()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _make_table(self) -> RowTable:
        made = RowTable("People in the room", ("Name", "Here", "As"))
        made.horizontalHeader().setStretchLastSection(True)
        made.setColumnWidth(0, 230)
        made.currentCellChanged.connect(self._check)
        return made

    @property
    def _may_lead(self) -> bool:
        return self.room.my_role in MODERATORS and self.room.kind != "direct" and not self.room.is_left

    @property
    def _chosen(self) -> MemberRow | None:
        place = self.table.currentRow()
        return self._members[place] if 0 <= place < len(self._members) else None

    def _check(self, *_places: int) -> None:
        chosen = self._chosen
        can = self._may_lead and chosen is not None and not chosen.is_me
        self.remove_button.setEnabled(can)
        self.role.setEnabled(can)
        if chosen is not None:
            self.role.setCurrentIndex(max(self.role.findData(chosen.room_role), 0))
        self.added.setEnabled(self._may_lead and bool(self._others))
        self.add_button.setEnabled(self._may_lead and bool(self._others))
        if self.room.is_left:
            self.said.setText("You left this room. What was said until then stays readable here.")
        elif self.room.kind == "direct":
            self.said.setText("A direct message is between two people and stays so.")
        elif not self._may_lead:
            self.said.setText("Owners and moderators of the room can change it.")
        self.said.setVisible(bool(self.said.text()))

    def _renamed(self) -> None:
        name, topic = self.name.text().strip(), self.topic.text().strip()
        if self._may_lead and name and (name, topic) != (self.room.name, self.room.topic):
            self._deeds.rename(self.room, name, topic)

    def _notify_chosen(self) -> None:
        self._deeds.set_notify(self.room, Notify(self.notify.currentData()))

    def _role_chosen(self) -> None:
        chosen, role = self._chosen, str(self.role.currentData())
        if chosen is not None and role != chosen.room_role:
            self._deeds.set_seat(self.room, chosen.user, role)

    def _add(self) -> None:
        if self.added.currentData():
            self._deeds.set_seat(self.room, str(self.added.currentData()), "member")

    def _remove(self) -> None:
        if self._chosen is not None:
            self._deeds.set_seat(self.room, self._chosen.user, OUT)

    def _leave(self) -> None:
        self.accept()
        self._deeds.ask_leave(self.room)
