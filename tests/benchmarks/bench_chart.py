"""Milliseconds a frame of the candle chart, panned, zoomed and live, beside finplot on the same bars.

Run as ``python dev.py bench bench_chart [--quick]``. 1600 by 900 pixels, software raster, with volume, axes and crosshair.
Every frame is painted before the clock stops, and the picture is asserted: a chart that draws nothing is very fast. finplot
needs another Qt binding, so it runs as a child process in an environment of its own under build/peers.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Final

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from backend.domain.bars import MINUTE_NS, BarArrays, BarSpec
from backend.domain.instruments import CENT, Instrument, InstrumentId
from backend.market.growing_bars import GrowingBars
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.colors import DARK
from trii_desktop.theme import load_fonts

ROOT: Final = Path(__file__).resolve().parents[2]
PEER: Final = Path(__file__).with_name("_finplot_peer.py")
PEER_PACKAGES: Final = ("finplot==1.9.7", "PyQt6==6.11.0")
WIDTH, HEIGHT = 1600, 900
VISIBLE: Final = (200, 2_000, 20_000, 200_000, 1_000_000)
SIZES: Final = (1_000_000, 10_000_000)
N_FRAMES: Final = 120
N_PIXELS_MIN: Final = 2_000
START_NS: Final = 1_500_000_000 * 1_000_000_000
INSTRUMENT: Final = Instrument(InstrumentId("WALK", "XNAS"), "A random walk", price_steps=CENT)
MINUTES: Final = BarSpec.parse("1m")


class Source:
    """Bars whose newest one changes."""

    def __init__(self, bars: BarArrays) -> None:
        self.bars = GrowingBars(bars)
        self.version = 1
        self._snapshot = self.bars.snapshot(1)

    def snapshot(self):
        return self._snapshot

    def form(self, close: float) -> None:
        """The forming bar now closes at ``close``."""
        old = self._snapshot.bar(len(self._snapshot) - 1)
        low, high = min(old.low, close), max(old.high, close)
        row = (np.array([value]) for value in (old.open, high, low, close, old.volume + 1))
        self.bars.replace_from(BarArrays(np.array([old.event_ns]), *row))
        self.version += 1
        self._snapshot = self.bars.snapshot(self.version)


def make_bars(n_bars: int) -> BarArrays:
    """A random walk with wicks and volume."""
    rng = np.random.default_rng(7)
    close = 1_000 + rng.normal(0, 0.05, n_bars).cumsum()
    open_ = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(open_, close) + rng.random(n_bars) * 0.05
    low = np.minimum(open_, close) - rng.random(n_bars) * 0.05
    event_ns = START_NS + np.arange(n_bars, dtype=np.int64) * MINUTE_NS
    return BarArrays(event_ns, open_, high, low, close, rng.integers(1, 1_000, n_bars).astype(np.float64))


def candle_pixels(view: ChartView) -> int:
    """Pixels in the colours of rising and falling bars."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[:, :, 2::-1]
    wanted = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in (DARK.up, DARK.down)]
    return sum(int(np.all(pixels == one, axis=2).sum()) for one in wanted)


def timed(view: ChartView, n_frames: int, change: Callable[[int], None]) -> list[float]:
    """Milliseconds of each change with its paint."""
    canvas = view.findChild(type(view._canvas)).viewport()
    took = []
    for i in range(n_frames):
        began = time.perf_counter()
        change(i)
        canvas.repaint()
        took.append((time.perf_counter() - began) * 1e3)
    return took


def measure(app: QApplication, n_bars: int, n_frames: int) -> dict[str, dict[int, list[float]]]:
    """Frames of our chart over ``n_bars``: pan, zoom, update and hover by number of visible bars."""
    source = Source(make_bars(n_bars))
    view = ChartView(DARK)
    view.set_font_family(load_fonts())
    view.resize(WIDTH, HEIGHT)
    view.show()
    app.processEvents()
    view.show_series(source, INSTRUMENT, MINUTES)
    view.grab()
    result: dict[str, dict[int, list[float]]] = {"pan": {}, "zoom": {}, "update": {}, "hover": {}}
    for visible in VISIBLE:
        view.model.time = view.model.time.spanning(visible).at_newest()
        view._picture.point_at(700, 300)
        view._changed()
        n_pixels = candle_pixels(view)
        assert n_pixels > N_PIXELS_MIN, f"Only {n_pixels} pixels of candles were painted."
        assert abs(view.model.time.n_shown - visible) < 0.01 * visible, "Another number of bars is in view."
        result["update"][visible] = timed(view, n_frames, lambda i: _form(view, source, i))
        result["hover"][visible] = timed(view, n_frames, lambda i: _hover(view, i))
        view.model.pan(200)
        result["pan"][visible] = timed(view, n_frames, lambda i: _pan(view, 7 if i % 20 < 10 else -7))
        result["zoom"][visible] = timed(view, n_frames, lambda i: _zoom(view, 1.03 if i % 20 < 10 else 1 / 1.03))
        assert candle_pixels(view) > N_PIXELS_MIN
    view.close()
    view.deleteLater()
    return result


