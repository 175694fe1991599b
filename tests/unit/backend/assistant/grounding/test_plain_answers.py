"""What a person said is no answer to what they asked, and words that state something never stay plain."""

import pytest

from backend.assistant.grounding.checking import check_text
from backend.assistant.grounding.guard import StreamGuard
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.span import Mark, Span
from backend.assistant.grounding.tags import join_spans
from backend.assistant.grounding.words import Words
from tests.fakes.grounded_facts import apple_facts
from tests.fakes.spoken_plainly import (
    NEW_PASSED_OFF,
    NEW_REPEATED,
    NEW_SAID_PLAINLY,
    NEW_STATED_FALSELY,
    PASSED_OFF,
    REPEATED,
    SAID_PLAINLY,
    STATED_FALSELY,
)

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


@pytest.mark.parametrize("text", STATED_FALSELY + NEW_STATED_FALSELY)
def test_words_that_state_what_is_not_so_are_struck_or_not_checked(text):
    found = marked(text)

    assert found
    assert {span.mark for span in found} <= {Mark.UNTRUE, Mark.UNCHECKED}


@pytest.mark.parametrize("text", SAID_PLAINLY + NEW_SAID_PLAINLY)
def test_words_that_only_sound_so_are_left_alone(text):
    assert marked(text) == []


@pytest.mark.parametrize("step", [1, 3, 11])
def test_streamed_and_whole_text_are_judged_alike(step):
    for text in (" ".join(STATED_FALSELY + NEW_STATED_FALSELY), "\n".join(SAID_PLAINLY + NEW_SAID_PLAINLY)):
        guard = StreamGuard(Known(FACTS), Words(Known(FACTS)))
        spans = [span for at in range(0, len(text), step) for span in guard.feed(text[at : at + step])]
        assert join_spans([*spans, *guard.end()]) == check_text(text, Known(FACTS), Words(Known(FACTS)))
