"""Setting, changing and asking for the passphrase that wraps the key of the ledgers."""

import concurrent.futures
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from backend.errors import InvalidInput
from backend.storage.vault import check_passphrase
from trii_desktop.widgets.layout import button, column, label, row


def secret_field(name: str) -> QLineEdit:
    """A field that shows dots."""
    made = QLineEdit()
    made.setEchoMode(QLineEdit.EchoMode.Password)
    made.setMaxLength(1024)
    made.setAccessibleName(name)
    return made


class SetPassphraseDialog(QDialog):
    """Asks twice for a new passphrase; ``accept_passphrase`` is called with it."""

    def __init__(self, parent: QWidget, accept_passphrase: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._accept_passphrase = accept_passphrase
        self.setWindowTitle("Set passphrase")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(440)
        self.first, self.second = secret_field("New passphrase"), secret_field("The same again")
        self.problem = label("", "error", wraps=True)
        self.go_on = button("Set passphrase", primary=True)
        self.go_on.setDefault(True)
        self.go_on.clicked.connect(self.accept)
        cancel = button("Cancel")
        cancel.clicked.connect(self.reject)
        for field in (self.first, self.second):
            field.textChanged.connect(self._check)
        words = "Asked for at each start. Nobody can reset it; if it is lost, only the recovery phrase opens your data."
        self.setLayout(
            column(
                label("Protect your ledgers", "title"),
                label(words, "muted", wraps=True),
                label("New passphrase"),
                self.first,
                label("The same again"),
                self.second,
                self.problem,
                row(None, cancel, self.go_on),
                margins=(24, 20, 24, 20),
                gap=8,
            )
        )
        self._check()

    def accept(self) -> None:
        """Hand the passphrase over."""
        if self.go_on.isEnabled():
            super().accept()
            self._accept_passphrase(self.first.text())

    def _check(self) -> None:
        problem = ""
        if self.first.text():
            try:
                check_passphrase(self.first.text())
            except InvalidInput as error:
                problem = error.message
            if not problem and self.second.text() and self.second.text() != self.first.text():
                problem = "The two are not the same."
        self.problem.setText(problem)
        self.go_on.setEnabled(bool(self.first.text()) and self.first.text() == self.second.text() and not problem)


class PassphrasePrompt(QObject):
    """Asks for the passphrase on the UI thread while the opening of the ledgers waits on its own thread."""

    _wanted = Signal(str, object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._wanted.connect(self._open, Qt.ConnectionType.QueuedConnection)

    def ask(self, question: str) -> str | None:
        """The passphrase, or None when the user gives none; called on a thread that may wait, never on the UI thread."""
        answer: concurrent.futures.Future[str | None] = concurrent.futures.Future()
        self._wanted.emit(question, answer)
        return answer.result()

    def _open(self, question: str, answer: "concurrent.futures.Future[str | None]") -> None:
        dialog = AskPassphraseDialog(self._window, question)
        dialog.answered.connect(answer.set_result)
        dialog.open()


class AskPassphraseDialog(QDialog):
    """Asks for the passphrase; ``answered`` carries it, or None."""

    answered = Signal(object)

    def __init__(self, parent: QWidget, question: str) -> None:
        super().__init__(parent)
        self.setWindowTitle("Passphrase")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(400)
        self.field = secret_field("Passphrase")
        self.go_on = button("Open", primary=True)
        self.go_on.setDefault(True)
        self.go_on.clicked.connect(self.accept)
        cancel = button("Cancel")
        cancel.clicked.connect(self.reject)
        self.setLayout(
            column(
                label("Your data is locked", "title"),
                label(question, "muted", wraps=True),
                self.field,
                row(None, cancel, self.go_on),
                margins=(24, 20, 24, 20),
                gap=12,
            )
        )
        self.finished.connect(self._tell)

    def _tell(self, result: int) -> None:
        is_given = result == QDialog.DialogCode.Accepted and self.field.text()
        self.answered.emit(self.field.text() if is_given else None)
