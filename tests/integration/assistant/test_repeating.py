"""A model that goes round in circles is stopped, what it said is kept once, and the answer says so."""

import asyncio
from dataclasses import replace

from backend.assistant.all_writers import LOCAL, AllWriters
from backend.assistant.answers import Mode, Phase, Question
from backend.assistant.engines.engine import Finish
from backend.assistant.engines.repeating import stop_repeating
from backend.assistant.pace import Pace
from backend.assistant.routing import Candidate
from backend.assistant.stand_ins import StandIns
from backend.assistant.telling import answer_json
from tests.fakes.engine_house import asking, open_house, said
from tests.fakes.scripted_writers import ScriptedWriters, assistant_on
from trii_desktop.assistant.wording import checks_words

HERE = Candidate(LOCAL, "Small")
ROUND = "The answer is a riddle to all.\n\n"


class CirclingWriters(ScriptedWriters):
    """As the program's own: what goes round in circles is stopped."""

    def generate(self, candidate, request):
        return stop_repeating(super().generate(candidate, request), request, "this process")


async def _soon(value):
    return value


async def test_an_engine_that_repeats_itself_is_stopped_within_a_few_rounds(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        card = house.add(Mode.FAST, "small")
        writers = AllWriters(house.room, lambda _mode: _soon(card), {}, StandIns(lambda: _soon(()), Pace(clock), lambda: False))
        await writers.ready(HERE, Mode.FAST)
        text, done = await asyncio.wait_for(said(writers.generate(HERE, asking(f"loop {ROUND}"))), 30)
        assert done.finish is Finish.REPEATED
        assert text == ROUND * 3
        assert (done.n_generated, done.place) == (3, "this process")
        # What follows a form may say the same again and again, and the engine is free for the next one.
        bound = replace(asking(f"say {ROUND * 5}"), grammar="root ::= .*")
        text, done = await said(writers.generate(HERE, bound))
        assert (text, done.finish) == (ROUND * 5, Finish.STOP)


async def test_an_answer_keeps_once_what_was_repeated_and_says_so(sampled):
    writers = CirclingWriters(("Listen. ", *(ROUND,) * 40), ("Never asked for.",))
    async with assistant_on(sampled, writers) as (backend, assistant):
        await backend.settings.change("assistant", keeps_answers_min=60)
        begun = await assistant.ask(Question("Tell me a story", Mode.FAST))
        answer = await assistant.answered(begun.id)
        row = answer.conversation
        exported = await assistant.conversations.export(row, "markdown")
        again = await assistant.answered((await assistant.ask(Question("Tell me a story", Mode.FAST))).id)

    assert answer.phase is Phase.DONE
    assert answer.text == f"Listen. {ROUND.rstrip()}"
    assert answer_json(answer)["finish"] == "repeated"
    assert "Stopped: it repeated itself" in checks_words(answer)
    assert "Stopped: it repeated itself." in exported
    assert again.text == "Never asked for."  # such an answer is not kept for the next time
