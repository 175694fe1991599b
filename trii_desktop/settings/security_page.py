"""The page about the key of the ledgers: who keeps it, the recovery phrase, the passphrase."""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from backend.storage.secrets import Custody
from trii_desktop.desk import Desk
from trii_desktop.widgets.layout import button, column, label, line, row

CUSTODY_WORDS: Final = {
    Custody.KEYRING: "The key is kept by your system's keyring.",
    Custody.PASSPHRASE: "The key is wrapped under your passphrase.",
    Custody.DEVICE_FILE: "The key lies unprotected in a file of this computer. Set a passphrase to protect it.",
}
_SAID: Final = "security key keyring recovery phrase 24 words passphrase password vault"


class SecurityPage(QWidget):
    """Who keeps the key, the recovery phrase and the passphrase."""

    wants_recovery = Signal()
    wants_passphrase = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.title = "Security"
        self._words = label("", wraps=True)
        phrase, passphrase = button("Show the recovery phrase…"), button("Set passphrase…")
        phrase.clicked.connect(self.wants_recovery)
        passphrase.clicked.connect(self.wants_passphrase)
        rows = column(
            label(self.title, "title"),
            self._words,
            line(),
            label("Recovery phrase"),
            row(phrase, None),
            label("24 words that open your ledgers on any computer when keyring and passphrase are lost.", "caption", wraps=True),
            line(),
            label("Passphrase"),
            row(passphrase, None),
            label(
                "Asked for at each start. It wraps the key in a vault; nobody can reset it, only the phrase helps.",
                "caption",
                wraps=True,
            ),
            None,
            margins=(24, 20, 24, 20),
            gap=12,
        )
        self.setLayout(rows)
        self.show_custody(desk.backend.custody)

    def show_custody(self, custody: Custody) -> None:
        """Say who keeps the key."""
        self._words.setText(CUSTODY_WORDS[custody])

    def filter(self, words: tuple[str, ...]) -> bool:
        """Whether the page is about all of ``words``."""
        return all(word in _SAID for word in words)
