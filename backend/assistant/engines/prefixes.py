"""States of unchanging prompt beginnings, kept on disk so that a first token comes soon; bounded, refused where they do not fit.

A state is two files: what the engine wrote, and beside it what it belongs to, written last. Either without the other is no state.
"""

import contextlib
import hashlib
import json
import logging
from array import array
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

BYTES_MAX = 2 * 2**30
STATE, STAMP, PART = ".state", ".json", ".part"

Save = Callable[[Path], bool]
"""Writes a state to this path; whether it did."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a state is of: it fits nothing else. ``library`` is a name with its version: states are not portable across builds."""

    model: str
    template: str
    library: str


class PrefixStore:
    """The states of one model in a folder that all models share; used by one thread.

    bytes_max : of all states together; the ones not used for longest go first
    """

    def __init__(self, folder: Path, origin: Origin, *, bytes_max: int = BYTES_MAX) -> None:
        self._folder = folder
        self._origin = origin
        self._bytes_max = bytes_max

    def find(self, tokens: Sequence[int]) -> Path | None:
        """The state of exactly these tokens; what does not fit is deleted, and None."""
        path = self._path(tokens)
        stamp = _load_stamp(path)
        if stamp is None:
            return None
        try:
            is_right = stamp == self._stamp(tokens, path.stat().st_size)
        except OSError:
            is_right = False
        if not is_right:
            log.info("A kept prompt beginning does not fit any more and is left out.")
            _remove(path)
            return None
        _touch(path)
        return path

    def keep(self, tokens: Sequence[int], save: Save) -> bool:
        """Have the state written and listed, and make room; whether it is kept. A disk that takes nothing only costs time later."""
        path = self._path(tokens)
        part = path.with_suffix(PART)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            n_bytes = part.stat().st_size if save(part) else 0
            if not 0 < n_bytes <= self._bytes_max:
                part.unlink(missing_ok=True)
                return False
            self._make_room(n_bytes, path)
            part.replace(path)
            stamp = path.with_suffix(STAMP)
            stamp.with_suffix(PART).write_text(json.dumps(self._stamp(tokens, n_bytes)), encoding="utf-8")
            stamp.with_suffix(PART).replace(stamp)
        except OSError as error:
            log.info("A prompt beginning could not be kept: %s.", error.strerror or error)
            _remove(path)
            return False
        return True

    def drop(self, tokens: Sequence[int]) -> None:
        """Delete the state of these tokens: the engine could not read it."""
        _remove(self._path(tokens))

    def sweep(self) -> None:
        """Delete what is half written, without its other half, or of another build of the library."""
        for path in _files(self._folder):
            stamp = _load_stamp(path.with_suffix(STATE)) if path.suffix in {STATE, STAMP} else None
            is_whole = stamp is not None and path.with_suffix(STATE).exists()
            library = stamp.get("library") if stamp else None
            other_build = (
                isinstance(library, str) and _name(library) == _name(self._origin.library) and library != self._origin.library
            )
            if not is_whole or other_build:
                _remove(path)

    def _make_room(self, n_bytes: int, new: Path) -> None:
        states = sorted((path for path in _files(self._folder) if path.suffix == STATE and path != new), key=_used_ns)
        total = sum(_size(path) for path in states) + n_bytes
        while states and total > self._bytes_max:
            oldest = states.pop(0)
            total -= _size(oldest)
            _remove(oldest)

    def _path(self, tokens: Sequence[int]) -> Path:
        key = "|".join((self._origin.model, self._origin.template, _name(self._origin.library), _digest(tokens)))
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}{STATE}"

    def _stamp(self, tokens: Sequence[int], n_bytes: int) -> dict[str, Any]:
        return {**asdict(self._origin), "prefix": _digest(tokens), "n_tokens": len(tokens), "n_bytes": n_bytes}


def _digest(tokens: Sequence[int]) -> str:
    return hashlib.sha256(array("i", tokens).tobytes()).hexdigest()


def _name(library: str) -> str:
    return library.partition(" ")[0]


def _load_stamp(state: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(state.with_suffix(STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _files(folder: Path) -> list[Path]:
    """Files that are ours by their names; anything else in the folder is left alone."""
    return [path for suffix in (STATE, STAMP, PART) for path in folder.glob(f"*{suffix}") if len(path.stem) == 40]


def _remove(path: Path) -> None:
    for suffix in (STAMP, STATE, PART):  # the stamp first: a state without one is none
        with contextlib.suppress(OSError):
            path.with_suffix(suffix).unlink(missing_ok=True)


def _touch(path: Path) -> None:
    with contextlib.suppress(OSError):  # a folder that became read-only still serves
        path.touch()


def _used_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
