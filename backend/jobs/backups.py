"""Backups that make themselves: when, where, and which of the older ones are kept."""

import asyncio
import logging
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from backend.clock import Clock
from backend.errors import Unavailable
from backend.jobs.job import Priority
from backend.jobs.job_store import NewJob
from backend.jobs.runner import JobContext, JobRunner
from backend.jobs.schedule import HOUR_NS, Schedule
from backend.settings import Backups
from backend.settings_store import SettingsStore
from backend.storage.backup import SUFFIX, BackupReport, backup_name, create_backup, record_backup
from backend.storage.durable import explain_os_error
from backend.storage.ledger import Ledger
from backend.storage.market_store import MarketStore
from backend.storage.master_key import MasterKey
from backend.storage.paths import Home

log = logging.getLogger(__name__)

KIND: Final = "backup"
AUTOMATIC: Final = "auto-"
_EVERY_NS: Final = {"off": 0, "daily": 24 * HOUR_NS, "weekly": 7 * 24 * HOUR_NS}
_ROOM: Final = 2.2  # the archive, the copies it is made from, and something to spare
_STAMP: Final = "%Y%m%dT%H%M%SZ"


class AutomaticBackups:
    """Makes a backup of the home as a job, and thins out what it made before; what a person made is never touched."""

    def __init__(
        self, home: Home, key: MasterKey, money: Ledger, store: MarketStore, clock: Clock, settings: SettingsStore
    ) -> None:
        self._home = home
        self._key = key
        self._money = money
        self._store = store
        self._clock = clock
        self._settings = settings

    def join(self, runner: JobRunner) -> None:
        """Hand the work and its schedule to the runner."""
        runner.register(KIND, "The automatic backup", self.run)
        job = NewJob(KIND, key="home", priority=Priority.LOW)
        runner.plan(Schedule("backup", job, lambda: _EVERY_NS[self._wishes.every]))

    async def run(self, context: JobContext) -> str:
        """Make one. Raises Unavailable where there is no room, or the folder is not there."""
        folder = Path(self._wishes.folder) if self._wishes.folder else self._home.backups
        context.progress(0.1, "Looking for room")
        await asyncio.to_thread(_check_room, self._home, folder)
        await self._store.flush()
        now_ns = self._clock.now_ns()
        prefix = prefix_of(self._key)
        target = folder / f"{prefix}{backup_name(now_ns)}"
        context.progress(0.2, f"Writing {target.name}")
        report = await self._write(target, now_ns)
        await record_backup(self._money, report)
        context.progress(0.95, "Thinning out older ones")
        n_gone = await asyncio.to_thread(thin_out, folder, prefix, now_ns)
        return f"{target} ({report.n_files} files, read back whole), {n_gone} older ones removed"

    async def _write(self, target: Path, now_ns: int) -> BackupReport:
        # A thread cannot be cancelled: it is waited for, so that no second backup begins beside it.
        writing = asyncio.ensure_future(asyncio.to_thread(create_backup, self._home, self._key, target, now_ns=now_ns))
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            await asyncio.to_thread(target.unlink, missing_ok=True)
            raise

    @property
    def _wishes(self) -> Backups:
        return self._settings.current.backups


def prefix_of(key: MasterKey) -> str:
    """What names of automatic backups begin with: another home may keep its own in the same folder."""
    return f"{AUTOMATIC}{key.fingerprint[:4].hex()}-"


def thin_out(folder: Path, prefix: str, now_ns: int) -> int:
    """Remove backups of this prefix that the plan does not keep; how many. One that cannot be removed stays and is logged."""
    found = {path: made for path in folder.glob(f"{prefix}*{SUFFIX}") if (made := _made_at(path, prefix)) is not None}
    kept = to_keep(tuple(found.values()), datetime.fromtimestamp(now_ns // 1_000_000_000, UTC))
    gone = 0
    for path in sorted(path for path, made in found.items() if made not in kept):
        try:
            path.unlink()
            gone += 1
        except OSError as e:
            log.info("The old backup %s stays: %s", path.name, e.strerror)
    return gone


def to_keep(made: tuple[datetime, ...], now: datetime) -> frozenset[datetime]:
    """Which of these to keep: all of a week, then the newest of each of 5 weeks and of each of 12 months; the newest always."""
    kept = {moment for moment in made if (now - moment).days < 7}
    grids: tuple[tuple[Callable[[datetime], tuple[int, ...]], int], ...] = (
        (lambda moment: moment.isocalendar()[:2], 5),
        (lambda moment: (moment.year, moment.month), 12),
    )
    for place_of, n_places in grids:
        newest = {place_of(moment): moment for moment in sorted(made)}
        kept.update(newest[place] for place in sorted(newest, reverse=True)[:n_places])
    return frozenset(kept | ({max(made)} if made else set()))


def _made_at(path: Path, prefix: str) -> datetime | None:
    stamp = path.name.removeprefix(prefix).removeprefix("trii-").removesuffix(SUFFIX)
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None  # not one of ours


def _check_room(home: Home, folder: Path) -> None:
    try:
        free_bytes = shutil.disk_usage(folder).free
        kept = (home.ledgers, home.market, home.blobs)
        needed_bytes = sum(path.stat().st_size for part in kept if part.is_dir() for path in part.rglob("*") if path.is_file())
    except OSError as e:
        raise explain_os_error(e, "look for room for a backup", folder) from e
    if free_bytes < _ROOM * needed_bytes:
        raise Unavailable(
            f"A backup needs about {_ROOM * needed_bytes / 2**20:.0f} MiB; {folder} has {free_bytes / 2**20:.0f} MiB left.",
            hint="Choose another folder for backups in the settings, or make room.",
            code="backup.room",
            retry_after_s=3_600.0,
        )
