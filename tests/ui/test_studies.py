"""Indicators in a real window: added by keys alone, changed with a live preview, taken back, listed and removed."""

import math

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from backend.charts.chart_state import MAIN_PANE, ChartType, Dash, PriceRange, ScaleKind, Study, StudySource
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown, visible_dialog
from trii_desktop.actions.look_rows import TYPES
from trii_desktop.charts.gestures import Zone
from trii_desktop.charts.spots import Spot
from trii_desktop.charts.study_looks import comparison_looks
from trii_desktop.studies.comparison_editor import ComparisonEditor
from trii_desktop.studies.editor import StudyEditor
from trii_desktop.studies.study_list import StudyList, pane_choices
from trii_desktop.widgets.ask import AskText

Key = Qt.Key


def _values(desktop, study_id, output="value"):
    line = desktop.panels.chart.view.model.shown.lines.get((study_id, output))
    return None if line is None else line.value(len(line) - 1)


async def _computed(desktop, study_id, output="value"):
    await shown(lambda: _values(desktop, study_id, output) is not None, f"a line of {study_id}")


async def _add(desktop, *names):
    """Add by keys alone, as a person does."""
    search = desktop.workbench.studies.search
    for name in names:
        n_before = len(desktop.panels.chart.state.studies)
        QTest.keyClick(desktop.panels.chart.view, Key.Key_Slash)
        await shown(search.isVisible)
        QTest.keyClicks(search.field, name)
        QTest.keyClick(search.field, Key.Key_Return)
        QTest.keyClick(search.field, Key.Key_Escape)
        await shown(lambda n=n_before: len(desktop.panels.chart.state.studies) == n + 1, f"{name} on the chart")
    return tuple(study.id for study in desktop.panels.chart.state.studies[-len(names) :])


def _edit(desktop, study_id) -> StudyEditor:
    desktop.workbench.studies.edit(desktop.panels.chart, study_id)
    editor = visible_dialog(StudyEditor)
    assert editor is not None
    return editor


async def _undo(desktop):
    await desktop.desk.undo.undo()


