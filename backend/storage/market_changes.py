"""What people change in the market store: imports published, bars edited by hand, replaced bars put back."""

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from backend.domain.bars import Bar, BarArrays
from backend.errors import Conflict, CorruptData, InvalidInput, NotFound, TriiError
from backend.storage.connection import Connection
from backend.storage.durable import explain_os_error, sync_folder
from backend.storage.faults import reach
from backend.storage.live_log import LiveLog
from backend.storage.manifest import Change, Placed, overlapping
from backend.storage.market_opening import Folders
from backend.storage.merge import DamagedPart, Merger
from backend.storage.publishing import Publisher, until
from backend.storage.revisions import load_edit, load_shields, mark_undone, revision_parts, save_edit, save_revisions
from backend.storage.segments import Segment, SeriesKey, read_part
from backend.storage.stage import Stage, same_values, take
from backend.storage.upkeep import Upkeep, revisions_of


@dataclass(frozen=True, slots=True)
class MergeOutcome:
    """What a publish did.

    n_same : rows that were stored already, or stood twice in the stage, with the same values
    n_replaced : rows stored with other values, now replaced; ``revision_id`` (None without any) can restore them
    n_overridden : rows of the stage that a later row of the same stage with the same time replaced
    """

    n_new: int
    n_same: int
    n_replaced: int
    revision_id: int | None = None
    n_overridden: int = 0


Also: TypeAlias = Callable[[Connection, MergeOutcome], None]
"""More to write in the transaction of a publish; may be called again when the commit is tried again."""


class MarketChanges:
    """One change at a time, each by one commit. Used by `MarketStore`; lives on the engine thread."""

    def __init__(self, folders: Folders, publisher: Publisher, live: LiveLog, upkeep: Upkeep) -> None:
        self._folders = folders
        self._publisher = publisher
        self._live = live
        self._upkeep = upkeep
        self._n_stages = itertools.count(1)

    def stage(self, key: SeriesKey) -> Stage:
        """A new, empty stage."""
        return Stage(self._folders.stages / f"stage-{next(self._n_stages):06d}", key)

    async def publish(self, stage: Stage, also: Also | None = None) -> MergeOutcome:
        """Merge a stage into its series by one commit together with ``also``, and drop it whatever happens."""
        try:
            async with self._publisher.lock:
                shields = await self._publisher.ledger.read(lambda connection: load_shields(connection, stage.key))
                gate = _Gate(shields)

                def complete(merged: MergeOutcome) -> MergeOutcome:
                    n_same = merged.n_same + stage.n_same + gate.n_held
                    return MergeOutcome(merged.n_new, n_same, merged.n_replaced, merged.revision_id, stage.n_overridden)

                def told(connection: Connection, merged: MergeOutcome) -> None:
                    assert also is not None
                    also(connection, complete(merged))

                tells = None if also is None else told
                if not shields and (adopted := await self._adopt(stage, tells)) is not None:
                    return adopted
                return complete(await self._merge(stage.key, lambda: gate.pass_through(stage.windows()), "import", tells))
        finally:
            stage.drop()

    async def restore_revision(self, revision_id: int) -> MergeOutcome:
        """Put back the bars that a change replaced."""
        async with self._publisher.lock:
            key, ids = await self._publisher.ledger.read(lambda connection: revision_parts(connection, revision_id))
            segments = [self._publisher.manifest.segments[segment_id] for segment_id in ids]
            placed = sorted(
                (Placed(segment, part) for segment in segments for part in segment.parts if part.key == key),
                key=lambda p: p.part.first_ns,
            )
            if not placed:
                raise NotFound(f"The bars of revision {revision_id} are lost.", hint="Their file was damaged; see the quarantine.")
            return await self._merge(key, lambda: (self._bars(p) for p in placed), "restore")

    async def edit(self, key: SeriesKey, event_ns: int, new: Bar | None) -> int:
        """Replace or delete one bar; the edit's id."""
        if new is not None and new.event_ns != event_ns:
            raise InvalidInput(
                f"The new bar is of {new.event_ns} ns, the one to replace of {event_ns} ns.", hint="Delete it and import the other."
            )
        async with self._publisher.lock:
            await self._cut_live(key)
            old = await self._bar_at(key, event_ns)
            if old is None:
                raise NotFound(f"{key.instrument} {key.spec} has no bar from {key.source} at {event_ns} ns.", code="bars.no_bar")
            if new is not None and _same(old, new):
                raise InvalidInput("The bar has these values already.", code="edit.same")
            made_ns = self._publisher.now_ns()
            return await self._put(key, event_ns, new, lambda connection: save_edit(connection, key, old, new, made_ns))

    async def undo(self, edit_id: int) -> None:
        """Put back the bar that an edit changed."""
        async with self._publisher.lock:
            edit = await self._publisher.ledger.read(lambda connection: load_edit(connection, edit_id))
            await self._cut_live(edit.key)
            now = await self._bar_at(edit.key, edit.old.event_ns)
            if not _same(now, edit.new):
                raise Conflict(
                    f"The bar of edit {edit_id} has been changed again since.",
                    hint="Undo the later edit first, or edit the bar.",
                    code="edit.overtaken",
                )
            undone_ns = self._publisher.now_ns()
            await self._put(edit.key, edit.old.event_ns, edit.old, lambda connection: mark_undone(connection, edit_id, undone_ns))

    async def _adopt(self, stage: Stage, also: Also | None) -> MergeOutcome | None:
        """Take a stage's finished segments as they are, where they lie between the parts of their series; else None."""
        if stage.span is None:
            return None
        await self._cut_live(stage.key)
        first_ns, last_ns = stage.span
        if overlapping(self._publisher.manifest.parts(stage.key), first_ns, last_ns + 1):
            return None
        segments = await self._publisher.work(_move_segments, stage, self._publisher.folder)
        outcome = MergeOutcome(sum(segment.n_rows for segment in segments), 0, 0)

        def save(connection: Connection, _: Change) -> None:
            if also is not None:
                also(connection, outcome)

        await self._publisher.commit(Change(segments), save)
        self._upkeep.tell_bars_changed(stage.key, first_ns)
        self._upkeep.note_change()
        return outcome

    async def _merge(
        self, key: SeriesKey, windows: "Callable[[], Iterable[BarArrays]]", reason: str, also: Also | None = None
    ) -> MergeOutcome:
        await self._cut_live(key)
        while True:
            try:
                return await self._merge_once(key, windows(), reason, also)
            except DamagedPart as e:
                await self._upkeep.set_aside(e.placed.segment, e)

    async def _merge_once(self, key: SeriesKey, windows: Iterable[BarArrays], reason: str, also: Also | None) -> MergeOutcome:
        merger, stop = Merger(self._publisher.folder), threading.Event()
        parts = self._publisher.manifest.parts(key)

        def save(connection: Connection, saved: Change) -> int | None:
            revision_id = save_revisions(connection, revisions_of(saved), reason, self._publisher.now_ns()).get(key)
            if also is not None:
                also(connection, outcome(revision_id))
            return revision_id

        def outcome(revision_id: int | None) -> MergeOutcome:
            return MergeOutcome(merger.merged.n_new, merger.merged.n_same, merger.merged.n_replaced, revision_id)

        try:
            await self._publisher.work(merger.merge, key, parts, until(windows, stop), stop=stop)
            new, revisions, gone = await self._publisher.work(merger.finish)
        except (TriiError, asyncio.CancelledError):
            merger.discard()
            raise
        merged, revision_id = merger.merged, None
        if new or gone or also is not None:
            revision_id = await self._publisher.commit(Change((*new, *revisions), gone), save)
        for changed, from_ns in merged.first_ns.items():
            self._upkeep.tell_bars_changed(changed, from_ns)
        if merged.first_ns:
            self._upkeep.note_change()
        return outcome(revision_id)

    async def _put(self, key: SeriesKey, event_ns: int, bar: Bar | None, also: Callable[[Connection], int | None]) -> int:
        """Set or remove one bar, in one commit with ``also``; the values before are in the log of edits."""
        merger = Merger(self._publisher.folder, keeps_old=False)
        parts = self._publisher.manifest.parts(key)
        try:
            if bar is None:
                here = overlapping(parts, event_ns, event_ns + 1)
                await self._publisher.work(merger.remove, key, here, np.array([event_ns], np.int64))
            else:
                await self._publisher.work(merger.merge, key, parts, [BarArrays.of([bar])])
            new, _, gone = await self._publisher.work(merger.finish)
        except (TriiError, asyncio.CancelledError):
            merger.discard()
            raise
        result = await self._publisher.commit(Change(new, gone), lambda connection, _: also(connection))
        self._upkeep.tell_bars_changed(key, event_ns)
        self._upkeep.note_change()
        return result or 0

    async def _cut_live(self, key: SeriesKey) -> None:
        """Live rows of the key become segments first, so that there is one thing to change."""
        if self._live.tail.has_closed(key):
            await self._upkeep.cut_live()

    async def _bar_at(self, key: SeriesKey, event_ns: int) -> Bar | None:
        for placed in overlapping(self._publisher.manifest.parts(key), event_ns, event_ns + 1):
            try:
                rows = await self._publisher.work(self._bars, placed)
            except DamagedPart as e:
                await self._upkeep.set_aside(placed.segment, e)
                raise
            row = int(rows.event_ns.searchsorted(event_ns))
            if row < len(rows) and int(rows.event_ns[row]) == event_ns:
                return rows.bar(row)
        return None

    def _bars(self, placed: Placed) -> BarArrays:
        try:
            rows = read_part(self._publisher.folder, placed.segment, placed.part)
        except CorruptData as e:
            raise DamagedPart(placed, e) from e
        assert isinstance(rows, BarArrays)
        return rows


