"""Milliseconds a frame of the candle chart, panned, zoomed and live, beside finplot and lightweight-charts (P1).

Run as ``python dev.py bench bench_chart [--quick] [--plain]``. 1600 by 900 pixels, software raster, with volume, axes,
crosshair and five indicators: two averages and bands over the prices, RSI and MACD in panes of their own; ``--plain`` leaves
the indicators out. A live frame takes the tick into the bars and every indicator, then paints.
Every frame is painted before the clock stops, and the picture is asserted: a chart that draws nothing is very fast.
All draw the lines that our kernels computed. finplot needs another Qt binding, so it runs as a child process in an
environment of its own under build/peers; lightweight-charts runs in headless Chromium, whose trace says what a frame cost.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from backend.charts.chart_state import ChartState, Study
from backend.charts.series_lines import SeriesLines, run_through
from backend.charts.series_times import SeriesTimes
from backend.charts.study_plan import plan_of
from backend.charts.study_snapshot import LineKey, StudySnapshot
from backend.domain.bars import MINUTE_NS, BarArrays, BarSpec, Float64s
from backend.domain.instruments import CENT, Instrument, InstrumentId
from backend.indicators import compute
from backend.indicators.registry import spec_of
from backend.market.growing_bars import GrowingBars
from tests.benchmarks import _lightweight_peer
from tests.benchmarks._peers import peer_python
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.colors import DARK
from trii_desktop.theme import load_fonts

PEER: Final = Path(__file__).with_name("_finplot_peer.py")
PEER_PACKAGES: Final = ("finplot==1.9.7", "PyQt6==6.11.0")
WIDTH, HEIGHT = 1600, 900
VISIBLE: Final = (200, 2_000, 20_000, 200_000, 1_000_000)
SIZES: Final = (1_000_000, 10_000_000)
BROWSER_BARS: Final = 100_000  # a million of each of ten series keep the page busy for more than ten minutes
BROWSER_VISIBLE: Final = (200, 2_000, 20_000)
BROWSER_FRAMES: Final = 30
N_FRAMES: Final = 120
N_PIXELS_MIN: Final = 1_000
START_NS: Final = 1_500_000_000 * 1_000_000_000
INSTRUMENT: Final = Instrument(InstrumentId("WALK", "XNAS"), "A random walk", price_steps=CENT)
MINUTES: Final = BarSpec.parse("1m")
STUDIES: Final = (
    Study("fast", "sma", (("period", 20),)),
    Study("slow", "ema", (("period", 50),)),
    Study("bands", "bollinger"),
    Study("rsi", "rsi", pane="p1"),
    Study("macd", "macd", pane="p2"),
)
PANES: Final = {"main": 0, "p1": 1, "p2": 2}


class Source:
    """Bars whose newest one changes, and the studies over them, advanced as the program advances them."""

    def __init__(self, bars: BarArrays, studies: tuple[Study, ...]) -> None:
        self.bars = GrowingBars(bars)
        self.version = 1
        first = self.bars.snapshot(1)
        times = SeriesTimes(MINUTES, None)
        self._lines = SeriesLines(times, first)
        self._chains = plan_of(studies).chains
        for chain in self._chains.values():
            self._lines.join(chain, run_through(times, first, chain))
        self._snapshot = self._seen()

    def snapshot(self) -> StudySnapshot:
        """The newest state."""
        return self._snapshot

    def form(self, close: float) -> None:
        """The forming bar now closes at ``close``."""
        bars = self._snapshot.bars
        old = bars.bar(len(bars) - 1)
        low, high = min(old.low, close), max(old.high, close)
        row = (np.array([value]) for value in (old.open, high, low, close, old.volume + 1))
        self.bars.replace_from(BarArrays(np.array([old.event_ns]), *row))
        self.version += 1
        self._lines.advance(self.bars.snapshot(self.version))
        self._snapshot = self._seen()

    def _seen(self) -> StudySnapshot:
        ids = {chain: key for key, chain in self._chains.items()}
        lines = {(ids[chain], output): line for (chain, output), line in self._lines.lines().items()}
        return StudySnapshot(self.version, self._lines.bars, lines)


def computed(bars: BarArrays, studies: tuple[Study, ...]) -> dict[LineKey, Float64s]:
    """Every line of ``studies``, for the peers."""
    lines = {}
    for study in studies:
        values = compute(study.indicator, bars, **dict(study.params))
        lines.update({(study.id, output.name): values[output.name] for output in spec_of(study.indicator).outputs})
    return lines


def make_bars(n_bars: int) -> BarArrays:
    """A random walk with wicks and volume."""
    rng = np.random.default_rng(7)
    close = 1_000 + rng.normal(0, 0.05, n_bars).cumsum()
    open_ = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(open_, close) + rng.random(n_bars) * 0.05
    low = np.minimum(open_, close) - rng.random(n_bars) * 0.05
    event_ns = START_NS + np.arange(n_bars, dtype=np.int64) * MINUTE_NS
    return BarArrays(event_ns, open_, high, low, close, rng.integers(1, 1_000, n_bars).astype(np.float64))


def chart_pixels(view: ChartView) -> int:
    """Pixels in the colours of bars and lines; dense lines hide much of the bars behind them."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[:, :, 2::-1]
    wanted = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in (DARK.up, DARK.down, *DARK.studies)]
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


