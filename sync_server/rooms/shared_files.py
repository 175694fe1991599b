"""Which files messages of a room have, who may read one and who may name one: rights follow the messages that show it."""

from collections.abc import Collection, Sequence
from typing import Final

from sync_server.accounts.permissions import Deed, allows
from sync_server.actor import Actor
from sync_server.files.files import DAMAGED
from sync_server.protocol.bodies import RoomRole
from sync_server.protocol.ids import is_id
from sync_server.rooms.log import access_to
from sync_server.rooms.store import rows_in
from sync_server.rooms.views import FileView, RoomId, User
from sync_server.storage.database import Database, Reading

_USED: Final = """
SELECT DISTINCT f.sha256 FROM message_files f JOIN rooms r ON r.room = f.room AND r.org = $1
LEFT JOIN changes c ON c.room = f.room AND c.id = f.id
WHERE f.room = $2 AND (c.id IS NULL OR NOT (c.is_deleted OR c.is_erased)) AND f.sha256 IN ({})
"""
_READABLE: Final = """
SELECT 1 FROM message_files f LEFT JOIN changes c ON c.room = f.room AND c.id = f.id
WHERE f.room = $1 AND f.sha256 = $2 AND f.seq >= $3 AND (c.id IS NULL OR NOT (c.is_deleted OR c.is_erased)) LIMIT 1
"""
_GIVEN: Final = f"""
SELECT g.sha256, g.usr FROM file_givers g JOIN files f ON f.org = g.org AND f.sha256 = g.sha256
WHERE f.dropped_ms <> {DAMAGED} AND g.room = $1 AND g.sha256 IN ({{}})
"""  # noqa: S608 our own words
_SHOWN: Final = """
SELECT f.sha256, MAX(f.seq) FROM message_files f LEFT JOIN changes c ON c.room = f.room AND c.id = f.id
WHERE f.room = $1 AND f.sha256 IN ({}) AND (c.id IS NULL OR NOT (c.is_deleted OR c.is_erased)) GROUP BY f.sha256
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
            access = await access_to(reading, actor, room)
            return access is not None and await reading.row(_READABLE, room, sha256, access.floor) is not None

    async def used(self, org: str, room: str, sha256s: Sequence[str]) -> frozenset[str]:
        """Which of these files a message of the room names that is neither deleted nor erased."""
        async with self._database.read() as reading:
            return frozenset(row[0] for row in await rows_in(reading, _USED, sha256s, org, room))


async def load_files(reading: Reading, wanted: Collection[tuple[RoomId, str]]) -> dict[tuple[RoomId, str], FileView]:
    """Of the files that new messages name, (room, SHA-256), those that are whole and were given to the room."""
    by_room: dict[RoomId, list[str]] = {}
    for room, sha256 in wanted:
        by_room.setdefault(room, []).append(sha256)
    found: dict[tuple[RoomId, str], FileView] = {}
    for room, sha256s in by_room.items():
        givers: dict[str, set[User]] = {}
        for sha256, user in await rows_in(reading, _GIVEN, sha256s, room):
            givers.setdefault(sha256, set()).add(user)
        shown = {row[0]: row[1] for row in await rows_in(reading, _SHOWN, givers, room)}
        found |= {(room, sha256): FileView(frozenset(users), shown.get(sha256, 0)) for sha256, users in givers.items()}
    return found


async def files_of(reading: Reading, room: str, messages: Sequence[str]) -> tuple[str, ...]:
    """Hashes of the files that these messages have, asked before they are erased."""
    return tuple(sorted(row[0] for row in await rows_in(reading, _OF_MESSAGES, messages, room)))
