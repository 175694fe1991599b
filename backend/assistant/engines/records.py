"""What engines remember from one start to the next: how long models took to load, and that a model ended this program."""

import contextlib
import logging
from pathlib import Path
from typing import Final

import msgspec

from backend.storage.durable import write_durably

log = logging.getLogger(__name__)

_TIMES: Final = "load-times.json"
_AT_WORK: Final = "at-work"
_CRASHED: Final = "crashed-at"
_N_TIMES_MAX: Final = 200
_KEPT_NS: Final = 30 * 86_400 * 1_000_000_000
_DISK_BYTES_PER_S: Final = 400e6  # a guess for a model that was never loaded here


class LoadTimes:
    """Seconds that each model took, by its hash and place; blocking, a small file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _TIMES
        self._times: dict[str, float] | None = None

    def estimate_s(self, sha256: str, place: str, n_bytes: int) -> float:
        """How long loading will take: as last time, else by its size."""
        return self._known().get(f"{sha256[:16]}/{place}") or 0.5 + n_bytes / _DISK_BYTES_PER_S

    def keep(self, sha256: str, place: str, load_s: float) -> None:
        """Remember how long it took."""
        times = self._known()
        times.pop(f"{sha256[:16]}/{place}", None)
        times[f"{sha256[:16]}/{place}"] = round(load_s, 3)
        while len(times) > _N_TIMES_MAX:
            del times[next(iter(times))]
        with contextlib.suppress(OSError):  # an estimate the next time, no more
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, msgspec.json.encode(times))

    def _known(self) -> dict[str, float]:
        if self._times is None:
            try:
                self._times = msgspec.json.decode(self._path.read_bytes(), type=dict[str, float])
            except (OSError, msgspec.DecodeError, UnicodeDecodeError):
                self._times = {}
        return self._times


class CrashMark:
    """A file that stands while a model works in this process: found at the next start, a model has ended the program.

    What was found is kept for thirty days, in which models run in a process of their own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, now_ns: int) -> tuple[bool, bool]:
        """Whether models must be kept apart, and whether that is news of this start."""
        crashed = self._folder / _CRASHED
        try:
            (self._folder / _AT_WORK).unlink()
        except FileNotFoundError:
            pass
        except OSError as e:
            log.info("The mark of a model at work cannot be taken away: %s", e)
        else:
            write_durably(crashed, str(now_ns).encode())
            return True, True
        try:
            return 0 <= now_ns - int(crashed.read_bytes()) < _KEPT_NS, False
        except (OSError, ValueError):
            return False, False

    def set(self) -> None:
        """A model works in this process now."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / _AT_WORK).touch()

    def clear(self) -> None:
        """It rests, and nothing happened."""
        with contextlib.suppress(OSError):
            (self._folder / _AT_WORK).unlink(missing_ok=True)
