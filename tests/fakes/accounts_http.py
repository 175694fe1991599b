"""Accounts behind HTTP in this process: the real router, asked as a client asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import httpx
from litestar import Litestar, Request, Response
from litestar.datastructures import State

from sync_server.accounts.routes import accounts_router
from sync_server.errors import Refused
from tests.fakes.accounts_house import HOME, House


def tell(request: Request, refused: Refused) -> Response:
    """A refusal as problem+json, as the edge tells it."""
    headers = {"Retry-After": str(-(-refused.after_ms // 1000))} if refused.after_ms else {}
    body = {"type": f"/problems/{refused.code}", "title": refused.why, "status": refused.status, "code": refused.code}
    body |= {"detail": refused.why, "hint": refused.hint, "retry_after_ms": refused.after_ms}
    return Response(body, status_code=refused.status, headers=headers, media_type="application/problem+json")


@asynccontextmanager
async def accounts_client(house: House, address: str = HOME) -> AsyncIterator[httpx.AsyncClient]:
    """A client at ``address`` of an application that has nothing but accounts."""
    state = State({"server": SimpleNamespace(accounts=house.accounts)})
    app = Litestar([accounts_router()], state=state, exception_handlers={Refused: tell}, logging_config=None)
    transport = httpx.ASGITransport(app, client=(address, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="https://trii.test") as client:
        yield client


def bearer(access: str) -> dict[str, str]:
    """The header that shows an access token or a key."""
    return {"Authorization": f"Bearer {access}"}
