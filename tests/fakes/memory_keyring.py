"""A real keyring backend that lives in this process only: a new process, or ``lose()``, is a machine that lost it."""

from typing import Any, ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class MemoryKeyring(KeyringBackend):
    """Keeps entries in a dictionary; can be locked, can lose them, can forget what it is told."""

    priority: ClassVar[Any] = 1
    entries: ClassVar[dict[tuple[str, str], str]] = {}
    is_locked: ClassVar[bool] = False
    is_forgetful: ClassVar[bool] = False

    @classmethod
    def lose(cls) -> None:
        """Start anew: nothing kept, unlocked, of good memory."""
        cls.entries.clear()
        cls.is_locked = cls.is_forgetful = False

    def get_password(self, service: str, username: str) -> str | None:
        self._check_unlocked()
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check_unlocked()
        if not self.is_forgetful:
            self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check_unlocked()
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError(username)

    def _check_unlocked(self) -> None:
        if self.is_locked:
            raise KeyringLocked("the collection is locked")
