"""Workspaces in the window: docks anywhere, saved and shown again exactly, switched, handed over, and safe mode."""

import msgspec
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit

from backend.charts.chart_state import ChartType
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.events import Level
from backend.jobs.job import JobState
from backend.workspaces.chart_grid import GridShape
from backend.workspaces.docks import Dock, DockSide, DockTree, Rect, Span, Split, docks_of, rects_of
from backend.workspaces.workspace import save_workspace
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.waiting import until
from tests.fakes.window import open_window, shown
from trii_desktop.docks.arrangement import on_screens
from trii_desktop.widgets.ask import AskText

AAPL, MSFT = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS")


async def arranged(desktop):
    """A window as a person may leave it: two charts, docks tabbed, floating and at the left."""
    window, docks = desktop.window, desktop.window.docks
    grid = desktop.panels.grid
    await grid.set_shape(GridShape.COLUMNS)
    await grid.charts[1].open(MSFT, BarSpec.parse("1w"))
    state = grid.charts[1].state
    grid.charts[1].change_now(msgspec.structs.replace(state, chart_type=ChartType.LINE), "A line")
    QTest.keyClick(grid.charts[0].view, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    docks["notices"].show()
    window.tabifyDockWidget(docks["watchlist"], docks["notices"])
    docks["bars"].show()
    docks["bars"].setFloating(True)
    docks["bars"].setGeometry(QRect(150, 120, 700, 320))
    await shown(lambda: docks["bars"].geometry() == QRect(150, 120, 700, 320))


def test_the_window_comes_back_exactly_as_it_was_left(qapp, sampled):
    left = {}

    async def leave():
        async with open_window(sampled) as desktop:
            await arranged(desktop)
            left["workspace"] = desktop.workspaces.now()

    async def come_back():
        async with open_window(sampled) as desktop:
            await until(lambda: desktop.workspaces.now() == left["workspace"], what="the same arrangement")
            assert save_workspace(desktop.workspaces.now()) == save_workspace(left["workspace"])
            assert desktop.window.docks["bars"].isFloating()
            assert [str(chart.shown.series) for chart in desktop.panels.grid.charts] == ["AAPL.XNAS 1d", "MSFT.XNAS 1w"]
            assert desktop.panels.grid.charts[1].view.model.chart_type is ChartType.LINE

    run_on_qt(leave())
    run_on_qt(come_back())


def test_what_is_set_in_docks_is_found_again_at_the_next_start(qapp, sampled):
    second = {}

    async def leave():
        async with open_window(sampled) as desktop:
            panels = desktop.panels
            await panels.watchlist.create_list("Second", (AAPL, MSFT))
            second["id"] = panels.watchlist.current.id
            panels.watchlist.table.sort_next(0)
            panels.alerts.search.setText("aapl")
            panels.alerts.status.setCurrentIndex(2)
            panels.alerts.table.horizontalHeader().resizeSection(1, 173)
            panels.alerts.history.table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
            panels.alerts.tabs.setCurrentIndex(1)
            panels.jobs.states.setCurrentIndex(2)
            panels.bars.tabs.setCurrentIndex(1)
            panels.market.tape.least.setText("10K")
            panels.market.depth.show_kept({"factor": "50", "curve": "yes"})
            desktop.window.docks["notices"].widget().filter(1)

    async def come_back():
        async with open_window(sampled) as desktop:
            panels = desktop.panels
            assert panels.watchlist.current.id == second["id"]
            assert panels.watchlist.kept["sort"] == "0"
            assert not panels.watchlist.model.may_move
            assert panels.alerts.search.text() == "aapl"
            assert panels.alerts.history.proxy.words == ("aapl",)  # the tab in front
            assert panels.alerts.status.currentText() == "Sees nothing"
            assert panels.alerts.table.horizontalHeader().sectionSize(1) == 173
            assert panels.alerts.history.proxy.sortColumn() == 3
            assert panels.jobs.proxy.states == {JobState.FAILED, JobState.CANCELLED}
            assert panels.bars.tabs.currentIndex() == 1
            assert panels.market.tape.view.reel.min_quantity == 10_000
            assert (panels.market.depth.factor, panels.market.depth.views.currentIndex()) == (50, 1)
            assert desktop.window.docks["notices"].widget().model.levels == (Level.WARNING, Level.ERROR)

    async def stay_safe():
        async with open_window(sampled, is_safe=True) as desktop:
            assert desktop.panels.alerts.kept["filter"] == ""

    run_on_qt(leave())
    run_on_qt(come_back())
    run_on_qt(stay_safe())


def test_arrangements_are_switched_and_each_keeps_its_own_arrangement(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            work, actions = desktop.workbench.workspaces, desktop.workbench.actions
            await shown(lambda: work.current_name)
            await work.keeper.save_as("Day")
            await arranged(desktop)
            busy = work.keeper.now()
            actions.by_id["workspace.save"].trigger()
            await shown(lambda: len(work.names) == 2)
            first = next(known for known in work.names if known.name != "Day")
            actions.by_id[f"workspace.show.{first.id}"].trigger()
            await shown(lambda: work.current_name == first.name and len(desktop.panels.grid.charts) == 1)
            assert not desktop.window.docks["bars"].isFloating()
            assert desktop.window.windowTitle() == "AAPL.XNAS 1d · TRII Desktop"
            day = next(known for known in work.names if known.name == "Day")
            await shown(lambda: (row := actions.by_id.get(f"workspace.show.{first.id}")) is not None and row.isChecked())
            actions.by_id[f"workspace.show.{day.id}"].trigger()
            await until(lambda: work.current_name == "Day" and work.keeper.now() == busy, 15.0, what="Day as it was left")
            await shown(lambda: "Day" in desktop.window.windowTitle())

    run_on_qt(story(), 60)


def test_the_list_names_duplicates_deletes_and_undo_brings_back(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            work = desktop.workbench.workspaces
            await shown(lambda: work.names)
            desktop.workbench.actions.by_id["workspace.new"].trigger()
            ask = desktop.window.findChild(AskText)
            QTest.keyClicks(ask.field, "Day")
            QTest.keyClick(ask.field, Qt.Key.Key_Return)
            await shown(lambda: work.current_name == "Day" and len(work.names) == 2)
            work.open_list()
            view = work.list.view
            assert [view.item(n).text() for n in range(view.count())] == ["My workspace", "Day"]
            view.setCurrentRow(0)
            QTest.keyClick(view, Qt.Key.Key_F2)
            field = next(f for f in view.findChildren(QLineEdit) if f.isVisible())
            field.selectAll()
            QTest.keyClicks(field, "Night")
            QTest.keyClick(field, Qt.Key.Key_Return)
            await shown(lambda: [known.name for known in work.names] == ["Night", "Day"])
            view.setCurrentRow(0)
            next(b for b in work.list.findChildren(QAbstractButton) if b.text() == "Duplicate").click()
            await shown(lambda: [known.name for known in work.names] == ["Night", "Day", "Night 2"])
            view.setCurrentRow(2)
            QTest.keyClick(view, Qt.Key.Key_Delete)
            await shown(lambda: [known.name for known in work.names] == ["Night", "Day"])
            await desktop.desk.undo.undo()
            await shown(lambda: [known.name for known in work.names] == ["Night", "Day", "Night 2"])
            view.setCurrentRow(1)
            QTest.keyClick(view, Qt.Key.Key_Delete)  # in use: nothing happens
            view.setCurrentRow(0)
            QTest.keyClick(view, Qt.Key.Key_Return)
            await shown(lambda: work.current_name == "Night")
            assert len(work.names) == 3
            work.list.close()

    run_on_qt(story())


def test_a_name_that_is_being_written_outlives_a_change_of_the_list(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            work = desktop.workbench.workspaces
            await shown(lambda: work.names)
            work.open_list()
            view = work.list.view
            view.setCurrentRow(0)
            QTest.keyClick(view, Qt.Key.Key_F2)
            field = next(f for f in view.findChildren(QLineEdit) if f.isVisible())
            field.selectAll()
            QTest.keyClicks(field, "Nig")
            work.create("Day")
            await shown(lambda: len(work.names) == 2)
            QTest.keyClicks(field, "ht")
            QTest.keyClick(field, Qt.Key.Key_Return)
            await shown(lambda: [view.item(n).text() for n in range(view.count())] == ["Night", "Day"])
            work.list.close()

    run_on_qt(story())


def test_an_arrangement_travels_in_a_file_and_a_hostile_file_changes_nothing(qapp, sampled, tmp_path):
    async def story():
        async with open_window(sampled) as desktop:
            work = desktop.workbench.workspaces
            await shown(lambda: work.names)
            await arranged(desktop)
            there = work.keeper.now()
            path = tmp_path / "Mine.trii-workspace"
            work.export_to(work.keeper.current.id, str(path))
            await shown(path.exists)
            await desktop.panels.grid.set_shape(GridShape.ONE)
            work.import_from(str(path))
            await until(lambda: work.current_name == "My workspace 2" and work.keeper.now() == there, 15.0, what="the file's")
            hostile = tmp_path / "hostile.trii-workspace"
            for text in (
                b"",
                b"\x00" * 999,
                b'{"name": "x", "workspace": {"version": 9}}',
                path.read_bytes().replace(b'"grid"', b'"gird"'),
            ):
                hostile.write_bytes(text)
                n_notices = len(desktop.desk.notices.entries)
                work.import_from(str(hostile))
                await shown(lambda n=n_notices: len(desktop.desk.notices.entries) > n, f"{text[:30]}")
                assert "Importing the workspace was not possible." in desktop.desk.notices.entries[0].notice.title
            assert work.keeper.now() == there
            assert len(work.names) == 2

    run_on_qt(story(), 60)


def test_an_arrangement_of_a_newer_program_is_left_alone_and_another_one_used(qapp, sampled):
    newer = b'{"version": 5, "window": {"walls": 2}}'

    async def spoil():
        async with open_window(sampled) as desktop:
            await shown(lambda: desktop.workbench.workspaces.names)
        async with open_window(sampled, docks=False) as desktop:
            ledger = desktop.desk.backend.money
            await desktop.desk.bridge.call(_write(ledger, newer))
            desktop.workspaces.current = None
            desktop.workspaces._saved = save_workspace(desktop.workspaces.now())  # nothing to save at the end

    async def come_back():
        async with open_window(sampled) as desktop:
            assert desktop.panels.chart.shown.instrument.id == AAPL
            assert any("version 5" in e.notice.text for e in desktop.desk.notices.entries)
            await shown(lambda: desktop.workbench.workspaces.current_name == "My workspace 2")
            kept = await desktop.desk.bridge.call(_read(desktop.desk.backend.money))
            assert newer in kept

    run_on_qt(spoil())
    run_on_qt(come_back())


async def _write(ledger, content):
    await ledger.write(lambda db: db.execute("UPDATE workspaces SET content = ?", (content,)) and None)


async def _read(ledger):
    return tuple(bytes(row[0]) for row in await ledger.read(lambda db: db.execute("SELECT content FROM workspaces").fetchall()))


def test_every_dock_is_reached_moved_floated_and_closed_by_keys(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            window, actions = desktop.window, desktop.workbench.actions.by_id
            window.activateWindow()
            for dock in window.docks.values():
                dock.show()
            desktop.panels.chart.setFocus()
            reached = []
            for _ in window.docks:
                actions["dock.next"].trigger()
                reached.append(next(name for name, dock in window.docks.items() if dock.has_focus))
            assert sorted(reached) == sorted(window.docks)
            actions["dock.next"].trigger()
            assert window.focusWidget() is desktop.panels.chart.view
            actions["dock.back"].trigger()
            last = window.docks[reached[-1]]
            assert last.has_focus
            actions["dock.float"].trigger()
            assert last.isFloating()
            actions["dock.float"].trigger()
            assert not last.isFloating()
            last.move_to(Qt.DockWidgetArea.LeftDockWidgetArea)
            assert window.dockWidgetArea(last) is Qt.DockWidgetArea.LeftDockWidgetArea
            last.take_focus()
            actions["dock.close"].trigger()
            assert not last.isVisible()
            nameless = [b for dock in window.docks.values() for b in (dock.menu_button, dock.float_button, dock.close_button)]
            assert all(button.accessibleName() and button.focusPolicy() & Qt.FocusPolicy.TabFocus for button in nameless)

    run_on_qt(story())


def test_the_menu_of_a_dock_moves_it_and_makes_it_a_tab(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            window, docks = desktop.window, desktop.window.docks
            docks["bars"].show()
            menu = docks["bars"].menu_button.menu()
            menu.aboutToShow.emit()
            next(a for a in menu.actions() if a.text() == "As a tab beside Watchlist").trigger()
            assert window.tabifiedDockWidgets(docks["watchlist"]) == [docks["bars"]]
            menu.aboutToShow.emit()
            next(a for a in menu.actions() if a.text() == "Move to the left").trigger()
            assert window.dockWidgetArea(docks["bars"]) is Qt.DockWidgetArea.LeftDockWidgetArea

    run_on_qt(story())


def test_closing_the_window_with_floating_docks_leaves_no_window(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            for dock in desktop.window.docks.values():
                dock.show()
                dock.setFloating(True)
            await shown(lambda: all(dock.isVisible() for dock in desktop.window.docks.values()))
            assert all(dock.isFloating() for dock in desktop.window.docks.values())

    run_on_qt(story())  # the suite fails a test that leaves a window, a task or a thread


def test_what_floated_on_a_monitor_that_has_gone_comes_onto_one_that_is_there(qapp, sampled):
    far = Rect(5_000, 300, 400, 300)

    async def story():
        async with open_window(sampled) as desktop:
            tree = desktop.workspaces.now().docks
            moved = _with_floating(tree, "watchlist", far)
            desktop.window.show_docks(moved)
            dock = desktop.window.docks["watchlist"]
            room = desktop.window.screen().availableGeometry()
            await shown(lambda: dock.isFloating() and room.contains(dock.geometry().topLeft()))
            assert (dock.width(), dock.height()) == (400, 300)

    run_on_qt(story())


def _with_floating(tree, name, rect):
    def changed(split):
        items = tuple(
            changed(item) if isinstance(item, Split) else Dock(name, True, rect) if item.name == name else item
            for item in split.items
        )
        return msgspec.structs.replace(split, items=items)

    return msgspec.structs.replace(tree, sides=tuple(msgspec.structs.replace(side, root=changed(side.root)) for side in tree.sides))


@pytest.mark.parametrize(
    ("rect", "expected"),
    [
        (Rect(100, 100, 400, 300), Rect(100, 100, 400, 300)),
        (Rect(-350, 100, 400, 300), Rect(-350, 100, 400, 300)),  # 50 pixels of it can be taken hold of
        (Rect(-380, 100, 400, 300), Rect(0, 100, 400, 300)),
        (Rect(100, -5, 400, 300), Rect(100, 0, 400, 300)),
        (Rect(4000, 4000, 400, 300), Rect(2520, 780, 400, 300)),
        (Rect(4000, 4000, 9999, 9999), Rect(1000, 0, 1920, 1080)),
        (Rect(1800, 20, 400, 300), Rect(1800, 20, 400, 300)),
        (Rect(10, 10, 1, 1), Rect(10, 10, 120, 120)),
    ],
)
def test_windows_are_moved_only_where_they_could_not_be_reached(rect, expected):
    screens = (Rect(0, 0, 1000, 800), Rect(1000, 0, 1920, 1080))
    assert on_screens(rect, screens) == expected


def test_an_arrangement_with_docks_that_are_not_known_shows_those_that_are(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            tree = DockTree(
                (DockSide(1, 300, 500, Split((Dock("watchlist", True, None, Span(0, 200, 0)), Dock("of.a.plugin")), True)),)
            )
            desktop.window.show_docks(tree)
            assert desktop.window.docks["watchlist"].isVisible()
            assert not desktop.window.docks["bars"].isVisible()
            desktop.workbench.view.toggle_bars()
            assert desktop.window.docks["bars"].isVisible()
            assert {"watchlist", "bars", "notices"} <= {dock.name for dock in docks_of(desktop.workspaces.now().docks)}
            desktop.workbench.workspaces.first_arrangement()
            await shown(lambda: not desktop.window.docks["bars"].isVisible())
            with pytest.raises(InvalidInput):
                desktop.window.show_docks(DockTree((DockSide(7, 1, 1, Split((Dock("watchlist"),))),)))
            assert not rects_of(desktop.workspaces.now().docks)

    run_on_qt(story())


def test_safe_mode_shows_the_default_arrangement_and_keeps_nothing_of_it(qapp, sampled):
    left = {}

    async def leave():
        async with open_window(sampled) as desktop:
            await arranged(desktop)
            left["workspace"] = desktop.workspaces.now()

    async def safely():
        async with open_window(sampled, is_safe=True) as desktop:
            assert len(desktop.panels.grid.charts) == 1
            assert "safe mode" in desktop.window.windowTitle()
            assert not desktop.window.docks["bars"].isFloating()
            assert any("safe mode" in e.notice.title for e in desktop.desk.notices.entries)
            desktop.workbench.workspaces.save()
            await shown(lambda: any("Nothing is kept" in e.notice.title for e in desktop.desk.notices.entries))

    async def come_back():
        async with open_window(sampled) as desktop:
            await until(lambda: desktop.workspaces.now() == left["workspace"], what="what was left before safe mode")

    run_on_qt(leave())
    run_on_qt(safely())
    run_on_qt(come_back())


def test_a_click_into_a_chart_of_another_arrangement_reaches_that_chart(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.window.activateWindow()
            await arranged(desktop)
            grid = desktop.panels.grid
            desktop.window.activateWindow()
            QTest.mouseClick(grid.charts[0].view._canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(50, 80))
            assert desktop.panels.chart is grid.charts[0]

    run_on_qt(story())
