"""Every dialog and overlay of the program: opened by keys, walked through by Tab, named for screen readers, closed by Esc."""

import asyncio
from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from backend.charts.drawings import Anchor, Drawing, DrawingKind
from backend.crash import CrashReporter
from backend.domain.instruments import InstrumentId
from backend.indicators.registry import spec_of
from tests.fakes.dialogs import dialog_classes, leave, nameless, opened, reach, stops_of, walk
from tests.fakes.flashes import watching_flashes
from tests.fakes.model_deeds import CUT, DOWNLOAD, QWEN, STARTER, NotingDeeds
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.assistant.models.models_dialog import ModelsDialog
from trii_desktop.settings.passphrase import PassphrasePrompt


@dataclass(frozen=True)
class Way:
    """How a dialog is opened: the action that is typed into the palette."""

    dialog: str
    action: str


WAYS = (
    Way("AboutDialog", "help.about"),
    Way("AlertEditor", "alert.add"),
    Way("AskText", "watchlist.new"),
    Way("ChannelList", "alert.channels"),
    Way("CrashDialog", "help.crashes"),
    Way("DateEntry", "chart.date"),
    Way("DrawingList", "drawing.list"),
    Way("DrawingProperties", "drawing.properties"),
    Way("FeedsDialog", "live.feeds"),
    Way("HealthDialog", "help.health"),
    Way("ImportDialog", "import.files"),
    Way("IndicatorSearch", "study.add"),
    Way("InstrumentSearch", "chart.search"),
    Way("IntervalEntry", "chart.interval"),
    Way("RecoveryDialog", "help.recovery"),
    Way("SetPassphraseDialog", "help.passphrase"),
    Way("SettingsDialog", "settings.open"),
    Way("ShortcutSheet", "help.shortcuts"),
    Way("StudyEditor", "study.edit"),
    Way("StudyList", "study.list"),
    Way("TemplateList", "template.list"),
    Way("WorkspaceList", "workspace.list"),
    Way("ZoneSearch", "look.other_zone"),
)
# Each has its own test below.
OPENED_OTHERWISE = {
    "AccountDialog",
    "AskPassphraseDialog",
    "AskYes",
    "ChannelEditor",
    "CommandPalette",
    "ComparisonEditor",
    "FeedForm",
    "HealthDialog",
    "InstructionsDialog",
    "InviteDialog",
    "JoinDialog",
    "KeyDialog",
    "ModelsDialog",
    "NewRoomDialog",
    "PictureDialog",
    "RoomDialog",
    "ServersDialog",
    "ServicesDialog",
    "SignInDialog",
    "WordsDialog",
}


def test_every_dialog_of_the_program_is_walked_here(qapp):
    walked = {way.dialog for way in WAYS} | OPENED_OTHERWISE

    missing = dialog_classes() - walked
    assert not missing, f"Give {sorted(missing)} a Way above: the action that opens it."
    assert not walked - dialog_classes()


@pytest.mark.logs("Uncaught in a test", "crash report was written")
def test_every_dialog_is_opened_walked_and_closed_by_keys_and_speaks(qapp, sampled):
    CrashReporter(sampled).report(_raised(ZeroDivisionError("a tick of size 0")), "a test")

    async def story():
        with watching_flashes() as flashes:
            await walk_all()
        assert flashes == [], "Shown as windows of their own before they had a parent."

    async def walk_all():
        async with open_window(sampled) as desktop:
            await _draw(desktop)
            found = {}
            for way in WAYS:
                await reach(desktop, way.action)
                await shown(lambda way=way: opened(way.dialog), way.dialog)
                dialog = opened(way.dialog)
                await _wait_for_keys(dialog)
                found[way.dialog] = await _look_at(dialog, way.dialog)
            assert {name: problems for name, problems in found.items() if problems} == {}

    run_on_qt(story(), 60)


