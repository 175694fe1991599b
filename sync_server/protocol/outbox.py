"""What a device has written and the server has not yet shown to be history: in order, room by room, however much it is.

An operation waits, flies, and is settled: it has a place (kept, marked, until its event comes), or is refused for good (kept until
its author sends it again or drops it). A room's operations leave in the order of their counts. One that the server wants again
later holds back those after it in its own room and no other room.
"""

from collections import deque
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from sync_server.protocol.actions import Renumber, Settled
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Cursor, Event, Kind, Op, OpResult, OpState
from sync_server.protocol.lanes import Lane, counted, has_words_of, op_of

_ENVELOPE_BYTES: Final = 128  # what a push needs around its operations
_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a result came to: what to save, which operations to drop, which new counts, how far rooms go, whether to send slower."""

    settled: tuple[Settled, ...]
    dropped: tuple[Op, ...]
    renumbered: tuple[Renumber, ...]
    reached: Mapping[str, int]
    n_decided: int
    slow_ms: int


class Outbox:
    """Every operation that is not history yet. ``counts``: the newest count made in each room."""

    def __init__(self, ops: Iterable[Op], settled: Iterable[Settled], counts: Mapping[str, int]) -> None:
        self.counts = dict(counts)
        self._ops: dict[str, Op] = {}
        self._places: dict[str, Settled] = {}
        self._refused: dict[str, str] = {}
        self._lanes: dict[str, Lane] = {}
        self._ready: dict[str, None] = {}
        for op in ops:
            self._ops[op.id] = op
        for one in settled:
            self._mark(one)
        for op in sorted(self._ops.values(), key=lambda op: op.cseq):
            if op.id in self._refused:
                continue
            self._queue_of(op.id).append(op.id)
            self.counts[op.r] = max(self.counts.get(op.r, 0), op.cseq)
            self._ready.setdefault(op.r)

    def _queue_of(self, identity: str) -> deque[str]:
        lane = self._lane(self._ops[identity].r)
        return lane.placed if identity in self._places else lane.queue

    def _lane(self, room: str) -> Lane:
        return self._lanes.setdefault(room, Lane())

    def _mark(self, settled: Settled) -> None:
        if settled.id not in self._ops:
            return
        if settled.code:
            self._refused[settled.id] = settled.code
        else:
            self._places[settled.id] = settled

    def _waits(self, identity: str) -> bool:
        """Whether an operation is still to be decided."""
        return identity in self._ops and identity not in self._places and identity not in self._refused

    @property
    def n_waiting(self) -> int:
        """How many operations the server has not decided yet."""
        return len(self._ops) - len(self._places) - len(self._refused)

    def refused(self, identity: str) -> Op:
        """The refused operation with this id. Raises ValueError where it is none: what is on its way cannot be called back."""
        if identity not in self._refused:
            raise ValueError(f"Operation {identity} was not refused: only a refused one can be sent again or dropped.")
        return self._ops[identity]

    def add(self, op: Op) -> None:
        """A new operation, the next of its room."""
        self.counts[op.r] = op.cseq
        self._ops[op.id] = op
        self._lane(op.r).queue.append(op.id)
        self._ready.setdefault(op.r)

    def remove(self, identity: str) -> None:
        """Forget an operation: dropped by its author."""
        self._ops.pop(identity, None)
        self._refused.pop(identity, None)
        self._places.pop(identity, None)

    # What is sent.

    def window(self, now_ms: int, n_ops: int, n_bytes: int) -> tuple[tuple[Op, ...], tuple[Settled, ...]]:
        """The next operations to send, rooms in turn, at most ``n_ops`` and ``n_bytes`` of one frame.

        With them those that no frame of this server can hold: refused here, as ``too_large``.
        """
        room_left = n_bytes - _ENVELOPE_BYTES
        taken: list[Op] = []
        refused: list[Settled] = []
        lanes = deque(room for room in self._ready if self._lanes[room].may_send(now_ms))
        while lanes and len(taken) < n_ops:
            room = lanes.popleft()
            op = self._first(self._lanes[room])
            if op is None:
                self._ready.pop(room, None)
                continue
            size = len(_ENCODER.encode(op)) + 1
            if size > n_bytes - _ENVELOPE_BYTES:
                refused.append(self._refuse_here(op))
            elif size <= room_left:
                room_left -= size
                taken.append(self._send(op))
            else:
                break
            lanes.append(room)
        for room in dict.fromkeys(op.r for op in taken):  # who was served now comes last next time
            self._ready.pop(room, None)
            self._ready[room] = None
        return tuple(taken), tuple(refused)

    def _first(self, lane: Lane) -> Op | None:
        while lane.queue and not self._waits(lane.queue[0]):
            lane.queue.popleft()
        return self._ops[lane.queue[0]] if lane.queue else None

    def _send(self, op: Op) -> Op:
        lane = self._lanes[op.r]
        lane.queue.popleft()
        lane.flying[op.id] = lane.n_decided
        return op

    def _refuse_here(self, op: Op) -> Settled:
        self._lanes[op.r].queue.popleft()
        settled = Settled(op.id, code=Code.TOO_LARGE)
        self._mark(settled)
        return settled

    def next_ms(self, now_ms: int) -> int | None:
        """When the first room may send that has to wait and has something to send; None for no such room."""
        times = [lane.not_before_ms for room in self._ready if (lane := self._lanes[room]).not_before_ms > now_ms and lane.queue]
        return min(times, default=None)

    # What comes back.

    def results(self, results: Sequence[OpResult], sent: Sequence[Op], now_ms: int) -> Outcome:
        """What the server decided of the operations ``sent`` in one push.

        Nothing is believed of an operation that was not in it, or got new counts since: it is sent again, and the server then says
        the same, or what holds in the meantime.
        """
        current = {op.id for op in sent if self._ops.get(op.id) is op and self._waits(op.id)}
        settled: list[Settled] = []
        dropped: list[Op] = []
        reached: dict[str, int] = {}
        slow_ms = 0
        for result in results:
            if result.id not in current:
                continue
            current.remove(result.id)
            op = self._ops[result.id]
            lane = self._lanes[op.r]
            if result.st in {OpState.OK, OpState.DUP} and result.s > 0:
                reached[op.r] = max(reached.get(op.r, 0), result.s)
                settled.append(self._decide(lane, Settled(op.id, result.e, result.s)))
                lane.placed.append(op.id)
            elif result.st is OpState.REJ and op.k == Kind.ROOM_CREATE and result.code == Code.ROOM_EXISTS:
                self._decide(lane, Settled(op.id, code=result.code))
                dropped.append(op)
                self.remove(op.id)
            elif result.st is OpState.REJ:
                settled.append(self._decide(lane, Settled(op.id, code=result.code or Code.NOT_ALLOWED)))
            elif op.id in lane.flying:
                slow_ms = max(slow_ms, self._put_back(lane, result, now_ms))
        # What the server did not mention it has not decided.
        return Outcome(tuple(settled), tuple(dropped), self.fall_back(sent), reached, len(settled) + len(dropped), slow_ms)

    def _decide(self, lane: Lane, settled: Settled) -> Settled:
        lane.flying.pop(settled.id, None)
        lane.n_tries = 0
        lane.n_decided += 1
        self._mark(settled)
        return settled

    def _put_back(self, lane: Lane, result: OpResult, now_ms: int) -> int:
        """Take an operation back that the server does not want now; gives the ms all rooms should wait, 0 for only this one."""
        n_decided = lane.flying.pop(result.id)
        if result.code == Code.OUT_OF_ORDER and result.cseq:
            lane.expected[result.id] = result.cseq, n_decided
        lane.put_back(result.id, result.after, now_ms)
        return result.after if result.code in {Code.LIMITED, Code.BUSY} else 0

    def _line_up(self, room: str) -> Renumber | None:
        """Once nothing of a room flies, what came back goes to the front of its queue, with new counts if the server has others."""
        lane = self._lanes[room]
        if lane.flying or not lane.back:
            return None
        lane.queue.extendleft(sorted(lane.back, key=lambda identity: -self._ops[identity].cseq if identity in self._ops else 0))
        lane.back.clear()
        self._ready.setdefault(room)
        expected, lane.expected = lane.expected, {}
        first = self._first(lane)
        if first is None:
            return None
        start, n_decided = expected.get(first.id, (first.cseq, 0))
        # An answer may have been overtaken: where something was decided since the operation was sent, the count it states is taken.
        return None if start == first.cseq or n_decided != lane.n_decided else self._renumber(room, start)

    def _renumber(self, room: str, start: int) -> Renumber:
        lane = self._lanes[room]
        waiting = [identity for identity in lane.queue if self._waits(identity)]
        for count, identity in enumerate(waiting, start):
            self._ops[identity] = msgspec.structs.replace(self._ops[identity], cseq=count)
        self.counts[room] = start + len(waiting) - 1
        return Renumber(room, tuple((identity, self._ops[identity].cseq) for identity in waiting))

    def fall_back(self, sent: Sequence[Op]) -> tuple[Renumber, ...]:
        """Nothing more will be heard of the operations ``sent``: those that are not decided wait again."""
        for op in sent:
            if self._lanes[op.r].flying.pop(op.id, self) is not self and self._waits(op.id):
                self._lanes[op.r].back.append(op.id)
        return tuple(found for room in dict.fromkeys(op.r for op in sent) if (found := self._line_up(room)))

    # What became history.

    def enter(self, event: Event, epoch: int) -> Settled | None:
        """The event of one of this device's operations has come: it leaves the outbox. None where it was not waited for."""
        op = self._ops.get(event.id)
        if op is None:
            return None
        lane = self._lane(op.r)
        self._decide(lane, settled := Settled(op.id, epoch, event.s))
        self.remove(op.id)
        return settled

    def pass_by(self, cursor: Cursor, first_held: int) -> tuple[Settled, ...]:
        """Operations whose places a copy has gone past leave the outbox where it holds their events, from ``first_held`` on.

        Where it does not, as after a snapshot, they stay: nobody else could send them again if the server were restored from a
        copy that lacks them.
        """
        passed = self._lane(cursor.r).pass_by(cursor, first_held, self._places)
        for place in passed:
            self.remove(place.id)
        return passed

    def covers(self, room: str) -> bool:
        """Whether operations of a room are kept whose places the copy went past without their events."""
        return any(identity in self._ops for identity in self._lane(room).covered)

    def erase(self, room: str, messages: Container[str]) -> tuple[Settled, ...]:
        """The words of these messages were destroyed: what is kept of them beyond its place leaves the outbox."""
        lane = self._lane(room)
        gone = [self._places[i] for i in lane.covered if i in self._places and has_words_of(self._ops[i], messages)]
        for place in gone:
            self.remove(place.id)
        return tuple(gone)

    def doubt(self, known: Container[str]) -> None:
        """Operations with a place in rooms that are not ``known`` now wait again: they may have been lost with an older state.

        Where they were not, the server says ``dup``. What was saved of them stays: the next greeting doubts them as well.
        """
        for room, lane in self._lanes.items():
            placed = [] if room in known else [identity for identity in lane.with_place if identity in self._places]
            for identity in placed:
                del self._places[identity]
                self._ops[identity] = msgspec.structs.replace(self._ops[identity], rec=True)
            if placed:
                lane.take_back(placed)
                lane.queue.extendleft(reversed(placed))
                self._ready.setdefault(room)

    # A room that begins anew.

    def hold(self, room: str, *, is_held: bool) -> None:
        """Send nothing of a room while its copy is being replaced, and go on afterwards."""
        self._lane(room).is_held = is_held

    def has_older(self, room: str, epoch: int) -> bool:
        """Whether an operation has a place in an epoch of the room before this one, which may be no longer history."""
        return any(self._is_cut(identity, epoch, 0) for identity in self._lane(room).with_place)

    def cross(self, room: str, epoch: int, fork: int) -> tuple[Op, ...]:
        """The copy went on from ``fork`` in ``epoch``: what has to be sent again, as :meth:`restart` says; mostly nothing."""
        lane = self._lane(room)
        if any(self._is_cut(identity, epoch, fork) for identity in lane.with_place):
            return self.restart(room, epoch, fork, ())
        for identity in lane.flying:  # what is said of these may be of the epoch that has ended: to be asked again
            self._ops[identity] = msgspec.structs.replace(self._ops[identity])
        return ()

    def _is_cut(self, identity: str, epoch: int, fork: int) -> bool:
        place = self._places.get(identity)
        return place is not None and place.s > fork and place.e < epoch

    def restart(self, room: str, epoch: int, fork: int, mine: Sequence[Event]) -> tuple[Op, ...]:
        """All that waits in a room after its history went on from ``fork`` in ``epoch``, in order, with new counts.

        ``mine``: this device's events after the fork that the copy held. What had a place after the fork in an earlier epoch waits
        again; where the fork is not known (0), whatever had one in any epoch.
        """
        lane = self._lane(room)
        before = epoch if fork else epoch + 1
        covered, lost = self._cut(lane.covered, before, fork), self._cut(lane.placed, before, fork)
        for op in (*covered, *lost):
            del self._places[op.id]
        lost_ids = {op.id for op in (*covered, *lost)}
        lane.take_back(lost_ids)
        undecided = {*lane.queue, *lane.flying, *lane.back} - lost_ids
        waiting = sorted((self._ops[i] for i in undecided if self._waits(i)), key=lambda op: op.cseq)
        again = [msgspec.structs.replace(op, rec=True, cseq=0) for op in covered]  # these stood before all that is held
        again += [op_of(event, room, fork) for event in sorted(mine, key=lambda event: event.s) if event.id not in self._ops]
        again += [msgspec.structs.replace(op, rec=True) for op in lost]
        again += [msgspec.structs.replace(op, base=min(op.base, fork)) for op in waiting]
        again = counted(again, self.counts.get(room, 0) + 1)
        self._ops.update((op.id, op) for op in again)
        lane.restart(op.id for op in again)
        if again:
            self.counts[room] = max(self.counts.get(room, 0), again[-1].cseq)
            self._ready.setdefault(room)
        return tuple(again)

    def _cut(self, among: Iterable[str], epoch: int, fork: int) -> list[Op]:
        """Operations whose places are no longer history, in the order of these."""
        return [self._ops[i] for i in sorted((i for i in among if self._is_cut(i, epoch, fork)), key=lambda i: self._places[i].s)]
