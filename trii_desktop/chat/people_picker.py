"""A list of people with ticks, found by name."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from backend.chat.message import MemberRow
from trii_desktop.team.letters import Names, shown_line
from trii_desktop.widgets.layout import column


class PeoplePicker(QWidget):
    """Space ticks the chosen person. ``changed`` comes with every tick; ``activated`` : a user id, by Enter or a double click."""

    changed = Signal()
    activated = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a person")
        self.search.setAccessibleName("Find a person")
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName(name)
        self.list.setProperty("framed", True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setLayout(column(self.search, self.list, gap=6))
        self.search.textChanged.connect(self._filter)
        self.list.itemChanged.connect(self._told)
        self.list.itemActivated.connect(self._activate)

    @property
    def picked(self) -> tuple[str, ...]:
        """Ids of those that are ticked."""
        items = (self.list.item(place) for place in range(self.list.count()))
        return tuple(str(item.data(Qt.ItemDataRole.UserRole)) for item in items if item.checkState() is Qt.CheckState.Checked)

    def show_people(self, people: Sequence[MemberRow], *, can_tick: bool = True) -> None:
        """Offer these; this person is left out, and ticks stay."""
        ticked, names = set(self.picked), Names(people)
        self.list.blockSignals(True)
        self.list.clear()
        for one in sorted((one for one in people if not one.is_me), key=lambda one: one.name.casefold()):
            item = QListWidgetItem(f"{names.of(one.user, one.name)}   @{shown_line(one.handle)}")
            item.setData(Qt.ItemDataRole.UserRole, one.user)
            if can_tick:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if one.user in ticked else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._filter(self.search.text())
        if self.list.count():
            self.list.setCurrentRow(0)
        self.changed.emit()

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for place in range(self.list.count()):
            item = self.list.item(place)
            item.setHidden(not all(word in item.text().casefold() for word in words))

    def _told(self, _item: QListWidgetItem) -> None:
        self.changed.emit()

    def _activate(self, item: QListWidgetItem) -> None:
        self.activated.emit(str(item.data(Qt.ItemDataRole.UserRole)))
