"""The whole API as one ASGI application."""

import asyncio
import logging

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from backend.errors import TriiError
from backend.loopback.alert_routes import AlertRoutes
from backend.loopback.failures import Refused, explain, status_of
from backend.loopback.gate import AsgiApp, Gate, Message, Receive, Scope, Send
from backend.loopback.market_routes import MarketRoutes, answer
from backend.loopback.parts import ApiParts
from backend.loopback.quotes import Quotes
from backend.loopback.stream import QuoteStream

log = logging.getLogger(__name__)


def make_application(parts: ApiParts, token: str, port: int) -> AsgiApp:
    """Every route behind the gate of 127.0.0.1:``port``."""
    quotes = Quotes(parts.board, parts.live, parts.clock)

    async def stream(socket: WebSocket) -> None:
        await QuoteStream(socket, parts, quotes, token).run()

    routes = [
        *MarketRoutes(parts, quotes).routes(),
        *AlertRoutes(parts.alerts, parts.catalog).routes(),
        WebSocketRoute("/ws/market/stream", stream),
        WebSocketRoute("/api/v1/stream/quotes", stream),
    ]
    handlers = {TriiError: _tell_error, HTTPException: _tell_http, ClientDisconnect: _tell_gone}
    return Gate(_Guarded(Starlette(routes=routes, exception_handlers=handlers)), token, port)


class _Guarded:
    """Lets no defect of a route end the server's task without an answer in our form."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # whatever a route raised, the script gets an answer and the log the rest
            log.exception("A request to the API failed.")
            if scope["type"] == "http" and not has_begun:
                await answer(explain(error), 500)(scope, receive, send)


async def _tell_error(_: Request, error: Exception) -> Response:
    return answer(explain(error), status_of(error))


async def _tell_http(_: Request, error: Exception) -> Response:
    """What no route takes: an unknown path, another method."""
    assert isinstance(error, HTTPException)
    hint = "docs/api.md lists what there is."
    refused = Refused(error.status_code, f"{error.detail}.", hint=hint, code=f"api.http_{error.status_code}")
    response = answer(explain(refused), error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _tell_gone(_: Request, error: Exception) -> Response:
    log.info("A script hung up in the middle of its request: %s", error)
    return Response(status_code=400)
