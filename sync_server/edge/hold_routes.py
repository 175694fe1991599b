"""HTTP: legal holds, which keep what is said in a room from being erased."""

from typing import Annotated, Final

import msgspec
from litestar import delete, get, put
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from sync_server.edge.house import Asker, Asking, deciding
from sync_server.rooms.rooms import Hold

RoomPath = Annotated[str, PathParameter(max_length=64, description="The room's id.")]


class HoldList(msgspec.Struct, frozen=True):
    """Rooms of which nothing may be erased."""

    holds: tuple[Hold, ...]


class Reason(msgspec.Struct, frozen=True):
    """Why, for the audit log."""

    why: Annotated[str, Meta(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]*$")]


@get("/api/v1/holds", tags=["audit"], summary="Legal holds")
async def holds(request: Asking, actor: Asker) -> HoldList:
    """Rooms under a legal hold."""
    return HoldList(await deciding(request, actor).rooms.holds(actor))


@put("/api/v1/rooms/{room:str}/hold", status_code=204, tags=["audit"], summary="Hold a room")
async def hold(request: Asking, actor: Asker, room: RoomPath, data: JSONBody[Reason]) -> None:
    """From now on nothing of the room is erased."""
    await deciding(request, actor).rooms.hold(actor, room, data.why)


@delete("/api/v1/rooms/{room:str}/hold", status_code=204, tags=["audit"], summary="Release a room")
async def release(request: Asking, actor: Asker, room: RoomPath, data: JSONBody[Reason]) -> None:
    """What may be erased elsewhere may be erased here again."""
    await deciding(request, actor).rooms.release(actor, room, data.why)


HANDLERS: Final = (holds, hold, release)
