"""Coroutines of UI tests run on a qasync loop, as they do in the window."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import qasync
from PySide6.QtWidgets import QApplication

T = TypeVar("T")


def run_on_qt(coro: Coroutine[Any, Any, T], timeout_s: float = 20.0) -> T:
    """Run ``coro`` to its end on the Qt event loop; TimeoutError past the deadline."""
    loop = qasync.QEventLoop(QApplication.instance())
    try:
        return loop.run_until_complete(asyncio.wait_for(coro, timeout_s))
    finally:
        loop.close()
