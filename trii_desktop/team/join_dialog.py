"""Joining a server by its invite link: who it is, an account there, and the second factor where it is asked for."""

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QRadioButton, QStackedWidget, QWidget

from backend.sync.server import Invitation, SignedIn
from trii_desktop.desk import Desk
from trii_desktop.team.asking import AskingDialog, field_of, form_of
from trii_desktop.team.letters import shown_line, shown_name
from trii_desktop.team.surface import TeamSurface
from trii_desktop.team.words import pin_words
from trii_desktop.widgets.layout import button, column, frame, holding, label, row

SCHEME: Final = "trii://"
N_PASSWORD_MIN: Final = 12
_LINK, _ACCOUNT, _CODE = 0, 1, 2
_TITLES: Final = (
    ("Join with a link", "Paste the link that somebody of your team gave you."),
    (
        "Is this your server?",
        "The server proved that it is the one the link names. Whoever invited you can read its identity to you.",
    ),
    ("Second factor", "Your password is right. Type the six digits that your authenticator shows, or a recovery code."),
)
_NEXT: Final = ("Look at it", "Join", "Sign in")


class JoinDialog(AskingDialog):
    """``joined`` is called with what the sign-in came to, once, when it is complete."""

    def __init__(self, parent: QWidget, desk: Desk, team: TeamSurface, joined: Callable[[SignedIn], None]) -> None:
        super().__init__(parent, desk, "Join a server")
        self._team = team
        self._joined = joined
        self._invitation: Invitation | None = None
        self._ticket = ""
        self.begin_size(500, 540)
        self._title, self._words = label("", "title"), label("", "muted", wraps=True)
        self.link = QPlainTextEdit()
        self.link.setAccessibleName("Invite link")
        self.link.setPlaceholderText("trii://join?server=\u2026")
        self.link.setTabChangesFocus(True)
        self.link.setFixedHeight(84)
        self.link.textChanged.connect(self.allow)
        self.code = field_of("Code of the second factor", hint="123456")
        self.code.textChanged.connect(self.allow)
        self.pages = QStackedWidget()
        self.pages.addWidget(holding(column(self.link, None, gap=0)))
        self.pages.addWidget(self._account_page())
        self.pages.addWidget(holding(column(form_of(("Code", self.code)), None)))
        self.back, self.next, cancel = button("Back"), button("", primary=True), button("Cancel")
        self.next.setDefault(True)
        self.back.clicked.connect(self._go_back)
        self.next.clicked.connect(self._go_on)
        cancel.clicked.connect(self.reject)
        foot = row(self.back, None, cancel, self.next)
        self.setLayout(column(self._title, self._words, 4, self.pages, self.said, foot, margins=(20, 18, 20, 16), gap=10))
        self._turn_to(_LINK)
        self._take_from_clipboard()

    # --- what is shown ------------------------------------------------------------------------------------------------

    def show_link(self, link: str) -> None:
        """Have a link in the field, and look where it leads."""
        self.link.setPlainText(link)
        self._look()

    def allow(self) -> None:
        """Enable what can be pressed now."""
        page = self.pages.currentIndex()
        is_new = self.is_new.isChecked()
        can = (
            bool(self.link.toPlainText().strip()),
            bool(self.email.text().strip() and self.password.text()) and (not is_new or self._may_register),
            bool(self.code.text().strip()),
        )[page]
        self.next.setEnabled(can and not self.is_asking)
        self.next.setText("Sign in" if page == _ACCOUNT and not is_new else _NEXT[page])
        self.back.setVisible(page != _LINK)
        self.back.setEnabled(not self.is_asking)
        for field in (self.name, self.again):
            field.setVisible(is_new)
        for field, words in ((self.name, "Name"), (self.again, "Once more")):
            line = self._form.labelForField(field)
            if line is not None:
                line.setVisible(is_new)
                line.setAccessibleName(words)
        self._check_passwords()

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _may_register(self) -> bool:
        secret = self.password.text()
        return bool(self.name.text().strip()) and len(secret) >= N_PASSWORD_MIN and secret == self.again.text()

    def _account_page(self) -> QWidget:
        self.server, self.org, self.pin = label("", "heading", wraps=True), label("", "muted", wraps=True), label("", wraps=True)
        self.pin.setAccessibleName("Identity of the server")
        self.pin.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        card = frame("card", column(self.server, self.org, self.pin, margins=(12, 10, 12, 10), gap=4))
        self.is_new, self.is_known = QRadioButton("I am new here"), QRadioButton("I have an account")
        self.is_new.setChecked(True)
        self.email, self.name = field_of("E-mail"), field_of("Name", hint="As your team knows you")
        self.password = field_of("Password", is_secret=True)
        self.again = field_of("Password once more", is_secret=True)
        self._form = form_of(("E-mail", self.email), ("Name", self.name), ("Password", self.password), ("Once more", self.again))
        for field in (self.email, self.name, self.password, self.again):
            field.textChanged.connect(self.allow)
        self.is_new.toggled.connect(self.allow)
        return holding(column(card, row(self.is_new, self.is_known, None, gap=16), self._form, None, gap=10))

    def _turn_to(self, page: int) -> None:
        self.pages.setCurrentIndex(page)
        title, words = _TITLES[page]
        self._title.setText(title)
        self._words.setText(words)
        self.allow()
        (self.link, self.email, self.code)[page].setFocus()

    def _take_from_clipboard(self) -> None:
        text = QGuiApplication.clipboard().text().strip()
        if text.startswith(SCHEME) and len(text) < 2_000:
            self.link.setPlainText(text)

    def _check_passwords(self) -> None:
        if self.is_asking or self.pages.currentIndex() != _ACCOUNT or not self.is_new.isChecked():
            return
        secret, again = self.password.text(), self.again.text()
        if secret and len(secret) < N_PASSWORD_MIN:
            self.say(f"A password has {N_PASSWORD_MIN} letters or more; four words you make up will do.")
        elif again and not secret.startswith(again):
            self.say("The passwords differ.", "warning")
        elif self.said.property("role") != "error":
            self.say("")

    def _go_on(self) -> None:
        if not self.next.isEnabled():
            return
        match self.pages.currentIndex():
            case 0:
                self._look()
            case 1:
                self._send()
            case _:
                call = partial(
                    self._team.sign_in,
                    self._link,
                    self.email.text().strip(),
                    self.password.text(),
                    self.code.text().strip(),
                    self._ticket,
                )
                self.ask("Signing in\u2026", call, self._arrived)

    def _go_back(self) -> None:
        self.say("")
        self._turn_to(self.pages.currentIndex() - 1)

    @property
    def _link(self) -> str:
        return "".join(self.link.toPlainText().split())

    def _look(self) -> None:
        self.ask("Asking the server who it is\u2026", partial(self._team.look_at, self._link), self._show_invitation)

    def _show_invitation(self, invitation: Invitation) -> None:
        self._invitation = invitation
        self.server.setText(shown_name(invitation.name) or shown_line(invitation.url))
        about = [f"Organisation {shown_name(invitation.org)}" if invitation.org else "", shown_line(invitation.url)]
        self.org.setText("\n".join(part for part in about if part))
        self.pin.setText(
            f"Identity  {pin_words(invitation.pin)}"
            if invitation.pin
            else "It proves itself by a public certificate of its address."
        )
        self.is_new.setEnabled(bool(invitation.code))
        (self.is_new if invitation.code else self.is_known).setChecked(True)
        self._turn_to(_ACCOUNT)

    def _send(self) -> None:
        email, name, secret = self.email.text().strip(), self.name.text().strip(), self.password.text()
        if self.is_new.isChecked():
            self.ask(
                "Making your account\u2026",
                partial(self._team.join, self._link, email, name, secret),
                self._arrived,
            )
        else:
            self.ask("Signing in\u2026", partial(self._team.sign_in, self._link, email, secret), self._arrived)

    def _arrived(self, came: SignedIn) -> None:
        if came.needs_code:
            self._ticket = came.ticket
            self.code.clear()
            self._turn_to(_CODE)
            return
        self.password.clear()
        self.again.clear()
        self.accept()
        self._joined(came)
