"""The drawings of every instrument, in the money ledger: stored first, told after."""

from collections.abc import Callable
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


class DrawingChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Drawings to put (new, or in the place of those with their ids) and ids to remove."""

    put: tuple[Drawing, ...] = ()
    removed: tuple[str, ...] = ()


class DrawingStore:
    """Reads and changes drawings. What a change replaced comes back as the change that takes it back."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, ledger: Ledger, publish: Callable[[DrawingsChanged], None]) -> None:
        self._ledger = ledger
        self._publish = publish

    async def of(self, instrument: InstrumentId) -> tuple[Drawing, ...]:
        """The drawings of one instrument, the oldest first. Raises CorruptData where one cannot be read."""
        rows = await self._ledger.read(
            lambda db: db.execute("SELECT body FROM drawings WHERE instrument = ? ORDER BY position", (str(instrument),)).fetchall()
        )
        try:
            return tuple(load_drawing(bytes(body)) for (body,) in rows)
        except TriiError as error:
            raise CorruptData(f"A drawing of {instrument} cannot be read. {error}", hint="Restore a backup.") from error

    async def change(self, instrument: InstrumentId, change: DrawingChange) -> DrawingChange:
        """Store all of ``change`` or nothing, and return what takes it back; unknown ids are passed over. Raises InvalidInput."""
        for drawing in change.put:
            check_drawing(drawing)
        key = str(instrument)

        def work(db: Any) -> DrawingChange:
            before = {name: bytes(body) for name, body in db.execute("SELECT id, body FROM drawings WHERE instrument = ?", (key,))}
            ids = {drawing.id for drawing in change.put}
            if len({*before, *ids}) - len({*change.removed} & {*before}) > DRAWINGS_MAX:
                raise InvalidInput(
                    f"{instrument} has {len(before)} drawings already.", hint="Remove some first.", code="drawing.full"
                )
            db.executemany("DELETE FROM drawings WHERE instrument = ? AND id = ?", [(key, name) for name in change.removed])
            db.executemany(_PUT, [(key, drawing.id, key, save_drawing(drawing)) for drawing in change.put])
            touched = [name for name in (*change.removed, *ids) if name in before]
            gone = tuple(name for name in ids if name not in before)
            return DrawingChange(tuple(load_drawing(before[name]) for name in dict.fromkeys(touched)), gone)

        back = await self._ledger.write(work)
        self._publish(DrawingsChanged(instrument))
        return back
