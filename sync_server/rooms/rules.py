"""What each kind of operation asks for before it may enter a room's log, and what it changes there.

A rule answers with the code of its refusal, or None. Rules see the room as all earlier operations have left it.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sync_server.accounts.permissions import Deed, allows, needs_step_up
from sync_server.actor import Actor, Role
from sync_server.protocol.bodies import (
    Body,
    Erase,
    MemberSet,
    MsgCreate,
    MsgDelete,
    MsgEdit,
    PinSet,
    ReactSet,
    RoomCreate,
    RoomEdit,
    RoomKind,
    RoomRole,
)
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Event, Kind, Op
from sync_server.protocol.ids import direct_room, is_id
from sync_server.rooms.drafts import RANK, Drafts, RoomDraft
from sync_server.rooms.views import MessageView, User

SEATS_MAX: Final = 5_000  # people in one room
_FORMATS: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_JOINERS: Final = frozenset("\u200c\u200d")  # parts of words and of emoji


class Case(NamedTuple):
    """One operation before its rule: who, what, its opened body, and the room it is for."""

    actor: Actor
    op: Op
    body: Any
    room: RoomDraft | None
    drafts: Drafts
    now_ms: int

    @property
    def there(self) -> RoomDraft:
        """The room, which is there."""
        assert self.room is not None
        return self.room

    @property
    def role(self) -> RoomRole | None:
        """The author's role in the room."""
        seat = self.room.seats.get(self.actor.user) if self.room else None
        return seat.role if seat else None

    def may(self, deed: Deed) -> bool:
        """Whether the table of rights lets the author do this here."""
        return allows(self.actor, deed, self.role)


def is_direct_id(room: str) -> bool:
    """Whether an id is of the kind that ``ids.direct_room`` computes: a UUID of version 5."""
    return room[14:15] == "5"


def people_of(body: Body) -> tuple[User, ...]:
    """Whom a body would give a seat."""
    if isinstance(body, RoomCreate):
        return tuple(seat.u for seat in body.members)
    return (body.u,) if isinstance(body, MemberSet) else ()


def targets_of(body: Body) -> tuple[str, ...]:
    """The messages that a body is about."""
    if isinstance(body, MsgEdit | MsgDelete | ReactSet | PinSet):
        return (body.target,)
    return body.targets if isinstance(body, Erase) else ()


def files_named(body: Body) -> frozenset[str]:
    """The files that a new message names, by SHA-256; what is no SHA-256 is left out."""
    return (
        frozenset(file.sha256 for file in body.files if _HASH.fullmatch(file.sha256))
        if isinstance(body, MsgCreate)
        else frozenset()
    )


def check(case: Case) -> Code | None:
    """Why the operation is refused; None where it may enter."""
    room = case.room
    if case.op.k == Kind.ROOM_CREATE:
        return _check_room_create(case)
    if room is None or room.org != case.actor.org:
        return Code.NO_ROOM
    if case.role is None and not _needs_no_seat(case, room):
        return Code.NO_ROOM
    return _CHECKS[case.op.k](case)


def apply(case: Case, event: Event) -> None:
    """Enter the accepted event and whatever it changes."""
    room, drafts, body = case.there, case.drafts, case.body
    room.enter(event, _seats(case))
    match body:
        case RoomCreate():
            room.describe(body)
        case RoomEdit():
            room.name = room.name if body.name is None else body.name
            room.topic = room.topic if body.topic is None else body.topic
        case MsgCreate():
            drafts.made(MessageView(room.room, event.id, event.a, event.s))
            if body.files:
                drafts.files += [(room.room, event.id, sha256, event.s) for sha256 in {file.sha256 for file in body.files}]
        case MsgEdit():
            drafts.changed(room.room, body.target, edited_s=event.s, editor=event.a)
            drafts.edits.append((room.room, body.target, event.s))
        case MsgDelete():
            drafts.changed(room.room, body.target, is_deleted=True)
        case Erase():
            for target in body.targets:
                drafts.changed(room.room, target, is_erased=True)
                drafts.erased.append((room.room, target))


