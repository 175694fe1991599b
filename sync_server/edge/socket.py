"""The WebSocket of sync: ``/v1/sync`` and its founding name ``/api/chat/connect``, as a plain ASGI application."""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from sync_server.edge.hub import Hub
from sync_server.edge.line import Line
from sync_server.edge.packing import Backlog, Form
from sync_server.edge.session import ServerSession
from sync_server.edge.wire import WIRE, Wire
from sync_server.protocol.codec import Codec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PATHS: Final = frozenset({"/v1/sync", "/api/chat/connect"})
MAX_STRANGERS: Final = 2_000  # connections that have not said who they are
STRANGERS_AT: Final = 50  # of one address
_FORMS: Final = {Codec.JSON: Form.TEXT_FRAME, Codec.MSGPACK: Form.BINARY_FRAME}


class WireOutlet:
    """Writes to a WebSocket in whole pieces, as fast as it takes them."""

    def __init__(self, wire: Wire, form: Form) -> None:
        self.form = form
        self._wire = wire

    def flush(self, backlog: Backlog) -> None:
        """Write while the socket takes it."""
        while backlog and self._wire.is_writable:
            self._wire.write_frames(backlog.take())

    def close(self, code: int, why: str) -> None:
        """End; what a slow reader never took goes with it."""
        self._wire.end(code, why)


class SyncSocket:
    """The endpoint. ``origins`` are the web pages that may connect; a desktop sends no origin.

    ``strangers_at``: how many connections of one address may not have said who they are.
    """

    def __init__(self, hub: Hub, origins: frozenset[str] = frozenset(), strangers_at: int = STRANGERS_AT) -> None:
        self._hub = hub
        self._strangers_at = strangers_at
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, from its handshake to its end."""
        await receive()  # websocket.connect
        why = self._refusal(scope)
        if why is not None:
            await _turn_away(send, *why)
            return
        codec = _choose(scope["subprotocols"])
        if codec is None:
            await _turn_away(send, 400, f"Ask for the subprotocol {Codec.JSON} or {Codec.MSGPACK}.")
            return
        await send({"type": "websocket.accept", "subprotocol": str(codec) if scope["subprotocols"] else None})
        await self._serve(scope, receive, codec)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)
        if scope["path"] not in PATHS:
            return 404, "There is nothing here."
        if origin is not None and origin not in self._origins:
            return 403, "This page may not connect."
        if self._hub.is_draining or self._hub.n_strangers() >= MAX_STRANGERS:
            return 503, "Come back in a moment."
        if self._hub.n_strangers(_address(scope)) >= self._strangers_at:
            return 429, "Too many connections from this address."
        return None

    async def _serve(self, scope: Scope, receive: Receive, codec: Codec) -> None:
        wire: Wire = scope["extensions"][WIRE]
        session = ServerSession(secrets.token_urlsafe(12), codec, self._hub.take, self._hub.figures)
        line = Line(self._hub, session, WireOutlet(wire, _FORMS[codec]), _address(scope))
        wire.can_write = line.flush
        line.opened()
        try:
            while not line.is_closed:
                event = await receive()
                if event["type"] != "websocket.receive":
                    break
                line.received(_payload(event, codec))
                await line.calm.wait()
        finally:
            wire.can_write = None
            line.lost()


def _payload(event: MutableMapping[str, Any], codec: Codec) -> bytes:
    """The bytes of a message; nothing where it came in the other codec's kind of frame, which no message is."""
    if codec is Codec.JSON:
        text = event.get("text")
        return text.encode("utf-8") if isinstance(text, str) else b""
    data = event.get("bytes")
    return data if isinstance(data, bytes) else b""


def _choose(offered: list[str]) -> Codec | None:
    """The first subprotocol that is ours; JSON where none is asked for."""
    if not offered:
        return Codec.JSON
    return next((Codec(name) for name in offered if name in set(Codec)), None)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _turn_away(send: Send, status: int, why: str) -> None:
    body = why.encode("utf-8")
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode("ascii"))]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
