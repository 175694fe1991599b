"""Who may do what, as one table: a row for each deed, a column for each role, a grant where they meet.

What stands in no cell is refused. A role in the organisation never opens a private room by itself, but for reading by
compliance, which is recorded; the role in the room (``RoomRole``) comes on top. Trust raises rates, never rights.
"""

import enum
from collections.abc import Mapping
from typing import Final

from sync_server.actor import Actor, Role
from sync_server.errors import Refused
from sync_server.protocol.bodies import RoomRole
from sync_server.protocol.codes import Code

STEP_UP_MS: Final = 15 * 60 * 1000  # how long a second factor that was shown counts


class Deed(enum.StrEnum):
    """What can be done on the server, as far as it needs leave."""

    READ = "read a room one has a seat in"
    READ_ANY = "read a room one has no seat in"  # every such reading is an audit entry
    POST = "post"  # and edit or delete one's own
    REACT = "react"
    PIN = "pin"
    CREATE_ROOM = "create a room"
    OPEN_DIRECT = "open a direct room"
    JOIN_OPEN = "join an open room"
    EDIT_ROOM = "name a room"
    SET_SEAT = "invite, promote or remove others in a room"
    DELETE_OTHERS = "delete or edit what others wrote"  # leaves a tombstone
    UPLOAD = "upload a file"
    CREATE_ALERT = "create an alert"
    BROADCAST = "tell the whole team"
    EXPORT = "export"
    HOLD = "hold for legal reasons"
    SEE_AUDIT = "see the audit"
    ASK_ERASE = "ask for erasure"
    APPROVE_ERASE = "approve an erasure"
    ERASE = "erase"
    SEE_PEOPLE = "see people of the organisation"
    SEE_ACCOUNTS = "see accounts, with their addresses"
    INVITE = "invite people"
    DISABLE = "disable and enable accounts"
    RESET = "make a link that resets a password"
    SET_ROLE = "change a role"
    MAKE_KEY = "make keys for programs"
    RUN_ORG = "rename the organisation, make owners"


class Grant(enum.StrEnum):
    """How far a role may go with a deed."""

    NO = "no"
    YES = "yes"
    SEAT = "with a seat in the room that may write"
    ANY_SEAT = "with any seat in the room"
    LED = "as the room's owner or moderator"
    OWN = "where it concerns oneself"
    STEPPED = "with a second factor shown lately"
    SCOPE = "with the scope"


_NO, _YES, _SEAT, _LED, _OWN, _STEPPED, _SCOPE = (
    Grant.NO,
    Grant.YES,
    Grant.SEAT,
    Grant.LED,
    Grant.OWN,
    Grant.STEPPED,
    Grant.SCOPE,
)
_ANY = Grant.ANY_SEAT

