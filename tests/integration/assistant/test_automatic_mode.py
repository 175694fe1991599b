"""A question whose mode is left open: the gateway chooses one, says which and why, keeps it, and another may be asked for."""

from backend.assistant.answers import Automatic, Mode, Phase, Question
from backend.assistant.keeping import decode_answer, decode_question
from backend.assistant.models.model import ModelCard, Standing
from backend.assistant.modes.briefing import N_EXCHANGES_MAX
from backend.assistant.routing import Candidate
from backend.domain.instruments import InstrumentId
from tests.fakes.conversing import chain
from tests.fakes.scripted_writers import ScriptedWriters, assistant_on

AAPL = InstrumentId("AAPL", "XNAS")
SMALL = ModelCard("s" * 16, "Small 1B", "/s", "s" * 64, 1_000, has_template=True, standing=Standing.READY)


async def ask(assistant, text, **more):
    begun = await assistant.ask(Question(text, Mode.FAST, is_auto=True, **more))
    return await assistant.answered(begun.id)


async def test_each_question_goes_to_the_mode_that_suits_it_and_the_answer_says_why(sampled):
    writers = ScriptedWriters(("No wording.",), ("Because.",), ("Good day.",))  # the first is the analysis'
    async with assistant_on(sampled, writers) as (_, assistant):
        told = {}
        for text in ("how many days did AAPL rise in 2012", "analyse AAPL", "AAPL", "Why do stops get hit?", "Good morning"):
            answer = await ask(assistant, text)
            assert answer.phase is Phase.DONE, (text, answer.words)
            assert answer.provenance.mode is answer.question.mode
            told[text] = (answer.question.mode, answer.provenance.chosen)

    assert list(told.values()) == [
        (Mode.FAST, "code can compute it"),
        (Mode.ANALYSIS, "an analysis of one instrument"),
        (Mode.SEARCH, "the name of an instrument"),
        (Mode.DEEP, "it asks for reasons or a plan"),
        (Mode.FAST, "a short question"),
    ]
    assert [request.mode for _, request in writers.asked if request.mode != "analysis"] == ["deep", "fast"]


async def test_the_choice_is_kept_with_the_conversation_and_another_mode_ends_it_for_that_answer(sampled):
    writers = ScriptedWriters(("Good day.",), ("Good day to you.",), ("Once more.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, "Good morning")
        asked, kept = await assistant.conversations.branch(answer.conversation)
        assert decode_question(asked.content).choice is Automatic.AUTO
        assert decode_answer(kept.content).question.choice is Automatic.AUTO

        other = await assistant.answered((await assistant.again(answer.id, Mode.DEEP)).id)
        assert (other.question.choice, other.provenance.chosen) == (Mode.DEEP, "")
        same = await assistant.answered((await assistant.again(answer.id)).id)
        assert (same.question.choice, same.provenance.chosen) == (Automatic.AUTO, "a short question")


async def test_an_analysis_of_nothing_asks_which_instrument_is_meant(sampled):
    async with assistant_on(sampled, ScriptedWriters()) as (_, assistant):
        answer = await ask(assistant, "analyse this")
        with_chart = await ask(assistant, "analyse this", instrument=AAPL)
    assert (answer.phase, answer.provenance.chosen) == (Phase.FAILED, "an analysis of one instrument")
    assert "Which instrument" in answer.words
    assert with_chart.analysis is not None


async def test_an_answer_of_the_smaller_model_says_whom_it_stands_in_for(sampled):
    big = Candidate("local", "Big 7B", is_fit=True, slow_ms=1_900.0)
    writers = ScriptedWriters(("Good day.",), candidates=(big, Candidate("local", "Small 1B", is_fit=True, card=SMALL)))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, "Good morning")
    assert answer.provenance.model == "Small 1B"
    assert answer.provenance.reason == "Big 7B was too slow here: 1.9 s to the first word; answered by Small 1B."


async def test_a_question_reads_its_branch_once_and_a_model_hears_the_newest_of_a_long_one(sampled, monkeypatch):
    writers = ScriptedWriters(("Good day.",), n_ctx=100_000)
    async with assistant_on(sampled, writers) as (_, assistant):
        begun = await assistant.conversations.begin_conversation()
        turns = [f"Word {n}" for n in range(2 * N_EXCHANGES_MAX + 10)]
        *_, leaf = await chain(assistant.conversations, begun.id, turns)
        before = await ask(assistant, "how many days did AAPL rise in 2012", conversation=begun.id, parent=leaf)
        read = []
        branch = assistant.conversations.branch

        async def counted(*args, **more):
            read.append(args)
            return await branch(*args, **more)

        monkeypatch.setattr(assistant.conversations, "branch", counted)
        varied = await ask(assistant, "and in 2011?", conversation=begun.id)
        assert (varied.provenance.chosen, len(read)) == ("it goes on from the question before", 1)
        talked = await ask(assistant, "Good morning", conversation=begun.id)
        assert (talked.phase, len(read)) == (Phase.DONE, 2)
    assert before.phase is Phase.DONE
    sent = [message.text for message in writers.asked[-1][1].messages]
    assert len(sent) == 2 * N_EXCHANGES_MAX + 2
    assert sent[1] == turns[14]
