"""The window's composition root: engine, loop, window and panels, made in the order that shows a chart soonest."""

import asyncio
import concurrent.futures
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

import msgspec
import psutil
import qasync
from PySide6.QtCore import QEvent, QMessageLogContext, QObject, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QGraphicsView, QWidget

from backend.api.local import serve
from backend.app import Backend, open_backend
from backend.charts.chart_state import ChartState
from backend.clock import SystemClock
from backend.commands.runner import CommandRunner
from backend.domain.instruments import InstrumentId
from backend.engine import EngineThread
from backend.errors import InvalidInput, TriiError
from backend.events import Level, notice_of
from backend.exit_signals import EXIT_SIGNALS, on_signals
from backend.process import Process, watched_process
from backend.settings import Settings, parse_settings
from backend.storage.ownership import Ownership
from backend.storage.paths import Home
from backend.tasks import TaskOwner
from backend.telemetry.metrics import Metrics
from backend.workspaces.docks import check_rect
from backend.workspaces.starts import CRASHES_MAX, StartNote
from backend.workspaces.workspace import WindowPlace
from trii_desktop.bridge import Bridge
from trii_desktop.charts.render import PictureRenderer
from trii_desktop.collector import Collector
from trii_desktop.crash import CrashReports
from trii_desktop.desk import Desk
from trii_desktop.docks.arrangement import place_now, show_place
from trii_desktop.engine_side import EngineSide
from trii_desktop.frame import FrameClock
from trii_desktop.look import Look
from trii_desktop.main_window import MainWindow
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.notifications import Notices
from trii_desktop.panels import Panels
from trii_desktop.settings.keys import is_phrase_noted
from trii_desktop.settings.passphrase import PassphrasePrompt
from trii_desktop.sight.freshness import Sight
from trii_desktop.sight.hours import OpenHours
from trii_desktop.stalls import StallWatchdog
from trii_desktop.start import choose_first
from trii_desktop.theme import dress
from trii_desktop.undo import UndoStack
from trii_desktop.workbench import Workbench

log = logging.getLogger(__name__)

FIRST_INSTRUMENT: Final = InstrumentId("AAPL", "XNAS")
PAINT_S_MAX: Final = 5.0
UNAVAILABLE: Final = 5
SETTLED_S: Final = 5.0  # how long a window must stand before its start counts as one that came through
DEBUG_VARIABLE: Final = "TRII_DEBUG"


class Desktop:
    """One running window and what it stands on; made by ``open_desktop``."""

    def __init__(self, window: MainWindow, desk: Desk, panels: Panels, workbench: Workbench, collector: Collector) -> None:
        self.window = window
        self.desk = desk
        self.panels = panels
        self.workbench = workbench
        self.workspaces = workbench.workspaces.keeper
        self._collector = collector
        self.first_chart_s: float | None = None  # from the process's start to the first painted bars

    async def open_first_chart(self, wanted: str | None = None) -> None:
        """Show ``wanted``, else what was shown last, else a sample; returns once it is painted."""
        chart = self.panels.chart
        state = self.panels.grid.begin(await self.workspaces.read())
        last = state if state.instrument else self._left_open()
        instrument, spec = await choose_first(self.desk, wanted, last, FIRST_INSTRUMENT)
        if chart.is_asked:
            return  # another start, or a quick hand, asked for something else meanwhile
        if instrument is None:
            chart.show_welcome()
            return
        painted = _NextPaint(chart)
        if wanted or str(instrument) != state.instrument or not await self._restored(chart, state):
            await chart.open(instrument, spec, adjusted=self.desk.backend.settings.current.chart.adjusted)
        if await painted.came():
            self.first_chart_s = _process_age_s()

    async def open_docks(self) -> None:
        """Add what stands around the chart, as it was left."""
        self.panels.make_docks(self.workbench.alerts.edits, self.workbench.alerts.log, self.workbench.alerts.channels)
        self.workbench.connect_docks()
        self.panels.jobs.import_wanted.connect(self.workbench.data.show_job)
        self.workspaces.arrange()
        await self.panels.watchlist.load()
        if self.panels.chart.shown is not None:
            self.panels.watchlist.select(self.panels.chart.shown.instrument.id)
        self.window.banner.setVisible(not is_phrase_noted(self.desk))
        await self.panels.grid.fill()
        if self.desk.is_safe:
            self._say_safe()
        self.workspaces.start()
        await self.workbench.workspaces.begin()
        self._collector.settle()
        self.desk.start("Opening the assistant", self._open_assistant())
        self.desk.start("Opening the chat", self._open_chat())

    async def _open_assistant(self) -> None:
        show_settings = partial(self.workbench.view.open_setting, "assistant", "reach")
        self.workbench.adopt_assistant(await self.panels.make_assistant(show_settings))

    async def _open_chat(self) -> None:
        team, chat = await self.desk.bridge.call(self.desk.backend.chat.open())
        self.workbench.adopt_chat(await self.panels.make_chat(team, chat))
        self.workspaces.panel_came("chat")

    async def save(self) -> None:
        """Remember what was open."""
        await self.workspaces.save()
        values = {"window": msgspec.json.encode(place_now(self.window)).decode()}
        shown = self.panels.chart.shown
        if shown is not None:
            values |= {"instrument": str(shown.instrument.id), "interval": str(shown.spec)}
        await self.desk.bridge.call(self.desk.backend.settings.change("workspace", **values))

    def _left_open(self) -> ChartState:
        """What the settings say of the chart, for homes that have no workspace yet, and for safe mode."""
        left = self.desk.backend.settings.current.workspace
        return ChartState(instrument=left.instrument, interval=left.interval)

    async def _restored(self, chart: ChartPanel, state: ChartState) -> bool:
        try:
            await chart.restore(state)
        except TriiError as error:
            self.desk.notices.add(notice_of(error, "The chart could not be shown as it was left.", level=Level.WARNING))
            return False
        return True

    def _say_safe(self) -> None:
        self.desk.notices.say(
            "This is safe mode.",
            "The default workspace is shown, without indicators and plugins, and nothing of it is kept. "
            "Your workspaces are in the View menu; start again to leave safe mode.",
            level=Level.WARNING,
        )


