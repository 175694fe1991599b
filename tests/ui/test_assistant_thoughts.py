"""What a model thinks aloud is folded away, told live, opened by mouse and keys, and never taken for its answer."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from backend.assistant.answers import Phase
from backend.assistant.grounding.span import Mark, Span
from tests.fakes.assistant_window import story_of
from tests.fakes.window import shown
from trii_desktop.assistant.thought_block import UNCHECKED, thought_words

THOUGHT = (
    Span("First I look at the close.\n\n**Not bold**, <b>nor this</b>: it may reach "),
    Span("512.80", Mark.UNVERIFIED),
    Span(", I guess.\n\n"),
)


async def thinking(hand):
    """An answer whose model thinks."""
    answer_id = await hand.ask("Why?")
    await hand.say(answer_id, phase=Phase.THINKING, thought=THOUGHT, thought_ms=4_200.0)
    await shown(lambda: hand.view(answer_id) is not None and hand.view(answer_id).thought.isVisible(), "what is thought")
    return answer_id


def test_thinking_is_told_live_and_folded_until_somebody_wants_it(qapp, home):
    async def tell(hand):
        answer_id = await thinking(hand)
        view = hand.view(answer_id)
        assert "Thinking\u2026 4\u00a0s" in view.thought.toggle.text()
        assert not view.thought.inside.isVisible()
        assert not view.text.isVisible()
        assert not view._state.isVisible()  # said once, not twice
        height = view.height()
        QTest.mouseClick(view.thought.toggle, Qt.MouseButton.LeftButton)
        await shown(lambda: view.height() > height, "room for it")
        assert view.thought.text.toPlainText() == (
            "First I look at the close.\n**Not bold**, <b>nor this</b>: it may reach 512.80, I guess."
        )
        assert view.thought._unchecked.isVisible()
        assert view.thought._unchecked.text() == UNCHECKED
        assert view.thought.text.document().find("512.80").charFormat().fontStrikeOut()
        await hand.say(answer_id, phase=Phase.THINKING, thought=(*THOUGHT, Span("And on.")), thought_ms=61_000.0)
        await shown(lambda: view.thought.text.toPlainText().endswith("And on."), "more of it while it is open")
        await hand.say(answer_id, Span("It rose."))
        await hand.finish(answer_id)
        view = hand.view(answer_id)
        assert "Thought for 1\u00a0min 1\u00a0s" in view.thought.toggle.text()
        assert hand.text(answer_id) == "It rose."

    story_of(tell, home)


def test_keys_open_and_fold_it_and_its_words_can_be_selected(qapp, home):
    async def tell(hand):
        answer_id = await thinking(hand)
        await hand.say(answer_id, Span("It rose."))
        await hand.finish(answer_id)
        hand.timeline.setFocus()
        QTest.keyClick(hand.timeline, Qt.Key.Key_End)
        view = hand.view(answer_id)
        toggle = view.thought.toggle
        for _ in range(8):
            if toggle.hasFocus():
                break
            QTest.keyClick(hand.desktop.window.focusWidget(), Qt.Key.Key_Tab)
        assert toggle.hasFocus()
        assert "Show what the model thought, which is unchecked" in toggle.accessibleName()
        QTest.keyClick(toggle, Qt.Key.Key_Space)
        assert view.thought.inside.isVisible()
        assert "Hide what the model thought" in toggle.accessibleName()
        view.thought.text.selectAll()
        assert "First I look" in view.thought.text.selected
        QTest.keyClick(toggle, Qt.Key.Key_Space)
        assert not view.thought.inside.isVisible()

    story_of(tell, home)


def test_copying_an_answer_leaves_out_what_was_thought(qapp, home):
    async def tell(hand):
        answer_id = await thinking(hand)
        await hand.say(answer_id, Span("It rose."))
        await hand.finish(answer_id)
        entry = next(one for one in hand.entries if one.id == answer_id)
        hand.panel.deeds.copy(entry)
        assert QGuiApplication.clipboard().text() == "It rose."

    story_of(tell, home)


def test_a_widget_that_showed_a_thought_is_folded_and_empty_for_the_next_answer(qapp, home):
    async def tell(hand):
        answer_id = await thinking(hand)
        view = hand.view(answer_id)
        view.thought.toggle.click()
        await hand.finish(answer_id)
        hand.panel.begin_new()
        other = await hand.answered("What?", Span("Words."))
        assert hand.view(other) is view
        assert not view.thought.isVisible()
        assert view.thought.text.toPlainText() == ""
        view.show_answer(view.entry, None)
        assert not view.thought.isVisible()

    story_of(tell, home)


def test_how_long_it_thought_is_told_in_whole_seconds():
    assert thought_words(0.0, is_thinking=True) == "Thinking\u2026 0\u00a0s"
    assert thought_words(999.0, is_thinking=False) == "Thought for less than a second"
    assert thought_words(4_999.0, is_thinking=False) == "Thought for 4\u00a0s"
    assert thought_words(125_000.0, is_thinking=False) == "Thought for 2\u00a0min 5\u00a0s"
