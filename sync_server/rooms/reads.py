"""How far people have read: one register a person and room that only grows, kept beside the log."""

import asyncio

from sync_server.rooms.sequencer import Sequencer
from sync_server.rooms.store import rows_of_pairs
from sync_server.rooms.views import RoomId, User
from sync_server.storage.database import Writing

_SAVE = "INSERT INTO reads (room, usr, seq) VALUES ($1, $2, $3) ON CONFLICT (room, usr) DO UPDATE SET seq = excluded.seq"

Marks = dict[tuple[RoomId, User], int]


class ReadMarks:
    """Gathers marks that come while others are being stored, so that a thousand readers cost one transaction."""

    def __init__(self, sequencer: Sequencer) -> None:
        self._sequencer = sequencer
        self._marks: Marks = {}
        self._saving: asyncio.Future[Marks] | None = None

    async def save(self, room: RoomId, user: User, seq: int) -> bool:
        """Keep that ``user`` has read ``room`` up to ``seq``; whether that is further than before. Raises Refused (busy)."""
        key = room, user
        self._marks[key] = max(seq, self._marks.get(key, 0))
        if self._saving is None or self._saving.done():  # done but not taken: it could not be stored
            self._saving = self._sequencer.enqueue(self._save_all)
        grown = await asyncio.shield(self._saving)
        return grown.get(key, 0) >= seq

    async def _save_all(self, tx: Writing) -> Marks:
        marks, self._marks, self._saving = self._marks, {}, None
        sql = "SELECT room, usr, seq FROM reads WHERE (room, usr) IN (VALUES {})"
        before = {(row[0], row[1]): row[2] for row in await rows_of_pairs(tx, sql, marks)}
        grown = {key: seq for key, seq in marks.items() if seq > before.get(key, 0)}
        await tx.run_many(_SAVE, [(*key, seq) for key, seq in grown.items()])
        return grown
