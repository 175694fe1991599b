"""Bodies of accounts' HTTP requests and answers that are not values of the facade themselves."""

from typing import Annotated

import msgspec
from msgspec import Meta

from sync_server.accounts.values import CodeText, Invitation, KeyRow, Named, Secret, SessionRow, UserRow
from sync_server.protocol.messages import Person


class RefreshAsked(msgspec.Struct, frozen=True):
    """The refresh token that is used up."""

    refresh: Secret


class LogoutAsked(msgspec.Struct, frozen=True):
    """Whether every session of the person ends, or this one."""

    everywhere: bool = False


class CodeAsked(msgspec.Struct, frozen=True):
    """A code of an authenticator, or one for a lost phone."""

    code: CodeText


class LookAsked(msgspec.Struct, frozen=True):
    """The code of an invitation."""

    code: Secret


class ResetAsked(msgspec.Struct, frozen=True):
    """The one-time code of a link, and the new password."""

    code: Secret
    password: Secret


class PasswordAsked(msgspec.Struct, frozen=True):
    """The old password, the new one, and whether the other sessions end."""

    old: Secret
    new: Secret
    ends_others: bool = True


class ProofAsked(msgspec.Struct, frozen=True):
    """The password once more."""

    password: Secret


class RemovalAsked(msgspec.Struct, frozen=True):
    """Password and code, to take the second factor off."""

    password: Secret
    code: CodeText


class OrgAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The organisation's new name."""

    name: Named


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Codes for a lost phone, told once."""

    recovery_codes: tuple[str, ...]


class EndedSessions(msgspec.Struct, frozen=True):
    """How many sessions ended."""

    n_ended: int


class SessionList(msgspec.Struct, frozen=True):
    """Sessions, the latest used first."""

    sessions: tuple[SessionRow, ...]


class UserPage(msgspec.Struct, frozen=True):
    """Accounts by id; ``next`` asks for those that follow, empty at the end."""

    users: tuple[UserRow, ...]
    next: Annotated[str, Meta(max_length=400)] = ""


class PeopleList(msgspec.Struct, frozen=True):
    """Colleagues."""

    people: tuple[Person, ...]


class InvitationList(msgspec.Struct, frozen=True):
    """Invitations that can still be used, the newest first; ``next`` asks for older ones, empty at the end."""

    invitations: tuple[Invitation, ...]
    next: Annotated[str, Meta(max_length=400)] = ""


class KeyList(msgspec.Struct, frozen=True):
    """Keys that have not ended, the newest first; ``next`` asks for older ones, empty at the end."""

    keys: tuple[KeyRow, ...]
    next: Annotated[str, Meta(max_length=400)] = ""
