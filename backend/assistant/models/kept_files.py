"""Files that go with models: copied into a folder of ours under their hash, deleted once nothing goes with them."""

import asyncio
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from backend.errors import Unavailable


class KeptFiles:
    """One folder. What a copy that was cut short leaves goes with the next ``sweep``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def take(self, path: Path, sha256: str, what: str) -> Path:
        """Copy a file in, and say where it is now. Raises Unavailable for a disk that is full or refuses."""
        return await asyncio.to_thread(self._take, path, sha256, what)

    async def sweep(self, hashes: Iterable[str]) -> None:
        """Delete everything but the files with these hashes."""
        await asyncio.to_thread(self._sweep, {f"{sha256}.gguf" for sha256 in hashes})

    def _take(self, path: Path, sha256: str, what: str) -> Path:
        kept, part = self._folder / f"{sha256}.gguf", self._folder / f"{sha256}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not kept.is_file():
                shutil.copyfile(path, part)
                with part.open("rb+") as file:
                    os.fsync(file.fileno())
                part.replace(kept)
        except OSError as e:
            part.unlink(missing_ok=True)
            words = f"The {what} cannot be copied: {e.strerror or e}."
            raise Unavailable(words, hint="Free some space on the disk.", code="models.disk") from e
        return kept

    def _sweep(self, names: set[str]) -> None:
        for path in self._folder.glob("*"):
            if path.name not in names:
                path.unlink(missing_ok=True)
