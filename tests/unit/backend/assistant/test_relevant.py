"""A prompt takes the usual facts and those that a question is about, with their own ids, in an order that prompts share."""

import pytest

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.modes.relevant import asked_for, relevant


def fact(number, name, label, value=1.0):
    return Fact(id=f"F{number}", name=name, label=label, value=value, unit=Unit.PRICE, as_of_ns=0, source="s", formula="f")


FACTS = FactSet(
    (
        fact(1, "price.last", "Last price"),
        *(fact(n, f"gap.{n}", f"Gap number {n}") for n in range(2, 40)),
        fact(40, "macd.line", "MACD 12 26 9"),
        fact(41, "volume.ratio_20", "Volume against its mean of 20 bars"),
        fact(42, "news.1", "News", None),
    )
)


def test_what_the_question_names_goes_along_behind_the_usual_and_ids_stay():
    chosen = relevant(FACTS, "Is the MACD rising, and the volume?", 4)
    assert [one.id for one in chosen.values()] == ["F1", "F41", "F2", "F40"]


def test_prompts_about_one_instrument_begin_with_the_same_facts():
    one, other = (list(relevant(FACTS, text, 6).values()) for text in ("Is there a gap?", "How does the MACD stand?"))
    assert one[:2] == other[:2]
    assert one[2:] != other[2:]


def test_what_is_unavailable_goes_along_only_where_it_is_asked_for():
    assert "F42" not in relevant(FACTS, "How is it?", 50)
    assert "F42" in relevant(FACTS, "Any news?", 50)


def test_no_more_than_there_is_room_for():
    assert len(relevant(FACTS, "gap gap gap", 10)) == 10
    assert len(relevant(FactSet(()), "gap", 10)) == 0


def test_what_a_question_names_is_told_alone_and_nothing_of_what_it_does_not():
    assert [one.id for one in asked_for(FACTS, "Is the MACD rising, and the volume?", 8).values()] == ["F40", "F41"]
    assert len(asked_for(FACTS, "tell me a story", 8)) == len(asked_for(FACTS, "any news?", 8)) == 0
    assert len(asked_for(FACTS, "gap gap gap", 8)) == 8


def test_a_question_that_names_the_instrument_alone_is_told_the_usual():
    facts = FactSet((fact(0, "instrument.name", "Name", "Apple"), *FACTS.values()))
    assert [one.id for one in asked_for(facts, "Tell me of Apple", 8).values()] == ["F0", "F1", "F41"]
    assert len(asked_for(facts, "Tell me of pears", 8)) == 0


@pytest.mark.parametrize(
    "text",
    [
        "what was Apple's volume at the end of 2017",
        "volume of Apple on 2012-09-21",
        "MACD of Apple in March",
        "Apple's P/E ratio",
        "when did Apple split",
        "dividend of Apple",
        "what was Apple at noon, 20 or 12",
    ],
)
def test_a_question_about_another_time_or_another_thing_is_told_no_fact_of_now(text):
    facts = FactSet((fact(0, "instrument.name", "Name", "Apple"), *FACTS.values()))
    assert len(asked_for(facts, text, 8)) == 0


@pytest.mark.parametrize("text", ["How is Apple doing?", "Apple now", "should I buy Apple", "MACD of Apple over the last month"])
def test_a_question_about_now_is_told_what_there_is(text):
    facts = FactSet((fact(0, "instrument.name", "Name", "Apple"), *FACTS.values()))
    assert len(asked_for(facts, text, 8)) > 0