def measure(
    app: QApplication, n_bars: int, n_frames: int, studies: tuple[Study, ...], counts: tuple[int, ...] = VISIBLE
) -> dict[str, dict[int, list[float]]]:
    """Frames of our chart over ``n_bars``: pan, zoom, update and hover by number of visible bars."""
    bars = make_bars(n_bars)
    source = Source(bars, studies)
    if n_bars == SIZES[0]:
        for key, wanted in computed(bars, studies).items():
            drawn = source.snapshot().lines[key].rows(0, n_bars)
            assert np.array_equal(drawn, wanted, equal_nan=True), f"{key} is not what was computed."
    view = ChartView(DARK)
    view.set_font_family(load_fonts())
    view.resize(WIDTH, HEIGHT)
    view.show()
    app.processEvents()
    state = ChartState()
    for study in studies:
        state = state.with_study(study)
    view.restore(state)
    view.show_series(source, INSTRUMENT, MINUTES)
    view.grab()
    result: dict[str, dict[int, list[float]]] = {"pan": {}, "zoom": {}, "update": {}, "hover": {}}
    for visible in counts:
        view.model.time = view.model.time.spanning(visible).at_newest()
        view._picture.point_at(700, 300)
        view._changed()
        n_pixels = chart_pixels(view)
        assert n_pixels > N_PIXELS_MIN, f"Only {n_pixels} pixels of bars and lines were painted."
        assert abs(view.model.time.n_shown - visible) < 0.01 * visible, "Another number of bars is in view."
        result["update"][visible] = timed(view, n_frames, lambda i: _form(view, source, i))
        result["hover"][visible] = timed(view, n_frames, lambda i: _hover(view, i))
        view.model.pan(200)
        result["pan"][visible] = timed(view, n_frames, lambda i: _pan(view, 7 if i % 20 < 10 else -7))
        result["zoom"][visible] = timed(view, n_frames, lambda i: _zoom(view, 1.03 if i % 20 < 10 else 1 / 1.03))
        n_pixels = chart_pixels(view)
        assert n_pixels > N_PIXELS_MIN, f"Only {n_pixels} pixels were painted with {visible:,} bars in view."
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


