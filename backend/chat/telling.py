"""Notices of messages: who wrote where, for rooms and times that may interrupt, never of one's own words or of old ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backend.chat.message import Notify
from backend.chat.outbox_rows import Waiting
from backend.chat.parts import ChatParts
from backend.chat.room_list import read_rooms
from backend.chat.room_rows import find_room, load_account, load_people
from backend.chat.why import words_of
from backend.chat.writer import drop_refused
from backend.errors import TriiError
from backend.events import Level, Notice
from sync_server.protocol.actions import Heard
from sync_server.protocol.bodies import MsgCreate
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Event, Kind
from sync_server.protocol.fold import read_body

FRESH_MS: Final = 120_000  # what is older was read elsewhere or comes in bulk: the unread count says so
PAUSE_MS: Final = 10_000  # between notices of one room that name nobody
WORDS_CHARS: Final = 160
_KEPT_WHEN_REFUSED: Final = (Kind.MSG_CREATE, Kind.MSG_EDIT)


@dataclass(frozen=True, slots=True)
class _Told:
    room: str
    author: str
    text: str
    is_mention: bool


class Telling:
    """Listens to the mirror; ``look_at`` says which room the person has before the eyes."""

    def __init__(self, parts: ChatParts) -> None:
        self._parts = parts
        self._shown = ""
        self._last_ms: dict[str, int] = {}

    def look_at(self, room: str) -> None:
        """The room that is shown in an active window; empty for none."""
        self._shown = room

    # What the mirror tells.

    def came(self, server: str, room: str, events: Sequence[Event]) -> None:
        """Think of a notice for fresh messages."""
        now_ms = self._parts.now_ms
        fresh = [event for event in events if event.k == Kind.MSG_CREATE and abs(now_ms - event.ts) < FRESH_MS]
        if fresh and room != self._shown and not self._parts.tasks.is_closed:
            self._parts.tasks.start("notices of messages", self._tell(server, room, fresh))

    def heard(self, server: str, heard: Heard) -> None:
        """Nothing to tell."""

    def went_offline(self, server: str) -> None:
        """Nothing to tell."""

    def refused(self, server: str, ops: Sequence[Waiting]) -> None:
        """Words that were refused stay where they were written; other changes are told and given up."""
        rest = [one for one in ops if one.op.k not in _KEPT_WHEN_REFUSED]
        if rest and not self._parts.tasks.is_closed:
            self._parts.tasks.start("refused changes", self._give_up(server, rest))

    async def _tell(self, server: str, room: str, events: Sequence[Event]) -> None:
        found = await self._parts.words.read(lambda db: self._worth(db, server, room, events))
        shows_words = self._parts.chosen.shows_words
        for one in found:
            title = f"{one.author} named you in {one.room}" if one.is_mention else f"{one.author} in {one.room}"
            code = "chat.mention" if one.is_mention else "chat.message"
            self._parts.bus.publish(Notice(Level.INFO, title, one.text if shows_words else "", code=code))

    def _worth(self, db: Any, server: str, room_id: str, events: Sequence[Event]) -> list[_Told]:
        """What of fresh messages is worth a notice: every one that names this person, of others the newest after a pause."""
        room = find_room(db, room_id)
        if room is None or room.is_left:
            return []
        user, _ = load_account(db, server)
        names = load_people(db, server)
        rows = {row.id: row for row in read_rooms(db, server, lambda _server, _user: "", self._parts.usual)}
        row = rows[room_id]
        told: list[_Told] = []
        newest: _Told | None = None
        for event in events:
            body = read_body(event)
            if event.a == user or event.s <= room.read or not isinstance(body, MsgCreate) or row.notify is Notify.NOTHING:
                continue
            author = names[event.a].name if event.a in names else "Somebody"
            one = _Told(row.name, author, " ".join(body.text.split())[:WORDS_CHARS], user in body.mentions)
            if one.is_mention:
                told.append(one)
            elif row.notify is Notify.ALL or row.kind == "direct":
                newest = one
        return told if newest is None or not self._may(room_id) else [*told, newest]

    def _may(self, room: str) -> bool:
        now_ms = self._parts.now_ms
        if 0 <= now_ms - self._last_ms.get(room, -PAUSE_MS) < PAUSE_MS:
            return False
        self._last_ms[room] = now_ms
        return True

    async def _give_up(self, server: str, ops: Sequence[Waiting]) -> None:
        try:
            link = await self._parts.team.link_to(server)
            for one in ops:
                if one.code != Code.ROOM_EXISTS:
                    self._parts.bus.publish(
                        Notice(Level.WARNING, f"{_what(one.op.k)} was refused.", words_of(one.code), code="chat.refused")
                    )
                await link.line.ask(_dropping(one.op.id))
        except TriiError as error:
            self._parts.bus.publish(Notice(Level.WARNING, "A refused change is still listed.", error.message, code=error.code))


def _dropping(op_id: str) -> Callable[..., Any]:
    return lambda client, now_ms: drop_refused(op_id, client, now_ms)


def _what(kind: str) -> str:
    words = {
        Kind.MSG_DELETE: "A deletion",
        Kind.REACT_SET: "A reaction",
        Kind.PIN_SET: "Pinning a message",
        Kind.ERASE: "An erasure",
        Kind.ROOM_CREATE: "A new room",
        Kind.ROOM_EDIT: "A change of a room",
        Kind.MEMBER_SET: "A change of a room's people",
    }
    return next((said for known, said in words.items() if known == kind), "A change")
