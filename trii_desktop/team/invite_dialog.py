"""Inviting people: how many, as what, for how long; what comes of it is a link to give them."""

from functools import partial
from typing import Final

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QSpinBox, QWidget

from backend.sync.server import ServerRow
from trii_desktop.desk import Desk
from trii_desktop.team.asking import AskingDialog, form_of
from trii_desktop.team.surface import TeamSurface
from trii_desktop.team.words import ROLES, server_name
from trii_desktop.widgets.layout import button, column, label, row

OFFERED: Final = ("member", "trader", "guest", "moderator", "compliance", "admin")


class InviteDialog(AskingDialog):
    """The link stands in a field to be copied; whoever has it can join until it is used up or over."""

    def __init__(self, parent: QWidget, desk: Desk, team: TeamSurface, server: ServerRow) -> None:
        super().__init__(parent, desk, f"Invite people to {server_name(server)}")
        self._team = team
        self._server = server
        self.setMinimumWidth(460)
        self.role = QComboBox()
        self.role.setAccessibleName("Role")
        for role in OFFERED:
            self.role.addItem(ROLES[role], role)
        self.n_people, self.n_days = _number("How many people", 1, 100, 1), _number("For how many days", 1, 30, 7)
        self.link = QPlainTextEdit()
        self.link.setAccessibleName("Invite link")
        self.link.setReadOnly(True)
        self.link.setTabChangesFocus(True)
        self.link.setFixedHeight(84)
        self.link.hide()
        self.make, self.copy, close = button("Make a link", primary=True), button("Copy the link"), button("Close")
        self.make.setDefault(True)
        self.copy.hide()
        self.make.clicked.connect(self._make)
        self.copy.clicked.connect(self._copy)
        close.clicked.connect(self.accept)
        words = label("Send it by a way you trust: whoever has it can join in your team's name.", "muted", wraps=True)
        form = form_of(("As", self.role), ("People", self.n_people), ("Days", self.n_days))
        foot = row(None, close, self.copy, self.make)
        self.setLayout(column(words, form, self.link, self.said, foot, margins=(20, 18, 20, 16), gap=12))

    def allow(self) -> None:
        """Enable what can be pressed now."""
        self.make.setEnabled(not self.is_asking)

    def _make(self) -> None:
        call = partial(self._team.invite, self._server.id, str(self.role.currentData()), self.n_people.value(), self.n_days.value())
        self.ask("Making a link\u2026", call, self._show_link)

    def _show_link(self, link: str) -> None:
        self.link.setPlainText(link)
        self.link.show()
        self.copy.show()
        self.make.setText("Make another")
        self.copy.setFocus()
        self.adjustSize()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.link.toPlainText())
        self.say("The link was copied.")


def _number(name: str, least: int, most: int, value: int) -> QSpinBox:
    made = QSpinBox()
    made.setAccessibleName(name)
    made.setRange(least, most)
    made.setValue(value)
    return made
