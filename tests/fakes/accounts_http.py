"""Accounts behind HTTP in this process: the real router, asked as a client asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import httpx
from litestar import Litestar
from litestar.datastructures import State

from sync_server.accounts.routes import accounts_router
from sync_server.edge.paging import Pages
from sync_server.edge.problem import answer_problem
from tests.fakes.accounts_house import HOME, House


@asynccontextmanager
async def accounts_client(house: House, address: str = HOME) -> AsyncIterator[httpx.AsyncClient]:
    """A client at ``address`` of an application that has nothing but accounts."""
    state = State({"server": SimpleNamespace(accounts=house.accounts, pages=Pages(house.keys.derive("pages")))})
    app = Litestar([accounts_router()], state=state, exception_handlers={Exception: answer_problem}, logging_config=None)
    transport = httpx.ASGITransport(app, client=(address, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="https://trii.test") as client:
        yield client


def bearer(access: str) -> dict[str, str]:
    """The header that shows an access token or a key."""
    return {"Authorization": f"Bearer {access}"}
