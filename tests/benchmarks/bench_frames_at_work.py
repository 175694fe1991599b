"""Milliseconds a frame of a panned chart while the engine rests, warms up, imports a million rows, and a model answers.

Run as ``python dev.py bench bench_frames_at_work [--rows N]``. A real home on a real engine thread: the samples, a
chart of AAPL that pans by one bar a frame, and beside it the child process that fills the cache, then an import of a
large CSV of one-minute bars. Then the assistant is opened, and its model is loaded and answers, in this process and in
one of its own. Every phase draws at least 300 frames, and the picture is asserted.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
os.environ.setdefault("TRII_KEYRING", "off")

import numpy as np
import qasync
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from backend.app import Backend, open_backend
from backend.assistant.answers import Mode, Question
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.engine import EngineThread
from backend.jobs.warm_up import warm_up
from backend.market.importers.plan import Choices
from backend.market.samples import load_samples
from backend.storage.paths import Home
from backend.telemetry.metrics import Histogram, Metrics
from trii_desktop.bridge import Bridge
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.colors import DARK
from trii_desktop.frame import FrameClock
from trii_desktop.theme import load_fonts

DAILY = Series(InstrumentId("AAPL", "XNAS"), BarSpec.parse("1d"))
N_FRAMES_MIN = 300
N_PIXELS_MIN = 2_000


def main() -> None:
    """Measure each phase and print one line for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    app = QApplication(["bench"])
    app.setQuitOnLastWindowClosed(False)
    load_fonts()
    with tempfile.TemporaryDirectory() as folder, qasync.QEventLoop(app) as loop:
        csv = Path(folder) / "EURUSD_1m.csv"
        write_csv(csv, options.rows)
        loop.run_until_complete(measure(Home(Path(folder) / "home"), csv))


def write_csv(path: Path, n_rows: int) -> None:
    """A seeded walk of one-minute bars."""
    rng = np.random.default_rng(5)
    close = 1.1 + rng.normal(0, 1e-5, n_rows).cumsum()
    open_ = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(open_, close) + 1e-5, np.minimum(open_, close) - 1e-5
    minutes = np.datetime64("2015-01-05T00:00") + np.arange(n_rows).astype("timedelta64[m]")
    with path.open("w", encoding="utf-8") as file:
        file.write("time,open,high,low,close,volume\n")
        for i in range(n_rows):
            file.write(f"{minutes[i]}:00Z,{open_[i]:.5f},{high[i]:.5f},{low[i]:.5f},{close[i]:.5f},{i % 997}\n")


async def measure(home: Home, csv: Path) -> None:
    """Open a home on an engine thread, pan a chart, and work beside it."""
    engine: EngineThread[Backend] = EngineThread(partial(open_backend, home))
    engine.start()
    frames = FrameClock(Metrics())
    bridge: Bridge[Backend] = Bridge(engine, frames)
    try:
        backend = await bridge.open()
        frames.way = backend.way
        await bridge.call(load_samples(backend.importer))
        source = await bridge.call(backend.bars.open(DAILY))
        view = ChartView(DARK, request_frame=frames.request)
        view.resize(1600, 900)
        view.show_series(source, await bridge.call(backend.catalog.get(DAILY.instrument)), DAILY.spec)
        view.show()
        await phase("at rest", frames, view, partial(asyncio.sleep, 6))
        calendars = {"XNYS", "XLON", "XTKS", "CMES"}
        await phase("child fills the cache", frames, view, lambda: bridge.call(warm_up(home, calendars, backend.clock)))
        await phase("import", frames, view, lambda: bridge.call(run_import(backend, csv)))
        await phase("the assistant opens", frames, view, lambda: bridge.call(backend.assistant.begin()))
        for isolation in ("thread", "process"):
            await bridge.call(backend.settings.change("assistant", isolation=isolation, keeps_answers_min=0))
            await phase(f"model loads ({isolation})", frames, view, lambda: bridge.call(load(backend)))
            await phase(f"model answers ({isolation})", frames, view, lambda: bridge.call(answer(backend)))
            await bridge.call(unload(backend))
        view.close()
        source.close()
    finally:
        bridge.close()
        await asyncio.to_thread(engine.stop)


async def run_import(backend: Backend, csv: Path) -> int:
    """Preview and import the file on the engine; the rows taken."""
    choices = Choices(instrument="EURUSD.FX", interval="1m")
    reports = [await backend.importer.run(plan) for plan in await backend.importer.preview(csv, choices)]
    return sum(report.n_accepted for report in reports)


async def load(backend: Backend) -> str:
    """Load the model of fast answers."""
    assistant = await backend.assistant.open()
    stats = await assistant.engines.ready(Mode.FAST)
    assert stats is not None, "The starter model is not installed."
    assert stats.loaded is not None
    return stats.loaded.place


async def answer(backend: Backend) -> str:
    """Three long answers, one after the other; how fast the last one came."""
    assistant = await backend.assistant.open()
    for text in ("Tell me a long story", "Tell me another long story", "Tell me what a market is"):
        begun = await assistant.ask(Question(text, Mode.FAST))
        done = await assistant.answered(begun.id)
    made = done.provenance.done if done.provenance else None
    assert made is not None, done.words
    return f"{made.n_generated} tokens, {made.tokens_per_s:.0f} a second, the first after {made.first_token_ms:.0f} ms"


async def unload(backend: Backend) -> None:
    """Give the model's memory back."""
    await (await backend.assistant.open()).engines.unload()


async def phase(name: str, frames: FrameClock, view: ChartView, work: Callable[[], Awaitable[object]]) -> None:
    """Pan one bar a frame until ``work`` is done, and print how frames fared."""
    steps = 0

    def pan() -> None:
        nonlocal steps
        steps += 1
        if steps == N_FRAMES_MIN:
            enough.set()
        view.model.pan_bars(1 if steps % 400 < 200 else -1)
        view._changed()
        frames.request()

    frames._frame_times_ms, enough = Histogram(), asyncio.Event()
    gaps, last_ns = Histogram(), 0

    def note() -> None:
        nonlocal last_ns
        now_ns = time.perf_counter_ns()
        if last_ns:
            gaps.record((now_ns - last_ns) / 1e6)
        last_ns = now_ns

    listeners = [frames.listen(pan), frames.listen(note)]
    frames.request()
    began = time.perf_counter()
    result = await work()
    seconds = time.perf_counter() - began
    await enough.wait()
    for listener in listeners:
        listener.close()
    check_pixels(view)
    frame, gap = frames._frame_times_ms.read(), gaps.read()
    print(
        f"{name:24} {seconds:6.1f} s  {frame.n:5} frames  p50 {frame.p50:5.1f}  p95 {frame.p95:5.1f}  p99 {frame.p99:5.1f}"
        f"  max {frame.max:5.1f} ms   gap p99 {gap.p99:5.1f}  max {gap.max:5.1f} ms   {result if result is not None else ''}"
    )
    sys.stdout.flush()


def check_pixels(view: ChartView) -> None:
    """Refuse a chart that drew nothing."""
    picture = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(picture.constBits(), np.uint32).reshape(picture.height(), picture.width())
    n_drawn = int((pixels != pixels[2, 2]).sum())
    assert n_drawn > N_PIXELS_MIN, f"The chart drew {n_drawn} pixels."


if __name__ == "__main__":
    main()