def _needs_no_seat(case: Case, room: RoomDraft) -> bool:
    if case.op.k == Kind.ERASE:
        return allows(case.actor, Deed.ERASE)
    joins = case.op.k == Kind.MEMBER_SET and case.body.u == case.actor.user and case.body.role is not None
    return joins and room.is_open and room.kind is RoomKind.GROUP


def _is_fit(name: str) -> bool:
    """No control characters and none that turn the direction of what follows; a name stands on one line beside others."""
    return all(unicodedata.category(sign) not in _FORMATS or sign in _JOINERS for sign in name)


def _check_room_create(case: Case) -> Code | None:
    body: RoomCreate = case.body
    if not _is_whole(case, body):
        return Code.BAD_BODY
    if case.room is not None:
        return Code.ROOM_EXISTS
    if not allows(case.actor, Deed.OPEN_DIRECT if body.kind is RoomKind.DIRECT else Deed.CREATE_ROOM):
        return Code.NOT_ALLOWED
    others = set(people_of(body)) - {case.actor.user}
    return None if all(case.drafts.knows(case.actor.org, user) for user in others) else Code.NO_TARGET


def _is_whole(case: Case, body: RoomCreate) -> bool:
    """Whether the first event of a room agrees with itself and with the room's id.

    The id of a direct room says whose it is, and no other room may have such an id: nobody takes the place where two will meet.
    """
    people = people_of(body)
    if len(set(people)) != len(people) or any(seat.role is None for seat in body.members):
        return False
    if not _is_fit(body.name) or not _is_fit(body.topic):
        return False
    if body.kind is RoomKind.GROUP:
        return not is_direct_id(case.op.r) and bool(body.name.strip())
    others = set(people) - {case.actor.user}
    return len(others) == 1 and case.op.r == direct_room(case.actor.user, *others) and not body.is_open


def _check_room_edit(case: Case) -> Code | None:
    body: RoomEdit = case.body
    if not _is_fit(body.name or "") or not _is_fit(body.topic or "") or (body.name is not None and not body.name.strip()):
        return Code.BAD_BODY
    return None if case.there.kind is RoomKind.GROUP and case.may(Deed.EDIT_ROOM) else Code.NOT_ALLOWED


def _check_member_set(case: Case) -> Code | None:
    body: MemberSet = case.body
    room = case.there
    seat = room.seats.get(body.u)
    if room.kind is RoomKind.DIRECT:
        return Code.NOT_ALLOWED
    if body.role is None and seat is None:
        return Code.NO_TARGET
    if seat is None and not case.drafts.knows(room.org, body.u):
        return Code.NO_TARGET
    if seat is None and len(room.seats) >= SEATS_MAX:
        return Code.TOO_LARGE
    is_fine = _may_seat(case, room, body) and not _leaves_nobody(room, body)
    return None if is_fine else Code.NOT_ALLOWED


def _may_seat(case: Case, room: RoomDraft, body: MemberSet) -> bool:
    seat = room.seats.get(body.u)
    held = seat.role if seat else None
    if body.u == case.actor.user:
        if held is None:
            return case.may(Deed.JOIN_OPEN) and body.role in (RoomRole.MEMBER, RoomRole.READER)
        if RANK[body.role] <= RANK[held]:
            return True  # leaving and stepping down are everybody's
    if not case.may(Deed.SET_SEAT):
        return False
    reach = _reach(case)
    return RANK[body.role] <= reach and (RANK[held] < reach or reach == RANK[RoomRole.OWNER])


def _reach(case: Case) -> int:
    """How high a seat this person may give: as their own, or as their role in the organisation has it."""
    if case.actor.role in (Role.ADMIN, Role.OWNER):
        return RANK[RoomRole.OWNER]
    if case.actor.role is Role.MODERATOR:
        return max(RANK[case.role], RANK[RoomRole.MODERATOR])
    return RANK[case.role]


