"""Merging sorted rows into a series: only the segments they touch are written again, within bounded memory.

Runs on the store's writer thread and changes nothing that readers see: it leaves new files, not yet listed, and says
which listed ones they replace.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from backend.domain.bars import BarArrays, Int64s
from backend.errors import CorruptData
from backend.storage.manifest import Placed
from backend.storage.segments import SEGMENT_ROWS, Rows, Segment, SeriesKey, concat_rows, read_all, read_part, write_segment
from backend.storage.stage import same_values, take


class DamagedPart(CorruptData):
    """A part that should have been merged cannot be read."""

    def __init__(self, placed: Placed, error: CorruptData) -> None:
        super().__init__(error.message, hint=error.hint, code=error.code)
        self.placed = placed


class SegmentWriter:
    """Gathers rows, by key and in order of time, and writes a segment whenever one is full."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._kind = kind
        self._open: list[tuple[SeriesKey, list[Rows]]] = []
        self._n_rows = 0
        self._is_broken = True
        self._written: list[Segment] = []

    def add(self, key: SeriesKey, rows: Rows) -> None:
        """Take rows that follow those added before under the same key."""
        while len(rows):
            room = SEGMENT_ROWS - self._n_rows
            self._take(key, rows[:room])
            rows = rows[room:]
            if self._n_rows >= SEGMENT_ROWS:
                self._flush()

    def end_part(self) -> None:
        """Keep what follows apart from what came before: a part that stays where it is lies between them."""
        self._is_broken = True

    def finish(self) -> tuple[Segment, ...]:
        """Write what is left; every segment written."""
        self._flush()
        return tuple(self._written)

    def discard(self) -> None:
        """Delete the files written so far; nobody has listed them."""
        for segment in self._written:
            (self._folder / segment.name).unlink(missing_ok=True)
        self._written.clear()
        self._open.clear()

    def _take(self, key: SeriesKey, rows: Rows) -> None:
        if self._is_broken or self._open[-1][0] != key:
            self._open.append((key, []))
            self._is_broken = False
        self._open[-1][1].append(rows)
        self._n_rows += len(rows)

    def _flush(self) -> None:
        if self._open:
            self._written.append(write_segment(self._folder, self._kind, [(key, concat_rows(p)) for key, p in self._open]))
        self._open, self._n_rows, self._is_broken = [], 0, True


@dataclass(slots=True)
class Merged:
    """What merging one or more keys did, or will have done once it is committed."""

    n_new: int = 0
    n_same: int = 0
    n_replaced: int = 0
    first_ns: dict[SeriesKey, int] = field(default_factory=dict)
    touched: dict[int, Segment] = field(default_factory=dict)
    rewritten: dict[int, set[int]] = field(default_factory=dict)

    def note(self, key: SeriesKey, event_ns: int) -> None:
        """Remember the earliest time at which ``key`` changes."""
        self.first_ns[key] = min(event_ns, self.first_ns.get(key, event_ns))

    def retire(self, placed: Placed) -> None:
        """Remember that a part's rows are now written elsewhere."""
        self.touched[placed.segment.id] = placed.segment
        self.rewritten.setdefault(placed.segment.id, set()).add(placed.part.first_row)


