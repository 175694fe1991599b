"""Answers cross from the engine to the windows as frozen values."""

from backend.assistant.answers import Answer, Mode, Phase, Provenance, Question
from tests.fakes.assistant_window import analysis_of, facts_of
from trii_desktop.frozen import find_live

NEWEST_NS = 1_704_672_000 * 1_000_000_000


def test_an_answer_with_all_that_it_holds_may_cross():
    facts = facts_of(NEWEST_NS)
    made = Provenance(Mode.ANALYSIS, sent=(("user", "?"),))
    answer = Answer(
        "a", "c", Question("?", Mode.ANALYSIS), Phase.DONE, facts=facts, analysis=analysis_of(facts, NEWEST_NS), provenance=made
    )
    assert find_live(answer) is None
