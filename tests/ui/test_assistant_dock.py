"""The assistant's dock: asking by keys, answers that grow, branches, history, and everyone's way to each part of it."""

import random
from itertools import pairwise

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from backend.assistant.answers import Mode
from backend.assistant.conversations.conversation import Speaker
from backend.assistant.grounding.span import Span
from backend.charts.chart_state import MAIN_PANE
from backend.domain.instruments import InstrumentId
from tests.fakes.assistant_window import analysed, facts_of, newest_of, number, story_of
from tests.fakes.dialogs import nameless, opened, stops_of, walk
from tests.fakes.window import shown
from trii_desktop.charts.gestures import Zone
from trii_desktop.charts.spots import Spot
from trii_desktop.market.dragged import drag_data


def menu_words(hand, entry_id):
    menu = QMenu()
    view = hand.view(entry_id)
    hand.panel.deeds.fill(menu, view, view.mapToGlobal(QPoint(20, 20)))
    words = [action.text() for action in menu.actions() if action.text()]
    menu.deleteLater()
    return words


def said(hand):
    return hand.timeline.accessibleDescription()


# --- asking -----------------------------------------------------------------------------------------------------------


def test_enter_sends_and_the_answer_grows_until_it_is_kept(qapp, home):
    async def tell(hand):
        assert hand.panel._turns.currentIndex() == 0  # the empty state
        answer = await hand.ask("What is a swing?")
        assert not hand.composer.text
        await hand.say(answer, Span("A **swing** is"))
        await shown(lambda: hand.text(answer) == "A swing is")
        await hand.say(answer, Span(" a turn."))
        await shown(lambda: hand.text(answer) == "A swing is a turn.")
        await hand.finish(answer)
        assert [entry.speaker for entry in hand.entries] == [Speaker.PERSON, Speaker.ASSISTANT]
        made = hand.view(answer).provenance._words.text().replace("\u00a0", " ")
        assert made == "Fast · SmolLM2 135M · this computer · first word after 142 ms, 1.8 s in all"
        assert said(hand) == "Answered. A **swing** is a turn."
        assert hand.panel.title.text() == "What is a swing?"

    story_of(tell, home)


def test_shift_enter_breaks_the_line_and_the_field_grows_with_it(qapp, home):
    async def tell(hand):
        before = hand.composer.field.height()
        hand.type("one")
        hand.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
        hand.type("two")
        assert hand.composer.text == "one\ntwo"
        assert not hand.script.questions
        assert hand.composer.field.height() > before

    story_of(tell, home)


def test_what_the_chart_shows_goes_with_a_question_as_what_is_meant_where_nothing_is_named(qapp, home):
    async def tell(hand):
        await hand.answered("how often did it rise", Span("Often."))
        (asked,) = hand.script.questions
        assert asked.in_view == hand.desktop.panels.chart.shown.instrument.id
        assert (asked.instrument, asked.chart, hand.composer.attachment) == (None, None, None)

    story_of(tell, home)


def test_a_question_is_read_ahead_each_time_the_typing_rests_and_no_command_is(qapp, home):
    async def tell(hand):
        first = await hand.answered("What is a swing?", Span("A turn."))
        hand.type("And of")
        await shown(lambda: len(hand.script.anticipated) == 1)
        hand.type(" it")
        await shown(lambda: len(hand.script.anticipated) == 2)
        newest = hand.script.anticipated[-1]
        assert (newest.text, newest.conversation, newest.parent) == ("And of it", hand.panel.talk.id, first)
        hand.composer.field.clear()
        hand.type("/help me")
        hand.composer._rested()
        hand.composer.field.clear()
        hand.type("   ")
        hand.composer._rested()
        assert len(hand.script.anticipated) == 2
        assert not hand.composer._resting.isActive()

    story_of(tell, home)


def test_a_question_is_shown_as_it_was_typed(qapp, home):
    async def tell(hand):
        await hand.answered("<b>Is</b> **this** [bold](javascript:x)?", Span("No."))
        question = hand.timeline.view_of(hand.entries[0].id)
        assert question.text.toPlainText() == "<b>Is</b> **this** [bold](javascript:x)?"

    story_of(tell, home)


