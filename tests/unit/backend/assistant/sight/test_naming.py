"""A model may name what is in the list, and nothing else counts."""

from random import Random

import pytest

from backend.assistant.sight.asking import LOOK, asks_to_look
from backend.assistant.sight.naming import Named, naming_grammar, naming_request, parse_named
from backend.patterns.found import Bias, CandleKind, ChartKind
from tests.fakes.gbnf import Grammar

WAYS = {Bias.BULLISH: "rising", Bias.BEARISH: "falling", Bias.NEUTRAL: "neither"}
TOP = Named(ChartKind.DOUBLE_TOP, Bias.BEARISH)


def line_of(named):
    return f"{named.kind.value.replace('_', ' ')}: {WAYS[named.bias]}"


def test_whatever_follows_the_grammar_is_read_back_and_all_that_code_can_find_may_be_named():
    grammar, random, seen = Grammar(naming_grammar()), Random(5), set()
    for _ in range(600):
        text = grammar.sample(random).replace("\\n", "\n")
        named = parse_named(text)
        assert text == "none" or set(text.split("\n")) == {line_of(one) for one in named}
        seen.update(named)
    assert {one.kind for one in seen} == {*ChartKind, *CandleKind}
    assert {one.bias for one in seen} == set(Bias)


def test_what_is_named_twice_counts_once_and_what_is_not_in_the_list_not_at_all():
    text = "Double Top: falling\n double top: falling \nthe price will be 512.80\nunicorn: rising\nbull flag: rising"
    assert parse_named(text) == (TOP, Named(ChartKind.BULL_FLAG, Bias.BULLISH))
    assert parse_named("none") == parse_named("") == ()


def test_the_request_holds_the_picture_and_the_grammar():
    request = naming_request("one", b"png", "fast")
    assert (request.pictures, request.mode, request.grammar) == ((b"png",), "fast", naming_grammar())
    assert "head and shoulders" in request.messages[0].text


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        (LOOK, True),
        ("what do you see", True),
        ("Which  patterns can you see on the chart?", True),
        ("What chart patterns do you see here?!", True),
        ("What do you see in gold?", False),
        ("What do you see for Apple in 2027", False),
        ("Do you see it", False),
        ("", False),
    ],
)
def test_it_is_known_who_asks_what_is_to_be_seen(text, asks):
    assert asks_to_look(text) is asks
