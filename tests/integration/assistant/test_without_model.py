"""Without a model an answer tells what the question names, or what can be asked; searches find things and no searches."""

import pytest

from backend.assistant.answers import Mode, Phase, Question
from backend.assistant.hits import HitKind
from backend.assistant.modes.chat import ASKED_WITHOUT, N_TOLD_MAX
from backend.domain.instruments import InstrumentId
from tests.fakes.scripted_writers import ScriptedWriters, assistant_on

AAPL = InstrumentId("AAPL", "XNAS")


async def ask(assistant, text, **more):
    mode = more.pop("mode", Mode.FAST)
    begun = await assistant.ask(Question(text, mode, is_auto=more.pop("is_auto", False), **more))
    return await assistant.answered(begun.id)


async def test_the_facts_that_a_question_names_are_told_and_else_what_can_be_asked(sampled):
    async with assistant_on(sampled, ScriptedWriters(candidates=())) as (_, assistant):
        named = await ask(assistant, "Should the MACD and its volume worry me?", instrument=AAPL)
        other = await ask(assistant, "Tell me a story", instrument=AAPL)

    told = [named.facts[span.fact] for span in named.spans if span.fact]
    assert named.phase is other.phase is Phase.DONE
    assert 0 < len(told) <= N_TOLD_MAX
    assert {fact.name.partition(".")[0] for fact in told} == {"macd", "volume"}
    assert other.text == f"There is no model yet. {ASKED_WITHOUT}"


async def test_a_price_of_what_is_not_stored_says_so_and_how_to_import_it(sampled):
    async with assistant_on(sampled, ScriptedWriters(candidates=())) as (_, assistant):
        answer = await ask(assistant, "what is the price of TSLA", is_auto=True)

    assert answer.phase is Phase.FAILED
    assert answer.words == "No instrument is called TSLA here: its bars are not stored."
    assert "trii import FILE --instrument TSLA.VENUE" in answer.hint


@pytest.mark.parametrize("is_auto", [True, False])
async def test_a_search_finds_neither_itself_nor_what_was_searched_before(sampled, is_auto):
    async with assistant_on(sampled, ScriptedWriters(candidates=())) as (_, assistant):
        told = [await ask(assistant, "how do I set an alert", mode=Mode.SEARCH, is_auto=is_auto) for _ in range(3)]
        said = await ask(assistant, "An alert that I set at night is a dream", instrument=AAPL)
        later = await ask(assistant, "alert", mode=Mode.SEARCH)
        everything = await assistant.conversations.search("set an alert")

    for answer in told:
        assert answer.question.mode is Mode.SEARCH
        assert (HitKind.HELP, "alerts") in [(hit.kind, hit.target) for hit in answer.hits]
        assert HitKind.CONVERSATION not in {hit.kind for hit in answer.hits}
        assert answer.text == told[0].text
    targets = {hit.target.partition("/")[0] for hit in later.hits if hit.kind is HitKind.CONVERSATION}
    assert targets == {said.conversation}
    assert len(everything) > 3  # the history of conversations still finds them


@pytest.mark.parametrize("text", ["what does ADX mean", "What is the average directional index?", "define adx"])
async def test_what_an_indicator_means_is_told_by_the_catalogue(sampled, text):
    async with assistant_on(sampled, ScriptedWriters(candidates=())) as (_, assistant):
        searched, asked = await ask(assistant, text, mode=Mode.SEARCH), await ask(assistant, text)

    assert (searched.hits[0].kind, searched.hits[0].target) == (HitKind.INDICATOR, "adx")
    assert asked.text.startswith("Average directional index (ADX): How strong a trend is")
    assert "How strong a trend is" in searched.text
    assert asked.provenance.place == "code"
