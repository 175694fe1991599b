"""Whom an alert tells and how: channels, sound, and words of its own."""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QListWidget, QListWidgetItem, QToolButton, QWidget

from backend.alerts.alert import Alert
from backend.alerts.checks import MESSAGE_MAX, NAME_MAX
from trii_desktop.alerts.fields import Choice, Problem, form, titled
from trii_desktop.alerts.sounds import SOUNDS
from trii_desktop.look import Look
from trii_desktop.widgets.layout import button, column, holding, label, row

_ROWS_SEEN: Final = 4
_ROW_PX: Final = 26


class TellingFields(QWidget):
    """``changed`` comes with every choice; ``wants_channels`` asks for the dialog in which channels are set up."""

    changed = Signal()
    wants_channels = Signal()

    def __init__(self, look: Look, play: Callable[[str], None]) -> None:
        super().__init__()
        self._play = play
        self.channels = QListWidget()
        self.channels.setProperty("framed", True)
        self.channels.setAccessibleName("Channels")
        self.channels.itemChanged.connect(self.changed)
        self._none = label("This computer only: a toast and the sound.", "caption")
        set_up = button("Set up a channel…", quiet=True)
        set_up.clicked.connect(self.wants_channels)
        self.sound = Choice("Sound", (*((title, name) for name, title in SOUNDS.items()), ("No sound", "")))
        self.sound.currentIndexChanged.connect(self.changed)
        self.play = QToolButton()
        self.play.setIcon(look.icon("play"))
        self.play.setAccessibleName("Play the sound")
        self.play.setToolTip("Play the sound")
        self.play.clicked.connect(self._play_now)
        self.urgent = QCheckBox("Urgent: also in quiet hours of channels that let such pass")
        self.urgent.toggled.connect(self.changed)
        self.name, self.message = QLineEdit(), QLineEdit()
        for field, words, most in ((self.name, "Name", NAME_MAX), (self.message, "Message", MESSAGE_MAX)):
            field.setAccessibleName(words)
            field.setMaxLength(most)
            field.textEdited.connect(self.changed)
        self.name.setPlaceholderText("The condition itself")
        self.message.setPlaceholderText("Told behind what happened, as in “sell half”")
        self.problems = {"channels": Problem(self.channels), "name": Problem(self.name), "message": Problem(self.message)}
        lines = form()
        lines.addRow(titled("Also tells"), holding(column(self.problems["channels"], row(self._none, None, set_up), gap=2)))
        lines.addRow(titled(""), self.urgent)
        lines.addRow(titled("Sound"), holding(row(self.sound, self.play, None)))
        lines.addRow(titled("Name"), self.problems["name"])
        lines.addRow(titled("Message"), self.problems["message"])
        self.setLayout(lines)
        self._chosen: tuple[str, ...] = ()
        self.offer(())

    def show_alert(self, alert: Alert) -> None:
        """Show what ``alert`` says, without telling it."""
        self._chosen = alert.channels
        self.offer(tuple(self._names()))
        known = [self.sound.itemData(n) for n in range(self.sound.count())]
        if alert.sound not in known:
            self.sound.addItem(alert.sound, alert.sound)
        self.sound.choose(alert.sound)
        self.urgent.setChecked(alert.is_urgent)
        self.name.setText(alert.name)
        self.message.setText(alert.message)

    def offer(self, names: Sequence[str]) -> None:
        """These channels can be chosen; one that is chosen and was removed since is shown too."""
        chosen = self._ticked() if self.channels.count() else self._chosen
        everything = dict.fromkeys((*names, *self._chosen))
        with QSignalBlocker(self.channels):
            self.channels.clear()
            for name in everything:
                item = QListWidgetItem(name if name in names else f"{name} (was removed)")
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
                item.setCheckState(Qt.CheckState.Checked if name in chosen else Qt.CheckState.Unchecked)
                self.channels.addItem(item)
        self.channels.setVisible(bool(everything))
        self.channels.setFixedHeight(min(len(everything), _ROWS_SEEN) * _ROW_PX + 8)
        self._none.setVisible(not everything)

    def applied(self, alert: Alert) -> Alert:
        """``alert`` as these fields now say."""
        chosen = self._ticked()
        return replace(
            alert,
            channels=chosen,
            is_urgent=self.urgent.isChecked(),
            sound=str(self.sound.currentData()),
            name=self.name.text().strip(),
            message=self.message.text().strip(),
        )

    def _names(self) -> list[str]:
        return [str(self.channels.item(n).data(Qt.ItemDataRole.UserRole)) for n in range(self.channels.count())]

    def _ticked(self) -> tuple[str, ...]:
        items = (self.channels.item(n) for n in range(self.channels.count()))
        return tuple(str(i.data(Qt.ItemDataRole.UserRole)) for i in items if i.checkState() is Qt.CheckState.Checked)

    def _play_now(self) -> None:
        if self.sound.currentData():
            self._play(str(self.sound.currentData()))
