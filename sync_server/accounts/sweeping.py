"""What is forgotten of accounts once it is over: sessions and codes after a month, stored answers after a day."""

from typing import Final, LiteralString

from sync_server.accounts.families import ABSOLUTE_MS
from sync_server.accounts.means import Means
from sync_server.accounts.replies import KEPT_MS

KEPT_AFTER_MS: Final = ABSOLUTE_MS  # a list of past sessions helps a person to see what happened
_OVER: Final[LiteralString] = "(ended_ms > 0 AND ended_ms < $1) OR until_ms < $1"
_SWEEPS: Final[tuple[LiteralString, ...]] = (
    "DELETE FROM refreshes WHERE session IN (SELECT id FROM sessions WHERE " + _OVER + ")",  # noqa: S608 - constants only
    "DELETE FROM sessions WHERE " + _OVER,  # noqa: S608 - constants only
    "DELETE FROM invitations WHERE until_ms < $1",
    "DELETE FROM resets WHERE until_ms < $1",
)


async def sweep(means: Means) -> None:
    """Delete what is over."""
    now = means.now_ms()
    async with means.database.write() as tx:
        for statement in _SWEEPS:
            await tx.run(statement, now - KEPT_AFTER_MS)
        await tx.run("DELETE FROM replies WHERE made_ms < $1", now - KEPT_MS)
