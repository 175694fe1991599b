"""HTTP: chat for scripts and keys, without a copy of the rooms. ``/api/chat/…`` and ``/api/v1/chat/…`` are the same handlers."""

from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Meta

from sync_server.actor import Actor
from sync_server.edge.acts import Pace
from sync_server.edge.house import Asker, Asking, House, check_pace, house_of
from sync_server.errors import Refused
from sync_server.protocol.bodies import File, Id, Link, MsgCreate, RoomCreate, RoomKind, RoomRole, Seat, Short, Text
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Kind, Word
from sync_server.protocol.ids import direct_room, is_id
from sync_server.rooms.directory import OpenRoom, RoomAbout
from sync_server.search.search import Filters, FoundMessage

KEY: Final = "idempotency-key"
KEY_CHARACTERS: Final = 128
Limit = Annotated[int, QueryParameter(ge=1, le=100)]
Words = Annotated[str, QueryParameter(max_length=400, description="Words; the last may be a beginning.")]
Moment = Annotated[int, QueryParameter(ge=0, lt=2**53)]
RoomAsPart = Annotated[str, QueryParameter(max_length=64)]
CursorText = Annotated[str, QueryParameter(max_length=600, description="From the answer before; empty for the beginning.")]
RoomPath = Annotated[str, PathParameter(max_length=64, description="The room's id.")]


class MessageAsked(msgspec.Struct, frozen=True):
    """A message to a room; ``thread``: the message it belongs under."""

    room: Word
    text: Text
    thread: Word = ""
    mentions: Annotated[tuple[Id, ...], Meta(max_length=50)] = ()
    files: Annotated[tuple[File, ...], Meta(max_length=20)] = ()
    links: Annotated[tuple[Link, ...], Meta(max_length=20)] = ()


class RoomAsked(msgspec.Struct, frozen=True):
    """A new room with these people. With ``direct`` it is the one room of two: the name is not needed."""

    name: Annotated[str, Meta(max_length=80)] = ""
    topic: Short = ""
    people: Annotated[tuple[Id, ...], Meta(max_length=500)] = ()
    direct: bool = False
    is_open: bool = False
    shows_history: bool = True


class Placed(msgspec.Struct, frozen=True):
    """Where it stands now: in room ``room``, as entry ``s`` of epoch ``e``."""

    id: str
    room: str
    e: int
    s: int


class Question(msgspec.Struct, frozen=True):
    """Words and filters."""

    words: str
    filters: Filters


class MessagePage(msgspec.Struct, frozen=True):
    """Messages as they are now, the newest first; ``cursor`` for older ones, empty where there are none."""

    messages: tuple[FoundMessage, ...]
    cursor: str


class RoomPage(msgspec.Struct, frozen=True):
    """Rooms that may be joined, in order of their ids."""

    rooms: tuple[OpenRoom, ...]
    cursor: str


class RoomList(msgspec.Struct, frozen=True):
    """One's own rooms."""

    rooms: tuple[RoomAbout, ...]


class SeatList(msgspec.Struct, frozen=True):
    """Who sits in a room."""

    seats: tuple[Seat, ...]


@post(["/api/chat/message", "/api/v1/chat/message"], tags=["chat"], summary="Send a message")
async def send(request: Asking, actor: Asker, data: JSONBody[MessageAsked]) -> Placed:
    """Enter a message. The same Idempotency-Key sends it once, however often it is asked for."""
    _check_room(data.room)
    body = MsgCreate(data.text, data.thread, data.mentions, data.files, data.links)
    result = await house_of(request).posting.enter(actor, data.room, Kind.MSG_CREATE, body, _once(request, "message"))
    return Placed(result.id, data.room, result.e, result.s)


@get(["/api/chat/history", "/api/v1/chat/history"], tags=["chat"], summary="Read messages")
async def history(request: Asking, actor: Asker, room: RoomAsPart, cursor: CursorText = "", limit: Limit = 50) -> MessagePage:
    """Messages of a room as they are now, page by page, the newest first."""
    house = house_of(request)
    check_pace(house, Pace.PULL, actor.user)
    _check_room(room)
    await house.rooms.seats(actor, room)
    await house.search.settled(room)
    return await _find(house, actor, Question("", Filters(room=room)), cursor, limit)


async def asked_question(filters: NamedDependency[Filters], q: Words = "") -> Question:
    """What a search asks for."""
    return Question(q, filters)


