"""One's own account at a server: where it is signed in, its password, its second factor, and signing out."""

from functools import partial
from typing import Final, Protocol

from PySide6.QtWidgets import QCheckBox, QHeaderView, QTableWidgetItem, QTabWidget, QWidget

from backend.sync.server import ServerRow, SessionRow
from trii_desktop.desk import Desk
from trii_desktop.team.asking import AskingDialog, field_of, form_of
from trii_desktop.team.factor_page import FactorPage
from trii_desktop.team.join_dialog import N_PASSWORD_MIN
from trii_desktop.team.letters import shown_line, shown_name
from trii_desktop.team.surface import TeamSurface
from trii_desktop.team.words import ROLES, pin_words, server_name
from trii_desktop.widgets.layout import button, column, holding, label, row
from trii_desktop.widgets.numbers import format_moment
from trii_desktop.widgets.table import RowTable

_COLUMNS: Final = ("Device", "Last seen", "Address")


class SignOutDeeds(Protocol):
    """What the last page can have done."""

    def sign_out(self, server: ServerRow, *, everywhere: bool, wipe: bool) -> None:
        """Sign out, after a yes where something would be lost."""
        ...


class AccountDialog(AskingDialog):
    """Its pages ask the server when they are used; what it refuses is said below them."""

    def __init__(self, parent: QWidget, desk: Desk, team: TeamSurface, server: ServerRow, deeds: SignOutDeeds) -> None:
        super().__init__(parent, desk, f"Account at {server_name(server)}")
        self._team = team
        self._server = server
        self._deeds = deeds
        self._sessions: tuple[SessionRow, ...] = ()
        self.begin_size(600, 480)
        who = " · ".join(
            part
            for part in (shown_name(server.person or server.email), shown_line(server.email), ROLES.get(server.role, ""))
            if part
        )
        self.factor = FactorPage(self, team, server.id)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Parts of the account")
        self.tabs.addTab(self._session_page(), "Devices")
        self.tabs.addTab(self._password_page(), "Password")
        self.tabs.addTab(self.factor, "Second factor")
        self.tabs.addTab(self._leaving_page(), "Sign out")
        self.tabs.currentChanged.connect(self._turned)
        close = button("Close")
        close.clicked.connect(self.accept)
        head = column(label(server_name(server), "heading", wraps=True), label(who, "muted", wraps=True), gap=2)
        if server.pin:
            head.addWidget(label(f"Identity  {pin_words(server.pin)}", "caption", wraps=True))
        self.setLayout(column(head, self.tabs, self.said, row(None, close), margins=(20, 16, 20, 14), gap=10))
        self.allow()
        self.read_sessions()

    def show_page(self, page: int) -> None:
        """Turn to devices (0), password (1), second factor (2) or signing out (3)."""
        self.tabs.setCurrentIndex(page)

    def read_sessions(self) -> None:
        """Ask where the account is signed in."""
        self.ask("Asking for your devices\u2026", partial(self._team.sessions, self._server.id), self._show_sessions)

    def allow(self) -> None:
        """Enable what can be pressed now."""
        is_free, new = not self.is_asking, self.new.text()
        chosen = self._chosen
        self.end.setEnabled(is_free and chosen is not None and not chosen.is_this)
        self.change.setEnabled(is_free and bool(self.old.text()) and len(new) >= N_PASSWORD_MIN and new == self.again.text())
        self.leave.setEnabled(is_free)
        self.factor.allow()

    # --- pages --------------------------------------------------------------------------------------------------------

    def _session_page(self) -> QWidget:
        self.table = RowTable("Devices that are signed in", _COLUMNS)
        for at, mode in enumerate((QHeaderView.ResizeMode.Stretch, *[QHeaderView.ResizeMode.ResizeToContents] * 2)):
            self.table.horizontalHeader().setSectionResizeMode(at, mode)
        self.table.currentCellChanged.connect(self._session_chosen)
        self.end = button("Sign this device out")
        self.end.clicked.connect(self._end)
        return holding(column(self.table, row(None, self.end), margins=(0, 12, 0, 0), gap=10))

    def _password_page(self) -> QWidget:
        self.old, self.new, self.again = (
            field_of(name, is_secret=True) for name in ("Password now", "New password", "New password once more")
        )
        self.change = button("Change the password", primary=True)
        self.change.clicked.connect(self._change)
        for field in (self.old, self.new, self.again):
            field.textChanged.connect(self.allow)
        words = f"A new one has {N_PASSWORD_MIN} letters or more. Your other devices are signed out by it."
        form = form_of(("Now", self.old), ("New", self.new), ("Once more", self.again))
        return holding(column(label(words, "muted", wraps=True), form, row(None, self.change), None, margins=(0, 12, 0, 0), gap=12))

    def _leaving_page(self) -> QWidget:
        words = (
            "What is on this computer stays readable and searchable after you sign out, and what waits is sent when you are back."
        )
        self.everywhere = QCheckBox("On all my devices")
        self.wipe = QCheckBox("Also remove everything of this server from this computer, with what was not sent yet")
        self.leave = button("Sign out", primary=True)
        self.leave.clicked.connect(self._leave)
        inside = column(
            label(words, "muted", wraps=True),
            self.everywhere,
            self.wipe,
            row(None, self.leave),
            None,
            margins=(0, 12, 0, 0),
            gap=12,
        )
        return holding(inside)

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _chosen(self) -> SessionRow | None:
        place = self.table.currentRow()
        return self._sessions[place] if 0 <= place < len(self._sessions) else None

    def _turned(self) -> None:
        if not self.is_asking:
            self.say("")

    def _session_chosen(self, *_places: int) -> None:
        self.allow()

    def _show_sessions(self, sessions: tuple[SessionRow, ...]) -> None:
        self._sessions = sessions
        now_ns = self._desk.backend.clock.now_ns()
        self.table.setRowCount(len(sessions))
        for place, one in enumerate(sessions):
            name = shown_name(one.name) + (" · this one" if one.is_this else "")
            seen = format_moment(one.seen_ms * 1_000_000, now_ns) if one.seen_ms else ""
            for at, words in enumerate((name, seen, shown_line(one.address))):
                self.table.setItem(place, at, QTableWidgetItem(words))
        if sessions:
            self.table.setCurrentCell(0, 0)

    def _end(self) -> None:
        if self._chosen is not None:
            call = partial(self._team.end_session, self._server.id, self._chosen.id)
            self.ask("Signing the device out\u2026", call, lambda _nothing: self._again())

    def _again(self) -> None:
        self.read_sessions()

    def _change(self) -> None:
        call = partial(self._team.change_password, self._server.id, self.old.text(), self.new.text())
        self.ask("Changing the password\u2026", call, self._changed)

    def _changed(self, _nothing: object) -> None:
        for field in (self.old, self.new, self.again):
            field.clear()
        self.say("The password was changed.")

    def _leave(self) -> None:
        everywhere, wipe = self.everywhere.isChecked(), self.wipe.isChecked()
        self.accept()
        self._deeds.sign_out(self._server, everywhere=everywhere, wipe=wipe)
