"""The examination: scores by code, a dozen prompts a mode, and thresholds that decide whether a model may phrase."""

import asyncio
import re

import pytest

from backend.assistant.answers import Mode
from backend.assistant.engines.engine import Done, Finish
from backend.assistant.models import examining
from backend.assistant.models.examining import DEMANDS, Answered, Examiner, judge
from backend.assistant.models.model import ModelCard
from backend.assistant.models.prompts import PROMPTS, PROMPTS_OF, fills, is_free_of_numbers, names, says_in_words, speaks, uses_tags
from backend.assistant.models.work import Doing, Tally, Work
from tests.fakes.modelling import ScriptedEngine

GOOD = {
    "close over average": "The close {F1} is above the average {F2}.",
    "momentum": "The RSI stands at {F3}, which is firm.",
    "support": "Support lies at {F4}.",
    "change": "The day ended with a change of {F5}.",
    "summary": "The close is {F1} and the RSI is {F3}.",
    "trend in words": "The price rises calmly above its average.",
    "momentum in words": "Momentum is firm without being stretched.",
    "risk in words": "The price may fall back to its support.",
    "German": "Ein gleitender Durchschnitt ist das Mittel der letzten Kurse und glättet den Verlauf.",
    "Spanish": "Un soporte es una zona en la que el precio suele dejar de caer.",
    "French": "Une tendance est haussière quand les sommets et les creux sont de plus en plus hauts.",
    "English": "A moving average is the mean of the latest closes and it smooths the price.",
    "who fell": "MSFT",
    "who rose": "AAPL.",
    "who rested": "NVDA",
    "no dividend": "UNKNOWN",
    "no stranger": "Unknown.",
    "no tomorrow": "UNKNOWN",
    "above": '{"side": "above"}',
    "below": '{"side": "below"}',
    "overbought": '{"state": "overbought"}',
    "oversold": '{"state": "oversold"}',
    "down": '{"trend": "down"}',
}
CARD = ModelCard("0" * 16, "Tiny", __file__, "0" * 64, 1)


def tally():
    return Tally(Work("1", "Tiny", Doing.EXAMINING), lambda _work: None)


def obedient(request):
    """What a model would say that does as it is told."""
    found = [prompt.name for prompt in PROMPTS if prompt.messages == request.messages]
    return GOOD[found[0]] if found else "Averages smooth prices."


def test_every_mode_is_asked_a_dozen_different_prompts():
    assert set(PROMPTS_OF) == set(DEMANDS) == set(Mode)
    for prompts in PROMPTS_OF.values():
        assert len({prompt.name for prompt in prompts}) == 12
    assert {prompt.asks for prompt in PROMPTS_OF[Mode.ANALYSIS]} == {"tags", "digits", "schema"}
    used = {prompt.name for prompts in PROMPTS_OF.values() for prompt in prompts}
    assert used == {prompt.name for prompt in PROMPTS}


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.name)
def test_a_good_answer_passes_and_what_models_make_up_does_not(prompt):
    assert prompt.passes(GOOD[prompt.name])
    for bad in ("", "187.20, 62, 5 points", "Sure! Here are 3 facts: " + "blah " * 200, "{", '{"side": "sideways"}'):
        assert not prompt.passes(bad), bad


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("The close {F1} is above {F2}.", True),
        ("The close is above {F2}.", False),
        ("The close {F1} is above {F2} and {F9}.", False),
        ("The close {F1} of 187.20 is above {F2}.", False),
        ("The close {F1} is twice as high as {F2}.", False),
        ("The close {F1} is above {F2} by ½.", False),
        ("The close {F1} is above {F2} by Ⅳ points.", False),
        ("The close {F1} is above {F2}, {{F1}}.", False),
        ("{F1} {F2}", False),
        ("word " * 100 + "{F1} {F2}", False),
    ],
)
def test_tags_stand_for_every_number_and_nothing_else_does(text, is_good):
    assert uses_tags("F1", "F2")(text) is is_good