def test_every_page_of_the_settings_is_walked_by_keys_and_speaks(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            await reach(desktop, "settings.open")
            dialog = desktop.workbench.view.settings
            await _wait_for_keys(dialog)
            for place in range(dialog.sections.count()):
                dialog.sections.setFocus()
                QTest.keyClick(dialog.sections, Qt.Key.Key_Down if place else Qt.Key.Key_Home)
                assert dialog.sections.currentRow() == place
                assert nameless(dialog) == []
                assert walk(dialog) == [], dialog.sections.currentItem().text()
            await leave(dialog, lambda: opened("SettingsDialog") is None)

    run_on_qt(story(), 60)


def test_the_keys_of_an_action_are_changed_without_a_pointer(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            await reach(desktop, "settings.open")
            settings = desktop.workbench.view.settings
            settings.show_field("shortcuts")
            settings.shortcuts.table.setFocus()
            QTest.keyClick(settings.shortcuts.table, Qt.Key.Key_Return)
            dialog = opened("KeyDialog")
            await _wait_for_keys(dialog)
            QTest.keyClick(dialog.field, Qt.Key.Key_F9)
            assert nameless(dialog) == []
            assert walk(dialog) == []
            await leave(dialog, lambda: opened("KeyDialog") is None)
            assert desktop.workbench.actions.keys("import.files") == ("Ctrl+O",)
            settings.close()

    run_on_qt(story())


def test_what_is_compared_is_changed_without_a_pointer(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart, studies = desktop.panels.chart, desktop.workbench.studies
            studies.compare_with(InstrumentId("MSFT", "XNAS"))
            await shown(lambda: chart.state.comparisons)
            studies.select(chart, chart.state.comparisons[0].id)
            desktop.workbench.actions.refresh()
            await reach(desktop, "study.edit")
            await shown(lambda: opened("ComparisonEditor"))
            dialog = opened("ComparisonEditor")
            await _wait_for_keys(dialog)
            assert await _look_at(dialog, "ComparisonEditor") == []

    run_on_qt(story())


def test_a_drawing_is_written_on_without_a_pointer(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            await _draw(desktop)
            desktop.panels.chart.view.grab()
            QTest.keyClick(desktop.panels.chart.view, Qt.Key.Key_Return)
            await shown(lambda: opened("WordsDialog"))
            dialog = opened("WordsDialog")
            await _wait_for_keys(dialog)
            assert await _look_at(dialog, "WordsDialog") == []

    run_on_qt(story())


def test_a_channel_is_set_up_without_a_pointer(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            await reach(desktop, "alert.channels")
            await shown(lambda: opened("ChannelList"))
            channels = opened("ChannelList")
            await _wait_for_keys(channels)
            channels.buttons["Add…"].setFocus()
            QTest.keyClick(channels.buttons["Add…"], Qt.Key.Key_Space)
            await shown(lambda: opened("ChannelEditor"))
            dialog = opened("ChannelEditor")
            await _wait_for_keys(dialog)
            dialog.quiet.is_on.setChecked(True)
            assert await _look_at(dialog, "ChannelEditor") == []
            channels.close()

    run_on_qt(story())


def test_models_are_managed_without_a_pointer(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            dialog = ModelsDialog(desktop.window, desktop.desk.look, NotingDeeds(QWEN, STARTER, works=(DOWNLOAD,), cut=(CUT,)))
            dialog.show()
            await _wait_for_keys(dialog)
            assert await _look_at(dialog, "ModelsDialog") == []

    run_on_qt(story())


def test_keys_of_services_are_kept_and_forgotten_without_a_pointer(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            await shown(lambda: desktop.panels.assistant is not None)
            desktop.workbench.actions.by_id["assistant.services"].trigger()
            await shown(lambda: opened("ServicesDialog"))
            dialog = opened("ServicesDialog")
            await _wait_for_keys(dialog)
            QTest.keyClicks(dialog.fields["openai"], "sk-a-key-of-the-test")
            QTest.keyClick(dialog.fields["openai"], Qt.Key.Key_Return)
            await shown(dialog.forget["openai"].isEnabled)
            assert dialog.fields["openai"].text() == ""
            assert dialog.fields["openai"].placeholderText() == "A key is kept"
            assert not dialog.forget["anthropic"].isEnabled()
            dialog.forget["openai"].click()
            await shown(lambda: not dialog.forget["openai"].isEnabled())
            assert await _look_at(dialog, "ServicesDialog") == []

    run_on_qt(story(), 60)


def test_the_question_for_the_passphrase_is_answered_and_left_by_keys(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            prompt = PassphrasePrompt(desktop.window)
            waiting = desktop.desk.tasks.start("ask", asyncio.to_thread(prompt.ask, "Passphrase of this home?"))
            await shown(lambda: opened("AskPassphraseDialog"))
            dialog = opened("AskPassphraseDialog")
            await _wait_for_keys(dialog)
            problems = await _look_at(dialog, "AskPassphraseDialog")
            assert await waiting is None
            assert problems == []

    run_on_qt(story())


def test_the_palette_speaks_and_its_list_is_reached_from_its_field(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            desktop.workbench.open_palette()
            palette = desktop.workbench.palette
            assert palette.accessibleName()
            assert [type(part).__name__ for part in stops_of(palette)] == ["QLineEdit"]
            assert nameless(palette) == []
            assert palette.view.accessibleName()
            await leave(palette, lambda: not palette.isVisible())

    run_on_qt(story())


async def _draw(desktop):
    """Something on the chart, selected."""
    drawings, chart = desktop.workbench.drawings, desktop.panels.chart
    chart.view.grab()
    await shown(lambda: drawings.current.book.instrument is not None)
    bar = chart.view.model.snapshot.bar(len(chart.view.model.snapshot) - 1)
    line = Drawing("line", DrawingKind.HORIZONTAL, (Anchor(bar.event_ns, bar.close, is_date=True),))
    drawings.current.book.change("Draw", put=(line,))
    await shown(lambda: drawings.has_drawings)
    drawings.select_all()
    desktop.workbench.studies.add(spec_of("rsi"))
    desktop.workbench.actions.refresh()


async def _wait_for_keys(dialog):
    dialog.activateWindow()
    await shown(lambda: (held := QApplication.focusWidget()) is not None and dialog.isAncestorOf(held), type(dialog).__name__)


async def _look_at(dialog, kind):
    """What is wrong with a dialog for somebody without a pointer or without eyes; closed afterwards."""
    problems = [f"no name: {part}" for part in nameless(dialog)]
    if not (dialog.accessibleName() or dialog.windowTitle()):
        problems.append("the dialog itself has no name")
    if dialog.isWindow():
        problems += [f"Tab never comes to {part}" for part in walk(dialog)]
    await leave(dialog, lambda: opened(kind) is None)
    return problems


def _raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught
