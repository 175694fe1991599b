"""Two versions of a template against each other: the same fixed prompts, the same model, judged by code."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from backend.assistant.answers import Mode
from backend.assistant.engines.engine import Engine, LoadOptions
from backend.assistant.models.examining import N_CTX, Answered, ask_prompt
from backend.assistant.models.model import ModelCard
from backend.assistant.models.prompts import PROMPTS_OF, Prompt
from backend.assistant.models.work import Doing, Tally
from backend.assistant.questions.names import Names
from backend.assistant.questions.offers import Offer, read_offer
from backend.assistant.questions.parsing import parse_question
from backend.assistant.questions.plan import Plan
from backend.assistant.questions.proposals import parse_proposal, proposal_schema, proposal_text
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import InvalidInput

MODE_OF: Final = MappingProxyType({"chat": Mode.FAST, "analysis": Mode.ANALYSIS, "plan": Mode.FAST})
CHANCE_MAX: Final = 0.1
"""A difference that comes about by chance more often than this is told as none."""

_GOLD: Final = (
    "On how many days did AAPL close above its 50-day average in 2012?",
    "When did AAPL last fall more than 3 %?",
    "What was the highest close of AAPL in 2011?",
    "What was the average volume of AAPL in 2012?",
    "What was the longest streak of days on which AAPL closed above 500?",
    "What was the total return of AAPL in 2012?",
    "What was the maximum drawdown of AAPL in 2012?",
    "On how many days was the 14-day RSI of AAPL above 70 in 2012?",
)


@dataclass(frozen=True, slots=True)
class Side:
    """What one version showed. ``passed`` says for each prompt, in order, whether it did as told."""

    number: int
    passed: tuple[bool, ...]
    first_token_ms: float

    @property
    def n_passed(self) -> int:
        """How many it passed."""
        return sum(self.passed)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions on the same prompts. ``model`` is the name of the one that wrote."""

    template: str
    model: str
    first: Side
    second: Side

    @property
    def chance(self) -> float:
        """How likely so lopsided an outcome is where both are equally good: the two-sided sign test over prompts that differ."""
        pairs = list(zip(self.first.passed, self.second.passed, strict=True))
        n_first = sum(one and not other for one, other in pairs)
        n_second = sum(other and not one for one, other in pairs)
        n, few = n_first + n_second, min(n_first, n_second)
        return min(1.0, 2 * sum(math.comb(n, k) for k in range(few + 1)) / 2**n) if n else 1.0

    @property
    def better(self) -> int | None:
        """The number of the version that is better; None where the difference may well be chance."""
        if self.chance > CHANCE_MAX:
            return None
        return max((self.first, self.second), key=lambda side: side.n_passed).number


async def compare(
    make_engine: Callable[[], Engine], card: ModelCard, sides: Sequence[tuple[int, tuple[Prompt, ...]]], tally: Tally
) -> tuple[Side, Side]:
    """Ask a model both versions' prompts in turns, on an engine of its own. Raises InvalidInput, Unavailable."""
    (one, first), (other, second) = sides
    n_total = 2 * len(first)
    tally.turn_to(Doing.EXAMINING, n_total=n_total, words="Loads the model.")
    engine = make_engine()
    answered: tuple[list[Answered], list[Answered]] = ([], [])
    try:
        await engine.load(Path(card.path), LoadOptions(n_ctx=N_CTX, adapter=card.adapter.path if card.adapter else ""))
        for number, prompts in enumerate(zip(first, second, strict=True), 1):
            for place, prompt in enumerate(prompts):
                tally.count(2 * (number - 1) + place, n_total)
                answered[place].append(await ask_prompt(engine, prompt, "AB"[place], number))
    finally:
        await engine.close()
    return _side(one, answered[0]), _side(other, answered[1])


def prompts_of(name: str, text: str) -> tuple[Prompt, ...]:
    """The prompts that judge a template, each under ``text``: those of its mode's examination, or questions with known plans."""
    if name == "plan":
        return tuple(_plan_prompt(question, text) for question in _GOLD)
    # What each kind of prompt asks for stands behind the template, the same for every version.
    return tuple(replace(prompt, system=f"{text}\n\n{prompt.system}") for prompt in PROMPTS_OF[MODE_OF[name]])


def _plan_prompt(question: str, text: str) -> Prompt:
    names = Names([Instrument(InstrumentId("AAPL", "XNAS"), "Apple")])
    offer, plan = read_offer(question, names), parse_question(question, names)
    assert offer is not None, question
    assert plan is not None, question

    def passes(answer: str) -> bool:
        return _is_plan(answer, offer, plan)

    schema = MappingProxyType(proposal_schema(offer))
    return Prompt(question, "plans", text, proposal_text(offer), passes, schema)


def _is_plan(answer: str, offer: Offer, plan: Plan) -> bool:
    try:
        return parse_proposal(answer, offer) == plan
    except InvalidInput:
        return False


def _side(number: int, answered: Sequence[Answered]) -> Side:
    waits = [one.done.first_token_ms for one in answered if one.done is not None]
    return Side(number, tuple(one.is_passed for one in answered), statistics.median(waits) if waits else 0.0)
