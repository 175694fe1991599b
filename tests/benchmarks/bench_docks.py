"""Milliseconds a frame of time and sales, the ladder and the depth curve while 20,000 trades a second come.

Run as ``python dev.py bench bench_docks``. Every frame takes what a sixtieth of a second brought onto the tape, a fresh book of
1,000 levels a side, looks once and paints to the last pixel, software raster; the picture is asserted to hold the newest price.
Printed, never asserted on time. Taking trades onto the tape is the engine's work and is not counted.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from backend.live.tape import Tape
from backend.settings import Appearance
from backend.telemetry.metrics import Metrics
from tests.fakes.shown_market import BITCOIN, FakeMarket, make_depth, make_trades
from trii_desktop.frame import FrameClock
from trii_desktop.live.depth_panel import DepthPanel
from trii_desktop.live.tape_panel import TapePanel
from trii_desktop.look import Look
from trii_desktop.sight.freshness import Sight
from trii_desktop.theme import dress

TICKS_PER_S: Final = 20_000
A_FRAME: Final = TICKS_PER_S // 60
N_FRAMES: Final = 240
N_LEVELS: Final = 1_000
WIDTH, HEIGHT = 360, 1_000


def main() -> None:
    """Measure and print."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    dress(app)
    look = Look(app)
    look.wear(Appearance())
    print(f"{TICKS_PER_S:,} trades/s, books of {N_LEVELS:,} levels a side, {WIDTH} x {HEIGHT} pixels, {N_FRAMES} frames")
    for title, setup in (
        ("time and sales", _tape),
        ("time and sales, from size 0.1", _tape_filtered),
        ("time and sales, paused", _tape_paused),
        ("ladder", _ladder),
        ("depth curve", _curve),
    ):
        times_ms = _run(look, setup)
        p95 = statistics.quantiles(times_ms, n=20)[-1]
        print(f"  {title:32} {statistics.median(times_ms):6.2f} ms half, {p95:6.2f} ms 95 %, {max(times_ms):6.2f} ms at most")


def _run(look: Look, setup: Callable[[Look, FrameClock, Sight], Any]) -> list[float]:
    market, tape = FakeMarket(), Tape()
    market.serve(BITCOIN.id)
    trades = make_trades(A_FRAME * (N_FRAMES + 60))
    tape.add(trades[: A_FRAME * 60])
    market.tapes[BITCOIN.id] = tape
    market.depths[BITCOIN.id] = make_depth(float(trades.price[0]), n=N_LEVELS)
    panel = setup(look, FrameClock(Metrics()), Sight(market, market.clock_ns))
    panel.resize(WIDTH, HEIGHT)
    panel.grab()
    image = QImage(panel.size(), QImage.Format.Format_ARGB32_Premultiplied)
    times_ms = []
    for n in range(N_FRAMES):
        at = A_FRAME * (n + 60)
        tape.add(trades[at : at + A_FRAME])
        market.depths[BITCOIN.id] = make_depth(float(trades.price[at]), n=N_LEVELS, seed=n % 7)
        began_ns = time.perf_counter_ns()
        panel.look()
        panel.render(image)
        times_ms.append((time.perf_counter_ns() - began_ns) / 1e6)
    assert len(np.unique(np.frombuffer(image.constBits(), np.uint32))) > 50, "Nothing was painted."
    panel.close_panel()
    panel.deleteLater()
    return times_ms


def _tape(look: Look, frames: FrameClock, sight: Sight) -> TapePanel:
    panel = TapePanel(look, frames, sight)
    panel.subject.chart_shows(BITCOIN)
    panel.look()
    return panel


def _tape_filtered(look: Look, frames: FrameClock, sight: Sight) -> TapePanel:
    panel = _tape(look, frames, sight)
    panel.least.setText("0.1")
    return panel


def _tape_paused(look: Look, frames: FrameClock, sight: Sight) -> TapePanel:
    panel = _tape(look, frames, sight)
    panel.view.pause()
    return panel


def _ladder(look: Look, frames: FrameClock, sight: Sight) -> DepthPanel:
    panel = DepthPanel(look, frames, sight)
    panel.subject.chart_shows(BITCOIN)
    panel.look()
    return panel


def _curve(look: Look, frames: FrameClock, sight: Sight) -> DepthPanel:
    panel = _ladder(look, frames, sight)
    panel.as_curve.setChecked(True)
    return panel


if __name__ == "__main__":
    main()
