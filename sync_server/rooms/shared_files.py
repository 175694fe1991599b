"""Which files messages of a room have, and who may read one: rights to a file follow the messages that name it."""

from collections.abc import Sequence
from typing import Final

import msgspec

from sync_server.accounts.permissions import Deed, allows
from sync_server.actor import Actor
from sync_server.protocol.bodies import MsgCreate, RoomRole, parse_body
from sync_server.protocol.events import Kind
from sync_server.rooms.log import accesses
from sync_server.storage.database import Database, Reading

# A hash is 64 hexadecimal digits, so it holds nothing that LIKE would read as a pattern.
_NAMED: Final = """
SELECT e.body FROM events e LEFT JOIN changes c ON c.room = e.room AND c.id = e.id
WHERE e.room = $1 AND e.seq >= $2 AND e.kind = 'msg.create' AND e.body LIKE $3 AND NOT COALESCE(c.is_deleted, FALSE)
"""
_BODIES: Final = "SELECT body FROM events WHERE room = $1 AND id = $2 AND kind = 'msg.create'"


class SharedFiles:
    """What files ask of rooms."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def may_post(self, actor: Actor, room: str) -> bool:
        """Whether the actor may put a message with a file in the room."""
        async with self._database.read() as reading:
            row = await reading.row("SELECT role FROM seats WHERE room = $1 AND usr = $2 AND org = $3", room, actor.user, actor.org)
        return row is not None and allows(actor, Deed.UPLOAD, RoomRole(row[0]))

    async def may_read(self, actor: Actor, room: str, sha256: str) -> bool:
        """Whether the actor may read a message of the room that has this file and is neither deleted nor erased."""
        async with self._database.read() as reading:
            access = (await accesses(reading, actor, [room])).get(room)
            return access is not None and await _is_named(reading, room, access.floor, sha256)

    async def used(self, org: str, room: str, sha256s: Sequence[str]) -> frozenset[str]:
        """Which of these files a message of the room names that is neither deleted nor erased."""
        async with self._database.read() as reading:
            if await reading.row("SELECT 1 FROM rooms WHERE room = $1 AND org = $2", room, org) is None:
                return frozenset()
            return frozenset([sha256 for sha256 in sha256s if await _is_named(reading, room, 1, sha256)])


async def files_of(reading: Reading, room: str, messages: Sequence[str]) -> tuple[str, ...]:
    """Hashes of the files that these messages have, while their bodies are there."""
    found: dict[str, None] = {}
    for message in messages:
        for (body,) in await reading.rows(_BODIES, room, message):
            found |= dict.fromkeys(_hashes(body))
    return tuple(found)


async def _is_named(reading: Reading, room: str, floor: int, sha256: str) -> bool:
    rows = await reading.rows(_NAMED, room, floor, f"%{sha256}%")
    return any(sha256 in _hashes(body) for (body,) in rows)


def _hashes(body: str | None) -> tuple[str, ...]:
    """Files of a message's body; the words of a text are none."""
    if body is None:
        return ()
    try:
        message = parse_body(Kind.MSG_CREATE, body)
    except msgspec.ValidationError:
        return ()
    return tuple(file.sha256 for file in message.files) if isinstance(message, MsgCreate) else ()
