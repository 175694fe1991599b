"""Who answers: policy first, then ability, then how hard the question is; the reason is kept with the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backend.assistant.answers import Mode, Reach
from backend.assistant.models.model import ModelCard

SHORT_LETTERS: Final = 160
LETTERS_A_TOKEN_MAX: Final = 5  # more are rare: nobody is left out who might have room for a question
_HARD: Final = ("why", "explain", "plan", "strategy", "compare", "should", "scenario", "step by step", "pros and cons")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that could answer.

    is_remote : what is asked leaves this computer
    is_private : a remote one on this very machine or network of the person (an own endpoint on loopback)
    is_fit : it passed its examination for the mode here; remote ones are taken to
    n_ctx : how many tokens it reads; 0 where that is not known
    is_down : its last calls failed and it is left alone for a while
    is_affordable : the month's budget covers another call
    slow_ms : how long its newest answers took, where that is too long for the mode and ``card`` of another may stand in
    card : the model of this computer that stands in for the one chosen for the mode; None for that one itself
    sees : it takes pictures
    """

    name: str
    model: str
    is_remote: bool = False
    is_private: bool = True
    is_fit: bool = False
    is_loadable: bool = True
    n_ctx: int = 0
    is_down: bool = False
    is_affordable: bool = True
    slow_ms: float = 0.0
    card: ModelCard | None = None
    sees: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Who answers, in order of preference: the next one is asked where one fails twice. ``reason`` is shown.

    stand_in : said where a smaller model goes before the one that is chosen; empty else
    """

    candidates: tuple[Candidate, ...]
    reason: str
    stand_in: str = ""

    @property
    def first(self) -> Candidate | None:
        """Who is asked first; None where nobody can."""
        return self.candidates[0] if self.candidates else None

    def reason_for(self, answerer: Candidate) -> str:
        """Why this one answered: as decided, or because who was asked first did not do."""
        first = self.first
        if first is None or answerer == first:
            return self.reason
        return f"{first.model} was asked first, and what came of it would not do; answered by {answerer.model}."


def difficulty(text: str) -> float:
    """How hard a question looks, 0 to 1: by its length and by words that ask for reasons and plans."""
    lowered = text.lower()
    by_words = sum(word in lowered for word in _HARD) / 3
    return min(1.0, len(text) / (8 * SHORT_LETTERS) + by_words)


def decide(
    mode: Mode, text: str, reach: Reach, candidates: Sequence[Candidate], *, n_tokens: int = 0, takes_unfit: bool = False
) -> Route:
    """Order those who may and can answer.

    n_tokens : how long the prompt is; 0 to judge by the text
    takes_unfit : local ones that did not pass their examination come last instead of not at all
    """
    allowed = [one for one in candidates if _may(one, reach)]
    able = [one for one in allowed if one.is_loadable and not one.is_down and one.is_affordable]
    n_tokens = n_tokens or len(text) // LETTERS_A_TOKEN_MAX
    able = [one for one in able if not one.n_ctx or one.n_ctx > n_tokens]
    if not able:
        return Route((), _why_nobody(candidates, reach))
    if not takes_unfit and not any(one.is_fit for one in able):
        return Route((), _why_unfit(able[0]))
    able = [one for one in able if one.is_fit or takes_unfit]
    is_hard = mode == Mode.DEEP or difficulty(text) > 0.6
    prefers_cloud = reach == Reach.ALLOW_CLOUD and is_hard
    ordered = sorted(able, key=lambda one: (not one.is_fit, one.is_remote != prefers_cloud, not one.is_private, one.slow_ms))
    stand_in = _why_smaller(mode, ordered)
    return Route(tuple(ordered), stand_in or _why(ordered[0], reach, is_hard=is_hard), stand_in)


def _may(one: Candidate, reach: Reach) -> bool:
    return not one.is_remote or one.is_private or reach != Reach.LOCAL_ONLY


def _why_smaller(mode: Mode, ordered: Sequence[Candidate]) -> str:
    """What is said where a smaller model is asked first because the chosen one was too slow; empty else."""
    slow = next((one for one in ordered if one.slow_ms), None)
    if slow is None or ordered[0].card is None:
        return ""
    unfit = "" if ordered[0].is_fit else ", which has not passed its examination"
    until = "or more to its end" if mode is Mode.ANALYSIS else "to the first word"
    return f"{slow.model} was too slow here: {slow.slow_ms / 1e3:.1f} s {until}; answered by {ordered[0].model}{unfit}."


def _why(first: Candidate, reach: Reach, *, is_hard: bool) -> str:
    if not first.is_remote:
        words = "a model of this computer" if first.is_fit else "a model that has not passed its examination, as you allow"
        return f"Answered here: {words}."
    if first.is_private:
        return "Asked your own endpoint."
    if reach == Reach.ALLOW_CLOUD and is_hard:
        return "Asked a service, as you allow: the question is a hard one."
    return "Asked a service, as you allow: no model here is fit for it."


def _why_unfit(one: Candidate) -> str:
    todo = "Examine it or add another under Models, or let it talk by Settings, Assistant."
    return f"Worded by code: {one.model} has not passed its examination here. {todo}"


def _why_nobody(candidates: Sequence[Candidate], reach: Reach) -> str:
    if not candidates:
        return "There is no model yet."
    barred = [one for one in candidates if not _may(one, reach)]
    if len(barred) == len(candidates):
        return "Only services could answer, and answers are made on this computer only."
    if any(not one.is_affordable for one in candidates):
        return "This month's budget for services is used up."
    if any(one.is_down for one in candidates):
        return "The service does not answer just now; it is asked again in a while."
    return "No model that can be loaded takes a question this long."
