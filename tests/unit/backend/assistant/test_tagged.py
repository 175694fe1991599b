"""Ids of facts in a model's text become their values, with or without braces; never is one shown as it was written."""

import pytest

from backend.assistant.grounding.checking import check_text
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.span import Mark
from backend.assistant.grounding.wrong_tags import find_changed_tags
from backend.assistant.modes.tagged import show_tags
from tests.fakes.grounded_facts import known_facts

FACTS = known_facts()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("It stands at {F1}.", "It stands at 182.53."),
        ("It stands at F1.", "It stands at 182.53."),
        ("It stands at [F1], or **F1**.", "It stands at 182.53, or **182.53**."),
        ("See [F1](https://example.org/x).", "See [182.53](https://example.org/x)."),
        ("F1: F3", "182.53: 71.3"),
    ],
)
def test_an_id_is_shown_as_its_facts_value_and_leads_to_it(said, shown):
    spans = show_tags(check_text(said, Known(FACTS)), FACTS)

    assert "".join(span.text for span in spans) == shown
    assert {span.fact for span in spans if span.mark is Mark.NUMBER} <= {"F1", "F3"}
    assert any(span.mark is Mark.NUMBER for span in spans)


@pytest.mark.parametrize("said", ["It stands at F99.", "See {F99}.", "It lost -F1.", "It has F1 million."])
def test_an_id_of_no_fact_or_changed_by_what_is_glued_to_it_is_struck(said):
    spans = show_tags(check_text(said, Known(FACTS)), FACTS)

    assert any(span.mark is Mark.UNVERIFIED for span in spans)
    assert not any(span.mark is Mark.NUMBER for span in spans)


@pytest.mark.parametrize("said", ["An F-150 truck.", "CF1 and F1x are no ids.", "A 3F1 code."])
def test_what_only_looks_like_an_id_is_none(said):
    assert not any(span.mark is Mark.NUMBER for span in show_tags(check_text(said, Known(FACTS)), FACTS))


@pytest.mark.parametrize(
    "said", ["The price \u2013 {F1} \u2013 holds.", "{F4}\u2013{F1}", "{F1}/{F4}", "(F1)", "F1, F4.", "A score of {F3}."]
)
def test_what_stands_beside_an_id_without_changing_it_is_not_glued(said):
    assert find_changed_tags(said, FACTS) == ()


def test_an_id_without_braces_is_struck_where_the_sentence_speaks_of_another_fact():
    spans = show_tags(check_text("The RSI is F1.", Known(FACTS)), FACTS)

    assert [(span.text, span.mark) for span in spans if span.mark is not Mark.PLAIN] == [("182.53", Mark.UNVERIFIED)]
