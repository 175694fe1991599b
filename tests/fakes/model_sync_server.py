"""A sync server as small as it can be said: logs in lists, one decision an operation. What devices are tested against."""

from dataclasses import dataclass, field

from sync_server.protocol import chain, fold
from sync_server.protocol.codes import Code, ResetReason
from sync_server.protocol.events import Cursor, Event, Kind, Op, OpResult, OpState
from sync_server.protocol.messages import Err, Ev, Head, Hello, Pull, Push, Res, Reset, RoomHead, Snapshot, Welcome


@dataclass
class ModelRoom:
    """One room's log, each event with its epoch, the chain hash after it, and who reads from where."""

    events: list[Event] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=lambda: [chain.START])
    epoch: int = 1
    forks: list[tuple[int, int]] = field(default_factory=list)  # (epoch that ended, its last event that stayed)
    members: dict[str, int] = field(default_factory=dict)
    floor: int = 1

    def hash_at(self, s: int) -> str:
        return chain.to_text(self.hashes[s]) if s else ""

    def append(self, event: Event) -> None:
        self.events.append(event)
        self.epochs.append(self.epoch)
        self.hashes.append(chain.next_hash(self.hashes[-1], self.epoch, event))

    def in_common(self, epoch: int) -> int:
        """The last event that a copy of ``epoch`` shares with the log."""
        return min((fork for ended, fork in self.forks if ended >= epoch), default=len(self.events))


