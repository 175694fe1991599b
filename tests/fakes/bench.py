"""A window that holds nothing but what a test puts in it: a real engine thread with a bus, real frames and tasks, and no home."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import msgspec

from backend.bus import Bus
from backend.clock import SystemClock
from backend.engine import EngineThread
from backend.settings import Settings
from backend.tasks import TaskOwner
from backend.telemetry.metrics import Metrics
from tests.fakes.window import shown
from trii_desktop.app import make_application
from trii_desktop.bridge import Bridge
from trii_desktop.desk import Desk
from trii_desktop.frame import FrameClock
from trii_desktop.look import Look
from trii_desktop.main_window import MainWindow
from trii_desktop.notifications import Notices
from trii_desktop.theme import dress
from trii_desktop.undo import UndoStack


@asynccontextmanager
async def open_bench(width_px: int, height_px: int, theme: str = "dark") -> AsyncIterator[tuple[MainWindow, Desk]]:
    """The window, shown and active, and the desk of what stands in it."""
    app = make_application()
    dress(app)
    look = Look(app)
    look.wear(msgspec.structs.replace(Settings().appearance, theme=theme))
    engine = EngineThread(_open_backend)
    engine.start()
    window = MainWindow(look)
    frames = FrameClock(Metrics(), parent=window)
    bridge = Bridge(engine, frames)
    notices = Notices(SystemClock())
    try:
        backend = await bridge.open()
        async with TaskOwner("bench", notices.add) as tasks:
            window.resize(width_px, height_px)
            window.show()
            window.activateWindow()
            await shown(window.isActiveWindow, "the active window")
            yield window, Desk(backend, bridge, None, frames, tasks, look, notices, UndoStack(), None)
    finally:
        bridge.close()
        engine.stop()
        window.may_close = True
        window.close()
        window.deleteLater()


@asynccontextmanager
async def _open_backend():
    settings = SimpleNamespace(current=Settings())
    yield SimpleNamespace(bus=Bus(), clock=SystemClock(), settings=settings)
