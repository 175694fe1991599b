"""HTTP: every operation of the WebSocket once more, for who cannot hold one."""

import gzip
from typing import Annotated, Any, Final

import msgspec
from litestar import MediaType, Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp
from msgspec import Meta

from sync_server.accounts.bearer import provide_actor
from sync_server.edge.acts import Pace
from sync_server.edge.house import Asker, Asking, check_pace, house_of
from sync_server.edge.line import fetch_page
from sync_server.edge.pacing import is_whole, let_through
from sync_server.edge.packing import Form
from sync_server.edge.session import DESK_STATES
from sync_server.errors import Refused
from sync_server.protocol.bodies import Id
from sync_server.protocol.codec import Codec, encode
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Count, Cursor, Op, Word
from sync_server.protocol.ids import is_id
from sync_server.protocol.limits import MAX_OPS, MAX_PULL, MAX_PUSH, MAX_ROOMS, PRESENCE_MS, TYPING_MS
from sync_server.protocol.messages import Ev, Head, Pull, Reads, Res, Reset, Said, Snapshot
from sync_server.rooms.log import check_may_list

RoomPath = Annotated[str, PathParameter(max_length=64, description="The room's id.")]
Place = Annotated[int, QueryParameter(ge=0, lt=2**53)]
PageLimit = Annotated[int, QueryParameter(ge=1, le=MAX_PULL)]
GZIP_FROM: Final = 1_024


class PushAsked(msgspec.Struct, frozen=True):
    """Operations in the order they were made."""

    ops: Annotated[tuple[Op, ...], Meta(max_length=MAX_OPS)]
    rid: Count = 0


class ReadAsked(msgspec.Struct, frozen=True):
    """Room ``r`` of epoch ``e`` is read up to ``read``."""

    r: Id
    e: Count
    read: Count


class SayAsked(msgspec.Struct, frozen=True):
    """Something true for a moment: ``typing`` in room ``r``, or ``presence`` with ``b`` one of online, away, busy, offline."""

    k: Word
    r: Annotated[str, Meta(pattern="^([0-9a-f-]{36})?$")] = ""
    b: Word = ""
    ttl: Count = TYPING_MS


class CheckAsked(msgspec.Struct, frozen=True):
    """How far copies go."""

    rooms: Annotated[tuple[Cursor, ...], Meta(max_length=MAX_ROOMS)]


class Resets(msgspec.Struct, frozen=True):
    """Copies that cannot go on, and from where they can."""

    resets: tuple[Reset, ...]


@post("/v1/push", status_code=200, tags=["sync"], summary="Enter operations", request_max_body_size=MAX_PUSH)
async def push(request: Asking, actor: Asker, data: JSONBody[PushAsked]) -> Res:
    """What became of each operation, in their order. Operations carry their ids: the same push sent again enters nothing twice."""
    house = house_of(request)
    if not all(map(is_whole, data.ops)):
        raise Refused(Code.BAD_FRAME, "An operation is not one of this protocol.")
    ops, limited = let_through(data.ops, actor.user, house.hub.take)
    results = {result.id: result for result in (await house.rooms.push(actor, ops) if ops else ())} | limited
    return Res(data.rid, tuple(results[op.id] for op in data.ops))


@get(
    "/v1/rooms/{room:str}/events",
    tags=["sync"],
    summary="A page of a room's log",
    responses={200: ResponseSpec(Ev | Reset, generate_examples=False, description="The page, or why there is none")},
)
async def events(
    request: Asking, room: RoomPath, e: Place = 0, after: Place = 0, before: Place = 0, limit: PageLimit = 200
) -> ASGIApp:
    """Events after ``after``, or with ``before`` the page that ends right before it; a ``reset`` where the copy cannot go on."""
    actor = await provide_actor(request)  # not injected: the framework would take as long for it as the page takes
    house = house_of(request)
    check_pace(house, Pace.PULL, actor.user)
    found = await fetch_page(house.hub, actor, Pull(0, room, e, after, limit, before), Form.PLAIN)
    return ASGIResponse(body=encode(found, Codec.JSON), media_type=MediaType.JSON)


@get("/v1/rooms/{room:str}/snapshot", tags=["sync"], summary="A room to begin a copy with")
async def snapshot(request: Asking, actor: Asker, room: RoomPath) -> Response[Snapshot]:
    """The room as it stood at its last snapshot; compressed where that is understood."""
    house = house_of(request)
    check_pace(house, Pace.PULL, actor.user)
    content: Any = await house.rooms.snapshot(actor, room)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(content)
    data = msgspec.json.encode(content)
    if len(data) < GZIP_FROM:
        return Response(content)
    packed: Any = gzip.compress(data, 6, mtime=0)
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(packed, media_type="application/json", headers=headers)


@get("/v1/rooms/{room:str}/reads", tags=["sync"], summary="How far people have read")
async def reads(request: Asking, actor: Asker, room: RoomPath) -> Reads:
    """How far everyone has read the room."""
    house = house_of(request)
    check_pace(house, Pace.PULL, actor.user)
    found = await house.rooms.reads(actor, room)
    if found is None:
        raise Refused(Code.NO_ROOM, "There is no such room for you.", status=404)
    return found


@get("/v1/heads", tags=["sync"], summary="Where one's rooms stand")
async def heads(request: Asking, actor: Asker) -> Head:
    """Where every room of one's own stands, the most lately active first."""
    house = house_of(request)
    check_pace(house, Pace.PULL, actor.user)
    return Head(await house.rooms.heads(actor))


@post("/v1/check", status_code=200, tags=["sync"], summary="Whether copies can go on")
async def check(request: Asking, actor: Asker, data: JSONBody[CheckAsked]) -> Resets:
    """Resets for those copies that cannot go on from where they are."""
    house = house_of(request)
    check_pace(house, Pace.PULL, actor.user)
    if not all(is_id(cursor.r) for cursor in data.rooms):
        raise Refused(Code.BAD_BODY, "A cursor names its room by an id.")
    return Resets(await house.rooms.check(actor, data.rooms))


@post("/v1/read", status_code=204, tags=["sync"], summary="Say how far one has read")
async def read(request: Asking, actor: Asker, data: JSONBody[ReadAsked]) -> None:
    """Only ever grows; what is nothing new is passed over."""
    house = house_of(request)
    check_pace(house, Pace.READ, actor.user)
    found = await house.rooms.read_to(actor, data.r, data.e, data.read)
    if found is not None:
        house.hub.has_read(found)


@post("/v1/eph", status_code=204, tags=["sync"], summary="Say something true for a moment")
async def say(request: Asking, actor: Asker, data: JSONBody[SayAsked]) -> None:
    """Typing and presence: told to who is connected, never kept."""
    house = house_of(request)
    check_pace(house, Pace.READ, actor.user)
    check_may_list(actor)
    hub = house.hub
    if data.k == "typing" and data.r:
        if not hub.take(Pace.TYPING, f"{actor.user}|{data.r}") and actor.user in await house.rooms.members(data.r):
            hub.tell_room(Said("typing", actor.user, data.r, "", min(data.ttl, TYPING_MS)))
    elif data.k == "presence" and data.b in DESK_STATES:
        if not hub.take(Pace.PRESENCE, actor.session):
            hub.tell(actor, Said("presence", actor.user, "", data.b, PRESENCE_MS))
    else:
        raise Refused(Code.UNKNOWN_KIND, "Say typing in a room, or presence.", status=422)


HANDLERS: Final = (push, events, snapshot, reads, heads, check, read, say)
