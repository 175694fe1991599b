"""While a question is typed, the loaded model reads what it will need: nothing is said, kept or sent away, and asking ends it."""

import asyncio
from dataclasses import replace

import pytest

from backend.app import open_backend
from backend.assistant.answers import Mode, Phase, Question
from backend.assistant.engines.engine import Priority
from backend.assistant.routing import Candidate
from backend.domain.instruments import InstrumentId
from backend.errors import Unavailable
from tests.fakes.scripted_writers import LOCAL, ScriptedWriters, assistant_on
from tests.fakes.waiting import until

AAPL = InstrumentId("AAPL", "XNAS")
CLOUD = Candidate("openai", "Cloud", is_remote=True, is_private=False, is_fit=True)
TYPED = Question("Tell me", Mode.FAST, instrument=AAPL)


def loaded(*scripts, **more):
    writers = ScriptedWriters(*scripts, **more)
    writers.loaded = set(writers.them)
    return writers


async def settled(backend):
    await until(lambda: not any("reading ahead" in name for name in backend.tasks.running), 30)


async def test_the_loaded_model_reads_what_the_question_will_begin_with(sampled):
    writers = loaded(("x",), ("It stands at {F9}.",))
    async with assistant_on(sampled, writers) as (backend, assistant):
        await assistant.services()
        await assistant.anticipate(TYPED)
        await settled(backend)
        ((_, read),) = writers.asked
        assert await assistant.conversations.rows() == ()

        begun = await assistant.ask(replace(TYPED, text="Tell me of it"))
        answer = await assistant.answered(begun.id)

    assert (read.priority, read.n_tokens_max) == (Priority.BATCH, 1)
    asked = writers.asked[1][1]
    assert asked.messages[0] == read.messages[0]
    assert asked.messages[1].text == f"{read.messages[1].text} of it"
    assert answer.text == "It stands at 430.47."


async def test_nothing_is_read_where_the_model_has_the_facts(sampled):
    writers = loaded(("It stands at {F9}.",), ("x",))
    async with assistant_on(sampled, writers) as (backend, assistant):
        begun = await assistant.ask(replace(TYPED, text="Tell me of it"))
        answer = await assistant.answered(begun.id)
        for text, n_read in (("Why is", 1), ("Why is its Sharpe ratio", 2)):
            await assistant.anticipate(replace(TYPED, text=text, conversation=answer.conversation, parent=answer.id))
            await settled(backend)
            assert len(writers.asked) == n_read
        await assistant.anticipate(Question("Tell me a story", Mode.FAST))
        await settled(backend)
        assert len(writers.asked) == 2


@pytest.mark.parametrize("mode", ["search", "analysis"])
async def test_nothing_is_read_for_what_no_conversation_answers(sampled, mode):
    writers = loaded()
    async with assistant_on(sampled, writers) as (backend, assistant):
        await assistant.services()
        await assistant.anticipate(replace(TYPED, mode=Mode(mode)))
        await settled(backend)
    assert writers.asked == []


async def test_nothing_half_written_leaves_this_computer_or_loads_a_model(sampled):
    unfit = Candidate("local", "Unfit")
    for them, at_hand in (((CLOUD,), {CLOUD}), ((LOCAL,), set()), ((unfit,), {unfit})):
        writers = ScriptedWriters(candidates=them)
        writers.loaded = at_hand - {CLOUD}
        async with assistant_on(sampled, writers) as (backend, assistant):
            await backend.settings.change("assistant", reach="allow_cloud")
            await assistant.services()
            await assistant.anticipate(TYPED)
            await settled(backend)
        assert writers.asked == []


async def test_asking_and_typing_on_end_what_is_read(sampled):
    never = asyncio.Event()
    writers = loaded((never,), (never,), ("Yes.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        await assistant.services()
        await assistant.anticipate(TYPED)
        await until(lambda: len(writers.asked) == 1, 30)
        await assistant.anticipate(replace(TYPED, text="Tell me of"))
        await until(lambda: len(writers.asked) == 2, 30)
        assert writers.n_cancelled == 1
        begun = await assistant.ask(replace(TYPED, text="Tell me of it"))
        answer = await assistant.answered(begun.id)
        assert (writers.n_cancelled, answer.text) == (2, "Yes.")


async def test_nothing_is_read_beside_an_answer_and_a_failure_is_silent(sampled):
    gate = asyncio.Event()
    writers = loaded((Unavailable("It ended.", code="x"),), ("A story. ", gate, "The end."))
    async with assistant_on(sampled, writers) as (backend, assistant):
        await assistant.services()
        await assistant.anticipate(TYPED)
        await settled(backend)
        begun = await assistant.ask(Question("Tell me a story", Mode.FAST))
        await until(lambda: len(writers.asked) == 2, 30)
        await assistant.anticipate(TYPED)
        gate.set()
        answer = await assistant.answered(begun.id)
        await settled(backend)
    assert (answer.phase, len(writers.asked)) == (Phase.DONE, 2)


async def test_a_real_model_reads_facts_once_for_a_whole_conversation(sampled, starter_model):
    async with open_backend(sampled, watch=False) as backend:
        await backend.settings.change("assistant", keeps_answers_min=0, takes_unfit=True)
        assistant = await backend.assistant.open()

        async def ask(text, conversation=""):
            begun = await assistant.ask(Question(text, Mode.FAST, conversation, instrument=AAPL))
            return await assistant.answered(begun.id)

        await ask("Tell me a story")  # the model is loaded for it
        await assistant.anticipate(replace(TYPED, text="Tell me of it in one"))
        await settled(backend)
        ahead = (await ask("Tell me of it in one sentence")).provenance.done
        follow = (await ask("Why is that so", (await assistant.conversations.rows())[0].id)).provenance.done
    assert ahead.n_prompt - ahead.n_cached < 160
    assert ahead.n_cached > 250
    assert follow.n_cached >= ahead.n_cached
