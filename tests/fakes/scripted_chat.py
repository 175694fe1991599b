"""A chat and a team whose rooms a test writes: the surfaces of the real ones, on the engine, with real events on the real bus."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

from backend.bus import Bus
from backend.chat.message import (
    Delivery,
    FileRow,
    FoundMessage,
    LinkRow,
    MemberRow,
    MessageRow,
    Notify,
    Page,
    Reaction,
    RoomRow,
    SearchFilters,
)
from backend.errors import NotFound, Unavailable
from backend.events import MessagesChanged, PresenceChanged, RoomsChanged, ServersChanged, TypingChanged
from backend.sync.server import Enrolment, Invitation, ServerRow, SessionRow, SignedIn, Standing

ME, ANN, BEN = "u-me", "u-ann", "u-ben"
PIN = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA"
LINK = f"trii://join?server=https%3A%2F%2Fdesk.example%3A8443&pin={PIN}&code=abcdef"
NOW_MS = 1_704_724_200_000
PEOPLE = (
    MemberRow(ME, "Mia Meyer", "mia", "trader", "owner", "online", NOW_MS, is_me=True),
    MemberRow(ANN, "Ann Ames", "ann", "trader", "member", "online", NOW_MS),
    MemberRow(BEN, "Ben Bose", "ben", "guest", "member", "away", NOW_MS - 3_600_000),
)
SERVER = ServerRow(
    "s1",
    "Meridian Desk",
    "https://desk.example:8443",
    PIN,
    ME,
    "mia@desk.example",
    "Mia Meyer",
    "trader",
    Standing.LIVE,
    carrier="websocket",
)


class ScriptedTeam:
    """Servers in memory; every call is noted, and ``refuse`` makes the next ones fail."""

    crosses_bridge = "a facade: its methods run on the engine"

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.rows: tuple[ServerRow, ...] = (SERVER,)
        self.calls: list[tuple[Any, ...]] = []
        self.why_not: Exception | None = None
        self.asks_code = False

    def servers(self) -> tuple[ServerRow, ...]:
        return self.rows

    async def stand(self, *rows: ServerRow) -> None:
        self.rows = rows
        self._bus.publish(ServersChanged())

    async def look_at(self, link):
        self._note("look_at", link)
        return Invitation("desk.example", "Meridian", "https://desk.example:8443", PIN, "abcdef")

    async def join(self, link, email, name, password):
        self._note("join", link, email, name, password)
        return await self._came(email, name)

    async def sign_in(self, server, email, password, code="", ticket=""):
        self._note("sign_in", server, email, password, code, ticket)
        if self.asks_code and not code:
            return SignedIn(SERVER, needs_code=True, ticket="t1")
        return await self._came(email, "Mia Meyer")

    async def sign_out(self, server, *, everywhere=False, wipe=False):
        self._note("sign_out", server, everywhere, wipe)
        await self.stand(*(replace(row, standing=Standing.SIGNED_OUT) for row in self.rows))

    async def forget(self, server):
        self._note("forget", server)
        await self.stand(*(row for row in self.rows if row.id != server))

    async def go_online(self, server, *, is_on=True):
        self._note("go_online", server, is_on)
        await self.stand(*(replace(row, standing=Standing.LIVE if is_on else Standing.OFFLINE) for row in self.rows))

    async def sessions(self, server):
        self._note("sessions", server)
        return (
            SessionRow("a", "d1", "This workstation", NOW_MS, NOW_MS, "10.0.0.7", is_this=True),
            SessionRow("b", "d2", "Laptop", NOW_MS, NOW_MS - 86_400_000, "10.0.0.9", is_this=False),
        )

    async def end_session(self, server, session):
        self._note("end_session", server, session)

    async def enrol(self, server, password):
        self._note("enrol", server, password)
        uri = "otpauth://totp/Meridian:mia%40desk.example?secret=JBSWY3DPEHPK3PXP&issuer=Meridian"
        return Enrolment(uri, "JBSWY3DPEHPK3PXP", tuple(f"{n:04d}-abcd" for n in range(10)))

    async def confirm_enrolment(self, server, code):
        self._note("confirm", server, code)

    async def remove_factor(self, server, password, code):
        self._note("remove_factor", server, password, code)

    async def change_password(self, server, old, new):
        self._note("change_password", server, old, new)

    async def invite(self, server, role="member", uses=1, days=7):
        self._note("invite", server, role, uses, days)
        return LINK

    async def _came(self, email, name):
        row = replace(SERVER, email=email, person=name)
        await self.stand(row)
        return SignedIn(row)

    def _note(self, *call):
        self.calls.append(call)
        if self.why_not is not None:
            raise self.why_not


class ScriptedChat:
    """Rooms in memory, in the order of their sequence numbers; what is sent waits until the test lets it ``land``."""

    crosses_bridge = "a facade: its methods run on the engine"

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.contents: dict[str, bytes] = {}  # of files, by hash
        self._ids = itertools.count(1)
        self.by_room: dict[str, list[MessageRow]] = {}
        self.rows: dict[str, RoomRow] = {}
        self.known: tuple[MemberRow, ...] = PEOPLE
        self.writing: tuple[MemberRow, ...] = ()
        self.calls: list[tuple[Any, ...]] = []
        self.sent: list[tuple[str, tuple[Any, ...], tuple[LinkRow, ...]]] = []
        self.read: dict[str, int] = {}
        self.now_ms = NOW_MS
        self.is_offline = False
        self.lands_at_once = True
        self.n_pages = self.n_lists = 0

    # --- what a test does, on the engine ------------------------------------------------------------------------------

    async def begin(self, room: str, name: str, **fields) -> RoomRow:
        self.rows[room] = RoomRow(room, "s1", name, n_members=3, **{"my_role": "owner", "is_open": True, **fields})
        self.by_room.setdefault(room, [])
        self._bus.publish(RoomsChanged("s1"))
        return self.rows[room]

    async def fill(self, room: str, n: int, author: str = ANN, text: str = "Message {}", minutes: float = 1.0) -> None:
        """``n`` messages without an event, as history that was there already."""
        for number in range(n):
            self._add(room, author, text.format(number + 1), at_ms=NOW_MS - round((n - number) * minutes * 60_000))
        self._count(room)

    async def say(self, room: str, author: str, text: str, **fields) -> MessageRow:
        made = self._add(room, author, text, **fields)
        self._told(room, made)
        return made

    async def burst(self, room: str, n: int, author: str = ANN) -> None:
        for number in range(n):
            made = self._add(room, author, f"Burst {number + 1}")
            self._bus.publish(MessagesChanged(room, made.seq, (made.id,)))
        self._count(room)
        self._bus.publish(RoomsChanged("s1"))

    async def change(self, message: str, **fields) -> None:
        self._put(replace(self._find(message), **fields))

    async def set_room(self, room: str, **fields) -> None:
        self.rows[room] = replace(self.rows[room], **fields)
        self._bus.publish(RoomsChanged("s1"))

    async def write(self, room: str, *users: str) -> None:
        self.writing = tuple(person for person in self.known if person.user in users)
        self._bus.publish(TypingChanged(room))

    async def stand(self, user: str, presence: str) -> None:
        self.known = tuple(replace(one, presence=presence) if one.user == user else one for one in self.known)
        self._bus.publish(PresenceChanged("s1"))

    def messages(self, room: str) -> list[MessageRow]:
        return self.by_room[room]

    # --- rooms --------------------------------------------------------------------------------------------------------

    async def rooms(self, server=""):
        self.n_lists += 1
        return tuple(self.rows.values())

    async def open_rooms(self, server):
        if self.is_offline:
            raise Unavailable("There is no connection.", hint="Try again later.")
        own = RoomRow("r1", "s1", "macro-desk", my_role="member", is_open=True)
        return (own, RoomRow("r-open", "s1", "lobby", "For everybody", my_role="", is_open=True))

    async def create_room(self, server, name, topic="", people=(), *, is_open=False, shows_history=True):
        self.calls.append(("create_room", server, name, topic, tuple(people), is_open, shows_history))
        return await self.begin(f"r-{name}", name, topic=topic, is_open=is_open)

    async def direct(self, server, user):
        self.calls.append(("direct", server, user))
        name = next(one.name for one in self.known if one.user == user)
        return await self.begin(f"dm-{user}", name, kind="direct", presence="online", is_open=False)

    async def join_room(self, server, room):
        self.calls.append(("join_room", server, room))
        return await self.begin(room, "lobby")

    async def leave(self, room):
        self.calls.append(("leave", room))
        await self.set_room(room, is_left=True)

    async def set_seat(self, room, user, role):
        self.calls.append(("set_seat", room, user, role))

    async def edit_room(self, room, name, topic):
        await self.set_room(room, name=name, topic=topic)

    async def members(self, room):
        return self.known

    async def people(self, server):
        return self.known

    async def notify(self, room, notify: Notify):
        await self.set_room(room, notify=notify)

    async def star(self, room, on):
        await self.set_room(room, is_starred=on)

    # --- messages -----------------------------------------------------------------------------------------------------

    async def page(self, room, *, before=None, after=None, around=None, n=50):
        self.n_pages += 1
        rows = [row for row in self.by_room[room] if not row.thread or row.thread == row.id]
        placed = [row for row in rows if row.seq]
        waiting = [row for row in rows if not row.seq]
        if before is not None:
            stop = next((at for at, row in enumerate(placed) if row.seq >= before), len(placed))
            start = max(stop - n, 0)
        elif after is not None:
            start = next((at for at, row in enumerate(placed) if row.seq > after), len(placed))
            stop = min(start + n, len(placed))
        elif around is not None:
            middle = next((at for at, row in enumerate(placed) if row.seq >= around), len(placed))
            start, stop = max(middle - n // 2, 0), min(middle + n // 2, len(placed))
        else:
            start, stop = max(len(placed) - n, 0), len(placed)
        is_end = stop == len(placed) and before is None
        return Page(room, (*placed[start:stop], *(waiting if is_end else ())), start > 0, stop < len(placed))

    async def thread(self, root):
        room = self._find(root).room
        return Page(room, tuple(row for row in self.by_room[room] if root in (row.id, row.thread)), False, False)

    async def send(self, room, text, *, thread="", files=(), links=()):
        if self.is_offline and text == "refuse me":
            raise Unavailable("There is no room on the disk.", hint="Free some.")
        self.sent.append((text, tuple(files), tuple(links)))
        rows = tuple(_file_row(file) for file in files)
        for file, row in zip(files, rows, strict=True):
            self.contents[row.sha256] = file.read_bytes() if isinstance(file, Path) else file.content
        made = self._add(
            room, ME, text, thread=thread, seq=None if self.lands_at_once else 0, files=rows, links=tuple(links),
            delivery=Delivery.SENT if self.lands_at_once else Delivery.QUEUED,
        )  # fmt: skip
        if thread:
            root = self._find(thread)
            self._put(replace(root, n_replies=root.n_replies + 1, last_reply_ms=made.at_ms))
        self._told(room, made)
        return made

    async def land(self, message: str) -> None:
        row = self._find(message)
        self._put(replace(row, seq=self._next_seq(row.room), delivery=Delivery.SENT))

    async def edit(self, message, text):
        self.calls.append(("edit", message, text))
        self._put(replace(self._find(message), text=text, is_edited=True))

    async def delete(self, message):
        self.calls.append(("delete", message))
        self._put(replace(self._find(message), text="", is_deleted=True))

    async def erase(self, message, code=""):
        self._note("erase", message, code)
        self._put(replace(self._find(message), text="", is_erased=True))

    async def react(self, message, emoji, on):
        row = self._find(message)
        others = tuple(one for one in row.reactions if one.emoji != emoji)
        people = tuple(p for one in row.reactions if one.emoji == emoji for p in one.people if p != ME)
        people = (*people, ME) if on else people
        self._put(replace(row, reactions=(*others, Reaction(emoji, people, is_mine=on)) if people else others))

    async def pin(self, message, on):
        self._put(replace(self._find(message), is_pinned=on))

    async def again(self, message):
        self.calls.append(("again", message))
        self._put(replace(self._find(message), delivery=Delivery.SENT, why="", conflict="", seq=self._find(message).seq or 999))

    async def drop(self, message):
        self.calls.append(("drop", message))
        row = self._find(message)
        if row.conflict:
            self._put(replace(row, conflict=""))
        else:
            self.by_room[row.room].remove(row)
            self._bus.publish(MessagesChanged(row.room, 0, (row.id,)))

    async def mark_read(self, room, seq):
        self.read[room] = seq
        self.rows[room] = replace(self.rows[room], n_unread=0, n_mentions=0, first_unread=0)
        self._bus.publish(RoomsChanged("s1"))

    async def set_presence(self, state):
        await self.stand(ME, state)

    async def typing(self, room):
        self.calls.append(("typing", room))

    async def typists(self, room):
        return self.writing

    async def search(self, text, filters: SearchFilters, n):
        found = [
            row for rows in self.by_room.values() for row in rows
            if text.lower() in row.text.lower() and filters.room in ("", row.room) and filters.author in ("", row.author)
            and (filters.has != "pin" or row.is_pinned)
        ]  # fmt: skip
        return tuple(self._hit(row, text, is_local=True) for row in found[:n])

    async def search_server(self, text, filters, n):
        if self.is_offline:
            raise Unavailable("There is no connection.", hint="Try again later.")
        if filters.has:
            return ()  # the server's old message has nothing with it
        old = MessageRow("old", next(iter(self.rows)), 1, ANN, "Ann Ames", NOW_MS - 10 * 86_400_000, f"Long ago: {text}")
        return (self._hit(old, text, is_local=False),)

    async def save_draft(self, room, text):
        self.calls.append(("save_draft", room, text))
        if self.rows[room].draft != text:
            await self.set_room(room, draft=text)

    async def content(self, sha256):
        if sha256 not in self.contents:
            raise NotFound("The file is not on this computer.", hint="Connect, and try again.")
        return self.contents[sha256]

    # --- inside -------------------------------------------------------------------------------------------------------

    def _hit(self, row, text, *, is_local):
        at = row.text.lower().find(text.lower())
        return FoundMessage(row, self.rows[row.room].name, row.text, ((at, at + len(text)),), is_local=is_local)

    def _next_seq(self, room):
        return max((row.seq for row in self.by_room[room]), default=0) + 1

    def _add(self, room, author, text, *, seq=None, at_ms=None, **fields):
        self.now_ms += 1_000
        person = next((one for one in self.known if one.user == author), None)
        made = MessageRow(
            fields.pop("id", f"m{next(self._ids)}"),
            room,
            self._next_seq(room) if seq is None else seq,
            author,
            person.name if person is not None else author,
            at_ms or self.now_ms,
            text,
            is_mine=author == ME,
            **fields,
        )
        self.by_room[room].append(made)
        return made

    def _told(self, room, made):
        self._count(room)
        self._bus.publish(MessagesChanged(room, made.seq, (made.id,)))
        self._bus.publish(RoomsChanged("s1"))

    def _count(self, room):
        rows, known = self.by_room[room], self.rows[room]
        read = self.read.get(room, 0)
        unread = [row for row in rows if row.seq > read and not row.is_mine]
        last = rows[-1]
        self.rows[room] = replace(
            known, n_unread=len(unread), n_mentions=sum(row.mentions_me for row in unread),
            first_unread=unread[0].seq if unread else 0, last_seq=max(row.seq for row in rows), last_ms=last.at_ms,
            last_text=last.text, last_author=last.author_name,
        )  # fmt: skip

    def _find(self, message):
        for rows in self.by_room.values():
            for row in rows:
                if row.id == message:
                    return row
        raise NotFound("There is no such message.")

    def _put(self, row):
        rows = self.by_room[row.room]
        place = next(at for at, one in enumerate(rows) if one.id == row.id)
        rows[place] = row
        self._bus.publish(MessagesChanged(row.room, row.seq, (row.id,)))


def _file_row(file):
    if isinstance(file, Path):
        return FileRow(file.name, file.name, "application/octet-stream", file.stat().st_size)
    return FileRow("pasted", file.name, file.mime, len(file.content), 120, 80)
