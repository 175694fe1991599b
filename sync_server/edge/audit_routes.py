"""HTTP: the audit log, page by page, and as a file that anyone verifies without the server."""

from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter
from litestar.response import Stream

from sync_server.audit.audit import NotedEntry
from sync_server.edge.acts import Pace
from sync_server.edge.house import Asker, Asking, check_pace, house_of

Limit = Annotated[int, QueryParameter(ge=1, le=500)]
CursorText = Annotated[str, QueryParameter(max_length=600, description="From the answer before; empty for the newest.")]
Who = Annotated[str, QueryParameter(max_length=64, description="A person's id: only what they did. Everyone may read their own.")]
Beginning = Annotated[str, QueryParameter(max_length=64, description="Only kinds that begin so, such as auth.")]


class AuditList(msgspec.Struct, frozen=True):
    """Entries, the newest first; ``cursor`` for older ones, empty where there are none."""

    entries: tuple[NotedEntry, ...]
    cursor: str


@get(["/v1/audit", "/api/v1/audit"], tags=["audit"], summary="What was done")
async def list_entries(
    request: Asking, actor: Asker, who: Who = "", kind: Beginning = "", cursor: CursorText = "", limit: Limit = 100
) -> AuditList:
    """Entries of one's organisation: for owners, admins, compliance and keys with the scope; for others their own."""
    house = house_of(request)
    check_pace(house, Pace.SEARCH, actor.user)
    about = f"audit {who} {kind}"
    before = house.pages.read(actor, about, cursor)
    page = await house.audit.entries(actor, int(before or 0), limit, who=who, kind=kind)
    return AuditList(page.entries, house.pages.sign(actor, about, str(page.before or "")))


@get("/v1/audit/export", tags=["audit"], summary="The audit log as a file", media_type="application/jsonl")
async def export_entries(request: Asking, actor: Asker) -> Stream:
    """Lines of JSON; of other organisations nothing but the hashes that bind the chain. `trii-sync verify` reads it."""
    house = house_of(request)
    check_pace(house, Pace.SEARCH, actor.user)
    lines = house.audit.export(actor)
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return Stream(lines, media_type="application/jsonl", headers=headers)


HANDLERS: Final = (list_entries, export_entries)