async def asked_filters(
    room: Annotated[str, QueryParameter(max_length=64)] = "",
    sender: Annotated[str, QueryParameter(max_length=64)] = "",
    since_ms: Moment = 0,
    until_ms: Moment = 0,
    has: Annotated[list[str] | None, QueryParameter(max_items=4)] = None,
    instrument: Annotated[str, QueryParameter(max_length=80)] = "",
) -> Filters:
    """What found messages must be besides their words."""
    return Filters(sender, room, since_ms, until_ms, tuple(has or ()), instrument)


@get(
    ["/api/chat/search", "/api/v1/chat/search"],
    tags=["chat"],
    summary="Find messages",
    dependencies={"filters": Provide(asked_filters), "question": Provide(asked_question)},
)
async def search(
    request: Asking, actor: Asker, question: NamedDependency[Question], cursor: CursorText = "", limit: Limit = 50
) -> MessagePage:
    """Messages with these words, in rooms that one has a seat in, the newest first."""
    house = house_of(request)
    check_pace(house, Pace.SEARCH, actor.user)
    return await _find(house, actor, question, cursor, limit)


async def _find(house: House, actor: Actor, question: NamedDependency[Question], cursor: str, limit: int) -> MessagePage:
    about = f"messages {question}"
    place = house.pages.read(actor, about, cursor)
    found = await house.search.find(actor, question.words, question.filters, place, limit)
    return MessagePage(found.messages, house.pages.sign(actor, about, found.cursor))


@post(["/api/chat/room", "/api/v1/chat/room"], tags=["chat"], summary="Make a room")
async def make_room(request: Asking, actor: Asker, data: JSONBody[RoomAsked]) -> Placed:
    """Make a room of several, or the room of two people; its maker leads it. Takes an Idempotency-Key."""
    house = house_of(request)
    once = _once(request, "room")
    seats = tuple(Seat(user, RoomRole.MEMBER) for user in data.people if user != actor.user)
    if data.direct:
        if len(seats) != 1:
            raise Refused(Code.BAD_BODY, "A direct room is with one other person.", status=422)
        room = direct_room(actor.user, seats[0].u)
        body = RoomCreate(RoomKind.DIRECT, members=seats)
    else:
        room = house.posting.room_id(actor, once)
        body = RoomCreate(RoomKind.GROUP, data.name, data.topic, seats, data.is_open, data.shows_history)
    result = await house.posting.enter(actor, room, Kind.ROOM_CREATE, body, once)
    return Placed(result.id, room, result.e, result.s)


@get(["/api/chat/rooms", "/api/v1/chat/rooms"], tags=["chat"], summary="One's rooms")
async def rooms(request: Asking, actor: Asker) -> RoomList:
    """Rooms in which one has a seat."""
    house = house_of(request)
    check_pace(house, Pace.PULL, actor.user)
    return RoomList(await house.rooms.about(actor))


@get(["/api/chat/rooms/open", "/api/v1/chat/rooms/open"], tags=["chat"], summary="Rooms to join")
async def open_rooms(request: Asking, actor: Asker, cursor: CursorText = "", limit: Limit = 100) -> RoomPage:
    """Rooms of the organisation that anyone may join, page by page."""
    house = house_of(request)
    check_pace(house, Pace.PULL, actor.user)
    found = await house.rooms.open_rooms(actor, house.pages.read(actor, "open rooms", cursor), limit)
    last = found[-1].room if len(found) == limit else ""
    return RoomPage(found, house.pages.sign(actor, "open rooms", last))


@get(["/api/chat/rooms/{room:str}/members", "/api/v1/chat/rooms/{room:str}/members"], tags=["chat"], summary="Who sits in a room")
async def members(request: Asking, actor: Asker, room: RoomPath) -> SeatList:
    """People and their roles in the room."""
    house = house_of(request)
    check_pace(house, Pace.PULL, actor.user)
    _check_room(room)
    return SeatList(tuple(Seat(user, role) for user, role in (await house.rooms.seats(actor, room)).items()))


def _check_room(room: str) -> None:
    if not is_id(room):
        raise Refused(Code.NO_ROOM, "There is no such room for you.", status=404)


def _once(request: Asking, what: str) -> str:
    """The caller's Idempotency-Key for what is made here, empty without one. Raises Refused for one that is none."""
    key = request.headers.get(KEY, "")
    if len(key) > KEY_CHARACTERS or not key.isascii() or not key.isprintable():
        raise Refused(Code.BAD_BODY, f"An Idempotency-Key has up to {KEY_CHARACTERS} printable ASCII characters.")
    return f"{what} {key}" if key else ""


HANDLERS: Final = (send, history, search, make_room, rooms, open_rooms, members)
