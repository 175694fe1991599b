"""Files of messages over HTTP: sent and fetched in pieces, both going on after a break from where it was."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx
import msgspec

from backend.errors import CorruptData, InvalidInput, Unavailable
from backend.storage.growing import GrowingFile
from backend.sync.api import Api
from sync_server.protocol.bodies import File

PIECE_BYTES: Final = 256 * 1024
FILE_BYTES_MAX: Final = 64 * 1024 * 1024  # of a file that is fetched
_PLACE: Final = re.compile(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15})")


class _Upload(msgspec.Struct, frozen=True):
    id: str
    offset: int
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class FileMove:
    """A file with its content on its way to a room."""

    room: str
    file: File
    content: bytes


async def upload(api: Api, access: str, move: FileMove, told: Callable[[float], None]) -> None:
    """Have the server keep a file; goes on where an earlier try broke off. ``told`` gets 0 to 1. Raises TriiError."""
    file = move.file
    asked = {"room": move.room, "sha256": file.sha256, "size": file.size, "mime": file.mime, "name": file.name}
    state = _read(await api.call("POST", "/v1/files", asked, access=access))
    while not state.is_done and state.offset < file.size:
        told(state.offset / file.size)
        piece = move.content[state.offset : state.offset + PIECE_BYTES]
        headers = {"content-type": "application/octet-stream"}
        place = {"offset": str(state.offset)}
        answer = await api.request("PUT", _path(state), piece, access=access, headers=headers, params=place)
        after = _read(msgspec.json.decode(answer.content))
        if after.offset <= state.offset:
            raise CorruptData("The server took nothing of a file.", code="server.answer")
        state = after
    if not state.is_done:
        await api.call("POST", f"{_path(state)}/finish", access=access)
    told(1.0)


async def fetch(api: Api, access: str, part: GrowingFile, told: Callable[[float], None]) -> None:
    """Bring the rest of a file into ``part``, which is named by its hash; what came stays there whatever happens.

    Raises CorruptData where the server sends something else than it was asked for, InvalidInput (too large), NotFound, Unavailable.
    """
    try:
        await _fetch_rest(api, access, part, told)
    except InvalidInput:
        if not part.n_bytes:
            raise
        await asyncio.to_thread(part.drop)  # the server has nothing behind what is here: it was of another content
        await _fetch_rest(api, access, part, told)


async def _fetch_rest(api: Api, access: str, part: GrowingFile, told: Callable[[float], None]) -> None:
    headers = {"accept-encoding": "identity"}
    if part.n_bytes:
        headers |= {"range": f"bytes={part.n_bytes}-", "if-range": f'"{part.name}"'}
    async with api.stream("GET", f"/v1/files/{part.name}", access=access, headers=headers) as answer:
        if part.n_bytes and answer.status_code != 206:
            await asyncio.to_thread(part.drop)
        size = _whole_size(answer, part.n_bytes)
        pending = bytearray()
        try:
            async for got in answer.aiter_bytes():
                pending += got
                if part.n_bytes + len(pending) > (size or FILE_BYTES_MAX):
                    pending.clear()
                    raise CorruptData("The server sends more than it said.", code="server.answer")
                if len(pending) >= PIECE_BYTES:
                    await _put(part, pending)
                    told(part.n_bytes / size if size else 0.0)
        finally:
            await _put(part, pending)
    if part.n_bytes < size:
        raise Unavailable("The server broke off in the middle of a file.", hint="Try again.", code="server.broke_off")
    told(1.0)


async def _put(part: GrowingFile, pending: bytearray) -> None:
    content = bytes(pending)
    pending.clear()
    if content:
        await asyncio.to_thread(part.add, content)


def _whole_size(answer: httpx.Response, start: int) -> int:
    """How many bytes the whole file has; 0 where the answer does not say. Raises CorruptData, InvalidInput."""
    said = answer.headers.get("content-length", "")
    size = int(said) if said.isdecimal() else 0
    if answer.status_code == 206:
        found = _PLACE.fullmatch(answer.headers.get("content-range", ""))
        if found is None or int(found[1]) != start:
            raise CorruptData("The server sends another part of a file than it was asked for.", code="server.answer")
        size = int(found[2])
    if size > FILE_BYTES_MAX:
        raise InvalidInput(f"The file has {size / 2**20:.0f} MB, more than this program takes.", code="chat.file_large")
    return size


def _path(state: _Upload) -> str:
    return f"/v1/uploads/{quote(state.id, safe='')}"


def _read(told: Any) -> _Upload:
    try:
        return msgspec.convert(told, _Upload)
    except msgspec.ValidationError as error:
        raise CorruptData("What the server says of an upload is not understood.", code="server.answer") from error
