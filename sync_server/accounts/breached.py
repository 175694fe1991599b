"""Passwords that became known in breaches, looked up in a file on this machine: nothing about a password leaves it.

The file is the "ordered by hash" form of the Pwned Passwords list, or any part of it: one line a password, SHA-1 in hexadecimal in
capitals, then anything behind a colon, lines sorted.
"""

import hashlib
from pathlib import Path
from typing import BinaryIO, Final

_HASH_LETTERS: Final = 40
_LINE_MAX: Final = 128


class BreachedPasswords:
    """Finds a password in the file by halving it: some thirty reads for the whole list, however large it is."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def holds(self, password: str) -> bool:
        """Whether the password is in the file. Raises OSError where the file cannot be read."""
        wanted = hashlib.sha1(password.encode("utf-8"), usedforsecurity=False).hexdigest().upper().encode("ascii")
        with self._path.open("rb") as file:
            low, high = 0, self._path.stat().st_size  # the line begins in [low, high) if it is there
            while low < high:
                start, line = _line_from(file, (low + high) // 2)
                if not line or start >= high:
                    high = (low + high) // 2
                elif (found := line[:_HASH_LETTERS].upper()) == wanted:
                    return True
                elif found < wanted:
                    low = start + len(line)
                else:
                    high = (low + high) // 2
        return False


def _line_from(file: BinaryIO, place: int) -> tuple[int, bytes]:
    """The first line that begins at ``place`` or behind it, and where it begins; empty behind the last."""
    if place == 0:
        file.seek(0)
        return 0, file.readline(_LINE_MAX)
    file.seek(place - 1)
    skipped = file.readline(_LINE_MAX)
    return place - 1 + len(skipped), file.readline(_LINE_MAX)