def make_application() -> QApplication:
    """The Qt application with our fonts and style, or the one that is there already."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        return app
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    qInstallMessageHandler(_log_qt)
    app = QApplication(["trii"])
    app.setApplicationName("trii")
    app.setApplicationDisplayName("TRII Desktop")
    app.setDesktopFileName("trii")
    app.setQuitOnLastWindowClosed(False)
    dress(app)
    return app


def _log_qt(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Qt's own messages go to the log; that the offscreen platform takes no size hints is not worth a word."""
    if "propagateSizeHints" in text:
        return
    level = {QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO, QtMsgType.QtWarningMsg: logging.WARNING}
    logging.getLogger("qt").log(level.get(kind, logging.ERROR), "%s (%s)", text, context.category)


def run_window(ownership: Ownership, instrument: str | None = None, *, is_safe: bool = False) -> int:
    """Open the window on an owned home and return the exit code once it is closed.

    is_safe : keep to the default workspace, without plugins and studies; so does a start after two that crashed
    """
    app = make_application()
    note = StartNote(ownership.home)
    is_safe = note.begin() >= CRASHES_MAX or is_safe
    with watched_process(ownership.home) as process, contextlib.ExitStack() as debugging:
        if is_safe:
            log.warning("This start keeps to safe mode.")
        if _is_debug():
            debugging.enter_context(StallWatchdog(process.metrics))
        with qasync.QEventLoop(app) as loop:
            loop.set_exception_handler(process.crashes.asyncio_handler)
            code = int(loop.run_until_complete(_live(_Start(app, ownership, process, note, is_safe), instrument)))
    note.settle()
    return code


@dataclass(frozen=True, slots=True)
class _Start:
    """What one start of the window is given."""

    app: QApplication
    ownership: Ownership
    process: Process
    note: StartNote
    is_safe: bool


async def _live(start: _Start, instrument: str | None) -> int:
    closing = asyncio.Event()
    window = MainWindow(dressed_look(start.app, start.ownership.home))
    window.close_requested.connect(closing.set)
    if not start.is_safe:
        show_place(window, last_place(start.ownership.home))
    window.show()
    try:
        with on_signals(closing.set, *EXIT_SIGNALS):
            async with open_desktop(window, start.ownership, process=start.process, is_safe=start.is_safe) as desktop:
                desktop.desk.start("Opening the window", _fill(desktop, instrument, start.note))
                await closing.wait()
                await desktop.save()
    except TriiError as error:
        log.exception("The data could not be opened.")
        window.show_problem("Your data could not be opened", str(error))
        await closing.wait()
        return UNAVAILABLE
    finally:
        window.may_close = True
        window.close()
        window.deleteLater()
    return 0


async def _fill(desktop: Desktop, instrument: str | None, note: StartNote) -> None:
    try:
        await desktop.open_first_chart(instrument)
    finally:
        await desktop.open_docks()
        desktop.workbench.guide.offer_tour()
        await desktop.desk.bridge.call(desktop.desk.backend.begin_background())
        await CrashReports(desktop.window, desktop.desk).tell()
        await asyncio.sleep(SETTLED_S)
        await asyncio.to_thread(note.settle)


