"""All of a device's copies of rooms: what comes in, what is asked for, four rooms at a time, and copies that begin anew."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from sync_server.protocol import chain
from sync_server.protocol.actions import (
    Action,
    FetchSnapshot,
    Leave,
    LoadHeld,
    SaveEvents,
    SaveOlder,
    Settled,
    StartFrom,
)
from sync_server.protocol.asking import Asked, Asking
from sync_server.protocol.bodies import RoomCreate, RoomKind, Seat, format_body
from sync_server.protocol.codes import Code, ResetReason
from sync_server.protocol.events import Cursor, Event, Kind, Op
from sync_server.protocol.fold import parse_state, read_body, touched
from sync_server.protocol.limits import Limits
from sync_server.protocol.messages import Err, Ev, Reset, RoomHead, Snapshot
from sync_server.protocol.outbox import Outbox
from sync_server.protocol.replica import Fit, Replica, Step, is_run

GRACE_MS: Final = 300  # how long an event that was heard of may be on its way by itself
IDLE_MS: Final = 1_000  # before asking again after an answer that brought nothing
STUCK_MS: Final = 60_000  # before asking again after answers that do not fit
_HELLO_BYTES: Final = 140  # what one cursor needs in a hello, at most


@dataclass(frozen=True, slots=True)
class _Anew:
    """A copy that is being replaced: why, and what it held that is no longer history."""

    reset: Reset
    lost: tuple[Event, ...] = ()
    needs_events: bool = False


class Copies:
    """Replicas by room, the line of those to ask for, and what was asked. ``oldest``: the oldest event held of each room."""

    def __init__(self, device: str, cursors: Iterable[Cursor], oldest: Mapping[str, int], outbox: Outbox) -> None:
        self._device = device
        self._outbox = outbox
        self._replicas = {cursor.r: Replica(cursor, oldest.get(cursor.r, 0)) for cursor in cursors}
        self.asking = Asking(self._replicas)
        self._anew: dict[str, _Anew] = {}
        self.user = ""  # whose copies these are, once it is known
        self._newer: dict[str, int] = {}  # rooms that stand in a later epoch than their copies
        self._older: set[str] = set()  # rooms that stand in an earlier one: the server has forgotten what the copies hold
        self.limits = Limits()
        self.is_doubtful = False  # a copy does not fit what the server says: greet it again, so that it compares

    def leave(self, rooms: Iterable[str]) -> None:
        """Rooms that this person left before: their copies stay as they are until a head says otherwise."""
        for room in rooms:
            self.replica(room).is_left = True

    def replica(self, room: str) -> Replica:
        """The copy of a room, empty where there is none yet."""
        if room not in self._replicas:
            self._replicas[room] = Replica(Cursor(room))
        return self._replicas[room]

    def newest(self, room: str) -> int:
        """The newest event that is held of a room, 0 for none."""
        replica = self._replicas.get(room)
        return replica.cursor.s if replica else 0

    def epoch(self, room: str) -> int:
        """The epoch of a room's copy, 0 for none."""
        replica = self._replicas.get(room)
        return replica.cursor.e if replica else 0

    def cursors(self) -> tuple[Cursor, ...]:
        """What to say in a hello: as many copies as a connection and a frame may have."""
        held = [replica.cursor for replica in self._replicas.values() if replica.cursor.s and not replica.is_left]
        return tuple(held[: min(self.limits.rooms, self.limits.frame // 2 // _HELLO_BYTES)])

    @property
    def is_behind(self) -> bool:
        """Whether a room is known to have more than its copy."""
        return bool(self._anew) or self.asking.is_busy

    # What the server says.

    def heads(self, heads: Sequence[RoomHead], now_ms: int, *, is_greeting: bool) -> list[Action]:
        """Where rooms stand: those behind are asked for, at once when greeted, else when nothing comes by itself."""
        actions: list[Action] = []
        for head in heads:
            replica = self.replica(head.r)
            is_back = replica.is_left and replica.cursor.s > 0
            replica.head(head)
            actions += self._let_pass(replica, is_back=is_back)
            is_older = 0 < replica.cursor.e < head.e or (not replica.cursor.e and self._outbox.has_older(head.r, head.e))
            if is_older:  # what was confirmed may have to be sent again, and goes before what waits
                self._newer[head.r] = head.e
                self._outbox.hold(head.r, is_held=True)
            elif (is_greeting or is_back) and head.e < replica.cursor.e:  # restored by a clock that was behind; or said before
                self._older.add(head.r)
                self._outbox.hold(head.r, is_held=True)
                replica.aim(replica.cursor.s + 1)
            if head.r in self._anew or not replica.is_behind:
                continue
            if is_greeting:
                self.asking.ask(head.r)
            else:
                self.asking.later(head.r, now_ms + GRACE_MS)
        return actions

    def _let_pass(self, replica: Replica, *, is_back: bool = False) -> list[Action]:
        """Operations whose places a copy has passed are history; also those of before a kill. ``is_back``: it was left before."""
        passed = self._outbox.pass_by(replica.cursor, replica.first_held)
        return [SaveEvents(replica.cursor, (), passed, is_back)] if passed or is_back else []

    def reach(self, reached: Mapping[str, int], now_ms: int) -> list[Action]:
        """Operations of this device were given places, up to these: their events will come, or the copies have passed them."""
        actions: list[Action] = []
        for room, s in reached.items():
            replica = self.replica(room)
            replica.aim(s)
            if replica.is_behind:
                self.asking.later(room, now_ms + GRACE_MS)
            actions += self._let_pass(replica)
        return actions

    def look(self, room: str) -> None:
        """Ask for a room of which the server says that it is there."""
        replica = self.replica(room)
        replica.aim(replica.cursor.s + 1)
        if room not in self._anew:
            self.asking.ask(room)

    def events(self, ev: Ev, now_ms: int) -> list[Action]:
        """A run of events, live or asked for."""
        asked = self.asking.answered(ev.rid, ev.r)
        if asked and asked.before:
            return self._older_events(ev, asked)
        is_answer = asked is not None
        replica = self.replica(ev.r)
        if ev.r in self._anew:
            replica.aim(ev.last)
            return []
        if replica.is_left:  # said before this person left: a head says when the room is theirs again
            return []
        before = replica.cursor
        fit, steps = replica.take(ev, is_answer=is_answer)
        actions: list[Action] = []
        for step in steps:
            actions += self._step(before, step)
            before = step.cursor
        if is_answer:
            self._older.discard(ev.r)
        self._let_go(ev.r)
        self._go_on(replica, fit, now_ms, is_answer=is_answer)
        return actions

    def _let_go(self, room: str) -> None:
        """Operations of a room may leave again once its copy stands in the newest epoch that was heard of."""
        replica = self.replica(room)
        is_newest = replica.cursor.e >= self._newer.get(room, 0) and room not in self._older
        if room not in self._anew and (replica.is_left or is_newest):
            self._newer.pop(room, None)
            self._outbox.hold(room, is_held=False)

    def _go_on(self, replica: Replica, fit: Fit, now_ms: int, *, is_answer: bool) -> None:
        room = replica.cursor.r
        if is_answer and fit in {Fit.BROKEN, Fit.GAP}:
            replica.n_broken += 1
            self.is_doubtful = replica.n_broken == 1
            self.asking.rest(room, now_ms + STUCK_MS)
        elif not replica.is_behind:
            self.asking.forget(room)
        elif is_answer and fit is Fit.KNOWN:
            self.asking.rest(room, now_ms + IDLE_MS)
        elif is_answer or fit in {Fit.GAP, Fit.BROKEN}:
            self.asking.ask(room)
        elif fit is Fit.TAKEN:
            self.asking.later(room, now_ms + GRACE_MS)

    def _step(self, before: Cursor, step: Step) -> list[Action]:
        """What to save as a copy goes on; where it enters a new epoch, what had a place that is no longer history waits again."""
        cursor = step.cursor
        again = self._outbox.cross(cursor.r, cursor.e, before.s) if cursor.e > before.e else ()
        passed = self._outbox.pass_by(cursor, self.replica(cursor.r).first_held)
        if self._outbox.covers(cursor.r):
            erased = {message for event in step.events if event.k == Kind.ERASE for message in touched(event)}
            passed = *passed, *self._outbox.erase(cursor.r, erased)
        save = SaveEvents(cursor, step.events, (*self._enter(step.events, cursor.e), *passed))
        return [StartFrom(Cursor(cursor.r, cursor.e, before.s, before.h), keep=before.s, again=again), save] if again else [save]

    def _enter(self, events: Iterable[Event], epoch: int) -> list[Settled]:
        """What this device's events, as they come, settle."""
        entered = [self._outbox.enter(event, epoch) for event in events if event.d == self._device]
        return [one for one in entered if one is not None]

    def _older_events(self, ev: Ev, asked: Asked) -> list[Action]:
        replica = self.replica(ev.r)
        if not ev.ev:
            return [SaveOlder(ev.r, (), has_more=False)]
        is_next = ev.last == asked.before - 1 and asked.before == replica.first_held
        if not is_next or not is_run(ev) or not all(chain.is_intact(event) for event in ev.ev):
            return []
        replica.oldest = ev.first
        settled = self._enter(ev.ev, ev.e)
        save = SaveOlder(ev.r, ev.ev, has_more=ev.first > replica.served_from)
        return [save, SaveEvents(replica.cursor, (), tuple(settled))] if settled else [save]

    def error(self, err: Err, now_ms: int) -> list[Action]:
        """A pull could not be answered; nothing for any other message."""
        asked = self.asking.answered(err.rid)
        if asked is None or asked.before:
            return []
        if err.code in {Code.NO_ROOM, Code.NOT_ALLOWED}:
            return self._leave(asked.room)
        self.asking.rest(asked.room, now_ms + max(err.after, IDLE_MS))
        return []

    # Copies that begin anew.

    def reset(self, reset: Reset, now_ms: int) -> list[Action]:
        """A copy cannot be continued: leave the room, or begin anew once what it held was looked through."""
        self.asking.withdraw(reset.r)
        if reset.why is ResetReason.PERM:
            return self._leave(reset.r)
        replica = self.replica(reset.r)
        if replica.is_left or _is_stale(reset, replica.cursor):  # said before this person left, or before the copy went on
            return []
        self.asking.forget(reset.r)
        self._older.discard(reset.r)
        self._outbox.hold(reset.r, is_held=True)
        is_cut = replica.cursor.s > reset.fork and _is_renewed(reset, replica.cursor)
        self._anew[reset.r] = _Anew(reset, needs_events=is_cut)
        return [LoadHeld(reset.r, reset.fork)] if is_cut else self._begin(reset.r, now_ms)

    def held(self, room: str, events: Sequence[Event], now_ms: int) -> list[Action]:
        """What the copy held after the fork, as :class:`LoadHeld` asked."""
        anew = self._anew.get(room)
        if anew is None or not anew.needs_events:
            return []
        self._anew[room] = _Anew(anew.reset, tuple(events))
        return self._begin(room, now_ms)

    def _begin(self, room: str, now_ms: int) -> list[Action]:
        reset = self._anew[room].reset
        cursor = self.replica(room).cursor
        if reset.why is ResetReason.EPOCH and self._holds(room, reset.fork):
            s, h = (cursor.s, cursor.h) if cursor.s <= reset.fork else (reset.fork, reset.h)
            return self._start(Cursor(room, reset.e, s, h if s else ""), now_ms, keep=s)
        if reset.snap:
            return [FetchSnapshot(room, reset.snap)]
        return self._start_from_floor(reset, now_ms)

    def _holds(self, room: str, fork: int) -> bool:
        """Whether a copy is right up to the fork: nothing of it is cut off, or it can be made anew from its first event on."""
        replica = self.replica(room)
        return replica.cursor.s <= fork or replica.oldest == 1

    def _start_from_floor(self, reset: Reset, now_ms: int) -> list[Action]:
        before = max(reset.floor, 1) - 1 if reset.why is not ResetReason.EPOCH else 0
        return self._start(Cursor(reset.r, reset.e if before else 0, before, reset.h if before else ""), now_ms)

    def snapshot(self, snapshot: Snapshot, now_ms: int) -> list[Action]:
        """A snapshot has come for a copy that waits for it; one that ends before the oldest event served leads nowhere."""
        anew = self._anew.get(snapshot.r)
        if anew is None or anew.needs_events or not anew.reset.snap:
            return []
        if snapshot.s < anew.reset.floor - 1:
            return self._start_from_floor(anew.reset, now_ms)
        return self._start(Cursor(snapshot.r, snapshot.e, snapshot.s, snapshot.h), now_ms, snapshot)

    def no_snapshot(self, room: str, now_ms: int) -> list[Action]:
        """The snapshot could not be had: begin with the oldest event that is served, or ask again after a while."""
        anew = self._anew.get(room)
        if anew is None or anew.needs_events or not anew.reset.snap:
            return []
        actions = self._start_from_floor(anew.reset, now_ms)
        self.asking.rest(room, now_ms + IDLE_MS * 5)
        return actions

    def _start(self, cursor: Cursor, now_ms: int, snapshot: Snapshot | None = None, keep: int = 0) -> list[Action]:
        room = cursor.r
        anew = self._anew.pop(room)
        replica = self.replica(room)
        again: tuple[Op, ...] = ()
        others: tuple[Event, ...] = ()
        why = anew.reset.why
        if _is_renewed(anew.reset, replica.cursor):
            said = [event for event in anew.lost if event.k != Kind.FAILOVER and event.b is not None and event.s > anew.reset.fork]
            mine = [event for event in said if event.d == self._device] + _made_again(anew.reset, said, self.user, self._device)
            if why is not ResetReason.FLOOR:  # else they may well be history that is served no more
                others = tuple(event for event in said if event.d != self._device)
            again = self._outbox.restart(room, anew.reset.e, anew.reset.fork, mine)
        else:
            again = self._outbox.cross(room, anew.reset.e, 0)
        replica.start(cursor, min(replica.oldest, keep) if keep else 0)
        self._let_go(room)
        if replica.n_starts > 2:
            self.asking.rest(room, now_ms + min(IDLE_MS << replica.n_starts - 2, STUCK_MS))
        else:
            self.asking.ask(room)
        return [StartFrom(cursor, snapshot, keep, others, again), *self._let_pass(replica), *self._let_erased_go(cursor, snapshot)]

    def _let_erased_go(self, cursor: Cursor, snapshot: Snapshot | None) -> list[Action]:
        if snapshot is None or not self._outbox.covers(cursor.r):
            return []
        erased = {message.id for message in parse_state(snapshot.state).messages.values() if message.is_erased}
        gone = self._outbox.erase(cursor.r, erased)
        return [SaveEvents(cursor, (), gone)] if gone else []

    def _leave(self, room: str) -> list[Action]:
        was_left = self.replica(room).is_left
        self.replica(room).is_left = True
        self.asking.forget(room)
        self._anew.pop(room, None)
        self._let_go(room)
        return [] if was_left else [Leave(room)]

    def older(self, room: str, n: int, rid: int, now_ms: int) -> list[Action]:
        """Ask for ``n`` events before what the copy of a room holds."""
        limit = max(1, min(n, self.limits.pull))
        return [] if room in self._anew else self.asking.older(self.replica(room), limit, rid, now_ms)

    def lost(self) -> None:
        """The connection is gone: nothing that was asked will be answered."""
        self.asking.lost()
        for room in (self._newer.keys() | self._older) - self._anew.keys():  # the next greeting tells anew
            self._outbox.hold(room, is_held=False)
        self._newer.clear()
        self._older.clear()
        self.is_doubtful = False


def _is_renewed(reset: Reset, cursor: Cursor) -> bool:
    """Whether what a copy holds after the fork may be no longer history."""
    return reset.why is not ResetReason.FLOOR or 0 < cursor.e < reset.e


def _is_stale(reset: Reset, cursor: Cursor) -> bool:
    """Whether a copy has gone beyond what a reset, said earlier, was about."""
    if reset.why is ResetReason.EPOCH:
        return reset.e <= cursor.e
    return reset.why is ResetReason.FLOOR and cursor.s > 0 and cursor.s >= reset.floor - 1 and cursor.e >= reset.e


def _made_again(reset: Reset, said: Sequence[Event], user: str, device: str) -> list[Event]:
    """The making of a room that is gone, where ``device`` did not make it and ``user`` may: it is offered again.

    It was another device of this person, or the other of two people. Where the room is there after all, nothing comes of it.
    """
    made = said[0] if said and not reset.fork and said[0].k == Kind.ROOM_CREATE else None
    if made is None or made.d == device:
        return []
    body = read_body(made)
    if not isinstance(body, RoomCreate):
        return []
    if made.a != user:
        if body.kind is not RoomKind.DIRECT or not user:
            return []
        body = msgspec.structs.replace(body, members=(Seat(made.a),))
    return [msgspec.structs.replace(made, a=user, d=device, b=format_body(body))]
