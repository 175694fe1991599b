"""The list of rooms and the people in them, as values for windows and commands."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from backend.chat.folding import parse_info
from backend.chat.message import MemberRow, Notify, RoomRow
from backend.chat.outbox_rows import Waiting, load_room_outbox, load_room_staged
from backend.chat.overlay import overlay_room
from backend.chat.room_rows import RoomRecord, find_room, load_account, load_people, load_rooms
from sync_server.protocol.bodies import MsgCreate, RoomKind, parse_body
from sync_server.protocol.events import Kind
from sync_server.protocol.fold import RoomFacts
from sync_server.protocol.messages import Person

LINE_CHARS: Final = 200

Presence = Callable[[str, str], str]


def read_rooms(db: Any, server: str, presence: Presence, usual: Notify) -> tuple[RoomRow, ...]:
    """Every room of a server, or of all: starred ones first, then those in which something was said last."""
    rows = []
    people: dict[str, dict[str, Person]] = {}
    users: dict[str, str] = {}
    for room in load_rooms(db, server):
        if room.server not in people:
            people[room.server] = load_people(db, room.server)
            users[room.server] = load_account(db, room.server)[0]
        rows.append(_row(db, room, users[room.server], people[room.server], presence, usual))
    return tuple(sorted(rows, key=lambda row: (row.is_left, not row.is_starred, -row.last_ms, row.name, row.id)))


def read_members(db: Any, room_id: str, presence: Presence) -> tuple[MemberRow, ...]:
    """Who sits in a room, by name. Raises nothing: an unknown room has nobody."""
    room = find_room(db, room_id)
    if room is None:
        return ()
    user, _ = load_account(db, room.server)
    info = _facts_of(db, room, user)
    people = load_people(db, room.server)
    rows = [
        replace(_member(seat, people.get(seat), user, presence(room.server, seat)), room_role=str(role))
        for seat, role in (info.seats if info else {}).items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.name.casefold(), row.user)))


def read_people(db: Any, server: str, presence: Presence) -> tuple[MemberRow, ...]:
    """Everybody of an organisation who is still there, by name. Raises NotFound."""
    user, _ = load_account(db, server)
    people = [person for person in load_people(db, server).values() if not person.is_gone]
    rows = [_member(person.u, person, user, presence(server, person.u)) for person in people]
    return tuple(sorted(rows, key=lambda row: (row.name.casefold(), row.user)))


def read_unread(db: Any, server: str, user: str) -> tuple[int, int]:
    """How many messages of a server, and how many that name this person, nobody has read here."""
    n, n_mentions = db.execute(
        "SELECT count(*), coalesce(sum(m.names_me), 0) FROM chat_rooms r JOIN chat_messages m ON m.room = r.key AND m.s > r.read"
        " WHERE r.server = ? AND r.is_left = 0 AND m.is_gone = 0 AND m.a <> ?",
        (server, user),
    ).fetchone()
    return int(n), int(n_mentions)


def _row(db: Any, room: RoomRecord, user: str, people: dict[str, Person], presence: Presence, usual: Notify) -> RoomRow:
    waiting = [one for one in load_room_outbox(db, room.id) if not one.is_refused]
    info = overlay_room(parse_info(room.info), waiting, user) or RoomFacts()
    other = _other(info, user)
    n, n_mentions, first = db.execute(
        "SELECT count(*), coalesce(sum(names_me), 0), coalesce(min(s), 0) FROM chat_messages"
        " WHERE room = ? AND s > ? AND is_gone = 0 AND a <> ?",
        (room.key, room.read, user),
    ).fetchone()
    last_ms, text, author = _last(db, room, waiting, user)
    notify = Notify(room.notify) if room.notify else usual
    return RoomRow(
        id=room.id,
        server=room.server,
        name=info.name or (_name(people, other) if other else "") or "Unnamed room",
        topic=info.topic,
        kind=str(info.kind),
        my_role=str(info.seats.get(user, "")),
        n_members=len(info.seats),
        n_unread=0 if room.is_left else n,
        n_mentions=0 if room.is_left else n_mentions,
        first_unread=first,
        last_seq=room.s,
        last_ms=last_ms,
        last_text=text,
        last_author=_name(people, author) if author else "",
        notify=notify,
        is_open=info.is_open,
        is_left=room.is_left,
        is_muted=notify is Notify.NOTHING,
        is_starred=room.is_starred,
        is_whole=not room.has_older and room.s >= room.head,
        n_waiting=len([one for one in waiting if not one.s]) + len([one for one in load_room_staged(db, room.id) if not one.why]),
        presence=presence(room.server, other) if other else "",
        draft=room.draft,
    )


def _last(db: Any, room: RoomRecord, waiting: list[Waiting], user: str) -> tuple[int, str, str]:
    """When the newest message was said, its beginning in one line, and by whom; one of one's own that waits is the newest."""
    for one in reversed(waiting):
        if one.op.k == Kind.MSG_CREATE:
            body = parse_body(one.op.k, one.op.b)
            assert isinstance(body, MsgCreate)
            return one.op.cts, _line(body.text, len(body.files)), user
    found = db.execute(
        "SELECT ts, text, n_files, a FROM chat_messages WHERE room = ? AND is_gone = 0 ORDER BY s DESC LIMIT 1", (room.key,)
    ).fetchone()
    return (0, "", "") if found is None else (found[0], _line(found[1], found[2]), found[3])


def _line(text: str, n_files: int) -> str:
    line = " ".join(text[: 2 * LINE_CHARS].split())[:LINE_CHARS]
    return line or (("A file" if n_files == 1 else f"{n_files} files") if n_files else "")


def _facts_of(db: Any, room: RoomRecord, user: str) -> RoomFacts | None:
    return overlay_room(parse_info(room.info), load_room_outbox(db, room.id), user)


def _other(info: RoomFacts, user: str) -> str:
    """The other person of a direct room; empty for any other room."""
    if info.kind is not RoomKind.DIRECT:
        return ""
    return next((seat for seat in sorted(info.seats) if seat != user), user)


def _name(people: dict[str, Person], user: str) -> str:
    person = people.get(user)
    return person.name if person is not None else f"Unknown ({user[:8]})"


def _member(user: str, person: Person | None, me: str, presence: str) -> MemberRow:
    if person is None:
        return MemberRow(user, f"Unknown ({user[:8]})", "", is_me=user == me, presence=presence)
    return MemberRow(user, person.name, person.handle, person.role, "", presence, person.seen, user == me)
