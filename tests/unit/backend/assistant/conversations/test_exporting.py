"""An exported conversation says of every number that is no fact what it is."""

import json

import pytest

from backend.assistant.answers import Answer, Mode, Phase, Question
from backend.assistant.conversations.conversation import ConversationRow, Speaker
from backend.assistant.conversations.exporting import Telling, export_json, export_markdown
from backend.assistant.grounding.span import Mark, Span
from backend.assistant.grounding.values import format_fact
from backend.assistant.keeping import decode_answer, encode_answer
from tests.fakes.conversing import said

ROW = ConversationRow("c1", "A talk", 0, 0, 0, "")
TELLING = Telling(decode_answer, format_fact)


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (Span("512.80", Mark.UNVERIFIED), "It is ~~512.80~~ (unverified)."),
        (Span("250", Mark.QUOTED, why="quoted: 250"), "It is 250 (your number)."),
        (Span("430.47", Mark.NUMBER, "F9"), "It is 430.47."),
    ],
)
def test_an_exported_answer_calls_what_is_no_fact_by_its_name(span, told):
    spans = (Span("It is "), span, Span("."))
    answer = Answer("a1", ROW.id, Question("When?", Mode.FAST), Phase.DONE, spans)
    turn = said(ROW.id, answer.text, speaker=Speaker.ASSISTANT, content=encode_answer(answer))

    assert told in export_markdown(ROW, [turn], TELLING)
    assert json.loads(export_json(ROW, [turn], TELLING))["turns"][0]["text"] == told
