"""HTTP: requests to erase everything that one person wrote, from asking for it to carrying it out."""

from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Meta

from sync_server.edge.hold_routes import Reason
from sync_server.edge.house import Asker, Asking, deciding
from sync_server.protocol.bodies import Id
from sync_server.rooms.erasures import Erasure

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
CursorText = Annotated[str, QueryParameter(max_length=600, description="From the answer before; empty for the newest.")]
RequestPath = Annotated[str, PathParameter(max_length=64, description="The request's id.")]


class ErasureAsked(msgspec.Struct, frozen=True):
    """Whose words are to be erased, and why, for the audit log."""

    subject: Id
    why: Annotated[str, Meta(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ErasureList(msgspec.Struct, frozen=True):
    """Requests, the newest first; ``cursor`` for older ones, empty where there are none."""

    erasures: tuple[Erasure, ...]
    cursor: str


@post("/api/v1/erasures", tags=["erasures"], summary="Ask that everything of a person be erased")
async def ask(request: Asking, actor: Asker, data: JSONBody[ErasureAsked]) -> Erasure:
    """One's own words, or for an administrator anybody's. Compliance approves within 30 days, or the request runs out."""
    return await deciding(request, actor).erasures.ask(actor, data.subject, data.why)


@get("/api/v1/erasures", tags=["erasures"], summary="Requests to erase")
async def erasures(request: Asking, actor: Asker, cursor: CursorText = "", limit: Limit = 100) -> ErasureList:
    """All of the organisation for compliance and administrators, one's own for others."""
    house = deciding(request, actor)
    found = await house.erasures.rows(actor, house.pages.read(actor, "erasures", cursor), limit)
    last = found[-1].id if len(found) == limit else ""
    return ErasureList(found, house.pages.sign(actor, "erasures", last))


@post("/api/v1/erasures/{erasure:str}/approve", status_code=200, tags=["erasures"], summary="Approve a request")
async def approve(request: Asking, actor: Asker, erasure: RequestPath) -> Erasure:
    """For compliance, not for whoever asked or whom it is about. It is to be carried out within seven days."""
    return await deciding(request, actor).erasures.approve(actor, erasure)


@post("/api/v1/erasures/{erasure:str}/decline", status_code=200, tags=["erasures"], summary="Decline or withdraw a request")
async def decline(request: Asking, actor: Asker, erasure: RequestPath, data: JSONBody[Reason]) -> Erasure:
    """Compliance declines, who asked withdraws; nothing was erased."""
    return await deciding(request, actor).erasures.decline(actor, erasure, data.why)


@post("/api/v1/erasures/{erasure:str}/execute", status_code=200, tags=["erasures"], summary="Carry a request out")
async def execute(request: Asking, actor: Asker, erasure: RequestPath) -> Erasure:
    """For an administrator who neither asked nor approved, with a second factor shown lately. Asked again it goes on.

    The account is closed at once, and with the last message everything that tells who it was is destroyed.
    """
    return await deciding(request, actor).erasures.execute(actor, erasure)


HANDLERS: Final = (ask, erasures, approve, decline, execute)
