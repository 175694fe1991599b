"""The instrument search: letters typed on the chart, ranked results, keyboard."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.domain.instruments import InstrumentId
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown

MSFT = InstrumentId("MSFT", "XNAS")


def _ids(search):
    return [str(found.instrument.id) for found in search.model.rows]


async def _results_of(search, text):
    search.field.setText(text)
    await shown(search._task.done, f"results of {text!r}")
    return _ids(search)


def test_a_letter_typed_on_the_chart_opens_the_search_with_it(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            search = desktop.workbench.search
            QTest.keyClicks(desktop.panels.chart.view, "m")
            assert search.isVisible()
            assert search.field.text() == "m"
            QTest.keyClicks(search.field, "sft")
            await shown(lambda: _ids(search) == ["MSFT.XNAS"])
            QTest.keyClick(search.field, Qt.Key.Key_Return)
            await shown(lambda: desktop.panels.chart.shown.instrument.id == MSFT)
            assert not search.isVisible()
            assert desktop.window.focusWidget() is desktop.panels.chart.view

    run_on_qt(story())


def test_codes_rank_before_names_and_near_spellings_are_found(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            search = desktop.workbench.search
            search.search()
            assert (await _results_of(search, "vix"))[0] == "VIX.INDEX"
            assert (await _results_of(search, "apple"))[0] == "AAPL.XNAS"
            assert (await _results_of(search, "aapl.xnas")) == ["AAPL.XNAS"]
            assert "MSFT.XNAS" in await _results_of(search, "micorsoft")
            assert await _results_of(search, "") == ["AAPL.XNAS", "COMP.INDEX", "MSFT.XNAS", "SPX.INDEX", "VIX.INDEX", "WTI.FRED"]

    run_on_qt(story())


def test_results_tell_name_venue_kind_and_number_of_bars(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            search = desktop.workbench.search
            search.search("aapl")
            await shown(lambda: _ids(search) == ["AAPL.XNAS"])
            words = search.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
            assert words == "AAPL.XNAS Apple, stock, 3,270 bars"

    run_on_qt(story())


def test_arrows_choose_and_escape_gives_the_keyboard_back(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            search = desktop.workbench.search
            desktop.panels.chart.view.setFocus()
            search.search()
            await shown(lambda: len(search.model.rows) == 6)
            QTest.keyClick(search.field, Qt.Key.Key_Down)
            QTest.keyClick(search.field, Qt.Key.Key_Down)
            QTest.keyClick(search.field, Qt.Key.Key_Up)
            assert search.view.currentIndex().row() == 1
            QTest.keyClick(search.field, Qt.Key.Key_PageDown)
            assert search.view.currentIndex().row() == 5
            QTest.keyClick(search.field, Qt.Key.Key_Escape)
            assert not search.isVisible()
            assert desktop.window.focusWidget() is desktop.panels.chart.view

    run_on_qt(story())


def test_nothing_found_says_what_to_do_and_enter_does_nothing(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            search = desktop.workbench.search
            search.search("qqqqqqqq")
            await shown(lambda: search._stack.currentIndex() == 1)
            QTest.keyClick(search.field, Qt.Key.Key_Return)
            assert search.isVisible()
            assert "qqqqqqqq" in search._empty._title.text()

    run_on_qt(story())


def test_a_click_beside_the_search_closes_it(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.workbench.search.search()
            QTest.mouseClick(desktop.window.status, Qt.MouseButton.LeftButton)
            assert not desktop.workbench.search.isVisible()

    run_on_qt(story())


def test_the_search_fits_a_small_window(qapp, sampled):
    async def story():
        async with open_window(sampled, width_px=860, height_px=540) as desktop:
            search = desktop.workbench.search
            search.search()
            await shown(lambda: search.model.rows)
            assert desktop.window.rect().contains(search.geometry())

    run_on_qt(story())
