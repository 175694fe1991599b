"""Opening the market store: what the manifest says against what lies on disk, and what the log still holds."""

import logging
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from backend.errors import CorruptData, InvalidInput
from backend.events import Level, Notice
from backend.storage.connection import Connection
from backend.storage.durable import write_durably
from backend.storage.ledger import Ledger
from backend.storage.log import list_logs, replay, truncate
from backend.storage.manifest import STORE_ID, Change, Manifest, load_manifest, save_change, save_state
from backend.storage.paths import Home
from backend.storage.quarantine import set_aside
from backend.storage.segments import SUFFIX, Rows, Segment, SeriesKey, concat_rows, describe_file
from backend.storage.tail import Frozen

ID_FILE: Final = "store.id"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the market store keeps its files."""

    segments: Path
    log: Path
    stages: Path
    id_file: Path
    quarantine: Path

    @classmethod
    def of(cls, home: Home) -> "Folders":
        """The folders of one home."""
        market = home.market
        return cls(market / "segments", market / "log", market / "stages", market / ID_FILE, home.quarantine)

    def make(self) -> None:
        """Create them, and empty the stages: what an ended process had staged is gone."""
        shutil.rmtree(self.stages, ignore_errors=True)
        for folder in (self.segments, self.log, self.stages):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@dataclass(slots=True)
class Found:
    """What opening found.

    n_orphans : files of changes that were never committed, removed
    n_torn_bytes : cut off the log's end, a record that was being written when the process ended
    """

    manifest: Manifest
    frozen: list[Frozen] = field(default_factory=list)
    next_generation: int = 1
    notices: list[Notice] = field(default_factory=list)
    n_orphans: int = 0
    n_torn_bytes: int = 0

    def warn(self, title: str, text: str, hint: str = "") -> None:
        """Add what the person must be told."""
        _log.warning("%s %s", title, text)
        self.notices.append(Notice(Level.WARNING, title, text, hint, "market.opened_with_loss"))


async def open_folders(folders: Folders, ledger: Ledger, now_ns: int) -> Found:
    """Bring manifest and folders together; what is damaged is set aside and told. Raises Unavailable."""
    folders.make()
    manifest, listed_id = await ledger.read(load_manifest)
    found, is_new = Found(manifest), not listed_id
    disk_id = folders.id_file.read_text().strip() if folders.id_file.exists() else ""
    if listed_id and disk_id != listed_id:
        if disk_id:
            found.warn(
                "The market data belongs to another ledger.", f"Files that this ledger does not list go to {folders.quarantine}."
            )
        write_durably(folders.id_file, listed_id.encode())
    if listed_id:
        change = _compare(folders, found, keep_orphans=disk_id not in {"", listed_id})
    else:
        change = Change(_adopt(folders, found))
        listed_id = disk_id or secrets.token_hex(16)
        write_durably(folders.id_file, listed_id.encode())
    if change.added or change.removed or is_new:
        # One commit: from the moment the ledger knows the store's id, a file that it does not list is an orphan.
        manifest.apply(await ledger.write(lambda connection: _save(connection, change, listed_id, now_ns)))
    _replay_logs(folders, found)
    return found


def _save(connection: Connection, change: Change, store_id: str, now_ns: int) -> Change:
    save_state(connection, STORE_ID, store_id)
    return save_change(connection, change, now_ns)


def _compare(folders: Folders, found: Found, *, keep_orphans: bool) -> Change:
    """Unlist what is missing or short; delete what nobody lists, unless the ledger looks older than the files."""
    listed = {segment.name: segment for segment in found.manifest.segments.values()}
    on_disk = {path.name: path for path in folders.segments.iterdir()}
    missing = [segment for name, segment in listed.items() if name not in on_disk]
    short = [s for name, s in listed.items() if name in on_disk and on_disk[name].stat().st_size != s.n_bytes]
    for segment in short:
        kept = set_aside([on_disk[segment.name]], folders.quarantine, "Its size is not the one it was written with.")
        found.warn("A file of market data was damaged.", f"It now lies at {kept}. {_told(segment)}", "Import these bars again.")
    for segment in missing:
        found.warn(
            "A file of market data is missing.", f"{segment.name} was not there. {_told(segment)}", "Import these bars again."
        )
    for path in (path for name, path in on_disk.items() if name not in listed):
        if path.suffix == SUFFIX and (missing or keep_orphans):
            set_aside([path], folders.quarantine, "The ledger does not list it.")
        else:
            path.unlink(missing_ok=True)
            found.n_orphans += 1
    return Change(removed=tuple(segment.id for segment in (*short, *missing)))


def _adopt(folders: Folders, found: Found) -> tuple[Segment, ...]:
    """List the files of a store whose ledger is new: a lost ledger must not lose public data."""
    added = []
    for path in sorted(folders.segments.iterdir(), key=lambda p: p.name.split("-")[1:]):
        if path.suffix != SUFFIX:
            path.unlink(missing_ok=True)
            found.n_orphans += 1
            continue
        try:
            segment = describe_file(path)
        except CorruptData as e:
            kept = set_aside([path], folders.quarantine, e.message)
            found.warn("A file of market data was damaged.", f"It now lies at {kept}.", "Import these bars again.")
            continue
        if segment.kind == "revision":  # what it replaced is not known any more
            set_aside([path], folders.quarantine, "It holds replaced bars, and the ledger that listed them is lost.")
            continue
        added.append(segment)
    if added:
        found.warn("The ledger is new, the market data is not.", f"{len(added)} files of market data were taken over.")
    return tuple(added)


def _replay_logs(folders: Folders, found: Found) -> None:
    found.next_generation = found.manifest.log_cut + 1
    for generation, path in list_logs(folders.log):
        found.next_generation = max(found.next_generation, generation + 1)
        if generation <= found.manifest.log_cut:
            path.unlink(missing_ok=True)
            continue
        try:
            replayed = replay(path, generation)
        except (CorruptData, InvalidInput) as e:
            kept = set_aside([path], folders.quarantine, e.message)
            found.warn("A log of live bars was damaged.", f"It now lies at {kept}. {e.message}", "Fetch these bars again.")
            continue
        if replayed.is_odd:
            copy = folders.stages / path.name
            shutil.copy2(path, copy)
            kept = set_aside([copy], folders.quarantine, f"{replayed.n_damaged} records failed their checksum.")
            found.warn("A log of live bars is damaged in places.", f"What is whole was read; a copy lies at {kept}.")
        if replayed.torn_bytes:
            found.n_torn_bytes += replayed.torn_bytes
            truncate(path, replayed.whole_bytes)
            text = f"{replayed.torn_bytes} bytes of bars that were never reported as saved were dropped."
            found.notices.append(Notice(Level.INFO, "The last live bars were cut short.", text, code="market.torn_log"))
        found.frozen.append(Frozen(generation, _by_key(replayed.rows)))


def _by_key(rows: list[tuple[SeriesKey, Rows]]) -> dict[SeriesKey, Rows]:
    pieces: dict[SeriesKey, list[Rows]] = {}
    for key, piece in rows:
        pieces.setdefault(key, []).append(piece)
    return {key: concat_rows(found) for key, found in pieces.items()}


def _told(segment: Segment) -> str:
    names = sorted({f"{part.key.instrument} {part.key.spec}" for part in segment.parts})
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"It held bars of {', '.join(names[:5])}{more}."