def test_escape_stops_and_what_was_checked_stays(qapp, home):
    async def tell(hand):
        answer = await hand.ask("Tell me all")
        await hand.say(answer, Span("First words."))
        await shown(lambda: hand.text(answer) == "First words.")
        hand.press(Qt.Key.Key_Escape)
        await shown(lambda: hand.kept(answer))
        assert hand.text(answer) == "First words."
        assert hand.view(answer)._state.text() == "Stopped here."
        assert not hand.panel.is_answering

    story_of(tell, home)


def test_a_second_question_waits_until_the_first_is_answered(qapp, home):
    async def tell(hand):
        answer = await hand.ask("One")
        hand.type("Two")
        hand.press(Qt.Key.Key_Return)
        assert hand.composer.text == "Two"
        assert len(hand.script.questions) == 1
        await hand.finish(answer)
        hand.press(Qt.Key.Key_Return)
        await shown(lambda: len(hand.script.questions) == 2)
        assert hand.script.questions[1].parent == answer

    story_of(tell, home)


def test_a_failed_answer_says_why_and_can_be_tried_again(qapp, home):
    async def tell(hand):
        answer = await hand.ask("Why?")
        await hand.call(hand.script.fail(answer, "The model broke off.", "Ask again."))
        await shown(lambda: hand.kept(answer))
        view = hand.view(answer)
        assert (view._problem.text(), view._hint.text()) == ("The model broke off.", "Ask again.")
        view.retry.click()
        await shown(lambda: hand.panel.is_answering)
        await hand.finish(hand.panel.talk.running.id)
        assert hand.entries[-1].n_siblings == 2

    story_of(tell, home)


# --- editing and branches ---------------------------------------------------------------------------------------------


def test_up_edits_the_last_question_as_another_branch_and_both_stay(qapp, home):
    async def tell(hand):
        await hand.answered("First", Span("One."))
        await hand.answered("Secnd", Span("Two."))
        hand.press(Qt.Key.Key_Up)
        assert (hand.composer.text, hand.composer.is_editing) == ("Secnd", True)
        hand.composer.field.selectAll()
        third = await hand.ask("Second")
        await hand.say(third, Span("Two again."))
        await hand.finish(third)
        assert [entry.text for entry in hand.entries] == ["First", "One.", "Second", "Two again."]
        question = hand.entries[2]
        view = hand.timeline.view_of(question.id)
        assert view._place.text() == "2 of 2"
        view._back.click()
        await shown(lambda: [entry.text for entry in hand.entries] == ["First", "One.", "Secnd", "Two."])

    story_of(tell, home)


def test_escape_gives_an_edit_up(qapp, home):
    async def tell(hand):
        await hand.answered("First", Span("One."))
        hand.press(Qt.Key.Key_Up)
        hand.press(Qt.Key.Key_Escape)
        assert (hand.composer.text, hand.composer.is_editing) == ("", False)
        hand.type("Next")
        hand.press(Qt.Key.Key_Return)
        await shown(lambda: len(hand.script.questions) == 2)
        assert hand.script.questions[1].parent == hand.entries[1].id

    story_of(tell, home)


def test_answering_again_makes_a_branch_that_keys_switch(qapp, home):
    async def tell(hand):
        first = await hand.answered("What?", Span("One."))
        hand.trigger("assistant.again")
        await shown(lambda: hand.panel.is_answering)
        assert [entry.text for entry in hand.entries] == ["What?", ""]
        second = hand.panel.talk.running.id
        await hand.say(second, Span("Two."))
        await hand.finish(second)
        await shown(lambda: hand.entries[-1].n_siblings == 2)
        hand.timeline.setFocus()
        QTest.keyClick(hand.timeline, Qt.Key.Key_Left)
        await shown(lambda: hand.entries[-1].id == first)
        QTest.keyClick(hand.timeline, Qt.Key.Key_Right)
        await shown(lambda: hand.entries[-1].id == second)
        assert "Answer again" in menu_words(hand, second)
        assert "Version before" in menu_words(hand, second)

    story_of(tell, home)


