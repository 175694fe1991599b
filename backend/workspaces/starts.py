"""Whether earlier starts came through: a note that stands while a start is under way, and counts those that never ended."""

import json
from typing import Final

from backend.errors import Unavailable
from backend.storage.durable import remove_durably, write_durably
from backend.storage.paths import Home

CRASHES_MAX: Final = 2
_NAME: Final = "starts.json"


class StartNote:
    """Belongs to the process that owns the home."""

    def __init__(self, home: Home) -> None:
        self._path = home.run / _NAME

    def begin(self) -> int:
        """Note that a start is under way; how many starts before it, one after the other, did not come through."""
        n_crashed = self._read()
        self._write(n_crashed + 1)
        return n_crashed

    def settle(self) -> None:
        """Say that this start came through."""
        try:
            remove_durably(self._path)
        except Unavailable:
            self._write(0)

    def _read(self) -> int:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))["n_open"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return 0
        return found if isinstance(found, int) and 0 <= found < 1_000 else 0

    def _write(self, n_open: int) -> None:
        write_durably(self._path, json.dumps({"n_open": n_open}).encode())
