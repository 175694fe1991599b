"""Entries in the system's keyring, and why they may not be there."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from backend.errors import Unavailable

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "TRII Desktop"
KEYRING_VARIABLE = "TRII_KEYRING"
# Backends that keep nothing, or keep it in the open: a device key file at least says what it is.
_UNFIT_MODULES = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")


def load_entry(name: str) -> str | None:
    """Return an entry's text, or None where there is no keyring or no such entry. Raises Unavailable when locked."""
    found = _find_keyring()
    return None if found is None else _ask("read", lambda: found.get_password(SERVICE, name))


def store_entry(name: str, text: str) -> bool:
    """Store an entry and read it back; returns False where there is no keyring that keeps it."""
    found = _find_keyring()
    if found is None:
        return False
    try:
        _ask("written", lambda: found.set_password(SERVICE, name, text))
        return _ask("read", lambda: found.get_password(SERVICE, name)) == text
    except Unavailable:
        return False


def remove_entry(name: str) -> None:
    """Delete an entry if it is there. Raises Unavailable when the keyring is locked."""
    found = _find_keyring()
    if found is not None and _ask("read", lambda: found.get_password(SERVICE, name)) is not None:
        _ask("written", lambda: found.delete_password(SERVICE, name))


def _find_keyring() -> "KeyringBackend | None":
    if os.environ.get(KEYRING_VARIABLE, "").lower() == "off":
        return None
    import keyring  # noqa: PLC0415  # 0.1 s, and not needed where it is turned off

    found = _ask("found", keyring.get_keyring)
    return None if type(found).__module__.startswith(_UNFIT_MODULES) else found


def _ask(verb: str, call: Callable[[], T]) -> T:
    try:
        return call()
    except Exception as error:  # each backend raises its platform's own errors, of no common family
        raise Unavailable(
            f"The system's keyring could not be {verb}: {type(error).__name__} {error}.",
            hint="Unlock it and start again, or run `trii recovery restore` with the recovery phrase.",
            code="keyring.refused",
        ) from error
