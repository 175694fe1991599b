"""What is kept of chat on this computer: history as long, files as much as the settings say; the server has the rest."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from backend.chat.parts import ChatParts
from backend.chat.room_rows import load_rooms
from backend.chat.word_index import take_out_upto
from backend.errors import TriiError
from backend.events import MessagesChanged, notice_of

EVERY_S: Final = 6 * 3600.0
DAY_MS: Final = 86_400_000
UNUSED_MS: Final = 3_600_000  # a file that no message names may belong to one that is being written
ROWS_AT_ONCE: Final = 2_000
MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """What chat takes on this computer, and what it may take; 0 days keep all."""

    n_messages: int
    n_files: int
    files_bytes: int
    files_bytes_max: int
    keep_days: int


class Upkeep:
    """Prunes history by age and files by use."""

    def __init__(self, parts: ChatParts) -> None:
        self._parts = parts

    async def run(self) -> None:
        """Tidy up now and every six hours."""
        while True:
            try:
                await self.tidy()
            except TriiError as error:
                self._parts.bus.publish(notice_of(error, "Old messages could not be tidied up."))
            await asyncio.sleep(EVERY_S)

    async def tidy(self) -> None:
        """Remove what is older or more than the settings allow. Raises TriiError."""
        parts, chosen = self._parts, self._parts.chosen
        if chosen.keep_days:
            before_ms = parts.now_ms - chosen.keep_days * DAY_MS
            await self.prune(before_ms)
        await parts.files.sweep(parts.now_ms - UNUSED_MS)
        await parts.files.make_room(chosen.files_mb * MB)

    async def prune(self, before_ms: int) -> None:
        """Remove history from before a time (UTC ms); connections go on from what is left. Raises TriiError."""
        parts = self._parts
        shortened = set()
        for room in await parts.words.read(load_rooms):
            while await parts.words.write(partial(_prune, room.key, before_ms)):
                shortened.add(room.server)
                parts.bus.publish(MessagesChanged(room.id))
                await asyncio.sleep(0)
        for link in parts.team.links():
            if link.account.id in shortened:
                await link.line.reload()

    async def usage(self) -> Usage:
        """What is kept now."""

        def work(db: Any) -> tuple[int, int, int]:
            (n_messages,) = db.execute("SELECT count(*) FROM chat_messages").fetchone()
            n_files, n_bytes = db.execute("SELECT count(*), coalesce(sum(n_bytes), 0) FROM chat_files").fetchone()
            return n_messages, n_files, n_bytes

        n_messages, n_files, n_bytes = await self._parts.words.read(work)
        chosen = self._parts.chosen
        return Usage(n_messages, n_files, n_bytes, chosen.files_mb * MB, chosen.keep_days)


def _prune(room: int, before_ms: int, db: Any) -> int:
    """Remove the oldest events of a room from before a time, with the messages they began; how many.

    The newest event always stays, so that the copy still says where it stands.
    """
    db.execute("PRAGMA secure_delete = ON").fetchall()
    (upto,) = db.execute(
        "SELECT max(s) FROM (SELECT s FROM chat_events WHERE room = ?1 AND ts < ?2"
        " AND s < (SELECT s FROM chat_rooms WHERE key = ?1)"
        " AND s < coalesce((SELECT min(s) FROM chat_events WHERE room = ?1 AND ts >= ?2), 1 << 53) ORDER BY s LIMIT ?3)",
        (room, before_ms, ROWS_AT_ONCE),
    ).fetchone()
    if upto is None:
        return 0
    db.execute(
        "DELETE FROM chat_message_files WHERE room = ?1 AND message IN (SELECT id FROM chat_messages WHERE room = ?1 AND s <= ?2)",
        (room, upto),
    )
    take_out_upto(db, room, upto)
    db.execute("DELETE FROM chat_messages WHERE room = ? AND s <= ?", (room, upto))
    db.execute("DELETE FROM chat_touches WHERE room = ? AND s <= ?", (room, upto))
    n = db.execute("DELETE FROM chat_events WHERE room = ? AND s <= ?", (room, upto)).rowcount
    db.execute("UPDATE chat_rooms SET floor = ?, has_older = 1 WHERE key = ?", (upto + 1, room))
    return int(n)