class ModelSyncServer:
    """Decides, remembers, answers. ``page``: events of one answer; ``refuses`` says which operations have no place here."""

    def __init__(self, page: int = 3, snapshots_from: int = 10**9) -> None:
        self.rooms: dict[str, ModelRoom] = {}
        self.decided: dict[tuple[str, str], tuple[Op, OpResult]] = {}
        self.counts: dict[tuple[str, str], int] = {}
        self.refuses = lambda op: "refuse me" in op.b
        self.tells_counts = True
        self.now_ms = 1_790_000_000_000
        self._page = page
        self._snapshots_from = snapshots_from

    def make_room(self, room: str, *members: str) -> ModelRoom:
        made = self.rooms.setdefault(room, ModelRoom())
        made.members |= dict.fromkeys(members, 1)
        return made

    # What devices say.

    def hello(self, user: str, hello: Hello) -> list[Welcome | Reset]:
        answers: list[Welcome | Reset] = [self.welcome(user)]
        for cursor in hello.rooms:
            reset = self.check(user, cursor)
            if reset:
                answers.append(reset)
        return answers

    def welcome(self, user: str) -> Welcome:
        return Welcome("s", user, "n", self.now_ms, self.now_ms + 900_000, heads=self.heads(user))

    def heads(self, user: str) -> tuple[RoomHead, ...]:
        return tuple(
            RoomHead(name, room.epoch, len(room.events), max(room.floor, room.members[user]))
            for name, room in self.rooms.items()
            if user in room.members
        )

    def head(self, user: str) -> Head:
        return Head(self.heads(user))

    def check(self, user: str, cursor: Cursor) -> Reset | None:
        """Why a copy cannot go on from where it stands; None where it can."""
        room = self.rooms.get(cursor.r)
        if room is None or user not in room.members:
            return Reset(cursor.r, ResetReason.PERM)
        floor = max(room.floor, room.members[user])
        snap = f"/{cursor.r}" if len(room.events) >= self._snapshots_from and room.members[user] == 1 else ""
        fork = room.in_common(cursor.e)
        if cursor.s and cursor.e < room.epoch and fork < cursor.s:
            return Reset(cursor.r, ResetReason.EPOCH, room.epoch, fork, floor, room.hash_at(fork), snap)
        if cursor.s > len(room.events) or (cursor.h and cursor.h != room.hash_at(cursor.s)):
            return Reset(cursor.r, ResetReason.HASH, room.epoch, 0, floor, room.hash_at(floor - 1), snap)
        if cursor.s < floor - 1 or (snap and cursor.s == 0):
            return Reset(cursor.r, ResetReason.FLOOR, room.epoch, 0, floor, room.hash_at(floor - 1), snap)
        return None

    def pull(self, user: str, pull: Pull) -> Ev | Reset | Err:
        room = self.rooms.get(pull.r)
        if room is None or user not in room.members:
            return Err(pull.rid, Code.NO_ROOM)
        if pull.before:
            last = min(pull.before - 1, len(room.events))
            first = max(last + 1 - pull.limit, room.floor, room.members[user])
            while first < last and room.epochs[first - 1] != room.epochs[last - 1]:
                first += 1
            return self.run(pull.r, first, last, pull.rid)
        reset = self.check(user, Cursor(pull.r, pull.e, pull.after))
        if reset:
            return reset
        last = min(pull.after + self._page, len(room.events))
        return self.run(pull.r, pull.after + 1, last, pull.rid)

    def run(self, name: str, first: int, last: int, rid: int = 0) -> Ev:
        """Events ``first`` to at most ``last``, up to the end of the epoch they begin in."""
        room = self.rooms[name]
        if last < first:
            return Ev(name, room.epoch, first, first - 1, (), room.hash_at(first - 1), rid)
        epoch = room.epochs[first - 1]
        while room.epochs[last - 1] != epoch:
            last -= 1
        return Ev(name, epoch, first, last, tuple(room.events[first - 1 : last]), room.hash_at(last), rid)

    def snapshot(self, name: str) -> Snapshot:
        room = self.rooms[name]
        s = max(len(room.events) * 2 // 3, room.floor - 1)
        return Snapshot(name, room.epochs[s - 1], s, room.hash_at(s), fold.fold(room.events[:s]).to_text())

    def push(self, user: str, device: str, push: Push) -> tuple[Res, list[Ev]]:
        """The results, and what every member of the rooms now gets."""
        results, news, blocked = [], [], set()
        for op in push.ops:
            result, ev = self.decide(user, device, op, is_blocked=op.r in blocked)
            if result.code == Code.OUT_OF_ORDER:
                blocked.add(op.r)
            results.append(result)
            news += [ev] if ev else []
        return Res(push.rid, tuple(results)), news

    def decide(self, user: str, device: str, op: Op, *, is_blocked: bool = False) -> tuple[OpResult, Ev | None]:
        before = self.decided.get((device, op.id))
        if before:
            same = (before[0].r, before[0].k, before[0].b, before[0].n) == (op.r, op.k, op.b, op.n)
            if not same:
                return OpResult(op.id, OpState.REJ, code=Code.ID_TAKEN), None
            st = OpState.DUP if before[1].st is OpState.OK else before[1].st
            return OpResult(op.id, st, before[1].e, before[1].s, before[1].code), None
        expected = self.counts.get((device, op.r), 0) + 1
        if is_blocked or op.cseq != expected:
            told = expected if self.tells_counts else 0
            return OpResult(op.id, OpState.RETRY, code=Code.OUT_OF_ORDER, cseq=told), None
        result, ev = self._enter(user, device, op)
        self.counts[device, op.r] = expected
        self.decided[device, op.id] = (op, result)
        return result, ev

    def _enter(self, user: str, device: str, op: Op) -> tuple[OpResult, Ev | None]:
        if op.k == Kind.ROOM_CREATE and op.r in self.rooms:
            return OpResult(op.id, OpState.REJ, code=Code.ROOM_EXISTS), None
        if op.k == Kind.ROOM_CREATE:
            self.make_room(op.r, user)
        room = self.rooms.get(op.r)
        if room is None or user not in room.members or self.refuses(op):
            return OpResult(op.id, OpState.REJ, code=Code.NOT_ALLOWED), None
        body_hash = chain.to_text(chain.body_hash(chain.from_text(op.n), op.b))
        s = len(room.events) + 1
        self.now_ms += 1
        room.append(Event(s, op.id, user, device, op.k, self.now_ms, body_hash, op.b, op.n, op.rec))
        return OpResult(op.id, OpState.OK, room.epoch, s), self.run(op.r, s, s)

    # What happens to a server.

    def fail_over(self, name: str, fork: int, *, forgets_counts: bool = True) -> Ev:
        """The room goes on from ``fork`` in a new epoch: what came after is lost, and with it what was decided about it."""
        room = self.rooms[name]
        lost = {(event.d, event.id) for event in room.events[fork:]}
        for key, (op, result) in list(self.decided.items()):
            if op.r == name and (key in lost or (forgets_counts and result.st is OpState.REJ)):
                del self.decided[key]
                if forgets_counts:
                    self.counts[key[0], name] -= 1
        room.forks.append((room.epoch, fork))
        del room.events[fork:], room.epochs[fork:], room.hashes[fork + 1 :]
        room.epoch += 1
        room.floor = min(room.floor, fork + 1)
        room.members = {user: min(since, fork + 1) for user, since in room.members.items()}
        body = f'{{"fork":{fork}}}'
        salt = bytes(16)
        hashed = chain.to_text(chain.body_hash(salt, body))
        identity = f"00000000-0000-7000-8000-{room.epoch:012d}"
        room.append(Event(fork + 1, identity, "server", "server", Kind.FAILOVER, self.now_ms, hashed, body, chain.to_text(salt)))
        return self.run(name, fork + 1, fork + 1)
