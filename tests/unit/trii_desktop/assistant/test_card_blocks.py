"""The cards of an analysis and of a fact: every number leads to its fact, and what is missing says so."""

import pytest

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.grounding.span import Mark
from tests.fakes.assistant_window import analysis_of, facts_of
from trii_desktop.assistant.card_blocks import analysis_blocks, fact_blocks, spoken_fact
from trii_desktop.assistant.markdown.blocks import BlockKind, runs_of
from trii_desktop.assistant.on_chart import drawings_of
from trii_desktop.assistant.wording import fact_words, tagged_runs

NEWEST_NS = 1_704_672_000 * 1_000_000_000
FACTS = facts_of(NEWEST_NS)


def said(blocks):
    return " ".join(run.text for run in runs_of(blocks))


def fact(value, unit=Unit.PRICE, **more):
    return Fact(
        **{
            "id": "F1",
            "name": "n",
            "label": "L",
            "value": value,
            "unit": unit,
            "as_of_ns": 0,
            "source": "s",
            "formula": "f",
            **more,
        }
    )


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "words"),
    [
        (1234.5, Unit.PRICE, 2, "1,234.50"),
        (-1.25, Unit.PERCENT, 2, "-1.25%"),
        (1_234, Unit.COUNT, 0, "1,234"),
        (True, Unit.FLAG, 0, "yes"),
        ("2013-03-01", Unit.DATE, 0, "2013-03-01"),
        (None, Unit.PRICE, 2, "not available"),
    ],
)
def test_values_are_written_by_their_unit(value, unit, decimals, words):
    assert fact_words(fact(value, unit, decimals=decimals)) == words


def test_tags_become_numbers_and_an_unknown_one_is_unverified():
    runs = tagged_runs("Above {F1}, not {F99}{F6}.", FACTS)
    assert [(run.text, run.mark) for run in runs] == [
        ("Above ", Mark.PLAIN), ("187.45", Mark.NUMBER), (", not ", Mark.PLAIN), ("F99", Mark.UNVERIFIED),
        ("not available", Mark.PLAIN), (".", Mark.PLAIN),
    ]  # fmt: skip


def test_every_number_of_an_analysis_leads_to_a_fact():
    blocks = analysis_blocks(analysis_of(FACTS, NEWEST_NS), FACTS, shows_inputs=True)
    numbers = [run for run in runs_of(blocks) if any(letter.isdigit() for letter in run.text)]
    plain = [run.text for run in numbers if run.mark is Mark.PLAIN and "RSI of 14 bars" not in run.text]
    assert not plain
    assert all(run.fact in FACTS for run in numbers if run.mark is Mark.NUMBER)


def test_without_an_idea_there_is_no_table_of_one():
    kinds = [block.kind for block in analysis_blocks(analysis_of(FACTS, NEWEST_NS, has_idea=False), FACTS, shows_inputs=False)]
    assert BlockKind.TABLE not in kinds


def test_inputs_that_are_missing_say_why():
    blocks = analysis_blocks(analysis_of(FACTS, NEWEST_NS), FACTS, shows_inputs=True)
    assert "no news source is set up" in said(blocks)


def test_the_card_of_a_fact_says_all_that_is_known_of_it():
    words = said(fact_blocks(FACTS["F3"], FACTS))
    for part in ("Nearest support", "178.08", "As of", "2024-01-08", "First known", "2024-01-03", "lowest low of a swing", "F3"):
        assert part in words
    assert "Unavailable." in said(fact_blocks(FACTS["F6"], FACTS))
    assert spoken_fact(FACTS["F1"]) == "Last close: 187.45. Source: bars of AAPL.XNAS 1d. Formula: close[n]."


def test_words_of_others_in_facts_cannot_turn_text_around():
    hostile = fact(1.0, source="\u202egnp", inputs=("\u202ex", "F1"))
    assert "\u202e" not in said(fact_blocks(hostile, FactSet((hostile,))))


def test_sketches_become_drawings_that_a_chart_can_show():
    made = [one for sketch in analysis_of(FACTS, NEWEST_NS).sketches for one in drawings_of(sketch, is_dated=True)]
    assert [one.kind.value for one in made] == ["horizontal", "horizontal", "trend_line", "text"]
    assert len({one.id for one in made}) == 4
    assert made[0].text == "Support"
    assert made[3].anchors[0].is_date
