"""The drawings of every instrument, in the money ledger: stored first, told after."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final

import msgspec

from backend.charts.drawings import Drawing, check_drawing, load_drawing, save_drawing
from backend.domain.instruments import InstrumentId
from backend.errors import CorruptData, InvalidInput, TriiError
from backend.events import DrawingsChanged
from backend.storage.ledger import Ledger

DRAWINGS_MAX: Final = 20_000
_PUT: Final = """
    INSERT INTO drawings (instrument, id, position, body)
    VALUES (?, ?, (SELECT coalesce(max(position), -1) + 1 FROM drawings WHERE instrument = ?), ?)
    ON CONFLICT DO UPDATE SET body = excluded.body
"""
_PUT_AT: Final = """
    INSERT INTO drawings (instrument, id, position, body) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET body = excluded.body, position = excluded.position
"""


class DrawingChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Drawings to put (new, or in the place of those with their ids) and ids to remove.

    positions : where each of ``put`` lies among the others, the lowest at the back; empty leaves known ones where they are
        and puts new ones in front
    """

    put: tuple[Drawing, ...] = ()
    removed: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()


class Changed(msgspec.Struct, frozen=True):
    """A change that was stored: its number, as ``DrawingsChanged`` tells it, and the change that takes it back."""

    number: int
    back: DrawingChange


class StoredDrawings(msgspec.Struct, frozen=True):
    """The drawings of one instrument, the backmost first, after the change ``number``."""

    number: int
    drawings: tuple[Drawing, ...]


class DrawingStore:
    """Reads and changes drawings. The changes of an instrument are numbered anew from 1 at each start of the program."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, ledger: Ledger, publish: Callable[[DrawingsChanged], None]) -> None:
        self._ledger = ledger
        self._publish = publish
        self._numbers: Counter[InstrumentId] = Counter()

    async def of(self, instrument: InstrumentId) -> StoredDrawings:
        """The drawings of one instrument. Raises CorruptData where one cannot be read."""
        number = self._numbers[instrument]
        rows = await self._ledger.read(
            lambda db: db.execute("SELECT body FROM drawings WHERE instrument = ? ORDER BY position", (str(instrument),)).fetchall()
        )
        try:
            return StoredDrawings(number, tuple(load_drawing(bytes(body)) for (body,) in rows))
        except TriiError as error:
            raise CorruptData(f"A drawing of {instrument} cannot be read. {error}", hint="Restore a backup.") from error

    async def change(self, instrument: InstrumentId, change: DrawingChange) -> Changed:
        """Store all of ``change`` or nothing, and return what takes it back; unknown ids are passed over. Raises InvalidInput."""
        for drawing in change.put:
            check_drawing(drawing)
        if change.positions and len(change.positions) != len(change.put):
            raise InvalidInput(
                f"{len(change.put)} drawings were given {len(change.positions)} positions.", hint="Give each one, or none."
            )
        key = str(instrument)

        def work(db: Any) -> DrawingChange:
            ids = {drawing.id for drawing in change.put}
            before = _found(db, key, {*ids, *change.removed})
            (n_kept,) = db.execute("SELECT count(*) FROM drawings WHERE instrument = ?", (key,)).fetchone()
            if n_kept + len(ids - before.keys()) - len({*change.removed} & before.keys() - ids) > DRAWINGS_MAX:
                raise InvalidInput(f"{instrument} has {n_kept} drawings already.", hint="Remove some first.", code="drawing.full")
            db.executemany("DELETE FROM drawings WHERE instrument = ? AND id = ?", [(key, name) for name in change.removed])
            if change.positions:
                placed = zip(change.put, change.positions, strict=True)
                db.executemany(_PUT_AT, [(key, drawing.id, at, save_drawing(drawing)) for drawing, at in placed])
            else:
                db.executemany(_PUT, [(key, drawing.id, key, save_drawing(drawing)) for drawing in change.put])
            was = [(load_drawing(body), at) for body, at in before.values()]
            gone = tuple(name for name in ids if name not in before)
            return DrawingChange(tuple(drawing for drawing, _ in was), gone, tuple(at for _, at in was))

        back = await self._ledger.write(work)
        self._numbers[instrument] += 1
        number = self._numbers[instrument]
        self._publish(DrawingsChanged(instrument, number))
        return Changed(number, back)


def _found(db: Any, key: str, ids: Iterable[str]) -> dict[str, tuple[bytes, int]]:
    """Body and position of the drawings of ``ids`` that are stored."""
    found: dict[str, tuple[bytes, int]] = {}
    for name in ids:
        row = db.execute("SELECT body, position FROM drawings WHERE instrument = ? AND id = ?", (key, name)).fetchone()
        if row is not None:
            found[name] = (bytes(row[0]), int(row[1]))
    return found
