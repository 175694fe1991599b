"""Rooms and messages while a batch is planned: the view that was given, with what the batch has changed so far laid over it."""

from collections.abc import Mapping
from typing import Final

import msgspec

from sync_server.protocol.bodies import RoomCreate, RoomKind, RoomRole
from sync_server.protocol.chain import START, next_hash
from sync_server.protocol.events import Event
from sync_server.rooms.views import Entered, FileView, MessageView, RoomId, RoomLog, RoomsView, RoomView, Seat, User


class RoomDraft:
    """One room in the making."""

    def __init__(self, room: RoomId, org: str, before: RoomView | None, epoch: int) -> None:
        self.room = room
        self.org = org
        self.before = before
        self.epoch = epoch
        self.seq = before.seq if before else 0
        self.hash = before.hash if before else START
        self.kind = before.kind if before else RoomKind.GROUP
        self.name = before.name if before else ""
        self.topic = before.topic if before else ""
        self.is_open = before.is_open if before else False
        self.shows_history = before.shows_history if before else True
        self.is_held = before.is_held if before else False
        self.seats: Mapping[User, Seat] = before.seats if before else {}
        self.members = before.members if before else frozenset[User]()
        self.entered: list[Entered] = []

    def enter(self, event: Event, seats: Mapping[User, RoomRole | None]) -> None:
        """Append ``event``, which stands at the next place, and change the ``seats`` that it sets (None: no longer a member)."""
        assert event.s == self.seq + 1, f"Event {event.s} after {self.seq}."
        self.hash = next_hash(self.hash, self.epoch, event)
        self.seq = event.s
        members_before = self.members
        if seats:
            self._set(seats, event.s)
        self.entered.append(Entered(event, self.hash, members_before, self.members))

    def _set(self, seats: Mapping[User, RoomRole | None], s: int) -> None:
        changed = dict(self.seats)
        for user, role in seats.items():
            before = changed.pop(user, None)
            if role is not None:
                changed[user] = Seat(role, before.since if before else s)
        self.seats = changed
        self.members = frozenset(changed)

    def describe(self, body: RoomCreate) -> None:
        """Take over what the first event says of the room."""
        self.kind, self.name, self.topic = body.kind, body.name, body.topic
        self.is_open, self.shows_history = body.is_open, body.shows_history

    def log(self) -> RoomLog:
        """What became of it."""
        after = RoomView(
            room=self.room,
            org=self.org,
            epoch=self.epoch,
            seq=self.seq,
            hash=self.hash,
            kind=self.kind,
            name=self.name,
            topic=self.topic,
            is_open=self.is_open,
            shows_history=self.shows_history,
            seats=self.seats,
            members=self.members,
            is_held=self.is_held,
        )
        return RoomLog(self.before, after, tuple(self.entered))


class Drafts:
    """All rooms and messages that a batch touches. Nothing outside is changed."""

    def __init__(self, view: RoomsView) -> None:
        self._view = view
        self._rooms: dict[RoomId, RoomDraft] = {}
        self.messages: dict[tuple[RoomId, str], MessageView] = {}  # only those that changed
        self._made: dict[tuple[RoomId, str], MessageView] = {}  # new ones, which their events describe
        self.edits: list[tuple[RoomId, str, int]] = []
        self.files: list[tuple[RoomId, str, str, int]] = []
        self.erased: list[tuple[RoomId, str]] = []

    def room(self, room: RoomId) -> RoomDraft | None:
        """The room as it stands in the batch; None where there is none."""
        draft = self._rooms.get(room)
        if draft is None and (before := self._view.rooms.get(room)) is not None:
            draft = self._rooms[room] = RoomDraft(room, before.org, before, before.epoch)
        return draft

    def make(self, room: RoomId, org: str, epoch: int) -> RoomDraft:
        """A room that begins with this batch."""
        assert self.room(room) is None
        draft = self._rooms[room] = RoomDraft(room, org, None, epoch)
        return draft

    def message(self, room: RoomId, identity: str) -> MessageView | None:
        """A message of the room; of two that share an id, the first."""
        key = room, identity
        return self.messages.get(key) or self._view.messages.get(key) or self._made.get(key)

    def made(self, message: MessageView) -> None:
        """A new message stands in its room."""
        self._made.setdefault((message.room, message.id), message)

    def changed(self, room: RoomId, identity: str, **fields: object) -> None:
        """A message, which is there, now differs in these ``fields``."""
        message = self.message(room, identity)
        assert message is not None
        self.messages[room, identity] = msgspec.structs.replace(message, **fields)

    def knows(self, org: str, user: User) -> bool:
        """Whether ``user`` belongs to the organisation."""
        return (org, user) in self._view.people

    def file(self, room: RoomId, sha256: str) -> FileView | None:
        """A file that was given to the room, whole; None where there is none."""
        return self._view.files.get((room, sha256))

    def logs(self) -> tuple[RoomLog, ...]:
        """What is new, room by room."""
        return tuple(draft.log() for draft in self._rooms.values() if draft.entered)


RANK: Final = {None: 0, RoomRole.READER: 1, RoomRole.MEMBER: 2, RoomRole.MODERATOR: 3, RoomRole.OWNER: 4}
