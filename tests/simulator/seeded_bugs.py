"""Thirty mistakes that one could make in the cores, each put in by replacing a piece of the real code: the checks must see them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pytest

from sync_server.edge.delivery import Delivery
from sync_server.edge.session import ServerSession
from sync_server.protocol import chain, fold, replica
from sync_server.protocol.actions import SaveEvents, Send
from sync_server.protocol.client import SyncClient
from sync_server.protocol.codes import Code, ResetReason
from sync_server.protocol.connection import Connection
from sync_server.protocol.copies import Copies
from sync_server.protocol.events import Cursor, Kind, OpResult, OpState
from sync_server.protocol.outbox import Outbox
from sync_server.protocol.replica import Fit, Replica
from sync_server.rooms import planning, rules
from sync_server.rooms.drafts import RoomDraft
from sync_server.rooms.views import RoomView, Seat
from tests.simulator import pages, server, shelves
from tests.simulator.server import Server

Put = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Bug:
    """A mistake: what it is called, and how it is put in."""

    name: str
    put: Put


def around(owner: Any, name: str, make: Callable[[Any], Any]) -> Put:
    """Replace ``owner.name`` by what ``make`` gives for the original."""
    return lambda patch: patch.setattr(owner, name, make(getattr(owner, name)))


def instead(owner: Any, name: str, value: Any) -> Put:
    """Replace ``owner.name``."""
    return lambda patch: patch.setattr(owner, name, value)


# Planning.


def _forgets_what_was_decided(decide: Any) -> Any:
    def mistaken(self: Any, asked: Any) -> Any:
        view, self._view = self._view, msgspec.structs.replace(self._view, decided={})
        try:
            return decide(self, asked)
        finally:
            self._view = view

    return mistaken


def _looks_by_id_alone(view: Any) -> Any:
    def mistaken(self: Any, needs: Any) -> Any:
        found = view(self, needs)
        by_id = {identity: one for (_, identity), one in self.decided.items()}
        decided = {(device, identity): by_id[identity] for device, identity in needs.ops if identity in by_id}
        return msgspec.structs.replace(found, decided=decided)

    return mistaken


def _takes_other_words(op: Any, bh: str, known: Any) -> OpResult:
    if known.code:
        return OpResult(op.id, OpState.REJ, code=known.code)
    return OpResult(op.id, OpState.DUP, known.e, known.s)


def _drops(field: str, empty: Any) -> Callable[[Any], Any]:
    """A batch without one of its parts."""
    return lambda batch_of: lambda planned: msgspec.structs.replace(batch_of(planned), **{field: empty})


def _never_says(*codes: Code) -> Callable[[Any], Any]:
    """A rule that lets pass what it should refuse for these reasons."""

    def make(check: Any) -> Any:
        def mistaken(case: Any) -> Any:
            code = check(case)
            return None if code in codes else code

        return mistaken

    return make


def _rule(kind: Kind, make: Callable[[Any], Any]) -> Put:
    return lambda patch: patch.setitem(rules._CHECKS, kind, make(rules._CHECKS[kind]))


def _seated_anyway(case: Any) -> Any:
    seat = case.room.seats.get(case.actor.user) if case.room else None
    return seat.role if seat else rules.RoomRole.MEMBER


def _keeps_old_seats(enter: Any) -> Any:
    def mistaken(self: Any, event: Any, seats: Any) -> None:
        first = {user: seat.since for user, seat in self.seats.items()}
        enter(self, event, seats)
        for user, role in seats.items():
            if role is None and user in first:
                self.seats[user] = Seat(rules.RoomRole.READER, first[user])

    return mistaken


# The edge.


def _tells_who_went(ev: Any, before: Any, after: Any) -> Delivery:
    return Delivery(stays=frozenset(before | after), joins=frozenset(), goes=frozenset())


def _answers_before_it_is_safe(plan: Any) -> Any:
    def mistaken(self: Any) -> None:
        queue = list(self._queue)
        asked = [one for _, _, part in queue for one in part]
        early = planning.plan(asked, self.shelves.view(planning.needs(asked)), self.now_ms())
        self._answer(queue, early.results)
        plan(self)

    return mistaken


# The client.


def _jumps_gaps(self: Any, ev: Any, *, is_answer: bool) -> Any:
    if not ev.ev or ev.last <= self.cursor.s:
        return Fit.KNOWN, []
    events = tuple(event for event in ev.ev if event.s > self.cursor.s)
    self.cursor = Cursor(self.cursor.r, max(ev.e, self.cursor.e), ev.last, ev.h)
    return Fit.TAKEN, [replica.Step(self.cursor, events)]


def _takes_twice(take: Any) -> Any:
    def mistaken(self: Any, ev: Any, *, is_answer: bool) -> Any:
        if ev.ev and ev.last == self.cursor.s and ev.e == self.cursor.e:
            return Fit.TAKEN, [replica.Step(self.cursor, ev.ev)]
        return take(self, ev, is_answer=is_answer)

    return mistaken


def _cursor_first(received: Any) -> Any:
    def mistaken(self: Any, message: Any, now_ms: int) -> Any:
        split = []
        for action in received(self, message, now_ms):
            if isinstance(action, SaveEvents) and action.events:
                split.append(SaveEvents(action.cursor))
            split.append(action)
        return split

    return mistaken


def _sends_first(submit: Any) -> Any:
    def mistaken(self: Any, *given: Any) -> Any:
        op, actions = submit(self, *given)
        return op, sorted(actions, key=lambda action: not isinstance(action, Send))

    return mistaken


def _takes_retry_for_no(results: Any) -> Any:
    def mistaken(self: Any, told: Any, sent: Any, now_ms: int) -> Any:
        told = [OpResult(one.id, OpState.REJ, code=Code.BUSY) if one.st is OpState.RETRY else one for one in told]
        return results(self, told, sent, now_ms)

    return mistaken


def _forgets_what_was_lost(restart: Any) -> Any:
    def mistaken(self: Any, room: str, epoch: int, fork: int, mine: Any, **more: Any) -> Any:
        return restart(self, room, epoch, fork, (), **more)

    return mistaken


def _ignores_resets(reset: Any) -> Any:
    return lambda self, message, *more: [] if message.why is ResetReason.EPOCH else reset(self, message, *more)


def _hears_no_heads(heads: Any) -> Any:
    return lambda self, told, now, *, is_greeting: heads(self, told, now, is_greeting=True) if is_greeting else []


# The fold and the chain.


def _without_author(before: bytes, epoch: int, event: Any) -> bytes:
    return _NEXT_HASH(before, epoch, msgspec.structs.replace(event, a=""))


_NEXT_HASH: Final = chain.next_hash


def _chain_without_author(patch: pytest.MonkeyPatch) -> None:
    from tests.simulator import log_checks

    for module in (chain, log_checks, pages, __import__("sync_server.rooms.drafts", fromlist=["drafts"])):
        patch.setattr(module, "next_hash", _without_author)


def _intact_always(patch: pytest.MonkeyPatch) -> None:
    from tests.simulator import log_checks

    for module in (chain, log_checks):
        patch.setattr(module, "is_intact", lambda event: True)


def _change(body: type, make: Any) -> Put:
    return lambda patch: patch.setitem(fold._CHANGES, body, make)


def _counts_each_press(message: Any, event: Any, body: Any) -> Any:
    """A reaction off takes everybody's away."""
    if body.on:
        return fold._reacted(message, event, body)
    left = tuple((emoji, users) for emoji, users in message.reactions if emoji != body.emoji)
    return msgspec.structs.replace(message, reactions=left)


