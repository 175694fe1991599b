"""The SHA-256 of a model's file, computed once for as long as the file stays the same."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from backend.errors import NotFound, Unavailable

BLOCK_BYTES = 4 * 2**20
KEPT = "fingerprints.json"
KEPT_MAX = 200


def compute_fingerprint(path: Path, folder: Path, is_wanted: Callable[[], bool]) -> str:
    """SHA-256 of the file in hex, taken from ``folder`` where size and time of change are those of before.

    is_wanted : asked a few hundred times for a large file
    Raises NotFound where the file cannot be read, Unavailable once it is not wanted any more.
    """
    try:
        state = path.stat()
        key = f"{path.resolve()}|{state.st_size}|{state.st_mtime_ns}"
        known = _load(folder)
        if key not in known:
            known[key] = _hash(path, is_wanted)
            _save(folder, known)
    except OSError as error:
        raise NotFound(f"{path.name} cannot be read: {error.strerror or error}.", code="engine.no_file") from error
    return known[key]


def compute_fingerprints(path: Path, additions: Sequence[Path], folder: Path, is_wanted: Callable[[], bool]) -> str:
    """That of a model, or with additions the SHA-256 of all: a state or an answer of one is none of another."""
    hashes = [compute_fingerprint(one, folder, is_wanted) for one in (path, *additions)]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("+".join(hashes).encode()).hexdigest()


def _hash(path: Path, is_wanted: Callable[[], bool]) -> str:
    found = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(BLOCK_BYTES):
            found.update(block)
            if not is_wanted():
                raise Unavailable("The loading was stopped.", code="engine.cancelled")
    return found.hexdigest()


def _load(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / KEPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _save(folder: Path, known: dict[str, str]) -> None:
    """Keep the newest; a disk that takes nothing only means computing it again."""
    newest = dict(list(known.items())[-KEPT_MAX:])
    part = folder / f"{KEPT}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(newest), encoding="utf-8")
        part.replace(folder / KEPT)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
