"""The manifest: which segments make up the market store, in the ledger and as a read-only picture in memory."""

import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from backend.storage.connection import Connection
from backend.storage.segments import Part, Segment, SeriesKey

STORE_ID: Final = "store_id"
LOG_CUT: Final = "log_cut"


class Placed(NamedTuple):
    """A part and the segment it lies in."""

    segment: Segment
    part: Part


@dataclass(frozen=True, slots=True)
class Change:
    """What one commit adds to and removes from the manifest.

    log_cut : generations of the append log up to this one are now in segments; None leaves it as it was
    """

    added: tuple[Segment, ...] = ()
    removed: tuple[int, ...] = ()
    log_cut: int | None = None


@dataclass(slots=True)
class Manifest:
    """Listed segments by id, and their parts by key, ordered by time. Only the engine thread changes it."""

    segments: dict[int, Segment] = field(default_factory=dict)
    log_cut: int = 0
    _parts: dict[SeriesKey, tuple[Placed, ...]] = field(default_factory=dict)
    _keys: dict[str, set[SeriesKey]] = field(default_factory=dict)  # by instrument

    def parts(self, key: SeriesKey) -> tuple[Placed, ...]:
        """Parts of one key, by first time; those of bars never overlap in time."""
        return self._parts.get(key, ())

    def keys(self) -> Iterable[SeriesKey]:
        """Every key that has rows."""
        return self._parts.keys()

    def keys_of(self, instrument: str) -> Iterable[SeriesKey]:
        """Keys of one instrument that have rows; costs nothing, however many there are of others."""
        return self._keys.get(instrument, ())

    def all_parts(self) -> Mapping[SeriesKey, tuple[Placed, ...]]:
        """Parts of every key."""
        return self._parts

    def apply(self, change: Change) -> None:
        """Take over what a commit has made true; added segments carry their ids."""
        for segment_id in change.removed:
            segment = self.segments.pop(segment_id)
            for key in {part.key for part in segment.parts} if segment.kind != "revision" else ():
                left = tuple(placed for placed in self._parts[key] if placed.segment.id != segment_id)
                if left:
                    self._parts[key] = left
                else:
                    del self._parts[key]
                    self._forget(key)
        for segment in change.added:
            self._place(segment)
        if change.log_cut is not None:
            self.log_cut = change.log_cut

    def _place(self, segment: Segment) -> None:
        self.segments[segment.id] = segment
        if segment.kind == "revision":
            return
        for part in segment.parts:
            placed = list(self._parts.get(part.key, ()))
            bisect.insort(placed, Placed(segment, part), key=lambda p: (p.part.first_ns, p.part.last_ns, p.segment.id))
            self._parts[part.key] = tuple(placed)
            self._keys.setdefault(part.key.instrument, set()).add(part.key)

    def _forget(self, key: SeriesKey) -> None:
        keys = self._keys[key.instrument]
        keys.discard(key)
        if not keys:
            del self._keys[key.instrument]


def overlapping(parts: Sequence[Placed], from_ns: int | None, to_ns: int | None) -> list[Placed]:
    """Parts that may hold rows with ``from_ns`` ≤ event_ns < ``to_ns``, by their statistics alone."""
    return [
        placed
        for placed in parts
        if (from_ns is None or placed.part.last_ns >= from_ns) and (to_ns is None or placed.part.first_ns < to_ns)
    ]


def load_manifest(connection: Connection) -> tuple[Manifest, str]:
    """The manifest as last committed, and the id of the store it belongs to ("" for a new ledger)."""
    state: dict[str, str] = dict(connection.execute("SELECT name, value FROM market_state"))
    parts: dict[int, list[Part]] = {}
    for segment_id, *rest in connection.execute(
        "SELECT segment, instrument, spec, source, first_row, n_rows, first_ns, last_ns FROM segment_parts "
        "ORDER BY segment, first_row"
    ):
        instrument, spec, source, *numbers = rest
        parts.setdefault(segment_id, []).append(Part(SeriesKey(instrument, spec, source), *numbers))
    manifest = Manifest(log_cut=int(state.get(LOG_CUT, "0")))
    for segment_id, name, kind, n_rows, n_bytes, sha256 in connection.execute(
        "SELECT id, name, kind, n_rows, n_bytes, sha256 FROM segments ORDER BY id"
    ):
        manifest._place(Segment(name, kind, n_rows, n_bytes, sha256, tuple(parts.get(segment_id, ())), segment_id))  # noqa: SLF001 - builds it
    return manifest, state.get(STORE_ID, "")


def save_change(connection: Connection, change: Change, now_ns: int) -> Change:
    """Write a change inside the running transaction; the same change with the new segments' ids."""
    for segment_id in change.removed:
        connection.execute("DELETE FROM bar_revision_segments WHERE segment = ?", (segment_id,))
        connection.execute("DELETE FROM segment_parts WHERE segment = ?", (segment_id,))
        connection.execute("DELETE FROM segments WHERE id = ?", (segment_id,))
    added = tuple(_insert(connection, segment, now_ns) for segment in change.added)
    if change.log_cut is not None:
        save_state(connection, LOG_CUT, str(change.log_cut))
    return Change(added, change.removed, change.log_cut)


def save_state(connection: Connection, name: str, value: str) -> None:
    """Remember one value about the store itself."""
    connection.execute(
        "INSERT INTO market_state (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value)
    )


def _insert(connection: Connection, segment: Segment, now_ns: int) -> Segment:
    cursor = connection.execute(
        "INSERT INTO segments (name, kind, n_rows, n_bytes, sha256, created_ns) VALUES (?, ?, ?, ?, ?, ?)",
        (segment.name, segment.kind, segment.n_rows, segment.n_bytes, segment.sha256, now_ns),
    )
    segment_id = cursor.lastrowid
    assert segment_id is not None
    connection.executemany(
        "INSERT INTO segment_parts (segment, instrument, spec, source, first_row, n_rows, first_ns, last_ns) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(segment_id, *p.key, p.first_row, p.n_rows, p.first_ns, p.last_ns) for p in segment.parts],
    )
    return Segment(segment.name, segment.kind, segment.n_rows, segment.n_bytes, segment.sha256, segment.parts, segment_id)
