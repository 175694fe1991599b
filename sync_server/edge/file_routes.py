"""HTTP: files of messages. Uploads go on where they broke off; downloads are asked for in ranges."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Final
from urllib.parse import quote

import msgspec
from litestar import Response, delete, get, head, post, put
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.response import Stream
from msgspec import Meta

from sync_server.actor import Actor
from sync_server.edge.acts import Pace
from sync_server.edge.house import Asker, Asking, House, check_pace, house_of
from sync_server.edge.problem import MEDIA_TYPE, problem_of
from sync_server.errors import Refused
from sync_server.files.files import NewFile, StoredFile, Upload
from sync_server.protocol.bodies import Id
from sync_server.protocol.codes import Code

PIECE_BYTES: Final = 1024 * 1024
_PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
# Pictures that a reader may show at once; everything else is only ever saved.
_SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
Sha256Path = Annotated[str, PathParameter(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file in hexadecimal.")]
UploadPath = Annotated[str, PathParameter(max_length=64, description="The upload's id.")]


class UploadAsked(msgspec.Struct, frozen=True):
    """A file that is to be sent to a room: what it contains (SHA-256 in hexadecimal), its bytes, what it is and its name."""

    room: Id
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Meta(ge=1, lt=2**40)]
    mime: Annotated[str, Meta(max_length=100, pattern=_PLAIN)] = ""
    name: Annotated[str, Meta(max_length=255, pattern=_PLAIN)] = ""


@post("/v1/files", status_code=200, tags=["files"], summary="Begin or continue an upload")
async def begin_upload(request: Asking, actor: Asker, data: JSONBody[UploadAsked]) -> Upload:
    """Where to go on; done at once where nothing needs to be sent."""
    house = house_of(request)
    check_pace(house, Pace.UPLOAD, actor.user)
    return await house.files.begin(actor, data.room, NewFile(data.sha256, data.size, data.mime, data.name))


@get("/v1/uploads/{upload:str}", tags=["files"], summary="How far an upload is")
async def look_at_upload(request: Asking, actor: Asker, upload: UploadPath) -> Upload:
    """How many bytes have arrived."""
    house = house_of(request)
    check_pace(house, Pace.UPLOAD, actor.user)
    return await house.files.progress(actor, upload)


@put("/v1/uploads/{upload:str}", tags=["files"], summary="Send a piece", request_max_body_size=PIECE_BYTES + 1024)
async def send_piece(
    request: Asking, actor: Asker, upload: UploadPath, offset: Annotated[int, QueryParameter(ge=0, lt=2**40)]
) -> Upload:
    """The body is the bytes from ``offset`` on, at most 1 MiB; they are durable when this is answered."""
    house = house_of(request)
    check_pace(house, Pace.UPLOAD, actor.user)
    return await house.files.append(actor, upload, offset, await request.body())


@post("/v1/uploads/{upload:str}/finish", status_code=200, tags=["files"], summary="Finish an upload")
async def finish_upload(request: Asking, actor: Asker, upload: UploadPath) -> StoredFile:
    """The file was checked against its hash and what it says it is, and belongs to its room."""
    house = house_of(request)
    check_pace(house, Pace.UPLOAD, actor.user)
    return await house.files.finish(actor, upload)


@delete("/v1/uploads/{upload:str}", status_code=204, tags=["files"], summary="Give an upload up")
async def cancel_upload(request: Asking, actor: Asker, upload: UploadPath) -> None:
    """What was sent is deleted."""
    house = house_of(request)
    check_pace(house, Pace.UPLOAD, actor.user)
    await house.files.cancel(actor, upload)


@head("/v1/files/{sha256:str}", tags=["files"], summary="What a file is")
async def look_at_file(request: Asking, actor: Asker, sha256: Sha256Path) -> Response[None]:
    """The headers of a download."""
    house = house_of(request)
    check_pace(house, Pace.PULL, actor.user)
    file = await house.files.look(actor, sha256)
    return Response(None, media_type=file.mime, headers=_headers(file) | {"X-Content-Length": str(file.size)})


@get("/v1/files/{sha256:str}", tags=["files"], summary="Fetch a file", media_type="application/octet-stream")
async def fetch_file(request: Asking, actor: Asker, sha256: Sha256Path) -> Stream:
    """The file, or with ``Range: bytes=…`` a part of it (206), unless ``If-Range`` names another content."""
    house = house_of(request)
    check_pace(house, Pace.PULL, actor.user)
    file = await house.files.look(actor, sha256)
    tag = f'"{file.sha256}"'
    if _names(request.headers.get("if-none-match", ""), tag):
        return Stream(iter(()), status_code=304, headers={"ETag": tag})
    is_same = request.headers.get("if-range", tag).strip() == tag
    try:
        asked = parse_range(request.headers.get("range", ""), file.size) if is_same else None
    except Refused as refused:
        told = iter((msgspec.json.encode(problem_of(refused)),))
        return Stream(told, media_type=MEDIA_TYPE, status_code=refused.status, headers={"Content-Range": f"bytes */{file.size}"})
    start, end = asked or (0, file.size)
    # Read before anything is answered: what is wrong with the file is said, and not a connection that breaks.
    first = await house.files.read(actor, file.sha256, start, min(end, start + PIECE_BYTES))
    headers = _headers(file) | {"Content-Length": str(end - start)}
    if asked is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    rest = _pieces(house, actor, file, (first, start, end))
    return Stream(rest, media_type=file.mime, status_code=206 if asked else 200, headers=headers)


def _names(header: str, tag: str) -> bool:
    """Whether If-None-Match lists this tag (RFC 9110, 13.1.2): weak ones count, and ``*`` is any."""
    return header.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in header.split(","))


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Start and end (not in it) of one range of bytes; None for all, also for what asks in a way that is not understood.

    Raises Refused (416) for a range that the file does not have.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1 if last else size, size)
        if last and int(last) < start:
            return None
    if start >= end:
        raise Refused(Code.BAD_FRAME, f"The file has {size} bytes.", status=416)
    return start, end


async def _pieces(house: House, actor: Actor, file: StoredFile, part: tuple[bytes, int, int]) -> AsyncIterator[bytes]:
    """A piece at a time, the first of them and where the part begins and ends given; the right to read is looked at for each."""
    piece, start, end = part
    yield piece
    start += len(piece)
    while start < end:
        piece = await house.files.read(actor, file.sha256, start, min(end, start + PIECE_BYTES))
        yield piece
        start += len(piece)


def _headers(file: StoredFile) -> dict[str, str]:
    way = "inline" if file.mime in _SHOWN else "attachment"
    return {
        "Accept-Ranges": "bytes",
        "ETag": f'"{file.sha256}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f"{way}; filename*=UTF-8''{quote(file.name, safe='')}",
    }


HANDLERS: Final = (begin_upload, look_at_upload, send_piece, finish_upload, cancel_upload, look_at_file, fetch_file)
