"""The live benchmark's two sides: the program's engine thread and bridge, and everything on one qasync loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from backend.app import Backend, open_backend
from backend.clock import SystemClock
from backend.engine import EngineThread
from backend.right_of_way import RightOfWay
from backend.storage.paths import Home
from backend.tasks import TaskOwner
from backend.telemetry.metrics import Metrics
from trii_desktop.bridge import Bridge
from trii_desktop.collector import Collector
from trii_desktop.desk import Desk
from trii_desktop.engine_side import EngineSide
from trii_desktop.frame import FrameClock
from trii_desktop.look import Look
from trii_desktop.notifications import Notices
from trii_desktop.sight.freshness import Sight
from trii_desktop.undo import UndoStack


class NoBridge:
    """What stands for the bridge where there is nothing to cross: calls run on the loop they are made on."""

    async def call(self, work: Awaitable[Any] | Callable[[], Awaitable[Any]]) -> Any:
        """Await ``work``."""
        return await (work() if callable(work) else work)


@dataclass(frozen=True)
class Side:
    """What a window stands on; ``way`` is the one that ticks wait for."""

    desk: Desk
    way: RightOfWay
    collector: Collector


@contextlib.asynccontextmanager
async def engine_thread(home: Home, look: Look) -> AsyncIterator[Side]:
    """As the program is composed."""
    engine: EngineThread[Backend] = EngineThread(partial(open_backend, home))
    engine.start()
    frames = FrameClock(Metrics())
    bridge: Bridge[Backend] = Bridge(engine, frames)
    try:
        backend = await bridge.open()
        frames.way = backend.way
        async with _desk(backend, bridge, frames, look) as side:
            yield side
    finally:
        bridge.close()
        await asyncio.to_thread(engine.stop)


@contextlib.asynccontextmanager
async def one_loop(home: Home, look: Look) -> AsyncIterator[Side]:
    """The backend opened on the window's own loop, which qasync drives; ticks wait for no frame, as they share the thread."""
    async with open_backend(home) as backend, _desk(backend, NoBridge(), FrameClock(Metrics()), look) as side:
        yield side


@contextlib.asynccontextmanager
async def _desk(backend: Backend, bridge: Any, frames: FrameClock, look: Look) -> AsyncIterator[Side]:
    notices = Notices(SystemClock())
    with Collector(Metrics()) as collector:
        async with TaskOwner("window", notices.add) as tasks:
            sight = Sight(backend.live, backend.clock.now_ns, lambda _: True)  # the walks never close
            desk = Desk(backend, bridge, EngineSide(backend), frames, tasks, look, notices, UndoStack(), sight)
            yield Side(desk, backend.way, collector)


SIDES = {"thread": engine_thread, "one_loop": one_loop}
