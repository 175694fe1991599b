"""The dock as it is looked at: nothing is cut off at any width, nothing is drawn heavier than it is meant."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from backend.assistant.answers import Checks, Mode, Phase, Provenance
from backend.assistant.grounding.span import Span
from backend.assistant.stages import Stage
from tests.fakes.assistant_window import analysis_of, bench_of, facts_of
from tests.fakes.window import shown
from trii_desktop.assistant.composer import QuestionField
from trii_desktop.assistant.rich_text import RichText
from trii_desktop.assistant.text_button import TextButton
from trii_desktop.palettes import DARK

NARROW_PX = 280
NOON_NS = 1_763_726_400_000_000_000


def test_a_first_question_is_shown_whole_in_a_narrow_dock(qapp):
    async def tell(hand):
        await hand.answered("How did Apple close, and where is its RSI now?", Span("It closed lower."))
        text = hand.view(hand.entries[0].id).text
        assert text.height() == text.heightForWidth(text.width())
        assert text.verticalScrollBar().maximum() == 0

    bench_of(tell, width_px=NARROW_PX)


def test_an_answer_that_is_only_thought_about_has_room_for_saying_so(qapp):
    async def tell(hand):
        answer = await hand.ask("Why?")
        await hand.say(answer, phase=Phase.THINKING, thought=(Span("Well"),), thought_ms=3_000.0)
        await shown(hand.view(answer).thought.isVisible, "what is thought")
        view = hand.view(answer)
        assert view.height() >= view.thought.geometry().bottom()
        assert view.thought.height() >= view.thought.toggle.sizeHint().height()
        await hand.finish(answer)

    bench_of(tell)


def test_nothing_of_an_answer_is_cut_off_in_a_narrow_dock(qapp):
    async def tell(hand):
        thought = (Span("First I look at the close.\n\nIt may reach more than that, I guess, or not."),)
        answer = await hand.ask("Why?")
        await hand.say(answer, Span("It fell."), thought=thought, thought_ms=4_200.0)
        sent = (("user", "Why?"),)
        made = Provenance(
            Mode.DEEP, "Qwen3 4B Instruct", "this process", "Answered here, as the settings ask.", sent, 400.0, 21_000.0
        )
        await hand.finish(answer, provenance=replace(made, chosen="it asks for reasons or a plan"), checks=Checks(2, 2, 1, 1))
        view = hand.view(answer)
        assert not cut_off(view)
        view.thought.toggle.click()
        await shown(view.thought.text.isVisible, "what was thought")
        assert not cut_off(view)
        chosen = view.provenance.chosen
        assert chosen.height() > 1.5 * view.provenance.toggle.height(), "its words go on in a second line"

    bench_of(tell, width_px=NARROW_PX)


def test_tab_leads_from_the_conversation_through_an_answer_that_has_just_come(qapp):
    async def tell(hand):
        facts = facts_of(NOON_NS)
        answer = await hand.ask("Analyse it")
        await hand.say(answer, facts=facts, analysis=analysis_of(facts, NOON_NS))
        cut = Stage("wording", 1_716.0, 2_800.0, 2_800.0, is_cut=True, by="Big")
        await hand.finish(answer, provenance=Provenance(Mode.ANALYSIS, sent=(("user", "Why?"),), stages=(cut,)))
        view = hand.view(answer)
        card = view.card
        deeds = [card.show_button, card.keep_button, card.inputs_button, view.retry, view.provenance.toggle]
        assert stops_after(hand.timeline) == [view._menu, card.text, *deeds, hand.composer.field]

    bench_of(tell)


def test_the_list_of_commands_leaves_the_question_in_view_in_a_low_dock(qapp):
    async def tell(hand):
        hand.type("/")
        commands, field = hand.composer.commands, hand.composer.field
        await shown(lambda: commands.geometry().bottom() < field.geometry().top(), "the list above the question")
        last_seen = commands.itemAt(commands.viewport().rect().center().x(), commands.viewport().height() - 10)
        assert commands.visualItemRect(last_seen).bottom() < commands.viewport().height(), "the last one seen is seen whole"

    bench_of(tell, height_px=560)


def test_a_rule_between_paragraphs_is_a_hairline(qapp):
    async def tell(hand):
        answer = await hand.answered("Well?", Span("Above.\n\n---\n\nBelow."))
        assert 1 <= rows_of(hand.view(answer).grab().toImage(), DARK.border_strong) <= 2

    bench_of(tell)


def cut_off(view):
    """The parts of a turn that have less room than their words need."""
    view.grab()  # lays it out
    parts = (*view.findChildren(QLabel), *view.findChildren(TextButton), *view.findChildren(RichText))
    wrapped = [part for part in parts if part.isVisible() and part.hasHeightForWidth()]
    assert len(wrapped) > 3
    return [part for part in wrapped if part.height() < part.heightForWidth(part.width())]


def stops_after(part):
    """Where Tab leads from here, until it leads to where questions are written."""
    part.setFocus()
    stops = []
    while not isinstance(held := QApplication.focusWidget(), QuestionField):
        QTest.keyClick(held, Qt.Key.Key_Tab)
        held = QApplication.focusWidget()
        if not stops or stops[-1] is not held:  # a text has a stop at each of its links
            stops.append(held)
    return stops


def rows_of(image: QImage, color: str) -> int:
    """How many rows of a picture have this colour in their middle."""
    return sum(image.pixelColor(image.width() // 2, y).name() == color for y in range(image.height()))
