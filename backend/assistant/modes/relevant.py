"""Which facts go with a question: the few that everybody wants, and those whose words it uses; a prompt has room for no more."""

import re
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet

N_FACTS_MAX: Final = 24
ALWAYS: Final = (
    "instrument.id",
    "instrument.name",
    "bars.age",
    "price.date",
    "price.last",
    "price.change_1",
    "price.change_21",
    "price.change_252",
    "volume.ratio_20",
    "trend.direction",
    "oscillator.rsi",
    "level.support.1",
    "level.resistance.1",
    "view.change",
    "view.high",
    "view.low",
)
_WORD: Final = re.compile(r"[a-z]{3,}|\d+")
_DULL: Final = frozenset(
    {
        "the",
        "and",
        "for",
        "are",
        "was",
        "its",
        "has",
        "how",
        "what",
        "why",
        "when",
        "does",
        "tell",
        "about",
        "with",
        "from",
        "this",
        "that",
    }
)


def relevant(facts: FactSet, text: str, n_max: int = N_FACTS_MAX) -> FactSet:
    """At most ``n_max`` of the facts, in their order and with their ids: shared words decide, then the usual ones."""
    words = _stems(text)
    scored: list[tuple[float, int, Fact]] = []
    for place, fact in enumerate(facts.values()):
        shared = len(words & _stems(f"{fact.label} {fact.name.replace('.', ' ').replace('_', ' ')}"))
        is_usual = fact.name in ALWAYS
        if fact.is_available or shared:
            scored.append((-(2.0 * shared + is_usual), place, fact))
    chosen = sorted(scored)[:n_max]
    return FactSet(fact for _, _, fact in sorted(chosen, key=lambda one: one[1]))


def _stems(text: str) -> frozenset[str]:
    return frozenset(word.rstrip("s") if not word.isdigit() else word for word in _WORD.findall(text.lower()) if word not in _DULL)
