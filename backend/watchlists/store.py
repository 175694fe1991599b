"""The user's watchlists: named, ordered lists of instruments under headings, kept in the money ledger."""

import uuid
from collections.abc import Callable
from typing import Any, Final, TypeVar

from backend.domain.instruments import InstrumentId
from backend.errors import Conflict, InvalidInput, NotFound
from backend.events import WatchlistsChanged
from backend.storage.ledger import Ledger
from backend.watchlists.watchlist import ENTRIES_MAX, Entry, Section, Watchlist, checked_name, in_words

T = TypeVar("T")

_INSERT: Final = """
    INSERT INTO watchlists (id, name, position) VALUES (?, ?, (SELECT coalesce(max(position), -1) + 1 FROM watchlists))
"""


class WatchlistStore:
    """Reads and changes watchlists; every change is stored before ``publish`` tells it."""

    def __init__(self, ledger: Ledger, publish: Callable[[WatchlistsChanged], None]) -> None:
        self._ledger = ledger
        self._publish = publish

    async def all(self) -> tuple[Watchlist, ...]:
        """Every list, in the user's order."""
        return await self._ledger.read(_read_all)

    async def get(self, list_id: str) -> Watchlist:
        """The list ``list_id``; raises NotFound."""
        return await self._ledger.read(lambda db: _read_one(db, list_id))

    async def create(self, name: str, entries: tuple[Entry, ...] = ()) -> Watchlist:
        """A list called ``name`` behind all others; raises InvalidInput, or Conflict where the name is taken."""
        made = Watchlist(uuid.uuid4().hex, checked_name(name), ()).with_entries(entries)

        def work(db: Any) -> Watchlist:
            _refuse_taken_name(db, made.name, made.id)
            db.execute(_INSERT, (made.id, made.name))
            _write_entries(db, made)
            return made

        return await self._changed(made.id, work)

    async def rename(self, list_id: str, name: str) -> Watchlist:
        """Call the list ``name`` from now on; raises NotFound, InvalidInput or Conflict."""
        checked = checked_name(name)

        def work(db: Any) -> Watchlist:
            _read_one(db, list_id)
            _refuse_taken_name(db, checked, list_id)
            db.execute("UPDATE watchlists SET name = ? WHERE id = ?", (checked, list_id))
            return _read_one(db, list_id)

        return await self._changed(list_id, work)

    async def delete(self, list_id: str) -> Watchlist:
        """Remove the list and return what it was, for ``restore``; raises NotFound."""

        def work(db: Any) -> Watchlist:
            gone = _read_one(db, list_id)
            db.execute("DELETE FROM watchlist_instruments WHERE watchlist_id = ?", (list_id,))
            db.execute("DELETE FROM watchlist_sections WHERE watchlist_id = ?", (list_id,))
            db.execute("DELETE FROM watchlists WHERE id = ?", (list_id,))
            return gone

        return await self._changed(list_id, work)

    async def restore(self, watchlist: Watchlist) -> Watchlist:
        """Bring a deleted list back, at the end; raises Conflict where its name was taken meanwhile."""

        def work(db: Any) -> Watchlist:
            _refuse_taken_name(db, watchlist.name, watchlist.id)
            db.execute(_INSERT, (watchlist.id, watchlist.name))
            _write_entries(db, watchlist)
            return watchlist

        return await self._changed(watchlist.id, work)

    async def add(self, list_id: str, entry: Entry, *, position: int | None = None) -> Watchlist:
        """Put an instrument or a section at ``position`` (the end when None).

        An instrument that is there already stays where it is. Raises InvalidInput for a full list or a heading that cannot
        be shown, Conflict for one that is taken.
        """

        def change(now: Watchlist) -> Watchlist:
            if entry in now.entries:
                return now
            if len(now.entries) >= ENTRIES_MAX:
                raise InvalidInput(
                    f"{now.name} already holds {ENTRIES_MAX} rows.", hint="Start another list.", code="watchlist.full"
                )
            at = len(now.entries) if position is None else max(0, min(position, len(now.entries)))
            return now.with_entries((*now.entries[:at], entry, *now.entries[at:]))

        return await self._rearranged(list_id, change)

    async def remove(self, list_id: str, entry: Entry) -> int:
        """Take ``entry`` off the list and return its former position, for undo; raises NotFound.

        The rows below a section stay, and then belong to the section above it.
        """

        def work(db: Any) -> int:
            now = _read_one(db, list_id)
            at = now.place_of(entry)
            _write_entries(db, now.with_entries((*now.entries[:at], *now.entries[at + 1 :])))
            return at

        return await self._changed(list_id, work)

    async def move(self, list_id: str, entry: Entry, to: int) -> Watchlist:
        """Make ``entry`` the one at place ``to`` of what remains without it; a section takes its rows along. Raises NotFound."""

        def change(now: Watchlist) -> Watchlist:
            start, stop = now.block_of(entry)
            block, others = now.entries[start:stop], (*now.entries[:start], *now.entries[stop:])
            at = max(0, min(to, len(others)))
            return now.with_entries((*others[:at], *block, *others[at:]))

        return await self._rearranged(list_id, change)

    async def change_section(self, list_id: str, old: Section, new: Section) -> Watchlist:
        """Rename or fold a section; raises NotFound, InvalidInput or Conflict."""

        def change(now: Watchlist) -> Watchlist:
            at = now.place_of(old)
            return now.with_entries((*now.entries[:at], new, *now.entries[at + 1 :]))

        return await self._rearranged(list_id, change)

    async def arrange(self, list_id: str, entries: tuple[Entry, ...]) -> Watchlist:
        """Give the list exactly these rows; raises NotFound, InvalidInput or Conflict."""
        return await self._rearranged(list_id, lambda now: now.with_entries(entries))

    async def _rearranged(self, list_id: str, change: Callable[[Watchlist], Watchlist]) -> Watchlist:
        def work(db: Any) -> Watchlist:
            now = _read_one(db, list_id)
            made = change(now)
            if made != now:
                _write_entries(db, made)
            return made

        return await self._changed(list_id, work)

    async def _changed(self, list_id: str, work: Callable[[Any], T]) -> T:
        result = await self._ledger.write(work)
        self._publish(WatchlistsChanged((list_id,)))
        return result


