"""The calls of accounts, as the server's routes have them: sign-ins, sessions, the second factor, invitations."""

import asyncio
import base64
import secrets
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from backend.errors import CorruptData, TriiError
from backend.sync.api import Api
from backend.sync.server import Enrolment, SessionRow
from backend.sync.trust import unreachable

T = TypeVar("T")

_AUTH: Final = "/api/v1/auth"
_USERS: Final = "/api/v1/users"
RENEW_S: Final = (4.0, 4.0)  # how long each try of a renewal waits; both together less than the server's grace
_USUAL_MS: Final = 900_000  # an access token's life where it does not say


class Granted(msgspec.Struct, frozen=True):
    """What the server says of a session that stands."""

    access: str
    refresh: str
    session: str
    user: str
    org: str = ""
    role: str = ""
    name: str = ""

    @property
    def lasts_ms(self) -> int:
        """How long the access token is good from when it was made, by the server's own clock."""
        try:
            part = self.access.split(".")[1]
            claims = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            return max(0, int(1000 * (claims["exp"] - claims["iat"])))
        except (IndexError, ValueError, KeyError, TypeError):
            return _USUAL_MS


class NeedsCode(msgspec.Struct, frozen=True):
    """The password was right; a second factor is asked for."""

    ticket: str


class InvitedTo(msgspec.Struct, frozen=True):
    """What the holder of a code may know before joining."""

    org: str
    role: str
    until_ms: int = 0


class _Session(msgspec.Struct, frozen=True):
    id: str
    device: str = ""
    name: str = ""
    began_ms: int = 0
    seen_ms: int = 0
    address: str = ""
    is_this: bool = False


class _Sessions(msgspec.Struct, frozen=True):
    sessions: tuple[_Session, ...]


class _Enrolment(msgspec.Struct, frozen=True):
    uri: str
    secret: str
    recovery_codes: tuple[str, ...] = ()


class _Me(msgspec.Struct, frozen=True):
    id: str
    org: str = ""
    org_name: str = ""
    role: str = ""
    name: str = ""
    email: str = ""
    has_factor: bool = False


async def invited_to(api: Api, code: str) -> InvitedTo:
    """What an invitation leads to. Raises NotFound where it is no good any more."""
    return _read(await api.call("POST", f"{_AUTH}/invitation", {"code": code}), InvitedTo)


async def register(api: Api, form: dict[str, Any]) -> Granted:
    """Join by an invitation; ``form`` as the server's registration takes it."""
    return _read(await api.call("POST", f"{_AUTH}/register", form), Granted)


async def login(api: Api, form: dict[str, Any]) -> Granted | NeedsCode:
    """Sign in; ``form`` as the server's login takes it."""
    told = await api.call("POST", f"{_AUTH}/login", form)
    is_asked = isinstance(told, dict) and "access" not in told
    return _read(told, NeedsCode) if is_asked else _read(told, Granted)


async def renew(api: Api, refresh: str) -> Granted:
    """A new pair for a refresh token, which is then used up.

    Where the answer gets lost it is asked for again at once: for ten seconds a server gives the same pair, later it takes the
    token for a stolen one.
    """
    for seconds in RENEW_S:
        try:
            async with asyncio.timeout(seconds):
                return _read(await api.call("POST", f"{_AUTH}/refresh", {"refresh": refresh}), Granted)
        except TimeoutError:
            continue
    raise unreachable(api.url, "it does not answer")


async def step_up(api: Api, access: str, code: str) -> None:
    """Show a code of the second factor within the session: for some minutes it may do what asks for one."""
    await api.call("POST", f"{_AUTH}/step-up", {"code": code}, access=access)


async def logout(api: Api, access: str, *, everywhere: bool) -> None:
    """End this session, or all of this person."""
    await api.call("POST", f"{_AUTH}/logout", {"everywhere": everywhere}, access=access)


async def fetch_me(api: Api, access: str) -> tuple[str, str]:
    """The organisation's name and this person's."""
    me = _read(await api.call("GET", f"{_USERS}/me", access=access), _Me)
    return me.org_name, me.name


async def fetch_sessions(api: Api, access: str) -> tuple[SessionRow, ...]:
    """Devices that are signed in with this account."""
    rows = _read(await api.call("GET", f"{_USERS}/me/sessions", access=access), _Sessions).sessions
    return tuple(SessionRow(one.id, one.device, one.name, one.began_ms, one.seen_ms, one.address, one.is_this) for one in rows)


async def end_session(api: Api, access: str, session: str) -> None:
    """Sign another device out."""
    await api.call("DELETE", f"{_USERS}/me/sessions/{quote(session, safe='')}", access=access)


async def enrol(api: Api, access: str, password: str) -> Enrolment:
    """Begin a second factor."""
    told = _read(await api.call("POST", f"{_AUTH}/factor", {"password": password}, access=access), _Enrolment)
    return Enrolment(told.uri, told.secret, told.recovery_codes)


async def confirm_enrolment(api: Api, access: str, code: str) -> None:
    """Prove that the authenticator shows the right codes."""
    await api.call("POST", f"{_AUTH}/factor/confirm", {"code": code}, access=access)


async def remove_factor(api: Api, access: str, password: str, code: str) -> None:
    """Do without a second factor again."""
    await api.call("POST", f"{_AUTH}/factor/remove", {"password": password, "code": code}, access=access)


async def change_password(api: Api, access: str, old: str, new: str) -> None:
    """Another password for this account."""
    await api.call("POST", f"{_AUTH}/password", {"old": old, "new": new}, access=access)


async def make_invitation(api: Api, access: str, role: str, uses: int, days: int) -> str:
    """The code of a new invitation."""
    form = msgspec.json.encode({"role": role, "uses": uses, "days": days})
    headers = {"content-type": "application/json", "idempotency-key": secrets.token_urlsafe(16)}
    answer = await api.request("POST", "/api/v1/invitations", form, access=access, headers=headers)
    told = msgspec.json.decode(answer.content)
    code = told.get("code") if isinstance(told, dict) else None
    if not isinstance(code, str) or not code:
        raise _no_answer()
    return code


def _read(told: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        raise _no_answer() from error


def _no_answer() -> TriiError:
    return CorruptData("What the server answers is not what this version understands.", hint="Update TRII.", code="server.answer")