def _move_segments(stage: Stage, folder: Path) -> tuple[Segment, ...]:
    """Give a stage's segments their place beside the others; until they are listed they are orphans."""
    segments = stage.finish_segments()
    try:
        for segment in segments:
            (stage.folder / segment.name).replace(folder / segment.name)
            reach("segment.moved")
        sync_folder(folder)
    except OSError as e:
        for segment in segments:
            (folder / segment.name).unlink(missing_ok=True)
        raise explain_os_error(e, "put new market data in its place", folder) from e
    return tuple(segments)


class _Gate:
    """Holds back rows that say again what an edit by hand has put away."""

    def __init__(self, shields: Mapping[int, list[Bar]]) -> None:
        self.n_held = 0
        bars = [bar for event_ns in sorted(shields) for bar in shields[event_ns]]
        self._layers = [BarArrays.of([bar]) for bar in bars]

    def pass_through(self, windows: Iterable[BarArrays]) -> Iterator[BarArrays]:
        """The windows without the rows held back; counts from 0 each time."""
        self.n_held = 0
        for window in windows:
            rows = window
            for shield in self._layers:
                row = int(rows.event_ns.searchsorted(shield.event_ns[0]))
                if row < len(rows) and rows.event_ns[row] == shield.event_ns[0] and same_values(rows[row : row + 1], shield).all():
                    rows = take(rows, np.delete(np.arange(len(rows)), row))
                    self.n_held += 1
            if len(rows):
                yield rows


def _same(left: Bar | None, right: Bar | None) -> bool:
    if left is None or right is None:
        return left is right
    return bool(same_values(BarArrays.of([left]), BarArrays.of([right])).all())
