"""The status bar and the page of the program's health: values from real metrics, and where a click leads."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.events import JobChanged, ReplayMoved
from tests.fakes.bars import make_bars
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown, visible_dialog
from trii_desktop.health import HealthDialog

MINUTES = Series(InstrumentId("AAPL", "XNAS"), BarSpec.parse("1m"))


async def _receive(backend, n_bars):
    backend.store.append(MINUTES, "feed", make_bars(n_bars))
    await backend.store.flush()


async def _publish(backend, event):
    backend.bus.publish(event)


def test_without_live_prices_it_says_so_and_with_them_their_age(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            status, desk = desktop.window.status, desktop.desk
            assert status.parts["feed"].text() == "No feed"
            before = status.parts["saved"].text()
            assert before.startswith("Saved up to ")
            await desk.bridge.call(_receive(desk.backend, 5))
            await shown(lambda: status.readings._n_live == 5)
            status._look_once()
            assert status.parts["feed"].text().startswith("Feed 0.")
            assert status.parts["feed"].property("level") == ""
            status.readings._fed_ns -= 150 * 10**9
            status._look_once()
            assert status.parts["feed"].text() == "Feed silent for 2 min 30 s"
            assert status.parts["feed"].property("level") == "warning"

    run_on_qt(story())


def test_engine_and_memory_are_those_of_the_metrics(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            status, metrics = desktop.window.status, desktop.desk.backend.metrics
            for _ in range(400):
                metrics.histogram("engine.lag_ms").record(73.0)
            status._look_once()
            engine = status.parts["engine"]
            assert (engine.text(), engine.property("level")) == ("Engine 73 ms", "warning")
            assert "73.0 ms" in engine.accessibleName()
            assert "Below 50 ms nothing is felt." in engine.toolTip()
            assert status.parts["memory"].text().endswith((" MB", " GB"))

    run_on_qt(story())


def test_a_click_on_a_value_opens_the_health_of_the_program_at_it(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            QTest.mouseClick(desktop.window.status.parts["saved"], Qt.MouseButton.LeftButton)
            dialog = visible_dialog(HealthDialog)
            assert dialog.table.item(dialog.table.currentRow(), 0).text() == "Saved up to"
            said = {dialog.table.item(place, 0).text() for place in range(dialog.table.rowCount())}
            assert said == {"Replay", "Feed", "Saved up to", "Engine", "Memory", "Frames", "Saving bars", "Writing to the ledgers"}
            dialog.copy()
            assert "Feed: No live prices in this session" in QGuiApplication.clipboard().text().splitlines()
            desktop.workbench.view.open_health("memory")
            assert visible_dialog(HealthDialog) is dialog
            assert dialog.table.item(dialog.table.currentRow(), 0).text() == "Memory"
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
            assert visible_dialog(HealthDialog) is None

    run_on_qt(story())


def test_replay_is_shown_with_its_moment_while_it_is_on(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            call, backend, part = desktop.desk.bridge.call, desktop.desk.backend, desktop.window.status.parts["replay"]
            assert not part.isVisible()
            await call(_publish(backend, ReplayMoved(1_331_217_000 * 10**9)))
            await shown(part.isVisible)
            assert (part.text(), part.property("level")) == ("Replay 2012-03-08 14:30 UTC", "warning")
            await call(_publish(backend, ReplayMoved(None)))
            await shown(lambda: not part.isVisible())

    run_on_qt(story())


def test_jobs_of_the_background_are_told_while_they_run_and_when_they_ended(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            call, backend, doing = desktop.desk.bridge.call, desktop.desk.backend, desktop.window.status._doing
            await call(_publish(backend, JobChanged(1, "backup", "Backup", "running", 0.4)))
            await shown(lambda: doing.text() == "Backup: 40 %")
            await call(_publish(backend, JobChanged(1, "backup", "Backup", "done", 1.0, "3 files")))
            await shown(lambda: doing.text() == "Backup: 3 files")
            assert desktop.window.status.custody.isVisible()

    run_on_qt(story())
