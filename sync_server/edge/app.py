"""The server's addresses as one ASGI application: HTTP by Litestar, the WebSocket beside it, one front before both."""

import re
import time
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import msgspec
from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from sync_server.accounts.bearer import provide_actor
from sync_server.accounts.routes import accounts_router
from sync_server.edge import audit_routes, carriers, chat_routes, erasure_routes, file_routes, hold_routes, open_routes, sync_routes
from sync_server.edge.counts import Counts
from sync_server.edge.house import House
from sync_server.edge.problem import MEDIA_TYPE, answer_problem, problem_of
from sync_server.edge.schema import tell_problems
from sync_server.edge.socket import Receive, Scope, Send, SyncSocket
from sync_server.errors import Refused
from sync_server.protocol.codes import Code

VERSION: Final = "1"
BODY_BYTES: Final = 256 * 1024  # of any request that does not say otherwise
_HEADERS: Final[Mapping[bytes, bytes]] = {
    b"x-content-type-options": b"nosniff",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; sandbox",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
_STRICT: Final = (b"strict-transport-security", b"max-age=31536000")


def make_http(house: House, origins: tuple[str, ...] = (), handlers: tuple[ControllerRouterHandler, ...] = ()) -> Litestar:
    """Every address of HTTP; ``handlers`` are more of them."""
    mine = Router(
        path="/",
        route_handlers=(
            *sync_routes.HANDLERS,
            *carriers.HANDLERS,
            *chat_routes.HANDLERS,
            *file_routes.HANDLERS,
            *audit_routes.HANDLERS,
            *open_routes.HANDLERS,
            *hold_routes.HANDLERS,
            *erasure_routes.HANDLERS,
            *handlers,
        ),
        dependencies={"actor": Provide(provide_actor)},
    )
    app = Litestar(
        [accounts_router(), mine],
        exception_handlers={Exception: answer_problem},
        request_max_body_size=BODY_BYTES,
        cors_config=CORSConfig(allow_origins=list(origins), allow_headers=["Authorization", "Content-Type"]) if origins else None,
        openapi_config=OpenAPIConfig(
            title="TRII sync server",
            version=VERSION,
            path="/schema",
            render_plugins=[JsonRenderPlugin(path=("/", "/openapi.json"))],
            components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}),
            security=[{"token": []}],
        ),
        logging_config=None,
    )
    app.state.server = house
    tell_problems(app)
    return app


def methods_of(app: Litestar) -> Mapping[str, str]:
    """By path: the methods that its addresses take, as the header Allow lists them."""
    taken: dict[str, set[str]] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            taken.setdefault(_pattern(route.path_format), set()).update(route.methods)
    return {pattern: ", ".join(sorted(methods)) for pattern, methods in taken.items()}


def _pattern(path: str) -> str:
    return re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(path))


class Front:
    """What everything passes: origins, headers of safety, figures."""

    def __init__(self, http: Litestar, socket: SyncSocket, counts: Counts, origins: tuple[str, ...], *, is_plain: bool) -> None:
        self._http: Any = http
        self._socket = socket
        self._counts = counts
        self._origins = frozenset(origins)
        self._methods = methods_of(http)
        self._headers = (*_HEADERS.items(), *(() if is_plain else (_STRICT,)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or one connection."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s = time.perf_counter()

        async def send_on(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                if message["status"] == 405:
                    headers.append((b"allow", self._allowed(scope["path"])))
                said = {name.lower() for name, _ in headers}
                message["headers"] = headers + [pair for pair in self._headers if pair[0] not in said]
                self._counts.answered(scope["method"], message["status"], time.perf_counter() - began_s)
            await send(message)

        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        if origins and origins[0] not in self._origins:
            await _refuse(send_on, Refused(Code.NOT_ALLOWED, "This page may not ask.", status=403))
            return
        if b"%00" in scope["raw_path"] or b"%00" in scope["query_string"]:  # no database keeps such text
            await _refuse(send_on, Refused(Code.BAD_BODY, "An address has no null characters."))
            return
        await self._http(scope, receive, send_on)

    def _allowed(self, path: str) -> bytes:
        found = (methods for pattern, methods in self._methods.items() if re.fullmatch(pattern, path.rstrip("/") or "/"))
        return next(found, "").encode("ascii")


async def _refuse(send: Send, refused: Refused) -> None:
    body = msgspec.json.encode(problem_of(refused))
    headers = [(b"content-type", MEDIA_TYPE.encode("ascii")), (b"content-length", str(len(body)).encode("ascii"))]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
