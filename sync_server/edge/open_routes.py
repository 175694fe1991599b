"""HTTP: what needs no sign-in: who this server is, whether it lives, whether it can serve, and its figures."""

import asyncio
from typing import Any, Final

import msgspec
from litestar import Response, get

from sync_server.edge.house import Asking, Identity, house_of
from sync_server.errors import Refused
from sync_server.protocol.codes import Code

READY_S: Final = 2.0


class Health(msgspec.Struct, frozen=True):
    """How the server is."""

    status: str


@get("/v1/identity", tags=["server"], summary="Who this server is")
async def identity(request: Asking) -> Identity:
    """Its name, its pin, and the certificate that signs its connections. Whoever has the pin can prove the certificate by it."""
    return house_of(request).identity


@get("/healthz", tags=["server"], summary="Whether the server lives")
async def health() -> Health:
    """The process answers."""
    return Health("ok")


@get("/readyz", tags=["server"], summary="Whether the server can serve")
async def ready(request: Asking) -> Health:
    """The database answers, and the server is not about to stop; else 503."""
    house = house_of(request)
    if house.hub.is_draining:
        raise Refused(Code.BUSY, "The server stops for a moment.", status=503, after_ms=1_000)
    try:
        async with asyncio.timeout(READY_S), house.database.read() as view:
            await view.row("SELECT 1")
    except TimeoutError as error:
        raise Refused(Code.BUSY, "The database does not answer.", status=503, after_ms=1_000) from error
    return Health("ready")


@get("/metrics", tags=["server"], summary="Figures for Prometheus", media_type="text/plain")
async def metrics(request: Asking) -> Response[Any]:
    """Figures of this server; nothing of what is said, and nobody's name."""
    text: Any = house_of(request).hub.counts.to_text()
    return Response(text, media_type="text/plain", headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


HANDLERS: Final = (identity, health, ready, metrics)
