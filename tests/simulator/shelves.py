"""What a server keeps: logs, seats, decisions and counts, each batch one record of its disk; rebuilt from there after a crash."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sync_server.protocol.bodies import Erase, MsgEdit, parse_body
from sync_server.protocol.chain import START
from sync_server.protocol.events import Event, Kind
from sync_server.rooms.views import Decided, MessageView, Needs, Plan, RoomsView, RoomView
from tests.simulator.disk import Disk

ORG: Final = "org-1"


class Entry(msgspec.Struct, frozen=True):
    """One event of a log, the epoch it was entered in and the chain hash after it."""

    epoch: int
    event: Event
    hash: bytes


class Batch(msgspec.Struct, frozen=True):
    """One transaction, as it lies on the disk."""

    rooms: list[tuple[RoomView, list[Entry]]] = []
    messages: list[MessageView] = []
    erased: list[tuple[str, str]] = []
    refused: list[Decided] = []
    counts: list[tuple[str, str, int]] = []
    reads: list[tuple[str, str, int]] = []


_DECODER: Final = msgspec.msgpack.Decoder(Batch)


def batch_of(plan: Plan) -> Batch:
    """What of a plan has to be stored."""
    return Batch(
        rooms=[(log.after, [Entry(log.after.epoch, one.event, one.hash) for one in log.entered]) for log in plan.logs],
        messages=list(plan.messages),
        erased=list(plan.erased),
        refused=list(plan.refused),
        counts=[(device, room, count) for (device, room), count in plan.counts.items()],
    )


class Shelves:
    """Everything that one server has stored."""

    def __init__(self, disk: Disk, people: frozenset[str]) -> None:
        self._disk = disk
        self.people = frozenset((ORG, user) for user in people)
        self.rooms: dict[str, RoomView] = {}
        self.logs: dict[str, list[Entry]] = {}
        self.messages: dict[tuple[str, str], MessageView] = {}
        self.decided: dict[tuple[str, str], Decided] = {}
        self.counts: dict[tuple[str, str], int] = {}
        self.reads: dict[tuple[str, str], int] = {}
        for record in disk.records():
            self._apply(_DECODER.decode(record))

    def write(self, batch: Batch) -> None:
        """Put a batch behind the others on the disk; not yet safe there. Raises DiskFullError."""
        self._disk.append(msgspec.msgpack.encode(batch))

    def keep(self, batch: Batch) -> None:
        """What was written is safe, and holds."""
        self._disk.sync()
        self._apply(batch)

    def view(self, needs: Needs) -> RoomsView:
        """What planning asked for, as far as it is there."""
        return RoomsView(
            rooms=_found(self.rooms, needs.rooms),
            messages=_found(self.messages, needs.messages),
            decided=_found(self.decided, needs.ops),
            counts=_found(self.counts, needs.counts),
            people=self.people & needs.people,
        )

    def hash_at(self, room: str, seq: int) -> bytes:
        """The chain hash after event ``seq``; 0: before the first."""
        return self.logs[room][seq - 1].hash if seq else START

    def _apply(self, batch: Batch) -> None:
        for after, entries in batch.rooms:
            self.rooms[after.room] = after
            log = self.logs.setdefault(after.room, [])
            log += entries
            for entry in entries:
                self._index(after.room, entry)
        for message in batch.messages:
            self.messages[message.room, message.id] = message
        for refusal in batch.refused:
            self.decided[refusal.device, refusal.id] = refusal
        for device, room, count in batch.counts:
            self.counts[device, room] = count
        for room, user, read in batch.reads:
            self.reads[room, user] = max(read, self.reads.get((room, user), 0))
        for room, target in batch.erased:
            self.logs[room] = [_without_body(entry, target) for entry in self.logs[room]]

    def _index(self, room: str, entry: Entry) -> None:
        event = entry.event
        self.decided.setdefault((event.d, event.id), Decided(event.d, event.id, room, event.k, event.bh, entry.epoch, event.s))
        if event.k == Kind.MSG_CREATE:
            self.messages.setdefault((room, event.id), MessageView(room, event.id, event.a, event.s))

    def compact(self) -> None:
        """Rewrite the disk so that nothing lies on it but what counts now."""
        batch = Batch(
            rooms=[(view, self.logs[room]) for room, view in self.rooms.items()],
            messages=list(self.messages.values()),
            refused=[one for one in self.decided.values() if one.code],
            counts=[(device, room, count) for (device, room), count in self.counts.items()],
            reads=[(room, user, read) for (room, user), read in self.reads.items()],
        )
        self._disk.replace([msgspec.msgpack.encode(batch)])


def _found(among: Mapping[Any, Any], wanted: frozenset[Any]) -> dict[Any, Any]:
    return {key: among[key] for key in wanted if key in among}


def _without_body(entry: Entry, target: str) -> Entry:
    if not is_about(entry.event, target):
        return entry
    return msgspec.structs.replace(entry, event=msgspec.structs.replace(entry.event, b=None, n=""))


def is_about(event: Event, target: str) -> bool:
    """Whether this event holds words of message ``target``: the message itself, or an edit of it."""
    if event.b is None:
        return False
    if event.k == Kind.MSG_CREATE:
        return event.id == target
    if event.k != Kind.MSG_EDIT:
        return False
    body = parse_body(event.k, event.b)
    return isinstance(body, MsgEdit) and body.target == target


def targets_of(event: Event) -> tuple[str, ...]:
    """The messages that an erasure names."""
    body = parse_body(Kind.ERASE, event.b or "")
    assert isinstance(body, Erase)
    return body.targets
