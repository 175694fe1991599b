"""What a device keeps of its rooms on its disk, as the actions of the state machine say; rebuilt from the disk after a crash."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from sync_server.protocol import actions
from sync_server.protocol.actions import (
    Action,
    DropOp,
    Renumber,
    SaveEvents,
    SaveOlder,
    SaveOp,
    SaveSettled,
    Settled,
    StartFrom,
)
from sync_server.protocol.client import Kept
from sync_server.protocol.events import Cursor, Event, Kind, Op
from sync_server.protocol.fold import RoomState, fold, fold_message, parse_state
from sync_server.protocol.messages import Snapshot
from tests.simulator.disk import Disk
from tests.simulator.shelves import is_about, targets_of

SAVED_NAMES: Final = frozenset({"SaveOp", "DropOp", "Renumber", "SaveEvents", "SaveSettled", "SaveOlder", "StartFrom", "Leave"})
_SAVED: Final = {kind.__name__: kind for kind in vars(actions).values() if isinstance(kind, type) and kind.__name__ in SAVED_NAMES}
_HEAD: Final = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])
_DECODERS: Final = {name: msgspec.msgpack.Decoder(kind) for name, kind in _SAVED.items()}


def is_saved(action: Action) -> bool:
    """Whether this action must be on the disk before the next one begins."""
    return type(action).__name__ in _SAVED


def actions_on(disk: Disk) -> Iterator[Action]:
    """What was written there, from the first action on."""
    for record in disk.records():
        name, raw = _HEAD.decode(record)
        yield _DECODERS[name].decode(raw)


class Copy:
    """One room: its events by sequence number, where it started, and what it started from.

    ``shown`` is what its person sees: every event was folded in as it came, as a mirror does that keeps messages as rows.
    """

    def __init__(self) -> None:
        self.cursor: Cursor | None = None
        self.events: dict[int, Event] = {}
        self.start: Snapshot | None = None
        self.shown = RoomState()
        self.unconfirmed: dict[str, Event] = {}
        self.is_left = False
        self.n_starts = 0

    def state(self) -> RoomState:
        """What it started from and holds, folded anew."""
        state = parse_state(self.start.state) if self.start else RoomState()
        return fold((event for _, event in sorted(self.events.items())), state)

    def floor(self) -> int:
        """The oldest event held, or the one that would come next."""
        return min(self.events, default=(self.cursor.s if self.cursor else 0) + 1)


class Copies:
    """All rooms of one device on one server, its outbox and what became of it; every change is one record of the disk."""

    def __init__(self, disk: Disk, user: str, device: str) -> None:
        self._disk = disk
        self._user = user
        self._device = device
        self.rooms: dict[str, Copy] = {}
        self.outbox: dict[str, Op] = {}
        self.settled: dict[str, Settled] = {}
        self.counts: dict[str, int] = {}
        for action in actions_on(disk):
            self._apply(action)

    def kept(self) -> Kept:
        """What the state machine starts from."""
        return Kept(
            device=self._device,
            cursors=tuple(copy.cursor for copy in self.rooms.values() if copy.cursor),
            floors={room: copy.floor() for room, copy in self.rooms.items() if copy.cursor},
            outbox=tuple(self.outbox.values()),
            settled=tuple(self.settled.values()),
            counts=dict(self.counts),
            user=self._user,
            left=frozenset(room for room, copy in self.rooms.items() if copy.cursor and copy.is_left),
        )

    def waits(self, op: Op) -> bool:
        """Whether an operation has to be decided, or its event to come: none does to a room left, or behind what is held."""
        settled, copy = self.settled.get(op.id), self.rooms.get(op.r)
        if settled is None or settled.code or copy is None:
            return settled is None or not settled.code
        return not (copy.is_left or settled.s < copy.floor())

    def write(self, action: Action) -> None:
        """Put the action behind the others on the disk; not yet safe there."""
        self._disk.append(msgspec.msgpack.encode((type(action).__name__, action)))

    def keep(self, action: Action) -> None:
        """What was written is safe and holds."""
        self._disk.sync()
        self._apply(action)

    def _apply(self, action: Action) -> None:
        if isinstance(action, SaveOp):
            self._forget(action.instead)
            self._queue(action.op)
        elif isinstance(action, DropOp):
            self._forget(action.id)
        elif isinstance(action, Renumber):
            for identity, cseq in action.numbers:
                self.outbox[identity] = msgspec.structs.replace(self.outbox[identity], cseq=cseq)
                self.counts[action.r] = cseq
        elif isinstance(action, SaveEvents):
            copy = self._copy(action.cursor.r)
            copy.cursor = action.cursor
            self._enter(copy, action.events)
            for one in action.settled:
                self._forget(one.id)
        elif isinstance(action, SaveSettled):
            self.settled.update({one.id: one for one in action.settled})
        elif isinstance(action, SaveOlder):
            copy = self._copy(action.r)
            self._enter(copy, action.events)
            copy.shown = copy.state()
        elif isinstance(action, StartFrom):
            self._start(action)
        elif isinstance(action, actions.Leave):
            self._copy(action.r).is_left = True

    def _copy(self, room: str) -> Copy:
        copy = self.rooms.setdefault(room, Copy())
        copy.is_left = False
        return copy

    def _queue(self, op: Op) -> None:
        self.outbox[op.id] = op
        self.settled.pop(op.id, None)
        self.counts[op.r] = op.cseq

    def _forget(self, identity: str) -> None:
        self.outbox.pop(identity, None)
        self.settled.pop(identity, None)

    def _start(self, action: StartFrom) -> None:
        room = action.cursor.r
        copy, before = Copy(), self.rooms.get(room)
        copy.cursor = action.cursor
        copy.start = action.snapshot
        copy.n_starts = 1
        if before is not None:
            copy.n_starts += before.n_starts
            copy.unconfirmed = dict(before.unconfirmed)
            copy.events = {s: event for s, event in before.events.items() if s <= action.keep}
            is_cut = before.cursor is not None and before.cursor.s > action.keep  # then it is made anew from its first event on
            copy.start = action.snapshot or (before.start if action.keep and not is_cut else None)
        copy.shown = copy.state()
        copy.unconfirmed.update({event.id: event for event in action.unconfirmed})
        self._forget_aside(copy, (message.id for message in copy.shown.messages.values() if message.is_erased))
        self.rooms[room] = copy
        for op in action.again:
            self._forget(op.id)
            self._queue(op)

    def _enter(self, copy: Copy, events: Iterable[Event]) -> None:
        for event in events:
            copy.events[event.s] = event
            copy.shown.apply(event)
            copy.unconfirmed.pop(event.id, None)
            if event.k == Kind.MSG_CREATE and event.b is None:
                self._forget_aside(copy, (event.id,))
            if event.k == Kind.ERASE and event.b is not None:
                self._erase(copy, event)

    @staticmethod
    def _forget_aside(copy: Copy, erased: Iterable[str]) -> None:
        aside, targets = copy.unconfirmed.items(), tuple(erased)
        copy.unconfirmed = {key: held for key, held in aside if not any(is_about(held, target) for target in targets)}

    def _erase(self, copy: Copy, event: Event) -> None:
        """Destroy the words of messages, of their edits, and what a snapshot says of them."""
        targets = targets_of(event)
        for s, held in copy.events.items():
            if any(is_about(held, target) for target in targets):
                copy.events[s] = msgspec.structs.replace(held, b=None, n="")
        self._forget_aside(copy, targets)
        if copy.start is None:
            return
        state = parse_state(copy.start.state)
        for target in targets:
            after = fold_message(state.messages.get(target), event)
            if after is not None:
                state.messages[target] = after
        copy.start = msgspec.structs.replace(copy.start, state=state.to_text())

    def compact(self) -> None:
        """Rewrite the disk so that it holds nothing but what counts now."""
        self._disk.replace(msgspec.msgpack.encode((type(action).__name__, action)) for action in self._as_actions())

    def _as_actions(self) -> Iterator[Action]:
        for room, copy in self.rooms.items():
            if copy.cursor is None:
                continue
            yield StartFrom(copy.cursor, copy.start, tuple(copy.unconfirmed.values()))
            yield SaveEvents(copy.cursor, tuple(event for _, event in sorted(copy.events.items())))
            if copy.is_left:
                yield actions.Leave(room)
        for op in self.outbox.values():
            yield SaveOp(op)
        if self.settled:
            yield SaveSettled(tuple(self.settled.values()))
