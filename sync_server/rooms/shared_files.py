"""Which files messages of a room have, and who may read one: rights to a file follow the messages that name it."""

from collections.abc import Sequence
from typing import Final

from sync_server.accounts.permissions import Deed, allows
from sync_server.actor import Actor
from sync_server.protocol.bodies import RoomRole
from sync_server.protocol.ids import is_id
from sync_server.rooms.log import accesses
from sync_server.rooms.store import rows_in
from sync_server.storage.database import Database, Reading

_USED: Final = """
SELECT DISTINCT f.sha256 FROM message_files f JOIN rooms r ON r.room = f.room AND r.org = $1
LEFT JOIN changes c ON c.room = f.room AND c.id = f.id
WHERE f.room = $2 AND (c.id IS NULL OR NOT (c.is_deleted OR c.is_erased)) AND f.sha256 IN ({})
"""
_READABLE: Final = """
SELECT 1 FROM message_files f JOIN events e ON e.id = f.id AND e.room = f.room AND e.kind = 'msg.create' AND e.seq >= $3
LEFT JOIN changes c ON c.room = f.room AND c.id = f.id
WHERE f.room = $1 AND f.sha256 = $2 AND (c.id IS NULL OR NOT (c.is_deleted OR c.is_erased)) LIMIT 1
"""
_OF_MESSAGES: Final = "SELECT DISTINCT sha256 FROM message_files WHERE room = $1 AND id IN ({})"


class SharedFiles:
    """What files ask of rooms."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def may_post(self, actor: Actor, room: str) -> bool:
        """Whether the actor may put a message with a file in the room."""
        if not is_id(room):
            return False
        async with self._database.read() as reading:
            row = await reading.row("SELECT role FROM seats WHERE room = $1 AND usr = $2 AND org = $3", room, actor.user, actor.org)
        return row is not None and allows(actor, Deed.UPLOAD, RoomRole(row[0]))

    async def may_read(self, actor: Actor, room: str, sha256: str) -> bool:
        """Whether the actor may read a message of the room that has this file and is neither deleted nor erased."""
        async with self._database.read() as reading:
            access = (await accesses(reading, actor, [room])).get(room)
            return access is not None and await reading.row(_READABLE, room, sha256, access.floor) is not None

    async def used(self, org: str, room: str, sha256s: Sequence[str]) -> frozenset[str]:
        """Which of these files a message of the room names that is neither deleted nor erased."""
        async with self._database.read() as reading:
            return frozenset(row[0] for row in await rows_in(reading, _USED, sha256s, org, room))


async def files_of(reading: Reading, room: str, messages: Sequence[str]) -> tuple[str, ...]:
    """Hashes of the files that these messages have, asked before they are erased."""
    return tuple(sorted(row[0] for row in await rows_in(reading, _OF_MESSAGES, messages, room)))
