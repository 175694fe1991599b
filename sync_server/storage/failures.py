"""How a database fails, told alike for both: it cannot store now, or a statement broke a rule of its tables."""

from sync_server.errors import Refused
from sync_server.protocol.codes import Code

RETRY_MS = 1_000


class Violated(Exception):
    """A statement broke a constraint, a trigger refused it, or a value is not of its column's type. Nothing was changed."""


def cannot_store(why: str) -> Refused:
    """The refusal for a full disk or a database that is away: nothing was acknowledged, and the same may succeed later."""
    return Refused(
        Code.BUSY,
        f"The server cannot store anything now: {why}.",
        hint="Nothing was taken; it is tried again.",
        status=503,
        after_ms=RETRY_MS,
    )


def cannot_open(why: str, hint: str = "") -> Refused:
    """The refusal to open a database as it is; trying again does not help."""
    return Refused(Code.BUSY, why, hint=hint, status=500)
