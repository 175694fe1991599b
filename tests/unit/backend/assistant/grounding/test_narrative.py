"""A narrative has tags and no numbers: the grammar lets nothing else be written, the check accepts nothing else."""

import re
from random import Random

import pytest

from backend.assistant.grounding.narrative import N_CHARS_MAX, check_narrative, narrative_grammar
from backend.assistant.grounding.numbers import find_numbers
from backend.assistant.grounding.span import Mark
from backend.assistant.grounding.tags import parse_tags
from backend.errors import InvalidInput
from tests.fakes.gbnf import Grammar
from tests.fakes.grounded_facts import known_facts

FACTS = known_facts()


def test_whatever_the_grammar_allows_has_a_tag_in_each_sentence_and_no_figure_outside():
    grammar, random = Grammar(narrative_grammar(["F1", "F3", "F12"])), Random(1)
    for _ in range(300):
        text = grammar.sample(random)
        tags = parse_tags(text, FACTS)
        outside = re.sub(r"\{F\d+\}", "", text)

        assert len(tags) >= text.count(".") >= 1
        assert not re.search(r"[\d%$]", outside)


def test_what_the_grammar_allows_passes_the_check_but_for_number_words():
    grammar, random = Grammar(narrative_grammar(["F1", "F3"])), Random(2)
    refused, n_passed = set(), 0
    for _ in range(300):
        text = grammar.sample(random)
        try:
            n_passed += any(span.mark is Mark.NUMBER for span in check_narrative(text, FACTS))
        except InvalidInput as error:
            refused.add(error.code)

    assert n_passed > 200
    assert refused <= {"narrative.number", "narrative.length", "narrative.glued"}


@pytest.mark.parametrize("ids", [[], ["f1"], ["F1", 'F2" | [0-9]'], ["F1", ""], ["F1\n"]])
def test_a_grammar_for_no_or_wrong_ids_is_refused(ids):
    with pytest.raises(InvalidInput):
        narrative_grammar(ids)


def test_a_grammar_names_each_id_once():
    assert 'id ::= "F1" | "F2"\n' in narrative_grammar(["F1", "F2", "F1"])


@pytest.mark.parametrize(
    ("tagged", "code"),
    [
        ("The close is 182.53, see {F1}.", "narrative.number"),
        ("The close {F1} is twice as high.", "narrative.number"),
        ("About twenty traders like {F1}.", "narrative.number"),
        ("The close {F1} is \uff11 point.", "narrative.number"),
        ("It is {F1} and a third lower.", "narrative.number"),
        ("{F1} &#49;", "narrative.number"),
        ("Volume doubled to {F8}.", "narrative.number"),
        ("The close is high.", "narrative.no_tag"),
        ("", "narrative.length"),
        (" \n", "narrative.length"),
        ("word " * N_CHARS_MAX + "{F1}", "narrative.length"),
        ("The close is {F99}.", "tags.unknown"),
        ("The close is {F1}{F3}0.", "narrative.number"),
        ("The close is {F1}k.", "narrative.glued"),
        ("The close is x{F1}.", "narrative.glued"),
        ("The close is {F1}{F3}.", "narrative.glued"),
        ("The close is -{F1}.", "narrative.glued"),
        ("The close is **-**{F1}.", "narrative.glued"),
        ("The close is minus {F1}.", "narrative.glued"),
        ("The close is {F1} percent.", "narrative.glued"),
        ("The close is {F1}%.", "narrative.glued"),
        ("The close is {F1} bps.", "narrative.glued"),
        ("The close is {F1}.{F3}.", "narrative.glued"),
        ("The close is {F1", "tags.brace"),
    ],
)
def test_a_narrative_with_numbers_of_its_own_or_without_tags_is_refused(tagged, code):
    with pytest.raises(InvalidInput) as failed:
        check_narrative(tagged, FACTS)
    assert failed.value.code == code


def test_a_percent_sign_after_a_percent_changes_nothing():
    assert check_narrative("It changed by {F2} percent.", FACTS)


def test_a_good_narrative_is_rendered():
    spans = check_narrative("The price closed at {F1}, one of the better days; RSI reads {F3}.", FACTS)

    assert "".join(span.text for span in spans) == "The price closed at 182.53, one of the better days; RSI reads 71.3."


def test_a_scale_or_a_sign_beside_a_tag_is_refused():
    for tagged in ("It is {F1} million.", "It is {F1} billion dollars.", "It is {F1} hundred."):
        with pytest.raises(InvalidInput):
            check_narrative(tagged, FACTS)
    assert not find_numbers("It is -{F1}.")
