"""Versions of instructions against each other: fixed prompts with known answers, and differences that are no chance."""

import json

import pytest

from backend.assistant.models.prompts import PROMPTS_OF
from backend.assistant.templates.comparing import MODE_OF, Comparison, Side, prompts_of
from backend.assistant.templates.template import NAMES, checked_text, shipped
from backend.errors import InvalidInput, NotFound

PLANS = {
    "On how many days did AAPL close above its 50-day average in 2012?": {
        "ask": "count",
        "where": [
            {
                "left": {"kind": "price", "field": "close"},
                "op": "above",
                "right": {"kind": "indicator", "name": "sma", "output": "value", "numbers": [50]},
            }
        ],
    },
    "What was the highest close of AAPL in 2011?": {"ask": "highest", "measure": {"kind": "price", "field": "close"}},
    "What was the total return of AAPL in 2012?": {"ask": "return"},
}


def comparison(first, second):
    sides = [Side(number, tuple(letter == "x" for letter in passed), 10.0) for number, passed in ((0, first), (3, second))]
    return Comparison("chat", "Starter", *sides)


@pytest.mark.parametrize("name", NAMES)
def test_every_template_has_prompts_and_a_shipped_text_that_a_person_could_have_written(name):
    text = shipped(name).text
    assert checked_text(text) == text
    assert all(prompt.system.startswith("Be brief.") for prompt in prompts_of(name, "Be brief."))
    assert name == "plan" or len(prompts_of(name, text)) == len(PROMPTS_OF[MODE_OF[name]])


def test_a_plan_is_right_where_it_is_the_one_that_code_reads():
    prompts = {prompt.name: prompt for prompt in prompts_of("plan", "x")}
    for question, plan in PLANS.items():
        assert prompts[question].passes(json.dumps(plan))
        assert not prompts[question].passes('{"ask": "volatility"}')
        assert not prompts[question].passes("nothing")


def test_a_difference_that_may_be_chance_is_none():
    assert comparison("xxxxxx------", "-----xxxxxxx").better is None
    assert comparison("xxxxxxxxxxxx", "xxxxxxxxxxx-").better is None
    assert comparison("xxxxxxxxxxxx", "xxxxxx------").better == 0
    assert comparison("------xxxxxx", "xxxxxxxxxxxx").better == 3
    assert comparison("xxxx", "xxxx").chance == 1.0
    assert comparison("------", "xxxxxx").chance == pytest.approx(2 / 2**6)


@pytest.mark.parametrize("text", ["", "Too short.", "x" * 8_001, "half \ud800 of a character " * 4])
def test_what_can_be_no_instruction_is_refused(text):
    with pytest.raises(InvalidInput):
        checked_text(text)


def test_a_template_that_there_is_not_is_refused():
    with pytest.raises(NotFound, match="no template 'grounding'"):
        shipped("grounding")
