"""People who write operations for rooms, as their devices would."""

import itertools
import random

import msgspec

from sync_server.actor import Actor, Role
from sync_server.protocol.bodies import (
    Body,
    Erase,
    MemberSet,
    MsgCreate,
    MsgDelete,
    MsgEdit,
    PinSet,
    ReactSet,
    RoomCreate,
    RoomEdit,
    RoomKind,
    RoomRole,
    Seat,
    format_body,
)
from sync_server.protocol.chain import SALT_BYTES, to_text
from sync_server.protocol.events import Kind, Op
from sync_server.protocol.ids import IdMaker, direct_room

KINDS: dict[type[Body], Kind] = {
    RoomCreate: Kind.ROOM_CREATE,
    RoomEdit: Kind.ROOM_EDIT,
    MemberSet: Kind.MEMBER_SET,
    MsgCreate: Kind.MSG_CREATE,
    MsgEdit: Kind.MSG_EDIT,
    MsgDelete: Kind.MSG_DELETE,
    ReactSet: Kind.REACT_SET,
    PinSet: Kind.PIN_SET,
    Erase: Kind.ERASE,
}
NOW_MS = 1_790_000_000_000
_seeds = itertools.count(1_000)


class Writer:
    """A person on one device, with the device's counts; ``seed`` decides all ids, so that a test repeats."""

    def __init__(self, role: Role = Role.MEMBER, org: str = "", seed: int = 0, user: str = "") -> None:
        self.chance = random.Random(seed or next(_seeds))
        self.ids = IdMaker(self.chance.randbytes)
        self.org = org or "018f0000-0000-7000-8000-000000000001"
        self.user = user or self.id()
        self.actor = Actor(user=self.user, org=self.org, role=role, device=self.id(), session=self.id(), stepped_ms=NOW_MS)
        self.counts: dict[str, int] = {}

    def stepped(self, at_ms: int) -> None:
        """The person showed a second factor then."""
        self.actor = msgspec.structs.replace(self.actor, stepped_ms=at_ms)

    def id(self) -> str:
        return self.ids.make(NOW_MS)

    def op(self, room: str, body: Body, base: int = 0, **fields: object) -> Op:
        """The device's next operation in a room."""
        cseq = fields.pop("cseq", None) or self.counts.get(room, 0) + 1
        self.counts[room] = max(cseq, self.counts.get(room, 0))
        given = {"id": self.id(), "k": KINDS[type(body)], "b": format_body(body), "n": to_text(self.chance.randbytes(SALT_BYTES))}
        return Op(**(given | {"r": room, "cseq": cseq, "base": base} | fields))

    def create(self, *others: "Writer", room: str = "", **fields: object) -> Op:
        """Make a group room with others in it."""
        seats = tuple(Seat(other.user, RoomRole.MEMBER) for other in others)
        return self.op(room or self.id(), RoomCreate(**({"kind": RoomKind.GROUP, "name": "Rates", "members": seats} | fields)))

    def direct(self, other: "Writer") -> Op:
        """Make the room of two."""
        body = RoomCreate(kind=RoomKind.DIRECT, members=(Seat(other.user),))
        return self.op(direct_room(self.user, other.user), body)

    def say(self, room: str, text: str = "hello", **fields: object) -> Op:
        return self.op(room, MsgCreate(text=text), **fields)

    def seat(self, room: str, user: str, role: RoomRole | None = RoomRole.MEMBER, **fields: object) -> Op:
        return self.op(room, MemberSet(user, role), **fields)
