"""Looks of drawings kept by kind in the money ledger: the one that the next drawing gets, and others under names."""

from typing import Any, ClassVar, Final

import msgspec

from backend.charts.chart_state import Value
from backend.charts.drawings import DrawingKind, DrawingStyle, check_style
from backend.errors import CorruptData, InvalidInput, TriiError
from backend.storage.ledger import Ledger

NAME_MAX: Final = 60
STYLES_MAX: Final = 100  # of one kind
_PUT: Final = """
    INSERT INTO drawing_styles (kind, key, name, body) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET name = excluded.name, body = excluded.body
"""


class KeptStyle(Value, frozen=True):
    """How drawings of ``kind`` look under ``name``; under no name, how the next one looks."""

    kind: DrawingKind
    style: DrawingStyle
    name: str = ""


class DrawingStyleStore:
    """Reads and changes looks; one name is one look of a kind, whatever its capitals."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def all(self) -> tuple[KeptStyle, ...]:
        """Every look, by kind and name. Raises CorruptData where one cannot be read."""
        rows = await self._ledger.read(
            lambda db: db.execute("SELECT kind, name, body FROM drawing_styles ORDER BY kind, key").fetchall()
        )
        return tuple(_read(str(kind), str(name), bytes(body)) for kind, name, body in rows)

    async def keep(self, kept: KeptStyle) -> None:
        """Keep a look in the place of the one that has its name. Raises InvalidInput."""
        name = kept.name
        check_style(kept.style)
        if len(name) > NAME_MAX or not name.isprintable() or name != name.strip():
            raise InvalidInput(
                f"{name!r} cannot name a look.", hint=f"Use up to {NAME_MAX} characters on one line.", code="drawing.style_name"
            )

        def work(db: Any) -> None:
            (n_kept,) = db.execute("SELECT count(*) FROM drawing_styles WHERE kind = ?", (kept.kind.value,)).fetchone()
            is_known = _is_known(db, kept.kind, name)
            if n_kept >= STYLES_MAX and not is_known:
                raise InvalidInput(f"There are {n_kept} looks already.", hint="Remove one first.", code="drawing.style_full")
            db.execute(_PUT, (kept.kind.value, name.casefold(), name, msgspec.json.encode(kept.style)))

        await self._ledger.write(work)

    async def forget(self, kind: DrawingKind, name: str) -> None:
        """Keep this look no more; nothing for one that is not there."""
        await self._ledger.write(
            lambda db: db.execute("DELETE FROM drawing_styles WHERE kind = ? AND key = ?", (kind.value, name.casefold()))
        )


def _is_known(db: Any, kind: DrawingKind, name: str) -> bool:
    query = "SELECT 1 FROM drawing_styles WHERE kind = ? AND key = ?"
    return db.execute(query, (kind.value, name.casefold())).fetchone() is not None


def _read(kind: str, name: str, body: bytes) -> KeptStyle:
    try:
        return KeptStyle(DrawingKind(kind), check_style(msgspec.json.decode(body, type=DrawingStyle)), name)
    except (msgspec.MsgspecError, ValueError, TriiError) as error:
        raise CorruptData(
            f"A look of drawings cannot be read: {error}", hint="Restore a backup.", code="drawing.style_read"
        ) from error
