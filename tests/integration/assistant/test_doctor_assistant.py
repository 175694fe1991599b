"""What the doctor tells of the assistant: chosen models, the pace of modes against their goals, services and money."""

from backend.app import open_backend
from backend.assistant.answers import Mode, Question
from backend.assistant.engines.engine import EngineState, EngineStats
from backend.assistant.engines.hardware import Gpu, Hardware
from backend.assistant.health import AssistantHealth
from backend.assistant.pace import ModePace
from backend.commands.checkup_assistant import look_at_assistant, tell_device, tell_health
from backend.commands.findings import Health
from backend.domain.instruments import InstrumentId
from backend.telemetry.metrics import Distribution
from tests.fakes.scripted_writers import ScriptedWriters, assistant_on

GB = 10**9
AAPL = InstrumentId("AAPL", "XNAS")


async def test_a_fresh_home_is_in_order_and_says_what_answers(home):
    async with open_backend(home, watch=False) as backend:
        found = {finding.subject: finding async for finding in look_at_assistant(backend)}

    assert {finding.health for finding in found.values()} == {Health.OK}
    assert "none has passed an examination, so wording is plain" in found["models"].text
    assert found["inference"].text.startswith("No model is loaded")
    assert found["services"].text.startswith("None is set up; 0.00 of 5.00 US$ are spent in")


async def test_each_answer_counts_for_its_mode_and_a_repeated_one_does_not(sampled):
    writers = ScriptedWriters(("A fine share.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        for _ in range(2):
            begun = await assistant.ask(Question("Tell me of Apple", Mode.FAST, instrument=AAPL))
            await assistant.answered(begun.id)
        begun = await assistant.ask(Question("apple", Mode.SEARCH))
        await assistant.answered(begun.id)
        paces = {pace.mode: pace for pace in (await assistant.health()).paces}

    assert (paces[Mode.FAST].waits.n, paces[Mode.FAST].waits.p50) == (1, 12.0)
    assert paces[Mode.SEARCH].waits.n == 1
    assert paces[Mode.DEEP].waits.n == 0


def test_a_goal_that_is_missed_a_broken_engine_and_a_spent_budget_are_warnings():
    waits = Distribution(9, 1, 700.0, 900.0, 950.0, 990.0)
    slow = ModePace(Mode.FAST, waits, 500.0, waits)
    stats = EngineStats(EngineState.BROKEN, words="It ended twice.")
    found = tell_health(AssistantHealth(stats, (slow,), (), "allow_cloud", "2026-11", 5.0, 5.0))
    assert [(one.subject, one.health) for one in found] == [
        ("inference", Health.WARNING),
        ("answers", Health.WARNING),
        ("services", Health.WARNING),
    ]
    assert "900 ms for 95 of a hundred of 9; the goal is 500 ms" in found[1].text


def test_a_card_that_the_engine_cannot_use_is_a_warning():
    unused = tell_device(Hardware(8, 32 * GB, 20 * GB, (Gpu("RTX 4070", 12 * GB, 9 * GB, is_usable=False),)))
    assert (unused.health, unused.facts["gpus"][0]["is_usable"]) == (Health.WARNING, False)
    assert tell_device(Hardware(8, 32 * GB, 20 * GB)).health is Health.OK