def _snapshot_without_pins(to_text: Any) -> Any:
    def mistaken(self: Any) -> str:
        plain = [msgspec.structs.replace(message, pinned=False) for message in self.messages.values()]
        return str(to_text(fold.RoomState(self.room, plain, self.s, self.ts)))

    return mistaken


BUGS: Final = (
    Bug("the server forgets what it decided", around(planning._Planning, "decide", _forgets_what_was_decided)),
    Bug("an id is taken for all devices at once", around(shelves.Shelves, "view", _looks_by_id_alone)),
    Bug("the same id with other words is a duplicate", instead(planning, "_again", _takes_other_words)),
    Bug("the server does not look at counts", instead(planning._Planning, "_hold_back", lambda self, op, line: None)),
    Bug("what was erased stays stored", around(server, "batch_of", _drops("erased", []))),
    Bug("a stale edit passes", _rule(Kind.MSG_EDIT, _never_says(Code.STALE))),
    Bug("an edit wins over a deletion", _rule(Kind.MSG_EDIT, _never_says(Code.DELETED))),
    Bug("readers write", _rule(Kind.MSG_CREATE, _never_says(Code.NOT_ALLOWED))),
    Bug("the last owner may go", instead(rules, "_leaves_nobody", lambda room, body: False)),
    Bug("who has no seat may write", instead(rules.Case, "role", property(_seated_anyway))),
    Bug("a removed member keeps a seat", around(RoomDraft, "enter", _keeps_old_seats)),
    Bug("all history is served to all", instead(RoomView, "floor", lambda self, user: 1)),
    Bug("a removed member is still told", instead(server, "plan_delivery", _tells_who_went)),
    Bug("an ended session goes on", instead(ServerSession, "ended", lambda self, why="": [])),
    Bug("an old token is as good as a new one", instead(ServerSession, "_is_expired", lambda self, now_ms: False)),
    Bug("the server answers before it has stored", around(Server, "_plan", _answers_before_it_is_safe)),
    Bug("a copy jumps over gaps", instead(Replica, "take", _jumps_gaps)),
    Bug("a copy takes events twice", around(Replica, "take", _takes_twice)),
    Bug("the cursor is saved before its events", around(SyncClient, "received", _cursor_first)),
    Bug("a device sends before it has saved", around(SyncClient, "submit", _sends_first)),
    Bug("not now is taken for no", around(Outbox, "results", _takes_retry_for_no)),
    Bug("what a restore cut off is not said again", around(Outbox, "restart", _forgets_what_was_lost)),
    Bug("a device stays in an old epoch", around(Copies, "reset", _ignores_resets)),
    Bug("heads are not looked at", around(Copies, "heads", _hears_no_heads)),
    Bug("a silent server counts as alive", instead(Connection, "_silence_ms", lambda self: 10**9)),
    Bug("the chain does not name authors", _chain_without_author),
    Bug("any body passes for the hashed one", _intact_always),
    Bug("an erasure leaves words in the fold", _change(fold.Erase, lambda message, event, body: message)),
    Bug("one person's reaction off is everybody's", _change(fold.ReactSet, _counts_each_press)),
    Bug("snapshots forget pins", around(fold.RoomState, "to_text", _snapshot_without_pins)),
)
