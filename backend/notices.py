"""Warnings and errors that a person was told, kept in the words ledger so that a restart does not swallow them."""

from dataclasses import dataclass
from typing import Any, Final

from backend.events import Level, Notice
from backend.storage.ledger import Ledger

N_KEPT: Final = 500
KEPT_LEVELS: Final = (Level.WARNING, Level.ERROR)

_SAME: Final = "level = ? AND title = ? AND text = ? AND hint = ? AND code = ?"


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A notice, when it was told last (UTC ns) and how often; ``action`` is the id of what can be done about it, or empty."""

    notice: Notice
    at_ns: int
    n_times: int = 1
    is_read: bool = False
    action: str = ""


class NoticeStore:
    """Keeps notices, equal ones once; at most 500, the newest."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def keep(self, notice: Notice, at_ns: int, action: str = "") -> None:
        """Remember ``notice``; one that is there already is told once more."""

        def work(db: Any) -> None:
            again = db.execute(
                f"UPDATE notices SET at_ns = ?, n_times = n_times + 1, is_read = 0, action = ? WHERE {_SAME}",  # noqa: S608 - our own words
                (at_ns, action, *_parts(notice)),
            ).rowcount
            if not again:
                db.execute(
                    "INSERT INTO notices (at_ns, action, level, title, text, hint, code) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (at_ns, action, *_parts(notice)),
                )
            db.execute(
                "DELETE FROM notices WHERE id NOT IN (SELECT id FROM notices ORDER BY at_ns DESC, id DESC LIMIT ?)", (N_KEPT,)
            )

        await self._ledger.write(work)

    async def since(self, from_ns: int) -> tuple[KeptNotice, ...]:
        """What was told at ``from_ns`` or later, newest first; older ones are forgotten."""

        def work(db: Any) -> list[Any]:
            db.execute("DELETE FROM notices WHERE at_ns < ?", (from_ns,))
            found: list[Any] = db.execute(
                "SELECT level, title, text, hint, code, at_ns, n_times, is_read, action FROM notices ORDER BY at_ns DESC, id DESC"
            ).fetchall()
            return found

        return tuple(
            KeptNotice(Notice(Level(level), *words), at_ns, n_times, bool(is_read), action)
            for level, *words, at_ns, n_times, is_read, action in await self._ledger.write(work)
        )

    async def mark_read(self) -> None:
        """All of them were looked at."""
        await self._ledger.write(lambda db: db.execute("UPDATE notices SET is_read = 1 WHERE is_read = 0").rowcount)

    async def forget(self, notice: Notice) -> None:
        """Keep ``notice`` no longer."""
        await self._ledger.write(
            lambda db: db.execute(f"DELETE FROM notices WHERE {_SAME}", _parts(notice)).rowcount  # noqa: S608 - our own words
        )

    async def clear(self) -> None:
        """Keep none."""
        await self._ledger.write(lambda db: db.execute("DELETE FROM notices").rowcount)


def _parts(notice: Notice) -> tuple[str, ...]:
    return (str(notice.level), notice.title, notice.text, notice.hint, notice.code)
