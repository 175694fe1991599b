"""The dialog of models: what it shows, by keys and by drops, in progress and in trouble, and on the real models underneath."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QWidget

from backend.assistant.answers import Mode
from backend.assistant.models.model import Adapter, Projector, Standing
from backend.assistant.models.work import Doing, Work
from backend.settings import Appearance
from tests.fakes.dialogs import nameless, opened, walk
from tests.fakes.model_deeds import BROKEN, CUT, DOWNLOAD, EXAMINING, GEMMA, QWEN, STARTER, VECTORS, NotingDeeds
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import shown
from trii_desktop.assistant.models.model_table import FIXED, HEADERS
from trii_desktop.assistant.models.models_dialog import ModelsDialog
from trii_desktop.assistant.models.words import figures, format_context, listed, standing_words, work_words
from trii_desktop.look import Look
from trii_desktop.theme import dress
from trii_desktop.widgets.numbers import DASH

ALL = (GEMMA, BROKEN, VECTORS, QWEN, STARTER)


@pytest.fixture
def look(qapp):
    dress(qapp)
    made = Look(qapp)
    made.wear(Appearance())
    return made


@pytest.fixture
def dialog_of(look):
    parents = []

    def make(*cards, **more):
        parent, deeds = QWidget(), NotingDeeds(*cards, **more)
        parents.append(parent)
        dialog = ModelsDialog(parent, look, deeds)
        dialog.show()
        return dialog, deeds

    yield make
    for parent in parents:
        parent.deleteLater()


def cells(dialog, place=0):
    return [dialog.table.item(place, column).text().replace("\u202f", " ") for column in range(len(HEADERS))]


def click(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def buttons(dialog):
    return [b.text() for b in dialog._stack.currentWidget().findChildren(QPushButton) if b.isVisibleTo(dialog)]


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_without_models_it_says_what_to_do_and_offers_the_starter_where_it_is_installed(dialog_of):
    dialog, deeds = dialog_of(has_starter=True)
    assert buttons(dialog) == ["Use the starter model", "Add file…", "Download…"]
    assert not dialog.remove_button.isVisible()
    click(dialog._stack.currentWidget().findChildren(QPushButton)[0])
    assert deeds.asked == [("starter",)]
    without, _ = dialog_of()
    assert buttons(without) == ["Add file…", "Download…"]


def test_a_model_is_told_in_figures(dialog_of):
    dialog, _ = dialog_of(*ALL)
    assert cells(dialog, 3)[:6] == ["Qwen3 4B Instruct 2507", "2.5 GB", "Q4_K_M", "256K", "apache-2.0", "11"]
    assert cells(dialog, 3)[6:] == [DASH, "● 92 %", "● 100 %", DASH]
    assert cells(dialog, 4)[5:] == ["98", "● 33 %", DASH, "17 %", DASH]
    said = dialog.table.item(3, len(FIXED) + 1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said.replace("\u202f", " ") == "Deep in use, did as told in 92 % of cases, fit"
    assert "ended the process" in dialog.table.item(1, 0).toolTip()


@pytest.mark.parametrize("scale", [1.0, 1.25])
def test_nothing_at_the_side_is_cut_off(look, dialog_of, scale):
    look.wear(Appearance(font_scale=scale))
    dialog, _ = dialog_of(*ALL)
    for card in ALL:
        dialog.choose(card.id)
        dialog.grab()
        assert dialog.details.widget().width() <= dialog.details.viewport().width(), card.name


def test_no_column_is_hidden_at_the_size_it_opens_in(dialog_of):
    dialog, _ = dialog_of(*ALL)
    dialog.grab()
    assert not dialog.table.horizontalScrollBar().isVisible()
    assert dialog.table.columnWidth(0) >= 170


def test_the_side_tells_every_figure_with_its_origin(dialog_of):
    dialog, _ = dialog_of(*ALL)
    dialog.choose(QWEN.id)
    details = dialog.details
    assert details.text_of("SHA-256") == QWEN.sha256
    assert details.text_of("From") == QWEN.origin
    assert details.text_of("Parameters") == "4.02B (4,022,468,096)"
    assert details.text_of("Context") == "262,144 tokens"
    assert [mode for mode, use in details.uses.items() if use.isChecked()] == [Mode.DEEP, Mode.ANALYSIS]
    assert "Fit: did as told in 92" in details.uses[Mode.DEEP].accessibleDescription()
    click(details.copies["SHA-256"])
    assert QGuiApplication.clipboard().text() == QWEN.sha256
    dialog.choose(STARTER.id)
    assert "Not fit" in details.uses[Mode.FAST].accessibleDescription()


def test_what_a_hostile_file_calls_itself_is_plain_text(dialog_of):
    dialog, _ = dialog_of(replace(GEMMA, name="<img src=x><b>Bold</b>", licence="<a href='x'>y</a>"))
    labels = [label for label in dialog.findChildren(QLabel) if label.text()]
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)
    assert any("<b>Bold</b>" in label.text() for label in labels)


def test_the_chosen_model_stays_chosen_while_others_come_and_go(dialog_of):
    dialog, deeds = dialog_of(GEMMA, QWEN)
    dialog.choose(QWEN.id)
    deeds.shown = (BROKEN, GEMMA, QWEN)
    dialog.refresh()
    assert dialog.table.current == QWEN
    deeds.shown = (BROKEN, GEMMA)
    dialog.refresh()
    assert dialog.table.current == GEMMA
    deeds.shown = ()
    dialog.refresh()
    assert dialog._stack.currentIndex() == 0


def test_what_cannot_be_used_cannot_be_ticked_or_examined(dialog_of):
    dialog, _ = dialog_of(*ALL)
    dialog.choose(VECTORS.id)
    assert not any(use.isEnabled() for use in dialog.details.uses.values())
    assert not dialog.examine_button.isEnabled()
    dialog.choose(BROKEN.id)
    assert not any(use.isEnabled() for use in dialog.details.uses.values())
    assert dialog.examine_button.isEnabled(), "it can be tried again"


def test_standing_is_told_in_words_and_in_its_role():
    assert standing_words(BROKEN) == ("It is not loaded. It ended the process in which it was tried.", "error")
    assert standing_words(QWEN) == ("Fit for Deep Thinking and Stock Analysis.", "good")
    assert standing_words(STARTER)[1] == "warning"
    assert standing_words(replace(GEMMA, standing=Standing.UNTRIED))[1] == "muted"


@pytest.mark.parametrize(
    ("n", "said"), [(0, DASH), (512, "512"), (2_048, "2K"), (131_072, "128K"), (1_048_576, "1M"), (40_960, "40K")]
)
def test_a_context_is_told_in_thousands_of_tokens(n, said):
    assert format_context(n) == said


def test_what_is_under_way_is_told_in_words():
    assert (listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])) == ("", "a", "a and b", "a, b and c")
    assert work_words(DOWNLOAD) == "Downloading 3.9 GB of 14.3 GB, 23.4 MB/s, 7 min 25 s left"
    assert work_words(EXAMINING) == "Examining for Fast: 5 of 13 prompts"
    assert work_words(Work("1", "x", Doing.DOWNLOADING, 5_000_000)) == "Downloading 5.0 MB"
    assert work_words(Work("1", "x", Doing.DOWNLOADING, words="It is tried again.")) == "It is tried again."


# --- deeds ------------------------------------------------------------------------------------------------------------


def test_modes_are_chosen_by_boxes(dialog_of):
    dialog, deeds = dialog_of(*ALL)
    dialog.choose(QWEN.id)
    click(dialog.details.uses[Mode.FAST])
    click(dialog.details.uses[Mode.DEEP])
    assert deeds.asked == [("choose", Mode.FAST, QWEN.name), ("choose", Mode.DEEP, None)]


def test_a_model_is_examined_for_one_mode_or_for_all(dialog_of):
    dialog, deeds = dialog_of(*ALL)
    dialog.choose(QWEN.id)
    click(dialog.details.examines[Mode.SEARCH])
    entries = {action.text(): action for action in dialog._examine_menu.actions()}
    entries["For all modes"].trigger()
    entries["For Deep Thinking"].trigger()
    examine = ("examine", QWEN.name)
    assert deeds.asked == [(*examine, Mode.SEARCH), (*examine, *Mode), (*examine, Mode.DEEP)]


def test_enter_opens_the_ways_to_examine_and_delete_removes(qapp, dialog_of):
    async def story():
        dialog, deeds = dialog_of(*ALL)
        dialog.choose(QWEN.id)
        dialog.activateWindow()
        await shown(dialog.isActiveWindow)
        dialog.table.setFocus()
        QTest.keyClick(dialog.table, Qt.Key.Key_Return)
        await shown(dialog._examine_menu.isVisible)
        dialog._examine_menu.close()
        QTest.keyClick(dialog.table, Qt.Key.Key_Delete)
        assert deeds.asked == [("remove", QWEN.name)]

    run_on_qt(story())


def test_models_are_dropped_on_it_and_other_files_are_not_taken(dialog_of, tmp_path):
    dialog, deeds = dialog_of()
    urls = [QUrl.fromLocalFile(str(tmp_path / name)) for name in ("a.gguf", "notes.txt", "B.GGUF")]
    assert drag(dialog, QDragEnterEvent, QPoint(5, 5), urls)
    assert dialog._drop_words.isVisible()
    assert drag(dialog, QDropEvent, QPointF(5, 5), urls)
    assert deeds.asked == [("add", "a.gguf"), ("add", "B.GGUF")]
    assert not dialog._drop_words.isVisible()
    assert not drag(dialog, QDragEnterEvent, QPoint(5, 5), [urls[1], QUrl("https://models.example/a.gguf")])


def drag(dialog, kind, place, urls):
    """Whether the dialog takes these."""
    data = QMimeData()
    data.setUrls(urls)
    event = kind(place, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(dialog, event)
    return event.isAccepted()


def test_an_address_is_typed_sent_and_its_error_stands_below_it(qapp, dialog_of):
    async def story():
        dialog, deeds = dialog_of(*ALL)
        dialog.activateWindow()
        await shown(dialog.isActiveWindow)
        deeds.refuses = "That is no address."
        click(dialog.download_button)
        form = dialog.form
        assert form.url.hasFocus()
        assert not form.start.isEnabled()
        QTest.keyClicks(form.url, "nowhere")
        QTest.keyClick(form.url, Qt.Key.Key_Return)
        assert deeds.asked == [("download", "nowhere", "")]
        assert (form.error.text(), form.url.property("invalid"), form.isVisible()) == ("That is no address.", True, True)
        deeds.refuses = ""
        form.url.setText("https://models.example/a.gguf")
        QTest.keyClicks(form.sha256, "ab")
        click(form.start)
        assert deeds.asked[-1] == ("download", "https://models.example/a.gguf", "ab")
        assert not form.isVisible()
        click(dialog.download_button)
        QTest.keyClick(form.url, Qt.Key.Key_Escape)
        assert not form.isVisible()
        assert form.url.text() == ""
        assert dialog.isVisible(), "Esc closes the form first"

    run_on_qt(story())


# --- what is under way ------------------------------------------------------------------------------------------------


def test_what_is_under_way_is_shown_with_its_progress_and_stopped(dialog_of):
    dialog, deeds = dialog_of(GEMMA, works=(DOWNLOAD, EXAMINING))
    rows = dialog.works.rows
    assert rows["1"].bar.value() == 273
    assert (rows["1"].stop.text(), rows["2"].stop.text()) == ("Pause", "Cancel")
    assert dialog.details.examines[Mode.FAST].text() == "Examining…"
    assert not dialog.details.examines[Mode.FAST].isEnabled()
    assert dialog.details.examines[Mode.DEEP].isEnabled()
    click(rows["1"].stop)
    assert deeds.asked == [("stop", "1")]
    assert not rows["1"].stop.isEnabled()
    deeds.under_way = (replace(EXAMINING, n_done=12), Work("3", "new.gguf", Doing.CHECKING))
    dialog.refresh()
    assert list(rows) == ["2", "3"]
    assert rows["2"].bar.value() == 923
    assert rows["3"].bar.maximum() == 0
    deeds.under_way = ()
    dialog.refresh()
    assert not dialog.works.isVisible()


def test_it_looks_at_what_is_under_way_only_while_it_is_seen(qapp, dialog_of):
    async def story():
        dialog, deeds = dialog_of(GEMMA)
        deeds.under_way = (DOWNLOAD,)
        await shown(dialog.works.isVisible)
        dialog.hide()
        assert not dialog._timer.isActive()

    run_on_qt(story())


def test_a_download_that_was_cut_short_goes_on_or_is_given_up(dialog_of):
    dialog, deeds = dialog_of(GEMMA, cut=(CUT,))
    row = dialog.works.waiting[CUT.url]
    assert "1.1 GB of it is here" in row.words.text()
    click(row.go_on)
    click(row.discard)
    assert deeds.asked == [("download", CUT.url, ""), ("discard", CUT.name)]
    deeds.waiting = ()
    dialog.refresh()
    assert dialog.works.waiting == {}


# --- without a pointer, without eyes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cards", [(), ALL], ids=["empty", "full"])
def test_it_speaks_and_is_walked_by_keys(qapp, dialog_of, cards):
    async def story():
        dialog, _ = dialog_of(*cards, works=(DOWNLOAD,), cut=(CUT,), has_starter=True)
        dialog.choose(QWEN.id)
        dialog.form.show()
        dialog.activateWindow()
        await shown(dialog.isActiveWindow)
        await shown(lambda: QApplication.focusWidget() is not None)
        assert nameless(dialog) == []
        assert walk(dialog) == []
        dialog.form.hide()
        dialog.table.setFocus()
        QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Escape)
        await shown(lambda: opened("ModelsDialog") is None)

    run_on_qt(story())


@pytest.mark.parametrize("theme", ["light", "high_contrast"])
def test_it_follows_the_theme(qapp, look, dialog_of, theme):
    dialog, _ = dialog_of(*ALL)
    look.wear(Appearance(theme=theme))
    ink = dialog.table.item(3, len(FIXED) + 1).foreground().color().name()
    assert ink == look.palette.up.lower()


def test_adapters_are_added_and_removed_for_a_mode_and_told_beside_it(dialog_of):
    manner = Adapter(Mode.FAST, "Calm Manner", "/m/a.gguf", "0" * 64, 4_000, 4)
    dialog, deeds = dialog_of(replace(QWEN, adapters=(manner,)))
    dialog.choose(QWEN.id)
    dialog._adapter_menu.aboutToShow.emit()
    offered = {action.text(): action for action in dialog._adapter_menu.actions()}
    assert list(offered)[:2] == ["Remove the adapter Calm Manner from Fast", "Add an adapter for Deep Thinking…"]
    offered["Remove the adapter Calm Manner from Fast"].trigger()
    offered["Add an adapter for Deep Thinking…"].trigger()
    dialog.findChild(QFileDialog).fileSelected.emit("/m/bold.gguf")
    assert deeds.asked == [("remove adapter", QWEN.name, Mode.FAST), ("add adapter", QWEN.name, Mode.DEEP, "bold.gguf")]
    assert dialog.details._shown[Mode.FAST].text() == "With the adapter Calm Manner. Not examined yet"
    assert "Calm" not in dialog.details._shown[Mode.DEEP].text()


def test_a_projector_is_added_and_removed_and_told_among_the_figures(dialog_of):
    eyes = Projector("Tiny Eyes", "/m/eyes.gguf", "0" * 64, 4_000, "mlp")
    dialog, deeds = dialog_of(QWEN, replace(GEMMA, projector=eyes))
    dialog.choose(QWEN.id)
    dialog._adapter_menu.aboutToShow.emit()
    dialog._adapter_menu.actions()[-1].trigger()
    dialog.findChild(QFileDialog).fileSelected.emit("/m/mmproj.gguf")
    dialog.choose(GEMMA.id)
    dialog._adapter_menu.aboutToShow.emit()
    last = dialog._adapter_menu.actions()[-1]
    assert last.text() == "Remove the projector Tiny Eyes"
    last.trigger()
    assert deeds.asked == [("add projector", QWEN.name, "mmproj.gguf"), ("remove projector", GEMMA.name)]
    assert ("Sees by", "Tiny Eyes") in figures(replace(GEMMA, projector=eyes))