def _refuse_taken_name(db: Any, name: str, list_id: str) -> None:
    taken = [n for (n,) in db.execute("SELECT name FROM watchlists WHERE id <> ?", (list_id,)) if in_words(n) == in_words(name)]
    if taken:
        raise Conflict(
            f"There is a watchlist called {taken[0]!r} already.", hint="Choose another name.", code="watchlist.name_taken"
        )


_ENTRIES: Final = """
    SELECT watchlist_id, position, instrument, NULL, 0 FROM watchlist_instruments
    UNION ALL SELECT watchlist_id, position, NULL, name, is_collapsed FROM watchlist_sections
    ORDER BY 1, 2
"""


def _read_all(db: Any) -> tuple[Watchlist, ...]:
    entries: dict[str, list[Entry]] = {}
    for list_id, _, instrument, section, is_collapsed in db.execute(_ENTRIES):
        entry = InstrumentId.parse(instrument) if section is None else Section(section, bool(is_collapsed))
        entries.setdefault(list_id, []).append(entry)
    rows = db.execute("SELECT id, name FROM watchlists ORDER BY position").fetchall()
    return tuple(Watchlist(list_id, name, tuple(entries.get(list_id, ()))) for list_id, name in rows)


def _read_one(db: Any, list_id: str) -> Watchlist:
    found = next((watchlist for watchlist in _read_all(db) if watchlist.id == list_id), None)
    if found is None:
        raise NotFound(f"There is no watchlist {list_id}.", hint="It may have been deleted in another window.")
    return found


def _write_entries(db: Any, watchlist: Watchlist) -> None:
    db.execute("DELETE FROM watchlist_instruments WHERE watchlist_id = ?", (watchlist.id,))
    db.execute("DELETE FROM watchlist_sections WHERE watchlist_id = ?", (watchlist.id,))
    placed = list(enumerate(watchlist.entries))
    db.executemany(
        "INSERT INTO watchlist_instruments (watchlist_id, instrument, position) VALUES (?, ?, ?)",
        [(watchlist.id, str(entry), position) for position, entry in placed if isinstance(entry, InstrumentId)],
    )
    db.executemany(
        "INSERT INTO watchlist_sections (watchlist_id, name, position, is_collapsed) VALUES (?, ?, ?, ?)",
        [(watchlist.id, entry.name, position, entry.is_collapsed) for position, entry in placed if isinstance(entry, Section)],
    )
