"""The engine thread: opening, calls, closing with a deadline."""

import asyncio
import contextlib
import sys
import threading
import time

import pytest

from backend.engine import THREAD_NAME, EngineThread
from backend.errors import CorruptData, Unavailable


class _Opened:
    """A backend that writes down what happened to it."""

    def __init__(self) -> None:
        self.said: list[str] = []

    @contextlib.asynccontextmanager
    async def open(self):
        self.said.append(f"opened on {threading.current_thread().name}")
        yield self
        await asyncio.sleep(0)
        self.said.append("closed")


def test_the_backend_opens_and_closes_on_the_engines_thread():
    backend = _Opened()
    engine = EngineThread(backend.open)
    engine.start()
    assert engine.opened.result(5) is backend
    assert engine.is_running
    assert sys.getswitchinterval() == pytest.approx(0.001)
    assert engine.stop(5)
    assert backend.said == [f"opened on {THREAD_NAME}", "closed"]
    assert engine.ended.done()
    assert not engine.is_running


def test_submitted_work_runs_on_the_engine_and_its_errors_come_back():
    engine = EngineThread(_Opened().open)
    engine.start()

    async def where() -> str:
        return threading.current_thread().name

    async def fail() -> None:
        raise CorruptData("Row 3 is torn.")

    assert engine.submit(where()).result(5) == THREAD_NAME
    with pytest.raises(CorruptData, match="Row 3"):
        engine.submit(fail()).result(5)
    assert engine.stop(5)
    with pytest.raises(Unavailable, match="not running"):
        engine.submit(where())


def test_what_fails_while_opening_is_told_by_the_opened_future():
    @contextlib.asynccontextmanager
    async def broken():
        raise CorruptData("The ledger is damaged.")
        yield

    engine = EngineThread(broken)
    engine.start()
    with pytest.raises(CorruptData, match="damaged"):
        engine.opened.result(5)
    assert engine.stop(5)


def test_stopping_while_the_backend_opens_cancels_the_opening():
    cleaned = threading.Event()

    @contextlib.asynccontextmanager
    async def slow():
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()
        yield

    engine = EngineThread(slow)
    engine.start()
    assert engine.stop(5)
    assert cleaned.is_set()
    with pytest.raises(Unavailable, match="stopped while it opened"):
        engine.opened.result(5)


def test_stopping_cancels_what_still_runs():
    engine = EngineThread(_Opened().open)
    engine.start()
    begun, cancelled = threading.Event(), threading.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    future = engine.submit(endless())
    assert begun.wait(5)
    assert engine.stop(5)
    assert cancelled.is_set()
    assert future.cancelled()


def test_an_engine_that_does_not_end_in_time_is_named_with_its_tasks(caplog):
    release = threading.Event()

    @contextlib.asynccontextmanager
    async def stubborn():
        yield "backend"
        await asyncio.to_thread(release.wait)

    engine = EngineThread(stubborn)
    engine.start()
    engine.opened.result(5)
    assert not engine.stop(0.05)
    assert "did not end within 0.05 s" in caplog.text
    release.set()
    engine.ended.result(5)
    assert engine.stop(5)


def test_an_engine_that_was_never_started_stops_at_once():
    assert EngineThread(_Opened().open).stop(5)


@pytest.mark.logs("Executing .* took")
def test_debug_builds_log_callbacks_that_hold_the_loop():
    engine = EngineThread(_Opened().open, is_debug=True)
    engine.start()

    async def hold() -> None:
        until = time.monotonic() + 0.08
        while time.monotonic() < until:
            sum(range(1000))

    engine.submit(hold()).result(5)
    assert engine.stop(5)
