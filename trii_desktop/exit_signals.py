"""Closes the window in order when the system asks the process to end: Ctrl-C, a logout, a service that stops."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Final

NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # each system has some of them


@asynccontextmanager
async def on_exit_signals(act: Callable[[], None]) -> AsyncIterator[None]:
    """Call ``act`` on the running loop, that of the main thread, when the process is asked to end while the block runs."""
    loop = asyncio.get_running_loop()
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}

    def ask(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)

    for number in numbers:
        if sys.platform == "win32":
            signal.signal(number, ask)
        else:  # wakes the loop also while it sleeps in Qt
            loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number, handler in before.items():
            if sys.platform != "win32":
                loop.remove_signal_handler(number)
            signal.signal(number, handler)
