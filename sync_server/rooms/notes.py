"""What rooms tell the audit log: readings without a seat, holds, erasures, new epochs."""

from collections.abc import Awaitable, Callable, Iterator

from sync_server.audit.links import AuditEntry
from sync_server.protocol.events import Kind
from sync_server.rooms.views import Plan
from sync_server.storage.database import Writing

Note = Callable[[Writing | None, AuditEntry], Awaitable[None]]
"""Adds an entry, in the transaction that does what it tells of or in one of its own."""


async def unnoted(_tx: Writing | None, _entry: AuditEntry) -> None:
    """For programs that keep no audit."""


def erasures(plan: Plan) -> Iterator[AuditEntry]:
    """One entry for each erasure that a plan enters."""
    for log in plan.logs:
        for entered in log.entered:
            event = entered.event
            if event.k == Kind.ERASE:
                yield AuditEntry(log.after.org, "room.erase", event.a, log.after.room, detail={"event": event.s})
