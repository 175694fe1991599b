"""Settings, the recovery phrase, the passphrase, notices and crash reports, on a real backend."""

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from backend.crash import CrashReporter
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.events import Level, Notice
from backend.settings import SECTIONS, fields_of
from backend.storage.secrets import Custody, open_key
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown, visible_dialog
from trii_desktop.charts.colors import DARK
from trii_desktop.crash import CrashDialog, CrashReports
from trii_desktop.market.chart_panel import chart_colors
from trii_desktop.settings.passphrase import AskPassphraseDialog, PassphrasePrompt, SetPassphraseDialog
from trii_desktop.settings.recovery import RecoveryDialog

WORDS = " ".join(f"word{n}" for n in range(1, 25))


def test_every_setting_has_an_editor_with_its_words(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.workbench.view.open_settings()
            pages = desktop.workbench.view.settings.pages
            assert set(pages) == {section for section in SECTIONS if fields_of(section)}
            for section, page in pages.items():
                assert list(page.editors) == [field.name for field in fields_of(section)]

    run_on_qt(story())


def test_a_change_takes_effect_at_once_and_is_kept(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.workbench.view.open_settings()
            pages = desktop.workbench.view.settings.pages
            pages["appearance"].editors["up_colour"].edited.emit("#123456")
            pages["performance"].editors["frame_ms"].edited.emit(33)
            await shown(lambda: desktop.desk.frames.frame_ms == 33)
            assert chart_colors(desktop.desk).up == "#123456"
            assert chart_colors(desktop.desk).down == DARK.down

    async def come_back():
        async with open_window(sampled, docks=False) as desktop:
            assert desktop.desk.backend.settings.current.appearance.up_colour == "#123456"

    run_on_qt(story())
    run_on_qt(come_back())


def test_the_chart_follows_its_settings(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            chart, settings = desktop.panels.chart, desktop.desk.backend.settings
            await desktop.desk.bridge.call(
                settings.change("chart", visible_bars=60, show_volume=False, show_grid=False, wheel_zooms_at="right_edge")
            )
            await shown(lambda: not chart.view.state.is_volume_shown)
            assert chart.view.model.zooms_at_right
            assert chart_colors(desktop.desk).grid == DARK.background
            await chart.open(InstrumentId("MSFT", "XNAS"))
            await shown(lambda: abs(chart.view.state.visible.n_bars - 60) < 1)

    run_on_qt(story())


def test_a_refused_value_says_why_and_the_field_shows_the_one_in_force(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.workbench.view.open_settings()
            page = desktop.workbench.view.settings.pages["appearance"]
            page.editors["up_colour"].edited.emit("green")
            await shown(lambda: page.problem("up_colour"))
            assert desktop.desk.backend.settings.current.appearance.up_colour == "#26a69a"

    run_on_qt(story())


def test_resetting_a_page_brings_its_defaults_back(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            settings = desktop.desk.backend.settings
            await desktop.desk.bridge.call(settings.change("chart", visible_bars=333, show_volume=False))
            desktop.workbench.view.open_settings()
            desktop.workbench.view.settings.pages["chart"].reset()
            await shown(lambda: settings.current.chart.visible_bars == 180)
            assert settings.current.chart.show_volume

    run_on_qt(story())


def test_letters_grow_with_the_text_size(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            await desktop.desk.bridge.call(desktop.desk.backend.settings.change("appearance", font_scale=1.5))
            await shown(lambda: qapp.font().pixelSize() == 20)
            assert "font-size: 20px" in qapp.styleSheet()
            await desktop.desk.bridge.call(desktop.desk.backend.settings.change("appearance", font_scale=1.0))
            await shown(lambda: qapp.font().pixelSize() == 13)

    run_on_qt(story())


def test_the_recovery_phrase_shown_is_the_key_and_the_banner_leaves_once_it_is_confirmed(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            window = desktop.window
            assert window.banner.isVisible()
            await desktop.workbench.view.keys.show_phrase()
            dialog = visible_dialog(RecoveryDialog)
            assert dialog._words == open_key(sampled).key.phrase.split()
            dialog.noted.click()
            dialog.go_on.click()
            for field, place in zip(dialog.fields, dialog._asked, strict=True):
                QTest.keyClicks(field, dialog._words[place].upper())
            QTest.keyClick(dialog.fields[-1], Qt.Key.Key_Return)
            await shown(lambda: not window.banner.isVisible())

    async def come_back():
        async with open_window(sampled) as desktop:
            assert not desktop.window.banner.isVisible()

    run_on_qt(story())
    run_on_qt(come_back())


def test_wrong_words_are_named_and_do_not_confirm(qtbot):
    dialog = RecoveryDialog(None, WORDS, choose=lambda _n: [3, 0, 11])
    qtbot.addWidget(dialog)
    confirmed = []
    dialog.confirmed.connect(lambda: confirmed.append(True))
    dialog.fields[0].setText("word1")
    dialog.fields[1].setText("nonsense")
    dialog.check()

    assert dialog.problem.text().startswith("Words 4 and 12 are not the same")
    assert confirmed == []


def test_the_words_can_be_confirmed_only_after_saying_they_are_written_down(qtbot):
    dialog = RecoveryDialog(None, WORDS)
    qtbot.addWidget(dialog)

    assert not dialog.go_on.isEnabled()
    dialog.noted.setChecked(True)
    assert dialog.go_on.isEnabled()
    assert len(set(dialog._asked)) == 3


def test_setting_a_passphrase_moves_the_key_into_the_vault(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            assert desktop.window.status.custody.isVisible()
            desktop.workbench.view.open_passphrase()
            dialog = visible_dialog(SetPassphraseDialog)
            dialog.first.setText("short")
            assert "at least 8" in dialog.problem.text()
            dialog.first.setText("four words no sense")
            dialog.second.setText("four words no sens")
            assert "not the same" in dialog.problem.text()
            assert not dialog.go_on.isEnabled()
            dialog.second.setText("four words no sense")
            dialog.go_on.click()
            await shown(lambda: not desktop.window.status.custody.isVisible())
        opened = open_key(sampled, ask=lambda _question: "four words no sense")
        assert opened.custody is Custody.PASSPHRASE

    run_on_qt(story())


def test_the_passphrase_is_asked_for_on_the_ui_thread_while_another_waits(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            prompt = PassphrasePrompt(desktop.window)
            waiting = desktop.desk.tasks.start("ask", _in_thread(prompt))
            await shown(lambda: visible_dialog(AskPassphraseDialog))
            dialog = visible_dialog(AskPassphraseDialog)
            QTest.keyClicks(dialog.field, "open sesame")
            dialog.accept()
            assert await waiting == "open sesame"
            waiting = desktop.desk.tasks.start("ask", _in_thread(prompt))
            await shown(lambda: visible_dialog(AskPassphraseDialog))
            visible_dialog(AskPassphraseDialog).reject()
            assert await waiting is None

    run_on_qt(story())


async def _in_thread(prompt):
    return await asyncio.to_thread(prompt.ask, "Passphrase of this home?")


def test_notices_are_shown_as_toasts_counted_and_listed(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.desk.notices.clear()
            await desktop.desk.bridge.call(
                _publish(desktop.desk.backend, Notice(Level.WARNING, "A folder is gone.", "", "Choose another."))
            )
            # A notice of the opening may still be on screen.
            await shown(lambda: [t for t in desktop.window.toasts.toasts if t.accessibleName().startswith("A folder is gone.")])
            toast = desktop.window.toasts.toasts[-1]
            assert toast.accessibleName() == "A folder is gone. Choose another."
            assert desktop.window.rect().contains(toast.geometry())
            bell = desktop.window.top_bar._buttons["view.notices"]
            assert bell.accessibleName() == "Notifications, 1 new"
            desktop.workbench.actions.by_id["view.notices"].trigger()
            assert bell.accessibleName() == "Notifications"
            assert desktop.window.docks["notices"].isVisible()
            assert desktop.desk.notices.entries[0].notice.title == "A folder is gone."

    run_on_qt(story())


async def _publish(backend, event):
    backend.bus.publish(event)


def test_an_offer_on_a_toast_is_accepted_once(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            undone = []

            async def take_back():
                undone.append(True)

            desktop.desk.did("Something was changed.", take_back)
            toast = desktop.window.toasts.toasts[-1]
            (undo,) = toast.findChildren(QPushButton)
            undo.click()
            await shown(lambda: undone == [True])
            assert toast not in desktop.window.toasts.toasts
            assert not desktop.workbench.view.can_undo

    run_on_qt(story())


@pytest.mark.logs("Uncaught in a test", "crash report was written")
def test_crash_reports_are_told_shown_and_dismissed(qapp, sampled):
    CrashReporter(sampled).report(_raised(ZeroDivisionError("a tick of size 0")), "a test")

    async def story():
        async with open_window(sampled) as desktop:
            reports = CrashReports(desktop.window, desktop.desk)
            await reports.tell()
            assert desktop.desk.notices.entries[0].notice.title == "A crash report is waiting."
            reports.show_all()
            await shown(lambda: visible_dialog(CrashDialog))
            dialog = visible_dialog(CrashDialog)
            assert "ZeroDivisionError: a tick of size 0" in dialog.text.toPlainText()
            dialog.dismiss_current()
            assert dialog.view.count() == 0
            assert not list(sampled.crashes.glob("crash-*.json"))
            dialog.close()

    run_on_qt(story())


def _raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_failure_the_user_can_act_on_becomes_a_notice_with_its_hint(qapp, sampled):
    async def fail():
        raise InvalidInput("The value 7 is odd.", hint="Use an even one.")

    async def story():
        async with open_window(sampled, docks=False) as desktop:
            desktop.desk.start("Trying", fail())
            await shown(lambda: any(e.notice.text == "The value 7 is odd." for e in desktop.desk.notices.entries))
            entry = next(e for e in desktop.desk.notices.entries if e.notice.text == "The value 7 is odd.")
            assert (entry.notice.title, entry.notice.hint) == ("Trying was not possible.", "Use an even one.")

    run_on_qt(story())
