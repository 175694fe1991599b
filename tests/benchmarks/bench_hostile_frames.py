"""Milliseconds of the worst and the median frame of a chart over series that strain it, and over ten million bars.

Run as ``python dev.py bench bench_hostile_frames [--bars N]``. 1600 by 900 pixels, software raster, volume and five indicators,
two of them in panes of their own. Every strange series is opened in each of six chart types on each of three scales, and then
panned, zoomed and pointed at; ten million bars are opened, panned at several zooms, zoomed from one end to the other, jumped
through and shown whole. No frame should take 50 ms. Pictures are asserted, times are not.
"""

import argparse
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Final

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

import numpy as np
from PySide6.QtCore import QEvent
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from backend.charts.chart_state import ChartState, ChartType, ScaleKind
from backend.charts.study_snapshot import StudySnapshot
from backend.telemetry.metrics import Metrics
from tests.fakes.bars import MINUTES, make_bars
from tests.fakes.hostile_bars import WILD, hostile_series, hostile_snapshot, hostile_state
from trii_desktop.charts.chart_source import FixedSource
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.colors import DARK
from trii_desktop.charts.gestures import KeyCommand
from trii_desktop.collector import Collector
from trii_desktop.theme import load_fonts

WIDTH, HEIGHT = 1600, 900
GOAL_MS: Final = 50.0
N_FRAMES: Final = 10
N_ROUNDS: Final = 3
N_PIXELS_MIN: Final = 200
VISIBLE: Final = (100, 2_000, 50_000, 1_000_000)
TYPES: Final = tuple(kind for kind in ChartType if kind is not ChartType.AUTO)

Frames = list[float]  # milliseconds
Took = dict[str, Frames]


def main() -> int:
    """Print a line for each situation, and what was slower than the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=10_000_000)
    n_bars: int = parser.parse_args().bars
    app = QApplication.instance() or QApplication(["bench"])
    assert isinstance(app, QApplication)
    family = load_fonts()
    print(f"Frames in ms (median, worst), {WIDTH}x{HEIGHT}, volume, 5 indicators, {len(TYPES)} types on {len(ScaleKind)} scales\n")
    slow, metrics = [], Metrics()
    with Collector(metrics) as collector:  # garbage is collected between frames, as in the program
        for name, bars in hostile_series().items():
            snapshot = hostile_snapshot(bars)
            collector.settle()
            slow += told(name, hostile_frames(family, snapshot, has_bars=len(bars) > 0))
            collector.look()
        snapshot = hostile_snapshot(make_bars(n_bars))
        collector.settle()
        slow += told(f"{n_bars:,} bars", large_frames(family, snapshot))
        collector.look()
    print(f"\nCollecting between the situations: worst {metrics.histogram('ui.collect_ms').read().max:.1f} ms")
    print(f"Frames over {GOAL_MS:g} ms: {'; '.join(slow) or 'none'}")
    return 0


def told(name: str, took: Took) -> list[str]:
    """Print how the frames of a situation fared; those that were slower than the goal, in words."""
    print(name)
    for kind, frames in took.items():
        print(f"  {kind:30} {len(frames):5} frames   median {statistics.median(frames):6.2f}   worst {max(frames):6.2f}")
    sys.stdout.flush()
    return [f"{name}, {kind}: {max(frames):.0f} ms" for kind, frames in took.items() if max(frames) > GOAL_MS]


def hostile_frames(family: str, snapshot: StudySnapshot, *, has_bars: bool) -> Took:
    """Open one series in every type on every scale, and move about in it."""
    took: Took = {"open": [], "pan": [], "zoom": [], "point": [], "stretch the prices": []}
    view = shown_view(family)
    for kind, scale in itertools.product(TYPES, ScaleKind):
        state = hostile_state(kind, scale)
        took["open"] += timed(view, 1, lambda _, state=state: open_series(view, snapshot, state))
        check_pixels(view, has_bars=has_bars)
        took["pan"] += timed(view, N_FRAMES, lambda i: pan(view, i))
        took["zoom"] += timed(view, N_FRAMES, lambda i: zoom(view, 1.1 if i % N_FRAMES < N_FRAMES / 2 else 1 / 1.1))
        took["point"] += timed(view, N_FRAMES, lambda i: point(view, i))
        check_pixels(view, has_bars=has_bars)
        took["stretch the prices"] += timed(view, 2 * N_FRAMES, lambda i: stretch(view, 1.3 if i < N_FRAMES else 1 / 1.3))
    closed(view)
    return took


def large_frames(family: str, snapshot: StudySnapshot) -> Took:
    """Open millions of bars anew a few times, then look at few and at all of them, in every type."""
    took: Took = {"open": []}
    for _ in range(3):
        view = shown_view(family)
        state = hostile_state(ChartType.CANDLES, ScaleKind.LINEAR)
        took["open"] += timed(view, 1, lambda _, view=view, state=state: open_series(view, snapshot, state), n_rounds=1)
        check_pixels(view, has_bars=True)
        closed(view)
    view = shown_view(family)
    for kind in TYPES:
        open_series(view, snapshot, hostile_state(kind, ScaleKind.LOG))
        for visible in (*(n for n in VISIBLE if n < len(snapshot.bars)), len(snapshot.bars)):
            view.model.time = view.model.time.spanning(visible).at_newest()
            took.setdefault(f"first frame of {visible:,}", []).extend(timed(view, 1, lambda _: view._changed()))
            took.setdefault(f"pan with {visible:,} in view", []).extend(timed(view, N_FRAMES, lambda i: pan(view, i)))
            check_pixels(view, has_bars=True)
        view.do(KeyCommand.RESET)
        took.setdefault("zoom out to all and in again", []).extend(
            timed(view, 160, lambda i: zoom(view, 1 / 1.2 if i < 80 else 1.2))
        )
        took.setdefault("jump and show all", []).extend(timed(view, 12, lambda i: jump(view, i)))
        check_pixels(view, has_bars=True)
        took.setdefault("point", []).extend(timed(view, N_FRAMES, lambda i: point(view, i)))
    closed(view)
    return took


def shown_view(family: str) -> ChartView:
    """A chart on screen that has painted its first frame."""
    view = ChartView(DARK)
    view.set_font_family(family)
    view.resize(WIDTH, HEIGHT)
    view.show()
    assert QTest.qWaitForWindowExposed(view), "A chart that is not on screen paints nothing and is very fast."
    view.grab()
    return view


def closed(view: ChartView) -> None:
    """Let a chart go at once."""
    view.close()
    view.deleteLater()
    QApplication.sendPostedEvents(view, QEvent.Type.DeferredDelete)


def timed(view: ChartView, n_frames: int, change: Callable[[int], None], *, n_rounds: int = N_ROUNDS) -> Frames:
    """How long each change with its paint took, the fastest of several rounds: what is slow only once was another's work."""
    canvas, rounds = view._canvas.viewport(), np.empty((n_rounds, n_frames))
    for took in rounds:
        for i in range(n_frames):
            began = time.perf_counter()
            change(i)
            canvas.repaint()
            took[i] = (time.perf_counter() - began) * 1e3
            assert not view._picture.is_stale, "The frame was painted before the clock stopped."
    return rounds.min(axis=0).tolist()


