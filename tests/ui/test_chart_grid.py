"""One to four charts of a window: how many, which one is active, and what links them."""

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from backend.charts.chart_state import ChartState
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.workspaces.chart_grid import GridShape, GridState, Links, PlacedChart
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, point_at, shown
from trii_desktop.grid.edge import GridEdge

AAPL, MSFT = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS")


def ids(grid):
    return [str(chart.shown.instrument.id) if chart.shown else "" for chart in grid.charts]


def specs(grid):
    return [str(chart.shown.spec) for chart in grid.charts]


async def four(desktop):
    desktop.window.activateWindow()
    grid = desktop.panels.grid
    desktop.workbench.actions.by_id["grid.four"].trigger()
    await shown(lambda: len(grid.charts) == 4 and all(ids(grid)))
    return grid


def test_another_chart_shows_what_the_active_one_shows_and_further_ones_come_back_as_they_were(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = desktop.panels.grid
            assert ids(grid) == [str(AAPL)]
            desktop.workbench.actions.by_id["grid.columns"].trigger()
            await shown(lambda: ids(grid) == [str(AAPL), str(AAPL)])
            await grid.charts[1].open(MSFT, BarSpec.parse("1w"))
            desktop.workbench.actions.by_id["grid.one"].trigger()
            await shown(lambda: len(grid.charts) == 1)
            desktop.workbench.actions.by_id["grid.columns"].trigger()
            await shown(lambda: ids(grid) == [str(AAPL), str(MSFT)])
            assert specs(grid) == ["1d", "1w"]

    run_on_qt(story())


def test_what_is_typed_chosen_and_pressed_acts_on_the_chart_that_was_clicked(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = await four(desktop)
            QTest.mouseClick(grid.charts[2].view._canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
            assert desktop.panels.chart is grid.charts[2]
            desktop.workbench.chart.show_instrument(MSFT)
            await shown(lambda: ids(grid) == [str(AAPL), str(AAPL), str(MSFT), str(AAPL)])
            assert desktop.window.windowTitle().startswith("MSFT.XNAS")
            entry = desktop.workbench.chart.interval
            QTest.keyClicks(grid.charts[2].view, "1")
            assert entry.isVisible()
            QTest.keyClicks(entry.field, "w")
            QTest.keyClick(entry.field, Qt.Key.Key_Return)
            await shown(lambda: specs(grid) == ["1d", "1d", "1w", "1d"])

    run_on_qt(story())


def test_the_keyboard_goes_from_chart_to_chart_and_their_keys_act_there(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = await four(desktop)
            actions = desktop.workbench.actions.by_id
            order = []
            for _ in range(4):
                actions["grid.next"].trigger()
                order.append(grid.charts.index(desktop.panels.chart))
                assert desktop.panels.chart.view.hasFocus()
            assert order == [1, 2, 3, 0]
            actions["grid.back"].trigger()
            before = [chart.view.model.time.spacing_px for chart in grid.charts]
            QTest.keyClick(desktop.panels.chart.view, Qt.Key.Key_Plus)
            after = [chart.view.model.time.spacing_px for chart in grid.charts]
            assert [a == b for a, b in zip(before, after, strict=True)] == [True, True, True, False]

    run_on_qt(story())


def test_alt_enter_shows_the_active_chart_alone_and_then_all_again(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = await four(desktop)
            grid.focus_place(3)
            QTest.keyClick(desktop.panels.chart.view, Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier)
            assert [chart.isVisible() for chart in grid.charts] == [False, False, False, True]
            assert grid.charts[3].width() == grid.width()
            QTest.keyClick(desktop.panels.chart.view, Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier)
            assert all(chart.isVisible() for chart in grid.charts)

    run_on_qt(story())


def test_the_edge_between_charts_is_dragged_moved_by_arrows_and_centred(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = await four(desktop)
            edges = grid.findChildren(GridEdge)
            upright = next(edge for edge in edges if edge.width() < edge.height())
            start = upright.x()
            QTest.mousePress(upright, Qt.MouseButton.LeftButton, pos=QPoint(2, 40))
            point_at(upright, QPoint(102, 40), Qt.MouseButton.LeftButton)
            QTest.mouseRelease(upright, Qt.MouseButton.LeftButton, pos=QPoint(102, 40))
            assert abs(upright.x() - start - 100) <= 1
            moved = upright.x()
            QTest.keyClick(upright, Qt.Key.Key_Right)
            assert upright.x() > moved
            QTest.mouseDClick(upright, Qt.MouseButton.LeftButton, pos=QPoint(2, 40))
            assert abs(upright.x() - start) <= 1

    run_on_qt(story())


def test_closing_a_chart_gives_its_room_to_the_others_and_the_last_one_stays(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = await four(desktop)
            kept = [grid.charts[n] for n in (0, 2, 3)]
            grid.focus_place(1)
            for expected in (3, 2, 1, 1):
                desktop.workbench.grid.close_active()
                await shown(lambda n=expected: len(grid.charts) == n)
                assert desktop.panels.chart in grid.charts
            assert grid.charts[0] in kept
            assert grid.shape is GridShape.ONE

    run_on_qt(story())


def test_charts_linked_by_instrument_follow_the_one_that_was_changed_and_undo_leads_them_back(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = await four(desktop)
            await grid.charts[1].switch(BarSpec.parse("1w"))
            grid.set_group(grid.charts[3], 2)
            desktop.workbench.actions.by_id["grid.instrument"].trigger()
            desktop.workbench.chart.show_instrument(MSFT)
            await shown(lambda: ids(grid) == [str(MSFT), str(MSFT), str(MSFT), str(AAPL)])
            assert specs(grid) == ["1d", "1w", "1d", "1d"]
            await desktop.desk.undo.undo()
            await shown(lambda: ids(grid) == [str(AAPL)] * 4)
            await desktop.desk.undo.redo()
            await shown(lambda: ids(grid) == [str(MSFT), str(MSFT), str(MSFT), str(AAPL)])

    run_on_qt(story())


def test_charts_linked_by_interval_follow_and_a_switch_turned_on_leads_at_once(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = await four(desktop)
            await grid.charts[2].open(MSFT, BarSpec.parse("1mo"))
            grid.focus_place(2)
            desktop.workbench.actions.by_id["grid.interval"].trigger()
            await shown(lambda: specs(grid) == ["1mo"] * 4)
            assert ids(grid) == [str(AAPL), str(AAPL), str(MSFT), str(AAPL)]
            desktop.workbench.chart.finer_interval()
            await shown(lambda: specs(grid) == ["1w"] * 4)

    run_on_qt(story())


def test_a_chart_that_joins_a_group_takes_over_what_its_members_show(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = await four(desktop)
            grid.set_group(grid.charts[1], 0)
            await grid.charts[1].open(MSFT)
            grid.set_links(Links(instrument=True))
            button = next(b for b in grid.findChildren(QToolButton) if b.accessibleName().startswith("Not linked"))
            assert ids(grid).count(str(MSFT)) == 1
            next(action for action in button.menu().actions() if action.data() == 1).trigger()
            await shown(lambda: ids(grid) == [str(AAPL)] * 4)

    run_on_qt(story())


def test_a_linked_chart_without_that_interval_shows_one_that_is_there(qapp, sampled, tmp_path):
    rows = "".join(f"2024-01-{2 + n // 7:02d} {14 + n % 7:02d}:00:00,{50 + n},{52 + n},{49 + n},{51 + n},9\n" for n in range(49))
    (tmp_path / "NEWCO_1h.csv").write_text("Time,Open,High,Low,Close,Volume\n" + rows)

    async def story():
        async with open_window(sampled) as desktop:
            await desktop.desk.bridge.call(_import(desktop.desk.backend, tmp_path / "NEWCO_1h.csv"))
            (hourly,) = [i for i in await desktop.desk.bridge.call(desktop.desk.engine.instruments()) if i.id.code == "NEWCO"]
            grid = await four(desktop)
            await grid.charts[1].open(hourly.id, BarSpec.parse("1h"))
            grid.set_links(Links(instrument=True))
            desktop.workbench.chart.show_instrument(MSFT)
            await shown(lambda: ids(grid) == [str(MSFT)] * 4)
            assert specs(grid) == ["1d"] * 4

    run_on_qt(story())


async def _import(backend, path):
    (plan,) = await backend.importer.preview(path)
    await backend.importer.run(plan)


def test_the_crosshair_of_one_chart_marks_the_same_moment_in_the_linked_ones(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = await four(desktop)
            await grid.charts[1].switch(BarSpec.parse("1w"))
            grid.set_group(grid.charts[3], 0)
            surface = grid.charts[0].view._canvas.viewport()
            point_at(surface, QPoint(surface.width() // 3, surface.height() // 3))
            marked = [chart.view._picture.pointed.linked_ns for chart in grid.charts]
            told = grid.charts[0].view._picture.pointed.event_ns
            assert told is not None
            assert marked == [None, told, told, None]
            desktop.workbench.actions.by_id["grid.crosshair"].trigger()
            assert [chart.view._picture.pointed.linked_ns for chart in grid.charts] == [None] * 4

    run_on_qt(story())


def test_charts_linked_by_time_pan_together_also_in_other_intervals(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = await four(desktop)
            await grid.charts[1].switch(BarSpec.parse("1w"))
            grid.set_group(grid.charts[3], 0)
            grid.focus_place(0)
            desktop.workbench.actions.by_id["grid.time"].trigger()
            before = grid.charts[3].view.model.visible()
            for _ in range(6):
                QTest.keyClick(grid.charts[0].view, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
            await shown(lambda: grid.charts[2].view.model.visible() == grid.charts[0].view.model.visible())
            edges = [_edges(chart.view.model) for chart in grid.charts]
            week = 8 * 86_400 * 10**9
            assert all(abs(a - b) <= week for a, b in zip(edges[0], edges[1], strict=True))
            assert edges[0] == edges[2]
            assert grid.charts[3].view.model.visible() == before

    run_on_qt(story())


def _edges(model):
    """Event times of the first and the last bar in view."""
    last = min(int(model.time.right), len(model.snapshot) - 1)
    first = max(round(model.time.right - model.time.n_shown), 0)
    return model.snapshot.event_ns_at(first), model.snapshot.event_ns_at(last)


def test_the_state_of_a_grid_is_shown_again_as_it_was(qapp, sampled):
    charts = tuple(
        PlacedChart(ChartState(instrument=str(what), interval=spec), group)
        for what, spec, group in ((AAPL, "1d", 1), (MSFT, "1w", 2), (AAPL, "1mo", 0), (MSFT, "1d", 1))
    )
    wanted = GridState(GridShape.THREE, 0.3, 0.6, charts, 2, False, Links(instrument=False, time=True))

    async def story():
        async with open_window(sampled) as desktop:
            grid = desktop.panels.grid
            await grid.show_state(wanted)
            first = grid.state
            assert ids(grid) == [str(AAPL), str(MSFT), str(AAPL)]
            assert desktop.panels.chart is grid.charts[2]
            assert msgspec.structs.replace(first, charts=()) == msgspec.structs.replace(wanted, charts=())
            await grid.show_state(GridState())
            await grid.show_state(first)
            assert grid.state == first
            with pytest.raises(InvalidInput):
                await grid.show_state(msgspec.structs.replace(wanted, active=3))
            assert grid.state == first

    run_on_qt(story())
