"""What the strip says of the model: the truth, and what still works."""

from dataclasses import replace

import pytest

from backend.assistant.answers import Answer, Mode, Phase, Question
from backend.assistant.engines.engine import EngineState, EngineStats
from trii_desktop.assistant.standing import Seen, said_of

WAITING = Answer("a", "c", Question("?", Mode.FAST), Phase.WAITING)


def stats(state, **more):
    return EngineStats(state, **more)


def test_a_model_that_is_ready_or_will_load_by_itself_needs_no_words():
    for state in (EngineState.READY, EngineState.EMPTY, EngineState.BUSY):
        assert not said_of(Seen(Mode.FAST, "M", stats(state))).words


def test_nothing_is_said_before_it_is_known():
    assert not said_of(Seen(Mode.FAST, None)).words


@pytest.mark.parametrize("mode", [Mode.FAST, Mode.DEEP])
def test_no_model_says_what_needs_none_and_offers_models(mode):
    said = said_of(Seen(mode, ""))
    assert said.words.startswith("No model for")
    assert "Stock Analysis" in said.hint
    assert (said.level, said.offer) == ("warning", "models")


@pytest.mark.parametrize("mode", [Mode.ANALYSIS, Mode.SEARCH])
def test_modes_that_need_no_model_never_complain_of_none(mode):
    assert not said_of(Seen(mode, "")).words
    assert not said_of(Seen(mode, "M", stats(EngineState.BROKEN))).words


def test_loading_says_how_far_it_is_and_offers_to_cancel():
    said = said_of(Seen(Mode.FAST, "M", stats(EngineState.LOADING), 0.25))
    assert (said.words, said.offer, said.progress) == ("Loading M", "cancel", 0.25)


def test_a_broken_engine_says_what_to_do():
    said = said_of(Seen(Mode.FAST, "M", stats(EngineState.BROKEN, words="It ran out of memory.")))
    assert (said.words, said.offer) == ("It ran out of memory.", "models")
    assert "Ask again" in said.hint


@pytest.mark.parametrize(("n_waiting", "words"), [(1, ""), (2, "1 question is"), (4, "3 questions are")])
def test_the_place_in_the_queue_counts_those_before(n_waiting, words):
    seen = Seen(Mode.FAST, "M", stats(EngineState.BUSY, n_waiting=n_waiting), running=WAITING)
    assert said_of(seen).words.startswith(words)
    assert bool(said_of(seen).words) is bool(words)
    assert not said_of(replace(seen, running=replace(WAITING, phase=Phase.WRITING))).words