def open_series(view: ChartView, snapshot: StudySnapshot, state: ChartState) -> None:
    """As the panel does it when the series is there."""
    view.show_series(FixedSource(snapshot), WILD, MINUTES)
    view.restore(state)


def pan(view: ChartView, i: int) -> None:
    """Drag to and fro."""
    view.model.pan(37 if i % N_FRAMES < N_FRAMES / 2 else -37)
    view._changed()


def zoom(view: ChartView, factor: float) -> None:
    """Turn the wheel in the middle."""
    view.model.zoom(factor, WIDTH / 2)
    view._changed()


def stretch(view: ChartView, factor: float) -> None:
    """Drag the price axis: far more, or far fewer prices than there are."""
    view.model.stretch_price(factor)
    view._changed()


def point(view: ChartView, i: int) -> None:
    """Move the pointer."""
    view._picture.point_at(200 + 20 * i, 300 + i)


def jump(view: ChartView, i: int) -> None:
    """To either end, and every bar in view."""
    (lambda: view.do(KeyCommand.OLDEST), lambda: view.do(KeyCommand.NEWEST), view.show_all)[i % 3]()


def check_pixels(view: ChartView, *, has_bars: bool) -> None:
    """Refuse a chart that drew nothing."""
    picture = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(picture.constBits(), np.uint32).reshape(picture.height(), picture.width())
    n_drawn = int((pixels != pixels[2, 2]).sum())
    assert n_drawn > N_PIXELS_MIN, f"The chart drew {n_drawn} pixels."
    if not has_bars:
        return
    main = view._picture.main
    wanted = [int(color[1:], 16) | 0xFF000000 for color in (DARK.up, DARK.down, DARK.line, *DARK.studies)]
    plot = pixels[: main.plot.height_px, : main.plot.width_px]
    assert np.isin(plot, np.array(wanted, np.uint32)).any(), "No bar, line or indicator was painted."


if __name__ == "__main__":
    sys.exit(main())
