"""The bridge: calls into a real engine thread and events out of it, once a frame."""

import asyncio
import contextlib
import threading
from dataclasses import dataclass

import numpy as np
import pytest

from backend.bus import Bus
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.engine import THREAD_NAME, EngineThread
from backend.errors import NotFound, Unavailable
from backend.events import BarsChanged, Notice, SettingsChanged, WindowRequested
from backend.telemetry.metrics import Metrics
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.waiting import until
from trii_desktop.bridge import Bridge
from trii_desktop.frame import FrameClock

AAPL = Series(InstrumentId("AAPL", "XNAS"), BarSpec.parse("1m"))


@dataclass(frozen=True)
class _Backend:
    bus: Bus

    async def where(self) -> str:
        return threading.current_thread().name

    async def publish_all(self, events: tuple) -> int:
        for event in events:
            self.bus.publish(event)
        return len(events)

    async def fail(self) -> None:
        raise NotFound("AAPL.XNYS is not in the catalog.", hint="Did you mean AAPL.XNAS?")

    async def echo(self, value: object) -> object:
        return value

    async def make_list(self) -> list:
        return [1]


@contextlib.asynccontextmanager
async def _open_backend():
    yield _Backend(Bus())


@pytest.fixture
def engine():
    engine = EngineThread(_open_backend)
    engine.start()
    yield engine
    assert engine.stop(10)


@pytest.fixture
def frames(qtbot):
    return FrameClock(Metrics())


@pytest.fixture
def bridge(engine, frames):
    bridge = Bridge(engine, frames, is_debug=True)
    yield bridge
    bridge.close()


def test_calls_run_on_the_engine_and_return_to_the_ui_thread(bridge):
    async def ask():
        backend = await bridge.open()
        where = await bridge.call(backend.where())
        from_factory = await bridge.call(backend.where)
        return where, from_factory, threading.current_thread() is threading.main_thread()

    assert run_on_qt(ask()) == (THREAD_NAME, THREAD_NAME, True)


def test_errors_of_the_engine_come_back_with_their_hint(bridge):
    async def ask():
        backend = await bridge.open()
        with pytest.raises(NotFound) as caught:
            await bridge.call(backend.fail())
        return caught.value.hint

    assert run_on_qt(ask()) == "Did you mean AAPL.XNAS?"


def test_many_calls_at_once_each_get_their_own_answer(bridge):
    async def ask():
        backend = await bridge.open()
        return await asyncio.gather(*(bridge.call(backend.echo(i)) for i in range(200)))

    assert run_on_qt(ask()) == list(range(200))


def test_cancelling_the_caller_cancels_the_engines_task_and_waits_for_its_clean_up(bridge):
    begun, cleaned = threading.Event(), threading.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.set()

    async def ask():
        await bridge.open()
        call = asyncio.ensure_future(bridge.call(endless()))
        await until(begun.is_set)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        return cleaned.is_set()

    assert run_on_qt(ask())


def test_calls_in_flight_fail_when_the_engine_stops(bridge, engine):
    begun = threading.Event()

    async def endless() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def ask():
        backend = await bridge.open()
        call = asyncio.ensure_future(bridge.call(endless()))
        await until(begun.is_set)
        stopping = asyncio.ensure_future(asyncio.to_thread(engine.stop, 10))
        with pytest.raises(Unavailable, match="engine has stopped"):
            await call
        await stopping
        with pytest.raises(Unavailable, match="engine has stopped"):
            await bridge.call(backend.where())

    run_on_qt(ask())
    assert not engine.is_running


def test_an_engine_that_cannot_open_tells_the_ui_why(qtbot, frames):
    @contextlib.asynccontextmanager
    async def broken():
        raise Unavailable("The disk is full.")
        yield

    engine = EngineThread(broken)
    engine.start()
    bridge = Bridge(engine, frames)
    with pytest.raises(Unavailable, match="disk is full"):
        run_on_qt(bridge.open())
    bridge.close()
    assert engine.stop(5)


def test_events_reach_ui_handlers_on_the_ui_thread_in_order(bridge):
    heard = []

    async def ask():
        bridge.subscribe(WindowRequested, lambda e: heard.append((e.what, threading.current_thread().name)))
        backend = await bridge.open()
        await bridge.call(backend.publish_all(tuple(WindowRequested(str(i)) for i in range(100))))
        await until(lambda: len(heard) == 100)

    run_on_qt(ask())
    assert heard == [(str(i), "MainThread") for i in range(100)]


def test_a_flood_of_conflatable_events_reaches_the_ui_merged_once_a_frame(bridge, frames):
    heard = []

    async def ask():
        bridge.subscribe(BarsChanged, heard.append)
        backend = await bridge.open()
        n_before = frames.n_frames
        await bridge.call(backend.publish_all(tuple(BarsChanged(AAPL, 1000 - i, i) for i in range(1000))))
        await until(lambda: heard and heard[-1].version == 999)
        return frames.n_frames - n_before

    n_frames = run_on_qt(ask())
    assert min(event.from_ns for event in heard) == 1
    assert len(heard) <= n_frames + 1 < 100


def test_a_drain_gives_the_frame_back_when_its_time_is_up(bridge, frames):
    frames_of = []

    def slow(_event) -> None:
        frames_of.append(frames.n_frames)
        threading.Event().wait(0.006)

    async def ask():
        bridge.subscribe(WindowRequested, slow)
        backend = await bridge.open()
        await bridge.call(backend.publish_all(tuple(WindowRequested(str(i)) for i in range(5))))
        await until(lambda: len(frames_of) == 5)

    run_on_qt(ask())
    assert len(set(frames_of)) == 5


@pytest.mark.logs("A handler failed on settings.changed.v1")
def test_a_ui_handler_that_fails_becomes_a_notice_and_the_others_go_on(bridge):
    heard, notices = [], []

    def fail(_event) -> None:
        raise ZeroDivisionError("a broken panel")

    async def ask():
        bridge.subscribe(SettingsChanged, fail)
        bridge.subscribe(SettingsChanged, heard.append)
        bridge.subscribe(Notice, notices.append)
        backend = await bridge.open()
        await bridge.call(backend.publish_all((SettingsChanged("chart"),)))
        await until(lambda: heard and notices)

    run_on_qt(ask())
    assert notices[0].text == "ZeroDivisionError: a broken panel"


def test_debug_builds_refuse_live_arguments_and_results(bridge):
    async def ask():
        backend = await bridge.open()
        with pytest.raises(TypeError, match=r"echo\(value\) is a live list"):
            await bridge.call(backend.echo([1]))
        with pytest.raises(TypeError, match=r"result of .*make_list is a live list"):
            await bridge.call(backend.make_list())
        writable = np.zeros(3)
        with pytest.raises(TypeError, match="array that can be written to"):
            await bridge.call(backend.echo((1, writable)))
        writable.flags.writeable = False
        assert await bridge.call(backend.echo((1, writable))) == (1, writable)

    run_on_qt(ask())


def test_a_closed_bridge_hears_nothing_more(bridge, frames):
    heard = []

    async def ask():
        bridge.subscribe(WindowRequested, heard.append)
        backend = await bridge.open()
        bridge.close()
        await bridge.call(backend.publish_all((WindowRequested("late"),)))

    run_on_qt(ask())
    assert frames.is_idle
    assert heard == []
