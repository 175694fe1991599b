"""Waiting for a condition with a deadline, where no signal or event can be awaited."""

import asyncio
import threading
import time
from collections.abc import Callable

STEP_S = 0.005


def wait_until(condition: Callable[[], object], timeout_s: float = 10.0, *, what: str = "") -> None:
    """Return once ``condition()`` is true; raise TimeoutError that names it past the deadline."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what or condition} did not become true within {timeout_s} s.")
        pause.wait(STEP_S)


async def until(condition: Callable[[], object], timeout_s: float = 10.0, *, what: str = "") -> None:
    """Like wait_until, letting the running loop go on meanwhile."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what or condition} did not become true within {timeout_s} s.")
        await asyncio.sleep(STEP_S)