@pytest.mark.parametrize("text", ["7", "٣", "seven", "Twenty", "half", "five percent", "x²"])
def test_a_number_is_seen_in_every_way_of_writing_it(text):
    assert not is_free_of_numbers(text)
    assert not says_in_words(f"The price rose by {text} this day.")


def test_words_that_hold_the_letters_of_a_number_are_none():
    assert is_free_of_numbers("The tone of the weight is often behalf.")


def test_a_language_is_told_by_its_small_words():
    for name, language in (("German", "de"), ("Spanish", "es"), ("French", "fr"), ("English", "en")):
        assert [code for code in ("en", "de", "es", "fr") if speaks(code)(GOOD[name])] == [language]
    assert not speaks("en")("Yes")
    assert not speaks("de", beyond="Erkläre auf Deutsch, was ein Kurs ist.")("Erkläre auf Deutsch, was ein Kurs ist!")
    assert not speaks("de")("Lorem ipsum dolor sit amet consectetur adipiscing")


def test_an_answer_that_names_the_wrong_one_too_is_none():
    assert names("MSFT", never=("AAPL",))("msft")
    assert not names("MSFT", never=("AAPL",))("MSFT, while AAPL rose")
    assert not names("MSFT")("The trend of MSFT was high. The volume of MSFT was high.")
    assert not fills(side="above")("[" * 100_000)
    assert not fills(side="above")("null")


# --- judging ----------------------------------------------------------------------------------------------------------


def answered(mode, n_passed, first_token_ms=50.0):
    done = Done(Finish.STOP, 1, 0, 1, first_token_ms, 1.0, 1.0)
    return [Answered(prompt, "", n < n_passed, done) for n, prompt in enumerate(PROMPTS_OF[mode])]


def test_thresholds_decide_and_the_words_say_which():
    whole = judge(Mode.FAST, answered(Mode.FAST, 12), 50.0, 7)
    assert (whole.is_fit, whole.words, whole.obedience, whole.at_ns) == (True, "Fit.", 1.0, 7)
    slow = judge(Mode.FAST, answered(Mode.FAST, 12, 2_000.0), 5.0, 7)
    assert not slow.is_fit
    assert slow.words == "Not fit: its first word takes 2.0 s; it writes 5.0 tokens a second."
    assert judge(Mode.DEEP, answered(Mode.DEEP, 12, 2_000.0), 5.0, 7).is_fit


def test_a_kind_that_fails_altogether_is_named_even_where_the_rest_is_good():
    found = judge(Mode.FAST, answered(Mode.FAST, 9), 50.0, 7)
    assert found.obedience == 0.75
    assert not found.is_fit
    assert found.words == "Not fit: it did as told in 9 of 12 cases, weakest at staying with the facts."


async def test_a_model_that_obeys_is_fit_for_every_mode():
    engine = ScriptedEngine(answer=obedient)
    for mode in Mode:
        examined = await Examiner(engine.make, Fixed()).examine(CARD, mode, tally())
        assert (examined.mode, examined.is_fit, examined.obedience) == (mode, True, 1.0)
    assert engine.n_open == 0
    asked = [request for request in engine.asked if request.mode == "examine schema"]
    assert all(request.schema["properties"] for request in asked)
    assert all(not request.grammar for request in engine.asked)
    assert all(re.fullmatch(r"[\w-]+", request.id) for request in engine.asked)


class Fixed:
    def now_ns(self):
        return 7

    def monotonic_ns(self):
        return 7


async def test_answers_that_never_end_count_as_none():
    engine = ScriptedEngine(answer=obedient, finish=Finish.LENGTH)
    examined = await Examiner(engine.make, Fixed()).examine(CARD, Mode.FAST, tally())
    assert examined.obedience == 0.0


async def test_an_engine_that_hangs_at_a_prompt_fails_it_and_goes_on(monkeypatch):
    monkeypatch.setattr(examining, "PROMPT_S_MAX", 0.01)
    engine = ScriptedEngine(holds=asyncio.Event())
    examined = await Examiner(engine.make, Fixed()).examine(CARD, Mode.FAST, tally())
    assert (examined.obedience, examined.is_fit, examined.tokens_per_s) == (0.0, False, 0.0)
    assert engine.n_open == 0
