"""Operations of one device as it counts them, for tests that speak the protocol themselves."""

import itertools

from sync_server.protocol.bodies import MemberSet, MsgCreate, RoomCreate, RoomKind, Seat, format_body
from sync_server.protocol.chain import to_text
from sync_server.protocol.events import Op
from sync_server.protocol.ids import IdMaker

NOW = 1_790_000_000_000
_seeds = itertools.count(1)


class Author:
    """One device: its ids only grow, its counts have no holes."""

    def __init__(self):
        seed = next(_seeds)
        self._ids = IdMaker((seed << 40).to_bytes)
        self._counts = {}

    def room(self, *people, name="Desk", **more):
        """A new room with these people: its id, and the operation that makes it."""
        room = self._ids.make(NOW)
        body = RoomCreate(RoomKind.GROUP, name, members=tuple(Seat(user) for user in people), **more)
        return room, self.op(room, "room.create", body)

    def op(self, room, kind, body):
        """The next operation of this device in the room."""
        self._counts[room] = self._counts.get(room, 0) + 1
        return Op(self._ids.make(NOW), room, kind, format_body(body), to_text(bytes(16)), self._counts[room])

    def says(self, room, text="hi", **more):
        """A message."""
        return self.op(room, "msg.create", MsgCreate(text, **more))

    def seats(self, room, user, role):
        """Somebody's seat in the room; None takes it."""
        return self.op(room, "member.set", MemberSet(user, role))
