"""The bridge benchmark's window, a fresh process a run: six charts that repaint, and keys that must be answered.

Usage: python -m tests.benchmarks._bridge_window CANDIDATE FEED_PORT BUSY_SHARE; prints one JSON object.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

import numpy as np
import qasync
from PySide6.QtCore import QEvent, QSocketNotifier, Qt
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from backend.bus import Bus
from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import CENT, Instrument, InstrumentId
from backend.engine import EngineThread
from backend.events import BarsChanged
from backend.market.bar_snapshot import BarSnapshot
from backend.right_of_way import RightOfWay
from backend.telemetry.metrics import Histogram, Metrics
from tests.benchmarks._bridge_engine import EngineRun, LiveSource, SharedColumns, Told, engine_process, make_history
from tests.benchmarks._bridge_feed import KEYS, N_INSTRUMENTS, STAMP
from trii_desktop.bridge import Bridge
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.colors import DARK
from trii_desktop.frame import FrameClock
from trii_desktop.theme import load_fonts

WIDTH, HEIGHT = 1600, 900
WARM_UP_S = 2.0
MINUTES = BarSpec.parse("1m")
INSTRUMENTS = [Instrument(InstrumentId(f"WALK{i}", "XNAS"), f"Walk {i}", price_steps=CENT) for i in range(N_INSTRUMENTS)]
N_PIXELS_MIN = 300


class Window(QWidget):
    """Six charts, and a key handler that pans the first one and writes down how long the key took to arrive."""

    def __init__(self, frames: FrameClock, sources: list) -> None:
        super().__init__()
        self.frames = frames
        self.key_ms = Histogram()
        self.frame_gap_ms = Histogram()
        self._stamp_ns = 0
        self._frame_ns = 0
        self.charts = [ChartView(DARK, request_frame=frames.request) for _ in sources]
        grid = QGridLayout(self)
        for i, (chart, source) in enumerate(zip(self.charts, sources, strict=True)):
            grid.addWidget(chart, i // 3, i % 3)
            chart.show_series(source, INSTRUMENTS[i], MINUTES)
            frames.listen(chart.refresh, is_visible=chart.isVisible)
        frames.listen(self._note_frame)
        self.resize(WIDTH, HEIGHT)

    def press(self, stamp_ns: int) -> None:
        """Deliver a key that was pressed at ``stamp_ns``, the way the platform does."""
        self._stamp_ns = stamp_ns
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(self, QKeyEvent(kind, Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer the key as a person would see it: the crosshair's chart is asked to repaint."""
        self.key_ms.record((time.monotonic_ns() - self._stamp_ns) / 1e6)
        self.charts[0].update()
        event.accept()

    def start_measuring(self) -> None:
        """Forget what warming up took."""
        self.key_ms, self.frame_gap_ms = Histogram(), Histogram()
        self.frames._frame_times_ms = Histogram()
        self._frame_ns = 0

    def read(self) -> dict[str, float]:
        """Milliseconds of frames, of gaps between them and of keys."""
        frame, gap, key = self.frames._frame_times_ms.read(), self.frame_gap_ms.read(), self.key_ms.read()
        return {
            "n_frames": frame.n,
            "frame_ms_p50": frame.p50,
            "frame_ms_p95": frame.p95,
            "frame_ms_p99": frame.p99,
            "frame_ms_max": frame.max,
            "gap_ms_p99": gap.p99,
            "n_keys": key.n,
            "key_ms_p50": key.p50,
            "key_ms_p99": key.p99,
            "key_ms_max": key.max,
        }

    def check_pixels(self) -> None:
        """Refuse a run in which a chart was not drawn."""
        for i, chart in enumerate(self.charts):
            picture = chart.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
            pixels = np.frombuffer(picture.constBits(), np.uint32).reshape(picture.height(), picture.width())
            n_drawn = int((pixels != pixels[2, 2]).sum())
            assert n_drawn > N_PIXELS_MIN, f"Chart {i} drew {n_drawn} pixels."

    def _note_frame(self) -> None:
        now_ns = time.perf_counter_ns()
        if self._frame_ns:
            self.frame_gap_ms.record((now_ns - self._frame_ns) / 1e6)
        self._frame_ns = now_ns


class Keyboard:
    """Key presses that come over a socket, as they come from a display server."""

    def __init__(self, port: int, window: Window) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(KEYS)
        self._socket.setblocking(False)
        self._window = window
        self._notifier = QSocketNotifier(self._socket.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._read)

    def _read(self) -> None:
        sent = self._socket.recv(4096)
        for stamp_ns in (s for (s,) in STAMP.iter_unpack(sent)):
            self._window.press(stamp_ns)
        if not sent:
            self.close()

    def close(self) -> None:
        """Stop listening."""
        self._notifier.setEnabled(False)
        self._socket.close()


@dataclass(frozen=True)
class Run:
    """One run's parts: sources for the charts, and a future with what the engine measured."""

    frames: FrameClock
    sources: list
    result: asyncio.Future


