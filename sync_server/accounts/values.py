"""What callers of accounts give and get: frozen values with the bounds of every field, as HTTP carries them too."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from sync_server.actor import Role

_SHOWN: Final = r"^[^\x00-\x1f\x7f]*$"  # one line, nothing that a database or a screen chokes on
Line = Annotated[str, Meta(max_length=200, pattern=_SHOWN)]
Secret = Annotated[str, Meta(min_length=1, max_length=512)]
Email = Annotated[str, Meta(min_length=3, max_length=254)]
Named = Annotated[str, Meta(min_length=1, max_length=80)]
CodeText = Annotated[str, Meta(min_length=1, max_length=64)]
PREFERENCES_MAX: Final = 64  # keys in a person's preferences
PREFERENCES_BYTES_MAX: Final = 16 * 1024  # as JSON


class Device(msgspec.Struct, frozen=True):
    """The computer that signs in: ``id`` is its own for ever (a UUID), ``name`` is shown in the list of sessions."""

    id: Annotated[str, Meta(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
    name: Annotated[str, Meta(max_length=80, pattern=_SHOWN)] = ""


class Registration(msgspec.Struct, frozen=True):
    """Who joins, by the code of an invitation."""

    code: Secret
    email: Email
    name: Named
    password: Secret
    device: Device


class Login(msgspec.Struct, frozen=True):
    """A sign-in: address and password, with ``code`` where a second factor is on.

    Where the first answer was :class:`NeedsCode`, its ``ticket`` stands for address and password.
    """

    device: Device
    email: Annotated[str, Meta(max_length=254)] = ""
    password: Annotated[str, Meta(max_length=512)] = ""
    code: Annotated[str, Meta(max_length=64)] = ""
    ticket: Annotated[str, Meta(max_length=2048)] = ""


class Tokens(msgspec.Struct, frozen=True):
    """A session that stands: ``access`` until ``until_ms`` (UTC), then ``refresh`` gives the next pair, once."""

    access: str
    refresh: str
    until_ms: int
    session: str
    user: str
    org: str
    role: Role
    name: str


class NeedsCode(msgspec.Struct, frozen=True):
    """The password was right; a code of the second factor comes with ``ticket`` before ``until_ms`` (UTC)."""

    ticket: str
    until_ms: int
    needs_code: bool = True


class SessionRow(msgspec.Struct, frozen=True):
    """A device that is signed in. Times in UTC ms; ``seen_ms`` is its last renewal."""

    id: str
    device: str
    name: str
    began_ms: int
    seen_ms: int
    until_ms: int
    address: str
    is_this: bool


class Enrolment(msgspec.Struct, frozen=True):
    """A second factor being set up: address for an authenticator, its secret to type, codes for a lost phone, told once."""

    uri: str
    secret: str
    recovery_codes: tuple[str, ...]


class Me(msgspec.Struct, frozen=True):
    """One's own account."""

    id: str
    org: str
    org_name: str
    role: Role
    name: str
    handle: str
    email: str
    made_ms: int
    has_factor: bool
    n_recovery_codes: int
    trading_style: str
    risk_tolerance: str
    preferences: dict[str, Any]


class MeChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person may change of the own account; what is left out stays. A preference set to null is removed."""

    name: Named | msgspec.UnsetType = msgspec.UNSET
    trading_style: Line | msgspec.UnsetType = msgspec.UNSET
    risk_tolerance: Line | msgspec.UnsetType = msgspec.UNSET
    preferences: dict[Annotated[str, Meta(min_length=1, max_length=80)], Any] | msgspec.UnsetType = msgspec.UNSET


class UserRow(msgspec.Struct, frozen=True):
    """An account as administrators see it. Times in UTC ms, 0 never."""

    id: str
    name: str
    handle: str
    email: str
    role: Role
    made_ms: int
    seen_ms: int
    disabled_ms: int
    has_factor: bool


class UserChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an administrator changes of an account; None leaves it. ``removes_factor``: the person lost phone and recovery codes."""

    role: Role | None = None
    is_disabled: bool | None = None
    removes_factor: bool = False


class InvitationTerms(msgspec.Struct, frozen=True):
    """What an invitation gives: a role, to so many people, for so many days."""

    role: Role = Role.MEMBER
    uses: Annotated[int, Meta(ge=1, le=500)] = 1
    days: Annotated[int, Meta(ge=1, le=90)] = 7


class Invitation(msgspec.Struct, frozen=True):
    """An invitation; ``code`` is told once, when it is made. Times in UTC ms."""

    id: str
    role: Role
    made_by: str
    made_ms: int
    until_ms: int
    uses: int
    used: int
    code: str = ""


class InvitedTo(msgspec.Struct, frozen=True):
    """What the holder of a code may know before joining."""

    org: str
    role: Role
    until_ms: int


class Reset(msgspec.Struct, frozen=True):
    """A code that sets a new password once, until ``until_ms`` (UTC)."""

    code: str
    until_ms: int


class KeyTerms(msgspec.Struct, frozen=True):
    """A key for a program: its name, what it may do, for how many days, from which networks (CIDR; none: from anywhere)."""

    name: Named
    scopes: Annotated[tuple[str, ...], Meta(min_length=1, max_length=10)]
    days: Annotated[int, Meta(ge=1, le=366)] = 90
    networks: Annotated[tuple[Annotated[str, Meta(max_length=49)], ...], Meta(max_length=20)] = ()


class KeyRow(msgspec.Struct, frozen=True):
    """A key; ``key`` is told once, when it is made. ``user``: the bot that acts by it. Times in UTC ms, 0 never."""

    id: str
    user: str
    name: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    made_by: str
    made_ms: int
    until_ms: int
    seen_ms: int
    key: str = ""


class Org(msgspec.Struct, frozen=True):
    """An organisation; its people see nothing of another."""

    id: str
    name: str
    made_ms: int