_COLUMNS: Final = (Role.GUEST, Role.MEMBER, Role.TRADER, Role.MODERATOR, Role.COMPLIANCE, Role.ADMIN, Role.OWNER, Role.BOT)
# fmt: off
_ROWS: Final[dict[Deed, tuple[Grant, ...]]] = {
    #                    guest  member trader moder. compl. admin     owner     bot
    Deed.READ:          (_ANY,  _ANY,  _ANY,  _ANY,  _ANY,  _ANY,     _ANY,     _SCOPE),
    Deed.READ_ANY:      (_NO,   _NO,   _NO,   _NO,   _YES,  _NO,      _NO,      _NO),
    Deed.POST:          (_SEAT, _SEAT, _SEAT, _SEAT, _NO,   _SEAT,    _SEAT,    _SCOPE),
    Deed.REACT:         (_SEAT, _SEAT, _SEAT, _SEAT, _NO,   _SEAT,    _SEAT,    _SCOPE),
    Deed.PIN:           (_LED,  _SEAT, _SEAT, _SEAT, _NO,   _SEAT,    _SEAT,    _SCOPE),
    Deed.CREATE_ROOM:   (_NO,   _YES,  _YES,  _YES,  _NO,   _YES,     _YES,     _NO),
    Deed.OPEN_DIRECT:   (_NO,   _YES,  _YES,  _YES,  _NO,   _YES,     _YES,     _NO),
    Deed.JOIN_OPEN:     (_NO,   _YES,  _YES,  _YES,  _YES,  _YES,     _YES,     _NO),
    Deed.EDIT_ROOM:     (_NO,   _LED,  _LED,  _SEAT, _NO,   _SEAT,    _SEAT,    _SCOPE),
    Deed.SET_SEAT:      (_NO,   _LED,  _LED,  _SEAT, _NO,   _SEAT,    _SEAT,    _SCOPE),
    Deed.DELETE_OTHERS: (_NO,   _LED,  _LED,  _SEAT, _NO,   _SEAT,    _SEAT,    _NO),
    Deed.UPLOAD:        (_SEAT, _SEAT, _SEAT, _SEAT, _NO,   _SEAT,    _SEAT,    _SCOPE),
    Deed.CREATE_ALERT:  (_NO,   _OWN,  _YES,  _YES,  _NO,   _YES,     _YES,     _NO),
    Deed.BROADCAST:     (_NO,   _NO,   _STEPPED, _STEPPED, _NO, _STEPPED, _STEPPED, _NO),
    Deed.EXPORT:        (_NO,   _OWN,  _OWN,  _LED,  _YES,  _YES,     _YES,     _NO),
    Deed.HOLD:          (_NO,   _NO,   _NO,   _NO,   _YES,  _YES,     _YES,     _NO),
    Deed.SEE_AUDIT:     (_NO,   _OWN,  _OWN,  _OWN,  _YES,  _YES,     _YES,     _SCOPE),
    Deed.ASK_ERASE:     (_NO,   _OWN,  _OWN,  _NO,   _NO,   _YES,     _YES,     _NO),
    Deed.APPROVE_ERASE: (_NO,   _NO,   _NO,   _NO,   _YES,  _NO,      _NO,      _NO),
    Deed.ERASE:         (_NO,   _NO,   _NO,   _NO,   _NO,   _STEPPED, _STEPPED, _NO),
    Deed.SEE_PEOPLE:    (_OWN,  _YES,  _YES,  _YES,  _YES,  _YES,     _YES,     _SCOPE),
    Deed.SEE_ACCOUNTS:  (_NO,   _NO,   _NO,   _NO,   _YES,  _YES,     _YES,     _NO),
    Deed.INVITE:        (_NO,   _NO,   _NO,   _NO,   _NO,   _YES,     _YES,     _SCOPE),
    Deed.DISABLE:       (_NO,   _NO,   _NO,   _NO,   _NO,   _YES,     _YES,     _SCOPE),
    Deed.RESET:         (_NO,   _NO,   _NO,   _NO,   _NO,   _STEPPED, _STEPPED, _NO),
    Deed.SET_ROLE:      (_NO,   _NO,   _NO,   _NO,   _NO,   _STEPPED, _STEPPED, _NO),
    Deed.MAKE_KEY:      (_NO,   _NO,   _NO,   _NO,   _NO,   _STEPPED, _STEPPED, _NO),
    Deed.RUN_ORG:       (_NO,   _NO,   _NO,   _NO,   _NO,   _NO,      _STEPPED, _NO),
}
# fmt: on
TABLE: Final[Mapping[Deed, Mapping[Role, Grant]]] = {deed: dict(zip(_COLUMNS, row, strict=True)) for deed, row in _ROWS.items()}

CHAT_READ, CHAT_WRITE, ROOMS_WRITE = "chat:read", "chat:write", "rooms:write"
USERS_READ, AUDIT_READ, ADMIN = "users:read", "audit:read", "admin"
SCOPE_OF: Final[Mapping[Deed, str]] = {
    Deed.READ: CHAT_READ,
    Deed.POST: CHAT_WRITE,
    Deed.REACT: CHAT_WRITE,
    Deed.UPLOAD: CHAT_WRITE,
    Deed.PIN: ROOMS_WRITE,
    Deed.EDIT_ROOM: ROOMS_WRITE,
    Deed.SET_SEAT: ROOMS_WRITE,
    Deed.SEE_AUDIT: AUDIT_READ,
    Deed.SEE_PEOPLE: USERS_READ,
    Deed.INVITE: ADMIN,
    Deed.DISABLE: ADMIN,
}
SCOPES: Final = frozenset(SCOPE_OF.values())
# What a key of each scope lets happen in its maker's name: the scope falls when the maker may no longer do it.
DEED_OF_SCOPE: Final[Mapping[str, Deed]] = {AUDIT_READ: Deed.SEE_AUDIT, ADMIN: Deed.INVITE, USERS_READ: Deed.SEE_PEOPLE}

