"""What a person said is no answer to what they asked, and words that state something never stay plain."""

import pytest

from backend.assistant.facts.fact import FactSet
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
    NEW_STATED_TRULY,
    PASSED_OFF,
    REPEATED,
    SAID_PLAINLY,
    STATED_FALSELY,
    STATED_TRULY,
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


@pytest.mark.parametrize("text", STATED_TRULY + NEW_STATED_TRULY)
def test_what_is_told_truly_is_not_struck(text):
    assert {span.mark for span in marked(text)}.isdisjoint({Mark.UNVERIFIED, Mark.UNTRUE})


@pytest.mark.parametrize(
    ("text", "value"), [("MACD (12, 28, 9)", "28"), ("The MACD is 26.", "26"), ("Bollinger (20, 3)", "3"), ("VaR (99%)", "(99%)")]
)
def test_what_an_indicator_was_not_computed_with_stays_unverified(text, value):
    assert [span.text for span in marked(text)] == [value]


def test_the_confidence_of_the_value_at_risk_is_a_name_where_no_setting_tells_it():
    known = Known(FactSet([fact for fact in FACTS.values() if not fact.name.startswith("setting.")]))

    assert Mark.UNVERIFIED not in {span.mark for span in check_text("VaR (95%): 3.15%", known)}


@pytest.mark.parametrize(
    "text",
    [
        "430.47 is 10.93 above 441.40.",
        "430.47 is 11.93 below 441.40.",
        "Revenue of 430.47 is 10.93 below 441.40.",
        "Microsoft's 430.47 is 10.93 below 441.40.",
    ],
)
def test_a_distance_of_something_else_or_to_the_other_side_is_not_shown(text):
    assert "430.47" not in {span.text for span in marked(text) if span.mark is Mark.NUMBER}


@pytest.mark.parametrize("step", [1, 3, 11])
def test_streamed_and_whole_text_are_judged_alike(step):
    for text in (" ".join(STATED_FALSELY + NEW_STATED_FALSELY), "\n".join(SAID_PLAINLY + NEW_SAID_PLAINLY)):
        guard = StreamGuard(Known(FACTS), Words(Known(FACTS)))
        spans = [span for at in range(0, len(text), step) for span in guard.feed(text[at : at + step])]
        assert join_spans([*spans, *guard.end()]) == check_text(text, Known(FACTS), Words(Known(FACTS)))
