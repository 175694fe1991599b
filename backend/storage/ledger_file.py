"""Open a ledger's file: tell a wrong key from a damaged file, set damage aside, migrate."""

import hmac
import json
import logging
import threading
from pathlib import Path

from backend.errors import CorruptData, InvalidInput, TriiError, Unavailable
from backend.storage.connection import Connection, DatabaseError, connect, is_damage, translate
from backend.storage.durable import explain_os_error, remove_durably, write_durably
from backend.storage.integrity import find_problems
from backend.storage.key_derivation import derive
from backend.storage.migrations import Migration, migrate
from backend.storage.quarantine import set_aside
from backend.storage.snapshot import save_before_migration

_log = logging.getLogger(__name__)

_CHECK_VERSION = 1


class LedgerFile:
    """One SQLCipher file, what lies beside it, and how to open it.

    Beside ``money.db`` lie ``money.check``, by which the right key is recognised without the file, and, after damage
    was met, ``money.suspect``, which makes the next start look at every page first.
    """

    def __init__(self, path: Path, key: bytes, migrations: tuple[Migration, ...], *, backups: Path, quarantine: Path) -> None:
        self.path = path
        self._key = key
        self._migrations = migrations
        self._backups = backups
        self._quarantine = quarantine
        self._guard = threading.Lock()
        self._is_suspect = False
        self.notices: list[TriiError] = []

    @property
    def check_path(self) -> Path:
        """Where the key's check value lies, in the open."""
        return self.path.with_suffix(".check")

    @property
    def suspect_path(self) -> Path:
        """Present after damage was met."""
        return self.path.with_suffix(".suspect")

    def open_for_writing(self) -> Connection:
        """Open, create, repair by setting aside, and migrate. Raises InvalidInput, Unavailable, CorruptData."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise explain_os_error(error, "make the folder of a ledger", self.path.parent) from error
        known = recognise_key(self.check_path, self._key)
        if self._is_empty():
            self._start_fresh()
            return self._open()
        try:
            self._examine()
            connection = self._open()
        except CorruptData as error:
            if error.code == "ledger.migration":
                raise
            if known is not True:
                raise self._wrong_key() from error
            self._set_aside(error)
            self._start_fresh()
            return self._open()
        if known is not True:
            self._write_check()
        if self.suspect_path.exists():
            remove_durably(self.suspect_path)
        return connection

    def open_for_reading(self) -> Connection:
        """Open a second connection, which sees committed writes only."""
        return connect(self.path, self._key, read_only=True)

    def reconnect(self, connection: Connection, *, read_only: bool) -> Connection:
        """Replace a connection that met damage; the other pages can still be read and written."""
        try:
            fresh = connect(self.path, self._key, read_only=read_only)
        except TriiError as error:  # the first page is gone: the old connection keeps saying so to every caller
            _log.warning("could not open %s again: %s", self.path, error)
            return connection
        connection.close()
        return fresh

    def mark_suspect(self, reason: str) -> bool:
        """Ask the next start to look at every page; returns whether this is the first mark."""
        with self._guard:
            if self._is_suspect:
                return False
            self._is_suspect = True
        try:
            write_durably(self.suspect_path, reason.encode())
        except TriiError as error:  # a full disk: the damage will be met again
            _log.warning("could not mark %s as damaged: %s", self.path, error)
        return True

    def find_problems(self) -> tuple[str, ...]:
        """Look at every page through a connection of its own: one that meets damage is of no use afterwards."""
        connection = self.open_for_reading()
        try:
            return find_problems(connection)
        except DatabaseError as error:
            raise translate(error, self.path) from error
        finally:
            connection.close()

    def _examine(self) -> None:
        """Read the first page, and all others where damage is suspected, before anything can change the file."""
        if not can_read(self.path, self._key):
            raise CorruptData(f"{self.path} cannot be read with its key.", code="ledger.damaged")
        problems = self.find_problems() if self.suspect_path.exists() else ()
        if problems:
            raise CorruptData(f"{self.path} is damaged ({'; '.join(problems[:3])}).", code="ledger.damaged")

    def _open(self) -> Connection:
        connection = connect(self.path, self._key)
        try:
            self._use_wal(connection)
            migrate(connection, self._migrations, self.path.name, before=lambda step: self._copy(connection, step))
        except DatabaseError as error:
            connection.close()
            raise translate(error, self.path) from error
        except TriiError:
            connection.close()
            raise
        return connection

    def _use_wal(self, connection: Connection) -> None:
        row = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if row is None or row[0] != "wal":
            raise Unavailable(
                f"{self.path} cannot keep a write-ahead log here; the file system lacks shared memory.",
                hint="Choose a home on a local disk with --home DIR.",
                code="ledger.no_wal",
            )
        connection.execute("PRAGMA journal_size_limit = 67108864")

    def _copy(self, connection: Connection, step: Migration) -> None:
        copy = save_before_migration(connection, self.path, self._backups, step.name)
        _log.info("copied %s to %s before %s", self.path.name, copy, step.name)

    def _is_empty(self) -> bool:
        return not self.path.exists() or self.path.stat().st_size == 0

    def _start_fresh(self) -> None:
        """Prepare for a new file. The check comes first: a ledger without one could not tell a wrong key."""
        leftovers = [path for path in self._log_files() if path.exists()]
        if leftovers:
            set_aside(leftovers, self._quarantine, "A log without its ledger.")
        self._write_check()
        self.path.touch(mode=0o600)

    def _write_check(self) -> None:
        write_durably(self.check_path, write_key_check(self._key))

    def _log_files(self) -> list[Path]:
        return [self.path.with_name(f"{self.path.name}{suffix}") for suffix in ("-wal", "-shm", "-journal")]

    def _set_aside(self, error: CorruptData) -> None:
        place = set_aside([self.path, *self._log_files(), self.suspect_path], self._quarantine, error.message)
        self.notices.append(
            CorruptData(
                f"{self.path} could not be read and was set aside as {place}; a new, empty ledger took its place. {error.message}",
                hint="Restore the latest backup with `trii restore`; the damaged file is kept.",
                code="ledger.set_aside",
                quarantined=place,
            )
        )
        _log.error("set damaged ledger aside as %s: %s", place, error.message)

    def _wrong_key(self) -> InvalidInput:
        return InvalidInput(
            f"{self.path} was written with another key than the one found for this home; nothing was changed.",
            hint="Run `trii recovery restore` and enter the recovery phrase of this home.",
            code="ledger.wrong_key",
        )


def write_key_check(key: bytes) -> bytes:
    """Make the content of a check file: enough to recognise the key, useless to find it."""
    return json.dumps({"version": _CHECK_VERSION, "check": derive(key, "check", 16).hex()}).encode()


def recognise_key(check_path: Path, key: bytes) -> bool | None:
    """Whether ``key`` is the one a check file was made with; None without a readable check file."""
    try:
        document = json.loads(check_path.read_bytes())
        expected = bytes.fromhex(document["check"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return hmac.compare_digest(expected, derive(key, "check", 16))


def opens_ledger(path: Path, key: bytes) -> bool:
    """Whether ``key`` is the key of the ledger at ``path``; True where there is no ledger. Raises Unavailable."""
    if not path.exists() or path.stat().st_size == 0:
        return True
    known = recognise_key(path.with_suffix(".check"), key)
    return known if known is not None else can_read(path, key)


def can_read(path: Path, key: bytes) -> bool:
    """Whether the file's first page can be read with ``key``. Raises Unavailable."""
    try:
        connection = connect(path, key, read_only=True)
    except CorruptData:
        return False
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except DatabaseError as error:
        if is_damage(error):
            return False
        raise translate(error, path) from error
    finally:
        connection.close()
    return True
