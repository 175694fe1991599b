"""The settings dialog: search, resets, undo, and the page of shortcuts."""

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from shiboken6 import isValid

from backend.settings import Binding
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.charts.gestures import KeyCommand
from trii_desktop.sheets import ShortcutSheet

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def opened(desktop):
    desktop.workbench.view.open_settings()
    return desktop.workbench.view.settings


def close_whole(dialog):
    """Close it, and be rid of it before anything that was asked for comes back."""
    dialog.close()
    QCoreApplication.sendPostedEvents(dialog, QEvent.Type.DeferredDelete)
    assert not isValid(dialog)


def visible_sections(dialog):
    return [dialog.sections.item(n).text() for n in range(dialog.sections.count()) if not dialog.sections.item(n).isHidden()]


def test_the_search_leaves_the_fields_that_hold_every_word(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            dialog = opened(desktop)
            QTest.keyClicks(dialog.search, "grid lines")
            assert visible_sections(dialog) == ["Chart"]
            rows = dialog.pages["chart"].rows
            assert [name for name, row in rows.items() if row.isVisible()] == ["show_grid"]
            dialog.search.setText("passphrase")
            assert visible_sections(dialog) == ["Security", "Shortcuts"]
            assert dialog.sections.currentItem().text() == "Security"
            dialog.search.setText("ctrl+o")
            assert visible_sections(dialog) == ["Shortcuts"]
            assert [found.id for found in dialog.shortcuts.model.rows] == ["import.files"]
            dialog.search.setText("no such thing")
            assert visible_sections(dialog) == []
            assert dialog._nothing.isVisible()
            dialog.search.clear()
            assert len(visible_sections(dialog)) == dialog.sections.count()
            assert all(row.isVisibleTo(dialog.pages["chart"]) for row in rows.values())
            dialog.close()

    run_on_qt(story())


def test_a_field_that_differs_from_its_default_offers_the_way_back(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            settings, dialog = desktop.desk.backend.settings, opened(desktop)
            dialog.show_field("performance", "frame_ms")
            row = dialog.pages["performance"].rows["frame_ms"]
            assert not row.reset.isVisible()
            row.editor.edited.emit(40)
            await shown(row.reset.isVisible)
            QTest.mouseClick(row.reset, Qt.MouseButton.LeftButton)
            await shown(lambda: settings.current.performance.frame_ms == 16)
            await shown(lambda: not row.reset.isVisible())
            dialog.close()

    run_on_qt(story())


def test_a_dialog_closed_at_once_still_changes_what_was_entered_and_a_refusal_is_a_notice(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            settings, dialog = desktop.desk.backend.settings, opened(desktop)
            dialog.pages["performance"].rows["frame_ms"].editor.edited.emit(40)
            close_whole(dialog)
            await shown(lambda: settings.current.performance.frame_ms == 40)
            dialog = opened(desktop)
            dialog.pages["performance"].rows["frame_ms"].editor.edited.emit(-1)
            close_whole(dialog)
            await shown(lambda: [entry for entry in desktop.desk.notices.entries if "Changing the settings" in entry.notice.title])

    run_on_qt(story())


def test_several_turns_of_one_control_are_one_step_of_undo(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            settings, view, dialog = desktop.desk.backend.settings, desktop.workbench.view, opened(desktop)
            page = dialog.pages["performance"]
            for value in (20, 24, 28):
                page.editors["frame_ms"].edited.emit(value)
                await shown(lambda value=value: settings.current.performance.frame_ms == value)
            page.editors["warm_up"].edited.emit(False)
            await shown(lambda: desktop.desk.undo.newest.title == "Warm up in the background was changed")
            for wanted in ((28, True), (16, True)):
                view.undo()
                await shown(lambda wanted=wanted: _work(settings) == wanted)
            assert not view.can_undo
            for wanted in ((28, True), (28, False)):
                view.redo()
                await shown(lambda wanted=wanted: _work(settings) == wanted)
            dialog.close()

    run_on_qt(story())


def _work(settings):
    return settings.current.performance.frame_ms, settings.current.performance.warm_up


def test_resetting_everything_is_one_step_and_leaves_what_no_page_shows(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            call, settings = desktop.desk.bridge.call, desktop.desk.backend.settings
            await call(settings.change("chart", visible_bars=99))
            await call(settings.change("privacy", log_days=7))
            await call(settings.change("workspace", phrase_noted=True))
            dialog = opened(desktop)
            dialog._reset_all()
            await shown(lambda: desktop.desk.undo.newest)
            assert (settings.current.chart.visible_bars, settings.current.privacy.log_days) == (180, 30)
            assert settings.current.workspace.phrase_noted
            desktop.workbench.view.undo()
            await shown(lambda: settings.current.privacy.log_days == 7)
            assert settings.current.chart.visible_bars == 99
            dialog.close()

    run_on_qt(story())


def test_keys_are_taken_from_another_action_after_saying_so_and_survive_a_restart(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            actions, dialog = desktop.workbench.actions, opened(desktop)
            dialog.show_field("shortcuts")
            page = dialog.shortcuts
            page.table.selectRow([found.id for found in page.model.rows].index("chart.newest"))
            QTest.keyClick(page.table, Qt.Key.Key_Return)
            keys = page.dialog
            assert keys.keys == ("Ctrl+End",)
            QTest.keyClick(keys.field, Qt.Key.Key_P, CTRL)
            assert keys.says.text() == "Ctrl+P belongs to “Find instrument”, which loses it."
            QTest.mouseClick(keys.add, Qt.MouseButton.LeftButton)
            assert keys.keys == ("Ctrl+End", "Ctrl+P")
            keys.accept()
            await shown(lambda: actions.keys("chart.newest") == ("Ctrl+End", "Ctrl+P"))
            assert actions.keys("chart.search") == ()
            assert "changed" in page.model.index(page.table.currentIndex().row(), 1).data()
            dialog.close()

    async def come_back():
        async with open_window(sampled, docks=False) as desktop:
            chart, actions = desktop.panels.chart, desktop.workbench.actions
            assert actions.by_id["chart.search"].shortcuts() == []
            chart.view.do(KeyCommand.OLDEST)
            desktop.window.activateWindow()
            await shown(desktop.window.isActiveWindow)
            QTest.keyClick(chart.view, Qt.Key.Key_P, CTRL)
            await shown(lambda: chart.view.model.time.is_at_newest)
            assert not desktop.workbench.search.isVisible()
            opened(desktop).shortcuts.reset_all()
            await shown(lambda: actions.keys("chart.search") == ("Ctrl+P",))
            await shown(lambda: desktop.desk.undo.newest)
            desktop.workbench.view.settings.close()
            desktop.workbench.view.undo()
            await shown(lambda: actions.keys("chart.newest") == ("Ctrl+End", "Ctrl+P"))

    run_on_qt(story())
    run_on_qt(come_back())


def test_keys_of_the_chart_and_of_typing_are_refused_with_the_reason(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            dialog = opened(desktop)
            dialog.show_field("shortcuts")
            dialog.shortcuts.change_current()
            keys = dialog.shortcuts.dialog
            QTest.keyClick(keys.field, Qt.Key.Key_Left, CTRL)
            assert keys.says.text() == "Ctrl+Left cannot be used. Ctrl+Left on the chart: ten bars back."
            assert not keys.add.isEnabled()
            QTest.keyClick(keys.field, Qt.Key.Key_A)
            assert keys.says.text() == "A cannot be used. Letters typed on the chart find instruments."
            QTest.keyClick(keys.field, Qt.Key.Key_O, CTRL)
            assert keys.says.text() == "Ctrl+O is one of its keys already."
            QTest.keyClick(keys.field, Qt.Key.Key_J, CTRL | ALT)
            assert (keys.says.text(), keys.add.text()) == ("Ctrl+Alt+J is free.", "Add")
            keys.accept()
            await shown(lambda: desktop.workbench.actions.keys("import.files") == ("Ctrl+O", "Ctrl+Alt+J"))
            dialog.shortcuts.reset_current()
            await shown(lambda: desktop.workbench.actions.keys("import.files") == ("Ctrl+O",))
            assert not desktop.desk.backend.settings.current.shortcuts.bindings
            dialog.close()

    run_on_qt(story())


def test_removed_keys_are_gone_and_the_defaults_come_back(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            dialog = opened(desktop)
            dialog.show_field("shortcuts")
            page = dialog.shortcuts
            page.change_current()
            page.dialog._remove("Ctrl+O")
            page.dialog.accept()
            await shown(lambda: desktop.workbench.actions.keys("import.files") == ())
            page.change_current()
            assert page.dialog.keys == ()
            page.dialog.show_defaults()
            page.dialog.accept()
            await shown(lambda: desktop.workbench.actions.keys("import.files") == ("Ctrl+O",))
            dialog.close()

    run_on_qt(story())


def test_keys_of_an_action_that_is_not_there_are_kept_and_a_broken_file_loses_no_others(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            bindings = (Binding(action="plugin.gone", keys=("Ctrl+P",)), Binding(action="view.bars", keys=("Ctrl+Rubbish", "F7")))
            await desktop.desk.bridge.call(desktop.desk.backend.settings.change("shortcuts", bindings=bindings))
            await shown(lambda: desktop.workbench.actions.keys("view.bars") == ("F7",))
            assert desktop.workbench.actions.keys("chart.search") == ("Ctrl+P",)
            dialog = opened(desktop)
            assert "plugin.gone" in dialog.shortcuts.bindings
            dialog.close()

    run_on_qt(story())


def test_the_sheet_shows_the_keys_in_force_and_finds_them(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            desktop.workbench.view.open_shortcuts()
            sheet = desktop.window.findChild(ShortcutSheet)
            change = desktop.desk.backend.settings.change("shortcuts", bindings=(Binding(action="view.bars", keys=("F7",)),))
            await desktop.desk.bridge.call(change)
            await shown(lambda: "F7" in _said(sheet))
            QTest.keyClicks(sheet.field, "bar table")
            assert "F7" in _said(sheet)
            assert "Ctrl+Z" not in _said(sheet)
            sheet.close()

    run_on_qt(story())


def _said(sheet):
    return [label.text() for label in sheet._scroll.widget().findChildren(QLabel)]
