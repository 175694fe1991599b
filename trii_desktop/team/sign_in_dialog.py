"""Signing in again at a server of this home."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QStackedWidget, QWidget

from backend.sync.server import ServerRow, SignedIn
from trii_desktop.desk import Desk
from trii_desktop.team.asking import AskingDialog, field_of, form_of
from trii_desktop.team.letters import shown_line
from trii_desktop.team.surface import TeamSurface
from trii_desktop.team.words import server_name
from trii_desktop.widgets.layout import button, column, holding, label, row


class SignInDialog(AskingDialog):
    """E-mail and password, then the second factor where it is asked for; ``signed_in`` is called once."""

    def __init__(
        self, parent: QWidget, desk: Desk, team: TeamSurface, server: ServerRow, signed_in: Callable[[SignedIn], None]
    ) -> None:
        super().__init__(parent, desk, f"Sign in to {server_name(server)}")
        self._team = team
        self._server = server
        self._signed_in = signed_in
        self._ticket = ""
        self.setMinimumWidth(440)
        self.email, self.password = field_of("E-mail"), field_of("Password", is_secret=True)
        self.email.setText(server.email)
        self.code = field_of("Code of the second factor", hint="123456")
        self.pages = QStackedWidget()
        self.pages.addWidget(holding(column(form_of(("E-mail", self.email), ("Password", self.password)), None)))
        words = "Type the six digits that your authenticator shows, or a recovery code."
        self.pages.addWidget(holding(column(label(words, "muted", wraps=True), form_of(("Code", self.code)), None)))
        self.next, cancel = button("Sign in", primary=True), button("Cancel")
        self.next.setDefault(True)
        self.next.clicked.connect(self._go_on)
        cancel.clicked.connect(self.reject)
        head = column(label(server_name(server), "heading", wraps=True), label(shown_line(server.url), "muted", wraps=True), gap=2)
        self.setLayout(column(head, self.pages, self.said, row(None, cancel, self.next), margins=(20, 18, 20, 16), gap=12))
        for field in (self.email, self.password, self.code):
            field.textChanged.connect(self.allow)
        self.allow()
        (self.password if server.email else self.email).setFocus()

    def allow(self) -> None:
        """Enable what can be pressed now."""
        is_first = self.pages.currentIndex() == 0
        can = self.email.text().strip() and self.password.text() if is_first else self.code.text().strip()
        self.next.setEnabled(bool(can) and not self.is_asking)

    def _go_on(self) -> None:
        email, secret = self.email.text().strip(), self.password.text()
        call = partial(self._team.sign_in, self._server.id, email, secret, self.code.text().strip(), self._ticket)
        self.ask("Signing in\u2026", call, self._arrived)

    def _arrived(self, came: SignedIn) -> None:
        if came.needs_code:
            self._ticket = came.ticket
            self.pages.setCurrentIndex(1)
            self.code.setFocus()
            self.allow()
            return
        self.password.clear()
        self.accept()
        self._signed_in(came)
