"""Ends a process in order when the system asks: Ctrl-C, a logout, a service that stops."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Final

EXIT_SIGNALS: Final = tuple(  # each system has some of them
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)


@contextlib.contextmanager
def on_signals(act: Callable[[], object], *numbers: signal.Signals) -> Iterator[None]:
    """Call ``act`` on the running loop, that of the main thread, when one of the signals comes while the block runs."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(act))
        else:  # wakes the loop also while it sleeps in Qt
            loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number, handler in before.items():
            if sys.platform != "win32":
                loop.remove_signal_handler(number)
            signal.signal(number, handler)
