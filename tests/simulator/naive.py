"""The meaning of a log, written a second time in the plainest way, to hold the real fold against."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from sync_server.protocol.events import Event


@dataclass
class NaiveMessage:
    """One message."""

    author: str
    s: int
    text: str
    edits: list[tuple[int, str]] = field(default_factory=list)
    registers: dict[tuple[str, str], bool] = field(default_factory=dict)  # (emoji, user)
    is_pinned: bool = False
    is_deleted: bool = False
    is_erased: bool = False

    def on(self) -> dict[str, list[str]]:
        """Who has which reaction on."""
        people: dict[str, list[str]] = {}
        for (emoji, user), is_on in sorted(self.registers.items()):
            if is_on:
                people.setdefault(emoji, []).append(user)
        return people


@dataclass
class NaiveRoom:
    """Seats with when they were taken, words and messages."""

    name: str = ""
    topic: str = ""
    shows_history: bool = True
    seats: dict[str, tuple[str, int]] = field(default_factory=dict)  # role, since
    messages: dict[str, NaiveMessage] = field(default_factory=dict)
    n_events: int = 0

    def apply(self, event: Event) -> None:
        """Take in the next event."""
        self.n_events += 1
        if event.b is None:
            if event.k == "msg.create":
                self.messages.setdefault(event.id, NaiveMessage(event.a, event.s, "", is_erased=True))
            return
        body = json.loads(event.b)
        getattr(self, "_" + event.k.replace(".", "_"), lambda event, body: None)(event, body)

    def _room_create(self, event: Event, body: dict) -> None:
        is_direct = body["kind"] == "direct"
        self.name, self.topic = body.get("name", ""), body.get("topic", "")
        self.shows_history = body.get("shows_history", True)
        self.seats = {event.a: ("member" if is_direct else "owner", event.s)}
        for seat in body.get("members", ()):
            self.seats.setdefault(seat["u"], ("member" if is_direct else seat.get("role", "member"), event.s))

    def _room_edit(self, event: Event, body: dict) -> None:
        self.name = self.name if body.get("name") is None else body["name"]
        self.topic = self.topic if body.get("topic") is None else body["topic"]

    def _member_set(self, event: Event, body: dict) -> None:
        role = body.get("role", "member")
        if role is None:
            self.seats.pop(body["u"], None)
        else:
            self.seats[body["u"]] = (role, self.seats.get(body["u"], ("", event.s))[1])

    def _msg_create(self, event: Event, body: dict) -> None:
        self.messages.setdefault(event.id, NaiveMessage(event.a, event.s, body["text"]))

    def _open(self, body: dict) -> NaiveMessage | None:
        message = self.messages.get(body["target"])
        return None if message is None or message.is_deleted or message.is_erased else message

    def _msg_edit(self, event: Event, body: dict) -> None:
        if message := self._open(body):
            message.text = body["text"]
            message.edits.append((event.s, event.a))

    def _msg_delete(self, event: Event, body: dict) -> None:
        if message := self._open(body):
            message.is_deleted = True

    def _react_set(self, event: Event, body: dict) -> None:
        if message := self._open(body):
            message.registers[body["emoji"], event.a] = body.get("on", True)

    def _pin_set(self, event: Event, body: dict) -> None:
        if message := self._open(body):
            message.is_pinned = body.get("on", True)

    def _erase(self, event: Event, body: dict) -> None:
        for target in body["targets"]:
            if target in self.messages:
                self.messages[target].is_erased = True


def read_log(events: Iterable[Event]) -> NaiveRoom:
    """A room from its whole log."""
    room = NaiveRoom()
    for event in events:
        room.apply(event)
    return room
