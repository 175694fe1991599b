"""One process owns a home: an operating-system lock for the process's life, and a note where to reach it."""

import contextlib
import dataclasses
import json
import os
import secrets
import sys
import weakref
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from backend.errors import Unavailable
from backend.storage.paths import Home

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_NAME: Final = "lock"
NOTE_NAME: Final = "owner.json"
TOKEN_BYTES: Final = 32
_NOTE_BYTES_MAX: Final = 16_384


@dataclass(frozen=True, slots=True)
class OwnerNote:
    """Who owns a home and where it listens; lies in ``run/owner.json``, readable by this user only.

    role : "window", "headless", or the command that runs ("import")
    port : on 127.0.0.1; 0 while the owner is still opening its stores
    token : 64 hex digits, new for each owner
    """

    pid: int
    role: str
    version: str
    token: str = dataclasses.field(repr=False)
    port: int = 0


class Ownership:
    """The right to open the stores of one home, held until ``close`` or until the process ends in any way."""

    def __init__(self, home: Home, lock: int, note: OwnerNote, *, was_left: bool) -> None:
        self.home = home
        self.was_left = was_left  # the owner before ended without closing
        self._lock = lock
        self._note = note

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def note(self) -> OwnerNote:
        """What others can read about this process."""
        return self._note

    @property
    def token(self) -> bytes:
        """The secret that authenticates callers and the owner to each other."""
        return bytes.fromhex(self._note.token)

    def announce(self, port: int) -> None:
        """Say where commands are taken from now on; 0 takes the address back."""
        self._note = dataclasses.replace(self._note, port=port)
        _write_note(self.home, self._note)

    def close(self) -> None:
        """Give the home up; closing twice does nothing."""
        if self._lock < 0:
            return
        (self.home.run / NOTE_NAME).unlink(missing_ok=True)
        self._drop_lock()

    def _drop_lock(self) -> None:
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)


# A forked child shares the lock's open file: it lets go at once, else the home would stay owned after its owner died.
_held: "weakref.WeakSet[Ownership]" = weakref.WeakSet()


def _drop_all_locks() -> None:
    for ownership in list(_held):
        ownership._drop_lock()  # noqa: SLF001 - the module's own class, after a fork


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_all_locks)


def claim(home: Home, *, role: str, version: str) -> Ownership | None:
    """Become the owner of ``home``, or None when a living process owns it; of simultaneous callers exactly one wins.

    Raises Unavailable where the home cannot be written.
    """
    try:
        home.make()
        lock = _try_lock(home.run / LOCK_NAME)
        if lock is None:
            return None
        was_left = (home.run / NOTE_NAME).exists()
        note = OwnerNote(os.getpid(), role, version, secrets.token_hex(TOKEN_BYTES))
        ownership = Ownership(home, lock, note, was_left=was_left)
        _held.add(ownership)
        ownership.announce(0)
    except OSError as e:
        raise Unavailable(
            f"The home {home.root} cannot be used: {e.strerror or e}.",
            hint="Choose another folder with --home DIR or TRII_HOME, or make this one writable.",
            code="home.unwritable",
        ) from e
    return ownership


def read_owner(home: Home) -> OwnerNote | None:
    """The note in ``home``, or None where there is none that can be read; its process may be gone already."""
    try:
        with (home.run / NOTE_NAME).open("rb") as file:
            said = json.loads(file.read(_NOTE_BYTES_MAX))
    except (OSError, ValueError, RecursionError):
        return None
    return OwnerNote(**said) if _is_note(said) else None


def is_owned(home: Home) -> bool:
    """Whether a living process owns ``home`` at this moment; creates nothing."""
    path = home.run / LOCK_NAME
    if not path.exists():
        return False
    try:
        lock = _try_lock(path)
    except OSError:
        return False
    if lock is None:
        return True
    os.close(lock)
    return False


def _is_note(said: object) -> bool:
    """Whether ``said`` holds the fields of a note, each of its type."""
    types = {"pid": int, "role": str, "version": str, "token": str, "port": int}
    if not isinstance(said, dict) or said.keys() != types.keys() or any(type(said[k]) is not t for k, t in types.items()):
        return False
    is_token = len(said["token"]) == 2 * TOKEN_BYTES and all(c in "0123456789abcdef" for c in said["token"])
    return is_token and 0 <= said["port"] <= 0xFFFF


def _try_lock(path: Path) -> int | None:
    """An open, locked file that no child process inherits, or None when another process holds the lock."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        os.close(lock)
        return None
    except OSError:
        os.close(lock)
        raise
    return lock


def _write_note(home: Home, note: OwnerNote) -> None:
    """Replace the note in one step; at no moment can others read it."""
    path = home.run / NOTE_NAME
    part = path.with_suffix(".part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="ascii") as out:
        json.dump(dataclasses.asdict(note), out)
    part.replace(path)
