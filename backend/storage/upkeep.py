"""Upkeep of the market store: cutting the log into segments, packing small segments, setting damaged ones aside."""

import asyncio
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.domain.bars import BarArrays
from backend.errors import CorruptData, TriiError
from backend.events import BarsChanged, Event, Level, Notice, notice_of
from backend.storage.faults import reach
from backend.storage.live_log import LiveLog
from backend.storage.log import list_logs
from backend.storage.manifest import Change, Manifest
from backend.storage.market_opening import Folders
from backend.storage.merge import DamagedPart, Merger, SegmentWriter
from backend.storage.packing import choose_job, pack
from backend.storage.publishing import Publisher, in_thread, until
from backend.storage.quarantine import set_aside
from backend.storage.revisions import save_revisions
from backend.storage.segments import Rows, Segment, SeriesKey, check_segment, concat_rows, in_order, read_part
from backend.storage.stage import sort_unique
from backend.storage.tail import Frozen

PACK_AFTER_S: Final = 5.0
"""How long nothing must have changed before small segments are packed."""
RETRY_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Verified:
    """What comparing all segments with their hashes found; ``damaged`` names the files set aside."""

    n_segments: int
    n_bytes: int
    damaged: tuple[str, ...]


class Upkeep:
    """What keeps the store in order without changing what readers see. Lives on the engine thread."""

    def __init__(self, folders: Folders, publisher: Publisher, live: LiveLog, tell: Callable[[Event], None]) -> None:
        self._folders = folders
        self._publisher = publisher
        self._live = live
        self._tell = tell
        self._version = 0
        self._changed = asyncio.Event()
        live.rotated = self.note_change

    async def run(self) -> None:
        """Cut what the log has closed at once, pack when nothing has changed for a while, until cancelled."""
        is_failing = False
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                if self._live.tail.frozen:
                    async with self._publisher.lock:
                        await self.cut_frozen()
                await self._pack_when_quiet()
                is_failing = False
            except TriiError as e:
                if not is_failing:
                    self._tell(notice_of(e, "Live bars stay in the log; they could not be moved yet.", level=Level.WARNING))
                is_failing = True
                await asyncio.sleep(RETRY_S)
                self._changed.set()

    def note_change(self) -> None:
        """Look soon whether there is something to do."""
        self._changed.set()

    def tell_bars_changed(self, key: SeriesKey, from_ns: int) -> None:
        """Publish that bars of ``key`` from a time on may differ."""
        if not key.is_trades:
            self._version += 1
            self._tell(BarsChanged(key.series, from_ns, self._version))

    async def cut(self) -> None:
        """Write all live rows to segments. Raises Unavailable; then they stay in the log."""
        async with self._publisher.lock:
            await self.cut_live()

    async def cut_live(self) -> None:
        """As ``cut``, for a caller that holds the publisher's lock."""
        await self._live.flush(rotate=True)
        await self.cut_frozen()

    async def cut_frozen(self) -> None:
        """Write the closed generations of the log to segments, by one commit; call under the publisher's lock."""
        while frozen := list(self._live.tail.frozen):
            reach("log.cutting")
            try:
                await self._cut(frozen)
            except DamagedPart as e:
                await self.set_aside(e.placed.segment, e)
                continue
            reach("log.cut")
            await self._publisher.work(self._delete_logs)
        self.note_change()

    async def pack(self) -> int:
        """Write small segments again as large ones until nothing is left to do; how many files were replaced."""
        n_replaced = 0
        while True:
            async with self._publisher.lock:
                manifest = self._publisher.manifest
                job = choose_job(manifest)
                if not job:
                    return n_replaced
                parts = {part.key: manifest.parts(part.key) for segment in job for part in segment.parts}
                try:
                    change = await self._publisher.work(pack, self._publisher.folder, job, parts)
                except DamagedPart as e:
                    await self.set_aside(e.placed.segment, e)
                    continue
                await self._publisher.commit(change, lambda *_: None)
                n_replaced += len(job)

    async def set_aside(self, segment: Segment, error: CorruptData) -> None:
        """Move a damaged segment to the quarantine, keep what can be read of it, and say so; call under the lock."""
        if segment.id not in self._publisher.manifest.segments:
            return
        kept, salvaged, n_lost = await self._publisher.work(_salvage, self._folders, segment, error)
        await self._publisher.commit(Change(salvaged, (segment.id,)), lambda *_: None)
        where = f"The file now lies at {kept}. " if kept else ""
        text = f"{error.message} {where}{n_lost} of {segment.n_rows} rows were lost."
        self._tell(Notice(Level.ERROR, "A file of market data was damaged.", text, "Import these bars again.", "market.damaged"))
        for key in {part.key for part in segment.parts} if segment.kind == "bar" else ():
            self.tell_bars_changed(key, min(part.first_ns for part in segment.parts if part.key == key))

    async def verify(self, reader: Executor, progress: Callable[[int, int], None] | None) -> Verified:
        """Compare every listed segment with its hash and set bad ones aside."""
        segments = list(self._publisher.manifest.segments.values())
        damaged = []
        for n_done, segment in enumerate(segments):
            if progress is not None:
                progress(n_done, len(segments))
            try:
                with self._publisher.lease():
                    if segment.id not in self._publisher.manifest.segments:
                        continue
                    await in_thread(reader, check_segment, self._publisher.folder, segment)
            except CorruptData as e:
                async with self._publisher.lock:
                    await self.set_aside(segment, e)
                damaged.append(segment.name)
        if progress is not None:
            progress(len(segments), len(segments))
        return Verified(len(segments), sum(segment.n_bytes for segment in segments), tuple(damaged))

    async def _cut(self, frozen: list[Frozen]) -> None:
        stop = threading.Event()
        bars, trades = Merger(self._publisher.folder), Merger(self._publisher.folder, "trade")
        try:
            await self._publisher.work(_merge_frozen, bars, trades, frozen, self._publisher.manifest, stop, stop=stop)
            new, revisions, gone = await self._publisher.work(bars.finish)
            new_trades, _, _ = await self._publisher.work(trades.finish)
        except (TriiError, asyncio.CancelledError):
            bars.discard()
            trades.discard()
            raise
        await self._publisher.commit(
            Change((*new, *revisions, *new_trades), gone, frozen[-1].generation),
            lambda connection, saved: save_revisions(connection, revisions_of(saved), "live", self._publisher.now_ns()),
            lambda _: self._live.tail.thaw(frozen),
        )

    async def _pack_when_quiet(self) -> None:
        try:
            async with asyncio.timeout(PACK_AFTER_S):
                await self._changed.wait()
        except TimeoutError:
            await self.pack()

    def _delete_logs(self) -> None:
        for generation, path in list_logs(self._folders.log):
            if generation <= self._publisher.manifest.log_cut:
                path.unlink(missing_ok=True)
                reach("log.deleted")


