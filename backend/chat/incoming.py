"""Files on their way from servers: what has come lies encrypted until the whole is there, so that a break costs nothing."""

import contextlib
import hmac
from collections.abc import Collection
from pathlib import Path
from typing import Final

from backend.storage.growing import GrowingFile
from backend.storage.key_derivation import derive

KEPT_S: Final = 7 * 86_400


class Incoming:
    """The folder of parts; a part's name is a keyed hash of what it will be, and tells nothing. Blocking."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key
        self._naming = derive(key, "growing/name")

    def part(self, sha256: str) -> GrowingFile:
        """What has come of a content, opened. Raises Unavailable."""
        part = GrowingFile(self._folder / self._name(sha256), self._key, sha256)
        part.open()
        return part

    def sweep(self, named: Collection[str], now_s: float) -> int:
        """Remove parts of what no message names any more, and those that nobody went on with for a week; how many."""
        kept = {self._name(sha256) for sha256 in named}
        n = 0
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            with contextlib.suppress(OSError):  # gone meanwhile, or held open: the next time
                if path.name not in kept or path.stat().st_mtime < now_s - KEPT_S:
                    path.unlink()
                    n += 1
        return n

    def _name(self, sha256: str) -> str:
        return hmac.digest(self._naming, sha256.encode(), "sha256").hex() + ".part"
