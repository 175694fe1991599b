"""The user's watchlists: named, ordered lists of instruments, kept in the money ledger."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from backend.domain.instruments import InstrumentId
from backend.errors import Conflict, InvalidInput, NotFound
from backend.events import WatchlistsChanged
from backend.storage.ledger import Ledger

T = TypeVar("T")

NAME_LENGTH_MAX: Final = 60
N_INSTRUMENTS_MAX: Final = 5_000
_INSERT: Final = """
    INSERT INTO watchlists (id, name, position) VALUES (?, ?, (SELECT coalesce(max(position), -1) + 1 FROM watchlists))
"""


@dataclass(frozen=True, slots=True)
class Watchlist:
    """One list: ``id`` never changes, ``name`` is unique without regard to case."""

    id: str
    name: str
    instruments: tuple[InstrumentId, ...] = ()


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

    async def create(self, name: str) -> Watchlist:
        """An empty list called ``name`` at the end; raises InvalidInput, or Conflict where the name is taken."""
        made = Watchlist(uuid.uuid4().hex, _checked_name(name))

        def work(db: Any) -> None:
            _refuse_taken_name(db, made.name, made.id)
            db.execute(
                _INSERT,
                (made.id, made.name),
            )

        await self._ledger.write(work)
        self._publish(WatchlistsChanged((made.id,)))
        return made

    async def rename(self, list_id: str, name: str) -> Watchlist:
        """Call the list ``name`` from now on; raises NotFound, InvalidInput or Conflict."""
        checked = _checked_name(name)

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
            db.execute("DELETE FROM watchlists WHERE id = ?", (list_id,))
            return gone

        return await self._changed(list_id, work)

    async def restore(self, watchlist: Watchlist) -> Watchlist:
        """Bring a deleted list back, at the end; raises Conflict where its name was taken meanwhile."""

        def work(db: Any) -> Watchlist:
            _refuse_taken_name(db, watchlist.name, watchlist.id)
            db.execute(
                _INSERT,
                (watchlist.id, watchlist.name),
            )
            _write_instruments(db, watchlist.id, watchlist.instruments)
            return watchlist

        return await self._changed(watchlist.id, work)

    async def add(self, list_id: str, instrument: InstrumentId, *, position: int | None = None) -> Watchlist:
        """Put ``instrument`` at ``position`` (the end when None); one that is there already stays where it is."""

        def work(db: Any) -> Watchlist:
            now = _read_one(db, list_id)
            if instrument in now.instruments:
                return now
            if len(now.instruments) >= N_INSTRUMENTS_MAX:
                raise InvalidInput(
                    f"{now.name} already holds {N_INSTRUMENTS_MAX} instruments.", hint="Start another list.", code="watchlist.full"
                )
            at = len(now.instruments) if position is None else max(0, min(position, len(now.instruments)))
            order = (*now.instruments[:at], instrument, *now.instruments[at:])
            _write_instruments(db, list_id, order)
            return Watchlist(list_id, now.name, order)

        return await self._changed(list_id, work)

    async def remove(self, list_id: str, instrument: InstrumentId) -> int:
        """Take ``instrument`` off the list and return its former position, for undo; raises NotFound."""

        def work(db: Any) -> int:
            now = _read_one(db, list_id)
            if instrument not in now.instruments:
                raise NotFound(f"{instrument} is not in {now.name}.", hint="It may have been removed already.")
            at = now.instruments.index(instrument)
            _write_instruments(db, list_id, (*now.instruments[:at], *now.instruments[at + 1 :]))
            return at

        return await self._changed(list_id, work)

    async def move(self, list_id: str, instrument: InstrumentId, to: int) -> Watchlist:
        """Make ``instrument`` the one at place ``to`` (0 is first); raises NotFound."""

        def work(db: Any) -> Watchlist:
            now = _read_one(db, list_id)
            if instrument not in now.instruments:
                raise NotFound(f"{instrument} is not in {now.name}.", hint="It may have been removed already.")
            others = [i for i in now.instruments if i != instrument]
            at = max(0, min(to, len(others)))
            order = (*others[:at], instrument, *others[at:])
            _write_instruments(db, list_id, order)
            return Watchlist(list_id, now.name, order)

        return await self._changed(list_id, work)

    async def _changed(self, list_id: str, work: Callable[[Any], T]) -> T:
        result = await self._ledger.write(work)
        self._publish(WatchlistsChanged((list_id,)))
        return result


def _checked_name(name: str) -> str:
    words = " ".join(name.split())
    if not words or len(words) > NAME_LENGTH_MAX or not words.isprintable():
        raise InvalidInput(
            f"{words[:80]!r} cannot be a watchlist's name.",
            hint=f"Use 1 to {NAME_LENGTH_MAX} printable characters.",
            code="watchlist.name",
        )
    return words


def _refuse_taken_name(db: Any, name: str, list_id: str) -> None:
    taken = [n for (n,) in db.execute("SELECT name FROM watchlists WHERE id <> ?", (list_id,)) if n.casefold() == name.casefold()]
    if taken:
        raise Conflict(
            f"There is a watchlist called {taken[0]!r} already.", hint="Choose another name.", code="watchlist.name_taken"
        )


def _read_all(db: Any) -> tuple[Watchlist, ...]:
    members: dict[str, list[InstrumentId]] = {}
    for list_id, instrument in db.execute(
        "SELECT watchlist_id, instrument FROM watchlist_instruments ORDER BY watchlist_id, position"
    ):
        members.setdefault(list_id, []).append(InstrumentId.parse(instrument))
    rows = db.execute("SELECT id, name FROM watchlists ORDER BY position").fetchall()
    return tuple(Watchlist(list_id, name, tuple(members.get(list_id, ()))) for list_id, name in rows)


def _read_one(db: Any, list_id: str) -> Watchlist:
    row = db.execute("SELECT name FROM watchlists WHERE id = ?", (list_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no watchlist {list_id}.", hint="It may have been deleted in another window.")
    members = db.execute("SELECT instrument FROM watchlist_instruments WHERE watchlist_id = ? ORDER BY position", (list_id,))
    return Watchlist(list_id, row[0], tuple(InstrumentId.parse(i) for (i,) in members.fetchall()))


def _write_instruments(db: Any, list_id: str, order: tuple[InstrumentId, ...]) -> None:
    db.execute("DELETE FROM watchlist_instruments WHERE watchlist_id = ?", (list_id,))
    db.executemany(
        "INSERT INTO watchlist_instruments (watchlist_id, instrument, position) VALUES (?, ?, ?)",
        [(list_id, str(instrument), position) for position, instrument in enumerate(order)],
    )