def _pan(view: ChartView, by_px: float) -> None:
    view.model.pan(by_px)
    view._changed()


def _zoom(view: ChartView, factor: float) -> None:
    view.model.zoom(factor, 700)
    view._changed()


def _form(view: ChartView, source: Source, i: int) -> None:
    source.form(1_000 + 0.01 * (i % 7))
    view.refresh()


def _hover(view: ChartView, i: int) -> None:
    view._picture.point_at(300 + i % 400, 300)


def measure_peer(n_bars: int, n_frames: int) -> tuple[dict[str, dict[str, list[float]]] | None, str]:
    """finplot's frames on the same bars, or None and why not."""
    python, why = peer_python()
    if python is None:
        return None, why
    bars = make_bars(n_bars)
    table = np.column_stack((bars.event_ns.astype(np.float64), *bars.columns()))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.npy"
        np.save(path, table)
        command = [str(python), str(PEER), str(path), str(WIDTH), str(HEIGHT), str(n_frames), *map(str, VISIBLE)]
        env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYQTGRAPH_QT_LIB": "PyQt6"}
        ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)
    if ended.returncode:
        return None, f"finplot ended with {ended.returncode}: {ended.stderr.strip().splitlines()[-1:]}"
    result = json.loads(ended.stdout.strip().splitlines()[-1])
    few = {visible: n for visible, n in result["pixels"].items() if n < N_PIXELS_MIN}
    return (None, f"finplot painted too little to count: {few}") if few else (result, "")


def peer_python() -> tuple[Path | None, str]:
    """The interpreter of finplot's own environment, made on first use; or None and why not."""
    given = os.environ.get("TRII_FINPLOT_PYTHON")
    if given:
        return Path(given), ""
    folder = ROOT / "build" / "peers" / "finplot"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if (folder / "ready").exists():
        return python, ""
    print(f"Making {folder.relative_to(ROOT)} for finplot (once, about a minute) ...", flush=True)
    venv.create(folder, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", *PEER_PACKAGES]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if ended.returncode:
        return None, f"finplot cannot be installed here: {ended.stderr.strip().splitlines()[-1:]}"
    (folder / "ready").touch()
    return python, ""


def said(took: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{statistics.median(took):6.2f} {np.percentile(took, 95):6.2f}"


def main() -> int:
    """Print a table for each size, the ratio to finplot and how cost grows."""
    quick = "--quick" in sys.argv
    n_frames = 40 if quick else N_FRAMES
    app = QApplication.instance() or QApplication([])
    ours = {n_bars: measure(app, n_bars, n_frames) for n_bars in (SIZES[:1] if quick else SIZES)}
    peer, why = measure_peer(SIZES[0], n_frames)
    print(f"Chart frames in ms (median, p95), {WIDTH}x{HEIGHT}, {n_frames} frames each, crosshair and volume shown\n")
    for n_bars, result in ours.items():
        print(f"{n_bars:,} bars, visible:      " + "".join(f"{visible:>15,}" for visible in VISIBLE))
        for kind, by_visible in result.items():
            print(f"  TRII    {kind:8}           " + "".join(f"{said(by_visible[visible]):>15}" for visible in VISIBLE))
        print()
    if peer is None:
        print(f"Skipped finplot: {why}")
        return 0
    print(f"  finplot pan      ({SIZES[0]:,}) " + "".join(f"{said(peer['pan'][str(visible)]):>15}" for visible in VISIBLE))
    print(f"  finplot update   ({SIZES[0]:,}) {said(peer['update']['200']):>15}")
    pans = ours[SIZES[0]]["pan"]
    ratios = [statistics.median(peer["pan"][str(v)]) / statistics.median(pans[v]) for v in VISIBLE]
    update = statistics.median(peer["update"]["200"]) / statistics.median(ours[SIZES[0]]["update"][200])
    print("  finplot / TRII pan          " + "".join(f"{ratio:>14.1f}x" for ratio in ratios) + f"   update {update:.0f}x")
    medians = [statistics.median(pans[v]) for v in VISIBLE]
    exponent = math.log(medians[-1] / medians[1]) / math.log(VISIBLE[-1] / VISIBLE[1])
    print(f"\nPanning costs about visible^{exponent:.2f} from {VISIBLE[1]:,} to {VISIBLE[-1]:,} visible bars.")
    if len(ours) > 1:
        small, large = (statistics.median(ours[n_bars]["pan"][VISIBLE[2]]) for n_bars in SIZES)
        growth = math.log(large / small) / math.log(SIZES[1] / SIZES[0])
        print(f"It costs about bars^{growth:.2f} from {SIZES[0]:,} to {SIZES[1]:,} bars in memory.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
