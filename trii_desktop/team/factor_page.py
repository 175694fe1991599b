"""The second factor of an account: set up with an authenticator, kept safe by recovery codes, and given up again."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget

from backend.sync.server import Enrolment
from trii_desktop.team.asking import AskingDialog, field_of, form_of
from trii_desktop.team.qr_picture import qr_picture
from trii_desktop.team.surface import TeamSurface
from trii_desktop.widgets.layout import button, column, frame, holding, label, row

_START = (
    "With a second factor, your password alone lets nobody in: "
    "signing in also takes six digits from an authenticator on your phone."
)
_SCAN = "Scan the picture with your authenticator, or type the secret. Then type the six digits that it shows."
_CODES = "Each of these codes replaces the phone once. Keep them on paper; they are shown only now."


class FactorPage(QWidget):
    """Lives in the dialog of an account, whose way of asking it uses."""

    def __init__(self, dialog: AskingDialog, team: TeamSurface, server: str) -> None:
        super().__init__()
        self._dialog = dialog
        self._team = team
        self._server = server
        self.password = field_of("Password", is_secret=True)
        self.begin, self.remove = button("Set up\u2026", primary=True), button("Give it up")
        self.old_code = field_of("Code of the second factor", hint="Only to give it up")
        self.picture = QLabel()
        self.picture.setAccessibleName("QR code for the authenticator")
        self.secret, self.codes = label(""), label("")
        for words in (self.secret, self.codes):
            words.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        self.secret.setAccessibleName("Secret")
        self.codes.setAccessibleName("Recovery codes")
        self.code = field_of("Six digits", hint="123456")
        self.confirm, self.copy_codes = button("Confirm", primary=True), button("Copy the codes", quiet=True)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._start_page())
        self.pages.addWidget(self._scan_page())
        self.setLayout(column(self.pages, margins=(0, 12, 0, 0)))
        self.begin.clicked.connect(self._begin)
        self.remove.clicked.connect(self._remove)
        self.confirm.clicked.connect(self._confirm)
        self.copy_codes.clicked.connect(self._copy)
        for field in (self.password, self.old_code, self.code):
            field.textChanged.connect(self.allow)
        self.allow()

    def allow(self) -> None:
        """Enable what can be pressed now."""
        is_free, has_password = not self._dialog.is_asking, bool(self.password.text())
        self.begin.setEnabled(is_free and has_password)
        self.remove.setEnabled(is_free and has_password and bool(self.old_code.text().strip()))
        self.confirm.setEnabled(is_free and bool(self.code.text().strip()))

    def _start_page(self) -> QWidget:
        form = form_of(("Password", self.password), ("Code", self.old_code))
        return holding(column(label(_START, "muted", wraps=True), form, row(None, self.remove, self.begin), None, gap=12))

    def _scan_page(self) -> QWidget:
        card = frame("card", column(self.codes, row(self.copy_codes, None), margins=(12, 8, 8, 6), gap=4))
        words = column(label(_SCAN, "muted", wraps=True), self.secret, label(_CODES, "muted", wraps=True), card, None, gap=8)
        sides = row(self.picture, words, gap=16)
        sides.setAlignment(self.picture, Qt.AlignmentFlag.AlignTop)
        sides.setStretch(1, 1)
        return holding(column(sides, row(label("Code"), self.code, self.confirm), gap=12))

    def _begin(self) -> None:
        self._dialog.ask("Asking for a secret\u2026", partial(self._team.enrol, self._server, self.password.text()), self._show)

    def _show(self, made: Enrolment) -> None:
        self.password.clear()
        self.picture.setPixmap(QPixmap.fromImage(qr_picture(made.uri)))
        self.secret.setText(" ".join(made.secret[start : start + 4] for start in range(0, len(made.secret), 4)))
        half = (len(made.recovery_codes) + 1) // 2
        first, second = made.recovery_codes[:half], (*made.recovery_codes[half:], "")
        self.codes.setText("\n".join(f"{one}     {other}" for one, other in zip(first, second, strict=False)))
        self.pages.setCurrentIndex(1)
        self.code.setFocus()

    def _confirm(self) -> None:
        call = partial(self._team.confirm_enrolment, self._server, self.code.text().strip())
        self._dialog.ask("Confirming\u2026", call, self._confirmed)

    def _confirmed(self, _nothing: object) -> None:
        self._forget()
        self._dialog.say("The second factor is on. You are asked for it when you sign in.")

    def _remove(self) -> None:
        call = partial(self._team.remove_factor, self._server, self.password.text(), self.old_code.text().strip())
        self._dialog.ask("Giving up the second factor\u2026", call, self._removed)

    def _removed(self, _nothing: object) -> None:
        self._forget()
        self._dialog.say("There is no second factor any more.")

    def _forget(self) -> None:
        for field in (self.password, self.old_code, self.code):
            field.clear()
        self.secret.clear()
        self.codes.clear()
        self.picture.clear()
        self.pages.setCurrentIndex(0)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(self.codes.text().split()))
        self._dialog.say("The codes were copied. Paste them where only you can read them.")