def measure_finplot(n_bars: int, n_frames: int, studies: tuple[Study, ...]) -> tuple[dict[str, dict[str, list[float]]] | None, str]:
    """finplot's frames on the same bars and lines, or None and why not."""
    given = os.environ.get("TRII_FINPLOT_PYTHON")
    python = Path(given) if given else peer_python("finplot", *PEER_PACKAGES)
    if python is None:
        return None, "it cannot be installed here"
    bars = make_bars(n_bars)
    lines = computed(bars, studies)
    table = np.column_stack((bars.event_ns.astype(np.float64), *bars.columns(), *lines.values()))
    panes = ",".join(map(str, panes_of(studies, lines)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.npy"
        np.save(path, table)
        command = [str(python), str(PEER), str(path), str(WIDTH), str(HEIGHT), str(n_frames), panes, *map(str, VISIBLE)]
        env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYQTGRAPH_QT_LIB": "PyQt6"}
        ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=900, check=False)
    if ended.returncode:
        return None, f"it ended with {ended.returncode}: {ended.stderr.strip().splitlines()[-1:]}"
    result = json.loads(ended.stdout.strip().splitlines()[-1])
    few = {visible: n for visible, n in result["pixels"].items() if n < N_PIXELS_MIN}
    return (None, f"it painted too little to count: {few}") if few else (result, "")


def measure_lightweight(studies: tuple[Study, ...]) -> tuple[dict[str, dict[int, Any]] | None, str]:
    """What frames of lightweight-charts cost on the same bars and lines, or None and why not."""
    bars = make_bars(BROWSER_BARS)
    lines = computed(bars, studies)
    columns = np.array((bars.event_ns / 1e9, *bars.columns(), *lines.values()))
    try:
        result, why = _lightweight_peer.measure(columns, panes_of(studies, lines), (WIDTH, HEIGHT), BROWSER_FRAMES, BROWSER_VISIBLE)
    except (RuntimeError, OSError, TimeoutError) as error:
        return None, str(error)
    if result is not None:
        few = {visible: seen for visible, seen in result["shown"].items() if seen["pixels"] < N_PIXELS_MIN}
        if few:
            return None, f"it painted too little to count: {few}"
    return result, why


def panes_of(studies: tuple[Study, ...], lines: dict[LineKey, Float64s]) -> list[int]:
    """The pane of each line."""
    panes = {study.id: PANES[study.pane] for study in studies}
    return [panes[study] for study, _ in lines]


def said(took: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{statistics.median(took):6.2f} {np.percentile(took, 95):6.2f}"


def main() -> int:
    """Print a table for each size, the ratios to the peers and how cost grows."""
    quick = "--quick" in sys.argv
    studies = () if "--plain" in sys.argv else STUDIES
    n_frames = 40 if quick else N_FRAMES
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    ours = {n_bars: measure(app, n_bars, n_frames, studies) for n_bars in (SIZES[:1] if quick else SIZES)}
    what = f"{len(studies)} indicators" if studies else "no indicators"
    print(f"Chart frames in ms (median, p95), {WIDTH}x{HEIGHT}, {n_frames} frames each, volume, crosshair, {what}\n")
    for n_bars, result in ours.items():
        print(f"{n_bars:,} bars, visible:      " + "".join(f"{visible:>15,}" for visible in VISIBLE))
        for kind, by_visible in result.items():
            print(f"  TRII    {kind:8}           " + "".join(f"{said(by_visible[visible]):>15}" for visible in VISIBLE))
        print()
    mine = ours[SIZES[0]]
    print_finplot(mine, *measure_finplot(SIZES[0], n_frames, studies))
    print_lightweight(measure(app, BROWSER_BARS, n_frames, studies, BROWSER_VISIBLE), *measure_lightweight(studies))
    medians = [statistics.median(mine["pan"][v]) for v in VISIBLE]
    exponent = math.log(medians[-1] / medians[1]) / math.log(VISIBLE[-1] / VISIBLE[1])
    print(f"\nPanning costs about visible^{exponent:.2f} from {VISIBLE[1]:,} to {VISIBLE[-1]:,} visible bars.")
    if len(ours) > 1:
        small, large = (statistics.median(ours[n_bars]["pan"][VISIBLE[2]]) for n_bars in SIZES)
        growth = math.log(large / small) / math.log(SIZES[1] / SIZES[0])
        print(f"It costs about bars^{growth:.2f} from {SIZES[0]:,} to {SIZES[1]:,} bars in memory.")
    return 0


def print_finplot(ours: dict[str, dict[int, list[float]]], peer: dict[str, dict[str, list[float]]] | None, why: str) -> None:
    """Its frames, and how many of ours one of them lasts."""
    if peer is None:
        print(f"Skipped finplot: {why}")
        return
    print(f"  finplot pan      ({SIZES[0]:,}) " + "".join(f"{said(peer['pan'][str(v)]):>15}" for v in VISIBLE))
    print(f"  finplot update   ({SIZES[0]:,}) {said(peer['update']['200']):>15}")
    ratios = [statistics.median(peer["pan"][str(v)]) / statistics.median(ours["pan"][v]) for v in VISIBLE]
    update = statistics.median(peer["update"]["200"]) / statistics.median(ours["update"][200])
    print("  finplot / TRII pan          " + "".join(f"{ratio:>14.1f}x" for ratio in ratios) + f"   update {update:.0f}x")


def print_lightweight(ours: dict[str, dict[int, list[float]]], peer: dict[str, dict[int, Any]] | None, why: str) -> None:
    """CPU time of its frames, on the page's thread and with raster, beside the whole of ours."""
    if peer is None:
        print(f"Skipped lightweight-charts: {why}")
        return
    print(f"\n{BROWSER_BARS:,} bars, visible:        " + "".join(f"{visible:>15,}" for visible in BROWSER_VISIBLE))
    for kind in ("pan", "update"):
        print(f"  TRII        {kind:6}           " + "".join(f"{statistics.mean(ours[kind][v]):>15.2f}" for v in BROWSER_VISIBLE))
        for part, words in (("main", "page"), ("cpu", "all")):
            print(f"  lightweight {kind:6} {words:4}      " + "".join(f"{peer[kind][v][part]:>15.2f}" for v in BROWSER_VISIBLE))
        ratios = [peer[kind][v]["cpu"] / statistics.mean(ours[kind][v]) for v in BROWSER_VISIBLE]
        print(f"  lightweight / TRII {kind:6}   " + "".join(f"{ratio:>14.1f}x" for ratio in ratios))


if __name__ == "__main__":
    sys.exit(main())
