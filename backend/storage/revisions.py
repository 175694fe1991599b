"""What was there before: replaced bars kept as revisions, and the log of single bars edited by hand."""

import json
import math
from dataclasses import dataclass

from backend.domain.bars import Bar
from backend.errors import Conflict, NotFound
from backend.storage.connection import Connection
from backend.storage.segments import Segment, SeriesKey


@dataclass(frozen=True, slots=True)
class Revision:
    """Bars of one series and source that a change replaced; ``reason`` is "import", "live", "restore" or "removal"."""

    id: int
    made_ns: int
    key: SeriesKey
    reason: str
    n_bars: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class BarEdit:
    """One bar changed (``new`` is a bar) or deleted (``new`` is None) by hand; ``undone_ns`` is None while it holds."""

    id: int
    made_ns: int
    undone_ns: int | None
    key: SeriesKey
    old: Bar
    new: Bar | None


def save_revisions(connection: Connection, segments: tuple[Segment, ...], reason: str, now_ns: int) -> dict[SeriesKey, int]:
    """List replaced bars, one revision a key; ids by key. ``segments`` carry their ids."""
    ids: dict[SeriesKey, int] = {}
    for key in {part.key for segment in segments for part in segment.parts}:
        parts = [part for segment in segments for part in segment.parts if part.key == key]
        cursor = connection.execute(
            "INSERT INTO bar_revisions (made_ns, instrument, spec, source, reason, n_rows, first_ns, last_ns) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (now_ns, *key, reason, sum(p.n_rows for p in parts), min(p.first_ns for p in parts), max(p.last_ns for p in parts)),
        )
        assert cursor.lastrowid is not None
        ids[key] = cursor.lastrowid
        holders = [segment.id for segment in segments if any(part.key == key for part in segment.parts)]
        connection.executemany(
            "INSERT INTO bar_revision_segments (revision, segment) VALUES (?, ?)", [(ids[key], holder) for holder in holders]
        )
    return ids


def load_revisions(connection: Connection, instrument: str, spec: str) -> list[Revision]:
    """Revisions of one series, newest first."""
    return [
        Revision(row[0], row[1], SeriesKey(row[2], row[3], row[4]), *row[5:])
        for row in connection.execute(
            "SELECT id, made_ns, instrument, spec, source, reason, n_rows, first_ns, last_ns FROM bar_revisions "
            "WHERE instrument = ? AND spec = ? ORDER BY id DESC",
            (instrument, spec),
        ).fetchall()
    ]


def revision_parts(connection: Connection, revision_id: int) -> tuple[SeriesKey, list[int]]:
    """The key of a revision and the ids of the segments that hold its bars. Raises NotFound."""
    row = connection.execute("SELECT instrument, spec, source FROM bar_revisions WHERE id = ?", (revision_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no revision {revision_id}.", hint="List the revisions of the series.", code="revision.unknown")
    rows = connection.execute("SELECT segment FROM bar_revision_segments WHERE revision = ? ORDER BY segment", (revision_id,))
    return SeriesKey(*row), [segment for (segment,) in rows.fetchall()]


def save_edit(connection: Connection, key: SeriesKey, old: Bar, new: Bar | None, now_ns: int) -> int:
    """Log an edit; its id."""
    cursor = connection.execute(
        "INSERT INTO bar_edits (made_ns, instrument, spec, source, event_ns, old_bar, new_bar) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (now_ns, *key, old.event_ns, _text(old), None if new is None else _text(new)),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def mark_undone(connection: Connection, edit_id: int, now_ns: int) -> None:
    """Say in the log that an edit no longer holds. Raises Conflict when it was undone before."""
    done = connection.execute("UPDATE bar_edits SET undone_ns = ? WHERE id = ? AND undone_ns IS NULL", (now_ns, edit_id))
    if done.rowcount != 1:
        raise Conflict(f"Edit {edit_id} was undone before.", code="edit.undone")


def load_edit(connection: Connection, edit_id: int) -> BarEdit:
    """One edit. Raises NotFound."""
    row = connection.execute(
        "SELECT id, made_ns, undone_ns, instrument, spec, source, event_ns, old_bar, new_bar FROM bar_edits WHERE id = ?",
        (edit_id,),
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no edit {edit_id}.", hint="List the edits of the series.", code="edit.unknown")
    return _edit(row)


def load_edits(connection: Connection, instrument: str, spec: str) -> list[BarEdit]:
    """Edits of one series, newest first, undone ones too."""
    rows = connection.execute(
        "SELECT id, made_ns, undone_ns, instrument, spec, source, event_ns, old_bar, new_bar FROM bar_edits "
        "WHERE instrument = ? AND spec = ? ORDER BY id DESC",
        (instrument, spec),
    ).fetchall()
    return [_edit(row) for row in rows]


def load_shields(connection: Connection, key: SeriesKey) -> dict[int, list[Bar]]:
    """Values that edits which still hold have put away, by event time: the same values coming again change nothing."""
    shields: dict[int, list[Bar]] = {}
    rows = connection.execute(
        "SELECT event_ns, old_bar FROM bar_edits WHERE instrument = ? AND spec = ? AND source = ? AND undone_ns IS NULL", key
    )
    for event_ns, old in rows.fetchall():
        shields.setdefault(event_ns, []).append(_bar(event_ns, old))
    return shields


def _edit(row: tuple[int, int, int | None, str, str, str, int, str, str | None]) -> BarEdit:
    edit_id, made_ns, undone_ns, instrument, spec, source, event_ns, old, new = row
    key = SeriesKey(instrument, spec, source)
    return BarEdit(edit_id, made_ns, undone_ns, key, _bar(event_ns, old), None if new is None else _bar(event_ns, new))


def _text(bar: Bar) -> str:
    """Exact decimal digits; a missing volume is null."""
    volume = None if math.isnan(bar.volume) else bar.volume
    return json.dumps([bar.open, bar.high, bar.low, bar.close, volume])


def _bar(event_ns: int, text: str) -> Bar:
    open_, high, low, close, volume = json.loads(text)
    return Bar(event_ns, open_, high, low, close, math.nan if volume is None else volume)