def revisions_of(change: Change) -> tuple[Segment, ...]:
    """Segments of replaced bars among those a change adds."""
    return tuple(segment for segment in change.added if segment.kind == "revision")


def _merge_frozen(bars: Merger, trades: Merger, frozen: list[Frozen], manifest: Manifest, stop: threading.Event) -> None:
    """Merge the bars and append the trades of closed generations; runs on the writer's thread."""
    pieces: dict[SeriesKey, list[Rows]] = {}
    for generation in frozen:
        for key, rows in generation.rows.items():
            pieces.setdefault(key, []).append(rows)
    for key in until(sorted(pieces), stop):
        joined = concat_rows(pieces[key])
        if isinstance(joined, BarArrays):
            bars.merge(key, manifest.parts(key), [sort_unique(joined)[0]])
        else:
            trades.append(key, in_order(joined))


def _salvage(folders: Folders, segment: Segment, error: CorruptData) -> tuple[Path | None, tuple[Segment, ...], int]:
    """Copy a damaged file to the quarantine and write its readable parts anew: the copy, new segments, rows lost.

    The damaged file itself goes when the commit that replaces it has been made.
    """
    kept = None
    path = folders.segments / segment.name
    if path.exists():
        copy = folders.stages / segment.name
        shutil.copy2(path, copy)
        kept = set_aside([copy], folders.quarantine, error.message)
    writer = SegmentWriter(folders.segments, segment.kind)
    n_lost = 0
    for part in segment.parts:
        try:
            writer.add(part.key, read_part(folders.segments, segment, part))
            writer.end_part()
        except CorruptData:
            n_lost += part.n_rows
    return kept, writer.finish(), n_lost