def test_delete_takes_a_turn_out_and_undo_brings_it_back(qapp, home):
    async def tell(hand):
        await hand.answered("What?", Span("One."))
        last = await hand.answered("And then?", Span("Two."))
        assert "Delete" in menu_words(hand, last)
        hand.timeline.setFocus()
        QTest.keyClick(hand.timeline, Qt.Key.Key_Delete)
        await shown(lambda: [entry.text for entry in hand.entries] == ["What?", "One.", "And then?"])
        assert "Delete with its answers" in menu_words(hand, hand.entries[0].id)
        QTest.keyClick(hand.timeline, Qt.Key.Key_Home)
        QTest.keyClick(hand.timeline, Qt.Key.Key_Delete)
        await shown(lambda: [entry.text for entry in hand.entries] == ["And then?"])
        await hand.desktop.desk.undo.undo()
        await shown(lambda: len(hand.entries) == 3)
        await hand.desktop.desk.undo.undo()
        await shown(lambda: [entry.text for entry in hand.entries] == ["What?", "One.", "And then?", "Two."])

    story_of(tell, home)


# --- the timeline -----------------------------------------------------------------------------------------------------


def test_thousands_of_turns_are_a_few_widgets_from_the_end_to_the_beginning(qapp, home):
    async def tell(hand):
        draw = random.Random(3)
        texts = [f"Turn {n}. " + "words and more words " * draw.randint(1, 30) for n in range(3_000)]
        conversation = await hand.call(hand.script.tell(3_000, texts.__getitem__))
        await hand.panel.talk.open(conversation)
        timeline = hand.timeline
        await shown(lambda: timeline.view_of(hand.entries[-1].id) is not None)
        assert timeline.is_at_end
        assert timeline.n_views < 30
        bar = timeline.verticalScrollBar()
        for share in (0.9, 0.5, 0.1, 0.0):
            bar.setValue(round(bar.maximum() * share))
            assert 0 < timeline.n_views < 60
            views = sorted((timeline.view_of(e.id) for e in hand.entries if timeline.view_of(e.id)), key=lambda v: v.y())
            for above, below in pairwise(views):
                assert above.geometry().bottom() + 1 == below.y()
            for view in views:
                assert view.text.toPlainText().strip() == view.entry.text.strip()
            assert views[0].y() <= 0
            assert views[-1].geometry().bottom() >= timeline.viewport().height() - 1
        assert timeline.view_of(hand.entries[0].id).text.toPlainText().startswith("Turn 0.")
        QTest.keyClick(timeline, Qt.Key.Key_End)
        assert timeline.view_of(hand.entries[-1].id) is not None

    story_of(tell, home, timeout_s=120)


