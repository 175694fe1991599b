"""Watched folders: files that appear are imported, files that grow are continued, across restarts."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from backend.bus import Bus
from backend.errors import InvalidInput, TriiError
from backend.events import Level, Notice, SettingsChanged, notice_of
from backend.market.file_cursors import FileCursor, drop_cursor, load_cursors, save_cursor
from backend.market.importers.file_names import TABLE_SUFFIXES
from backend.market.importers.importer import Importer
from backend.market.importers.limits import MEMBERS_MAX
from backend.market.importers.plan import FileFormat, ImportPlan, Window
from backend.market.importers.report import ImportReport
from backend.storage.ledger import Ledger

log = logging.getLogger(__name__)

SETTLE_S: Final = 2.0
"""A file that is not plain lines, or whose last line has no end, is taken once it has not changed for so long."""
_DEBOUNCE_MS: Final = 400
_POLL_S: Final = 2.0
_IGNORED: Final = (".", "~$")
_PARTIAL: Final = (".part", ".crdownload", ".tmp", ".download", ".partial")


@dataclass(slots=True)
class _Seen:
    """A file's size and time of change when last looked at, and since when they are so (loop time)."""

    size: int
    modified_ns: int
    since_s: float


@dataclass(slots=True)
class Look:
    """What one look at the folders did: reports, and after how many seconds a file that still changes wants another look."""

    reports: list[ImportReport] = field(default_factory=list)
    again_s: float | None = None

    def ask_again(self, in_s: float) -> None:
        """Ask for another look in at most ``in_s``."""
        self.again_s = in_s if self.again_s is None else min(self.again_s, in_s)


class FolderWatcher:
    """Imports what is put into the watched folders. ``run`` follows them; ``look`` looks once.

    A file of plain lines is read on from where it was left, up to its last complete line; one that was written anew is
    imported whole, in which equal rows change nothing. How far each file was read lies in the ledger.
    look_with : what ``run`` looks with; ``look`` itself unless the composition root says otherwise
    """

    def __init__(self, importer: Importer, ledger: Ledger, bus: Bus, *, settle_s: float = SETTLE_S) -> None:
        self._importer = importer
        self._ledger = ledger
        self._bus = bus
        self._settle_s = settle_s
        self._seen: dict[Path, _Seen] = {}
        self._cursors: dict[str, FileCursor] | None = None
        self.look_with: Callable[[Sequence[Path]], Awaitable[Look]] = self.look

    async def run(self, folders: Callable[[], Sequence[str]]) -> None:
        """Follow ``folders()`` until cancelled; a change of the settings' data section makes it ask for them again."""
        changed = asyncio.Event()
        subscription = self._bus.subscribe(SettingsChanged, lambda event: changed.set() if event.section == "data" else None)
        try:
            while True:
                changed.clear()
                await self._follow(await asyncio.to_thread(_paths_of, folders()), changed)
        finally:
            subscription.close()

    async def has_news(self, folders: Sequence[Path]) -> bool:
        """Whether any file has not been read as it is now."""
        cursors = self._cursors if self._cursors is not None else await self._ledger.read(load_cursors)
        files = await asyncio.to_thread(lambda: list(_files_in(folders)))
        read = {path: (cursor.size, cursor.modified_ns) for path, cursor in cursors.items()}
        return any(read.get(str(path)) != (stat.st_size, stat.st_mtime_ns) for path, stat in files)

    async def look(self, folders: Sequence[Path]) -> Look:
        """Import what is new in the folders; errors are told as notices, one file's do not stop the others."""
        result = Look()
        if self._cursors is None:
            self._cursors = await self._ledger.read(load_cursors)
        files = await asyncio.to_thread(lambda: list(_files_in(folders)))
        for path, stat in files:
            await self._look_at(path, stat, result)
        self._seen = {path: self._seen[path] for path, _ in files if path in self._seen}
        return result

    # --- following ----------------------------------------------------------------------------------------------------

    async def _follow(self, folders: list[Path], changed: asyncio.Event) -> None:
        """Look whenever something happens in the folders, until the settings change."""
        present = [folder for folder in folders if folder.is_dir()]
        for folder in folders:
            if folder not in present:
                words = f"{folder} does not exist or is no folder."
                self._bus.publish(
                    Notice(Level.WARNING, "A watched folder is missing.", words, "Create it, or change the settings.")
                )
        if not present:
            await changed.wait()
            return
        async with aclosing(_happenings(present, changed)) as happenings:
            pending = asyncio.ensure_future(anext(happenings, None))
            try:
                await asyncio.sleep(0)  # the watch begins now, so that nothing is missed between the first look and it
                look = await self.look_with(present)
                while not changed.is_set():
                    done, _ = await asyncio.wait([pending], timeout=look.again_s)
                    if done:
                        if pending.result() is None:
                            return
                        pending = asyncio.ensure_future(anext(happenings, None))
                    look = await self.look_with(present)
            finally:
                pending.cancel()
                await asyncio.wait([pending])

    # --- one file -----------------------------------------------------------------------------------------------------

    async def _look_at(self, path: Path, stat: os.stat_result, result: Look) -> None:
        assert self._cursors is not None
        cursor = self._cursors.get(str(path))
        if cursor is not None and (cursor.size, cursor.modified_ns) == (stat.st_size, stat.st_mtime_ns):
            return
        wait_s = self._unsettled_s(path, stat)
        try:
            plans = await self._importer.preview(path)
            _check_ready(plans)
            if all(plan.format is FileFormat.TEXT and not plan.inside and _is_plain(path) for plan in plans):
                cursor = await self._continue(path, stat, plans, cursor, result, is_settled=wait_s <= 0)
            elif wait_s > 0:
                result.ask_again(wait_s)
                return
            else:
                for plan in plans:
                    result.reports.append(await self._importer.run(plan))
                cursor = FileCursor.whole(path, stat)
        except TriiError as error:
            if wait_s > 0:  # it may be half written
                result.ask_again(wait_s)
                return
            self._bus.publish(notice_of(error, f"{path.name} in a watched folder was not imported.", level=Level.WARNING))
            cursor = FileCursor.failed(path, stat, cursor, error.message)
        if wait_s > 0 and cursor.size != stat.st_size:
            result.ask_again(wait_s)
        await self._save(cursor)

    def _unsettled_s(self, path: Path, stat: os.stat_result) -> float:
        """How much longer the file must stay as it is to count as finished; 0 or less when it does."""
        now_s = asyncio.get_running_loop().time()
        seen = self._seen.get(path)
        if seen is None or (seen.size, seen.modified_ns) != (stat.st_size, stat.st_mtime_ns):
            seen = self._seen[path] = _Seen(stat.st_size, stat.st_mtime_ns, now_s)
        return seen.since_s + self._settle_s - now_s

    async def _continue(
        self,
        path: Path,
        stat: os.stat_result,
        plans: Sequence[ImportPlan],
        cursor: FileCursor | None,
        result: Look,
        *,
        is_settled: bool,
    ) -> FileCursor:
        """Import the complete lines behind the cursor, all of them where the file is new or was written anew.

        A last line without an end is taken too once the file has settled; the cursor stays before it all the same, so
        that it is read again should it prove to have been half written.
        """
        new, is_continued = await asyncio.to_thread(FileCursor.at_last_line, path, stat, cursor)
        start, first_line = (cursor.taken_bytes, cursor.taken_lines + 1) if cursor and is_continued else (0, 1)
        end = stat.st_size if is_settled else new.taken_bytes
        if end > start:
            window = Window(start, end, first_line)
            for plan in plans:
                result.reports.append(await self._importer.run(plan, window=window))
        return new if end == stat.st_size else new.with_rest_waiting()

    async def _save(self, cursor: FileCursor) -> None:
        assert self._cursors is not None
        await self._ledger.write(lambda connection: save_cursor(connection, cursor))
        self._cursors[cursor.path] = cursor

    async def forget(self, path: Path) -> None:
        """Import a file from its beginning when it is next seen."""
        await self._ledger.write(lambda connection: drop_cursor(connection, str(path)))
        if self._cursors is not None:
            self._cursors.pop(str(path), None)


