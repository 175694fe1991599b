"""Rooms and accounts in memory for tests of the edge alone: everybody's token is their name, every push is entered at once."""

from collections import defaultdict
from dataclasses import dataclass, field

from sync_server.actor import Actor, Role
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Event, OpResult, OpState
from sync_server.protocol.messages import Ev, Person, Reader, Reads, Reset, RoomHead
from sync_server.rooms.rooms import Committed


@dataclass
class MemoryRooms:
    """Rooms as lists; ``listeners`` are told of each batch."""

    members: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    logs: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    listeners: list = field(default_factory=list)
    broken: Exception | None = None

    def enter(self, room, *bodies, by="ann", kind="msg.create"):
        log = self.logs[room]
        first = len(log) + 1
        events = tuple(Event(first + n, f"e{first + n}", by, "d", kind, 0, "", body) for n, body in enumerate(bodies))
        log.extend(events)
        self.tell(Ev(room, 1, first, len(log), events))

    def tell(self, ev, before=None, after=None):
        people = frozenset(self.members[ev.r])
        for listener in self.listeners:
            listener(Committed(ev, "org", people if before is None else before, people if after is None else after))

    async def push(self, actor, ops):
        if self.broken is not None:
            raise self.broken
        results = []
        for op in ops:
            self.enter(op.r, op.b, by=actor.user, kind=op.k)
            results.append(OpResult(op.id, OpState.OK, 1, len(self.logs[op.r])))
        return tuple(results)

    async def heads(self, actor):
        return tuple(RoomHead(room, 1, len(self.logs[room])) for room, people in self.members.items() if actor.user in people)

    async def pull(self, actor, pull):
        if actor.user not in self.members[pull.r]:
            raise Refused(Code.NO_ROOM, "There is no such room.", status=404)
        events = tuple(self.logs[pull.r][pull.after : pull.after + pull.limit])
        return Ev(pull.r, 1, pull.after + 1, pull.after + len(events), events, rid=pull.rid)

    async def check(self, actor, cursors):
        return tuple(Reset(cursor.r, "perm") for cursor in cursors if actor.user not in self.members[cursor.r])

    async def read_to(self, actor, room, epoch, seq):
        return Reads(room, (Reader(actor.user, seq),))


@dataclass
class MemoryAccounts:
    """Everybody who says their name; ``until_ms`` is when their tokens end, ``n_asked`` how often the people were asked for."""

    until_ms: int = 2**50
    n_asked: int = 0
    ended: set[str] = field(default_factory=set)
    known: list[Person] = field(default_factory=lambda: [Person("ann", "Ann", "ann"), Person("bob", "Bob", "bob")])

    async def verify(self, access):
        if not access.isalpha():
            raise Refused(Code.NOT_SIGNED_IN, "The token is not good.", status=401)
        return Actor(access, "org", Role.MEMBER, f"{access}-device", f"{access}-session", until_ms=self.until_ms)

    def remembered(self, actor):
        return None if actor.session in self.ended else actor

    async def recheck(self, actor):
        if actor.session in self.ended:
            raise Refused(Code.ENDED, "The session was ended.", status=401)
        return actor

    async def people(self, actor, beside=frozenset()):
        self.n_asked += 1
        return tuple(self.known)
