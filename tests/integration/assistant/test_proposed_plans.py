"""Questions that code does not read whole: a model's plan is checked, shown in words and computed by code, or refused."""

import json

import pytest

from backend.app import open_backend
from backend.assistant.answers import Mode, Phase, Question
from backend.assistant.engines.grammars import schema_to_grammar
from backend.assistant.grounding.span import Mark
from backend.assistant.models.examining import machine_mark
from backend.assistant.models.model import Examined
from backend.assistant.models.store import ModelStore
from backend.assistant.questions.offers import read_offer
from backend.assistant.questions.proposals import proposal_schema
from backend.assistant.routing import Candidate
from backend.domain.instruments import InstrumentId
from backend.errors import Unavailable
from tests.fakes.asking import SAMPLE_NAMES
from tests.fakes.grammar_reader import GrammarReader
from tests.fakes.scripted_writers import ScriptedWriters, assistant_on

AAPL = InstrumentId("AAPL", "XNAS")
UNREAD = "On how many sessions in 2012 did Apple finish above the mean of its last 50 closes?"
READ = "On how many days did Apple close above its 50-day average in 2012?"
RIGHT = {
    "ask": "count",
    "where": [
        {
            "left": {"kind": "price", "field": "close"},
            "op": "above",
            "right": {"kind": "indicator", "name": "sma", "output": "value", "numbers": [50]},
        }
    ],
}
WRONG = {"ask": "mean", "measure": {"kind": "price", "field": "close"}}


@pytest.fixture
def reader(starter_model):
    made = GrammarReader(starter_model)
    yield made
    made.close()


def test_the_form_of_a_proposal_holds_no_number_that_the_question_does_not(reader):
    grammar = schema_to_grammar(proposal_schema(read_offer(UNREAD, SAMPLE_NAMES)))

    def is_in_form(proposal):
        return reader.follows(grammar, json.dumps(proposal))

    condition = RIGHT["where"][0]
    assert is_in_form(RIGHT)
    for number in (49, 51, 500, 200):
        right = {**condition["right"], "numbers": [number]}
        assert not is_in_form({"ask": "count", "where": [{**condition, "right": right}]})
        assert not is_in_form({"ask": "count", "where": [{**condition, "right": {"kind": "number", "value": number}}]})
    assert is_in_form({"ask": "count", "where": [{**condition, "right": {"kind": "number", "value": -50}}]})
    assert is_in_form({"ask": "highest", "n": 50, "measure": condition["left"]})
    assert not is_in_form({"ask": "highest", "n": 3, "measure": condition["left"]})
    assert not is_in_form({"ask": "compare"})  # one instrument
    assert not is_in_form({"ask": "count"})
    assert is_in_form({"ask": "none"})


def script(proposal):
    text = json.dumps(proposal)
    return (text[:20], text[20:])


async def ask(assistant, text, **more):
    begun = await assistant.ask(Question(text, Mode.FAST, **more))
    return await assistant.answered(begun.id)


def numbers(answer):
    return [span.text for span in answer.spans if span.mark == Mark.NUMBER]


async def test_a_proposed_plan_is_shown_in_words_and_computed_as_code_computes_its_own(sampled):
    writers = ScriptedWriters(script(RIGHT))
    async with assistant_on(sampled, writers) as (_, assistant):
        read, unread = await ask(assistant, READ), await ask(assistant, UNREAD)

    assert unread.phase == Phase.DONE, unread.words
    assert numbers(unread) == numbers(read)
    assert unread.facts.digest == read.facts.digest
    understood = "count bars of AAPL.XNAS where close above sma(50).value from 2012-01-01 to 2012-12-31 on 1d bars"
    assert unread.text.startswith("Understood as: count bars of AAPL.XNAS where close above")
    assert understood in unread.provenance.reason
    assert (unread.provenance.model, read.provenance.model) == ("Scripted", "")
    assert unread.provenance.sent[-1][1].endswith(UNREAD)
    assert writers.asked[0][1].schema is not None


async def test_a_plan_that_fails_its_check_is_asked_for_once_more_with_the_reason(sampled):
    writers = ScriptedWriters(script(WRONG), script(RIGHT))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, UNREAD)

    assert answer.phase == Phase.DONE
    assert "leaves out 50" in writers.asked[1][1].messages[-1].text


async def test_a_plan_that_fails_twice_is_refused_and_nothing_is_computed(sampled):
    writers = ScriptedWriters(script(WRONG), ("no JSON at all",), ("It was on 143 days.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, UNREAD)

    assert answer.phase == Phase.FAILED
    assert answer.spans == ()
    assert answer.words
    assert len(writers.asked) == 2


async def test_only_a_model_that_passed_its_examination_proposes_plans(sampled):
    writers = ScriptedWriters(("I cannot say.",), candidates=(Candidate("local", "Weak", is_fit=False),))
    async with assistant_on(sampled, writers) as (_, assistant):
        await ask(assistant, UNREAD)

    assert all(request.schema is None for _, request in writers.asked)


async def test_a_question_that_bars_cannot_answer_goes_on_to_the_conversation(sampled):
    writers = ScriptedWriters(('{"ask": "none"}',), ("That is not known here.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, "Is the average trader of Apple up on it?")

    assert answer.text == "That is not known here."


async def test_a_model_that_breaks_off_leaves_what_code_said_of_the_question(sampled):
    writers = ScriptedWriters((Unavailable("It broke off."),))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, "How many days did Apple close above its 50-day average zigzaggedly")

    assert answer.phase == Phase.FAILED
    assert "zigzaggedly" in answer.words


async def test_a_service_is_told_the_form_in_words_and_held_to_the_same_checks(sampled):
    cloud = Candidate("openai", "Cloud", is_remote=True, is_private=True, is_fit=True)
    invented = {"ask": "count", "where": [{**RIGHT["where"][0], "right": {"kind": "number", "value": 430.47}}]}
    writers = ScriptedWriters(script(invented), script(RIGHT), candidates=(cloud,))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, UNREAD)

    assert answer.phase == Phase.DONE
    assert '"const":"sma"' in writers.asked[0][1].messages[0].text
    assert "leaves out 50" in writers.asked[1][1].messages[-1].text
    assert answer.provenance.cost_usd == 0.5


async def test_the_real_starter_model_never_answers_with_a_number_that_code_did_not_compute(sampled, starter_model):
    async with open_backend(sampled, watch=False) as backend:
        assistant = await backend.assistant.open()
        await assistant.begin()
        (card,) = await assistant.models.cards()
        fit = Examined(Mode.FAST, is_fit=True, words="Fit.", first_token_ms=1, tokens_per_s=1, obedience=1, at_ns=1)
        await ModelStore(backend.words, backend.home.models, machine_mark()).put_examined(card.id, fit)
        answer = await ask(assistant, UNREAD)
        n_asked = assistant.engines.stats().n_requests

    assert n_asked >= 1
    assert answer.is_over
    if answer.phase == Phase.FAILED:
        assert answer.spans == ()
    else:
        assert answer.provenance.reason.startswith("A model read the question as")
        assert all(span.fact in answer.facts for span in answer.spans if span.mark == Mark.NUMBER)
