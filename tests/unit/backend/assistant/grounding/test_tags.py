"""Tags are read strictly and rendered with values; what is missing is told, never left as a number."""

import pytest

from backend.assistant.grounding.span import Mark
from backend.assistant.grounding.tags import parse_tags, render_tags, sentences
from backend.errors import InvalidInput
from tests.fakes.grounded_facts import known_facts

FACTS = known_facts()


def rendered(tagged: str) -> str:
    return "".join(span.text for span in render_tags(tagged, FACTS))


def test_a_tag_becomes_its_facts_value_and_names_it():
    spans = render_tags("Closed at {F1}, RSI {F3}.", FACTS)

    assert [span.text for span in spans] == ["Closed at ", "182.53", ", RSI ", "71.3", "."]
    assert [(span.fact, span.why) for span in spans if span.mark is Mark.NUMBER] == [
        ("F1", "Last price"),
        ("F3", "Relative strength index"),
    ]


@pytest.mark.parametrize(
    ("tagged", "text"),
    [
        ("It fell by {F2}.", "It fell by 3.20%."),
        ("It is down {F2}.", "It is down 3.20%."),
        ("A loss of {F2}.", "A loss of 3.20%."),
        ("It changed by {F2}.", "It changed by -3.20%."),
        ("It rose by {F2}.", "It rose by -3.20%."),
        ("It fell by {F9}.", "It fell by 6.75%."),
        ("Open: {F14}, {F13}.", "Open: yes, up."),
        ("No tags at all.", "No tags at all."),
        ("", ""),
    ],
)
def test_a_minus_goes_where_words_say_it_and_only_there(tagged, text):
    assert rendered(tagged) == text


def test_a_sentence_about_a_missing_value_tells_what_is_missing_and_the_others_stay():
    text = rendered("Closed at {F1}. It is above {F10} now, at {F1}. RSI is {F3}.")

    assert text == "Closed at 182.53. The long average is not available (It takes 200 bars, and there are 120). RSI is 71.3."


def test_missing_values_keep_the_marks_of_a_list():
    assert rendered("- Average: {F10}\n- Close: {F1}\n").startswith("- The long average is not available")
    assert rendered("- Average: {F10}\n- Close: {F1}\n").endswith("\n- Close: 182.53\n")


@pytest.mark.parametrize(
    ("tagged", "code"),
    [
        ("At {F99}.", "tags.unknown"),
        ("At {f1}.", "tags.shape"),
        ("At {F1 }.", "tags.shape"),
        ("At {}.", "tags.shape"),
        ("At {12}.", "tags.shape"),
        ("At {F\uff11}.", "tags.shape"),
        ("At {F1.", "tags.brace"),
        ("At F1}.", "tags.brace"),
        ("At {{F1}}.", "tags.brace"),
        ("At {F1\n}.", "tags.brace"),
    ],
)
def test_what_is_no_tag_or_names_no_fact_is_refused(tagged, code):
    with pytest.raises(InvalidInput) as failed:
        render_tags(tagged, FACTS)
    assert failed.value.code == code


def test_tags_are_told_with_their_places():
    assert [(tag.start, tag.end, tag.fact_id) for tag in parse_tags("a {F1} {F22}")] == [(2, 6, "F1"), (7, 12, "F22")]


@pytest.mark.parametrize("text", ["", "One. Two! Three?\nFour", "  ", "a\n\n b. c", 'He said "no." Then left.'])
def test_sentences_cover_the_text(text):
    assert "".join(text[start:end] for start, end in sentences(text)) == text