def _paths_of(folders: Sequence[str]) -> list[Path]:
    return [Path(folder).expanduser() for folder in folders]


def _check_ready(plans: Sequence[ImportPlan]) -> None:
    for plan in plans:
        if plan.problems:
            raise InvalidInput(
                f"{plan.name} leaves questions open. {' '.join(plan.problems)}",
                hint="Import it once by hand and answer them there, or name the file after its instrument, as in AAPL_1d.csv.",
                code="import.undecided",
            )


def _is_plain(path: Path) -> bool:
    return path.suffix.lower() not in {".gz", ".bz2", ".xz", ".zip"}


def _files_in(folders: Sequence[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    """Files that may hold tables, in order of name, with their state."""
    n_files = 0
    for folder in folders:
        for root, names, files in os.walk(folder, followlinks=False):
            names[:] = sorted(name for name in names if not name.startswith(_IGNORED))
            for name in sorted(files):
                path = Path(root) / name
                if (
                    name.startswith(_IGNORED)
                    or name.lower().endswith(_PARTIAL)
                    or path.suffix.lower().lstrip(".") not in TABLE_SUFFIXES
                ):
                    continue
                try:
                    stat = path.stat()
                except OSError as e:
                    log.info("A file in a watched folder went away: %s: %s", path, e)
                    continue
                n_files += 1
                if n_files > MEMBERS_MAX:
                    return
                if stat.st_size:
                    yield path, stat


async def _happenings(folders: Sequence[Path], changed: asyncio.Event) -> AsyncGenerator[None, None]:
    """Something happened in the folders, again and again, until the settings change; by asking where nobody tells."""
    import watchfiles  # noqa: PLC0415 - only who watches folders needs it

    try:
        async for _ in watchfiles.awatch(*folders, stop_event=changed, debounce=_DEBOUNCE_MS, recursive=True, watch_filter=None):
            yield
    except (OSError, RuntimeError) as e:  # too many watches, or a kind of disk that tells nothing
        log.info("Watched folders are asked every %g s, for the system does not tell changes: %s", _POLL_S, e)
    while not changed.is_set():
        try:
            await asyncio.wait_for(changed.wait(), _POLL_S)
        except TimeoutError:
            yield
