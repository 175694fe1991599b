"""The dialog of models in the real window, on real models that live on the engine's thread."""

import pytest
from PySide6.QtWidgets import QPushButton

from backend.assistant.answers import Mode
from backend.assistant.models.models import Models
from backend.assistant.models.parts import ModelParts
from backend.errors import InvalidInput
from tests.fakes.dialogs import opened
from tests.fakes.model_server import serving
from tests.fakes.modelling import QUICK, ScriptedEngine, loaded, make_model, parse_fake_header
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.assistant.models.model_actions import ModelActions


class Placed:
    """Models over the parts of an open backend, with scripted engines."""

    def __init__(self, desk):
        self.desk = desk
        self.engine = ScriptedEngine()
        self.error = None
        self.models = None

    async def probe(self, path):
        if self.error is not None:
            raise self.error
        return loaded(path)

    async def make(self):
        backend = self.desk.backend
        parts = ModelParts(
            ledger=backend.words,
            folder=backend.home.models,
            bus=backend.bus,
            clock=backend.clock,
            tasks=backend.tasks,
            parse_header=parse_fake_header,
            probe=self.probe,
            make_engine=self.engine.make,
            find_starter=lambda: None,
            rules=QUICK,
            reserve_bytes=0,
        )
        self.models = Models(parts)


@pytest.fixture(autouse=True)
def _no_starter(monkeypatch):
    """The backend's own models share ledger and folder with those of the test; they bring no starter after a few seconds."""

    async def nothing(_models):
        pass

    monkeypatch.setattr(Models, "_find_starter", nothing)


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.gguf"
    path.write_bytes(make_model(name="Tiny"))
    return path


def in_the_window(home, tell):
    """Run a story with the window, its actions on models, and what they stand on."""

    async def story():
        async with open_window(home, docks=False) as desktop:
            placed = Placed(desktop.desk)
            await desktop.desk.bridge.call(placed.make())
            actions = ModelActions(desktop.window, desktop.desk, placed.models)
            actions.open_models()
            await shown(lambda: opened("ModelsDialog"), "the dialog")
            try:
                await tell(desktop.desk, actions, placed)
            finally:
                actions.close()
                await shown(lambda: opened("ModelsDialog") is None)

    run_on_qt(story(), 60)


def titles(desk):
    return [entry.notice.title for entry in desk.notices.entries]


def test_a_model_goes_from_a_file_to_a_mode_and_away_and_back(qapp, home, tiny):
    async def tell(desk, actions, _placed):
        dialog = actions.dialog
        assert [b.text() for b in dialog._stack.currentWidget().findChildren(QPushButton)] == ["Add file…", "Download…"]
        actions.add(tiny)
        await shown(lambda: dialog.table.cards, "the model")
        await shown(lambda: "The model Tiny is there." in titles(desk))
        (card,) = dialog.table.cards
        actions.choose(Mode.DEEP, card)
        await shown(lambda: dialog.table.cards[0].modes == (Mode.DEEP,), "chosen")
        await desk.undo.undo()
        await shown(lambda: dialog.table.cards[0].modes == (), "not chosen")
        await desk.undo.redo()
        await shown(lambda: dialog.table.cards[0].modes == (Mode.DEEP,), "chosen again")
        actions.remove(dialog.table.cards[0])
        await shown(lambda: dialog.table.cards == (), "removed")
        assert "The model Tiny was removed." in titles(desk)
        await desk.undo.undo()
        await shown(lambda: dialog.table.cards and dialog.table.cards[0].modes == (Mode.DEEP,), "back with its mode")

    in_the_window(home, tell)


def test_a_model_is_examined_for_several_modes_and_the_row_tells(qapp, home, tiny):
    async def tell(desk, actions, placed):
        dialog = actions.dialog
        actions.add(tiny)
        await shown(lambda: dialog.table.cards)
        actions.examine(dialog.table.cards[0], (Mode.FAST, Mode.SEARCH))
        await shown(lambda: len(dialog.table.cards[0].examined) == 2, "examined")
        assert [one.mode for one in dialog.table.cards[0].examined] == [Mode.FAST, Mode.SEARCH]
        assert placed.engine.n_open == 0

    in_the_window(home, tell)


def test_a_download_is_stopped_goes_on_and_typing_errors_come_back_to_the_form(qapp, home):
    content = make_model(6_000_000, name="Big")

    async def tell(desk, actions, _placed):
        dialog = actions.dialog
        async with serving(content) as server:
            server.hold_after = 3_000_000
            dialog.form.open()
            dialog.form.url.setText("http://models.example/a.gguf")
            dialog.form.send()
            await shown(lambda: "without encryption" in dialog.form.error.text(), "the error")
            dialog.form.url.setText(server.url)
            dialog.form.send()
            await shown(lambda: dialog.works.rows and next(iter(dialog.works.rows.values())).work.n_done > 0, "progress")
            next(iter(dialog.works.rows.values())).stop.click()
            await shown(lambda: dialog.works.waiting, "the rest")
            assert not any("not possible" in title for title in titles(desk)), "what was stopped is no failure"
            server.hold_after = None
            dialog.works.waiting[server.url].go_on.click()
            await shown(lambda: not dialog.works.waiting, "no more offered")
            await shown(lambda: "Big" in [card.name for card in dialog.table.cards], "the model")
            await shown(lambda: not dialog.works.waiting and not dialog.works.rows)

    in_the_window(home, tell)


def test_a_model_that_may_not_be_loaded_is_told_as_a_warning(qapp, home, tiny, tmp_path):
    async def tell(desk, actions, placed):
        placed.error = InvalidInput("It crashed.")
        actions.add(tiny)
        await shown(lambda: "Tiny was added, and is not loaded." in titles(desk))
        await shown(lambda: actions.dialog.table.cards)
        actions.choose(Mode.FAST, actions.dialog.table.cards[0])
        await shown(lambda: any("Choosing a model for Fast was not possible." in title for title in titles(desk)))
        assert not actions.dialog.details.uses[Mode.FAST].isChecked()
        page = tmp_path / "page.gguf"
        page.write_bytes(b"<html>")
        actions.add(page)
        await shown(lambda: "Adding page.gguf was not possible." in titles(desk))

    in_the_window(home, tell)
