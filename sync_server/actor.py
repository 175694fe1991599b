"""Who is asking: what every part of the server knows of the person, device or key behind a request."""

import enum

import msgspec


class Role(enum.StrEnum):
    """What a person may do in the organisation; see ``accounts/permissions.py`` for the table."""

    OWNER = "owner"
    ADMIN = "admin"
    COMPLIANCE = "compliance"
    MODERATOR = "moderator"
    TRADER = "trader"
    MEMBER = "member"
    GUEST = "guest"
    BOT = "bot"


class Actor(msgspec.Struct, frozen=True):
    """A verified person (or key) on a device. ``session`` ends them all; ``scopes`` is None for a person, else what a key may do.

    ``until_ms`` UTC: when the access token ends · ``stepped_ms``: when a second factor was last shown, 0 never.
    """

    user: str
    org: str
    role: Role
    device: str
    session: str
    name: str = ""
    scopes: frozenset[str] | None = None
    until_ms: int = 0
    stepped_ms: int = 0