def _leaves_nobody(room: RoomDraft, body: MemberSet) -> bool:
    """Whether others would be left in a room without an owner."""
    seat = room.seats.get(body.u)
    if seat is None or seat.role is not RoomRole.OWNER or body.role is RoomRole.OWNER:
        return False
    owners = sum(other.role is RoomRole.OWNER for other in room.seats.values())
    is_last_person = len(room.seats) == 1 and body.role is None
    return owners == 1 and not is_last_person


def _check_msg_create(case: Case) -> Code | None:
    body: MsgCreate = case.body
    if body.thread and not is_id(body.thread):
        return Code.BAD_BODY
    if not body.text.strip() and not body.files and not body.links:
        return Code.BAD_BODY
    if any(_HASH.fullmatch(file.sha256) is None for file in body.files):
        return Code.BAD_BODY
    if not case.may(Deed.POST):
        return Code.NOT_ALLOWED
    return None if all(_may_name(case, sha256) for sha256 in files_named(body)) else Code.NO_FILE


def _may_name(case: Case, sha256: str) -> bool:
    """Whether the author gave the file to the room, or reads a message there that shows it.

    After a restore a message may come back before its file, which its author's desktop then offers again.
    """
    room, user = case.there, case.actor.user
    file = case.drafts.file(room.room, sha256)
    if file is None:
        return case.op.rec and room.epoch > 1
    floor = 1 if room.shows_history else room.seats[user].since if user in room.seats else 0
    return user in file.givers or (0 < floor <= file.s)


def _check_change(case: Case) -> Code | None:
    """An edit or a deletion: delete wins, and nobody silently overwrites a colleague."""
    message = case.drafts.message(case.op.r, case.body.target)
    if message is None:
        return Code.NO_TARGET
    if not case.may(Deed.POST if message.author == case.actor.user else Deed.DELETE_OTHERS):
        return Code.NOT_ALLOWED
    if message.is_deleted or message.is_erased:
        return Code.DELETED
    is_overtaken = message.editor not in ("", case.actor.user) and case.op.base < message.edited_s
    return Code.STALE if is_overtaken else None


def _check_mark(case: Case) -> Code | None:
    """A reaction or a pin: one register each, the last one wins."""
    if not case.may(Deed.PIN if case.op.k == Kind.PIN_SET else Deed.REACT):
        return Code.NOT_ALLOWED
    message = case.drafts.message(case.op.r, case.body.target)
    if message is None:
        return Code.NO_TARGET
    return Code.DELETED if message.is_deleted or message.is_erased else None


def _check_erase(case: Case) -> Code | None:
    if not case.may(Deed.ERASE):
        return Code.NOT_ALLOWED
    if needs_step_up(case.actor, Deed.ERASE, case.now_ms):
        return Code.STEP_UP
    if case.there.is_held:
        return Code.HELD
    found = [case.drafts.message(case.op.r, target) for target in case.body.targets]
    return Code.NO_TARGET if None in found else None


def _check_failover(_case: Case) -> Code | None:
    return Code.NOT_ALLOWED  # only the server itself begins an epoch


def _seats(case: Case) -> dict[User, RoomRole | None]:
    body = case.body
    if isinstance(body, MemberSet):
        return {body.u: body.role}
    if not isinstance(body, RoomCreate):
        return {}
    if body.kind is RoomKind.DIRECT:
        return dict.fromkeys((case.actor.user, *people_of(body)), RoomRole.MEMBER)
    return {seat.u: seat.role for seat in body.members} | {case.actor.user: RoomRole.OWNER}


_CHECKS: Final[dict[str, Callable[[Case], Code | None]]] = {
    Kind.ROOM_EDIT: _check_room_edit,
    Kind.MEMBER_SET: _check_member_set,
    Kind.MSG_CREATE: _check_msg_create,
    Kind.MSG_EDIT: _check_change,
    Kind.MSG_DELETE: _check_change,
    Kind.REACT_SET: _check_mark,
    Kind.PIN_SET: _check_mark,
    Kind.ERASE: _check_erase,
    Kind.FAILOVER: _check_failover,
}
