"""A server this desktop belongs to, and how it stands with it, as values for windows and commands."""

import enum
from dataclasses import dataclass


class Standing(enum.StrEnum):
    """How the desktop stands with a server; honest, and shown as it is."""

    SIGNED_OUT = "signed out"  # the mirror can be read, nothing is sent
    OFFLINE = "offline"  # signed in, not connected: what is written waits
    CONNECTING = "connecting"
    CATCHING_UP = "catching up"
    LIVE = "live"
    REFUSED = "refused"  # the server is not the one that was joined, or refuses this version: ``why`` says so


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server. ``id`` is local; ``pin``: the server's identity (base64 of its Ed25519 key), empty for a public certificate.

    ``n_waiting`` operations not yet acknowledged · ``n_unread`` messages in all rooms · ``retry_at_ms`` UTC of the next try, or 0.
    """

    id: str
    name: str
    url: str
    pin: str = ""
    user: str = ""
    email: str = ""
    person: str = ""
    role: str = ""
    standing: Standing = Standing.SIGNED_OUT
    why: str = ""
    carrier: str = ""  # "websocket", "events" or "poll" while connected
    n_waiting: int = 0
    n_unread: int = 0
    n_mentions: int = 0
    retry_at_ms: int = 0
    last_live_ms: int = 0


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A device that is signed in with the same account, as the server lists it."""

    id: str
    device: str
    name: str
    began_ms: int
    seen_ms: int
    address: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in came to. ``needs_code``: the password was right and a second factor is asked for; ``ticket`` goes with it."""

    server: ServerRow
    needs_code: bool = False
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor being set up: the address for an authenticator, its secret to type, and codes to keep for a lost phone."""

    uri: str
    secret: str
    recovery_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invite link says, held against the server it names. ``name``: the server's host; ``until_ms`` UTC, 0 unknown."""

    name: str
    org: str
    url: str
    pin: str
    code: str
    role: str = ""
    until_ms: int = 0
