"""Open SQLCipher connections, and say in our words what they refuse."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, LiteralString, Protocol, cast

from sqlcipher3 import dbapi2

from backend.errors import Conflict, CorruptData, InvalidInput, TriiError, Unavailable

DatabaseError = dbapi2.Error  # what a connection raises before it is translated

BUSY_TIMEOUT_S = 5.0
_KEY_BYTES = 32

# Primary SQLite result codes, https://www.sqlite.org/rescode.html
_READONLY, _BUSY, _LOCKED, _NOMEM, _INTERRUPT, _IOERR, _CORRUPT, _FULL, _CANTOPEN = 8, 5, 6, 7, 9, 10, 11, 13, 14
_TOOBIG, _CONSTRAINT, _MISMATCH, _NOTADB = 18, 19, 20, 26


class Cursor(Protocol):
    """The rows of one statement."""

    @property
    def rowcount(self) -> int:
        """Rows changed by the statement, or -1."""
        ...

    @property
    def lastrowid(self) -> int | None:
        """Row id of the last inserted row."""
        ...

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, or None."""
        ...

    def fetchmany(self, size: int = ...) -> list[tuple[Any, ...]]:
        """Return up to ``size`` rows."""
        ...

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all remaining rows."""
        ...

    def __iter__(self) -> Iterator[tuple[Any, ...]]: ...


Parameters = Sequence[Any] | dict[str, Any]


class Connection(Protocol):
    """What the work given to a ledger may use: constant statements with parameters, rows as tuples."""

    def execute(self, sql: LiteralString, parameters: Parameters = ..., /) -> Cursor:
        """Run one statement."""
        ...

    def executemany(self, sql: LiteralString, parameters: Iterable[Parameters], /) -> Cursor:
        """Run one statement for each row of parameters."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        ...

    def interrupt(self) -> None:
        """Stop the running statement; callable from any thread."""
        ...

    def close(self) -> None:
        """Close; an open transaction is rolled back."""
        ...


def connect(path: Path, key: bytes, *, read_only: bool = False) -> Connection:
    """Open a SQLCipher file with a raw 32-byte key, for use by the calling thread only.

    A missing file is created unless ``read_only``. Raises Unavailable when the file cannot be opened, CorruptData when
    its first page does not fit the key.
    """
    if len(key) != _KEY_BYTES:
        raise InvalidInput(f"A ledger key must have {_KEY_BYTES} bytes, not {len(key)}.", code="ledger.key_size")
    # A question mark or a number sign in a folder's name would end the path of a file URI.
    target = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    try:
        connection = dbapi2.connect(target, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    except dbapi2.Error as error:
        raise translate(error, path) from error
    try:
        _set_up(connection, key, read_only=read_only)
    except dbapi2.Error as error:  # some of these statements read the file's first page
        connection.close()
        raise translate(error, path) from error
    return cast("Connection", connection)


def _set_up(connection: Any, key: bytes, *, read_only: bool) -> None:
    # Without this SQLCipher writes its own lines to stderr; we report failures ourselves. First, and for each connection.
    connection.execute("PRAGMA cipher_log_level = NONE")
    # The raw form skips key stretching: the key is 256 random bits already. Kept out of statement text, which is cached.
    connection.set_key(f"x'{key.hex()}'")
    for statement in (
        "PRAGMA cipher_memory_security = ON",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA foreign_keys = ON",
        "PRAGMA synchronous = FULL",
        "PRAGMA fullfsync = ON",
        "PRAGMA checkpoint_fullfsync = ON",
        "PRAGMA trusted_schema = OFF",
    ):
        connection.execute(statement)
    if read_only:
        connection.execute("PRAGMA query_only = ON")


def error_code(error: Exception) -> int:
    """Return SQLite's primary result code of an error, or 0 where the driver itself complained."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def is_damage(error: Exception) -> bool:
    """Whether an error says that the file's bytes are not what was written."""
    return error_code(error) in {_CORRUPT, _NOTADB}


def translate(error: Exception, path: Path) -> TriiError:
    """Name a driver's error by what the caller can do about it."""
    code = error_code(error)
    if code == _FULL:
        return Unavailable(
            f"Nothing was saved: the disk that holds {path} is full.",
            hint="Free some space and do it again; what was saved before is still there.",
            code="disk.full",
        )
    if code == _IOERR:
        return Unavailable(
            f"Nothing was saved: the system refused to read or write {path} ({error}).",
            hint="The disk may be full, unplugged or failing; what was saved before is still there.",
            code="disk.refused",
        )
    if code in {_CORRUPT, _NOTADB}:
        return CorruptData(
            f"{path} is damaged ({error}).",
            hint="Close and open the app: the file is then checked and set aside if it cannot be read.",
            code="ledger.damaged",
        )
    if code in {_BUSY, _LOCKED}:
        return Unavailable(
            f"{path} has been in use by another program for {BUSY_TIMEOUT_S:g} seconds.",
            hint="Close the other program and do it again.",
            code="ledger.busy",
            retry_after_s=BUSY_TIMEOUT_S,
        )
    return _translate_rest(error, code, path)


def _translate_rest(error: Exception, code: int, path: Path) -> TriiError:
    if code in {_READONLY, _CANTOPEN}:
        return Unavailable(
            f"{path} cannot be opened for writing ({error}).",
            hint="Check that the folder exists, that you may write to it and that the disk is not read-only.",
            code="ledger.refused",
        )
    if code in {_CONSTRAINT, _MISMATCH}:
        return Conflict(f"The change contradicts what {path.name} holds: {error}.", code="ledger.constraint")
    if code == _TOOBIG:
        return InvalidInput(f"A value is too large for {path.name}: {error}.", code="ledger.too_big")
    if code == _INTERRUPT:
        return Unavailable(f"{path.name} was closed before the work was done.", code="ledger.closed")
    if code == _NOMEM:
        return Unavailable(f"There is not enough memory to work on {path.name}.", code="ledger.memory")
    # What is left is a mistake of ours: a statement that does not parse, a wrong number of parameters.
    return InvalidInput(f"A statement for {path.name} is wrong: {error}.", hint="Please report this.", code="ledger.statement")
