"""Who may ask: the right address, no browser, the home's token; the rest is turned away before anything is read."""

import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, TypeAlias

import msgspec

from backend.loopback.api_token import is_bearer
from backend.loopback.failures import FORBIDDEN, MISDIRECTED, Refused, explain, status_of, unauthorised

log = logging.getLogger(__name__)

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

IS_KNOWN: Final = "trii.is_known"  # in a WebSocket's scope: its token came with the opening request
_NAMES: Final = ("127.0.0.1", "localhost")


class Gate:
    """Stands before ``app``. ``port`` is where it is reached; a Host of another name or port is a rebound DNS name.

    A page in a browser is refused by its Origin, whatever it knows. A WebSocket without an Authorization header comes in
    unknown: its first message must carry the token.
    """

    def __init__(self, app: AsgiApp, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._hosts = {f"{name}:{port}" for name in _NAMES} | (set(_NAMES) if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may come in, answer the rest."""
        try:
            is_known = self._check(scope)
        except Refused as refused:
            log.warning("A request to the API was refused: %s", refused.message)
            await _refuse(refused, scope, send)
            return
        scope[IS_KNOWN] = is_known
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> bool:
        hosts = _values(scope["headers"], b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            hint = f"Ask http://{min(self._hosts)} by this very address."
            raise Refused(MISDIRECTED, "The Host header does not name this API.", hint=hint, code="api.host")
        if _values(scope["headers"], b"origin"):
            raise Refused(FORBIDDEN, "Web pages may not use this API.", hint="Ask from a script.", code="api.origin")
        said = _values(scope["headers"], b"authorization")
        if len(said) == 1 and is_bearer(said[0], self._token):
            return True
        if scope["type"] == "websocket" and not said:
            return False
        raise unauthorised()


def _values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key.lower() == name]


async def _refuse(refused: Refused, scope: Scope, send: Send) -> None:
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    body = msgspec.json.encode(explain(refused))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status_of(refused) == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": f"{kind}.start", "status": refused.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