class Merger:
    """Merges rows into the store's folder; one object for all that one commit publishes."""

    def __init__(self, folder: Path, kind: str = "bar", *, keeps_old: bool = True) -> None:
        self.merged = Merged()
        self._folder = folder
        self._writer = SegmentWriter(folder, kind)
        self._revisions = SegmentWriter(folder, "revision") if keeps_old else None

    def merge(self, key: SeriesKey, parts: Sequence[Placed], windows: Iterable[BarArrays]) -> None:
        """Merge sorted ``windows`` of bars into the disjoint, ordered ``parts`` of ``key``; new values win.

        Raises DamagedPart when a part cannot be read, Unavailable when the disk is full.
        """
        waiting = _Parts(self, key, parts)
        for window in windows:
            for rows in waiting.split(window):
                self.merged.n_new += len(rows)
                self.merged.note(key, int(rows.event_ns[0]))
                self._writer.add(key, rows)
        waiting.finish()
        self._writer.end_part()
        if self._revisions is not None:
            self._revisions.end_part()

    def remove(self, key: SeriesKey, parts: Sequence[Placed], event_ns: Int64s) -> None:
        """Take rows at these times out of ``parts``; they are kept as a revision."""
        for placed in parts:
            rows = self.load(placed)
            gone = np.isin(rows.event_ns, event_ns)
            if gone.any():
                self.merged.retire(placed)
                self.merged.note(key, int(rows.event_ns[gone][0]))
                self.merged.n_replaced += int(gone.sum())
                self._keep_old(key, take(rows, np.flatnonzero(gone)))
                self._writer.add(key, take(rows, np.flatnonzero(~gone)))
                self._writer.end_part()

    def append(self, key: SeriesKey, rows: Rows) -> None:
        """Write rows that need no merging, as trades."""
        self.merged.n_new += len(rows)
        self._writer.add(key, rows)

    def finish(self) -> tuple[tuple[Segment, ...], tuple[Segment, ...], tuple[int, ...]]:
        """New segments, revision segments, and the ids of the segments that the new ones replace."""
        for segment_id, segment in self.merged.touched.items():
            gone = self.merged.rewritten[segment_id]
            self._keep_rest(segment, gone)
        revisions = () if self._revisions is None else self._revisions.finish()
        return self._writer.finish(), revisions, tuple(self.merged.touched)

    def discard(self) -> None:
        """Delete what was written; used when the commit will not happen."""
        self._writer.discard()
        if self._revisions is not None:
            self._revisions.discard()

    def _keep_old(self, key: SeriesKey, rows: BarArrays) -> None:
        if self._revisions is not None:
            self._revisions.add(key, rows)

    def _keep_rest(self, segment: Segment, gone: set[int]) -> None:
        if len(segment.parts) == len(gone):
            return
        try:
            kept = read_all(self._folder, segment)
        except CorruptData as e:
            raise DamagedPart(Placed(segment, segment.parts[0]), e) from e
        for part, (key, rows) in zip(segment.parts, kept, strict=True):
            if part.first_row not in gone:
                self._writer.add(key, rows)
                self._writer.end_part()

    def into(self, key: SeriesKey, old: BarArrays, new: BarArrays) -> BarArrays | None:
        """Rows of ``old`` and ``new`` together; None when nothing changes. Counts, and keeps replaced rows."""
        place = np.searchsorted(old.event_ns, new.event_ns)
        known = place < len(old)
        known[known] = old.event_ns[place[known]] == new.event_ns[known]
        new_row, old_row = np.flatnonzero(known), place[known]
        differs = ~same_values(take(new, new_row), take(old, old_row))
        added = np.flatnonzero(~known)
        self.merged.n_same += int(np.count_nonzero(~differs))
        self.merged.n_new += len(added)
        self.merged.n_replaced += int(np.count_nonzero(differs))
        if not differs.any() and not len(added):
            return None
        changed = np.sort(np.concatenate([added, new_row[differs]]))
        self.merged.note(key, int(new.event_ns[changed[0]]))
        if differs.any():
            self._keep_old(key, take(old, old_row[differs]))
        kept = np.ones(len(old), np.bool_)
        kept[old_row[differs]] = False
        joined = concat_rows([take(old, np.flatnonzero(kept)), take(new, changed)])
        assert isinstance(joined, BarArrays)
        return take(joined, np.argsort(joined.event_ns, kind="stable"))

    def write(self, key: SeriesKey, rows: BarArrays) -> None:
        """Add rows of ``key`` to the new segments."""
        self._writer.add(key, rows)

    def load(self, placed: Placed) -> BarArrays:
        """The bars of one part."""
        try:
            rows = read_part(self._folder, placed.segment, placed.part)
        except CorruptData as e:
            raise DamagedPart(placed, e) from e
        assert isinstance(rows, BarArrays)
        return rows

    def pass_over(self) -> None:
        """A part stays where it is: rows after it go to another part than rows before it."""
        self._writer.end_part()


class _Parts:
    """The parts of one key in order of time, each opened when the first row falls into its range."""

    def __init__(self, merger: Merger, key: SeriesKey, parts: Sequence[Placed]) -> None:
        self._merger = merger
        self._key = key
        self._parts = list(parts)
        self._place = 0
        self._old: BarArrays | None = None  # rows of the part under way that are not yet compared
        self._seen: list[BarArrays] = []  # its rows that were compared and found unchanged, while nothing has changed
        self._is_changed = False

    def split(self, window: BarArrays) -> Iterator[BarArrays]:
        """Merge what falls into the range of a part; yield the rest, in order, as it comes."""
        while len(window):
            if self._place == len(self._parts):
                yield window
                return
            part = self._parts[self._place].part
            n_before = int(np.searchsorted(window.event_ns, part.first_ns, side="left"))
            if n_before:
                yield window[:n_before]
            n_inside = int(np.searchsorted(window.event_ns, part.last_ns, side="right"))
            if n_inside > n_before:
                self._merge(window[n_before:n_inside])
            if n_inside == len(window):
                return
            self._close_part()
            window = window[n_inside:]

    def finish(self) -> None:
        """Write the rest of a part that has changed."""
        if self._place < len(self._parts):
            self._close_part()

    def _merge(self, new: BarArrays) -> None:
        if self._old is None:
            self._old = self._merger.load(self._parts[self._place])
        n_old = int(np.searchsorted(self._old.event_ns, new.event_ns[-1], side="right"))
        old, self._old = self._old[:n_old], self._old[n_old:]
        together = self._merger.into(self._key, old, new)
        if together is None and not self._is_changed:
            self._seen.append(old)
            return
        if not self._is_changed:
            self._is_changed = True
            self._merger.merged.retire(self._parts[self._place])
            for piece in self._seen:
                self._merger.write(self._key, piece)
            self._seen = []
        self._merger.write(self._key, old if together is None else together)

    def _close_part(self) -> None:
        if self._is_changed and self._old is not None:
            self._merger.write(self._key, self._old)
        elif not self._is_changed:
            self._merger.pass_over()
        self._old, self._seen, self._is_changed = None, [], False
        self._place += 1
