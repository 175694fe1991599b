"""The live benchmark's window, a fresh process a run: six chart panels with indicators, and a hand that must be answered.

Usage: python -m tests.benchmarks._live_window SIDE PORT SETUP (JSON of `Setup`); prints one JSON object. A paint counts when
the window has painted all that was asked of it and handed it to the screen. What is asserted is what is shown: every bar and
every indicator value at the end. Times never are.
"""

import asyncio
import contextlib
import json
import os
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
os.environ.setdefault("TRII_KEYRING", "off")

import msgspec
import numpy as np
import qasync
from PySide6.QtCore import QEvent, QPoint, QPointF, QSocketNotifier, Qt
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from backend.domain.bars import MINUTE_NS
from backend.indicators.registry import spec_of
from backend.storage.paths import Home
from tests.benchmarks._live_checks import check_shown, check_stored
from tests.benchmarks._live_feed import LiveRun, fill
from tests.benchmarks._live_market import N_INSTRUMENTS, STUDIES, Setup, chart_state
from tests.benchmarks._live_sides import SIDES, Side
from tests.benchmarks._live_world import HAND, STAMP
from tests.fakes.waiting import until
from trii_desktop.frame import FrameClock
from trii_desktop.look import Look
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.theme import load_fonts

WIDTH, HEIGHT = 1600, 900
N_PIXELS_MIN = 1_000
N_LINES = sum(len(spec_of(study.indicator).outputs) for study in STUDIES)


class FrameLog:
    """Stands in the place of the frame clock's histogram: when each frame ended, what it took, and its processor time, ms."""

    def __init__(self, frames: FrameClock) -> None:
        self.rows: list[tuple[int, float]] = []
        self.cpu: list[tuple[int, float]] = []
        self._began_ns = 0
        frames._frame_times_ms = self
        frames.listen(self._begin, before_others=True)

    def _begin(self) -> None:
        self._began_ns = time.thread_time_ns()

    def record(self, value: float) -> None:
        """A frame took ``value`` ms."""
        now_ns = time.monotonic_ns()
        self.rows.append((now_ns, value))
        self.cpu.append((now_ns, (time.thread_time_ns() - self._began_ns) / 1e6))


