"""The dock as it is looked at: nothing is cut off at any width, nothing is drawn heavier than it is meant."""

from PySide6.QtGui import QImage

from backend.assistant.answers import Phase
from backend.assistant.grounding.span import Span
from tests.fakes.assistant_window import bench_of
from tests.fakes.window import shown
from trii_desktop.palettes import DARK

NARROW_PX = 280


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


def test_a_rule_between_paragraphs_is_a_hairline(qapp):
    async def tell(hand):
        answer = await hand.answered("Well?", Span("Above.\n\n---\n\nBelow."))
        assert 1 <= rows_of(hand.view(answer).grab().toImage(), DARK.border_strong) <= 2

    bench_of(tell)


def rows_of(image: QImage, color: str) -> int:
    """How many rows of a picture have this colour in their middle."""
    return sum(image.pixelColor(image.width() // 2, y).name() == color for y in range(image.height()))
