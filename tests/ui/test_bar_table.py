"""The table of bars: correcting and deleting one bar by hand, undo, the log of edits."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.domain.bars import BarSpec
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown


async def _table(desktop):
    desktop.workbench.view.toggle_bars()
    bars = desktop.panels.bars
    await shown(lambda: bars.model.rowCount() == 3_270 and bars.model.may_edit, "the bars are shown")
    return bars


def test_the_newest_bar_stands_first(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            bars = await _table(desktop)
            assert [bars.model.index(0, c).data() for c in range(6)] == [
                "2013-03-01",
                "438.00",
                "438.18",
                "429.98",
                "430.47",
                "19,730,300",
            ]

    run_on_qt(story())


def test_a_corrected_value_is_stored_shown_on_the_chart_logged_and_undone(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            bars = await _table(desktop)
            bars.model.setData(bars.model.index(0, 4), "431.5")
            await shown(lambda: bars.model.index(0, 4).data() == "431.50")
            chart = desktop.panels.chart.view.model.snapshot
            assert chart.bar(len(chart) - 1).close == 431.5
            await shown(lambda: bars.log.rowCount() == 1)
            bars.log_view.setCurrentIndex(bars.log.index(0, 0))
            bars.undo_selected()
            await shown(lambda: bars.model.index(0, 4).data() == "430.47")
            await shown(lambda: bars.log.index(0, 4).data() == "Undone")

    run_on_qt(story())


def test_delete_removes_the_row_and_undo_brings_it_back(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            bars = await _table(desktop)
            bars.table.setCurrentIndex(bars.model.index(2, 1))
            day = bars.model.index(2, 0).data()
            QTest.keyClick(bars.table, Qt.Key.Key_Delete)
            await shown(lambda: bars.model.rowCount() == 3_269)
            assert bars.model.index(2, 0).data() != day
            undo = desktop.workbench.actions.by_id["edit.undo"]
            await shown(undo.isEnabled)
            undo.trigger()
            await shown(lambda: bars.model.rowCount() == 3_270)
            assert bars.model.index(2, 0).data() == day

    run_on_qt(story())


def test_an_impossible_value_is_refused_with_the_reason(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            bars = await _table(desktop)
            bars.model.setData(bars.model.index(0, 2), "1.00")
            bars.model.setData(bars.model.index(0, 1), "a lot")
            texts = [entry.notice.text for entry in desktop.desk.notices.entries]
            assert any("'a lot' is not a number" in text for text in texts)
            assert any("high" in text for text in texts)
            assert bars.model.index(0, 2).data() == "438.18"

    run_on_qt(story())


def test_computed_and_adjusted_bars_cannot_be_edited(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            bars = await _table(desktop)
            await desktop.panels.chart.switch(BarSpec.parse("1w"))
            await shown(lambda: "computed from shorter bars" in bars._words.text())
            assert not bars.model.flags(bars.model.index(0, 1)) & Qt.ItemFlag.ItemIsEditable
            await desktop.panels.chart.switch(BarSpec.parse("1d"))
            await desktop.panels.chart.adjust(adjusted=True)
            await shown(lambda: "adjusted prices are computed" in bars._words.text())
            assert not bars.may_edit_shown()

    run_on_qt(story())