class LiveWindow(QWidget):
    """Six charts; knows when what they show was painted, and answers the hand.

    paints : when a paint ended, how long it took (ms)
    shown[i] : (version of the bars, when they were first painted) of each chart
    answered : when an input was due, when it was handled, when it was painted
    """

    def __init__(self, side: Side) -> None:
        super().__init__()
        self._way = side.desk.frames.way
        self.paints: list[tuple[int, float]] = []
        self.shown: list[list[tuple[int, int]]] = [[] for _ in range(N_INSTRUMENTS)]
        self.answered: list[tuple[int, int, int]] = []
        self._handled: list[tuple[int, int]] = []
        self.panels = [ChartPanel(side.desk) for _ in range(N_INSTRUMENTS)]
        grid = QGridLayout(self)
        for i, panel in enumerate(self.panels):
            grid.addWidget(panel, i // 3, i % 3)
        self.resize(WIDTH, HEIGHT)

    def event(self, event: QEvent) -> bool:
        """Time the paints of the whole window."""
        if event.type() is not QEvent.Type.UpdateRequest:
            return super().event(event)
        began_ns = time.monotonic_ns()
        with self._way.taken():  # as the main window does
            answer = super().event(event)
        now_ns = time.monotonic_ns()
        self.paints.append((now_ns, (now_ns - began_ns) / 1e6))
        for panel, shown in zip(self.panels, self.shown, strict=True):
            version = panel.view.model.snapshot.version
            if not shown or shown[-1][0] != version:
                shown.append((version, now_ns))
        self.answered += [(due_ns, handled_ns, now_ns) for due_ns, handled_ns in self._handled]
        self._handled.clear()
        return answer

    def move_hand(self, due_ns: int, number: int) -> None:
        """Move the pointer over the first chart; now and then press an arrow key, or turn the wheel to pan."""
        view = self.panels[0].view
        target = view._canvas.viewport()
        at = QPointF(60 + 7 * number % 300, 60 + 3 * number % 200)
        on_screen = QPointF(target.mapToGlobal(at.toPoint()))
        if number % 10 == 4:
            key = Qt.Key.Key_Left if number % 20 == 4 else Qt.Key.Key_Right
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QApplication.sendEvent(view, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier))
        elif number % 10 == 8:
            turned = QPoint(0, 120 if number % 20 == 8 else -120)
            where = (at, on_screen, QPoint(), turned)
            wheel = QWheelEvent(
                *where, Qt.MouseButton.NoButton, Qt.KeyboardModifier.ShiftModifier, Qt.ScrollPhase.NoScrollPhase, False
            )
            QApplication.sendEvent(target, wheel)
        else:
            buttons = (Qt.MouseButton.NoButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(target, QMouseEvent(QEvent.Type.MouseMove, at, on_screen, *buttons))
        self._handled.append((due_ns, time.monotonic_ns()))

    def answers_in(self, span: tuple[int, int]) -> dict[str, object]:
        """What was measured of inputs due in ``span``, of paints, and of pictures that showed something new."""
        inputs = np.array([row for row in self.answered if span[0] <= row[0] < span[1]], np.float64)
        n_pictures = sum(span[0] <= at_ns < span[1] for shown in self.shown for _, at_ns in shown)
        return {
            "input": ((inputs[:, 2] - inputs[:, 0]) / 1e6).tolist(),
            "handled": ((inputs[:, 1] - inputs[:, 0]) / 1e6).tolist(),
            "paint": within(self.paints, span),
            "pictures_per_s": n_pictures / N_INSTRUMENTS / (span[1] - span[0]) * 1e9,
        }

    def check_pixels(self) -> None:
        """Refuse a run in which a chart was not drawn."""
        for i, panel in enumerate(self.panels):
            picture = panel.view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
            pixels = np.frombuffer(picture.constBits(), np.uint32).reshape(picture.height(), picture.width())
            n_drawn = int((pixels != pixels[2, 2]).sum())
            assert n_drawn > N_PIXELS_MIN, f"Chart {i} drew {n_drawn} pixels."

    def close_panels(self) -> None:
        """Close every chart."""
        for panel in self.panels:
            panel.close_panel()
        self.close()


class Hand:
    """What the hand does, as it comes from a display server; ``began`` is the instant at which the world begins."""

    def __init__(self, port: int, window: LiveWindow) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(HAND)
        self._socket.setblocking(False)
        self._window = window
        self._rest = b""
        self.began: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._notifier = QSocketNotifier(self._socket.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._read)

    def _read(self) -> None:
        sent = self._socket.recv(4096)
        text = self._rest + sent
        end = len(text) // STAMP.size * STAMP.size
        self._rest = text[end:]
        for due_ns, number in STAMP.iter_unpack(text[:end]):
            if self.began.done():
                self._window.move_hand(due_ns, number)
            else:
                self.began.set_result(due_ns)
        if not sent:
            self.close()

    def close(self) -> None:
        """Listen no more."""
        self._notifier.setEnabled(False)
        self._socket.close()


async def measure(name: str, port: int, setup: Setup, home: Home) -> dict[str, object]:
    """One run from the first tick to the last, then the checks."""
    start_ns = time.time_ns() // MINUTE_NS * MINUTE_NS
    async with SIDES[name](home, Look(QApplication.instance())) as side:
        desk = side.desk
        frames = FrameLog(desk.frames)
        await desk.bridge.call(fill(desk.backend, setup.n_history, start_ns))
        window = LiveWindow(side)
        window.show()
        for i, panel in enumerate(window.panels):
            await panel.restore(chart_state(i))
        await until(lambda: all(len(panel.view.model.shown.lines) == N_LINES for panel in window.panels), 60.0)
        first = [panel.view.model.snapshot.version for panel in window.panels]
        side.collector.settle()
        feed = LiveRun(desk.backend, start_ns)
        await desk.bridge.call(feed.begin())
        hand = Hand(port, window)
        reading = asyncio.ensure_future(desk.bridge.call(feed.run(port)))
        began_ns = await hand.began
        await asyncio.sleep(setup.warm_up_s)
        before = Spent(*await desk.bridge.call(feed.spent()), time.thread_time_ns(), time.monotonic_ns())
        await asyncio.sleep(max(0.0, (began_ns - before.at_ns) / 1e9 + setup.seconds))
        after = Spent(*await desk.bridge.call(feed.spent()), time.thread_time_ns(), time.monotonic_ns())
        await reading
        wanted = [version + len(applied) - 1 for version, applied in zip(first, feed.applied, strict=True)]
        await until(lambda: [panel.view.model.snapshot.version for panel in window.panels] == wanted, what="showing all trades")
        await until(lambda: all(shown[-1][0] == last for shown, last in zip(window.shown, wanted, strict=True)))
        check_shown([panel.view.model.shown for panel in window.panels], setup, start_ns)
        await desk.bridge.call(check_stored(desk.backend, setup, start_ns))
        window.check_pixels()
        window.close_panels()
    span = (before.at_ns, after.at_ns)
    due_ns = [began_ns + np.flatnonzero(setup.tape.instrument == i) * (1e9 / setup.rate) for i in range(N_INSTRUMENTS)]
    return {
        **window.answers_in(span),
        "frame": within(frames.rows, span),
        "frame_cpu": within(frames.cpu, span),
        "screen": np.concatenate(
            [late_ms(due_ns[i], feed.applied[i], window.shown[i], (first[i], span)) for i in range(N_INSTRUMENTS)]
        ).tolist(),
        **after.shares_since(before),
        "n_ticks": sum(applied[-1] for applied in feed.applied),
    }


class Spent(NamedTuple):
    """What had been spent at an instant, ns: on ticks, and processor time of the feed's thread and of the UI thread."""

    busy_ns: int
    engine_cpu_ns: int
    ui_cpu_ns: int
    at_ns: int

    def shares_since(self, before: "Spent") -> dict[str, float]:
        """Shares of the time between."""
        ns = self.at_ns - before.at_ns
        return {
            "seconds": ns / 1e9,
            "engine_busy": (self.busy_ns - before.busy_ns) / ns,
            "engine_cpu": (self.engine_cpu_ns - before.engine_cpu_ns) / ns,
            "ui_cpu": (self.ui_cpu_ns - before.ui_cpu_ns) / ns,
        }


def within(rows: list[tuple[int, float]], span: tuple[int, int]) -> list[float]:
    """The values noted in ``span``."""
    return [value for at_ns, value in rows if span[0] <= at_ns < span[1]]


def late_ms(due_ns: np.ndarray, applied: list[int], shown: list[tuple[int, int]], of: tuple[int, tuple[int, int]]) -> np.ndarray:
    """From when each trade due in the span was due until the first paint that holds it.

    of : the version before the first trade, and the span
    """
    first, span = of
    rows = [(applied[version - first], at_ns) for version, at_ns in shown if version >= first]
    n_shown, painted_ns = np.array(rows, np.int64).T
    paint = np.searchsorted(n_shown, np.arange(len(due_ns)), side="right")
    took = (painted_ns[paint] - due_ns) / 1e6
    return took[(due_ns >= span[0]) & (due_ns < span[1])]


def main() -> None:
    """Measure one side."""
    app = QApplication(["bench"])
    app.setQuitOnLastWindowClosed(False)  # the engine is stopped after the window is gone
    load_fonts()
    setup = msgspec.json.decode(sys.argv[3], type=Setup)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        loop = stack.enter_context(qasync.QEventLoop(app))
        result = loop.run_until_complete(measure(sys.argv[1], int(sys.argv[2]), setup, Home(Path(folder) / "home")))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