@asynccontextmanager
async def open_desktop(
    window: MainWindow,
    ownership: Ownership,
    *,
    process: Process | None = None,
    asks: bool = True,
    is_safe: bool = False,
    freezes: bool = True,
) -> AsyncIterator[Desktop]:
    """Open the backend on its own thread and the panels on it; leaving closes everything in order.

    Raises what opening the backend raises. ``asks`` for the passphrase where there is a vault; a first start asks
    nothing, so that a chart comes first, and the status bar says that the key is not protected yet. ``is_safe`` keeps to
    the default workspace. ``freezes`` is the collector's.
    """
    metrics = process.metrics if process is not None else Metrics()
    with Collector(metrics, freezes=freezes) as collector:
        ask = PassphrasePrompt(window).ask if asks and ownership.home.vault.exists() else None
        renderer = PictureRenderer(partial(_on_loop, asyncio.get_running_loop()), QApplication.font().family())
        opener = partial(
            _serve_backend,
            ownership,
            partial(open_backend, ownership.home, ask_passphrase=ask, metrics=metrics, process=process),
            renderer,
        )
        engine: EngineThread[Backend] = EngineThread(opener, is_debug=_is_debug())
        async with _open_parts(window, engine, FrameClock(metrics, parent=window), is_safe=is_safe) as (desk, panels, workbench):
            yield Desktop(window, desk, panels, workbench, collector)


@asynccontextmanager
async def _open_parts(
    window: MainWindow, engine: EngineThread[Backend], frames: FrameClock, *, is_safe: bool
) -> AsyncIterator[tuple[Desk, Panels, Workbench]]:
    engine.start()
    bridge: Bridge[Backend] = Bridge(engine, frames, is_debug=_is_debug())
    notices = Notices(SystemClock())
    try:
        backend = await bridge.open()
        frames.way = window.way = backend.way
        async with TaskOwner("window", notices.add) as tasks:
            side = EngineSide(backend)
            hours = OpenHours(lambda asked: bridge.call(side.hours(asked)), tasks.start, backend.clock.now_ns)
            sight = Sight(backend.live, backend.clock.now_ns, hours.is_open)
            desk = Desk(backend, bridge, side, frames, tasks, window.look, notices, UndoStack(), sight, is_safe)
            panels = Panels(window, desk)
            workbench = Workbench(window, desk, panels)
            window.status.attach(desk)
            for notice in backend.notices:
                notices.add(notice)
            try:
                yield desk, panels, workbench
            finally:
                workbench.close()
                panels.close()
                window.status.close_panel()
    finally:
        bridge.close()
        await asyncio.to_thread(engine.stop)


@asynccontextmanager
async def _serve_backend(
    ownership: Ownership, opener: Callable[[], AbstractAsyncContextManager[Backend]], renderer: PictureRenderer
) -> AsyncIterator[Backend]:
    """The backend, also serving the commands of other processes; runs on the engine thread."""
    async with opener() as backend, serve(ownership, backend.tasks, CommandRunner(backend, renderer)):
        yield backend


async def _on_loop(loop: asyncio.AbstractEventLoop, work: Callable[[], bytes]) -> bytes:
    """Run a plain function on the UI thread for a coroutine of the engine."""
    done: concurrent.futures.Future[bytes] = concurrent.futures.Future()

    def run() -> None:
        try:
            done.set_result(work())
        except TriiError as error:
            done.set_exception(error)

    loop.call_soon_threadsafe(run)
    return await asyncio.wrap_future(done)


def dressed_look(app: QApplication, home: Home) -> Look:
    """The look that the settings ask for, read before anything else is opened; the default where they cannot be read."""
    look = Look(app)
    try:
        appearance = parse_settings(home.settings.read_text(encoding="utf-8")).appearance
    except (OSError, UnicodeDecodeError, InvalidInput):  # opening the backend tells what is wrong with the file
        appearance = Settings().appearance
    look.wear(appearance)
    return look


def last_place(home: Home) -> WindowPlace:
    """Where the window stood last, read before anything else is opened; anywhere where that is not known."""
    try:
        text = parse_settings(home.settings.read_text(encoding="utf-8")).workspace.window
        place = msgspec.json.decode(text, type=WindowPlace)
        if place.rect is not None:
            check_rect(place.rect)
    except (OSError, UnicodeDecodeError, InvalidInput, msgspec.MsgspecError):
        return WindowPlace()
    return place


def _is_debug() -> bool:
    return bool(os.environ.get(DEBUG_VARIABLE))


def _process_age_s() -> float:
    return float(SystemClock().now_ns() / 1e9 - psutil.Process().create_time())


class _NextPaint(QObject):
    """Notices when the chart's surface was painted."""

    def __init__(self, chart: QWidget) -> None:
        super().__init__(chart)
        self._painted = asyncio.Event()
        surface = chart.findChild(QGraphicsView)
        assert surface is not None, "A chart has a painted surface."
        surface.viewport().installEventFilter(self)

    async def came(self) -> bool:
        """Whether a paint came in time; a hidden window paints later."""
        try:
            await asyncio.wait_for(self._painted.wait(), PAINT_S_MAX)
        except TimeoutError:
            return False
        finally:
            self.deleteLater()
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See a paint go by; the event ends with it, so the next turn of the loop comes after it."""
        if event.type() is QEvent.Type.Paint:
            self._painted.set()
        return super().eventFilter(watched, event)
