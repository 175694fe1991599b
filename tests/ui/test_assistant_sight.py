"""Asking what is to be seen in a chart: by a command, an action, or in words; the chart's picture goes with the question."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from backend.assistant.answers import Mode
from backend.assistant.engines.pictures import check_pictures
from backend.assistant.sight.asking import LOOK
from tests.fakes.assistant_window import DAYS, newest_of, story_of
from tests.fakes.window import shown
from trii_desktop.charts.still_picture import SMALL_PX


def by_command(hand):
    hand.type("/look")
    hand.press(Qt.Key.Key_Return)


def by_action(hand):
    hand.trigger("assistant.look")


def in_words(hand):
    hand.trigger("assistant.attach")
    hand.type("What do you see in this chart?")
    hand.press(Qt.Key.Key_Return)


@pytest.mark.parametrize("way", [by_command, by_action, in_words])
def test_the_picture_of_the_chart_goes_with_the_question(qapp, sampled, way):
    async def tell(hand):
        hand.composer.choose_mode(Mode.SEARCH)
        way(hand)
        await shown(lambda: hand.script.questions, "the question")
        (question,) = hand.script.questions
        assert (question.looks, question.text, question.mode) == (True, LOOK, Mode.FAST)
        assert question.chart.series == DAYS
        assert question.chart.from_ns < question.chart.to_ns == newest_of(hand)
        check_pictures((question.picture,))
        image = QImage.fromData(question.picture)
        assert 200 < max(image.width(), image.height()) <= SMALL_PX
        colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
        assert len(colours) > 3, "candles are drawn"
        assert hand.composer.attachment.chart == question.chart

    story_of(tell, sampled)


def test_the_same_words_without_a_chart_are_a_question_like_any_other(qapp, sampled):
    async def tell(hand):
        await hand.ask("What do you see?")
        (question,) = hand.script.questions
        assert (question.looks, question.picture, question.chart) == (False, b"", None)

    story_of(tell, sampled)
