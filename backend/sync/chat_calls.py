"""What chat asks of a server over HTTP beside the log: rooms to join, messages that are not here, people."""

from typing import Any, Final, TypeVar

import msgspec

from backend.errors import CorruptData
from backend.sync.api import Api
from sync_server.protocol.messages import Person

T = TypeVar("T")

PAGES_MAX: Final = 20


class OpenRoom(msgspec.Struct, frozen=True):
    """A room that anyone of the organisation may join."""

    room: str
    name: str
    topic: str = ""
    n_members: int = 0
    is_member: bool = False


class ServerHit(msgspec.Struct, frozen=True):
    """A message that the server found: in room ``r`` as event ``s``, by ``a`` at ``ts`` (UTC ms)."""

    r: str
    id: str
    s: int
    ts: int
    a: str
    thread: str = ""
    text: str = ""


class _Rooms(msgspec.Struct, frozen=True):
    rooms: tuple[OpenRoom, ...]
    cursor: str = ""


class _Hits(msgspec.Struct, frozen=True):
    messages: tuple[ServerHit, ...]
    cursor: str = ""


class _People(msgspec.Struct, frozen=True):
    people: tuple[Person, ...]


async def fetch_open_rooms(api: Api, access: str) -> tuple[OpenRoom, ...]:
    """Every room that may be joined. Raises TriiError."""
    found: list[OpenRoom] = []
    cursor = ""
    for _ in range(PAGES_MAX):
        page = _read(await api.call("GET", "/api/v1/chat/rooms/open", access=access, params={"cursor": cursor}), _Rooms)
        found += page.rooms
        cursor = page.cursor
        if not cursor:
            break
    return tuple(found)


async def fetch_hits(api: Api, access: str, asked: dict[str, str], n: int) -> tuple[ServerHit, ...]:
    """Messages that a search of the server finds, the newest first; ``asked`` as its route takes it. Raises TriiError."""
    found: list[ServerHit] = []
    params = asked | {"limit": str(max(1, min(n, 100)))}
    while len(found) < n:
        page = _read(await api.call("GET", "/api/v1/chat/search", access=access, params=params), _Hits)
        found += page.messages
        if not page.cursor or not page.messages:
            break
        params["cursor"] = page.cursor
    return tuple(found[:n])


async def fetch_people(api: Api, access: str) -> tuple[Person, ...]:
    """Everybody of the organisation. Raises TriiError."""
    return _read(await api.call("GET", "/api/v1/people", access=access), _People).people


def _read(told: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        raise CorruptData("What the server answers is not understood.", hint="Update TRII.", code="server.answer") from error
