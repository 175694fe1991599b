"""The watchlist dock on a real backend: figures, order, lists, keyboard, undo, and what outlives a restart."""

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import Conflict
from backend.watchlists.watchlist import Section
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown, visible_dialog
from trii_desktop.watchlist.cells import trend_points
from trii_desktop.watchlist.model import CHANGE, ENTRY_ROLE, LAST, PERCENT, SYMBOL, TREND, VOLUME
from trii_desktop.widgets.ask import AskText
from trii_desktop.widgets.numbers import DASH, MINUS

AAPL, COMP, MSFT = InstrumentId("AAPL", "XNAS"), InstrumentId("COMP", "INDEX"), InstrumentId("MSFT", "XNAS")


def _texts(panel, column):
    return [panel.proxy.index(row, column).data() for row in range(panel.proxy.rowCount())]


async def _with_figures(desktop):
    panel = desktop.panels.watchlist
    await shown(lambda: panel.proxy.rowCount() and DASH not in _texts(panel, LAST), "figures of every row")
    return panel


def test_a_first_list_holds_the_instruments_with_their_last_figures(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            panel = await _with_figures(desktop)
            assert _texts(panel, SYMBOL) == ["AAPL", "COMP", "MSFT", "SPX", "VIX", "WTI"]
            figures = [panel.proxy.index(0, c).data() for c in (LAST, CHANGE, PERCENT, VOLUME)]
            assert figures == ["430.47", f"{MINUS}10.93", f"{MINUS}2.48%", "19.7M"]

    run_on_qt(story())


def test_figures_follow_bars_that_come_in(qapp, sampled):
    async def publish(backend):
        series = Series(AAPL, BarSpec.parse("1d"))
        newest = await backend.history.bars(series)
        day = 86_400_000_000_000
        fresh = BarArrays.of([type(newest.bar(-1))(int(newest.event_ns[-1]) + 3 * day, 430.0, 450.0, 429.0, 447.5, 1e6)])
        stage = backend.store.stage(series, "sample")
        stage.add(fresh)
        await backend.store.publish(stage)

    async def story():
        async with open_window(sampled) as desktop:
            panel = await _with_figures(desktop)
            await desktop.desk.bridge.call(publish(desktop.desk.backend))
            await shown(lambda: _texts(panel, LAST)[0] == "447.50", "the new close")
            assert _texts(panel, CHANGE)[0] == "+17.03"

    run_on_qt(story())


def test_enter_shows_the_row_and_arrows_move_the_cursor(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            table = desktop.panels.watchlist.table
            QTest.keyClick(table, Qt.Key.Key_Down)
            QTest.keyClick(table, Qt.Key.Key_Down)
            QTest.keyClick(table, Qt.Key.Key_Return)
            await shown(lambda: desktop.panels.chart.shown.instrument.id == MSFT)
            desktop.workbench.watchlist.next_instrument()
            await shown(lambda: str(desktop.panels.chart.shown.instrument.id) == "SPX.INDEX")
            assert str(desktop.panels.watchlist.selected()) == "SPX.INDEX"

    run_on_qt(story())


def test_removing_is_undone_to_the_same_place(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            panel = desktop.panels.watchlist
            panel.select(COMP)
            QTest.keyClick(panel.table, Qt.Key.Key_Delete)
            await shown(lambda: COMP not in panel.model.order)
            await shown(desktop.workbench.actions.by_id["edit.undo"].isEnabled)
            desktop.workbench.actions.by_id["edit.undo"].trigger()
            await shown(lambda: COMP in panel.model.order)
            assert panel.model.order.index(COMP) == 1

    run_on_qt(story())


def test_rows_are_moved_by_keyboard_and_by_drop_and_stay_moved(qapp, sampled):
    async def move():
        async with open_window(sampled) as desktop:
            panel = desktop.panels.watchlist
            panel.select(MSFT)
            QTest.keyClick(panel.table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
            await shown(lambda: panel.model.order[:3] == (AAPL, MSFT, COMP))
            data = panel.model.mimeData([panel.model.index(0, 0)])
            panel.model.dropMimeData(data, Qt.DropAction.MoveAction, 3, 0, panel.model.index(-1, -1))
            await shown(lambda: panel.model.order[:3] == (MSFT, COMP, AAPL))

    async def come_back():
        async with open_window(sampled) as desktop:
            assert desktop.panels.watchlist.model.order[:3] == (MSFT, COMP, AAPL)

    run_on_qt(move())
    run_on_qt(come_back())


def test_header_clicks_sort_down_up_and_back_to_the_own_order(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            panel = await _with_figures(desktop)
            own = _texts(panel, SYMBOL)
            header = panel.table.horizontalHeader()
            header.sectionClicked.emit(PERCENT)
            assert _texts(panel, SYMBOL)[0] == "VIX"
            assert not panel.model.may_move
            header.sectionClicked.emit(PERCENT)
            assert _texts(panel, SYMBOL)[0] == "AAPL"
            header.sectionClicked.emit(PERCENT)
            assert _texts(panel, SYMBOL) == own
            assert panel.model.may_move

    run_on_qt(story())


def test_lists_are_made_renamed_deleted_and_brought_back(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            panel, actions = desktop.panels.watchlist, desktop.workbench.actions.by_id
            actions["watchlist.new"].trigger()
            ask = visible_dialog(AskText)
            QTest.keyClicks(ask.field, "Tech")
            QTest.keyClick(ask.field, Qt.Key.Key_Return)
            await shown(lambda: panel.current.name == "Tech")
            assert panel.model.order == ()
            await panel.add(AAPL)
            actions["watchlist.rename"].trigger()
            ask = visible_dialog(AskText)
            ask.field.setText("Technology")
            ask.accept()
            await shown(lambda: panel.current.name == "Technology")
            actions["watchlist.delete"].trigger()
            await shown(lambda: panel.current is not None and panel.current.name == "Watchlist")
            await shown(lambda: "deleted" in desktop.desk.undo.newest.title)
            actions["edit.undo"].trigger()
            await shown(lambda: panel.current.name == "Technology")
            assert panel.model.order == (AAPL,)
            with pytest.raises(Conflict):
                await panel.create_list("WATCHLIST")

    run_on_qt(story())


def test_adding_goes_through_the_search(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            panel = desktop.panels.watchlist
            await panel.create_list("Two")
            desktop.workbench.actions.by_id["watchlist.add"].trigger()
            search = desktop.workbench.search
            QTest.keyClicks(search.field, "msft")
            await shown(lambda: search.model.rows and search.model.rows[0].instrument.id == MSFT)
            QTest.keyClick(search.field, Qt.Key.Key_Return)
            await shown(lambda: panel.model.order == (MSFT,))
            assert desktop.panels.chart.shown.instrument.id == AAPL

    run_on_qt(story())


def test_a_hidden_watchlist_does_no_work(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            panel = await _with_figures(desktop)
            desktop.workbench.view.toggle_watchlist()
            assert not panel.isVisible()
            before = panel.model._board_version
            await desktop.desk.bridge.call(_watch_nothing(desktop.desk.backend))
            n_frames = desktop.desk.frames.n_frames
            desktop.desk.frames.request()
            await shown(lambda: desktop.desk.frames.n_frames > n_frames)
            assert panel.model._board_version == before
            assert QApplication.focusWidget() is not panel.table

    run_on_qt(story())


async def _watch_nothing(backend):
    backend.board.watch(())


def _shown_entries(panel):
    return [panel.proxy.index(row, 0).data(ENTRY_ROLE) for row in range(panel.proxy.rowCount())]


TECH, REST = Section("Tech"), Section("The rest")


async def _with_sections(desktop):
    panel = await _with_figures(desktop)
    await panel.create_list("Mixed", (TECH, MSFT, AAPL, REST, COMP, InstrumentId("VIX", "INDEX")))
    return await _with_figures(desktop)


def test_sections_fold_sort_inside_themselves_and_span_the_row(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            panel = await _with_sections(desktop)
            assert panel.table.columnSpan(0, 0) == panel.model.columnCount()
            panel.table.horizontalHeader().sectionClicked.emit(SYMBOL)
            assert _texts(panel, SYMBOL) == ["Tech", "AAPL", "MSFT", "The rest", "COMP", "VIX"]
            panel.table.horizontalHeader().sectionClicked.emit(SYMBOL)
            assert _texts(panel, SYMBOL) == ["Tech", "MSFT", "AAPL", "The rest", "VIX", "COMP"]
            panel.table.horizontalHeader().sectionClicked.emit(SYMBOL)
            panel.table.setCurrentIndex(panel.proxy.index(0, 0))
            QTest.keyClick(panel.table, Qt.Key.Key_Return)
            await shown(lambda: _texts(panel, SYMBOL) == ["Tech", "The rest", "COMP", "VIX"])
            assert panel.table.columnSpan(1, 0) == panel.model.columnCount()
            assert "folded" in panel.proxy.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)

    run_on_qt(story())


def test_a_section_is_added_named_moved_with_its_rows_removed_and_undone(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            panel, actions = await _with_sections(desktop), desktop.workbench.actions.by_id
            start = panel.current.entries
            panel.table.setCurrentIndex(panel.proxy.index(3, 0))
            QTest.keyClick(panel.table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
            await shown(lambda: panel.current.entries == (TECH, MSFT, REST, COMP, start[-1], AAPL))
            await shown(lambda: "moved" in desktop.desk.undo.newest.title)
            actions["edit.undo"].trigger()
            await shown(lambda: panel.current.entries == start)
            await shown(actions["edit.redo"].isEnabled)
            actions["edit.redo"].trigger()
            await shown(lambda: panel.current.entries.index(REST) == 2)
            panel.select(AAPL)
            actions["watchlist.add_section"].trigger()
            ask = visible_dialog(AskText)
            QTest.keyClicks(ask.field, "Fruit")
            ask.accept()
            await shown(lambda: Section("Fruit") in panel.current.entries)
            place = panel.current.entries.index(Section("Fruit"))
            assert panel.current.entries[place + 1] == AAPL
            panel.table.setCurrentIndex(panel.proxy.index(place, 0))
            QTest.keyClick(panel.table, Qt.Key.Key_F2)
            ask = visible_dialog(AskText)
            ask.field.setText("Apples")
            ask.accept()
            await shown(lambda: Section("Apples") in panel.current.entries)
            panel.table.setCurrentIndex(panel.proxy.index(place, 0))
            QTest.keyClick(panel.table, Qt.Key.Key_Delete)
            await shown(lambda: "removed" in desktop.desk.undo.newest.title)
            assert Section("Apples") not in panel.current.entries
            actions["edit.undo"].trigger()
            await shown(lambda: panel.current.entries[place] == Section("Apples"))

    run_on_qt(story())


def test_every_row_shows_the_trend_of_its_closes(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            panel = await _with_figures(desktop)
            spoken = panel.proxy.index(0, TREND).data(Qt.ItemDataRole.AccessibleTextRole)
            assert spoken.startswith("Trend")
            assert spoken.endswith("over 30 closes")
            rect = panel.table.visualRect(panel.proxy.index(0, TREND))
            picture = panel.table.viewport().grab(rect).toImage()
            colors = {picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(picture.height())}
            assert len(colors) > 3

    run_on_qt(story())


def test_a_trend_spans_its_area_and_a_flat_one_runs_through_the_middle():
    area = QRectF(10, 20, 60, 8)
    assert [(p.x(), p.y()) for p in trend_points((1.0, 3.0, 2.0), area)] == [(10, 28), (40, 20), (70, 24)]
    assert {p.y() for p in trend_points((5.0, 5.0), area)} == {24}


def test_a_list_is_exported_and_imported_again_and_unknown_names_are_said(qapp, sampled, tmp_path):
    async def story():
        async with open_window(sampled) as desktop:
            panel, actions = await _with_sections(desktop), desktop.workbench.watchlist
            before = panel.current.entries
            path = tmp_path / "my list.txt"
            await actions._export(panel.current, path)
            path.write_text(path.read_text() + "NOSUCH\n")
            await actions._import(path)
            assert panel.current.name == "my list"
            assert panel.current.entries == before
            assert "NOSUCH" in desktop.desk.notices.entries[0].notice.text
            await actions._import(path)
            assert panel.current.name == "my list 2"

    run_on_qt(story())


def test_hidden_columns_stay_hidden_after_a_restart(qapp, sampled):
    async def hide():
        async with open_window(sampled) as desktop:
            menu = desktop.panels.watchlist.table.column_menu()
            next(action for action in menu.actions() if action.text() == "Volume").trigger()
            await shown(lambda: desktop.desk.backend.settings.current.workspace.watchlist_hidden == ("Volume", "Bid", "Ask"))

    async def come_back():
        async with open_window(sampled) as desktop:
            assert desktop.panels.watchlist.table.hidden_columns == ("Volume", "Bid", "Ask")

    run_on_qt(hide())
    run_on_qt(come_back())


def test_columns_leave_room_for_the_symbol_and_come_back_with_the_width(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            table = (await _with_figures(desktop)).table
            table.fit_columns(260)
            assert table.isColumnHidden(VOLUME)
            assert not table.isColumnHidden(LAST)
            assert table.hidden_columns == ("Bid", "Ask")
            table.hide_columns(())
            table.fit_columns(700)
            assert not any(table.isColumnHidden(column) for column in range(table.model().columnCount()))
            table.hide_columns(("Trend",))
            table.fit_columns(700)
            assert table.isColumnHidden(TREND)

    run_on_qt(story())
