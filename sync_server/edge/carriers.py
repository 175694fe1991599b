"""Hearing over HTTP, for who cannot hold a WebSocket: a stream of server-sent events, or one answer after another.

Both are connections of the hub like any other, with a session of their own; what a device says goes by the twins.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from litestar.response import Stream
from msgspec import Meta

from sync_server.actor import Actor
from sync_server.edge.acts import Pace
from sync_server.edge.house import Asker, Asking, check_pace, house_of
from sync_server.edge.line import Line
from sync_server.edge.mailboxes import PollAnswer, PulledOutlet, begin_line
from sync_server.edge.packing import Form
from sync_server.protocol.events import Cursor, Word
from sync_server.protocol.limits import MAX_ROOMS

POLL_MS: Final = 25_000  # how long a poll waits for something to tell


class StreamAsked(msgspec.Struct, frozen=True):
    """How far the device's copies go; those that cannot go on are told."""

    rooms: Annotated[tuple[Cursor, ...], Meta(max_length=MAX_ROOMS)] = ()


class PollAsked(msgspec.Struct, frozen=True):
    """``sid`` of the answer before, or nothing and how far copies go · ``n`` of the last answer that arrived · how long to wait."""

    sid: Word = ""
    n: Annotated[int, Meta(ge=0, lt=2**53)] = 0
    wait_ms: Annotated[int, Meta(ge=0, le=POLL_MS)] = POLL_MS
    rooms: Annotated[tuple[Cursor, ...], Meta(max_length=MAX_ROOMS)] = ()


@get(["/v1/events", "/api/chat/events", "/api/v1/chat/events"], tags=["sync"], summary="Hear what happens, as a stream")
async def stream(request: Asking, actor: Asker) -> Stream:
    """Messages of the protocol as server-sent events, from the welcome on."""
    return await _stream(request, actor, ())


@post("/v1/events", status_code=200, tags=["sync"], summary="Hear what happens, from where copies are")
async def stream_from(request: Asking, actor: Asker, data: JSONBody[StreamAsked]) -> Stream:
    """The same stream; copies that cannot go on are told after the welcome."""
    return await _stream(request, actor, data.rooms)


@post("/v1/poll", status_code=200, tags=["sync"], summary="Hear what happens, answer by answer")
async def poll(request: Asking, actor: Asker, data: JSONBody[PollAsked]) -> PollAnswer:
    """What happened since the answer before; waits where nothing did."""
    house = house_of(request)
    if data.sid:
        check_pace(house, Pace.PULL, actor.user)
        box = house.mailboxes.find(data.sid, actor)
        box.line.carry_out(box.line.session.renewed(actor, house.clock.now_ms()))
    else:
        check_pace(house, Pace.HELLO, actor.user)
        box = await house.mailboxes.open(actor, data.rooms, _address(request))
    return await house.mailboxes.answer(box, data.n, data.wait_ms)


async def _stream(request: Asking, actor: Actor, rooms: tuple[Cursor, ...]) -> Stream:
    house = house_of(request)
    check_pace(house, Pace.HELLO, actor.user)
    line, outlet = await begin_line(house.hub, actor, rooms, Form.LINES, _address(request))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(_pieces(line, outlet), media_type="text/event-stream", headers=headers)


async def _pieces(line: Line, outlet: PulledOutlet) -> AsyncIterator[bytes]:
    """What waits, whenever the reader takes more; the connection ends with its reader."""
    try:
        while True:
            outlet.news.clear()
            while line.backlog:
                yield line.backlog.take()
                line.flush()
            if outlet.is_over:
                return
            await outlet.news.wait()
    finally:
        line.lost()


def _address(request: Asking) -> str:
    return request.client.host if request.client else ""


HANDLERS: Final = (stream, stream_from, poll)
