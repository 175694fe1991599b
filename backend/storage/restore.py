"""Put a backup's content back into a home, all or nothing, also when killed half-way; and rehearse it."""

import os
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from backend.errors import Conflict, CorruptData
from backend.storage import money, words
from backend.storage.archive import Entry, open_archive, read_entries
from backend.storage.connection import DatabaseError, connect, translate
from backend.storage.durable import explain_os_error, sync_folder, write_durably
from backend.storage.integrity import find_problems
from backend.storage.ledger_file import write_key_check
from backend.storage.master_key import KeyUse, MasterKey
from backend.storage.migrations import Migration, pending
from backend.storage.paths import Home
from backend.storage.pending_restore import begin_swap, complete_restore, is_empty_home, take_back_swap

_LEDGERS: tuple[tuple[KeyUse, tuple[Migration, ...]], ...] = (("money", money.MIGRATIONS), ("words", words.MIGRATIONS))


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was put back, how long it took, and where the home's earlier content was set aside, if it had any."""

    archive: Path
    created_ns: int
    app_version: str
    n_files: int
    content_bytes: int
    seconds: float
    set_aside: Path | None


def restore_backup(archive: Path, home: Home, key: MasterKey, *, replace: bool = False) -> RestoreReport:
    """Bring a home to the state of an archive; the home must not be open.

    Everything is unpacked and checked beside the home's files first, then moved into place; a kill in between is
    completed at the next start. With ``replace`` what the home held goes into its quarantine; without it, raises
    Conflict when the home holds anything. Raises NotFound, InvalidInput (another key, a newer version), CorruptData,
    Unavailable; then the home is as it was. Hand the key to the home's keeper afterwards, with ``restore_key``.
    """
    started = time.perf_counter()
    complete_restore(home)
    if not replace and not is_empty_home(home):
        raise Conflict(
            f"{home.root} already holds data; nothing was restored.",
            hint="Restore into an empty home with --home DIR, or say --replace: what is there is then set aside, not deleted.",
            code="restore.not_empty",
        )
    home.make()
    for left_over in home.root.glob(".restore-*"):  # of a restore that was killed before it was decided
        shutil.rmtree(left_over, ignore_errors=True)
    staged = home.root / f".restore-{secrets.token_hex(8)}"
    try:
        n_files, content_bytes, facts = _unpack(archive, key, staged)
        for use, migrations in _LEDGERS:
            _check_ledger(staged / "ledger" / f"{use}.db", key.derive(use), migrations)
        aside = begin_swap(home, staged)
    except BaseException:
        take_back_swap(home)
        shutil.rmtree(staged, ignore_errors=True)
        raise
    complete_restore(home)
    return RestoreReport(
        archive,
        int(facts.get("created_ns", 0)),
        str(facts.get("app_version", "")),
        n_files,
        content_bytes,
        seconds=time.perf_counter() - started,
        set_aside=aside if aside.exists() else None,
    )


def rehearse_restore(archive: Path, key: MasterKey, scratch: Path) -> RestoreReport:
    """Restore an archive into a throw-away home below ``scratch`` and delete it again; the report says how long it took."""
    rehearsal = Home(scratch / f"rehearsal-{secrets.token_hex(8)}")
    try:
        return restore_backup(archive, rehearsal, key)
    finally:
        shutil.rmtree(rehearsal.root, ignore_errors=True)


def _unpack(archive: Path, key: MasterKey, staged: Path) -> tuple[int, int, dict[str, str | int]]:
    """Write the archive's files below ``staged``, durably; returns their number, their bytes and the archive's facts."""
    n_files = content_bytes = 0
    folders = {staged}
    try:
        staged.mkdir(mode=0o700, parents=True)
        with open_archive(archive, key) as sealed:
            for entry in read_entries(sealed):
                place = _place(staged, entry)
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                folders.add(place.parent)
                content_bytes += _write(place, entry)
                n_files += 1
            facts = sealed.header.facts
        for folder in folders:
            sync_folder(folder)
    except OSError as error:
        raise explain_os_error(error, "unpack the backup", staged) from error
    return n_files, content_bytes, facts


def _place(staged: Path, entry: Entry) -> Path:
    parts = entry.name.split("/")
    is_allowed = entry.name == "settings.toml" or (len(parts) > 1 and parts[0] in {"ledger", "market", "blobs"})
    if not is_allowed:
        raise CorruptData(
            f"The backup holds {entry.name!r}, which has no place in a home.",
            hint="It was made by another version or is damaged; nothing was restored.",
            code="restore.foreign",
        )
    return staged.joinpath(*parts)


def _write(place: Path, entry: Entry) -> int:
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    n_bytes = 0
    with open(descriptor, "wb") as file:  # noqa: PTH123  # wraps the descriptor that carries the mode
        for piece in entry.content:
            n_bytes += file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return n_bytes


def _check_ledger(path: Path, key: bytes, migrations: tuple[Migration, ...]) -> None:
    """Look at every page, refuse a newer version's tables, and put the key's check beside. Raises CorruptData, InvalidInput."""
    if not path.exists():
        return
    connection = connect(path, key)
    try:
        problems = find_problems(connection)
        if problems:
            raise CorruptData(
                f"{path.name} in the backup is damaged ({problems[0]}).", hint="Use another backup.", code="restore.damaged"
            )
        pending(connection, migrations, path.name)
    except DatabaseError as error:
        raise translate(error, path) from error
    finally:
        connection.close()
    write_durably(path.with_suffix(".check"), write_key_check(key))
