"""A number stands for a fact only where its sentence speaks of it: no value is taken for another, and hardly a true one doubted."""

import pytest

from backend.assistant.facts.fact import Unit
from backend.assistant.grounding.checking import check_text
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.numbers import find_numbers
from backend.assistant.grounding.span import Mark
from backend.assistant.grounding.words import Words
from backend.assistant.modes.tagged import show_tags
from tests.fakes.grounded_facts import apple_facts
from tests.fakes.spoken_dates import FALSE_DATES, TRUE_DATES
from tests.fakes.spoken_freely import FREE_FALSE, FREE_TRUE
from tests.fakes.spoken_truths import TRUE
from tests.fakes.spoken_untruths import FALSE

INVENTED = (
    ("Revenue grew {} % last year.", range(1, 100)),
    ("The P/E ratio is {}.", range(5, 60)),
    ("{} analysts rate it a buy.", range(1, 100)),
    ("The probability of a rise is {} %.", range(1, 100)),
    ("It has {} employees.", range(1, 400)),
)


@pytest.fixture(scope="module")
def known():
    return Known(apple_facts())


def shown_as_facts(text, known):
    """What is shown as a fact's value; days of facts apart."""
    spans = [span for span in check_text(text, known) if span.mark is Mark.NUMBER and not span.why.startswith(f"{span.fact},")]
    return [span.text for span in spans if known.facts[span.fact].unit is not Unit.DATE]


@pytest.mark.parametrize("text", FALSE)
def test_no_value_is_shown_as_a_fact_of_something_else(text, known):
    assert shown_as_facts(text, known) == []


def test_hardly_a_number_of_true_sentences_is_doubted(known):
    texts = (*TRUE, *FREE_TRUE)
    marks = {text: [span.mark for span in check_text(text, known)] for text in texts}
    n_numbers = sum(mark is not Mark.PLAIN for said in marks.values() for mark in said)
    doubted = [text for text, said in marks.items() if Mark.UNVERIFIED in said]

    assert len(doubted) <= 0.02 * len(texts), doubted
    assert n_numbers > len(texts)


@pytest.mark.parametrize("text", FREE_TRUE)
def test_nothing_that_a_model_writes_truly_is_said_to_be_untrue(text, known):
    assert Mark.UNTRUE not in {span.mark for span in check_text(text, known, Words(known))}


@pytest.mark.parametrize(("text", "values"), [(text, values) for text, *values in FREE_FALSE])
def test_of_what_a_model_writes_freely_no_false_value_is_shown_as_a_fact(text, values, known):
    spans = show_tags(check_text(text, known, Words(known)), known.facts)

    assert {span.text for span in spans if span.mark in {Mark.NUMBER, Mark.QUOTED}}.isdisjoint(values)
    assert {span.text for span in spans if span.mark is Mark.UNVERIFIED} >= set(values)


@pytest.mark.parametrize("text", FALSE_DATES)
def test_no_day_is_shown_as_a_fact_of_something_else(text, known):
    dates = [number.start for number in find_numbers(text) if number.dates]
    shown, at = [], 0
    for span in check_text(text, known):
        shown += [span.text] if span.mark is Mark.NUMBER and at in dates else []
        at += len(span.text)
    assert dates
    assert shown == []


def test_hardly_a_day_of_true_sentences_is_doubted(known):
    doubted = [text for text in TRUE_DATES if Mark.UNVERIFIED in {span.mark for span in check_text(text, known)}]

    assert len(doubted) <= 0.02 * len(TRUE_DATES), doubted
    assert all(any(number.dates for number in find_numbers(text)) for text in TRUE_DATES)


@pytest.mark.parametrize(("text", "values"), INVENTED, ids=[text for text, _ in INVENTED])
def test_no_number_of_what_no_fact_is_of_is_shown_as_a_fact(text, values, known):
    assert [value for value in values if shown_as_facts(text.format(value), known)] == []


def test_there_are_enough_sentences_of_both_sorts():
    assert len(TRUE) >= 150
    assert len(FALSE) >= 250
    assert min(len(TRUE_DATES), len(FALSE_DATES)) >= 40


def test_an_answers_first_words_are_about_what_was_asked():
    facts = apple_facts()
    assert shown_as_facts("It is 33.4.", Known(facts, asked="What is the RSI of Apple?")) == ["33.4"]
    assert shown_as_facts("It is 33.4.", Known(facts, asked="What is the P/E ratio of Apple?")) == []
    assert shown_as_facts("33.4", Known(facts)) == []


TURNED = (
    "The price fell {F117} today.",
    "The price rose {F16}.",
    "a gain of {F16}",
    "{F16} gain",
    "a decline of {F117}",
    "The price lost {F114}.",
    "The price gained by {F83}.",
    "The price dropped {F29}.",
    "The P/E ratio is {F54}.",
    "Earnings per share were {F73}.",
    "Revenue was ${F27}.",
    "It has {F27} employees.",
    "Microsoft closed at {F9}.",
    "The 50-day average is {F49}.",
    "The RSI is {F60}.",
    "Support lies at {F114}.",
    "Over the week it fell {F18}.",
    "Today it closed at {F9}.",
)
STRAIGHT = (
    "The price is {F9}.",
    "It fell {F16} on the session.",
    "Over the month it fell {F18}, over the year {F20}.",
    "From {F13} it fell to {F9}.",
    "Support lies at {F102}, resistance at {F114}.",
    "RSI is {F54} and ADX {F60}.",
    "The price is {F47} from its 50-day average of {F46}.",
    "Volume was {F29} times its norm.",
    "The nearest support was touched {F104} times.",
    "The trend is {F69} since {F10}.",
    "The largest fall of a year is {F83}.",
    "({F54})",
    "- **MACD**: {F55}",
)


@pytest.mark.parametrize("text", TURNED)
def test_a_tag_is_not_shown_as_a_fact_where_the_sentence_contradicts_it(text, known):
    spans = show_tags(check_text(text, known), known.facts)

    assert [span.mark for span in spans if span.mark is not Mark.PLAIN] == [Mark.UNVERIFIED]
    assert "{" not in "".join(span.text for span in spans)


@pytest.mark.parametrize("text", STRAIGHT)
def test_a_tag_is_shown_as_its_fact_where_nothing_contradicts_it(text, known):
    spans = show_tags(check_text(text, known), known.facts)

    assert {span.mark for span in spans} <= {Mark.PLAIN, Mark.NUMBER}
    assert sum(span.mark is Mark.NUMBER for span in spans) == text.count("{")