# --- a: one loop for all -----------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def one_loop(port: int, busy: float) -> AsyncIterator[Run]:
    """The feed is read on the window's own loop, which qasync drives."""
    frames = FrameClock(Metrics())
    sources = [LiveSource(i) for i in range(N_INSTRUMENTS)]
    engine = EngineRun(sources, port=port, busy_share=busy, tell=frames.request)
    yield Run(frames, sources, asyncio.ensure_future(engine.run()))


# --- b: an engine thread -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Engine:
    """The least backend a bridge can carry."""

    bus: Bus
    run: EngineRun


def thread(port: int, busy: float) -> contextlib.AbstractAsyncContextManager[Run]:
    """The feed is read on the engine thread; the bridge tells the window once a frame."""
    return open_thread(port, busy, None)


def polite(port: int, busy: float) -> contextlib.AbstractAsyncContextManager[Run]:
    """The same, with an engine that waits while a frame is painted."""
    return open_thread(port, busy, RightOfWay())


@contextlib.asynccontextmanager
async def open_thread(port: int, busy: float, way: RightOfWay | None) -> AsyncIterator[Run]:
    """Candidate b with or without the right of way."""
    sources = [LiveSource(i) for i in range(N_INSTRUMENTS)]

    @contextlib.asynccontextmanager
    async def opener() -> AsyncIterator[Engine]:
        bus = Bus()

        def tell() -> None:
            for source, instrument in zip(sources, INSTRUMENTS, strict=True):
                bus.publish(BarsChanged(Series(instrument.id, MINUTES), 0, source.version))

        yield Engine(bus, EngineRun(sources, port=port, busy_share=busy, tell=tell, way=way))

    engine = EngineThread(opener)
    engine.start()
    frames = FrameClock(Metrics(), way=way)
    bridge = Bridge(engine, frames)
    opened = await bridge.open()
    try:
        yield Run(frames, sources, asyncio.ensure_future(bridge.call(opened.run.run())))
    finally:
        bridge.close()
        await asyncio.to_thread(engine.stop)


# --- c: an engine process ----------------------------------------------------------------------------------------------


class SharedSource:
    """A chart's source whose bars another process writes."""

    def __init__(self, columns: SharedColumns) -> None:
        self._columns = columns

    @property
    def version(self) -> int:
        """Grows with every write."""
        return self._columns.version

    def snapshot(self) -> BarSnapshot:
        """A copy of the bars as they are now."""
        version, bars = self._columns.read()
        return BarSnapshot(version, bars, BarArrays.empty(), has_volume=True, lineage=version)


@contextlib.asynccontextmanager
async def process(port: int, busy: float) -> AsyncIterator[Run]:
    """The feed is read in a child process that writes into shared memory and wakes the window by a byte."""
    frames = FrameClock(Metrics())
    memory = SharedMemory(create=True, size=N_INSTRUMENTS * SharedColumns.N_BYTES + 8)
    columns = [SharedColumns(memory, i) for i in range(N_INSTRUMENTS)]
    for i, column in enumerate(columns):
        column.start(make_history(i))
    told = Told(memory)
    with socket.create_server(("127.0.0.1", 0)) as server:
        child = multiprocessing.get_context("spawn").Process(
            target=engine_process, args=(port, memory.name, server.getsockname()[1], busy)
        )
        child.start()
        connection, _ = await asyncio.to_thread(server.accept)
    result: asyncio.Future = asyncio.get_running_loop().create_future()
    said = bytearray()

    def hear() -> None:
        heard = connection.recv(65536)
        told.clear()
        frames.request()
        said.extend(heard)
        if b"{" in said and said.endswith(b"\n") and not result.done():
            result.set_result(json.loads(bytes(said).partition(b"\n")[2]))
            notifier.setEnabled(False)

    connection.setblocking(False)
    notifier = QSocketNotifier(connection.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(hear)
    try:
        yield Run(frames, [SharedSource(column) for column in columns], result)
    finally:
        notifier.setEnabled(False)
        connection.close()
        await asyncio.to_thread(child.join)
        for part in (*columns, told):
            part.close()
        memory.close()
        memory.unlink()


CANDIDATES = {"one_loop": one_loop, "thread": thread, "polite": polite, "process": process}


async def measure(candidate: str, port: int, busy: float) -> dict[str, object]:
    """One run from the feed's first tick to its last."""
    async with CANDIDATES[candidate](port, busy) as run:
        window = Window(run.frames, run.sources)
        window.show()
        keyboard = Keyboard(port, window)
        await asyncio.sleep(WARM_UP_S)
        window.start_measuring()
        cpu_s, began_s = time.process_time(), time.perf_counter()
        measured = await run.result
        answer = {
            "seconds": time.perf_counter() - began_s,
            **measured,
            **window.read(),
            "cpu_s": time.process_time() - cpu_s + float(measured.get("cpu_s", 0.0)),
        }
        await asyncio.sleep(0.1)
        window.check_pixels()
        keyboard.close()
        window.close()
    return answer


def main() -> None:
    """Measure one candidate."""
    app = QApplication(["bench"])
    app.setQuitOnLastWindowClosed(False)  # the engine is stopped after the window is gone
    load_fonts()
    with qasync.QEventLoop(app) as loop:
        print(json.dumps(loop.run_until_complete(measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))))


if __name__ == "__main__":
    main()
