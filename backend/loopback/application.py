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
from backend.loopback.ai_routes import AiRoutes
from backend.loopback.alert_routes import AlertRoutes
from backend.loopback.answering import AnswerRoom
from backend.loopback.failures import Refused, explain, status_of
from backend.loopback.gate import AsgiApp, Gate
from backend.loopback.market_routes import MarketRoutes, answer
from backend.loopback.parts import ApiParts
from backend.loopback.quotes import Quotes
from backend.loopback.stream import QuoteStream

log = logging.getLogger(__name__)


def make_application(parts: ApiParts, token: str, port: int, closing: asyncio.Event) -> AsgiApp:
    """Every route behind the gate of 127.0.0.1:``port``; once ``closing`` is set, answers under way end."""
    quotes = Quotes(parts.board, parts.live, parts.clock)

    async def stream(socket: WebSocket) -> None:
        await QuoteStream(socket, parts, quotes, token).run()

    routes = [
        *MarketRoutes(parts, quotes).routes(),
        *AlertRoutes(parts.alerts, parts.catalog).routes(),
        *AiRoutes(parts, AnswerRoom(parts.tasks, closing)).routes(),
        WebSocketRoute("/ws/market/stream", stream),
        WebSocketRoute("/api/v1/stream/quotes", stream),
    ]
    handlers = {TriiError: _tell_error, HTTPException: _tell_http, ClientDisconnect: _tell_gone, Exception: _tell_error}
    application = Starlette(routes=routes, exception_handlers=handlers)
    application.router.redirect_slashes = False  # a redirection has no words, and scripts seldom follow one
    return Gate(application, token, port)


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
