"""An analysis holds its deadlines: the card by code waits for nobody, and what is late is cut, said and never used."""

import argparse
import asyncio
import contextlib
import json
from collections import deque
from functools import partial
from types import SimpleNamespace

from backend.app import open_backend
from backend.assistant.analysis.analyst import Analyst
from backend.assistant.answer_cache import AnswerCache
from backend.assistant.answers import Answer, Mode, Phase, Question, Reach
from backend.assistant.facts.gathering import FactGatherer
from backend.assistant.facts.outside import Headline
from backend.assistant.facts.sources import Sources
from backend.assistant.facts.view import Person
from backend.assistant.grounding.span import Mark
from backend.assistant.keeping import decode_answer
from backend.assistant.models.examining import machine_mark
from backend.assistant.models.model import Examined
from backend.assistant.models.store import ModelStore
from backend.assistant.modes.analysis import AnalysisMode
from backend.assistant.modes.draft import Draft
from backend.assistant.stages import Stages
from backend.commands import analyse
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from tests.fakes.scripted_writers import Deadlines, ScriptedWriters, assistant_on
from tests.fakes.waiting import until

AAPL = InstrumentId("AAPL", "XNAS")
DAYS = BarSpec.parse("1d")
QUESTION = Question("Analyse it", Mode.ANALYSIS, instrument=AAPL)
LATE = "Plain wording: Scripted had not worded it within 2.8 s. Ask again, and it has all the time it takes."


def wording(facts, price="price.last"):
    """Words that pass every check where the fact ``price`` is one that may be told."""
    ids = {name: facts.named(name).id for name in (price, "risk.var")}
    technical = f"The price stands at {{{ids[price]}}}."
    return json.dumps(
        {"claims": [], "technical": technical, "risk": f"The value at risk of a session stands at {{{ids['risk.var']}}}."}
    )


def cut_of(answer):
    return {stage.name: stage.is_cut for stage in answer.provenance.stages}


async def ask(assistant, question=QUESTION):
    begun = await assistant.ask(question)
    return await assistant.answered(begun.id)


async def test_the_card_is_there_before_the_wording_and_a_wording_in_time_takes_its_place(sampled):
    gate, deadlines = asyncio.Event(), Deadlines()
    writers = ScriptedWriters()
    async with assistant_on(sampled, writers, deadlines=deadlines) as (_, assistant):
        writers.scripts.append((gate, wording(await assistant.analyst.facts(AAPL, DAYS))))
        begun = await assistant.ask(QUESTION)
        await until(lambda: writers.asked, 30)
        card = assistant.answer(begun.id)
        assert len(card.analysis.sections) == 5
        assert card.words == "The card is complete; Scripted words it"
        assert cut_of(card) == {"bars": False, "facts": False, "card": False}
        gate.set()
        answer = await assistant.answered(begun.id)

    assert not answer.analysis.is_plain_wording
    assert answer.provenance.model == "Scripted"
    assert cut_of(answer) == {"bars": False, "facts": False, "card": False, "wording": False}
    assert 0 < deadlines.asked_s[0] <= 2.8


async def test_a_wording_that_never_ends_is_cut_and_the_plain_one_stands(sampled):
    deadlines = Deadlines()
    writers = ScriptedWriters(('{"claims": [', asyncio.Event()))
    async with assistant_on(sampled, writers, deadlines=deadlines) as (_, assistant):
        begun = await assistant.ask(QUESTION)
        await until(lambda: writers.asked, 30)
        plain = assistant.answer(begun.id).text
        deadlines.pass_all()
        answer = await assistant.answered(begun.id)
        await until(lambda: writers.n_cancelled, 30)
        kept = decode_answer((await assistant.conversations.turn(answer.id)).content)

    assert (answer.phase, answer.text) == (Phase.DONE, plain)
    assert answer.analysis.is_plain_wording
    assert answer.provenance.reason == LATE
    assert (answer.provenance.model, answer.provenance.place) == ("", "code")
    assert "Apple" in answer.provenance.sent[-1][1] or "AAPL" in answer.provenance.sent[-1][1]
    assert answer.provenance.cut_wording.by == "Scripted"
    assert kept.provenance.stages == answer.provenance.stages


