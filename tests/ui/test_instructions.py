"""The dialog of instructions over the real assistant: versions written, used, deleted and compared, with undo."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QWidget

from backend.assistant.models.work import Doing, Work
from backend.assistant.templates.comparing import Comparison, Side
from backend.assistant.templates.store import Trial
from backend.assistant.templates.template import SHIPPED, Template, Version, shipped
from tests.fakes.dialogs import nameless, opened
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.assistant.instructions.instructions_dialog import InstructionsDialog

OWN = "Answer every question in the manner of a pirate, in one short sentence."
WORK = Work("1", "Comparing instructions with Starter", Doing.EXAMINING, 6, 24)


class NotingDeeds:
    """Templates as a person may have them, and deeds that only note what was asked for."""

    def __init__(self):
        self.shown = [Template(name, (shipped(name),)) for name in ("chat", "analysis", "plan")]
        self.shown[0] = replace(self.shown[0], versions=(shipped("chat"), Version("chat", 2, OWN)))
        self.asked, self.under_way, self.kept = [], (), ()

    def templates(self):
        return tuple(self.shown)

    def trials(self, name):
        return self.kept

    def works(self):
        return self.under_way

    def save(self, *told):
        self.asked.append(("save", *told))

    def use(self, *told):
        self.asked.append(("use", *told))

    def remove(self, *told):
        self.asked.append(("remove", *told))

    def compare(self, *told):
        self.asked.append(("compare", *told))

    def stop(self, work):
        self.asked.append(("stop", work.id))


@pytest.fixture
def parent(qapp):
    made = QWidget()
    yield made
    made.deleteLater()


def lines(dialog):
    return [dialog.versions.item(place).text() for place in range(dialog.versions.count())]


def test_versions_are_written_used_deleted_and_compared(parent):
    deeds = NotingDeeds()
    dialog = InstructionsDialog(parent, deeds)
    dialog.show()
    assert lines(dialog) == ["Shipped version \u00b7 in use", "Version 2"]
    assert dialog.text.toPlainText() == shipped("chat").text
    assert not dialog.use_button.isEnabled()
    assert not dialog.remove_button.isEnabled()
    assert not dialog.save_button.isEnabled(), "nothing is written yet"
    dialog.choose(2)
    assert dialog.text.toPlainText() == OWN
    dialog.use_button.click()
    dialog.remove_button.click()
    dialog.compare_button.click()
    dialog.text.appendPlainText("Really.")
    dialog.refresh()
    assert dialog.text.toPlainText() == OWN + "\nReally.", "what is being written stays"
    dialog.save_button.click()
    dialog.text.setPlainText("Too short")
    assert not dialog.save_button.isEnabled()
    assert "at least 40" in dialog.length.text()
    assert deeds.asked == [
        ("use", "chat", 2),
        ("remove", "chat", 2),
        ("compare", "chat", SHIPPED, 2),
        ("save", "chat", OWN + "\nReally."),
    ]
    assert nameless(dialog) == []


def test_a_comparison_is_shown_in_progress_and_in_words_and_can_be_ended(parent):
    deeds = NotingDeeds()
    deeds.under_way = (WORK,)
    dialog = InstructionsDialog(parent, deeds)
    dialog.show()
    assert (dialog.bar.value(), dialog.compare_button.isEnabled()) == (250, False)
    dialog.stop_button.click()
    assert deeds.asked == [("stop", "1")]
    good, bad = Side(2, (True,) * 12, 9.0), Side(0, (True,) * 4 + (False,) * 8, 9.0)
    dialog.show_outcome(Comparison("chat", "Starter", bad, good))
    assert dialog.said.text().startswith(
        "With Starter, the shipped version did as told in 4 of 12 cases and version 2 did as told in 12"
    )
    assert "Version 2 is better" in dialog.said.text()
    dialog.show_outcome(Comparison("chat", "Starter", good, replace(good, number=3)))
    assert "neither is better" in dialog.said.text()
    deeds.under_way, deeds.kept = (), (Trial("chat", 2, "Starter", 12, 12, 9.0, 1),)
    dialog.refresh()
    assert not dialog.bar.isVisible()
    assert lines(dialog)[1] == "Version 2 \u00b7 12 of 12 as told"
    dialog.kinds.setCurrentIndex(1)
    assert dialog.text.toPlainText() == shipped("analysis").text
    assert not dialog.compare_button.isEnabled(), "there is one version alone"


def test_instructions_are_changed_for_the_assistant_and_undo_takes_it_back(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            await shown(lambda: desktop.panels.assistant is not None)
            desktop.workbench.actions.by_id["assistant.instructions"].trigger()
            await shown(lambda: opened("InstructionsDialog"))
            dialog = opened("InstructionsDialog")
            dialog.text.setPlainText(OWN)
            dialog.save_button.click()
            await shown(lambda: len(lines(dialog)) == 2 and dialog.versions.currentRow() == 1)
            dialog.use_button.click()
            await shown(lambda: lines(dialog) == ["Shipped version", "Version 1 \u00b7 in use"])
            await desktop.desk.undo.undo()
            await shown(lambda: lines(dialog) == ["Shipped version \u00b7 in use", "Version 1"])
            dialog.remove_button.click()
            await shown(lambda: len(lines(dialog)) == 1)
            await desktop.desk.undo.undo()
            await shown(lambda: len(lines(dialog)) == 2)
            dialog.close()

    run_on_qt(story(), 60)
