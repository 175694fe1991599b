"""How soon answers come: what counts, when a model is too slow for a mode, and when it gets another try."""

import pytest

from backend.assistant.answers import Answer, Mode, Phase, Provenance, Question
from backend.assistant.engines.engine import Done, Finish
from backend.assistant.pace import REST_NS, Pace
from backend.assistant.stages import Stage
from backend.clock import ManualClock

DONE = Done(Finish.STOP, 10, 5, 100, 300.0, 900.0, 38.4)


@pytest.fixture
def clock():
    return ManualClock(0)


def answered(pace, *waits_ms, mode=Mode.FAST, model="Big", phase=Phase.DONE, done=DONE, thought_ms=0.0, **more):
    for wait_ms in waits_ms:
        made = Provenance(mode, model, first_token_ms=wait_ms, total_ms=2 * wait_ms, done=done, **more)
        pace.note(Answer("a", "c", Question("?", mode), phase, provenance=made, thought_ms=thought_ms))


def test_a_model_is_too_slow_once_the_median_of_three_newest_answers_is_over_the_goal(clock):
    pace = Pace(clock)
    answered(pace, 1_900, 2_100)
    assert pace.slow_ms(Mode.FAST, "Big") == 0
    answered(pace, 1_700)
    assert pace.slow_ms(Mode.FAST, "Big") == 1_900
    assert pace.slow_ms(Mode.FAST, "Small") == pace.slow_ms(Mode.DEEP, "Big") == 0


def test_one_slow_answer_among_quick_ones_says_nothing(clock):
    pace = Pace(clock)
    answered(pace, 200, 5_000, 300, 9_000, 250)
    assert pace.slow_ms(Mode.FAST, "Big") == 0


def test_it_is_tried_again_after_a_rest_and_one_more_slow_answer_sends_it_back(clock):
    pace = Pace(clock)
    answered(pace, 1_900, 1_900, 1_900)
    clock.advance(REST_NS - 1)
    assert pace.slow_ms(Mode.FAST, "Big")
    clock.advance(1)
    assert pace.slow_ms(Mode.FAST, "Big") == 0
    answered(pace, 1_900)
    assert pace.slow_ms(Mode.FAST, "Big") == 1_900


def test_a_quick_answer_after_the_rest_clears_what_was_before(clock):
    pace = Pace(clock)
    answered(pace, 1_900, 1_900, 1_900)
    clock.advance(REST_NS)
    answered(pace, 400)
    answered(pace, 1_900)
    assert pace.slow_ms(Mode.FAST, "Big") == 0


def test_conversations_are_held_to_their_first_word_and_analyses_to_their_end(clock):
    pace = Pace(clock)
    answered(pace, 4_000, 4_000, 4_000, mode=Mode.DEEP)  # 8 s to the end
    answered(pace, 1_000, 1_600, 1_600, mode=Mode.ANALYSIS)  # 3.2 s
    assert pace.slow_ms(Mode.DEEP, "Big") == 0
    assert pace.slow_ms(Mode.ANALYSIS, "Big") == 3_200
    deep = next(one for one in pace.read() if one.mode is Mode.DEEP)
    assert (deep.waits.p50, deep.wholes.p50, deep.is_met) == (4_000, 8_000, True)


def test_a_thought_is_a_sign_of_life_in_deep_thinking_but_fast_waits_for_the_answer_behind_it(clock):
    pace = Pace(clock)
    answered(pace, 100, 100, 100, mode=Mode.FAST, thought_ms=4_000.0)
    answered(pace, 100, 100, 100, mode=Mode.DEEP, thought_ms=40_000.0)
    assert pace.slow_ms(Mode.FAST, "Big") == 4_100
    assert pace.slow_ms(Mode.DEEP, "Big") == 0
    fast, deep = (next(one for one in pace.read() if one.mode is mode) for mode in (Mode.FAST, Mode.DEEP))
    assert (fast.is_met, deep.is_met) == (False, True)


def test_a_wording_that_was_cut_counts_as_longer_than_the_goal_of_whoever_wrote_it(clock):
    pace = Pace(clock)
    cut = (Stage("card", 5, 40, 2_000), Stage("wording", 2_760, 2_800, 2_800, is_cut=True, by="Big"))
    answered(pace, *[1_400] * 3, mode=Mode.ANALYSIS, model="", done=None, stages=cut)
    assert pace.slow_ms(Mode.ANALYSIS, "Big") > 3_000
    analysis = next(one for one in pace.read() if one.mode is Mode.ANALYSIS)
    assert (analysis.waits.n, analysis.is_met) == (3, True)  # the card was there in time


def test_what_is_asked_patiently_breaks_no_goal(clock):
    pace = Pace(clock)
    made = Provenance(Mode.ANALYSIS, "Big", total_ms=20_000, done=DONE)
    pace.note(Answer("a", "c", Question("?", Mode.ANALYSIS, is_patient=True), Phase.DONE, provenance=made))
    analysis = next(one for one in pace.read() if one.mode is Mode.ANALYSIS)
    assert (analysis.waits.n, analysis.wholes.p50, analysis.is_met) == (0, 20_000, True)
    assert analysis.models[0].median_ms == 20_000


def test_what_was_repeated_broke_off_or_was_computed_judges_no_model(clock):
    pace = Pace(clock)
    answered(pace, *[9_000] * 4, is_cached=True)
    answered(pace, *[9_000] * 4, phase=Phase.STOPPED)
    answered(pace, *[9_000] * 4, done=None)
    assert pace.slow_ms(Mode.FAST, "Big") == 0
    fast = next(one for one in pace.read() if one.mode is Mode.FAST)
    assert (fast.waits.n, fast.models) == (4, ())
