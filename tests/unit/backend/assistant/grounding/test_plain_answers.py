"""What a person said is no answer to what they asked, and words that state something never stay plain."""

import pytest

from backend.assistant.grounding.checking import check_text
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.span import Mark, Span
from backend.assistant.grounding.words import Words
from tests.fakes.grounded_facts import apple_facts
from tests.fakes.spoken_plainly import NEW_PASSED_OFF, NEW_REPEATED, PASSED_OFF, REPEATED

FACTS = apple_facts()


def marked(text: str, question: str = "") -> list[Span]:
    known = Known(FACTS, [question] if question else [], asked=question)
    return [span for span in check_text(text, known, Words(known)) if span.mark is not Mark.PLAIN]


@pytest.mark.parametrize(("question", "text", "value"), PASSED_OFF + NEW_PASSED_OFF)
def test_a_number_of_the_question_is_not_the_answer_to_it(question, text, value):
    assert [span.text for span in marked(text, question) if span.mark is Mark.UNVERIFIED] == [value]


@pytest.mark.parametrize(("question", "text", "values"), [(ask, text, set(said)) for ask, text, *said in REPEATED + NEW_REPEATED])
def test_a_condition_of_the_question_may_be_repeated(question, text, values):
    assert {span.text for span in marked(text, question) if span.mark is Mark.QUOTED} >= values
