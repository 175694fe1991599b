"""The tour: the same window with no display, a chart panned and zoomed, a picture of it, and what was measured."""

import asyncio
import logging
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import qasync
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QGraphicsView

from backend import __version__
from backend.errors import Conflict, Unavailable
from backend.events import FiguresChanged
from backend.storage.ownership import Ownership, claim
from backend.storage.paths import find_home
from trii_desktop.app import Desktop, dressed_look, make_application, open_desktop
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.gestures import KeyCommand
from trii_desktop.main_window import MainWindow
from trii_desktop.market.chart_panel import chart_colors
from trii_desktop.widgets.numbers import format_clock

log = logging.getLogger(__name__)

OUT: Final = Path("trii-tour.png")
WIDTH_PX: Final = 1600
HEIGHT_PX: Final = 1000
N_PIXELS_MIN: Final = 400  # of candles; a chart of them has thousands
COLOR_REACH: Final = 24
QUOTES_S_MAX: Final = 5.0
WALK: Final = (
    *[KeyCommand.ZOOM_OUT] * 12,
    *[KeyCommand.FAST_BACK] * 24,
    *[KeyCommand.ZOOM_IN] * 10,
    *[KeyCommand.BACK] * 16,
    KeyCommand.OLDEST,
    KeyCommand.NEWEST,
    *[KeyCommand.ZOOM_OUT] * 2,
    KeyCommand.RESET,
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a tour measured; times in ms, memory in MB of 1,000,000 bytes."""

    n_instruments: int
    n_bars: int
    shown: str
    first_chart_ms: float
    frames_ms: tuple[float, ...]
    memory_mb: float
    saved_up_to: str
    picture: Path

    def lines(self) -> tuple[str, ...]:
        """A summary for people."""
        ordered = sorted(self.frames_ms)
        median, high = ordered[len(ordered) // 2], ordered[int(0.95 * (len(ordered) - 1))]
        return (
            f"Instruments    {self.n_instruments}",
            f"Bars           {self.n_bars:,}",
            f"On the chart   {self.shown}",
            f"First chart    {self.first_chart_ms:,.0f} ms after the process started",
            f"Frame time     {median:.1f} ms median, {high:.1f} ms 95th percentile, {len(ordered)} frames of pan and zoom",
            f"Memory         {self.memory_mb:,.0f} MB",
            f"Saved up to    {self.saved_up_to}",
            f"Picture        {self.picture}",
        )


def run_tour(out: Path | None = None, *, home: Path | None = None) -> int:
    """Take the tour on ``home`` (else the user's own), save the picture at ``out``, print what was measured; the exit code.

    Raises Conflict where another process has the home open, Unavailable where the chart stays blank.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    found = find_home(home)
    ownership = claim(found, role="tour", version=__version__)
    if ownership is None:
        raise Conflict(
            f"{found.root} is open in another process.", hint="Close the window first, or use --home DIR.", code="home.owned"
        )
    with ownership, qasync.QEventLoop(make_application()) as loop:
        findings: Findings = loop.run_until_complete(_take(ownership, (out or OUT).resolve()))
    sys.stdout.write("\n".join(findings.lines()) + "\n")
    return 0


async def _take(ownership: Ownership, out: Path) -> Findings:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    window = MainWindow(dressed_look(app, ownership.home))
    window.resize(WIDTH_PX, HEIGHT_PX)
    window.show()
    try:
        async with open_desktop(window, ownership, asks=False) as desktop:
            await desktop.open_first_chart()
            await desktop.open_docks()
            return await _look_around(desktop, out)
    finally:
        window.may_close = True
        window.close()
        window.deleteLater()


async def _look_around(desktop: Desktop, out: Path) -> Findings:
    shown, first_chart_s = desktop.panels.chart.shown, desktop.first_chart_s
    if shown is None or first_chart_s is None:
        raise Unavailable("The tour found no bars to draw.", hint="Import a file first: trii import FILE", code="tour.empty")
    frames_ms = await _walk(desktop.panels.chart.view)
    await _until_quotes(desktop)
    image = desktop.window.grab().toImage()
    _check_candles(image, desktop)
    if not await asyncio.to_thread(image.save, str(out)):
        raise Unavailable(
            f"The picture could not be written to {out}.", hint="Choose a folder you may write to.", code="tour.picture"
        )
    backend = desktop.desk.backend
    stored = await desktop.desk.bridge.call(desktop.desk.engine.stored())
    instruments = await desktop.desk.bridge.call(desktop.desk.engine.instruments())
    return Findings(
        n_instruments=len(instruments),
        n_bars=sum(found.n_bars for found in stored),
        shown=f"{shown.instrument.id} {shown.spec}, {len(desktop.panels.chart.view.model.snapshot):,} bars",
        first_chart_ms=1e3 * first_chart_s,
        frames_ms=frames_ms,
        memory_mb=psutil.Process().memory_info().rss / 1e6,
        saved_up_to=format_clock(backend.clock.now_ns()),
        picture=out,
    )


async def _walk(view: ChartView) -> tuple[float, ...]:
    """Pan and zoom, painting each step at once; how long each took."""
    surface = view.findChild(QGraphicsView)
    assert surface is not None, "A chart has a painted surface."
    frames_ms = []
    for command in WALK:
        began_ns = time.perf_counter_ns()
        view.do(command)
        surface.viewport().repaint()
        frames_ms.append((time.perf_counter_ns() - began_ns) / 1e6)
        await asyncio.sleep(0)
    return tuple(frames_ms)


async def _until_quotes(desktop: Desktop) -> None:
    """Wait until the watchlist has figures, for the picture."""
    board, model = desktop.desk.backend.board, desktop.panels.watchlist.model
    fresh = asyncio.Event()
    subscription = desktop.desk.bridge.subscribe(FiguresChanged, lambda _event: fresh.set())
    try:
        async with asyncio.timeout(QUOTES_S_MAX):
            while any(i not in board.snapshot().rows for i in model.order):
                await fresh.wait()
                fresh.clear()
    except TimeoutError:
        log.warning("The watchlist had no figures after %s s.", QUOTES_S_MAX)
    finally:
        subscription.close()
    model.show_board(board.snapshot())


def _check_candles(image: QImage, desktop: Desktop) -> None:
    """Raise Unavailable unless the picture shows bars in the chart's colours."""
    colors = chart_colors(desktop.desk)
    wanted = [QColor(color) for color in (colors.up, colors.down, colors.line)]
    chart = desktop.panels.chart
    corner = chart.mapTo(desktop.window, chart.rect().topLeft())
    n_found = 0
    for y in range(corner.y(), corner.y() + chart.height(), 3):
        for x in range(corner.x(), corner.x() + chart.width(), 2):
            pixel = image.pixelColor(x, y)
            n_found += any(_is_near(pixel, color) for color in wanted)
    if n_found < N_PIXELS_MIN:
        raise Unavailable(
            f"The chart stayed blank: {n_found} pixels of bars were found.",
            hint="Run 'trii doctor'; the log in the home's folder has the details.",
            code="tour.blank",
        )


def _is_near(one: QColor, other: QColor) -> bool:
    return all(abs(a - b) <= COLOR_REACH for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True))  # type: ignore[index]  # always four numbers