def test_it_follows_the_end_only_while_the_person_is_there(qapp, home):
    async def tell(hand):
        conversation = await hand.call(hand.script.tell(40, lambda n: f"Turn {n}. " + "words " * 60))
        await hand.panel.talk.open(conversation)
        timeline, bar = hand.timeline, hand.timeline.verticalScrollBar()
        await shown(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
        answer = await hand.ask("And now?")
        await hand.say(answer, Span("line\n\n" * 30))
        await shown(lambda: hand.text(answer).count("line") == 30)
        assert bar.value() == bar.maximum()
        bar.setValue(bar.maximum() // 2)
        first = next(e for e in hand.entries if (v := timeline.view_of(e.id)) and v.y() <= 0 < v.geometry().bottom())
        place = timeline.view_of(first.id).y()
        await hand.say(answer, Span("more\n\n" * 30))
        await shown(lambda: hand.panel.talk.running.text.count("more") == 30)
        assert timeline.view_of(first.id).y() == place
        assert timeline.to_end.isVisible()
        timeline.to_end.click()
        await hand.say(answer, Span("last\n\n" * 30))
        await shown(lambda: "last" in hand.text(answer))
        assert bar.value() == bar.maximum()

    story_of(tell, home)


def test_growing_text_keeps_the_selection_and_writes_at_most_once_a_frame(qapp, home):
    async def tell(hand):
        answer = await hand.ask("Go")
        await hand.say(answer, Span("First paragraph here.\n\nSecond"))
        await shown(lambda: "Second" in hand.text(answer))
        text = hand.view(answer).text
        cursor = text.textCursor()
        cursor.setPosition(0)
        cursor.setPosition(5, QTextCursor.MoveMode.KeepAnchor)
        text.setTextCursor(cursor)
        n_grown, n_frames = [], hand.desktop.desk.frames.n_frames
        text.grew.connect(lambda *_: n_grown.append(1))
        for _ in range(300):
            await hand.say(answer, Span(" word"))
        await shown(lambda: hand.text(answer).count("word") == 300)
        assert text.selected == "First"
        assert len(n_grown) <= hand.desktop.desk.frames.n_frames - n_frames + 1

    story_of(tell, home)


def test_keys_choose_turns_copy_and_edit(qapp, home):
    async def tell(hand):
        await hand.answered("What?", Span("It is **bold**."))
        hand.timeline.setFocus()
        QTest.keyClick(hand.timeline, Qt.Key.Key_C)
        assert QGuiApplication.clipboard().text() == "It is **bold**."
        QTest.keyClick(hand.timeline, Qt.Key.Key_Up)
        assert said(hand) == "You: What?"
        QTest.keyClick(hand.timeline, Qt.Key.Key_C)
        assert QGuiApplication.clipboard().text() == "What?"
        QTest.keyClick(hand.timeline, Qt.Key.Key_E)
        assert hand.composer.text == "What?"

    story_of(tell, home)


def test_a_block_of_code_can_be_copied_alone(qapp, home):
    async def tell(hand):
        answer = await hand.answered("Code?", Span("Here:\n\n```\nx = 1\ny = 2\n```\n\nDone."))
        text = hand.view(answer).text
        cursor = text.document().find("y = 2")
        place = text.viewport().mapToGlobal(text.cursorRect(cursor).center())
        menu = QMenu()
        hand.panel.deeds.fill(menu, hand.view(answer), place)
        next(action for action in menu.actions() if action.text() == "Copy the code").trigger()
        assert QGuiApplication.clipboard().text() == "x = 1\ny = 2"
        menu.deleteLater()

    story_of(tell, home)


# --- what goes with a question ----------------------------------------------------------------------------------------


def test_the_chart_goes_with_a_question_as_a_chip_that_can_be_taken_away(qapp, sampled):
    async def tell(hand):
        hand.composer.attach.click()
        assert hand.composer.chip.isVisible()
        assert "AAPL.XNAS 1d" in hand.composer.chip.accessibleName()
        answer = await hand.ask("What is this?")
        assert hand.script.questions[0].chart is not None
        await hand.finish(answer)
        hand.composer.chip.remove.click()
        await hand.ask("And this?")
        assert hand.script.questions[1].chart is None
        await hand.finish(hand.panel.talk.running.id)

    story_of(tell, sampled)


def test_an_instrument_dropped_on_the_field_is_attached(qapp, home):
    async def tell(hand):
        data: QMimeData = drag_data(InstrumentId("MSFT", "XNAS"))
        copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        entered = QDragEnterEvent(QPoint(10, 10), copy, data, left, none)
        hand.composer.field.dragEnterEvent(entered)
        assert entered.isAccepted()
        hand.composer.field.dropEvent(QDropEvent(QPointF(10, 10), copy, data, left, none))
        assert hand.composer.chip.accessibleName() == "Attached: MSFT.XNAS"
        assert not hand.composer.text

    story_of(tell, home)


def test_a_bar_can_be_asked_about(qapp, sampled):
    async def tell(hand):
        hand.actions.ask_about_bar(newest_of(hand))
        assert "bar of 2013-03-01" in hand.composer.chip.accessibleName()
        await hand.ask("What happened?")
        seen = hand.script.questions[0].chart
        assert seen.from_ns == seen.to_ns == newest_of(hand)
        await hand.finish(hand.panel.talk.running.id)

    story_of(tell, sampled)


def test_the_menu_on_a_chart_offers_to_analyse_it_and_to_ask_about_its_bar(qapp, sampled):
    async def tell(hand):
        menu = QMenu()
        hand.actions.fill_menu(menu, Spot(Zone.PLOT, MAIN_PANE, "", newest_of(hand)))
        words = [action.text() for action in menu.actions() if action.text()]
        assert words == ["Analyse AAPL.XNAS", "Look for patterns", "Ask about this bar\u2026"]
        menu.actions()[0].trigger()
        await shown(lambda: hand.panel.is_answering)
        assert hand.script.questions[0].mode is Mode.ANALYSIS
        await hand.finish(hand.panel.talk.running.id)
        menu.clear()
        hand.actions.fill_menu(menu, Spot(Zone.TIME_AXIS, MAIN_PANE, "", newest_of(hand)))
        assert not menu.actions()
        menu.deleteLater()

    story_of(tell, sampled)


# --- commands ---------------------------------------------------------------------------------------------------------


def test_commands_are_completed_and_switch_the_mode(qapp, home):
    async def tell(hand):
        hand.type("/de")
        assert hand.composer.commands.isVisible()
        hand.press(Qt.Key.Key_Tab)
        assert hand.composer.field.toPlainText() == "/deep "
        hand.type("And why?")
        hand.press(Qt.Key.Key_Return)
        await shown(lambda: hand.script.questions)
        assert (hand.script.questions[0].text, hand.script.questions[0].mode) == ("And why?", Mode.DEEP)
        assert hand.composer.chosen_mode is Mode.DEEP
        await shown(lambda: hand.panel.is_answering)
        await hand.finish(hand.panel.talk.running.id)
        hand.type("/new")
        hand.press(Qt.Key.Key_Return)
        assert not hand.entries
        hand.type("/help")
        hand.press(Qt.Key.Key_Return)
        assert "/analyse" in hand.panel.cards.popover.text.toPlainText()
        hand.panel.cards.popover.dismiss()

    story_of(tell, home)


def test_what_begins_with_a_slash_and_is_no_command_is_a_question(qapp, home):
    async def tell(hand):
        answer = await hand.ask("/etc or not?")
        assert hand.script.questions[0].text == "/etc or not?"
        await hand.finish(answer)

    story_of(tell, home)


def test_clear_removes_the_conversation_and_undo_brings_it_back(qapp, home):
    async def tell(hand):
        await hand.answered("Keep me?", Span("Yes."))
        known = hand.panel.talk.id
        hand.type("/clear")
        hand.press(Qt.Key.Key_Return)
        await shown(lambda: known not in hand.script.conversations.by_id and not hand.entries)
        await hand.desktop.desk.undo.undo()
        await shown(lambda: known in hand.script.conversations.by_id)

    story_of(tell, home)


# --- history ----------------------------------------------------------------------------------------------------------


def test_an_earlier_conversation_goes_on_in_the_mode_of_its_last_answer_or_that_it_was_switched_to(qapp, home):
    async def tell(hand):
        known = await hand.desktop.desk.bridge.call(hand.script.tell(2, str))
        hand.panel.composer.choose_mode(Mode.DEEP)
        hand.panel.open_conversation(known, "")
        await shown(lambda: len(hand.entries) == 2 and hand.panel.composer.chosen_mode is Mode.FAST)
        await hand.call(hand.script.conversations.choose_mode(known, "search"))
        hand.panel.begin_new()
        hand.panel.open_conversation(known, "")
        await shown(lambda: hand.entries and hand.panel.composer.chosen_mode is Mode.SEARCH)

    story_of(tell, home)


def titles(hand):
    return [line.row.title for line in hand.panel.history.model.rows]


def test_history_finds_what_was_said_and_goes_there(qapp, home):
    async def tell(hand):
        for name in ("Alpha", "Beta"):
            await hand.call(hand.script.tell(60, lambda n, name=name: f"{name} turn {n} about gaps", name))
        hand.trigger("assistant.history")
        await shown(lambda: titles(hand) == ["Beta", "Alpha"])
        QTest.keyClicks(hand.panel.history.search, "alpha turn 11 ")
        await shown(lambda: titles(hand) == ["Alpha"])
        assert "\x02Alpha turn 11" in hand.panel.history.model.rows[0].excerpt
        QTest.keyClick(hand.panel.history.search, Qt.Key.Key_Return)
        await shown(lambda: hand.timeline.current is not None and hand.timeline.current.text.startswith("Alpha turn 11 "))
        assert hand.timeline.view_of(hand.timeline.current.id).y() == 0
        assert hand.panel.title.text() == "Alpha"

    story_of(tell, home)


def test_history_pins_renames_and_deletes_with_undo(qapp, home):
    async def tell(hand):
        for name in ("Alpha", "Beta", "Gamma"):
            await hand.call(hand.script.tell(2, lambda n, name=name: f"{name} {n}", name))
        hand.trigger("assistant.history")
        page = hand.panel.history
        await shown(lambda: titles(hand) == ["Gamma", "Beta", "Alpha"])
        page.view.setCurrentIndex(page.model.index(2, 0))
        page._pin()
        await shown(lambda: titles(hand) == ["Alpha", "Gamma", "Beta"])
        assert page.current.title == "Alpha"
        QTest.keyClick(page.view, Qt.Key.Key_F2)
        await shown(lambda: opened("AskText"))
        asked = opened("AskText")
        asked.field.setText("First")
        asked.accept()
        await shown(lambda: titles(hand) == ["First", "Gamma", "Beta"])
        QTest.keyClick(page.view, Qt.Key.Key_Delete)
        await shown(lambda: titles(hand) == ["Gamma", "Beta"])
        await hand.desktop.desk.undo.undo()
        await shown(lambda: titles(hand) == ["First", "Gamma", "Beta"])

    story_of(tell, home)


def test_a_conversation_is_saved_as_markdown_and_json(qapp, home, tmp_path):
    async def tell(hand):
        await hand.answered("What?", Span("That."))
        for form, path in (("markdown", tmp_path / "a.md"), ("json", tmp_path / "a.json")):
            await hand.panel.whole.saving.save(hand.panel.talk.id, form, path)
            assert "That." in path.read_text(encoding="utf-8")
        hand.panel.export()
        await shown(lambda: opened("QFileDialog"))
        assert opened("QFileDialog").defaultSuffix() == "md"
        opened("QFileDialog").reject()

    story_of(tell, home)


def test_an_answer_that_cannot_be_read_any_more_shows_its_words(qapp, home):
    async def tell(hand):
        answer = await hand.answered("What?", Span("That."))
        conversation = hand.panel.talk.id
        hand.panel.begin_new()
        hand.script._kept.clear()
        hand.panel.talk._decoded.clear()
        await hand.panel.talk.open(conversation)
        assert hand.text(answer) == "That."
        assert "can still be read" in hand.view(answer)._hint.text()

    story_of(tell, home)


# --- for everyone -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width_px", [280, 420])
def test_every_part_has_a_name_and_tab_reaches_it(qapp, sampled, width_px):
    async def tell(hand):
        facts = facts_of(newest_of(hand))
        await hand.answered("What?", Span("At "), number(facts, "F1", "187.45"), facts=facts)
        await analysed(hand)
        hand.composer.attach.click()
        hand.desktop.window.resizeDocks([hand.dock], [width_px], Qt.Orientation.Horizontal)
        hand.desktop.window.activateWindow()
        await shown(hand.desktop.window.isActiveWindow)
        assert not nameless(hand.panel)
        hand.panel.list_button.setFocus()
        assert not walk(hand.panel)
        assert len(stops_of(hand.panel)) > 8
        hand.trigger("assistant.history")
        assert not nameless(hand.panel)

    story_of(tell, sampled)


@pytest.mark.parametrize("theme", ["dark", "light", "high_contrast"])
def test_themes_are_followed_by_text_that_is_there(qapp, sampled, theme):
    async def tell(hand):
        facts = facts_of(newest_of(hand))
        answer = await hand.answered("What?", Span("At "), number(facts, "F1", "187.45"), Span(" or so."), facts=facts)
        await analysed(hand)
        look = hand.desktop.desk.look
        change = hand.desktop.desk.backend.settings.change
        await hand.call(change("appearance", theme=theme))
        await shown(lambda: look.palette.name == theme)
        hand.timeline.go_to(hand.entries[0].id)
        cursor = hand.view(answer).text.document().find("or so")
        assert cursor.charFormat().foreground().color().name() == look.palette.text

    story_of(tell, sampled)


def test_the_dock_is_reached_from_anywhere_and_shown_by_its_keys(qapp, sampled):
    async def tell(hand):
        hand.desktop.panels.chart.view.setFocus()
        assert hand.desktop.workbench.actions.keys("assistant.ask") == ("Ctrl+L",)
        assert not hand.desktop.workbench.actions.keymap.lost.keys() & {
            r for r in hand.desktop.workbench.actions.by_id if "assistant" in r
        }
        hand.trigger("assistant.ask")
        assert hand.desktop.window.focusWidget() is hand.composer.field
        hand.trigger("assistant.show")
        assert not hand.actions.shows_panel
        hand.trigger("assistant.show")
        assert hand.actions.shows_panel

    story_of(tell, sampled)
