"""Who makes an HTTP request: the actor behind its bearer token, its address, and the key by which it may be repeated."""

import re
from typing import Any, Final, Protocol, cast

from litestar import Request

from sync_server.accounts.accounts import Accounts
from sync_server.accounts.limits import USERS
from sync_server.accounts.replies import Once
from sync_server.actor import Actor
from sync_server.errors import Refused
from sync_server.protocol.codes import Code

_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")


def accounts_of(request: Request[Any, Any, Any]) -> Accounts:
    """The accounts of the server that serves this request: ``app.state.server.accounts``."""
    return cast("Accounts", request.app.state.server.accounts)


class Cursors(Protocol):
    """Opaque signed cursors of lists, each good for one list of one person; the edge makes them."""

    def sign(self, actor: Actor, what: str, place: str) -> str:
        """The cursor that stands for ``place``; an empty place has none."""
        ...

    def read(self, actor: Actor, what: str, cursor: str) -> str:
        """The place of a cursor, empty for none. Raises Refused (400) for any other text."""
        ...


def cursors_of(request: Request[Any, Any, Any]) -> Cursors:
    """The cursors of the server that serves this request: ``app.state.server.pages``."""
    return cast("Cursors", request.app.state.server.pages)


def address_of(request: Request[Any, Any, Any]) -> str:
    """Where the request comes from, as the connection tells; headers that anybody can write are not asked."""
    return request.client.host if request.client else ""


def token_of(authorization: str) -> str:
    """The token of an ``Authorization`` header. Raises Refused (401) where there is none."""
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(Code.NOT_SIGNED_IN, "Sign in first.", status=401, hint="Send the access token: Authorization: Bearer ….")
    return token.strip()


async def provide_actor(request: Request[Any, Any, Any]) -> Actor:
    """The actor of a request, for Litestar's ``Provide``. Raises Refused (401)."""
    # Looked up among the raw headers: to sort all of them first would cost more than to know the token.
    said = next((value for name, value in request.scope["headers"] if name == b"authorization"), b"")
    token = token_of(said.decode("latin-1"))
    return await accounts_of(request).verify(token, address_of(request))


async def provide_limited_actor(request: Request[Any, Any, Any]) -> Actor:
    """:func:`provide_actor`, counted: a hundred requests a minute for one person. Raises Refused (401, 429)."""
    actor = await provide_actor(request)
    accounts_of(request).means.check_rate(actor.user, USERS)
    return actor


async def once_of(request: Request[Any, Any, Any], whose: str) -> Once | None:
    """The request's ``Idempotency-Key`` for one person and address, None without one. Raises Refused (400) for a malformed one."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Refused(Code.BAD_BODY, "An Idempotency-Key has 1 to 128 printable ASCII characters without spaces.")
    body = (await request.body()).decode("utf-8", "replace")
    return Once.of(f"{whose} {request.url.path.rpartition('/')[2]}", key, request.url.path, body)
