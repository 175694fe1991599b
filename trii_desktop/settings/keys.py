"""Everything around the key of the ledgers: showing its phrase, remembering that it was written down, setting a passphrase."""

import asyncio

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from backend.events import Level
from backend.storage.paths import Home
from backend.storage.secrets import MasterKey, OpenedKey, open_key, set_passphrase
from trii_desktop.desk import Desk
from trii_desktop.settings.passphrase import PassphrasePrompt, SetPassphraseDialog
from trii_desktop.settings.recovery import RecoveryDialog


class KeyDialogs(QObject):
    """Opens the dialogs about the key. ``confirmed`` comes when the phrase was written down; ``custody_changed`` after a move."""

    confirmed = Signal()
    custody_changed = Signal(object)

    def __init__(self, window: QWidget, desk: Desk) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._prompt = PassphrasePrompt(window)
        self.dialog: RecoveryDialog | None = None

    async def show_phrase(self) -> None:
        """Show the words; where a passphrase wraps the key, it is asked for first."""
        opened = await asyncio.to_thread(open_key, self._desk.backend.home, ask=self._prompt.ask)
        self.dialog = RecoveryDialog(self._window, opened.key.phrase)
        self.dialog.confirmed.connect(self._remember)
        self.dialog.destroyed.connect(self._forget)
        self.dialog.open()

    def ask_new_passphrase(self) -> None:
        """Ask for a passphrase and wrap the key under it."""
        SetPassphraseDialog(self._window, self._set_passphrase).open()

    def _set_passphrase(self, passphrase: str) -> None:
        self._desk.start("Setting the passphrase", self._set_passphrase_now(passphrase))

    async def _set_passphrase_now(self, passphrase: str) -> None:
        opened = await asyncio.to_thread(_wrap, self._desk.backend.home, passphrase, self._prompt)
        self.custody_changed.emit(opened.custody)
        self._desk.notices.say("The passphrase is set.", "It is asked for at the next start.", level=Level.SUCCESS)

    def _remember(self) -> None:
        self._desk.start("Remembering that the phrase is written down", self._remember_now())

    async def _remember_now(self) -> None:
        await self._desk.bridge.call(self._desk.backend.settings.change("workspace", phrase_noted=True))
        self.confirmed.emit()

    def _forget(self) -> None:
        self.dialog = None


def _wrap(home: Home, passphrase: str, prompt: PassphrasePrompt) -> OpenedKey:
    key: MasterKey = open_key(home, ask=prompt.ask).key
    return set_passphrase(home, key, passphrase)


def is_phrase_noted(desk: Desk) -> bool:
    """Whether the phrase was written down and checked."""
    return desk.backend.settings.current.workspace.phrase_noted
