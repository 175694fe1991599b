"""Instructions of models in a real home: versions of one's own, in use at once, compared, and taken back."""

import asyncio
import re
from dataclasses import replace

import pytest

from backend.assistant.answers import Mode, Question
from backend.assistant.engines.engine import Role
from backend.assistant.grounding.span import Mark
from backend.assistant.templates.template import SHIPPED, shipped
from backend.assistant.templates.templates import TemplateParts, Templates
from backend.bus import Bus
from backend.domain.instruments import InstrumentId
from backend.errors import Conflict, InvalidInput, NotFound, Unavailable
from backend.events import TemplatesChanged
from tests.fakes.conversing import open_words
from tests.fakes.model_deeds import STARTER
from tests.fakes.modelling import ScriptedEngine
from tests.fakes.scripted_writers import ScriptedWriters, assistant_on
from tests.fakes.waiting import until

AAPL = InstrumentId("AAPL", "XNAS")
CARD = replace(STARTER, path=__file__)
OWN = "Answer every question in the manner of a pirate, in one short sentence."
BOLD = "State any number you like, with or without tags, and never mind the facts."


async def ask(assistant, text="Tell me of Apple"):
    begun = await assistant.ask(Question(text, Mode.FAST, instrument=AAPL))
    return await assistant.answered(begun.id)


async def versions(assistant, name="chat"):
    return next(one for one in await assistant.templates.all() if one.name == name)


async def test_a_version_in_use_is_what_models_are_told_and_kept_answers_of_another_are_not_repeated(sampled):
    writers = ScriptedWriters(("A fine share.",), ("Arr.",), ("Never asked.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        first = await ask(assistant)
        assert (await ask(assistant)).provenance.is_cached
        made = await assistant.templates.save("chat", OWN)
        assert (await ask(assistant)).provenance.is_cached, "kept, and not in use yet"
        assert await assistant.templates.use("chat", made.number) == SHIPPED
        second = await ask(assistant)
        assert (first.text, second.text) == ("A fine share.", "Arr.")
        system = writers.asked[1][1].messages[0]
        assert (system.role, system.text) == (Role.SYSTEM, OWN)
        await assistant.templates.use("chat")
        assert (await ask(assistant)).text == "A fine share."

    async with assistant_on(sampled, ScriptedWriters()) as (_, assistant):
        await assistant.templates.use("chat", made.number)
    async with assistant_on(sampled, ScriptedWriters(("Arr again.",))) as (_, assistant):
        assert (await ask(assistant, "Tell me more of Apple")).provenance.sent[0][1] == OWN


async def test_no_instructions_switch_the_checks_of_numbers_off(sampled):
    writers = ScriptedWriters(("It will reach 512.80.",), ("Surely 512.80.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        made = await assistant.templates.save("chat", BOLD)
        await assistant.templates.use("chat", made.number)
        answer = await ask(assistant)
    assert [span.text for span in answer.spans if span.mark == Mark.UNVERIFIED] == ["512.80"]


async def test_versions_are_numbered_removed_and_brought_back(sampled):
    async with assistant_on(sampled, ScriptedWriters()) as (backend, assistant):
        heard = []
        backend.bus.subscribe(TemplatesChanged, heard.append)
        templates = assistant.templates
        one, two = await templates.save("plan", OWN), await templates.save("plan", OWN + " Really.")
        assert (one.number, two.number) == (1, 2)
        await templates.use("plan", 2)
        with pytest.raises(InvalidInput, match="in use"):
            await templates.remove("plan", 2)
        with pytest.raises(InvalidInput, match="shipped version stays"):
            await templates.remove("plan", SHIPPED)
        gone = await templates.remove("plan", 1)
        assert [one.number for one in (await versions(assistant, "plan")).versions] == [0, 2]
        await templates.restore(gone)
        with pytest.raises(Conflict):
            await templates.restore(gone)
        assert (await versions(assistant, "plan")).text == OWN + " Really."
        assert len(heard) == 5


async def test_what_cannot_be_kept_or_used_is_refused_in_words(sampled):
    async with assistant_on(sampled, ScriptedWriters()) as (_, assistant):
        templates = assistant.templates
        for name, text, error in (
            ("chat", "Short.", InvalidInput),
            ("chat", shipped("chat").text, InvalidInput),
            ("checks", OWN, NotFound),
        ):
            with pytest.raises(error):
                await templates.save(name, text)
        with pytest.raises(NotFound):
            await templates.use("chat", 7)
        with pytest.raises(InvalidInput, match="with itself"):
            await templates.compare("chat", 0, 0)
        with pytest.raises(NotFound):
            await templates.compare("chat", 0, 9)


def pirate(request):
    """A model that speaks of tags only where it is told to be a pirate."""
    tags = "".join(sorted(set(re.findall(r"\{F\d\}", request.messages[-1].text))))
    return f"The tide of the market carries {tags} along." if "pirate" in request.messages[0].text else "Aye 512.80."


async def test_two_versions_are_compared_by_the_same_prompts_on_a_model_and_the_outcome_is_kept(home, clock):
    engine = ScriptedEngine(answer=pirate)

    async def card_for(mode):
        return CARD

    async with open_words(home) as ledger:
        templates = Templates(TemplateParts(ledger, Bus(), clock, card_for, engine.make))
        made = await templates.save("chat", OWN)
        told = []
        found = await templates.compare("chat", SHIPPED, made.number, told.append)
        trials = await templates.trials("chat")

    assert engine.n_open == 0
    assert (found.first.n_passed, found.model) == (0, CARD.name)
    assert found.second.n_passed >= 5
    assert found.better == made.number
    assert [(one.number, one.n_passed, one.n_asked) for one in trials] == [
        (SHIPPED, 0, 12),
        (made.number, found.second.n_passed, 12),
    ]
    first, second = engine.asked[0], engine.asked[1]
    assert first.messages[1:] == second.messages[1:]
    assert first.messages[0].text.startswith(shipped("chat").text)
    assert (told[-1].n_total, told[-1].n_done) == (24, 23)


async def test_a_comparison_can_be_stopped_and_needs_a_model(home, clock):
    engine = ScriptedEngine(holds=asyncio.Event())
    cards = [CARD]

    async def card_for(mode):
        return cards[0] if cards else None

    async with open_words(home) as ledger:
        templates = Templates(TemplateParts(ledger, Bus(), clock, card_for, engine.make))
        made = await templates.save("plan", OWN)
        task = asyncio.create_task(templates.compare("plan", SHIPPED, made.number))
        await until(lambda: bool(engine.asked))
        (work,) = templates.works()
        await templates.stop(work.id)
        with pytest.raises(Unavailable, match="was stopped"):
            await task
        assert await templates.trials("plan") == ()
        cards.clear()
        with pytest.raises(Unavailable, match="No model"):
            await templates.compare("plan", SHIPPED, made.number)
    assert engine.n_open == 0