def test_an_indicator_is_added_by_keys_alone_and_its_values_come(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            average, rsi = await _add(desktop, "sma", "relative strength")
            assert [study.indicator for study in chart.state.studies] == ["sma", "rsi"]
            assert [pane.id for pane in chart.state.panes] == [MAIN_PANE, chart.state.study(rsi).pane]
            await _computed(desktop, average)
            await _computed(desktop, rsi)
            n_bars = len(chart.view.model.snapshot)
            closes = [chart.view.model.snapshot.bar(row).close for row in range(n_bars - 20, n_bars)]
            assert _values(desktop, average) == pytest.approx(sum(closes) / 20)
            assert 0 < _values(desktop, rsi) < 100
            assert desktop.window.focusWidget() is chart.view

    run_on_qt(story(), 60)


def test_what_is_typed_ranks_names_before_words_and_the_last_used_stand_in_front(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            search = desktop.workbench.studies.search
            desktop.workbench.studies.open_search()
            names = [spec.name for spec in search.model.rows]
            assert "sma" in names
            assert "heikin_ashi" not in names
            QTest.keyClicks(search.field, "macd")
            assert search.model.rows[0].name == "macd"
            QTest.keyClick(search.field, Key.Key_Return)
            QTest.keyClick(search.field, Key.Key_Escape)
            settings = desktop.desk.backend.settings
            await shown(lambda: settings.current.workspace.recent_indicators == ("macd",), "what was used is kept")
            desktop.workbench.studies.open_search()
            assert search.model.rows[0].name == "macd"
            QTest.keyClicks(search.field, "qqqq")
            assert search.model.rows == ()
            QTest.keyClick(search.field, Key.Key_Return)
            assert len(desktop.panels.chart.state.studies) == 1

    run_on_qt(story(), 60)


def test_a_preview_is_seen_at_once_and_cancel_restores_the_exact_state(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            (average,) = await _add(desktop, "sma")
            await _computed(desktop, average)
            before, value = chart.state, _values(desktop, average)
            step = desktop.desk.undo.newest
            editor = _edit(desktop, average)
            editor.fields["period"].choose(50)
            assert dict(chart.state.study(average).params) == {"period": 50}
            await shown(lambda: _values(desktop, average) != value, "the preview's values")
            editor.pane.setCurrentIndex(editor.pane.count() - 1)
            editor.pane.activated.emit(editor.pane.count() - 1)
            assert chart.state.study(average).pane != MAIN_PANE
            own = chart.state.study(average).pane
            editor.fields["period"].choose(60)
            assert chart.state.study(average).pane == own, "a new pane is made once"
            QTest.keyClick(editor, Key.Key_Escape)
            assert chart.state == before
            assert desktop.desk.undo.newest is step
            await shown(lambda: _values(desktop, average) == value, "the values of before")

    run_on_qt(story(), 60)


def test_all_that_an_editor_did_is_one_step_of_undo(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            (average,) = await _add(desktop, "sma")
            before = chart.state
            editor = _edit(desktop, average)
            editor.fields["period"].choose(50)
            editor.fields["period"].choose(100)
            editor.accept()
            after = chart.state
            await _undo(desktop)
            assert chart.state == before
            await desktop.desk.undo.redo()
            assert chart.state == after

    run_on_qt(story(), 60)


def test_undo_beside_an_open_editor_is_shown_in_it_and_removal_closes_it(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            (average,) = await _add(desktop, "sma")
            editor = _edit(desktop, average)
            editor.fields["period"].choose(50)
            await _undo(desktop)
            assert chart.state.study(average).params == ()
            assert editor.fields["period"].value() == 20
            await _undo(desktop)
            assert chart.state.studies == ()
            assert visible_dialog(StudyEditor) is None

    run_on_qt(story(), 60)


def test_a_parameter_out_of_bounds_is_refused_in_words_and_the_chart_stays(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            (average,) = await _add(desktop, "sma")
            before = chart.state
            editor = _edit(desktop, average)
            field = editor.fields["period"]
            field.setFocus()
            field.selectAll()
            QTest.keyClicks(field, "9999")
            await shown(editor.problem.text, "words")
            assert "cannot be 9999" in editor.problem.text()
            assert "from 1 to 5000" in editor.problem.text()
            assert editor.problem.isVisible()
            assert not editor.done_button.isEnabled()
            assert chart.state == before
            field.choose(30)
            assert not editor.problem.isVisible()
            assert editor.done_button.isEnabled()
            editor.set_defaults()
            assert field.value() == 20
            assert chart.state == before

    run_on_qt(story(), 60)


def test_an_indicator_reads_another_and_goes_with_it(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            average, rsi = await _add(desktop, "sma", "rsi")
            editor = _edit(desktop, average)
            place = next(n for n in range(editor.source.count()) if editor.source.itemData(n) == StudySource("value", rsi))
            editor.source.setCurrentIndex(place)
            editor.source.activated.emit(place)
            editor.accept()
            assert [study.id for study in chart.state.studies] == [rsi, average]
            await shown(lambda: 0 < (_values(desktop, average) or math.nan) < 100, "a mean of the RSI")
            desktop.workbench.studies.remove(chart, rsi)
            assert chart.state.studies == ()
            assert [pane.id for pane in chart.state.panes] == [MAIN_PANE]
            await _undo(desktop)
            assert [study.id for study in chart.state.studies] == [rsi, average]
            await _computed(desktop, average)

    run_on_qt(story(), 60)


def test_a_copy_has_a_life_of_its_own(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart, studies = desktop.panels.chart, desktop.workbench.studies
            (average,) = await _add(desktop, "ema")
            studies.duplicate()
            first, copy = chart.state.studies
            assert first.id == average != copy.id
            editor = _edit(desktop, copy.id)
            editor.fields["period"].choose(200)
            editor.accept()
            await _computed(desktop, copy.id)
            await shown(lambda: _values(desktop, copy.id) != _values(desktop, average), "two lines")

    run_on_qt(story(), 60)


def test_delete_removes_the_selected_indicator_and_undo_brings_it_back(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            average, rsi = await _add(desktop, "sma", "rsi")
            before = chart.state
            desktop.workbench.studies.select(chart, average)
            assert chart.view.selected_study == average
            delete = desktop.workbench.actions.by_id["edit.delete"]
            assert delete.shortcut().toString() == "Del"
            delete.trigger()
            assert [study.id for study in chart.state.studies] == [rsi]
            assert chart.view.selected_study == ""
            assert not delete.isEnabled(), "nothing is selected any more"
            await _undo(desktop)
            assert chart.state == before

    run_on_qt(story(), 60)


def test_the_list_shows_hides_orders_and_removes(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            average, rsi = await _add(desktop, "sma", "rsi")
            desktop.workbench.studies.open_list()
            dialog = visible_dialog(StudyList)
            assert [item.text(0) for item in dialog._items()] == ["SMA 20", "RSI 14"]
            dialog.tree.topLevelItem(0).child(0).setCheckState(1, Qt.CheckState.Unchecked)
            assert not chart.state.study(average).is_shown
            await shown(lambda: dialog._items()[0].checkState(1) is Qt.CheckState.Unchecked, "the list is filled again")
            dialog.tree.setCurrentItem(dialog._items()[1])
            assert chart.view.selected_study == rsi
            dialog.buttons["Up"].click()
            assert chart.state.panes[0].id == chart.state.study(rsi).pane
            await shown(lambda: dialog._items()[0].text(0) == "RSI 14", "the list follows")
            dialog.buttons["Remove"].click()
            assert chart.state.study(rsi) is None
            await shown(lambda: len(dialog._items()) == 1)
            assert dict(pane_choices(chart.state, average)) == {"A new pane": ""}
            dialog.close()

    run_on_qt(story(), 60)


def test_a_comparison_is_laid_over_hidden_and_removed(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart, studies = desktop.panels.chart, desktop.workbench.studies
            studies.compare()
            QTest.keyClicks(studies.instruments.field, "msft")
            await shown(lambda: [str(f.instrument.id) for f in studies.instruments.model.rows] == ["MSFT.XNAS"])
            QTest.keyClick(studies.instruments.field, Key.Key_Return)
            (comparison,) = chart.state.comparisons
            assert comparison.instrument == "MSFT.XNAS"
            await _computed(desktop, comparison.id, "close")
            chart.view.study_hide_asked.emit(comparison.id)
            assert not chart.state.comparisons[0].is_shown
            chart.view.study_remove_asked.emit(comparison.id)
            assert chart.state.comparisons == ()

    run_on_qt(story(), 60)


def test_chart_types_scales_and_zones_are_chosen_from_menus_and_taken_back(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart, actions = desktop.panels.chart, desktop.workbench.actions
            before = chart.state
            for action in ("look.heikin_ashi", "look.log", "look.invert", "look.utc", "look.volume"):
                actions.by_id[action].trigger()
            state = chart.state
            assert (state.chart_type, state.main.scale, state.main.is_inverted) == (ChartType.HEIKIN_ASHI, ScaleKind.LOG, True)
            assert (state.zone, state.is_volume_shown) == ("UTC", False)
            actions.refresh()
            assert actions.by_id["look.heikin_ashi"].isChecked()
            assert not actions.by_id["look.candles"].isChecked()
            await shown(lambda: ("shape", "close") in chart.view.model.shown.lines, "Heikin-Ashi bars")
            for _ in range(5):
                await _undo(desktop)
            assert chart.state == before

    run_on_qt(story(), 60)


def test_indicators_stay_through_intervals_instruments_and_undo(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            (average,) = await _add(desktop, "sma")
            await _computed(desktop, average)
            daily = _values(desktop, average)
            await chart.switch(BarSpec.parse("1w"))
            await shown(lambda: _values(desktop, average) not in (None, daily), "the weekly mean")
            await _undo(desktop)
            assert str(chart.shown.spec) == "1d"
            await shown(lambda: _values(desktop, average) == daily, "the daily mean again")
            await _undo(desktop)
            assert chart.state.studies == ()

    run_on_qt(story(), 60)


def test_an_indicator_that_this_program_does_not_know_stays_and_says_so(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            (average,) = await _add(desktop, "sma")
            chart.change_now(chart.state.with_study(Study("x", "from_a_plugin")), "Add a plugin's indicator")
            await shown(lambda: "x" in chart.view.model.shown.errors, "an error in words")
            await _computed(desktop, average)
            desktop.workbench.studies.edit(chart, "x")
            assert visible_dialog(StudyEditor) is None
            assert any("not known here" in entry.notice.title for entry in desktop.desk.notices.entries)

    run_on_qt(story(), 60)


def test_what_is_typed_is_previewed_when_the_typing_rests(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            (average,) = await _add(desktop, "sma")
            editor, seen = _edit(desktop, average), []
            chart.state_changed.connect(lambda: seen.append(chart.state.study(average).params))
            field = editor.fields["period"]
            field.setFocus()
            field.selectAll()
            QTest.keyClicks(field, "200")
            await shown(lambda: seen, "a preview")
            assert seen == [(("period", 200),)]
            QTest.keyClick(field, Key.Key_Up)
            assert chart.state.study(average).params == (("period", 201),)
            field.choose(5000)
            QTest.keyClick(field, Key.Key_Up)
            assert chart.state.study(average).params == (("period", 5000),)
            editor.reject()
            assert chart.state.study(average).params == ()

    run_on_qt(story(), 60)


def test_a_look_is_previewed_and_the_default_one_is_not_kept(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            (average,) = await _add(desktop, "sma")
            before = chart.state
            editor = _edit(desktop, average)
            row = editor.rows["value"]
            row.colour.chosen.emit("#ff0000")
            row.width_px.setValue(3)
            row.dash.setCurrentIndex(2)
            (style,) = dict(chart.state.study(average).styles).values()
            assert (style.colour, style.width, style.dash) == ("#ff0000", 3, Dash.DOTTED)
            row.is_shown.setChecked(False)
            assert chart.view.model.looks[0].shown_outputs == ()
            editor.set_defaults()
            assert chart.state == before
            assert row.is_shown.isChecked()
            assert desktop.desk.undo.newest.title == "SMA was added"

    run_on_qt(story(), 60)


def test_an_indicator_is_added_on_another_in_its_pane(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart, studies = desktop.panels.chart, desktop.workbench.studies
            (rsi,) = await _add(desktop, "rsi")
            studies.open_search_on_selected()
            assert all(spec.has_source for spec in studies.search.model.rows)
            QTest.keyClicks(studies.search.field, "ema")
            QTest.keyClick(studies.search.field, Key.Key_Return)
            mean = chart.state.studies[-1]
            assert (mean.source, mean.pane) == (StudySource("value", rsi), chart.state.study(rsi).pane)
            await shown(lambda: 0 < (_values(desktop, mean.id) or math.nan) < 100, "a mean of the RSI")
            chart.view.grab()
            assert "EMA 20 of RSI 14 " in chart.view.legend_text
            studies.open_search()
            QTest.keyClicks(studies.search.field, "ema")
            QTest.keyClick(studies.search.field, Key.Key_Return)
            assert chart.state.studies[-1].source == StudySource()

    run_on_qt(story(), 60)


def test_a_template_is_saved_put_on_another_chart_deleted_and_brought_back(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart, templates = desktop.panels.chart, desktop.workbench.templates
            await _add(desktop, "sma", "rsi")
            studies = chart.state.studies
            templates.save()
            ask = visible_dialog(AskText)
            ask.field.setText("Swing")
            ask.accept()
            await shown(lambda: desktop.desk.undo.newest.title == "The template Swing was saved")
            desktop.workbench.studies.remove_all()
            templates.open_list()
            await shown(lambda: templates.dialog.templates, "the template in the list")
            assert templates.dialog.view.item(0).text() == "Swing\nSMA 20, RSI 14"
            QTest.keyClick(templates.dialog.view, Key.Key_Return)
            assert chart.state.studies == studies
            await _undo(desktop)
            assert chart.state.studies == ()
            templates.dialog.delete_button.click()
            await shown(lambda: not templates.dialog.templates, "an empty list")
            await _undo(desktop)
            await shown(lambda: templates.dialog.templates, "the template again")
            templates.dialog.reject()

    run_on_qt(story(), 60)


def test_a_chart_without_indicators_is_no_template(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            desktop.workbench.templates.save_as("Nothing")
            await shown(lambda: any("no indicator on the chart" in e.notice.text for e in desktop.desk.notices.entries))
            assert await desktop.desk.bridge.call(desktop.desk.backend.templates.all) == ()

    run_on_qt(story(), 60)


def test_any_place_can_give_the_times_of_the_labels(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            looks = desktop.workbench.looks
            desktop.workbench.actions.by_id["look.other_zone"].trigger()
            QTest.keyClicks(looks.zones.field, "tokyo")
            assert looks.zones.results == ("Asia/Tokyo",)
            QTest.keyClick(looks.zones.field, Key.Key_Return)
            assert desktop.panels.chart.state.zone == "Asia/Tokyo"
            assert looks.is_other_zone
            looks.other_zone()
            assert looks.zones.results[looks.zones.view.currentIndex().row()] == "Asia/Tokyo"
            looks.zones.dismiss()

    run_on_qt(story(), 60)


def test_a_comparison_has_a_look_that_is_previewed(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart, studies = desktop.panels.chart, desktop.workbench.studies
            studies.compare_with(InstrumentId("MSFT", "XNAS"))
            before = chart.state
            studies.edit(chart, before.comparisons[0].id)
            editor = visible_dialog(ComparisonEditor)
            editor.style_row.colour.chosen.emit("#00ff00")
            assert chart.state.comparisons[0].style.colour == "#00ff00"
            editor.reject()
            assert chart.state == before

    run_on_qt(story(), 60)


def test_the_menu_on_a_chart_offers_what_lies_below_the_pointer(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            average, rsi = await _add(desktop, "sma", "rsi")
            await _computed(desktop, rsi)
            chart.view.grab()
            width, height = chart.view.width(), chart.view.height()
            assert chart.view.spots.at(chart.view, QPoint(80, 60)).event_ns is not None
            bars = _menu(desktop, QPoint(width // 2, 200))
            assert {"Add indicator…", "Compare with…", "Chart type", "Scale", "Reset view"} <= set(bars)
            assert "Inverted" in _menu(desktop, QPoint(width - 10, 100))
            assert {"Of the exchange", "Go to date…", "Session breaks"} <= set(_menu(desktop, QPoint(width // 2, height - 8)))
            spot = Spot(Zone.PLOT, chart.state.study(rsi).pane, rsi, None)
            study = _filled(desktop, spot)
            assert [words for words in study if words] == [
                "Settings…", "Hide", "Add indicator on this one…", "Duplicate", "Move to", "Remove",
            ]  # fmt: skip
            assert chart.view.selected_study == rsi
            study["Move to"].menu().actions()[0].trigger()
            assert chart.state.study(rsi).pane == MAIN_PANE
            _filled(desktop, spot)["Remove"].trigger()
            assert [study.id for study in chart.state.studies] == [average]

    run_on_qt(story(), 60)


def test_an_axis_of_an_indicator_is_turned_and_scaled_by_its_menu(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = desktop.panels.chart
            (rsi,) = await _add(desktop, "rsi")
            pane = chart.state.pane(chart.state.study(rsi).pane)
            chart.change_now(chart.state.with_pane(replace(pane, range=PriceRange(0, 50))), "A range")
            axis = Spot(Zone.PRICE_AXIS, pane.id, "", None)
            _filled(desktop, axis)["Inverted"].trigger()
            assert chart.state.pane(pane.id).is_inverted
            _filled(desktop, axis)["Scale to what is visible"].trigger()
            assert chart.state.pane(pane.id).range is None
            assert not _filled(desktop, axis)["Scale to what is visible"].isEnabled()

    run_on_qt(story(), 60)


def test_several_of_one_kind_are_told_apart_by_colours(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart, studies = desktop.panels.chart, desktop.workbench.studies
            await _add(desktop, "sma", "sma", "bollinger")
            studies.duplicate()
            studies.compare_with(InstrumentId("MSFT", "XNAS"))
            looks = chart.view.model.looks
            inks = [{output.ink for output in look.outputs} for look in looks[:4]]
            taken = set.union(*inks)
            assert sum(len(one) for one in inks) == len(taken) == 6
            assert comparison_looks(chart.state.comparisons)[0].ink not in taken

    run_on_qt(story(), 60)


def test_the_top_bar_leads_to_indicators_comparisons_and_chart_types(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            bar, work = desktop.window.top_bar, desktop.workbench
            bar.button("study.add").click()
            assert work.studies.search.isVisible()
            work.studies.search.dismiss()
            bar.button("compare.add").click()
            assert work.studies.instruments.isVisible()
            work.studies.instruments.dismiss()
            assert [action.objectName() for action in bar._types.menu().actions()] == list(TYPES)

    run_on_qt(story(), 60)


def _menu(desktop, at):
    """The words of the menu that a right click opens."""
    chart = desktop.panels.chart
    chart.contextMenuEvent(QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, chart.mapToGlobal(at)))
    menu = next(m for m in desktop.window.findChildren(QMenu) if m.isVisible() and m.parent() is desktop.window)
    words = [action.text().replace("&", "") for action in menu.actions()]
    menu.close()
    return words


def _filled(desktop, spot):
    menu = QMenu(desktop.window)
    desktop.workbench.chart_menu.fill(menu, spot, has_drawing=False)
    return {action.text(): action for action in menu.actions()}
