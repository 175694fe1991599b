"""What rooms are called, how they are set and who sits in them, for lists."""

from typing import Final

import msgspec

from sync_server.accounts.permissions import Deed, allows
from sync_server.actor import Actor
from sync_server.errors import Refused
from sync_server.protocol.bodies import RoomKind, RoomRole
from sync_server.protocol.codes import Code
from sync_server.rooms.log import access_to, check_may_list
from sync_server.rooms.views import RoomId, User
from sync_server.storage.database import Database

_ABOUT: Final = """
SELECT r.room, r.kind, r.name, r.topic, r.is_open, r.shows_history, s.role,
    CAST((SELECT COUNT(*) FROM seats n WHERE n.room = r.room) AS BIGINT), r.changed_ms
FROM seats s JOIN rooms r ON r.room = s.room WHERE s.usr = $1 AND s.org = $2 AND r.org = $2 ORDER BY r.room
"""
_OPEN: Final = """
SELECT r.room, r.name, r.topic, CAST((SELECT COUNT(*) FROM seats n WHERE n.room = r.room) AS BIGINT), s.usr IS NOT NULL FROM rooms r
LEFT JOIN seats s ON s.room = r.room AND s.usr = $2
WHERE r.org = $1 AND r.is_open AND r.kind = 'group' AND r.room > $3 ORDER BY r.room LIMIT $4
"""
PAGE_MAX: Final = 200


class RoomAbout(msgspec.Struct, frozen=True):
    """A room of somebody's: ``role`` is theirs in it; ``changed_ms`` UTC of its newest event."""

    room: RoomId
    kind: RoomKind
    name: str
    topic: str
    is_open: bool
    shows_history: bool
    role: RoomRole
    n_members: int
    changed_ms: int


class OpenRoom(msgspec.Struct, frozen=True):
    """A room that anyone of the organisation may join."""

    room: RoomId
    name: str
    topic: str
    n_members: int
    is_member: bool


class Directory:
    """Lists of rooms and seats."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def about(self, actor: Actor) -> tuple[RoomAbout, ...]:
        """Rooms in which this person has a seat, in order of their ids. Raises Refused for a key without the scope."""
        check_may_list(actor)
        async with self._database.read() as reading:
            rows = await reading.rows(_ABOUT, actor.user, actor.org)
        return tuple(
            RoomAbout(room, RoomKind(kind), name, topic, bool(is_open), bool(shows_history), RoomRole(role), n, changed_ms)
            for room, kind, name, topic, is_open, shows_history, role, n, changed_ms in rows
        )

    async def seats(self, actor: Actor, room: RoomId) -> dict[User, RoomRole]:
        """Who sits in a room. Raises Refused."""
        async with self._database.read() as reading:
            if await access_to(reading, actor, room) is None:
                raise Refused(Code.NO_ROOM, "There is no such room for you.", status=404)
            rows = await reading.rows("SELECT usr, role FROM seats WHERE room = $1 ORDER BY usr", room)
        return {user: RoomRole(role) for user, role in rows}

    async def open_rooms(self, actor: Actor, after: str, limit: int) -> tuple[OpenRoom, ...]:
        """Rooms that this person could join, and those joined; nothing for who may not join any."""
        if not allows(actor, Deed.JOIN_OPEN):
            return ()
        async with self._database.read() as reading:
            rows = await reading.rows(_OPEN, actor.org, actor.user, after, min(max(limit, 1), PAGE_MAX))
        return tuple(OpenRoom(room, name, topic, n, bool(is_member)) for room, name, topic, n, is_member in rows)
