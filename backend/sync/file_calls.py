"""Files of messages over HTTP: sent in pieces that can be continued after a break, fetched and held against their hash."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import msgspec

from backend.errors import CorruptData, InvalidInput
from backend.sync.api import Api
from sync_server.protocol.bodies import File

PIECE_BYTES: Final = 256 * 1024


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


async def fetch(api: Api, access: str, sha256: str, told: Callable[[float], None]) -> bytes:
    """A file's content, which is what its hash says. Raises CorruptData where it is not, NotFound, Unavailable."""
    parts: list[bytes] = []
    n_bytes, digest = 0, hashlib.sha256()
    path = f"/v1/files/{sha256}"
    async with api.stream("GET", path, access=access) as answer:
        size = int(answer.headers.get("content-length") or 0)
        async for part in answer.aiter_bytes():
            parts.append(part)
            digest.update(part)
            n_bytes += len(part)
            if n_bytes > 64 * 1024 * 1024:
                raise InvalidInput("The server sends more than a file may hold.", code="chat.file_large")
            told(n_bytes / size if size else 0.0)
    if digest.hexdigest() != sha256:
        raise CorruptData("The server sent another file than the message names.", code="chat.file_hash")
    return b"".join(parts)


def _path(state: _Upload) -> str:
    return f"/v1/uploads/{quote(state.id, safe='')}"


def _read(told: Any) -> _Upload:
    try:
        return msgspec.convert(told, _Upload)
    except msgspec.ValidationError as error:
        raise CorruptData("What the server says of an upload is not understood.", code="server.answer") from error