async def test_asked_again_a_wording_that_was_cut_has_all_the_time_and_so_has_the_next(sampled):
    deadlines = Deadlines()
    writers = ScriptedWriters((asyncio.Event(),))
    async with assistant_on(sampled, writers, deadlines=deadlines) as (backend, assistant):
        await backend.settings.change("assistant", keeps_answers_min=0)
        deadlines.pass_all()
        cut = await ask(assistant)
        n_deadlines = len(deadlines.asked_s)
        for _ in range(2):
            writers.scripts = deque([(wording(cut.facts),)])  # a cut may come before the model is asked
            begun = await assistant.again(cut.id)
            cut = await assistant.answered(begun.id)
            assert not cut.analysis.is_plain_wording, cut.provenance.reason
            assert cut.provenance.stages[-1].due_ms == 0
        assert len(deadlines.asked_s) == n_deadlines
        writers.scripts.append((asyncio.Event(),))
        assert (await ask(assistant)).provenance.reason == LATE  # another question holds its deadline


async def test_a_wording_that_is_stopped_leaves_the_card_and_the_engine_free(sampled):
    writers = ScriptedWriters((asyncio.Event(),), ("Hello.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        begun = await assistant.ask(QUESTION)
        await until(lambda: writers.asked, 30)
        await assistant.stop(begun.id)
        stopped = await assistant.answered(begun.id)
        assert (stopped.phase, writers.n_cancelled) == (Phase.STOPPED, 1)
        assert len(stopped.analysis.sections) == 5
        assert (await ask(assistant, Question("Hello?", Mode.FAST))).text == "Hello."


async def test_a_model_whose_wordings_were_cut_thrice_is_known_to_be_too_slow(sampled):
    deadlines = Deadlines()
    deadlines.pass_all()
    writers = ScriptedWriters(*[(asyncio.Event(),)] * 3)
    async with assistant_on(sampled, writers, deadlines=deadlines) as (_, assistant):
        for _ in range(3):
            await ask(assistant)
        (pace,) = [one for one in (await assistant.health()).paces if one.mode is Mode.ANALYSIS]
    (model,) = pace.models
    assert (model.model, model.n, model.rests) == ("Scripted", 3, True)


async def test_the_command_says_what_was_cut_and_how_to_have_it_all_the_same(sampled):
    deadlines = Deadlines()
    deadlines.pass_all()
    writers = ScriptedWriters()
    async with assistant_on(sampled, writers, deadlines=deadlines) as (backend, assistant):
        backend.assistant.assistant = assistant
        for as_json, is_patient in ((False, False), (True, False), (True, True)):
            printed, writers.scripts = [], deque([("no words",) if is_patient else (asyncio.Event(),)])

            async def put(*words, kept=printed):
                kept.append(words[0])

            facts = SimpleNamespace(width=100, out_is_tty=False)
            context = SimpleNamespace(backend=backend, as_json=as_json, put_json=put, say=put, tell=put, put_table=put)
            context.terminal = SimpleNamespace(facts=facts)
            arguments = argparse.Namespace(instrument="AAPL", interval=None, as_of=None, no_model=False, patient=is_patient)
            assert await analyse.run(context, arguments) == 0
            if not as_json:
                assert printed[-1] == f"({LATE} That is: --patient)"
                continue
            checks = printed[0]["checks"]
            assert (checks["reason"] == LATE, checks["stages"][-1]["cut"]) == (not is_patient, not is_patient)
            assert checks["stages"][-1]["by"] == "Scripted"
            assert printed[0]["model"] is None


async def analysed(home, writers, sources, deadlines):
    """An analysis with sources of what is outside, which nobody connects yet: the mode itself over an open home."""
    async with open_backend(home, watch=False) as backend:
        swing = Person("swing", "medium")
        gatherer = FactGatherer(backend.history, backend.catalog, backend.clock, lambda: swing, sources=sources)
        cache, begin = AnswerCache(backend.words, backend.clock), partial(Stages, backend.clock, deadlines.sleep)
        mode = AnalysisMode(Analyst(gatherer), backend.catalog, writers, cache, lambda: "Word it.", begin)
        shown = []
        draft = Draft(Answer("a", "", QUESTION, Phase.WAITING), shown.append)
        await mode.answer(draft, QUESTION, Reach.LOCAL_ONLY, 0)
    return draft.answer, shown


async def test_news_that_is_late_holds_no_card_and_stands_in_no_version_of_the_answer(sampled):
    late = Headline("Apple doubles at last", "Wire", 1)

    async def news(_instrument, _as_of_ns):
        with contextlib.suppress(asyncio.CancelledError):  # it has it a moment too late
            await asyncio.Event().wait()
        return (late,)

    deadlines = Deadlines()
    deadlines.pass_all()
    answer, shown = await analysed(sampled, ScriptedWriters(candidates=()), Sources(news=news), deadlines)
    assert answer.phase is Phase.DONE
    assert answer.facts.named("news.1").why_not == "The news did not come within 1 s."
    assert cut_of(answer)["news"]
    for version in shown:
        assert late.words not in version.text
        assert all(fact.value != late.words for fact in version.facts.values())


async def test_a_model_that_words_what_came_too_late_is_not_believed(sampled):
    async def news(_instrument, _as_of_ns):
        await asyncio.Event().wait()

    class AfterTheNews(Deadlines):
        """The deadline of the sources passes, that of the wording does not."""

        async def sleep(self, seconds):
            if seconds > 1.0:
                await asyncio.Event().wait()

    writers = ScriptedWriters()
    bare, _ = await analysed(sampled, ScriptedWriters(candidates=()), Sources(news=news), AfterTheNews())
    writers.scripts.append((wording(bare.facts, price="news.1"),))
    answer, _ = await analysed(sampled, writers, Sources(news=news), AfterTheNews())
    assert answer.provenance.done is not None
    assert answer.analysis.is_plain_wording
    assert all(span.fact != answer.facts.named("news.1").id for span in answer.spans)


async def test_the_real_starter_is_cut_and_answers_the_next_question(sampled):
    deadlines = Deadlines()
    async with assistant_on(sampled, None, deadlines=deadlines) as (backend, assistant):
        await assistant.begin()
        await backend.settings.change("assistant", takes_unfit=True)  # to talk; an analysis takes none
        (card,) = await assistant.models.cards()
        as_found = await ask(assistant)
        assert not deadlines.asked_s
        fit = Examined(Mode.ANALYSIS, is_fit=True, words="Fit.", first_token_ms=1, tokens_per_s=1, obedience=1, at_ns=1)
        await ModelStore(backend.words, backend.home.models, machine_mark()).put_examined(card.id, fit)
        await assistant.models.choose(Mode.ANALYSIS, card.id)
        begun = await assistant.ask(QUESTION)
        await until(lambda: assistant.engines.stats().state == "busy", 120)
        deadlines.pass_all()
        answer = await assistant.answered(begun.id)
        after = await ask(assistant, Question("Say hello", Mode.FAST))

    assert as_found.provenance.place == "code"
    assert answer.phase is Phase.DONE, answer.words
    assert answer.text == as_found.text
    assert answer.provenance.cut_wording.by == card.name
    assert all(span.fact in answer.facts for span in answer.spans if span.mark == Mark.NUMBER)
    assert after.phase is Phase.DONE, after.words
    assert after.provenance.done is not None
