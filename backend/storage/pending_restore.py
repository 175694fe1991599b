"""Move restored files into place in steps that can be repeated, so that a kill in between is completed at the next start."""

import secrets
import shutil
from pathlib import Path

import msgspec

from backend.clock import utc_now
from backend.errors import CorruptData
from backend.storage.durable import explain_os_error, remove_durably, sync_folder, write_durably
from backend.storage.faults import reach
from backend.storage.paths import Home

_JOURNAL = "restore.json"
# What a backup may hold and a restore replaces; keys, logs and caches of the home stay.
_ITEMS = ("ledger", "market", "blobs", "settings.toml")


class _Swap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A restore whose files are all there and which only has to be moved into place."""

    version: int
    staged: str
    set_aside: str
    items: tuple[str, ...]


def begin_swap(home: Home, staged: Path) -> Path:
    """Decide that ``staged``, a folder of the home, takes its content's place; returns where that will be set aside.

    From here on ``complete_restore`` finishes the job, in this process or the next.
    """
    aside = home.quarantine / f"{utc_now():%Y%m%dT%H%M%S%fZ}-before-restore"
    items = tuple(item for item in _ITEMS if (staged / item).exists())
    write_durably(home.root / _JOURNAL, msgspec.json.encode(_Swap(1, staged.name, aside.name, items)))
    return aside


def take_back_swap(home: Home) -> None:
    """Undo a decision of which nobody knows whether it reached the disk, before any file has moved."""
    (home.root / _JOURNAL).unlink(missing_ok=True)


def is_empty_home(home: Home) -> bool:
    """Whether nothing in a home would be replaced by a restore; keys, logs and caches do not count."""
    return not any(_has_content(home.root / item) for item in _ITEMS)


def complete_restore(home: Home) -> bool:
    """Finish a restore that was killed while its files were moved into place; returns whether there was one.

    Called before a home is opened. Each step can be repeated. Raises CorruptData, Unavailable.
    """
    journal = home.root / _JOURNAL
    if not journal.exists():
        return False
    reach("restore.decided")
    try:
        swap = msgspec.json.decode(journal.read_bytes(), type=_Swap)
        staged, aside = home.root / swap.staged, home.quarantine / swap.set_aside
        if staged.parent != home.root or aside.parent != home.quarantine:
            raise _damaged_journal(journal, "it names another place")
        for item in _ITEMS:
            _swap_item(home.root / item, staged / item if item in swap.items else None, aside / item)
        sync_folder(home.root)
        shutil.rmtree(staged, ignore_errors=True)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged_journal(journal, str(error)) from error
    except OSError as error:
        raise explain_os_error(error, "move the restored files into place", home.root) from error
    remove_durably(journal)
    home.make()
    return True


def _swap_item(current: Path, staged: Path | None, aside: Path) -> None:
    """Move one item aside and its restored twin into place; a no-op where that was done before."""
    if staged is not None and not staged.exists():
        return
    if _has_content(current):
        if aside.exists():  # only a program that ignored the journal could have written here since
            aside = aside.with_name(f"{aside.name}-{secrets.token_hex(4)}")
        aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        current.rename(aside)
        sync_folder(aside.parent)
        reach("restore.set_aside")
    if staged is not None:
        if current.is_dir():
            current.rmdir()
        staged.rename(current)
        sync_folder(current.parent)
        reach("restore.moved")


def _has_content(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.exists()


def _damaged_journal(journal: Path, why: str) -> CorruptData:
    return CorruptData(
        f"{journal} says that a restore was interrupted, but it is damaged: {why}.",
        hint=f"Delete it and run `trii restore --replace` again; the folders named .restore-* in {journal.parent} are left-overs.",
        code="restore.journal",
    )