_IN_ROOM: Final = frozenset({Deed.READ, Deed.POST, Deed.REACT, Deed.UPLOAD, Deed.PIN, Deed.EDIT_ROOM, Deed.SET_SEAT})
_LEADS: Final = frozenset({RoomRole.OWNER, RoomRole.MODERATOR})
_WRITES: Final = _LEADS | {RoomRole.MEMBER}
_SEATS: Final = {Grant.ANY_SEAT: frozenset(RoomRole), Grant.SEAT: _WRITES, Grant.LED: _LEADS}
# Who decides about whom: how high a role stands, and how far down from there it reaches.
_RANK: Final = {
    Role.BOT: 0,
    Role.GUEST: 0,
    Role.MEMBER: 1,
    Role.TRADER: 2,
    Role.MODERATOR: 3,
    Role.COMPLIANCE: 3,
    Role.ADMIN: 4,
    Role.OWNER: 5,
}
_REACH: Final = dict.fromkeys(Role, 0) | {Role.BOT: 3, Role.ADMIN: 4, Role.OWNER: 6}


def grant_of(role: Role, deed: Deed) -> Grant:
    """The cell of the table."""
    return TABLE[deed][role]


def may(
    role: Role,
    deed: Deed,
    room_role: RoomRole | None = None,
    *,
    is_own: bool = False,
    scopes: frozenset[str] | None = None,
) -> bool:
    """Whether a person or key of ``role`` may do this, apart from a second factor (see :func:`check_may`).

    ``room_role``: the seat in the room that it is about, None without one · ``is_own``: it concerns the asking person alone ·
    ``scopes``: what a key was given; a key without them may do nothing.
    """
    if scopes is not None and role is not Role.BOT:
        return False  # no key acts with a person's role
    grant = grant_of(role, deed)
    if grant in (Grant.YES, Grant.STEPPED):
        return True
    if grant is Grant.OWN:
        return is_own
    if grant is Grant.SCOPE:
        return _may_by_scope(deed, room_role, scopes or frozenset())
    return room_role in _SEATS.get(grant, frozenset())


def _may_by_scope(deed: Deed, room_role: RoomRole | None, scopes: frozenset[str]) -> bool:
    if SCOPE_OF[deed] not in scopes:
        return False
    if deed is Deed.READ:
        return room_role is not None
    if deed in (Deed.EDIT_ROOM, Deed.SET_SEAT):
        return room_role in _LEADS
    return deed not in _IN_ROOM or room_role in _WRITES


def allows(actor: Actor, deed: Deed, room_role: RoomRole | None = None, *, is_own: bool = False) -> bool:
    """:func:`may` for an actor: the role with the scopes of a key."""
    return may(actor.role, deed, room_role, is_own=is_own, scopes=actor.scopes)


def needs_step_up(actor: Actor, deed: Deed, now_ms: int) -> bool:
    """Whether a second factor has to be shown first. A clock that went back does not keep an old one alive."""
    return grant_of(actor.role, deed) is Grant.STEPPED and not 0 <= now_ms - actor.stepped_ms <= STEP_UP_MS


def check_may(actor: Actor, deed: Deed, now_ms: int, room_role: RoomRole | None = None, *, is_own: bool = False) -> None:
    """Refuse what the actor may not do: ``not_allowed`` (403), or ``step_up`` (403) where a second factor is missing."""
    if not allows(actor, deed, room_role, is_own=is_own):
        raise Refused(Code.NOT_ALLOWED, f"You may not {deed.value} here.", status=403, hint="An administrator can change roles.")
    if needs_step_up(actor, deed, now_ms):
        raise Refused(
            Code.STEP_UP,
            f"To {deed.value}, show your second factor first.",
            status=403,
            hint="Enter a code of your authenticator; set one up first if you have none.",
        )


def outranks(role: Role, other: Role) -> bool:
    """Whether ``role`` may decide about somebody of ``other``: an owner about all, an admin and a key about who stands below."""
    return _REACH[role] > _RANK[other]


def roles_given_by(role: Role) -> frozenset[Role]:
    """Roles that ``role`` may give in an invitation or a change; no person becomes a bot."""
    return frozenset(other for other in Role if other is not Role.BOT and outranks(role, other))
