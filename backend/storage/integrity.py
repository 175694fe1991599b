"""Look at every page of a ledger, in the background after start, or at once after damage was met."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from backend.errors import CorruptData, TriiError
from backend.storage.connection import Connection, DatabaseError, is_damage

START_DELAY_S = 2.0
_PROBLEMS_MAX = 20

_log = logging.getLogger(__name__)


class Checked(Protocol):
    """A file that can be opened a second time."""

    path: Path

    def open_for_reading(self) -> Connection:
        """Open a connection for the calling thread."""
        ...


def find_problems(connection: Connection) -> tuple[str, ...]:
    """Check every page's signature and every table's structure; empty when all is well.

    The signatures are read past the page cache, so no other connection may be writing. Raises what the driver raises
    when the disk fails.
    """
    try:
        signatures = connection.execute("PRAGMA cipher_integrity_check").fetchmany(_PROBLEMS_MAX)
        return tuple(text for (text,) in signatures) or _find_structure_problems(connection)
    except DatabaseError as error:
        if is_damage(error):
            return (str(error),)
        raise


def _find_structure_problems(connection: Connection) -> tuple[str, ...]:
    rows = connection.execute("PRAGMA quick_check(20)").fetchall()
    return tuple(text for (text,) in rows if text != "ok")


class IntegrityCheck:
    """Reads the whole ledger once, some time after start, on a thread and connection of its own."""

    def __init__(self, file: Checked, on_damage: Callable[[TriiError], None], *, delay_s: float = START_DELAY_S) -> None:
        self._file = file
        self._on_damage = on_damage
        self._delay_s = delay_s
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name=f"{file.path.stem}-check", daemon=True)

    def start(self) -> None:
        """Start waiting, then checking."""
        self._thread.start()

    def stop(self) -> None:
        """Give up if it is still waiting or reading, and wait for the thread to end."""
        self._stop.set()
        with self._guard:
            if self._connection is not None:
                self._connection.interrupt()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        # The first chart comes first: the check reads the whole file.
        if self._stop.wait(self._delay_s):
            return
        try:
            problems = self._read_all()
        except CorruptData as error:
            problems = (error.message,)
        except (TriiError, DatabaseError) as error:
            if not self._stop.is_set():
                _log.warning("could not check %s: %s", self._file.path, error)
            return
        if problems:
            self._on_damage(describe_damage(self._file.path, problems))

    def _read_all(self) -> tuple[str, ...]:
        connection = self._file.open_for_reading()
        with self._guard:
            self._connection = connection
        try:
            # Through the page cache, on one snapshot: true while others write, and each page's signature is checked as it
            # is read. Free pages, which hold nothing, are passed over.
            return () if self._stop.is_set() else _find_structure_problems(connection)
        except DatabaseError as error:
            if is_damage(error):
                return (str(error),)
            raise
        finally:
            with self._guard:
                self._connection = None
            connection.close()


def describe_damage(path: Path, problems: tuple[str, ...]) -> CorruptData:
    """Say what was found and what will happen to the file."""
    return CorruptData(
        f"{path} is damaged ({'; '.join(problems[:3])}).",
        hint="Make a backup of what can still be read, then close and open the app: it sets the file aside.",
        code="ledger.damaged",
    )
