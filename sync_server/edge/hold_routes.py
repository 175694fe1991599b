"""HTTP: legal holds, which keep what is said in a room from being erased."""

from typing import Annotated, Final

import msgspec
from litestar import delete, get, put
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Meta

from sync_server.edge.house import Asker, Asking, deciding
from sync_server.rooms.rooms import Hold

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
CursorText = Annotated[str, QueryParameter(max_length=600, description="From the answer before; empty for the first.")]
RoomPath = Annotated[str, PathParameter(max_length=64, description="The room's id.")]


class HoldList(msgspec.Struct, frozen=True):
    """Rooms of which nothing may be erased, in order of their ids; ``cursor`` for more, empty at the end."""

    holds: tuple[Hold, ...]
    cursor: str


class Reason(msgspec.Struct, frozen=True):
    """Why, for the audit log."""

    why: Annotated[str, Meta(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]*$")]


@get("/api/v1/holds", tags=["audit"], summary="Legal holds")
async def holds(request: Asking, actor: Asker, cursor: CursorText = "", limit: Limit = 100) -> HoldList:
    """Rooms under a legal hold, page by page."""
    house = deciding(request, actor)
    found = await house.rooms.holds(actor, house.pages.read(actor, "holds", cursor), limit)
    last = found[-1].room if len(found) == limit else ""
    return HoldList(found, house.pages.sign(actor, "holds", last))


@put("/api/v1/rooms/{room:str}/hold", status_code=204, tags=["audit"], summary="Hold a room")
async def hold(request: Asking, actor: Asker, room: RoomPath, data: JSONBody[Reason]) -> None:
    """From now on nothing of the room is erased."""
    await deciding(request, actor).rooms.hold(actor, room, data.why)


@delete("/api/v1/rooms/{room:str}/hold", status_code=204, tags=["audit"], summary="Release a room")
async def release(request: Asking, actor: Asker, room: RoomPath, data: JSONBody[Reason]) -> None:
    """What may be erased elsewhere may be erased here again."""
    await deciding(request, actor).rooms.release(actor, room, data.why)


HANDLERS: Final = (holds, hold, release)
