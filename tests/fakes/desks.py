"""Desktops at a real sync server, and waiting until they show what they should."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

from backend.errors import NotFound
from backend.storage.paths import Home
from backend.sync.server import Standing
from tests.fakes.chatting import Desk, open_desk
from tests.fakes.sync_server import PASSWORD, Served, served
from tests.fakes.waiting import STEP_S, until

T = TypeVar("T")


def standing(desk: Desk) -> Standing:
    """How a desktop stands with its only server."""
    return desk.team.servers()[0].standing


def user_of(desk: Desk) -> str:
    """Who the person of a desktop is on its only server."""
    return desk.team.servers()[0].user


async def join(desk: Desk, server: Served, name: str) -> str:
    """Join by an invitation and wait until messages flow; the server's local id."""
    signed = await desk.team.join(await server.link(), f"{name.lower()}@example.com", name, PASSWORD)
    await until(lambda: standing(desk) is Standing.LIVE, what=f"{name} is live")
    return signed.server.id


async def texts(desk: Desk, room: str) -> list[str]:
    """What a room's timeline says."""
    return [message.text for message in (await desk.chat.page(room)).messages]


async def eventually(question: Callable[[], Awaitable[T]], answer: T, timeout_s: float = 15.0) -> T:
    """Ask until the answer is this one."""
    found: object = "nothing yet"
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    if (found := await question()) == answer:
                        return answer
                except NotFound as error:
                    found = error
                await asyncio.sleep(STEP_S)
    except TimeoutError:
        raise AssertionError(f"{found!r} did not become {answer!r}.") from None


@asynccontextmanager
async def two_desks(folder: Path, **config: object) -> AsyncIterator[tuple[Served, Desk, Desk]]:
    """A server and two desktops that have not joined it."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(served(folder, **config))
        ann = await stack.enter_async_context(open_desk(Home(folder / "ann")))
        bob = await stack.enter_async_context(open_desk(Home(folder / "bob")))
        yield server, ann, bob
